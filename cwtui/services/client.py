"""What the clients of both services share: one HTTP policy, and the records of lists that could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from cwtui.services.http_policy import HttpPolicy


class Client:
    """A client of one service.

    Args:
        http: Sends its requests.
        concurrency: How many pages of a list are asked for ahead, at most.
    """

    def __init__(self, http: HttpPolicy, concurrency: int) -> None:
        self._http = http
        self._ahead = max(1, concurrency)
        self._unreadable: list[str] = []

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def stop(self) -> None:
        """Wait only a moment longer for answers: the process ends."""
        self._http.stop()

    def tell_pauses(self, tell: Callable[[str], None]) -> None:
        """Call `tell` once for each longer pause that the service asks for, with when it ends, in words."""
        self._http.tell_pause = tell

    @property
    def requests(self) -> Counter[str]:
        """Requests sent so far, by method."""
        return self._http.sent

    @property
    def unreadable(self) -> Sequence[str]:
        """Records of list pages that could not be read, since this was last cleared: one sentence each."""
        return tuple(self._unreadable)

    def clear_unreadable(self) -> None:
        """Forget `unreadable`."""
        self._unreadable.clear()
