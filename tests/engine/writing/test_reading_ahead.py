"""A reading of additions that was taken a moment ago counts as fresh, until something may have changed them.

Rules: synchronising.md#writing-ahead, synchronising.md#read-before-writing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cwtui.domain.ids import AgreementId
from cwtui.engine.clock import suspended_s
from cwtui.engine.writing.reading_ahead import FRESH_S, ReadingAhead
from cwtui.store.state import open_state
from tests.engine.upkeep_world import AGREEMENT, Running, running, small_world


async def nothing(at: Running) -> None:
    assert (await at.engine.check()).created


async def this_process_writes(at: Running) -> None:
    assert (await at.engine.auto()).synced == 1


async def another_process_writes(at: Running) -> None:
    state = open_state(at.state.path)
    try:
        assert (await at.engine_on(state).auto()).synced == 1
    finally:
        state.close()
    at.state.catch_up()


async def a_write_is_under_way(at: Running) -> None:
    (name,) = (await at.engine.check()).created
    plan, now = await at.engine.plan(name), at.engine.now()
    at.state.intend(
        at=now,
        run_id="run",
        task_id=name,
        subscription_id=plan.subscription_id,
        change=plan.changes[0],
        present=frozenset(),
    )


@pytest.mark.parametrize(
    ("happens", "holds"),
    [
        (nothing, True),
        (this_process_writes, False),
        (another_process_writes, False),
        (a_write_is_under_way, False),
    ],
)
async def test_a_reading_holds_until_something_may_have_changed(
    happens: Callable[[Running], Awaitable[None]], holds: bool, tmp_path: Path
) -> None:
    async with running(small_world(), tmp_path) as at:
        reading = await ReadingAhead.taken(at.engine.workspace, AgreementId(AGREEMENT))
        await happens(at)
        assert reading.holds(at.state) is holds


async def test_a_reading_holds_for_ten_seconds(tmp_path: Path) -> None:
    async with running(small_world(), tmp_path) as at:
        reading = await ReadingAhead.taken(at.engine.workspace, AgreementId(AGREEMENT))
        assert replace(reading, _at_s=suspended_s() - FRESH_S + 5).holds(at.state)
        assert not replace(reading, _at_s=suspended_s() - FRESH_S).holds(at.state)
