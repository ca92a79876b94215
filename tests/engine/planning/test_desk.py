"""The facts that plans need, in as few requests as the contracts allow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cwtui.domain.charges import Charge
from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, ProductId, SubscriptionId, TaskId
from cwtui.domain.ledger import Operation
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.periods import BillingCycle
from cwtui.domain.plans import Change, Edit, Plan, PlanEdits
from cwtui.domain.psa import Addition, AdditionValues, BillCustomer
from cwtui.engine.reporting.monthly_effect import monthly_effect
from cwtui.sandbox.world import World
from cwtui.wording.problems import sentence
from tests.engine.upkeep_world import AGREEMENT, CUSTOMER, MAIL, TODAY, Running, running, small_world

INITIAL = TaskId(f"initial.{MAIL}")
TEN = AdditionValues(CatalogItemId(501), Decimal(10), Decimal("4.50"), Decimal("3.60"), date(2026, 12, 1))


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
async def at(world: World, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(world, tmp_path) as opened:
        yield opened


async def test_an_agreement_without_a_next_invoice_is_billed_through_its_latest_one(at: Running) -> None:
    at.world.advance_invoice(AGREEMENT, None)
    at.world.add_invoice(AGREEMENT, "2026-11-05")
    at.world.add_invoice(AGREEMENT, "2026-12-03")
    await at.engine.check()
    (change,) = (await at.engine.plan(INITIAL)).changes
    assert change.after is not None
    assert change.after.effective == date(2027, 1, 1)
    assert at.sandbox.log.counts["psa GET /finance/invoices"] == 2  # once for the check, once for the plan afresh


async def test_an_agreement_that_cannot_be_read_is_said_with_its_reason(at: Running) -> None:
    at.world.psa["agreements"].rows[AGREEMENT]["nextInvoiceDate"] = "1/12/2026"
    at.world.psa["agreements"].touch()
    await at.engine.check()
    task = at.state.task(INITIAL)
    assert task is not None
    assert [problem.code for problem in task.problems] == ["agreement_inactive"]
    assert "cannot be read" in sentence(task.problems[0])
    assert [problem for problem in at.listener.problems if "'1/12/2026' is not a date" in problem]


async def test_a_subscription_nobody_knows_says_nothing_false_of_its_catalog_items(at: Running) -> None:
    await at.engine.auto()
    at.world.add_subscription(CUSTOMER, [("P1", 1)], id="S2")
    at.world.add_order("S2", "change", [("recurring", "P1", 5, "4.50")], id="1", created=TODAY)
    at.world.marketplace["subscriptions"].remove("S2")
    await at.engine.check()
    task = at.state.task(TaskId("1.S2"))
    assert task is not None
    assert [problem.code for problem in task.problems] == ["subscription_missing"]


async def test_only_what_may_be_written_is_read_again(at: Running) -> None:
    """The newest order's quantity is the subscription's own, as it is when it is written (plans.md#newest-order)."""
    await at.engine.auto()
    at.world.add_subscription(CUSTOMER, [("P9", 1)], id="S9")
    for name in (MAIL, "S9"):
        at.world.add_order(name, "change", [("recurring", "P1", 5, "4.50")], id=f"1{name}", created=TODAY)
    at.state.drop_mapping(MappingKey(MappingKind.AGREEMENT, MAIL))
    await at.engine.check()
    at.sandbox.log.clear()
    await at.engine.auto()
    details = [entry[2] for entry in at.sandbox.log.recent if entry[2].startswith("/subscriptions/")]
    assert details == []


async def test_the_subscription_counts_as_it_is_when_it_is_written(at: Running) -> None:
    await at.engine.auto()
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], id="1", created=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    await at.engine.check()
    at.world.change_subscription(MAIL, quantities={"P1": 14})
    await at.engine.auto()
    assert [row[1] for row in at.held() if row[4] is None] == ["14"]


