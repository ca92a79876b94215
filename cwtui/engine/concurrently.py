"""Runs many requests in a bounded number of tasks, and long loops in turns with other work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from time import monotonic
from typing import Any, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")
_TURN_S = 0.005


async def each(
    items: Sequence[Item], ask: Callable[[Item], Awaitable[Answer]], *, at_once: int, done: Callable[[int], None]
) -> list[Answer]:
    """Ask for every item, at most `at_once` together.

    Args:
        items: What to ask for.
        ask: One request; the first exception cancels the others (they only read) and is raised.
        at_once: How many tasks to run; the service's own limit still holds.
        done: Called after each answer with the number of answers.

    Returns:
        The answers, in the order of `items`.
    """
    answers: dict[int, Answer] = {}
    waiting = iter(range(len(items)))

    async def work() -> None:
        for index in waiting:
            answers[index] = await ask(items[index])
            done(len(answers))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, len(items))):
                group.create_task(work())
    except* BaseException as several:  # noqa: BLE001  # the first one says it all; nothing is lost: these only read
        raise _first(several) from None
    return [answers[index] for index in range(len(items))]


async def in_turns(things: Iterable[Item]) -> AsyncIterator[Item]:
    """The same items, one after the other; every few milliseconds other work gets a turn.

    So no key, repaint or answer waits for ten thousand plans. The items may have changed after a turn.
    """
    until = monotonic() + _TURN_S
    for thing in things:
        yield thing
        if monotonic() >= until:
            await asyncio.sleep(0)
            until = monotonic() + _TURN_S


async def together(*reads: Coroutine[Any, Any, None]) -> None:
    """Run some reads side by side; the first exception cancels the others and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for read in reads:
                group.create_task(read)
    except* BaseException as several:  # noqa: BLE001  # as above
        raise _first(several) from None


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
