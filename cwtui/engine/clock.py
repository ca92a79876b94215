"""The program's only source of time."""

from __future__ import annotations

import time as time_of
from datetime import UTC, date, datetime, time

from cwtui.domain.lazily import dataclass

_BOOT: int = getattr(time_of, "CLOCK_BOOTTIME", time_of.CLOCK_MONOTONIC)


def suspended_s() -> float:
    """Seconds that also pass while the machine sleeps, or the process is stopped; only differences mean something."""
    return time_of.clock_gettime(_BOOT)


@dataclass(frozen=True, slots=True)
class SystemClock:
    """UTC time; `as_of` makes another day count as today (commands.md#global-options)."""

    as_of: date | None = None

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)

    @property
    def today(self) -> date:
        """The as-of day, else the UTC date; never the machine's local date."""
        return self.as_of or self.now().date()

    @property
    def check_moment(self) -> datetime:
        """Now, or the start of the as-of day: no order of that day is taken for an older one."""
        return self.now() if self.as_of is None else datetime.combine(self.as_of, time(), UTC)
