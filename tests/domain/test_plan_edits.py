"""plans.md#edits: an edit belongs to exactly the plan it was made on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from cwtui.domain.marketplace import OrderType
from cwtui.domain.planning import plan_task
from cwtui.domain.plans import Edit, Plan, PlanEdits, with_edits
from cwtui.domain.psa import BillCustomer
from tests.domain.planning.situations import facts, line, order, standing, subscription

KEY = "setup:PRD1:25"


def sale(quantity: str = "10") -> Plan:
    made = order(
        OrderType.SALES, line("recurring", quantity), line("setup", "1", "25.00"), provisioned=date(2026, 12, 1)
    )
    return plan_task(facts(made))


def edits(plan: Plan, *made: Edit) -> PlanEdits:
    return PlanEdits(plan.task_id, plan.digest, made)


def test_an_edit_changes_one_addition_and_remembers_what_was_computed() -> None:
    plan = sale()
    values = {"unit_price": Decimal(20), "bill": BillCustomer.NO_CHARGE}
    edited = with_edits(plan, edits(plan, Edit(KEY, values))).changes[1]
    assert edited.after is not None
    assert (edited.after.unit_price, edited.after.bill) == (Decimal(20), BillCustomer.NO_CHARGE)
    assert edited.computed == plan.changes[1].after
    assert edited.edited == {"unit_price", "bill"}
    assert edited.amount == 0


def test_an_addition_left_out_is_not_written() -> None:
    plan = sale()
    edited = with_edits(plan, edits(plan, Edit(KEY, left_out=True)))
    assert [change.key for change in edited.to_write] == [plan.changes[0].key]
    assert edited.digest == plan.digest


def test_an_edited_plan_keeps_the_digest_of_what_was_computed() -> None:
    plan = sale()
    assert with_edits(plan, edits(plan, Edit(KEY, {"quantity": Decimal(2)}))).digest == plan.digest


def test_edits_are_dropped_visibly_when_the_plan_changes_underneath() -> None:
    made = edits(sale(), Edit(KEY, {"quantity": Decimal(2)}))
    plan = sale("11")
    edited = with_edits(plan, made)
    assert edited.changes == plan.changes
    assert edited.dropped_edits == (f"An edit of {KEY} was dropped: the plan has changed since.",)


def test_no_edits_leave_the_plan_as_it_is() -> None:
    plan = sale()
    assert with_edits(plan, None) is plan
    assert with_edits(plan, edits(plan)) is plan


def test_a_deletion_can_only_be_left_out() -> None:
    made = order(OrderType.CHANGE, line("recurring", "5"), provisioned=date(2026, 12, 1))
    plan = plan_task(facts(made, subscription("15"), links=(standing("10", date(2026, 12, 1)),)))
    edited = with_edits(plan, edits(plan, Edit("delete:90", {"quantity": Decimal(1)}, left_out=True)))
    assert edited.changes[0] == replace(plan.changes[0], left_out=True)
