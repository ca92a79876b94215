"""Reconcile end to end on the sandbox (reconciling.md#reconcile).

Rules: reconciling.md#adoption.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from cwtui.domain.errors import InputError
from cwtui.domain.ids import AdditionId, AgreementId, CustomerId, ProductId, SubscriptionId, TaskId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.problems import ProblemCode
from cwtui.domain.reconciliation import RowStatus
from cwtui.domain.tasks import TaskKind, TaskStatus
from cwtui.sandbox.world import World
from tests.engine.upkeep_world import (
    AGREEMENT,
    CUSTOMER,
    EXCHANGE_ITEM,
    MAIL,
    OFFICE,
    OFFICE_ITEM,
    TODAY,
    Running,
    running,
    small_world,
)

WHO = CustomerId(CUSTOMER)
DECEMBER = "2026-12-01"


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
async def at(world: World, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(world, tmp_path) as opened:
        yield opened


async def statuses(at: Running, day: date | None = None) -> list[RowStatus]:
    report = await at.engine.reconciler.compare(WHO, period_day=day)
    return [row.status for found in report.reconciliations for row in found.rows]


async def test_a_synced_customer_matches_in_every_row(at: Running) -> None:
    at.world.add_addition(AGREEMENT, OFFICE_ITEM, 1, "25.00", effective=DECEMBER, cancelled="2026-12-31")
    at.world.add_catalog_item("RACK", "Rack rental", price="80.00", cost="0")
    at.world.add_addition(AGREEMENT, 503, 2, "80.00", effective="2026-02-01")
    await at.engine.auto()
    report = await at.engine.reconciler.compare(WHO)
    (found,) = report.reconciliations
    assert [row.status for row in found.rows] == [RowStatus.MATCH]
    assert not report.differs
    assert (found.period.start, found.period.end, found.billed) == (date(2026, 12, 1), date(2026, 12, 31), False)


async def test_a_change_in_the_middle_of_everything_still_matches(at: Running) -> None:
    """examples.md#example-3: the old addition is live until the end of December, the new one begins in January."""
    await at.engine.auto()
    at.world.advance_invoice(AGREEMENT, "2027-01-01")
    order = at.world.add_order(
        MAIL, "change", [("recurring", "P1", -2, "4.50")], created=TODAY, provisioned=date(2026, 12, 5)
    )
    at.world.change_subscription(MAIL, quantities={"P1": 8})
    assert order["status"] == "completed"
    await at.engine.auto()
    assert [(row[1], row[3], row[4]) for row in at.held()] == [
        ("10", DECEMBER, "2026-12-31"),
        ("8", "2027-01-01", None),
    ]
    assert await statuses(at) == [RowStatus.MATCH]


