"""Pages of a list: fetched side by side, handed on in their order, never twice."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from cwtui.services.answers import Asked, unreadable

T = TypeVar("T")


async def in_order(fetches: Iterable[Callable[[], Awaitable[T]]], ahead: int) -> AsyncGenerator[T]:
    """Run fetches concurrently and yield their results in order.

    Args:
        fetches: Started from left to right.
        ahead: How many may be under way or waiting to be taken; what is not taken is not fetched, so that a
            slow reader does not fill the memory.

    Raises:
        Exception: What the first failing fetch raises, when its turn comes; the ones after it are cancelled.
    """
    todo = iter(fetches)
    running: deque[asyncio.Future[T]] = deque()

    def start_more() -> None:
        while len(running) < ahead and (fetch := next(todo, None)) is not None:
            running.append(asyncio.ensure_future(fetch()))

    try:
        start_more()
        while running:
            result = await running.popleft()
            start_more()
            yield result
    finally:
        for future in running:
            future.cancel()
        await asyncio.gather(*running, return_exceptions=True)


class SeenPages:
    """Notices a server that gives the same page again, which would otherwise never end or silently hide the rest."""

    def __init__(self) -> None:
        self._seen: set[frozenset[object]] = set()

    def new(self, rows: Sequence[object], asked: Asked) -> Sequence[object]:
        """The rows, if they are not exactly an earlier page's. Some may be: lists move while they are read.

        Raises:
            Unreadable: If they are.
        """
        keys = frozenset(_key(row) for row in rows)
        if keys and keys in self._seen:
            raise unreadable(asked, "a page that it had given before")
        self._seen.add(keys)
        return rows


def _key(row: object) -> object:
    number = row.get("id") if isinstance(row, dict) else None
    return number if isinstance(number, str | int) else repr(row)
