from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from cwtui.services.gate import Gate


async def hold(gate: Gate, release: asyncio.Event, admitted: list[float]) -> None:
    async with gate.admitted() as at:
        admitted.append(at)
        await release.wait()


async def turn() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_no_more_are_admitted_than_the_limit(fake_time: Any) -> None:
    gate, release, admitted = Gate(3, fake_time.timing()), asyncio.Event(), list[float]()
    tasks = [asyncio.create_task(hold(gate, release, admitted)) for _ in range(10)]
    await turn()
    assert len(admitted) == 3
    release.set()
    await asyncio.gather(*tasks)
    assert len(admitted) == 10


async def test_a_refusal_holds_everybody_back_and_halves_the_limit(fake_time: Any) -> None:
    gate = Gate(16, fake_time.timing())
    async with gate.admitted() as at:
        gate.slow_down(30, at)
    assert gate.limit == 8
    async with gate.admitted() as later:
        assert later == at + 30
    assert fake_time.slept == [30]


async def test_requests_refused_together_halve_the_limit_once(fake_time: Any) -> None:
    gate = Gate(16, fake_time.timing())
    async with gate.admitted() as first, gate.admitted() as second:
        gate.slow_down(1, first)
        gate.slow_down(1, second)
    assert gate.limit == 8


async def test_the_limit_goes_down_to_one_and_grows_back_to_the_ceiling(fake_time: Any) -> None:
    gate = Gate(8, fake_time.timing())
    for _ in range(6):
        async with gate.admitted() as at:
            gate.slow_down(1, at)
    assert gate.limit == 1
    for _ in range(100):
        gate.speed_up()
    assert gate.limit == 8


async def test_one_round_of_good_answers_raises_the_limit_by_one(fake_time: Any) -> None:
    gate = Gate(16, fake_time.timing())
    async with gate.admitted() as at:
        gate.slow_down(0, at)
    for _ in range(9):
        gate.speed_up()
    assert gate.limit == 9


@pytest.mark.parametrize("given_first", [False, True], ids=["while waiting", "just as the place is given"])
async def test_a_cancelled_wait_leaves_its_place_to_the_next(given_first: bool, fake_time: Any) -> None:
    gate, release, admitted = Gate(1, fake_time.timing()), asyncio.Event(), list[float]()
    async with contextlib.AsyncExitStack() as holder:
        await holder.enter_async_context(gate.admitted())
        cancelled = asyncio.create_task(hold(gate, release, admitted))
        following = asyncio.create_task(hold(gate, release, admitted))
        await turn()
        if given_first:
            await holder.aclose()  # without a turn of the loop: the next in line has the place and does not know
        cancelled.cancel()
        release.set()
    await asyncio.wait_for(following, 5)
    assert len(admitted) == 1
    assert cancelled.cancelled()