@pytest.mark.parametrize(
    ("quantity", "price", "cost", "expected"),
    [
        pytest.param(10, "4.50", "3.60", RowStatus.MATCH, id="made by hand, but right"),
        pytest.param(8, "4.50", "3.60", RowStatus.QUANTITY_DIFFERS, id="another quantity"),
        pytest.param(10, "4.00", "3.60", RowStatus.PRICE_DIFFERS, id="another price"),
        pytest.param(10, "4.50", "3.00", RowStatus.PRICE_DIFFERS, id="another cost"),
    ],
)
async def test_what_was_made_by_hand_is_repaired_once_it_was_adopted(
    at: Running, quantity: int, price: str, cost: str, expected: RowStatus
) -> None:
    row = at.world.add_addition(AGREEMENT, EXCHANGE_ITEM, quantity, price, cost=cost, effective="2026-02-01")
    before = at.held()
    assert await statuses(at) == [expected]
    offered = await at.engine.reconciler.apply(WHO)
    assert at.held() == before
    assert at.state.link(AdditionId(row["id"])) is None
    (found,) = offered.after.reconciliations
    assert [(one.addition.id, one.wanted.product_id) for one in found.proposals] == [(row["id"], "P1")]
    await at.engine.adoption.adopt(AdditionId(row["id"]), SubscriptionId(MAIL), ProductId("P1"))
    outcome = await at.engine.reconciler.apply(WHO)
    assert not outcome.after.differs
    live = [row[1:4] for row in at.held() if row[4] is None]
    assert live == [("10", "4.50", "2026-02-01" if expected is RowStatus.MATCH else DECEMBER)]


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        pytest.param("adopt", [("8", "4.50", "2026-02-01", "2026-11-30"), ("10", "4.50", DECEMBER, None)], id="adopt"),
        pytest.param("end", [("8", "4.50", "2026-02-01", "2026-11-30"), ("10", "4.50", DECEMBER, None)], id="end"),
        pytest.param("both", [("8", "4.50", "2026-02-01", None), ("10", "4.50", DECEMBER, None)], id="bill both"),
    ],
)
async def test_a_repair_asks_about_what_was_made_by_hand(
    at: Running, answer: str, left: list[tuple[str, str, str, str | None]]
) -> None:
    """reconciling.md#adoption and plans.md#billed-by-hand: the repair's own task carries the three answers."""
    row = at.world.add_addition(AGREEMENT, EXCHANGE_ITEM, 8, "4.50", cost="3.60", effective="2026-02-01")
    (task,) = (await at.engine.reconciler.prepare(WHO)).tasks
    assert [(problem.code, problem.target) for problem in task.problems] == [
        (ProblemCode.BILLED_BY_HAND, str(row["id"]))
    ]
    await at.engine.sync([task.id])
    assert [held[1:] for held in at.held()] == [("8", "4.50", "2026-02-01", None)], "nothing is written before"
    number = AdditionId(row["id"])
    if answer == "adopt":
        await at.engine.adopt_for(task.id, number)
    elif answer == "end":
        await at.engine.end_by_hand(task.id, number)
    else:
        await at.engine.bill_both(task.id, number)
    assert (await at.engine.task(task.id)).status is TaskStatus.READY
    await at.engine.sync([task.id])
    assert sorted(held[1:] for held in at.held()) == sorted(left)


async def test_what_bills_the_right_thing_gets_no_task_because_another_subscription_does_not(at: Running) -> None:
    """Both subscriptions hold the same catalog item, so they share a row; one of them waits behind its own order."""
    await at.engine.auto()
    at.world.add_subscription(CUSTOMER, [("P1", 4), ("P9", 1)], id=OFFICE)
    at.world.add_order(OFFICE, "sales", [("recurring", "P9", 1, "1.00")], created=TODAY, provisioned=TODAY)
    await at.engine.check()
    tasks = len(list(at.state.tasks()))
    for _ in range(2):
        outcome = await at.engine.reconciler.apply(WHO)
        assert outcome.after.differs
        assert any("come first" in line for line in outcome.blocked)
    assert len(list(at.state.tasks())) == tasks


async def test_an_addition_of_the_right_quantity_is_offered_and_not_doubled(at: Running) -> None:
    at.world.add_addition(AGREEMENT, EXCHANGE_ITEM, 10, "4.50", cost="3.60", effective="2026-02-01")
    report = await at.engine.reconciler.compare(WHO)
    (proposal,) = report.reconciliations[0].proposals
    assert proposal.wanted.subscription_id == MAIL
    await at.engine.check()  # its initial task would create the same addition once more
    await at.engine.reconciler.apply(WHO)
    assert len(at.held()) == 1
    assert at.state.link(proposal.addition.id) is None
    await at.engine.adoption.adopt(proposal.addition.id, SubscriptionId(MAIL), ProductId("P1"))
    await at.engine.reconciler.apply(WHO)
    link = at.state.link(proposal.addition.id)
    assert link is not None
    assert (link.subscription_id, link.product_id, link.is_standing, link.adopted) == (MAIL, "P1", True, True)
    assert len(at.held()) == 1
    assert [task.status for task in at.state.tasks()] == [TaskStatus.SYNCED]


