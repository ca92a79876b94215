"""Copies a state from one place to another, file or PostgreSQL: the same documents, byte for byte."""

from __future__ import annotations

from pathlib import Path

from cwtui.domain.errors import InputError, StateError
from cwtui.store.state import State, open_database, open_state

_DATABASES = ("postgresql://", "postgres://")


def open_place(place: str, profile: str) -> State:
    """A state by its address or its path.

    Raises:
        ConfigError: The address is none.
        InputError: The address is of something else than PostgreSQL.
        StateError: It cannot be used.
    """
    if place.startswith(_DATABASES):
        return open_database(place, profile)
    if "://" in place:  # as a path it would make folders of that name
        raise InputError(
            f"A state cannot be kept at {place.partition('://')[0]}://….",
            next_step="Name a file, or a database as postgresql://user@host/database.",
        )
    return open_state(Path(place))


def copy_state(source: State, place: str, profile: str) -> int:
    """Copy everything a state holds to a place where none is kept yet; how many documents.

    Nobody can change the source meanwhile: a later change stays there alone.

    Raises:
        ConfigError: The address is none.
        StateError: The target holds something or cannot be used; the copy reads differently; or somebody works on the
            source.
    """
    _refuse_busy(source)
    target = open_place(place, profile)
    try:
        target.documents.require_empty()
        with source.documents.alone():
            _refuse_busy(source)
            expected, copied = _copy(source, target), source.position
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
    _refuse_begun(source, copied, place)
    return len(expected)


def _copy(source: State, target: State) -> list[tuple[str, str, bytes]]:
    whole = source.documents.whole()
    rows = list(source.documents.rows())
    target.documents.take_whole(whole)
    return rows


def _refuse_busy(source: State) -> None:
    """Refuse to copy while somebody writes: the same work would go on in both states."""
    for name, holder in source.leases.holders().items():
        raise StateError(
            f"{holder} works on the state {source.documents.name} ({name.replace('/', ' ')}).",
            changed="Nothing was copied.",
            next_step="Stop every cwtui that works on it, then copy again.",
        )


def _refuse_begun(source: State, copied: int, place: str) -> None:
    """Who waited for the copy to be made goes on where it was made from."""
    with source.documents.alone():
        source.catch_up()
    if source.position != copied or source.leases.holders():
        raise StateError(
            f"Somebody began to work on the state {source.documents.name} while it was copied.",
            changed=f"The copy in {place} holds what was kept before that.",
            next_step="Stop every cwtui that works on it, delete the copy, then copy again.",
        )
