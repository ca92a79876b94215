"""A deletion in the editor: which last day it can take, and why not another.

Rule: plans.md#an-end-in-place-of-a-deletion.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from cwtui.domain.errors import InputError
from cwtui.domain.ids import AdditionId
from cwtui.domain.ledger import Operation, Signature
from cwtui.domain.marketplace import OrderType
from cwtui.domain.planning import PlanningFacts, plan_task
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.plans import Plan, PlanEdits, PriceSource
from cwtui.engine.planning.editing import PlanEditing
from tests.domain.planning.situations import AGREEMENT, facts, line, order, standing, subscription

DELETION, NEW = "delete:90", "standing:PRD1"
DECEMBER, TENTH = date(2026, 12, 1), date(2026, 12, 10)
ANN, BOB = (Signature(who, datetime(2026, 12, 11, hour, tzinfo=UTC)) for who, hour in (("ann", 9), ("bob", 10)))


def editing(made: PlanningFacts, *, ends: date | None = None, stored: PlanEdits | None = None) -> PlanEditing:
    def plan(whole: PriceSource | None, each: object) -> Plan:  # noqa: ARG001  # prices are not the point here
        return plan_task(made)

    dates = AgreementDates.of(AGREEMENT, date(2026, 11, 30))
    return PlanEditing(made.task, plan, dates=dates, ends=ends, stored=stored, default_source=PriceSource.MARKETPLACE)


def editing_of(plan: Plan) -> PlanEditing:
    made = facts(order(OrderType.CANCELLATION, provisioned=TENTH))
    dates = AgreementDates.of(AGREEMENT, date(2026, 11, 30))
    return PlanEditing(
        made.task, lambda *_: plan, dates=dates, ends=None, stored=None, default_source=PriceSource.MARKETPLACE
    )


def cancelled(**more: Any) -> PlanEditing:
    """Ten seats since 1 December, not invoiced, cancelled on the 10th: they are deleted."""
    made = order(OrderType.CANCELLATION, provisioned=TENTH)
    return editing(facts(made, links=(standing("10", DECEMBER),)), **more)


def changed(began: date = DECEMBER) -> PlanEditing:
    """Ten seats that would only begin in December become fifteen: they are deleted, and fifteen begin."""
    made = order(OrderType.CHANGE, line("recurring", "5"), provisioned=date(2026, 11, 20))
    return editing(facts(made, subscription("15"), links=(standing("10", began),)))


@pytest.mark.parametrize(
    ("day", "refused"),
    [
        pytest.param("2026-11-30", "before the first, 2026-12-01", id="before its first day"),
        pytest.param("2026-12-01", "", id="its first day"),
        pytest.param("2026-12-10", "", id="the cancel date"),
        pytest.param("2027-03-31", "", id="the agreement's last day"),
        pytest.param("2027-04-01", "agreement ends on 2027-03-31", id="after the agreement's end"),
        pytest.param("10.12.2026", "YYYY-MM-DD", id="another form"),
        pytest.param("2026-02-30", "no day 2026-02-30", id="no day"),
    ],
)
def test_a_deletion_ends_on_a_day_that_connectwise_takes(day: str, refused: str) -> None:
    made = cancelled(ends=date(2027, 3, 31))
    made.type(DELETION, "cancelled", day)
    assert refused in made.errors(DELETION).get("cancelled", "")
    assert made.has_errors is bool(refused)
    (change,) = made.changes
    assert change.operation is (Operation.DELETE if refused else Operation.UPDATE)


@pytest.mark.parametrize(
    ("ends", "offered"),
    [
        pytest.param(None, TENTH, id="the cancel date"),
        pytest.param(date(2026, 12, 5), date(2026, 12, 5), id="the agreement ends before it"),
        pytest.param(date(2026, 11, 30), None, id="the agreement ends before the addition begins"),
    ],
)
def test_the_offered_day_is_one_that_is_taken(ends: date | None, offered: date | None) -> None:
    made = cancelled(ends=ends)
    assert made.could_end(DELETION) == offered
    assert bool(made.why_no_end(DELETION)) is (offered is None)
    if offered is not None:
        made.type(DELETION, "cancelled", offered.isoformat())
        assert not made.has_errors


def test_only_the_last_day_of_a_deletion_can_be_edited() -> None:
    made = cancelled()
    assert made.fields_of(DELETION) == ("cancelled",)
    for name, text in (("quantity", "3"), ("unit_price", "1"), ("description", "x"), ("bill", "NoCharge")):
        made.type(DELETION, name, text)
    assert not made.is_changed
    assert (made.text(DELETION, "quantity"), made.text(DELETION, "cancelled")) == ("10", "")


def test_what_is_replaced_from_its_first_day_cannot_end_instead() -> None:
    made = changed()
    assert made.could_end(DELETION) is None
    assert "begins on 2026-12-01, and its replacement on 2026-12-01" in made.why_no_end(DELETION)
    made.type(DELETION, "cancelled", "2026-12-01")
    assert "both would be billed" in made.errors(DELETION)["cancelled"]
    with pytest.raises(InputError, match="both would be billed"):
        made.edits()


def test_it_can_end_before_what_takes_its_place_once_that_begins_later() -> None:
    made = changed()
    made.type(NEW, "effective", "2027-02-01")
    assert made.could_end(DELETION) == date(2027, 1, 31)
    made.type(DELETION, "cancelled", "2027-01-31")
    assert not made.has_errors
    made.type(DELETION, "cancelled", "2027-02-01")
    assert "begins on 2027-02-01" in made.errors(DELETION)["cancelled"]
    made.type(DELETION, "cancelled", "2027-01-31")
    made.reset(NEW)
    assert "both would be billed" in made.errors(DELETION)["cancelled"]


def test_what_another_product_replaces_cannot_last_beyond_that() -> None:
    """A SKU that is reported at another price is another product of the count."""
    made = cancelled()
    deletion = replace(made.plan.changes[0], replaced_from=DECEMBER)
    counted = editing_of(replace(made.plan, changes=(deletion,)))
    assert counted.could_end(DELETION) is None
    assert counted.why_no_end(DELETION).endswith("both would be billed.")
    later = editing_of(replace(made.plan, changes=(replace(deletion, replaced_from=date(2026, 12, 6)),)))
    assert later.could_end(DELETION) == date(2026, 12, 5)


def test_what_another_addition_takes_over_cannot_last_beyond_that() -> None:
    """A repair that raises one addition and deletes the other."""
    made = cancelled()
    deletion = made.plan.changes[0]
    assert deletion.before is not None
    held = replace(deletion.before, id=AdditionId(91))
    for quantity, offered in (("20", None), ("10", TENTH), ("5", TENTH)):
        raised = replace(
            deletion,
            key="update:91",
            operation=Operation.UPDATE,
            before=held,
            after=replace(held.values, quantity=Decimal(quantity)),
        )
        assert editing_of(replace(made.plan, changes=(deletion, raised))).could_end(DELETION) == offered


def test_it_can_end_whenever_nothing_takes_its_place() -> None:
    made = changed()
    made.turn_left_out(NEW)
    assert made.could_end(DELETION) == DECEMBER
    made.type(DELETION, "cancelled", "2027-06-30")
    assert not made.has_errors


def test_an_end_is_not_moved_past_what_takes_its_place() -> None:
    made = order(OrderType.CHANGE, line("recurring", "5"), provisioned=TENTH)
    moved = editing(facts(made, subscription("15"), links=(standing("10", date(2026, 11, 1)),)))
    assert (moved.fields_of("update:90")[0], moved.could_end("update:90")) == ("effective", None)
    moved.type("update:90", "cancelled", "2026-12-20")
    assert not moved.has_errors
    for text in ("2027-01-01", ""):
        moved.type("update:90", "cancelled", text)
        assert "begins on 2027-01-01" in moved.errors("update:90")["cancelled"]


def test_a_last_day_that_was_computed_is_not_refused() -> None:
    made = order(OrderType.SALES, line("setup", "1", "25.00"), provisioned=DECEMBER)
    sold = editing(facts(made), ends=date(2026, 12, 15))
    key = sold.changes[0].key
    sold.type(key, "quantity", "2")
    assert not sold.has_errors
    sold.type(key, "cancelled", "2026-12-20")
    assert "agreement ends on 2026-12-15" in sold.errors(key)["cancelled"]


def test_an_end_in_place_of_a_deletion_is_opened_again_as_it_was_saved() -> None:
    made = cancelled()
    made.type(DELETION, "cancelled", "2026-12-15")
    edits = made.edits()
    assert edits is not None
    again = cancelled(stored=edits.signed(ANN))
    assert not again.dropped
    assert (again.text(DELETION, "cancelled"), again.is_changed) == ("2026-12-15", False)
    again.reset(DELETION)
    assert again.edits() is None


def test_who_edited_an_addition_stays_named_when_somebody_edits_another() -> None:
    made = changed()
    made.type(NEW, "quantity", "12")
    first = made.edits()
    assert first is not None
    first = first.signed(ANN)
    made.mark_saved(first)
    made.turn_left_out(DELETION)
    second = made.edits()
    assert second is not None
    assert {edit.key: edit.by for edit in second.signed(BOB).edits} == {NEW: ANN, DELETION: BOB}
    made.type(NEW, "quantity", "13")
    third = made.edits()
    assert third is not None
    assert {edit.key: edit.by for edit in third.signed(BOB).edits} == {NEW: BOB, DELETION: BOB}
    assert {edit.key: edit.values for edit in third.edits}[NEW] == {"quantity": Decimal(13)}