async def test_missing_extra_and_unmapped(at: Running) -> None:
    at.world.add_product("P3", "Unmapped", mpn="MPN3", price="1.00", cost="0.50")
    at.world.add_subscription(CUSTOMER, [("P3", 2)], id="S3")
    at.state.save_mapping(_agreement_mapping("S3"))
    at.world.add_addition(AGREEMENT, OFFICE_ITEM, 3, "12.10", effective=DECEMBER)
    assert await statuses(at) == [RowStatus.MISSING, RowStatus.EXTRA, RowStatus.UNMAPPED]
    outcome = await at.engine.reconciler.apply(WHO)
    assert at.held() == [
        (EXCHANGE_ITEM, "10", "4.50", DECEMBER, None),
        (OFFICE_ITEM, "3", "12.10", DECEMBER, None),
    ]
    assert any("made by hand and is left as it is" in line for line in outcome.blocked)
    (found,) = outcome.after.reconciliations
    assert [row.status for row in found.rows] == [RowStatus.MATCH, RowStatus.EXTRA, RowStatus.UNMAPPED]
    tasks = [task for task in at.state.tasks() if task.kind is TaskKind.RECONCILIATION]
    assert {task.status for task in tasks} == {TaskStatus.SYNCED}


@pytest.mark.parametrize(
    ("effective", "left"),
    [
        pytest.param("2026-02-01", [("3", "12.10", "2026-02-01", "2026-11-30")], id="billed: it ends"),
        pytest.param(DECEMBER, [], id="not billed: it is deleted"),
    ],
)
async def test_an_adopted_extra_ends_where_billing_stands(
    at: Running, effective: str, left: list[tuple[str, str, str, str]]
) -> None:
    row = at.world.add_addition(AGREEMENT, OFFICE_ITEM, 3, "12.10", effective=effective)
    await at.engine.adoption.adopt(AdditionId(row["id"]), SubscriptionId(MAIL), ProductId("P2"))
    await at.engine.reconciler.apply(WHO)
    assert [held[1:] for held in at.held() if held[0] == OFFICE_ITEM] == left


async def test_a_hand_made_one_beside_the_linked_one_is_named_and_left(at: Running) -> None:
    await at.engine.auto()
    at.world.add_addition(AGREEMENT, EXCHANGE_ITEM, 2, "4.50", cost="3.60", effective="2026-02-01")
    before = at.held()
    outcome = await at.engine.reconciler.apply(WHO)
    assert at.held() == before
    assert outcome.runs == ()
    assert outcome.after.differs
    assert len(outcome.blocked) == 1


async def test_two_subscriptions_of_one_item_are_one_row(at: Running) -> None:
    at.world.add_subscription(CUSTOMER, [("P1", 5)], id=OFFICE)
    await at.engine.auto()
    (found,) = (await at.engine.reconciler.compare(WHO)).reconciliations
    (row,) = found.rows
    assert row.status is RowStatus.MATCH
    assert row.expected is not None
    assert (row.expected.quantity, row.expected.price) == (Decimal(15), Decimal("4.50"))


async def test_a_billed_period_is_said_and_repaired_from_the_next_on(at: Running) -> None:
    report = await at.engine.reconciler.compare(WHO, period_day=date(2026, 10, 15))
    (found,) = report.reconciliations
    assert found.billed
    assert any("billed already" in text and "2026-12-01" in text for text in found.warnings)
    await at.engine.reconciler.apply(WHO, period_day=date(2026, 10, 15))
    assert at.held() == [(EXCHANGE_ITEM, "10", "4.50", DECEMBER, None)]


