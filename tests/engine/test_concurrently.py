"""Work side by side and in turns."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import NoReturn

import pytest

from cwtui.engine import concurrently
from cwtui.engine.concurrently import in_turns, together


async def test_long_work_gives_others_their_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(range(10**6))
    monkeypatch.setattr(concurrently, "monotonic", lambda: next(moments) * 0.002)  # each thing takes 2 ms
    turns: list[int] = []
    done: list[int] = []

    async def others() -> None:
        while True:
            turns.append(len(done))
            await asyncio.sleep(0)

    other = asyncio.create_task(others())
    async for thing in in_turns(range(100)):
        done.append(thing)  # noqa: PERF401  # the others look at it meanwhile
    other.cancel()
    assert done == list(range(100))
    assert len(turns) >= 20
    assert max(later - earlier for earlier, later in pairwise(turns)) <= 5


async def test_quick_work_takes_no_turns() -> None:
    turns: list[None] = []
    asyncio.get_running_loop().call_soon(turns.append, None)
    assert [thing async for thing in in_turns("abc")] == ["a", "b", "c"]
    assert turns == []


async def test_reads_side_by_side_end_together_and_fail_as_one() -> None:
    ended: list[str] = []

    async def read(name: str, pause: float) -> None:
        try:
            await asyncio.sleep(pause)
        finally:
            ended.append(name)

    async def fail() -> NoReturn:
        raise LookupError("no")

    await together(read("a", 0.02), read("b", 0.02), read("c", 0))
    assert ended == ["c", "a", "b"]
    with pytest.raises(LookupError, match="no"):
        await together(read("d", 60), fail())
    assert ended[3:] == ["d"]
