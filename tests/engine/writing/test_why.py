"""Why: every fact behind an addition, planned or written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwtui.domain.errors import InputError
from cwtui.domain.ids import AdditionId, ProductId, SubscriptionId, TaskId
from tests.engine.upkeep_world import AGREEMENT, EXCHANGE_ITEM, MAIL, TODAY, Running, running, small_world


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(small_world(), tmp_path) as opened:
        yield opened


async def test_a_written_addition_and_what_is_planned_for_it(at: Running) -> None:
    await at.engine.auto()
    (link,) = at.state.links()
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], created=TODAY, provisioned=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    await at.engine.check()
    written, planned = await at.engine.explainer.why(link.addition_id)
    assert (written.what, written.order, written.answer) == ("create", "initial", "confirmed")
    assert "10 × 4.50 = 45.00" in written.arithmetic
    assert written.rule
    assert written.who
    assert written.at is not None
    assert not written.is_planned
    assert (planned.what, planned.kind, planned.is_planned) == ("delete", "change_order", True)


async def test_the_plan_of_a_task(at: Running) -> None:
    await at.engine.check()
    (one,) = await at.engine.explainer.why_task(TaskId("initial.S1"))
    assert (one.addition_id, one.what, one.is_planned, one.product_id) == (None, "create", True, "P1")


async def test_an_adopted_addition(at: Running) -> None:
    made = at.world.add_addition(AGREEMENT, EXCHANGE_ITEM, 10, "4.50", effective="2026-02-01")
    addition = AdditionId(made["id"])
    await at.engine.adoption.adopt(addition, SubscriptionId(MAIL), ProductId("P1"))
    (one,) = await at.engine.explainer.why(addition)
    assert (one.what, one.answer) == ("adopt", "linked")


async def test_what_cwtui_has_nothing_to_do_with(at: Running) -> None:
    with pytest.raises(InputError, match="neither wrote"):
        await at.engine.explainer.why(AdditionId(4711))
    with pytest.raises(InputError, match="no task"):
        await at.engine.explainer.why_task(TaskId("none.S1"))