async def test_a_repair_is_a_task_that_can_be_edited_and_undone(at: Running) -> None:
    at.world.add_addition(AGREEMENT, EXCHANGE_ITEM, 8, "4.50", cost="3.60", effective=DECEMBER)
    await at.engine.check()
    await at.engine.skip([task.id for task in at.state.open_tasks()])
    (held,) = await at.additions()
    await at.engine.adoption.adopt(held.id, SubscriptionId(MAIL), ProductId("P1"))
    prepared = await at.engine.reconciler.prepare(WHO)
    (task,) = prepared.tasks
    assert (task.kind, task.status, task.subscription_id) == (TaskKind.RECONCILIATION, TaskStatus.READY, MAIL)
    assert task.monthly_effect == Decimal("9.00")
    plan = await at.engine.plan(task.id)
    (change,) = plan.changes
    assert change.after is not None
    assert (change.operation, change.after.quantity) == ("update", Decimal(10))
    await at.engine.auto()
    assert (await at.engine.task(task.id)).status is TaskStatus.READY, "--auto never begins a reconciliation"
    await at.engine.sync([task.id])
    assert at.held() == [(EXCHANGE_ITEM, "10", "4.50", DECEMBER, None)]
    assert (await at.engine.undo(task.id)).complete
    assert at.held() == [(EXCHANGE_ITEM, "8", "4.50", DECEMBER, None)]


async def test_what_moved_after_the_comparison_stops_the_repair(at: Running) -> None:
    row = at.world.add_addition(AGREEMENT, EXCHANGE_ITEM, 8, "4.50", cost="3.60", effective=DECEMBER)
    await at.engine.adoption.adopt(AdditionId(row["id"]), SubscriptionId(MAIL), ProductId("P1"))
    (task,) = (await at.engine.reconciler.prepare(WHO)).tasks
    row["quantity"] = Decimal(9)
    at.world.psa["agreements"].touch()
    await at.engine.sync([task.id])
    now = await at.engine.task(task.id)
    assert [problem.code for problem in now.problems] == [ProblemCode.LINK_CHANGED]
    (again,) = (await at.engine.reconciler.prepare(WHO)).tasks
    assert again.id == task.id
    await at.engine.sync([task.id])
    assert at.held() == [(EXCHANGE_ITEM, "10", "4.50", DECEMBER, None)]


async def test_a_first_check_after_the_comparison_bills_nothing_twice(at: Running) -> None:
    held = at.world.add_addition(AGREEMENT, EXCHANGE_ITEM, 8, "4.50", cost="3.60", effective=DECEMBER)
    (task,) = (await at.engine.reconciler.prepare(WHO)).tasks
    await at.engine.auto()  # the initial task asks about the 8
    assert len(at.held()) == 1
    await at.engine.bill_both(TaskId(f"initial.{MAIL}"), AdditionId(held["id"]))
    await at.engine.auto()  # the initial task writes 10 of its own
    await at.engine.sync([task.id])
    assert (await at.engine.task(task.id)).status is TaskStatus.NEEDS_ACTION
    await at.engine.reconciler.apply(WHO)
    assert sorted(row[1] for row in at.held()) == ["10", "8"], "a person said that both are billed"


async def test_an_order_that_is_not_carried_over_yet_comes_first(at: Running) -> None:
    await at.engine.auto()
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], created=TODAY, provisioned=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    await at.engine.check()
    outcome = await at.engine.reconciler.apply(WHO)
    assert len(outcome.blocked) == 1
    assert "come first" in outcome.blocked[0]
    await at.engine.auto()
    assert await statuses(at) == [RowStatus.MATCH]


