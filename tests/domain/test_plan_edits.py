"""plans.md#edits: an edit belongs to exactly the plan it was made on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.addition_words import edit_text
from cwtui.domain.ids import TaskId
from cwtui.domain.ledger import Operation, Signature
from cwtui.domain.marketplace import OrderType
from cwtui.domain.plan_edits import with_edits
from cwtui.domain.planning import plan_task
from cwtui.domain.plans import Edit, Plan, PlanEdits, PriceSource
from cwtui.domain.psa import BillCustomer
from tests.domain.planning.situations import facts, line, next_invoice, order, standing, subscription

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


# an end in place of a deletion: plans.md#an-end-in-place-of-a-deletion

BEGAN = date(2026, 12, 1)
ANN = Signature("ann", datetime(2026, 12, 11, 9, 30, tzinfo=UTC))


def cancelled(day: date = date(2026, 12, 10), began: date = BEGAN) -> Plan:
    """A cancellation of ten seats that no invoice billed yet: they are to be deleted."""
    made = order(OrderType.CANCELLATION, provisioned=day)
    return plan_task(facts(made, links=(standing("10", began),)))


@pytest.mark.parametrize(
    ("order_day", "began", "offered"),
    [
        pytest.param(date(2026, 12, 10), BEGAN, date(2026, 12, 10), id="the cancel date"),
        pytest.param(date(2026, 12, 1), BEGAN, BEGAN, id="the first day, which is the cancel date"),
        pytest.param(date(2026, 11, 20), BEGAN, BEGAN, id="the first day, after the cancel date"),
    ],
)
def test_a_cancellation_knows_when_what_it_deletes_could_end(order_day: date, began: date, offered: date) -> None:
    (deletion,) = cancelled(order_day, began).changes
    assert (deletion.operation, deletion.could_end) == (Operation.DELETE, offered)


def test_a_deletion_becomes_an_end_and_stays_the_same_plan() -> None:
    plan = cancelled()
    day = date(2026, 12, 15)
    edited = with_edits(plan, edits(plan, Edit("delete:90", {"cancelled": day}, by=ANN)))
    (change,) = edited.changes
    (computed,) = plan.changes
    assert computed.before is not None
    assert (change.operation, change.instead_of, change.key) == (Operation.UPDATE, Operation.DELETE, computed.key)
    assert change.after == computed.before.values.ending(day)
    assert (change.edited, change.edited_by) == (frozenset({"cancelled"}), ANN)
    assert tuple(change.arithmetic) == (
        "computed: addition 90 would only begin on 2026-12-01",
        "edited: 10 × 4.50 = 45.00 a period; addition 90 ends on 2026-12-15",
    )
    assert edited.digest == plan.digest
    assert with_edits(plan, edits(edited, Edit("delete:90", {"cancelled": day}))).dropped_edits == ()


def test_the_warning_of_a_deletion_goes_with_it() -> None:
    plan = cancelled()
    assert "deleting it bills none of those days" in plan.warnings[0]
    ended = with_edits(plan, edits(plan, Edit("delete:90", {"cancelled": date(2026, 12, 15)})))
    assert ended.warnings == plan.warnings[1:]
    left = with_edits(plan, edits(plan, Edit("delete:90", left_out=True)))
    assert left.warnings == plan.warnings


def test_an_end_in_place_of_a_deletion_lapses_with_the_deletion() -> None:
    made = edits(cancelled(), Edit("delete:90", {"cancelled": date(2026, 12, 15)}))
    invoiced = plan_task(
        facts(
            order(OrderType.CANCELLATION, provisioned=date(2026, 12, 10)),
            links=(standing("10", BEGAN),),
            agreement=next_invoice(date(2027, 1, 1)),
        )
    )
    edited = with_edits(invoiced, made)
    assert [change.operation for change in edited.changes] == [Operation.UPDATE]
    assert edited.changes == invoiced.changes
    assert edited.dropped_edits


@pytest.mark.parametrize("values", [{}, {"quantity": Decimal(1)}, {"cancelled": None}], ids=str)
def test_without_a_last_day_a_deletion_stays_one(values: dict[str, object]) -> None:
    plan = cancelled()
    assert with_edits(plan, edits(plan, Edit("delete:90", values))).changes == plan.changes


# edits stay visible: plans.md#edits-stay-visible


@pytest.mark.parametrize(
    ("values", "steps"),
    [
        pytest.param({"quantity": Decimal(2)}, ["2 × 25.00 = 50.00"], id="quantity"),
        pytest.param({"unit_price": Decimal("19.995")}, ["1 × 19.995 = 20.00"], id="price"),
        pytest.param({"unit_cost": Decimal(3)}, ["cost 3.00"], id="cost"),
        pytest.param(
            {"bill": BillCustomer.NO_CHARGE}, ["1 × 25.00 = 25.00, which is not charged (NoCharge)"], id="not charged"
        ),
        pytest.param({"effective": date(2026, 12, 5)}, ["from 2026-12-05 to 2026-12-31"], id="first day"),
        pytest.param({"cancelled": None}, ["from 2026-12-01"], id="no last day"),
        pytest.param(
            {"quantity": Decimal(3), "cancelled": date(2027, 1, 31)},
            ["3 × 25.00 = 75.00", "from 2026-12-01 to 2027-01-31"],
            id="quantity and last day",
        ),
    ],
)
def test_the_arithmetic_is_that_of_what_is_written(values: dict[str, object], steps: list[str]) -> None:
    plan = sale()
    change = with_edits(plan, edits(plan, Edit(KEY, values))).changes[1]
    was = [f"computed: {step}" for step in plan.changes[1].arithmetic]
    assert [*change.arithmetic] == [*was, *(f"edited: {step}" for step in steps)]


@pytest.mark.parametrize(
    "values", [{"description": "Setup"}, {"taxable": False}, {"description": "Setup", "taxable": False}], ids=str
)
def test_what_is_no_number_leaves_the_arithmetic_alone(values: dict[str, object]) -> None:
    plan = sale()
    change = with_edits(plan, edits(plan, Edit(KEY, values))).changes[1]
    assert [*change.arithmetic] == [*plan.changes[1].arithmetic]


def test_an_edited_end_says_how_long_it_bills() -> None:
    made = order(OrderType.CHANGE, line("recurring", "5"), provisioned=date(2026, 12, 10))
    links = (standing("10", date(2026, 11, 1)),)
    plan = plan_task(facts(made, subscription("15"), links=links))
    place = next(place for place, change in enumerate(plan.changes) if change.operation is Operation.UPDATE)
    key = plan.changes[place].key
    ended = with_edits(plan, edits(plan, Edit(key, {"cancelled": date(2026, 12, 20)}))).changes[place]
    assert ended.arithmetic[-1] == "edited: 10 × 4.50 = 45.00 a period; addition 90 ends on 2026-12-20"
    endless = with_edits(plan, edits(plan, Edit(key, {"cancelled": None}))).changes[place]
    assert endless.arithmetic[-1] == "edited: 10 × 4.50 = 45.00 a period; addition 90 no longer ends"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        pytest.param(Edit(KEY), "", id="nothing"),
        pytest.param(Edit(KEY, {"quantity": Decimal(2)}), "quantity 2 in place of 1", id="a value, by nobody known"),
        pytest.param(
            Edit(KEY, {"quantity": Decimal(2), "unit_price": Decimal(20)}, by=ANN),
            "quantity 2 in place of 1, unit price 20.00 in place of 25.00, by ann on 2026-12-11 09:30 UTC",
            id="two values",
        ),
        pytest.param(
            Edit(KEY, {"cancelled": None}, by=ANN),
            "last day none in place of 2026-12-31, by ann on 2026-12-11 09:30 UTC",
            id="no last day",
        ),
        pytest.param(
            Edit(KEY, {"quantity": Decimal(2)}, left_out=True, by=ANN),
            "left out by ann on 2026-12-11 09:30 UTC; nothing of it is written",
            id="left out",
        ),
        pytest.param(
            Edit(KEY, price_source=PriceSource.CONNECTWISE, by=ANN),
            "prices from the marketplace, by ann on 2026-12-11 09:30 UTC",
            id="another price source",
        ),
    ],
)
def test_an_edit_in_words(edit: Edit, said: str) -> None:
    plan = sale()
    assert edit_text(with_edits(plan, edits(plan, edit)).changes[1]) == said


def test_an_end_in_place_of_a_deletion_in_words() -> None:
    plan = cancelled()
    (change,) = with_edits(plan, edits(plan, Edit("delete:90", {"cancelled": date(2026, 12, 15)}, by=ANN))).changes
    assert edit_text(change) == ("it ends on 2026-12-15 in place of being deleted, by ann on 2026-12-11 09:30 UTC")


def changed(effective: date) -> Plan:
    """Ten seats become fifteen: the ten are ended, or deleted where they would only begin."""
    made = order(OrderType.CHANGE, line("recurring", "5"), provisioned=date(2026, 12, 1))
    return plan_task(facts(made, subscription("15"), links=(standing("10", effective),)))


@pytest.mark.parametrize(
    ("began", "left_out", "is_warned"),
    [
        pytest.param(date(2026, 11, 1), {"update:90"}, True, id="an end"),
        pytest.param(date(2026, 12, 1), {"delete:90"}, True, id="a deletion"),
        pytest.param(date(2026, 12, 1), {"standing:PRD1"}, False, id="what begins"),
        pytest.param(date(2026, 12, 1), {"delete:90", "standing:PRD1"}, False, id="both"),
        pytest.param(date(2026, 12, 1), set(), False, id="neither"),
    ],
)
def test_what_goes_on_beside_what_takes_its_place_is_warned_of(
    began: date, left_out: set[str], *, is_warned: bool
) -> None:
    plan = changed(began)
    edited = with_edits(
        plan, edits(plan, *(Edit(change.key, left_out=change.key in left_out) for change in plan.changes))
    )
    said = "Addition 90 goes on, because its end is left out, and its replacement begins on 2026-12-01"
    assert any(text.startswith(said) for text in edited.warnings) is is_warned


SECOND, FIFTEENTH, NEW = date(2026, 12, 2), date(2026, 11, 15), "standing:PRD1"
LEFT_OUT, LATER = "left out: nothing bills it from 1 Dec 2026", "nobody is charged for 1 Dec 2026"


@pytest.mark.parametrize(
    ("began", "made", "said"),
    [
        pytest.param(date(2026, 11, 1), [Edit(NEW, left_out=True)], LEFT_OUT, id="the end without what begins"),
        pytest.param(date(2026, 12, 1), [Edit(NEW, left_out=True)], LEFT_OUT, id="the deletion without what begins"),
        pytest.param(date(2026, 11, 1), [Edit(NEW, {"effective": SECOND})], LATER, id="it begins a day later"),
        pytest.param(date(2026, 12, 1), [Edit(NEW, {"effective": SECOND})], LATER, id="after a deletion"),
        pytest.param(
            date(2026, 11, 1),
            [Edit("update:90", {"cancelled": FIFTEENTH})],
            "nobody is charged for 16 Nov 2026 to 30 Nov 2026",
            id="the old one ends earlier",
        ),
        pytest.param(date(2026, 11, 1), [Edit(NEW, {"quantity": Decimal(14)})], "", id="another quantity"),
        pytest.param(
            date(2026, 11, 1), [Edit(NEW, left_out=True), Edit("update:90", left_out=True)], "", id="nothing is written"
        ),
        pytest.param(date(2026, 11, 1), [Edit("update:90", left_out=True)], "", id="the old one goes on"),
    ],
)
def test_days_that_an_edit_leaves_to_nobody_are_warned_of(began: date, made: list[Edit], said: str) -> None:
    """Rule: plans.md#edits-stay-visible."""
    plan = changed(began)
    warned = [text for text in with_edits(plan, edits(plan, *made)).warnings if "nobody" in text or "nothing" in text]
    assert [said in text for text in warned] == [True] * bool(said)


