"""What stops a plan before any request: doubles, bundles, deleted companies; and calendars that may be wrong.

Rules: plans.md#refused-in-the-plan, plans.md#child-agreements, plans.md#calendar-warnings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId
from cwtui.domain.marketplace import OrderType
from cwtui.domain.planning import PlanningFacts, plan_task
from cwtui.domain.psa import Addition, AdditionValues, Agreement
from cwtui.domain.tasks import ByHand, HandMade
from cwtui.wording.problems import sentence
from tests.domain.planning.situations import (
    AGREEMENT,
    ITEM,
    codes,
    facts,
    line,
    order,
    standing,
    subscription,
    written,
)

D = date
LONG_AGO = D(2026, 1, 1)
OTHER = CatalogItemId(12)
SALE = order(OrderType.SALES, line("recurring", "10"), line("setup", "1", "25.00"), provisioned=D(2026, 12, 1))


def by_hand(
    quantity: str = "10",
    effective: date = LONG_AGO,
    *,
    until: date | None = None,
    price: str = "4.50",
    item: CatalogItemId = ITEM.id,
    is_whole: bool = True,
) -> Addition:
    values = AdditionValues(item, Decimal(quantity), Decimal(price), Decimal("3.60"), effective, until)
    return Addition(AdditionId(500), AGREEMENT.id, values, is_whole=is_whole)


def beside(situation: PlanningFacts, *held: Addition) -> PlanningFacts:
    by_item: dict[CatalogItemId, Sequence[Addition]] = {one.values.catalog_item_id: (one,) for one in held}
    return replace(situation, unlinked=by_item)


def decided(situation: PlanningFacts, held: Addition, decision: ByHand) -> PlanningFacts:
    made = HandMade(held.id, decision, held.values, "sam", datetime(2026, 11, 23, tzinfo=UTC))
    return replace(situation, task=replace(situation.task, by_hand=(made,)))


def for_december(quantity: str, price: str) -> Addition:
    return by_hand(quantity, D(2026, 12, 1), until=D(2026, 12, 31), price=price)


@pytest.mark.parametrize(
    ("held", "stopped"),
    [
        pytest.param(by_hand(), True, id="live, the same item and quantity"),
        pytest.param(by_hand("3", price="9.00"), True, id="live, the same item"),
        pytest.param(by_hand(until=D(2026, 12, 1)), True, id="live on the first day only"),
        pytest.param(by_hand(until=D(2026, 11, 30)), False, id="ended the day before"),
        pytest.param(by_hand(effective=D(2026, 12, 2)), False, id="begins later"),
        pytest.param(by_hand(item=OTHER), False, id="another item"),
        pytest.param(by_hand(is_whole=False), False, id="cannot be read whole"),
        pytest.param(for_december("1", "25.00"), True, id="equals a one-time addition, and lives"),
    ],
)
def test_the_first_plan_looks_for_what_stands(held: Addition, stopped: bool) -> None:
    assert codes(plan_task(beside(facts(SALE), held))) == (["billed_by_hand"] if stopped else [])


@pytest.mark.parametrize(
    ("held", "stopped"),
    [
        pytest.param(by_hand("15", D(2026, 12, 1)), True, id="equals the standing addition"),
        pytest.param(by_hand("15", D(2026, 12, 1), price="4.5"), True, id="written otherwise"),
        pytest.param(by_hand("15", D(2026, 12, 1), price="4.51"), False, id="another price"),
        pytest.param(for_december("5", "1.50"), True, id="equals the prorated one"),
        pytest.param(by_hand("14", D(2026, 12, 1)), False, id="another quantity"),
        pytest.param(by_hand("15"), False, id="live, and it is not the first plan"),
    ],
)
def test_any_plan_stops_at_what_equals_it(held: Addition, stopped: bool) -> None:
    made = order(OrderType.CHANGE, line("recurring", "5"), provisioned=D(2026, 11, 21))
    situation = facts(made, subscription("15"), links=(standing("10", D(2026, 12, 1)),))
    assert codes(plan_task(beside(situation, held))) == (["billed_by_hand"] if stopped else [])


@pytest.mark.parametrize(
    ("held", "decision", "expected"),
    [
        pytest.param(by_hand(), ByHand.END, ["end 10 on 2026-11-30"], id="ended where the new one begins"),
        pytest.param(by_hand(effective=D(2026, 12, 1)), ByHand.END, ["delete 10"], id="nothing of it lies before"),
        pytest.param(by_hand(), ByHand.BOTH, [], id="both"),
    ],
)
def test_a_decision_lets_the_plan_go_on(held: Addition, decision: ByHand, expected: list[str]) -> None:
    situation = decided(beside(facts(SALE), held), held, decision)
    plan = plan_task(situation)
    assert plan.problems == ()
    assert [row for row in written(plan) if "×" not in row] == expected
    assert len([row for row in written(plan) if "×" in row]) == 2
    unread = plan_task(replace(situation, unlinked={}))
    assert unread.digest == plan.digest


@pytest.mark.parametrize("decision", list(ByHand))
def test_a_decision_holds_for_what_was_seen(decision: ByHand) -> None:
    situation = decided(beside(facts(SALE), by_hand("12")), by_hand("10"), decision)
    assert codes(plan_task(situation)) == ["billed_by_hand"]


def test_a_bundle_is_refused() -> None:
    plan = plan_task(facts(SALE, items=(replace(ITEM, product_class="Bundle"),)))
    assert (codes(plan), plan.changes) == (["catalog_item_inactive"], ())
    assert "bundle" in sentence(plan.problems[0])


def test_a_deleted_company_is_refused() -> None:
    plan = plan_task(replace(facts(SALE), is_company_deleted=True))
    assert codes(plan) == ["company_deleted"]


@pytest.mark.parametrize(
    ("agreement", "today", "warned"),
    [
        pytest.param(AGREEMENT, D(2026, 11, 23), 0, id="as it should be"),
        pytest.param(AGREEMENT, D(2027, 1, 1), 0, id="a period ago"),
        pytest.param(AGREEMENT, D(2027, 1, 2), 1, id="more than a period ago"),
        pytest.param(replace(AGREEMENT, next_invoice=D(2024, 12, 1)), D(2026, 11, 23), 1, id="two years ago"),
        pytest.param(replace(AGREEMENT, bill_start=D(2026, 1, 15)), D(2026, 11, 23), 1, id="in the middle of a period"),
        pytest.param(replace(AGREEMENT, next_invoice=None), D(2026, 11, 23), 0, id="ConnectWise does not say"),
        pytest.param(
            replace(AGREEMENT, bill_start=D(2026, 12, 10), next_invoice=D(2026, 12, 10), is_calendar_year=True),
            D(2026, 11, 23),
            0,
            id="before the first invoice, which is a part of a period",
        ),
    ],
)
def test_a_calendar_that_may_be_wrong_is_warned_of(agreement: Agreement, today: date, warned: int) -> None:
    made = order(OrderType.SALES, line("setup", "1", "25.00"), provisioned=D(2026, 12, 20))
    plan = plan_task(facts(made, agreement=agreement, today=today))
    assert len([text for text in plan.warnings if "is invoiced next from" in text]) == warned


def test_what_a_child_agreement_counts_on_is_its_parents_too() -> None:
    child = replace(AGREEMENT, next_invoice=None, parent_id=AgreementId(8))
    situation = replace(facts(SALE, agreement=child), billed_through=D(2026, 12, 31))
    assert written(plan_task(situation))[0] == "10 × 4.5 (cost 3.6) from 2027-01-01"
