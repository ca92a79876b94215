"""Periods as operators write them: `90s`, `5m`, `1h`, `1d` (commands.md#auto)."""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(r"([0-9]{1,6})\s*([smhd])", re.IGNORECASE)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
DURATION_FORM = "a number and s, m, h or d, such as 90s, 5m, 1h or 1d"


def parse_duration(text: str) -> timedelta:
    """Read a period; `ValueError` for anything but a whole, positive number with its unit."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        raise ValueError(f"{text!r} is not a period: write {DURATION_FORM}")
    return timedelta(**{_UNITS[match[2].lower()]: int(match[1])})


def duration_text(period: timedelta) -> str:
    """The shortest text that `parse_duration` reads back as the same period."""
    seconds = int(period.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
