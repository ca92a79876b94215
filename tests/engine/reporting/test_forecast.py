"""Forecasts from the sandbox's agreements and the open tasks' plans.

Rules: report.md#forecast.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from cwtui.domain.errors import InputError
from cwtui.domain.forecasts import AlarmCode
from cwtui.domain.ids import CustomerId
from cwtui.sandbox.behaviour import Fault
from tests.engine.upkeep_world import AGREEMENT, CUSTOMER, EXCHANGE_ITEM, MAIL, TODAY, Running, running, small_world


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(small_world(), tmp_path) as opened:
        yield opened


async def test_before_and_after_what_is_ready(at: Running) -> None:
    await at.engine.check()
    (found,) = (await at.engine.forecaster.forecast(CustomerId(CUSTOMER))).forecasts
    assert (found.invoice.before, found.invoice.after, found.planned) == (Decimal(0), Decimal("45.00"), 1)
    await at.engine.auto()
    (found,) = (await at.engine.forecaster.forecast()).forecasts
    assert (found.invoice.before, found.invoice.difference, found.planned) == (Decimal("45.00"), Decimal(0), 0)


async def test_what_waits_behind_another_task_is_not_counted(at: Running) -> None:
    await at.engine.check()
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], created=TODAY, provisioned=TODAY)
    await at.engine.check()
    (found,) = (await at.engine.forecaster.forecast()).forecasts
    assert (found.planned, found.waiting) == (1, 1)
    assert found.notes == (
        "1 open task is not counted yet: it is written after one that is, and changes the sum again.",
    )


async def test_what_is_written_of_a_begun_task_is_counted_once(at: Running) -> None:
    """(report.md#forecast) Five more: the 15 and their days stand already, only the deletion of the 10 was refused."""
    await at.engine.auto()
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], created=TODAY, provisioned=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    await at.engine.check()
    (planned,) = (await at.engine.forecaster.forecast()).forecasts
    at.sandbox.behaviour.plan(Fault(service="psa", method="DELETE", path="/additions", status=409))
    await at.engine.auto()
    assert len(at.held()) == 3
    (begun,) = (await at.engine.forecaster.forecast()).forecasts
    task = next(task for task in at.state.tasks() if task.status.is_open)
    review = await at.engine.workbench.review(task.id)
    await at.engine.auto()
    (written,) = (await at.engine.forecaster.forecast()).forecasts
    assert written.invoice.before == Decimal("73.50")  # 15 × 4.50 and 5 × 1.20
    assert review.next_invoice is not None
    assert {one.after for one in (planned.invoice, begun.invoice, review.next_invoice)} == {written.invoice.before}
    assert (begun.planned, begun.alarms) == (1, ())


async def test_a_hand_made_twin_alarms(at: Running) -> None:
    await at.engine.auto()
    at.world.add_addition(AGREEMENT, EXCHANGE_ITEM, 10, "4.50", effective="2026-02-01")
    report = await at.engine.forecaster.forecast()
    assert report.has_alarms
    assert [alarm.code for alarm in report.forecasts[0].alarms] == [AlarmCode.POSSIBLE_DOUBLE]


async def test_a_customer_without_an_agreement(at: Running) -> None:
    with pytest.raises(InputError, match="mapped to an agreement"):
        await at.engine.forecaster.forecast(CustomerId("4711"))