async def test_a_change_after_a_repair_counts_on_what_the_repair_left(at: Running) -> None:
    await at.engine.auto()
    at.world.change_subscription(MAIL, quantities={"P1": 12})
    await at.engine.reconciler.apply(WHO)
    at.world.add_order(MAIL, "change", [("recurring", "P1", 3, "4.50")], created=TODAY, provisioned=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    await at.engine.auto()
    assert [row[1] for row in at.held() if row[4] is None] == ["15"]


async def test_a_migrated_subscription_is_settled_by_reconciling_it(at: Running) -> None:
    await at.engine.auto()
    at.world.add_order(MAIL, "migration", [("recurring", "P1", 10, "4.50")], created=TODAY)
    await at.engine.auto()
    (task,) = await at.engine.tasks(kinds=[TaskKind.RECONCILIATION])
    assert task.status is TaskStatus.NEEDS_ACTION
    outcome = await at.engine.reconciler.apply(WHO)
    assert (await at.engine.task(task.id)).status is TaskStatus.SYNCED
    assert not outcome.after.differs
    assert len(at.held()) == 1


async def test_a_migrated_subscription_is_repaired_by_its_own_task(at: Running) -> None:
    await at.engine.auto()
    at.world.add_order(MAIL, "migration", [("recurring", "P1", 12, "4.50")], created=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 12})
    await at.engine.check()
    (task,) = await at.engine.tasks(kinds=[TaskKind.RECONCILIATION])
    await at.engine.reconciler.apply(WHO)
    assert (await at.engine.task(task.id)).status is TaskStatus.SYNCED
    assert at.held() == [(EXCHANGE_ITEM, "12", "4.50", DECEMBER, None)]


async def test_applying_twice_writes_once(at: Running) -> None:
    first = await at.engine.reconciler.apply(WHO)
    held = at.held()
    second = await at.engine.reconciler.apply(WHO)
    assert [run.writes.post for run in first.runs] == [1]
    assert second.runs == ()
    assert at.held() == held


async def test_adopting_settles_a_missing_link(at: Running) -> None:
    row = at.world.add_addition(AGREEMENT, EXCHANGE_ITEM, 10, "4.50", cost="3.60", effective="2026-02-01")
    await at.engine.check()
    await at.engine.skip([task.id for task in at.state.open_tasks()])
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], created=TODAY, provisioned=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    await at.engine.check()
    (task,) = at.state.open_tasks()
    assert [problem.code for problem in task.problems] == [ProblemCode.LINK_MISSING]
    await at.engine.adoption.adopt(AdditionId(row["id"]), SubscriptionId(MAIL), ProductId("P1"))
    assert (await at.engine.task(task.id)).status is TaskStatus.READY
    await at.engine.auto()
    assert (EXCHANGE_ITEM, "10", "4.50", "2026-02-01", "2026-11-30") in at.held()


@pytest.mark.parametrize(
    ("addition", "subscription", "says"),
    [
        pytest.param(9999, MAIL, "has no addition 9999", id="no such addition"),
        pytest.param(9001, "S9", "not mapped to an agreement", id="subscription without an agreement"),
        pytest.param(9001, OFFICE, "is linked to subscription S1", id="linked to another subscription"),
    ],
)
async def test_what_cannot_be_adopted(at: Running, addition: int, subscription: str, says: str) -> None:
    await at.engine.auto()
    (held,) = await at.additions()
    number = AdditionId(held.id if addition == 9001 else addition)
    with pytest.raises(InputError, match=says):
        await at.engine.adoption.adopt(number, SubscriptionId(subscription), ProductId("P1"))


async def test_everybody_by_difference_in_money(at: Running) -> None:
    at.world.add_customer("Harbor Inc.", id="1000012")
    at.world.add_subscription("1000012", [("P2", 20)], id="S8")
    company = at.world.add_company("Harbor Inc.")
    other = at.world.add_agreement(company["id"], bill_start="2026-01-01", next_invoice="2026-12-01")
    at.state.save_mapping(_agreement_mapping("S8", int(other["id"])))
    at.state.save_mapping(_customer_mapping("1000012", int(company["id"])))
    report = await at.engine.reconciler.compare_all()
    assert [(found.customer_id, found.difference) for found in report.reconciliations] == [
        ("1000012", Decimal("242.00")),
        (CUSTOMER, Decimal("45.00")),
    ]


