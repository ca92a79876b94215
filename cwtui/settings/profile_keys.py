"""Keys and values of a column profile, `[usage.NAME]` (files.md#profiles)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import BeforeValidator


def _headers(value: object) -> object:
    """A header, or a list of them that are joined."""
    if isinstance(value, list) and value and all(isinstance(one, str) and one for one in value):
        return tuple(value)
    if isinstance(value, str) and value:
        return value
    raise ValueError("a column is a header, or a list of headers that are joined")


def _values(value: object) -> object:
    """One value, or a list of them."""
    return (value,) if isinstance(value, str) else value


Headers = Annotated[str | tuple[str, ...], BeforeValidator(_headers)]
Values = Annotated[tuple[str, ...], BeforeValidator(_values)]


def refuse_unknown(given: Iterable[object], known: Iterable[str], where: str) -> None:
    """Refuse the first unknown key.

    Raises:
        ValueError: It names the key and the nearest known one.
    """
    names = list(known)
    for key in map(str, given):
        if key not in names:
            import difflib  # noqa: PLC0415  # start-up: only for a mistake

            near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
            meant = f"did you mean {where}{near[0]}?" if near else f"there is {', '.join(names)}"
            raise ValueError(f"there is no key {where}{key}; {meant}")
