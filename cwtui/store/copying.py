"""A state from one place to another: a file, or PostgreSQL; the same documents, byte for byte."""

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

    Nobody can change the source meanwhile; what is changed there later stays there.

    Raises:
        ConfigError: The address is none.
        StateError: Something is kept there, or it cannot be used; or what was written reads otherwise; or somebody
            works on the source.
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
                f"The copy in {again.documents.name} is not what was copied.",
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
    """Who writes while a copy is made would go on in one state what another takes up in the other."""
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