async def test_a_customer_nobody_knows(at: Running) -> None:
    with pytest.raises(InputError, match="knows no customer"):
        await at.engine.reconciler.compare(CustomerId("4711"))


async def test_comparing_saves_nothing(at: Running) -> None:
    before = at.state.documents.seq
    await at.engine.reconciler.compare(WHO, AgreementId(AGREEMENT))
    await at.engine.reconciler.compare_all()
    assert at.state.documents.seq == before


async def test_another_currency_is_said_and_not_repaired(tmp_path: Path) -> None:
    async with running(small_world(currency="USD"), tmp_path) as at:
        outcome = await at.engine.reconciler.apply(WHO)
        assert at.held() == []
        (found,) = outcome.after.reconciliations
        assert [row.status for row in found.rows] == [RowStatus.MISSING]
        assert any("USD" in text for text in found.warnings)


def _agreement_mapping(subscription: str, agreement: int = AGREEMENT) -> Mapping:
    return Mapping(MappingKey(MappingKind.AGREEMENT, subscription), agreement)


def _customer_mapping(customer: str, company: int) -> Mapping:
    return Mapping(MappingKey(MappingKind.CUSTOMER, customer), company)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"billCustomer": "DoNotBill"}, "set to DoNotBill", id="not billed"),
        pytest.param({"cancelledDate": "2026-12-31T00:00:00Z"}, "ended on 2026-12-31", id="ended"),
    ],
)
async def test_what_was_taken_from_the_invoice_by_hand_does_not_just_match(
    changes: dict[str, str], said: str, at: Running
) -> None:
    """(reconciling.md#matching-and-not-charged) A person who agrees to it is not told again."""
    await at.engine.auto()
    (row,) = at.world.additions(AGREEMENT)
    row.update(changes)
    for report in (await at.engine.reconciler.compare(WHO), await at.engine.reconciler.compare_all()):
        assert [said in text for text in report.skipped] == [True]
    await at.engine.reconciler.apply(WHO)
    assert [one[name] for one in at.world.additions(AGREEMENT) for name in changes] == list(changes.values())
    await at.engine.drift.adopt(AdditionId(row["id"]))
    assert not (await at.engine.reconciler.compare(WHO)).skipped


TENTH, FIFTH = date(2026, 12, 10), date(2026, 12, 5)


@pytest.mark.parametrize(
    ("kind", "line", "before", "after", "left"),
    [
        pytest.param("sales", ("recurring", "P1", 10, "4.50"), 0, 10, ("10", "3.92"), id="a sale"),
        pytest.param("change", ("recurring", "P1", 5, "4.50"), 10, 15, ("5", "3.92"), id="5 more"),
        pytest.param("change", ("downgrade", "P1", 4, "4.50"), 10, 6, ("4", "-3.92"), id="4 less, given back"),
    ],
)
async def test_days_that_an_order_billed_once_are_not_billed_again(
    kind: str, line: tuple[str, str, int, str], before: int, after: int, left: tuple[str, str], tmp_path: Path
) -> None:
    """(reconciling.md#billed-by-days) December is not invoiced yet, and the order took effect on the fifth."""
    world = small_world()
    if not before:
        world.marketplace["subscriptions"].remove(MAIL)
    async with running(world, tmp_path, TENTH) as at:
        await at.engine.auto()
        if before:
            world.change_subscription(MAIL, quantities={"P1": after})
        else:
            world.add_subscription(CUSTOMER, [("P1", after)], id=MAIL)
        world.add_order(MAIL, kind, [line], id="9", created=TENTH, provisioned=FIFTH)
        await at.engine.auto()
        billed = at.held()
        assert [row[1:3] for row in billed if row[3:] == (DECEMBER, "2026-12-31") and row[2] != "4.50"] == [left]
        assert [row[1:] for row in billed if row[4] is None] == [(str(after), "4.50", "2027-01-01", None)]
        report = await at.engine.reconciler.compare(WHO)
        assert (report.differs, report.skipped) == (False, ())
        assert any("what begins on 2027-01-01 is compared" in text for text in report.reconciliations[0].notes)
        await at.engine.reconciler.apply(WHO)
        assert at.held() == billed