@pytest.mark.parametrize(
    ("held_at_the_later", "held_in_the_end", "written", "is_warned"),
    [
        pytest.param(12, 17, "17", False, id="its units come when it completes"),
        pytest.param(17, 17, "17", True, id="its units were held before it completed"),
        pytest.param(17, 16, "16", True, id="and one went away since"),
    ],
)
async def test_an_order_that_completes_after_a_later_one_was_carried_counts_nothing_twice(
    at: Running, held_at_the_later: int, held_in_the_end: int, written: str, is_warned: bool
) -> None:
    """The later one followed the subscription, whatever was held for whom (plans.md#newest-order)."""
    await at.engine.auto()
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], id="1", created=TODAY, status="processing")
    at.world.add_order(MAIL, "change", [("recurring", "P1", 2, "4.50")], id="2", created=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": held_at_the_later})
    await at.engine.auto()
    at.world.complete_order("1")
    at.world.change_subscription(MAIL, quantities={"P1": held_in_the_end})
    await at.engine.auto()
    assert [row[1] for row in at.held() if row[4] is None] == [written]
    plan = await at.engine.plan(TaskId(f"1.{MAIL}"))
    assert any(f"{written} is planned" in warning for warning in plan.warnings) is is_warned


@pytest.mark.parametrize(
    ("held_at_the_later", "written"),
    [
        pytest.param(20, ["20", "20"], id="the units of both were held before"),
        pytest.param(17, ["20", "20"], id="those of the first were"),
        pytest.param(12, ["17", "20"], id="they come with their orders"),
    ],
)
async def test_of_two_orders_that_complete_late_none_bills_more_than_is_held(
    at: Running, held_at_the_later: int, written: list[str]
) -> None:
    """Whether the second is written or not (plans.md#newest-order)."""
    await at.engine.auto()
    for name, units in (("1", 5), ("2", 3)):
        line = ("recurring", "P1", units, "4.50")
        at.world.add_order(MAIL, "change", [line], id=name, created=TODAY, status="processing")
    at.world.add_order(MAIL, "change", [("recurring", "P1", 2, "4.50")], id="3", created=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": held_at_the_later})
    await at.engine.auto()
    at.world.change_subscription(MAIL, quantities={"P1": 20})
    at.world.complete_order("1")
    at.world.complete_order("2")
    await at.engine.check()
    found = []
    for name in ("1", "2"):
        await at.engine.sync([TaskId(f"{name}.{MAIL}")])
        found += [row[1] for row in at.held() if row[4] is None]
    assert found == written


async def test_an_order_that_is_taken_up_again_after_a_later_one_counts_nothing_twice(at: Running) -> None:
    await at.engine.auto()
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], id="1", created=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    await at.engine.check()
    await at.engine.skip([TaskId(f"1.{MAIL}")])
    at.world.add_order(MAIL, "change", [("recurring", "P1", 3, "4.50")], id="2", created=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 18})
    await at.engine.auto()
    await at.engine.reopen([TaskId(f"1.{MAIL}")])
    await at.engine.auto()
    assert [row[1] for row in at.held() if row[4] is None] == ["18"]


async def test_the_catalogue_is_read_only_where_a_charge_needs_its_costs(at: Running) -> None:
    await at.engine.auto()
    asked = at.sandbox.log.counts
    one = asked["marketplace GET /products"]
    at.world.add_order(MAIL, "change", [("recurring", "P1", 1, "4.50")], id="1", created=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 11})
    await at.engine.auto()
    assert asked["marketplace GET /products"] == one + 1  # the guard counts it
    at.state.drop_mapping(MappingKey(MappingKind.PRODUCT, "P1"))
    at.world.add_order(MAIL, "change", [("setup", "P1", 1, "25.00")], id="2", created=TODAY)
    await at.engine.auto()
    assert asked["marketplace GET /products"] == one + 1 + 2  # once for all that the run has to plan
    await at.engine.auto()
    assert asked["marketplace GET /products"] == one + 1 + 2 + 1  # good for an hour, where nothing is new


