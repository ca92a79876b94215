"""The day a report is from, by its file's name or its period columns (files.md#day-of-a-report)."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from datetime import date

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier enero", "february feb februar fevrier février febrero",
            "march mar märz maerz mrz mars marzo", "april apr avril avr abril", "may mai mayo",
            "june jun juni juin junio",
            "july jul juli juillet julio", "august aug août aout agosto", "september sep sept septembre septiembre",
            "october oct oktober okt octobre octubre", "november nov novembre noviembre",
            "december dec dezember dez décembre decembre dic diciembre",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_NAME = "|".join(sorted(_MONTHS, key=len, reverse=True))
_PART = r"[-_. /]"
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), order)
    for pattern, order in (
        (rf"(?<!\d)(20\d\d){_PART}(\d\d?){_PART}(\d\d?)(?!\d)", "ymd"),
        (r"(?<!\d)(20\d\d)([01]\d)([0-3]\d)(?:T?\d{4,6}Z?)?(?!\d)", "ymd"),
        (rf"(?<!\d)(\d\d?){_PART}(\d\d?){_PART}(20\d\d)(?!\d)", "??y"),
        (rf"(?<!\d)(\d\d?)(?:st|nd|rd|th)?{_PART}*({_NAME}){_PART}*,?{_PART}*(20\d\d)(?!\d)", "dny"),
        (rf"(?<![A-Za-z])({_NAME}){_PART}*(\d\d?)(?:st|nd|rd|th)?,?{_PART}+(20\d\d)(?!\d)", "ndy"),
        (rf"(?<!\d)(20\d\d){_PART}*({_NAME})(?![A-Za-z]){_PART}*(\d\d?)?(?!\d)", "ynd"),
        (rf"(?<![A-Za-z])({_NAME}){_PART}*(20\d\d)(?!\d)", "ny"),
        (rf"(?<!\d)(20\d\d){_PART}(\d\d)(?!\d)", "ym"),
        (rf"(?<!\d)(\d\d){_PART}(20\d\d)(?!\d)", "my"),
        (r"(?<!\d)(20\d\d)(0[1-9]|1[0-2])(?!\d)", "ym"),
    )
)
"""Forms of dates, the more specific first: a text that one form has read is not read again."""


def day_in(text: str) -> date | None:
    """The last day in a text: the later of two, the last of a month. None if no day is certain.

    A date such as `11-10-2026` is the tenth of November or the eleventh of October, so it is not certain.
    """
    found: list[date] = []
    for pattern, order in _FORMS:
        for match in pattern.finditer(text):
            days = _days(order, [part or "" for part in match.groups()])
            if len(days) > 1:
                return None
            found += days
        text = pattern.sub(_read, text)
    return max(found, default=None)


def last_day(texts: Iterable[str]) -> date | None:
    """The last day of a column; None where one of its texts is no date for sure."""
    days = [day_in(text) for text in set(texts) if text]
    known = [one for one in days if one is not None]
    return max(known) if known and len(known) == len(days) else None


def _read(match: re.Match[str]) -> str:
    """Blank out a form that was read."""
    return "/" * len(match[0])


def _days(order: str, parts: list[str]) -> set[date]:
    """The days that the parts of a form may mean."""
    if order == "??y":
        return _days("dmy", parts) | _days("mdy", parts)
    named = dict(zip(order, parts, strict=True))
    year = int(named["y"])
    month = _MONTHS[named["n"].casefold()] if "n" in named else int(named["m"])
    if not 1 <= month <= 12:  # noqa: PLR2004  # months
        return set()
    last = calendar.monthrange(year, month)[1]
    day = int(named.get("d") or last)
    return {date(year, month, day)} if 1 <= day <= last else set()