def test_the_price_source_of_a_whole_task_is_a_note() -> None:
    plan = sale()
    noted = with_edits(plan, PlanEdits(plan.task_id, plan.digest, (), PriceSource.CONNECTWISE, ANN))
    assert noted.notes[-1] == "The prices of this task are ConnectWise's, as ann chose on 2026-12-11 09:30 UTC."
    assert noted.digest == plan.digest


def test_who_decided_first_stays_named() -> None:
    bob = Signature("bob", ANN.at)
    signed = PlanEdits(TaskId("1"), "x", (Edit("a", by=ANN), Edit("b")), PriceSource.CONNECTWISE).signed(bob)
    assert ([edit.by for edit in signed.edits], signed.by) == ([ANN, bob], bob)
    assert PlanEdits(TaskId("1"), "x", (Edit("a"),)).signed(bob).by is None


_VALUES = st.fixed_dictionaries(
    {},
    optional={
        "quantity": st.decimals(0, 1000, places=2),
        "unit_price": st.decimals(-100, 1000, places=4),
        "unit_cost": st.decimals(0, 1000, places=4),
        "effective": st.dates(date(2026, 1, 1), date(2028, 1, 1)),
        "cancelled": st.none() | st.dates(date(2026, 12, 1), date(2028, 1, 1)),
        "bill": st.sampled_from(BillCustomer),
        "taxable": st.booleans(),
        "description": st.text(min_size=1, max_size=20),
    },
)
_PLANS = [sale(), cancelled()]


@given(st.sampled_from(_PLANS), st.lists(_VALUES, min_size=2, max_size=2), st.lists(st.booleans(), min_size=2))
def test_whatever_is_edited_the_plan_is_recognised_and_nothing_but_the_edited_changes(
    plan: Plan, values: list[dict[str, object]], left_out: list[bool]
) -> None:
    made = [Edit(change.key, value, left) for change, value, left in zip(plan.changes, values, left_out, strict=False)]
    edited = with_edits(plan, edits(plan, *made))
    assert edited.digest == plan.digest
    assert edited.dropped_edits == ()
    for was, change, edit in zip(plan.changes, edited.changes, made, strict=False):
        assert change.left_out is edit.left_out
        assert (change.instead_of or change.operation) is was.operation
        if change.after is None:
            assert (change.operation, edit.values.get("cancelled")) == (Operation.DELETE, None)
            continue
        base = was.after or (was.before.values if was.before else None)
        assert base is not None
        assert set(change.after.differences(base)) <= set(change.edited)
        assert edit_text(change) or not (change.edited or change.left_out)
