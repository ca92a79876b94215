"""What stands already is never billed a second time by itself (plans.md#billed-by-hand), on the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from cwtui.domain.errors import InputError
from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, TaskId
from cwtui.domain.psa import AdditionValues
from cwtui.domain.tasks import ByHand, TaskStatus
from cwtui.sandbox.world import World
from tests.engine.upkeep_world import AGREEMENT, CUSTOMER, EXCHANGE_ITEM, MAIL, TODAY, Running, running, small_world

INITIAL = TaskId(f"initial.{MAIL}")
STANDS = (EXCHANGE_ITEM, "10", "4.50", "2026-01-01", None)
NEW = (EXCHANGE_ITEM, "10", "4.50", "2026-12-01", None)


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
async def at(world: World, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(world, tmp_path) as opened:
        yield opened


async def made_by_hand(at: Running) -> AdditionId:
    values = AdditionValues(
        CatalogItemId(EXCHANGE_ITEM), Decimal(10), Decimal("4.50"), Decimal("3.60"), date(2026, 1, 1)
    )
    at.world.advance_invoice(AGREEMENT, "2026-01-01")  # as it was then
    made = await at.engine.psa.create_addition(AgreementId(AGREEMENT), values)
    at.world.advance_invoice(AGREEMENT, "2026-12-01")
    return made.id


async def stopped(at: Running) -> AdditionId:
    """A hand-made addition, and a run that stops at it."""
    held = await made_by_hand(at)
    report = await at.engine.auto()
    assert (report.synced, report.needs_action) == (0, 1)
    assert [problem.code for problem in report.tasks[0].problems] == ["billed_by_hand"]
    assert at.held() == [STANDS]
    return held


async def test_the_first_check_says_so_before_anything_is_written(at: Running) -> None:
    held = await made_by_hand(at)
    await at.engine.check()
    task = await at.engine.task(INITIAL)
    assert (task.status, task.problems[0].target) == (TaskStatus.NEEDS_ACTION, str(held))
    await at.engine.check()
    assert (await at.engine.task(INITIAL)).status is TaskStatus.NEEDS_ACTION


async def test_it_is_adopted_for_the_task(at: Running) -> None:
    held = await stopped(at)
    assert (await at.engine.adopt_for(INITIAL, held)).status is TaskStatus.READY
    report = await at.engine.auto()
    assert (report.synced, report.writes.post) == (1, 0)
    assert at.held() == [STANDS]


@pytest.mark.parametrize(
    ("decision", "left"),
    [
        pytest.param(ByHand.END, [(*STANDS[:4], "2026-11-30"), NEW], id="ended where the new one begins"),
        pytest.param(ByHand.BOTH, [STANDS, NEW], id="both are billed"),
    ],
)
async def test_a_decision_is_written_with_the_plan(decision: ByHand, left: list[object], at: Running) -> None:
    held = await stopped(at)
    decide = at.engine.end_by_hand if decision is ByHand.END else at.engine.bill_both
    assert (await decide(INITIAL, held)).status is TaskStatus.READY
    assert (await at.engine.auto()).synced == 1
    assert at.held() == left
    await at.engine.undo(INITIAL)
    assert at.held() == [STANDS]


@pytest.mark.parametrize(
    ("began", "provisioned", "decision", "is_warned"),
    [
        pytest.param("2026-01-01", "2026-11-24", "end", True, id="ended"),
        pytest.param("2026-01-01", "2026-11-24", "adopt", True, id="adopted"),
        pytest.param("2026-01-01", "2026-11-24", "both", False, id="both are billed on purpose"),
        pytest.param("2026-12-01", "2026-11-24", "end", False, id="it begins with the new one"),
        pytest.param("2026-01-01", "2026-12-01", "end", False, id="no days before"),
    ],
)
async def test_days_that_it_may_have_billed_are_warned_of(
    began: str, provisioned: str, decision: str, *, is_warned: bool, at: Running
) -> None:
    """(plans.md#billed-by-hand) The days before the new addition were covered by the one made by hand."""
    at.world.marketplace["subscriptions"].remove(MAIL)
    held = AdditionId(at.world.add_addition(AGREEMENT, EXCHANGE_ITEM, 8, "4.00", effective=began)["id"])
    await at.engine.auto()
    at.world.add_subscription(CUSTOMER, [("P1", 10)], id=MAIL)
    at.world.add_order(MAIL, "sales", [("recurring", "P1", 10, "4.50")], id="9", created=TODAY, provisioned=provisioned)
    await at.engine.auto()
    sale = TaskId(f"9.{MAIL}")
    decide = {"end": at.engine.end_by_hand, "adopt": at.engine.adopt_for, "both": at.engine.bill_both}[decision]
    assert (await decide(sale, held)).status is TaskStatus.READY
    assert (await at.engine.auto()).synced == 1
    said = [text for text in (await at.engine.task(sale)).warnings if "Leave these days out if it billed them" in text]
    assert [f"addition {held}, made by hand, bills 8" in text for text in said] == [True] * is_warned


async def test_what_was_ended_is_made_by_hand_again_after_an_undo(at: Running) -> None:
    """(plans.md#billed-by-hand) Written again, the task ends it again; it had been taken for the task's own."""
    held = await stopped(at)
    await at.engine.end_by_hand(INITIAL, held)
    await at.engine.auto()
    written = at.held()
    assert written == [(*STANDS[:4], "2026-11-30"), NEW]
    await at.engine.undo(INITIAL)
    assert at.state.link(held) is None
    await at.engine.sync([INITIAL])
    assert at.held() == written
    await at.engine.undo(INITIAL)
    assert at.held() == [STANDS]


async def test_what_was_deleted_is_asked_about_again_after_an_undo(at: Running) -> None:
    """(plans.md#billed-by-hand) It is created again under another id, which nobody decided about."""
    name = AdditionId(at.world.add_addition(AGREEMENT, EXCHANGE_ITEM, 8, "4.00", effective="2026-12-01")["id"])
    await at.engine.auto()
    await at.engine.end_by_hand(INITIAL, name)
    await at.engine.auto()
    assert at.held() == [NEW]
    await at.engine.undo(INITIAL)
    assert [row[1:3] for row in at.held()] == [("8", "4.00")]
    await at.engine.sync([INITIAL])
    assert [problem.code for problem in (await at.engine.task(INITIAL)).problems] == ["billed_by_hand"]
    assert [row[1:3] for row in at.held()] == [("8", "4.00")]


async def test_only_what_the_task_asks_about_is_decided(at: Running) -> None:
    held = await stopped(at)
    with pytest.raises(InputError, match="no addition 4711"):
        await at.engine.end_by_hand(INITIAL, AdditionId(4711))
    await at.engine.adopt_for(INITIAL, held)
    with pytest.raises(InputError, match="does not ask about"):
        await at.engine.bill_both(INITIAL, held)


async def test_an_empty_state_bills_nothing_twice(at: Running, world: World, tmp_path: Path) -> None:
    assert (await at.engine.auto()).synced == 1
    (tmp_path / "other").mkdir()
    async with running(world, tmp_path / "other") as second:
        report = await second.engine.auto()
        assert (report.synced, report.needs_action) == (0, 1)
        assert at.held() == [NEW]


async def test_a_confirmation_holds_for_its_numbers(at: Running) -> None:
    at.plan_by(max_quantity_change=Decimal(50))
    await at.engine.auto()
    at.world.add_order(MAIL, "change", [("recurring", "P1", 10, "4.50")], id="1", created=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 20})
    await at.engine.auto()
    task = TaskId(f"1.{MAIL}")
    at.world.change_subscription(MAIL, quantities={"P1": 2000})
    report = await at.engine.sync([task])
    assert (report.synced, [problem.code for problem in report.tasks[0].problems]) == (0, ["guard"])
    assert (await at.engine.auto()).synced == 0
    assert at.held() == [NEW]


async def test_warnings_stay_until_they_are_accepted(at: Running) -> None:
    await at.engine.auto()
    at.world.add_order(MAIL, "change", [("recurring", "P1", -2, "4.50")], id="1", created=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 3})
    report = await at.engine.auto()
    assert (report.synced, report.warned) == (1, 1)
    task = TaskId(f"1.{MAIL}")
    assert "the order makes 10 + -2 = 8" in (await at.engine.plan(task)).warnings[0]
    assert "the order makes 10 + -2 = 8" in (await at.engine.explainer.why_task(task))[0].warnings[0]
    assert (await at.engine.auto()).warned == 1
    with pytest.raises(InputError, match="has no warnings"):
        await at.engine.accept([task, INITIAL])
    (accepted,) = await at.engine.accept([task])
    assert accepted.acceptance is not None
    assert (accepted.is_accepted, (await at.engine.auto()).warned) == (True, 0)
