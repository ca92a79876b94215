"""The gate in front of one service: how many requests at once, and none while the service asks for quiet."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from cwtui.domain.lazily import dataclass

_MINUTE_S = 60.5
"""A minute by the service's clock, and what a request may be faster under way than one before it."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock and the sleep; tests bring their own.

    Attributes:
        now: The moment, aware; only read to turn a `Retry-After` date into seconds.
        monotonic: Seconds that never step back.
        sleep: Waits that many seconds.
    """

    now: Callable[[], datetime] = _utc_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Gate:
    """Admits requests to one service: at most `limit` at once, first come first served, none during a pause.

    A service that answers 429 or 503 closes the gate for everybody and halves `limit`, down to 1. Each round of
    good answers raises it by one, up to the ceiling (additive increase, multiplicative decrease): the pace settles
    just below what the service allows, without anybody having to know what that is.

    Where `per_minute` is known, no minute sees more requests than that, from the first one on.
    """

    def __init__(self, ceiling: int, timing: Timing, *, per_minute: int | None = None) -> None:
        self._ceiling = float(max(1, ceiling))
        self._window = self._ceiling
        self._timing = timing
        self._in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._open_at = 0.0
        self._slowed_at = float("-inf")
        self._per_minute = per_minute
        self._admitted: deque[float] = deque(maxlen=per_minute or 0)

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return int(self._window)

    @asynccontextmanager
    async def admitted(self) -> AsyncIterator[float]:
        """Wait for a place, hold it inside the block; gives the moment of admission for `slow_down`."""
        while True:
            await self._take_place()
            pause = self._pause()
            if pause <= 0:
                break
            self._leave_place()  # a waiting request holds no place: the limit may have shrunk meanwhile
            await self._timing.sleep(pause)
        self._admitted.append(self._timing.monotonic())
        try:
            yield self._timing.monotonic()
        finally:
            self._leave_place()

    def _pause(self) -> float:
        """Seconds until a request may leave; 0 or less if one may now."""
        now = self._timing.monotonic()
        pause = self._open_at - now
        if self._per_minute and len(self._admitted) == self._per_minute:
            pause = max(pause, self._admitted[0] + _MINUTE_S - now)
        return pause

    def slow_down(self, pause_s: float, admitted_at: float) -> None:
        """Close the gate for `pause_s` seconds, because of a request admitted at `admitted_at`.

        Requests that were in flight together are refused together: they halve the limit once.
        """
        now = self._timing.monotonic()
        self._open_at = max(self._open_at, now + pause_s)
        if admitted_at > self._slowed_at:
            self._slowed_at = now
            self._window = max(1.0, self._window / 2)

    def speed_up(self) -> None:
        """Take note of a good answer."""
        if self._window < self._ceiling:
            self._window = min(self._ceiling, self._window + 1 / self._window)

    async def _take_place(self) -> None:
        if self._in_flight < self.limit and not self._waiting:
            self._in_flight += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place  # the place is counted already where the future is fulfilled
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._leave_place()  # cancelled in the same turn in which it got its place: pass the place on
            raise

    def _leave_place(self) -> None:
        self._in_flight -= 1
        while self._waiting and self._in_flight < self.limit:
            place = self._waiting.popleft()
            if not place.done():
                self._in_flight += 1
                place.set_result(None)
