"""Copies a state from one place to another, file or PostgreSQL: the same documents, byte for byte."""

from __future__ import annotations

from pathlib import Path

from cwtui.domain.errors import StateError
from cwtui.store.state import State, open_database, open_state

_DATABASES = ("postgresql://", "postgres://")


def open_place(place: str, profile: str) -> State:
    """A state by its address or its path.

    Raises:
        ConfigError: The address is none.
        StateError: It cannot be used.
    """
    if place.startswith(_DATABASES):
        return open_database(place, profile)
    return open_state(Path(place))


def copy_state(source: State, place: str, profile: str) -> int:
    """Copy everything a state holds to a place where none is kept yet; how many documents.

    Nobody may work on the source meanwhile: a later change stays there alone.

    Raises:
        ConfigError: The address is none.
        StateError: The target holds something or cannot be used; the copy reads differently; or somebody works on the
            source.
    """
    _refuse_busy(source)
    whole = source.documents.whole()
    expected = list(source.documents.rows())
    target = open_place(place, profile)
    try:
        target.documents.take_whole(whole)
    finally:
        target.close()
    again = open_place(place, profile)
    try:
        if list(again.documents.rows()) != expected:
            raise StateError(
                f"The copy in {again.documents.name} differs from the original.",
                changed="The state that was copied is as it was.",
                next_step="Delete the copy, and copy again while nobody works on the state.",
            )
    finally:
        again.close()
    return len(expected)


def _refuse_busy(source: State) -> None:
    """Refuse to copy while somebody writes: the same work would go on in both states."""
    for name, holder in source.leases.holders().items():
        raise StateError(
            f"{holder} works on the state {source.documents.name} ({name.replace('/', ' ')}).",
            changed="Nothing was copied.",
            next_step="Stop every cwtui that works on it, then copy again.",
        )