async def test_what_differs_beside_days_that_an_order_billed_is_repaired_after_them(tmp_path: Path) -> None:
    """Rule: reconciling.md#billed-by-days."""
    world = small_world()
    async with running(world, tmp_path, TENTH) as at:
        await at.engine.auto()
        world.change_subscription(MAIL, quantities={"P1": 15})
        world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], id="9", created=TENTH, provisioned=FIFTH)
        await at.engine.auto()
        billed = [row for row in at.held() if row[4] is not None]
        world.change_subscription(MAIL, quantities={"P1": 20})
        assert await statuses(at) == [RowStatus.QUANTITY_DIFFERS]
        assert not (await at.engine.reconciler.apply(WHO)).after.differs
        assert [row for row in at.held() if row[4] is not None] == billed
        assert [row[1:] for row in at.held() if row[4] is None] == [("20", "4.50", "2027-01-01", None)]
        world.change_subscription(MAIL, status="terminated")
        assert await statuses(at) == [RowStatus.EXTRA]
        await at.engine.reconciler.apply(WHO)
        assert at.held() == billed


async def test_days_before_a_period_are_no_days_of_it(at: Running) -> None:
    """(reconciling.md#billed-by-days) November's days are on December's invoice; December is compared as it stands."""
    await at.engine.auto()
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], id="9", created=TODAY, provisioned=TODAY)
    await at.engine.auto()
    at.world.change_subscription(MAIL, quantities={"P1": 20})
    assert await statuses(at) == [RowStatus.QUANTITY_DIFFERS]
    await at.engine.reconciler.apply(WHO)
    assert [row[1:] for row in at.held() if row[4] is None] == [("20", "4.50", DECEMBER, None)]


@pytest.mark.parametrize("is_gone", [True, False], ids=["the subscription was removed", "it holds two units less"])
async def test_a_repair_says_what_an_order_billed_once_and_stays(is_gone: bool, at: Running) -> None:
    """(reconciling.md#repairs) A sale was cancelled by the marketplace: its setup fee and its days stay."""
    at.world.marketplace["subscriptions"].remove(MAIL)
    await at.engine.auto()
    at.world.add_subscription(CUSTOMER, [("P1", 10)], id=MAIL)
    lines = [("recurring", "P1", 10, "4.50"), ("setup", "P1", 1, "25.00")]
    at.world.add_order(MAIL, "sales", lines, id="9", created=TODAY, provisioned=date(2026, 11, 11))
    await at.engine.auto()
    if is_gone:
        at.world.change_subscription(MAIL, status="removed")
    else:
        at.world.change_subscription(MAIL, quantities={"P1": 8})
    await at.engine.reconciler.apply(WHO)
    once = [
        (EXCHANGE_ITEM, "1", "25.00", DECEMBER, "2026-12-31"),
        (EXCHANGE_ITEM, "10", "3.00", DECEMBER, "2026-12-31"),
    ]
    assert at.held() == (once if is_gone else [*once, (EXCHANGE_ITEM, "8", "4.50", DECEMBER, None)])
    (repair,) = [task for task in at.state.tasks() if task.kind is TaskKind.RECONCILIATION]
    said = [text for text in repair.warnings if "billed once" in text]
    assert len(said) == is_gone
    assert all("9.S1" in text and "10 × 3.00" in text and "1 × 25.00" in text for text in said)
    if is_gone:
        assert (await at.engine.undo(repair.id)).complete
        assert (await at.engine.undo(TaskId("9.S1"))).complete
        assert at.held() == []
