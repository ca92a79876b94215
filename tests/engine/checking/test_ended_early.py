"""A subscription that ended before the day its additions end on (check.md#what-no-order-explains)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cwtui.domain.problems import ProblemCode
from cwtui.domain.tasks import TaskStatus, is_difference
from cwtui.wording.differences import difference_text
from tests.engine.upkeep_world import AGREEMENT, CUSTOMER, EXCHANGE_ITEM, MAIL, TODAY, Running, running, small_world

ORDERED, JUNE, YEAR_END = date(2026, 12, 10), "2027-06-30", "2026-12-31"


async def cancelled_for(at: Running, expires: str) -> None:
    """December is invoiced; ten seats end on the day their subscription expires, and are active until then."""
    await at.engine.auto()
    at.world.advance_invoice(AGREEMENT, "2027-01-01")
    at.world.change_subscription(MAIL, expirationDate=expires)
    at.world.add_order(MAIL, "cancellation", [], id="9", created=TODAY, provisioned=ORDERED)
    await at.engine.auto()
    assert at.held() == [(EXCHANGE_ITEM, "10", "4.50", "2026-12-01", expires)]


def told(at: Running) -> list[str]:
    told = [task.id for task in at.state.tasks() if is_difference(task)]
    return [difference_text(one.fact) for name in told for one in at.state.differences(name)]


@pytest.mark.parametrize(
    ("expires", "today", "is_told"),
    [
        pytest.param(JUNE, date(2026, 12, 24), True, id="half a year early"),
        pytest.param(JUNE, date(2027, 6, 28), True, id="two days early, no invoice has reached them"),
        pytest.param(JUNE, date(2027, 6, 29), False, id="a day early"),
        pytest.param(JUNE, date(2027, 7, 1), False, id="on time"),
        pytest.param(YEAR_END, date(2026, 12, 24), False, id="early, in a period that is invoiced"),
    ],
)
@pytest.mark.parametrize("is_gone", [pytest.param(False, id="terminated"), pytest.param(True, id="gone")])
async def test_what_ends_later_than_its_subscription_is_told(
    is_gone: bool, expires: str, today: date, is_told: bool, tmp_path: Path
) -> None:
    async with running(small_world(), tmp_path) as at:
        await cancelled_for(at, expires)
        at.world.change_subscription(MAIL, status="terminated", lastModifiedDate=f"{today}")
        if is_gone:
            at.world.marketplace["subscriptions"].remove(MAIL)
            at.world.add_subscription(CUSTOMER, [("P1", 1)], id="S9", status="pending")
        at.go_on(today)
        await at.engine.check()
        assert [f"10 of Exchange Online until {expires}" in text for text in told(at)] == [True] * is_told


async def test_its_repair_ends_it_and_settles_the_task(tmp_path: Path) -> None:
    async with running(small_world(), tmp_path) as at:
        await cancelled_for(at, JUNE)
        at.world.change_subscription(MAIL, status="terminated", lastModifiedDate="2026-12-24")
        at.go_on(date(2026, 12, 24))
        await at.engine.check()
        (task,) = [task for task in at.state.tasks() if is_difference(task)]
        assert [problem.code for problem in task.problems] == [ProblemCode.NOT_CARRIED_OVER]
        await at.engine.reconciler.apply(task.customer_id)
        assert at.held() == [(EXCHANGE_ITEM, "10", "4.50", "2026-12-01", "2026-12-31")]
        at.go_on(date(2026, 12, 25))
        await at.engine.check()
        assert {task.status for task in at.state.tasks()} == {TaskStatus.SYNCED}
