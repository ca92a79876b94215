"""ConnectWise's filter language, built so that a value can never become part of the filter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

_FIELD = re.compile(r"[A-Za-z]\w*(/[A-Za-z]\w*)*")
LONGEST_URL = 2000
"""ConnectWise wants URLs at or below this many characters."""
_LINK_ROOM = 60
"""Kept free for the paging parameters."""


def equals(field: str, value: str | int | bool) -> str:
    """One field's exact value: `company/id = 5`, `name = "Green Lane"`, `deletedFlag = False`."""
    return f"{_field(field)} = {_value(value)}"


def both(*conditions: str) -> str:
    """Conditions that must all hold, joined in capitals as the guide writes it; empty ones do not count."""
    return " AND ".join(condition for condition in conditions if condition)


def among(field: str, ids: Iterable[int], room: int) -> Iterator[str]:
    """`id in (1,2,3)`, split so that each, percent-encoded, takes at most `room` characters.

    Ids are sorted and taken once each.
    """
    start, end = f"{_field(field)} in (", ")"
    chosen: list[str] = []
    length = used = len(quote(start + end, safe=""))
    for each in sorted(set(ids)):
        text = str(int(each))
        length += len(text) + (len(quote(",")) if chosen else 0)
        if chosen and length > room:
            yield start + ",".join(chosen) + end
            chosen, length = [], used + len(text)
        chosen.append(text)
    if chosen:
        yield start + ",".join(chosen) + end


def room_beside(url: str, *others: str) -> int:
    """Characters that are left for a filter in a URL that also carries these texts as parameters."""
    return LONGEST_URL - _LINK_ROOM - len(url) - sum(len(quote(other, safe="")) + 12 for other in others)


def _field(field: str) -> str:
    if not _FIELD.fullmatch(field):
        raise ValueError(f"{field!r} is not a field's name")
    return field


def _value(value: str | int | bool) -> str:
    if isinstance(value, str):
        # Line ends are stored as spaces there. A backslash before a quote is how the language's readers take it;
        # ConnectWise's guide does not say, so a look-up by text is checked against what comes back.
        plain = " ".join(value.split())
        return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
