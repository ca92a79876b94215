"""An API gateway in front of the marketplace: so many calls a minute, so many a day, and no more."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cwtui.sandbox.behaviour import Behaviour
from cwtui.sandbox.http import Response

MINUTE_S = 60.0


@dataclass(slots=True)
class _Window:
    """Calls since it began; it begins anew with the first call after its end."""

    began: float = -math.inf
    calls: int = 0

    def left(self, now: float, length_s: float, most: int) -> float:
        """Seconds until another call is granted; 0 if one is now."""
        if now - self.began >= length_s:
            self.began, self.calls = now, 0
        return 0.0 if not most or self.calls < most else self.began + length_s - now


@dataclass(slots=True)
class Gateway:
    """Counts the calls that reach the marketplace, and refuses what goes beyond the behaviour's limits."""

    behaviour: Behaviour
    clock: Callable[[], float] = time.monotonic
    _minute: _Window = field(default_factory=_Window)
    _day: _Window = field(default_factory=_Window)

    def refusal(self) -> Response | None:
        """The answer to a call beyond a limit; else None, and the call is counted."""
        now, behaviour = self.clock(), self.behaviour
        day = self._day.left(now, behaviour.day_s, behaviour.calls_per_day)
        if day:
            hours, rest = divmod(math.ceil(day), 3600)
            words = f"{hours:02}:{rest // 60:02}:{rest % 60:02}"
            return _refused(403, f"Out of call volume quota. Quota will be replenished in {words}.", day)
        minute = self._minute.left(now, MINUTE_S, behaviour.calls_per_minute)
        if minute:
            seconds = math.ceil(minute)
            return _refused(429, f"Rate limit is exceeded. Try again in {seconds} seconds.", minute)
        self._day.calls += 1
        self._minute.calls += 1
        return None


def _refused(status: int, message: str, seconds: float) -> Response:
    body = {"statusCode": str(status), "message": message}
    return Response(status, body, {"Retry-After": str(math.ceil(seconds))})
