"""One flush to the disk for all tasks that wait for it, in a thread beside the event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


class SharedFlush:
    """Runs a blocking flush in a thread, one at a time; requests that come meanwhile share the next one.

    A flush takes from a fraction of a millisecond to several. Sixteen agreements written side by side would wait for
    sixteen flushes, one after the other, and everything else with them.
    """

    def __init__(self, flush: Callable[[], None]) -> None:
        """Take what flushes all that was appended before it is called."""
        self._flush = flush
        self._next: asyncio.Task[None] | None = None
        self._running: asyncio.Task[None] | None = None

    def begin(self) -> asyncio.Task[None]:
        """The flush that covers everything appended so far; it is begun as soon as the one under way has ended."""
        import asyncio  # noqa: PLC0415  # start-up: `tasks list` opens a state and flushes nothing

        if self._next is None or self._next.done():
            self._next = asyncio.create_task(self._after(self._running))
            self._next.add_done_callback(_noted)
        return self._next

    async def done(self) -> None:
        """Wait until everything appended so far is on the disk; raises what the flush raises."""
        import asyncio  # noqa: PLC0415  # start-up

        await asyncio.shield(self.begin())

    async def _after(self, running: asyncio.Task[None] | None) -> None:
        import asyncio  # noqa: PLC0415  # start-up

        if running is not None and not running.done():
            await asyncio.wait([running])
        self._running, self._next = self._next, None
        await asyncio.to_thread(self._flush)


def _noted(task: asyncio.Task[None]) -> None:
    """A flush that nobody waits for may fail too: the next append then says so."""
    if not task.cancelled():
        task.exception()