async def test_what_a_new_order_charges_costs_what_the_catalogue_says_now(at: Running) -> None:
    await at.engine.auto()
    for number, cost in enumerate(("20.00", "21.00")):
        at.world.add_product(f"N{number}", "New", mpn=f"N{number}", price="1", cost="1", setup=("25.00", cost))
        at.state.save_mapping(Mapping(MappingKey(MappingKind.PRODUCT, f"N{number}"), 501))
        lines = [("setup", f"N{number}", 1, "25.00")]
        at.world.add_order(MAIL, "change", lines, id=f"{number}", created=TODAY)
        assert (await at.engine.auto()).synced == 1
    held = await at.additions()
    assert [one.values.unit_cost for one in held if one.values.cancelled] == [20, 21]


async def test_an_edit_survives_and_is_dropped_when_the_plan_changes(world: World, tmp_path: Path) -> None:
    async with running(world, tmp_path) as at:
        await at.engine.check()
        plan = await at.engine.plan(INITIAL)
        edit = Edit(plan.changes[0].key, {"quantity": Decimal(8)})
        at.state.save_edits(PlanEdits(INITIAL, plan.digest, (edit,)))
    async with running(world, tmp_path) as at:
        edited = await at.engine.plan(INITIAL)
        assert edited.changes[0].after is not None
        assert (edited.changes[0].after.quantity, edited.dropped_edits) == (Decimal(8), ())
        world.advance_invoice(AGREEMENT, "2027-01-01")
        dropped = await at.engine.plan(INITIAL)
        assert dropped.changes[0].after is not None
        assert dropped.changes[0].after.quantity == 10
        assert len(dropped.dropped_edits) == 1
        await at.engine.check()
        world.advance_invoice(AGREEMENT, "2026-12-01")
        await at.engine.check()
        again = await at.engine.plan(INITIAL)
        assert again.changes[0].after is not None
        assert (again.changes[0].after.quantity, len(again.dropped_edits)) == (Decimal(10), 1)


async def test_a_task_waits_behind_the_older_one_of_its_subscription(at: Running) -> None:
    at.state.drop_mapping(MappingKey(MappingKind.CUSTOMER, CUSTOMER))
    await at.engine.check()
    at.world.add_order(MAIL, "change", [("recurring", "P1", 1, "4.50")], id="1", created=TODAY + timedelta(days=1))
    await at.engine.check()
    queue = at.state.tasks_of(SubscriptionId(MAIL))
    assert [str(task.status) for task in queue] == ["needs_action", "waiting"]
    later = (await at.engine.auto()).tasks[1]
    assert later.note == f"Failed auto-sync. Task {INITIAL} of its subscription comes first."


def changes() -> tuple[Change, ...]:
    held = Addition(AdditionId(9), AgreementId(1), replace(TEN, quantity=Decimal(4)))
    create = Change("a", Operation.CREATE, AgreementId(1), ProductId("P1"), Charge.RECURRING, after=TEN)
    once = replace(create, key="b", is_standing=False)
    end = replace(create, key="c", operation=Operation.UPDATE, before=held, after=held.values.ending(date(2026, 12, 5)))
    return replace(create, is_standing=True), once, replace(end, is_standing=True)


@pytest.mark.parametrize(
    ("cycle", "expected"),
    [
        (BillingCycle.MONTHLY, "27.00"),
        (BillingCycle.QUARTERLY, "9.00"),
        (BillingCycle.YEARLY, "2.25"),
        (BillingCycle.WEEKLY, "117.00"),
        (None, None),
    ],
)
def test_the_monthly_effect_counts_what_stands(cycle: BillingCycle | None, expected: str | None) -> None:
    """Ten more seats of 4.50, four fewer; what is billed once is no monthly effect."""
    plan = Plan(INITIAL, SubscriptionId(MAIL), AgreementId(1), changes())
    found = monthly_effect(plan, cycle)
    assert (None if found is None else f"{found:.2f}") == expected


def test_what_is_not_billed_has_no_monthly_effect() -> None:
    created = replace(changes()[0], after=replace(TEN, bill=BillCustomer.NO_CHARGE))
    plan = Plan(INITIAL, SubscriptionId(MAIL), AgreementId(1), (created,))
    assert monthly_effect(plan, BillingCycle.MONTHLY) == 0
