from __future__ import annotations

import asyncio
from contextlib import aclosing
from functools import partial

import pytest

from cwtui.domain.errors import Unreadable
from cwtui.services.answers import Asked
from cwtui.services.paging import SeenPages, in_order

ASKED = Asked("PSA", "GET", "/x", repeatable=True)


async def test_results_come_in_order_whoever_is_first() -> None:
    turns = [asyncio.Event() for _ in range(5)]

    async def fetch(number: int) -> int:
        if number:  # each waits for the one after it, so that they end in reverse
            await turns[number].wait()
        else:
            for turn in reversed(turns):
                turn.set()
                await asyncio.sleep(0)
        return number

    assert [each async for each in in_order([partial(fetch, number) for number in range(5)], 5)] == [0, 1, 2, 3, 4]


async def test_no_more_than_that_many_run_ahead_of_the_reader() -> None:
    started: list[int] = []

    async def fetch(number: int) -> int:
        started.append(number)
        return number

    async with aclosing(in_order([partial(fetch, number) for number in range(100)], 3)) as results:
        assert await anext(results) == 0
        await asyncio.sleep(0)
        assert started == [0, 1, 2, 3]


async def test_one_failure_ends_the_rest() -> None:
    cancelled: list[int] = []

    async def fetch(number: int) -> int:
        if number == 1:
            raise LookupError(number)
        try:
            await asyncio.sleep(0 if number == 0 else 1000)
        except asyncio.CancelledError:
            cancelled.append(number)
            raise
        return number

    async with aclosing(in_order([partial(fetch, number) for number in range(4)], 4)) as results:
        assert await anext(results) == 0
        with pytest.raises(LookupError):
            await anext(results)
    assert cancelled == [2, 3]


def test_a_page_that_moved_by_a_row_is_new() -> None:
    seen = SeenPages()
    seen.new([{"id": 1}, {"id": 2}], ASKED)
    assert seen.new([{"id": 2}, {"id": 3}], ASKED)
    assert seen.new([{"id": 3}], ASKED)


@pytest.mark.parametrize("page", [[{"id": 1}], [{"name": "no id"}], ["text"]], ids=["ids", "no ids", "no objects"])
def test_a_page_that_repeats_is_an_error(page: list[object]) -> None:
    seen = SeenPages()
    seen.new(page, ASKED)
    with pytest.raises(Unreadable, match="given before"):
        seen.new(page, ASKED)


def test_an_empty_page_repeats_nothing() -> None:
    seen = SeenPages()
    assert seen.new([], ASKED) == seen.new([], ASKED) == []
