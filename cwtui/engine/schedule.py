"""When the next round of a period is due, by the wall clock: also after a restart, a suspend or a slow round.

Rule: settings.md#automatic-synchronisation.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

_DAY = timedelta(days=1)


def next_round(last: datetime | None, every: timedelta, at: time | None, now: datetime) -> datetime:
    """The moment of the next round, in UTC; a past moment is due at once.

    Args:
        last: When the last round began; None if there was none.
        every: The period. Whole days are days of the calendar.
        at: The time of day for periods of whole days, in UTC; None for the time of the last round.
        now: The present moment.
    """
    if last is None:
        return now
    if every % _DAY:
        return last + every
    if at is None:
        return last + every
    due = datetime.combine(last.astimezone(UTC).date(), at, UTC)
    return due if due > last else due + every
