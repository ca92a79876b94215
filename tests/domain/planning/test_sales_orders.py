"""plans.md#sales-order, sales_order, and 4.1: what a sale and the first check ask for.

Rules: plans.md#initial-order, plans.md#free-start.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from cwtui.domain.ids import INITIAL, ProductId
from cwtui.domain.marketplace import BillingModel, OrderLine, OrderType
from cwtui.domain.periods import BillingCycle
from cwtui.domain.planning import PlanningRules, plan_task
from cwtui.domain.plans import Plan, ProrateMode
from cwtui.wording.problems import sentence
from tests.domain.planning.situations import (
    AGREEMENT,
    codes,
    descriptions,
    facts,
    line,
    next_invoice,
    order,
    standing,
    subscription,
    written,
)

D = date
NOVEMBER_11 = D(2026, 11, 11)
STANDING = "10 × 4.5 (cost 3.6) from 2026-12-01"
PRORATED = "10 × 3 (cost 2.4) from 2026-12-01 to 2026-12-31"
F = "from 2026-12-01 to 2026-12-31"


def sale(*lines: OrderLine, on: date = NOVEMBER_11, **changes: object) -> Plan:
    made = order(OrderType.SALES, *lines, provisioned=on)
    return plan_task(facts(made, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            [line("recurring", "10")], [STANDING, PRORATED], id="recurring: standing from s, prorated e … s − 1"
        ),
        pytest.param(
            [line("recurring", "4"), line("recurring", "6")], [STANDING, PRORATED], id="same unit price: added up"
        ),
        pytest.param(
            [line("recurring", "6"), line("recurring", "4", "3.00")],
            [
                "6 × 4.5 (cost 3.6) from 2026-12-01",
                f"6 × 3 (cost 2.4) {F}",
                "4 × 3 (cost 3.6) from 2026-12-01",
                f"4 × 2 (cost 2.4) {F}",
            ],
            id="two unit prices: two additions",
        ),
        pytest.param([line("renew", "10")], [STANDING, PRORATED], id="renew is recurring"),
        pytest.param([line("setup", "1", "25.00")], [f"1 × 25 (cost 25) {F}"], id="setup: one-time"),
        pytest.param([line("handlingFee", "2", "1.00")], [f"2 × 1 (cost 1) {F}"], id="other: one-time"),
        pytest.param([line("overuse", "2", "1.00")], [f"2 × 1 (cost 1) {F}"], id="overuse: one-time"),
        pytest.param([line("discount", "1", "-5.00")], [f"1 × -5 (cost -5) {F}"], id="discount: negative price"),
        pytest.param([line("discount", "-1", "5.00")], [f"1 × -5 (cost -5) {F}"], id="discount: negative quantity"),
        pytest.param(
            [line("discount", "1", "5.00", extended="-5.00")], [f"1 × -5 (cost -5) {F}"], id="discount: negative total"
        ),
        pytest.param(
            [line("adjustment", "-1", "-5.00")], [f"1 × 5 (cost 5) {F}"], id="adjustment: both negative is a charge"
        ),
        pytest.param([line("setup", "-1", "25.00")], [f"1 × -25 (cost -25) {F}"], id="setup taken back"),
        pytest.param([line("setupRefund", "1", "25.00")], [f"1 × -25 (cost -25) {F}"], id="setupRefund: positive told"),
        pytest.param(
            [line("setupRefund", "-1", "-25.00")], [f"1 × -25 (cost -25) {F}"], id="setupRefund: negative told"
        ),
        pytest.param([line("recurring", "0")], [], id="nothing sold"),
        pytest.param([line("setup", "0", "25.00")], [], id="nothing set up"),
        pytest.param([line("whatever", "1", "0.00")], [], id="an unknown type without an amount"),
        pytest.param([], [], id="no lines"),
    ],
)
def test_lines_of_a_sale(lines: list[OrderLine], expected: list[str]) -> None:
    plan = sale(*lines)
    assert plan.problems == ()
    assert written(plan) == expected


def test_a_line_without_a_quantity_charges_one_only_where_its_total_says_so() -> None:
    assert written(sale(line("setup", None, "25.00", extended="25.00"))) == [f"1 × 25 (cost 25) {F}"]


def test_a_positive_discount_is_billed_and_warned_about() -> None:
    plan = sale(line("discount", "1", "5.00"))
    assert written(plan) == [f"1 × 5 (cost 5) {F}"]
    assert "adds 5.00 to the invoice" in plan.warnings[0]


@pytest.mark.parametrize(
    ("bad", "target"),
    [
        pytest.param(line("mystery", "1", "2.00"), "PRD1:mystery", id="an unknown type with an amount"),
        pytest.param(line("mystery", None, None, extended="2.00"), "PRD1:mystery", id="its total is an amount too"),
        pytest.param(line("setup", None, "2.00"), "PRD1:setup", id="no quantity"),
        pytest.param(line("recurring", None, None), "PRD1:recurring", id="a recurring line without a quantity"),
        pytest.param(line("downgrade", None, None), "PRD1:downgrade", id="a downgrade without a quantity"),
        pytest.param(line("setup", "0", "2.00", extended="2.00"), "PRD1:setup", id="an amount for a quantity of 0"),
        pytest.param(
            line("recurringRefund", "1", "2.00"), "PRD1:recurringRefund", id="a sale has no rule for a credit"
        ),
        pytest.param(line("mystery", "1", "2.00", product=""), "plan:10005:mystery", id="of the plan"),
    ],
)
def test_unknown_charges_are_never_dropped_silently(bad: OrderLine, target: str) -> None:
    plan = sale(line("recurring", "10"), bad)
    assert [(problem.code.value, problem.target) for problem in plan.problems] == [("unknown_charge_type", target)]


@pytest.mark.parametrize(
    ("mode", "expected", "warned"),
    [
        pytest.param(ProrateMode.ALL, [STANDING, PRORATED], False, id="all"),
        pytest.param(ProrateMode.CHANGES, [STANDING], True, id="changes: not for sales"),
        pytest.param(ProrateMode.NONE, [STANDING], True, id="none"),
    ],
)
def test_sync_prorate(mode: ProrateMode, expected: list[str], warned: bool) -> None:
    plan = sale(line("recurring", "10"), rules=PlanningRules(prorate=mode))
    assert written(plan) == expected
    assert bool(plan.warnings) is warned


@pytest.mark.parametrize(
    ("agreement", "on", "expected"),
    [
        pytest.param(AGREEMENT, D(2026, 12, 1), [STANDING], id="s is e: nothing to prorate"),
        pytest.param(
            replace(AGREEMENT, prorates=True),
            D(2026, 11, 11),
            ["10 × 4.5 (cost 3.6) from 2026-11-11"],
            id="prorateFlag: s = e and nothing is prorated twice",
        ),
        pytest.param(
            next_invoice(D(2027, 1, 1)),
            D(2026, 11, 21),
            ["10 × 4.5 (cost 3.6) from 2027-01-01", "10 × 6 (cost 4.8) from 2027-01-01 to 2027-01-31"],
            id="a further whole period is billed already",
        ),
        pytest.param(
            replace(AGREEMENT, bill_start=D(2026, 12, 15), next_invoice=None),
            D(2026, 11, 20),
            ["10 × 4.5 (cost 3.6) from 2026-12-15", "10 × 3.75 (cost 3) from 2026-12-15 to 2027-01-14"],
            id="the agreement begins later",
        ),
        pytest.param(
            replace(AGREEMENT, is_calendar_year=True, bill_start=D(2026, 3, 15), next_invoice=None),
            D(2026, 3, 20),
            ["10 × 4.5 (cost 3.6) from 2026-04-01", "10 × 1.7419 (cost 1.3935) from 2026-03-15 to 2026-03-31"],
            id="CalendarYear that begins within a month",
        ),
    ],
)
def test_dates_of_a_sale(agreement: object, on: date, expected: list[str]) -> None:
    assert written(sale(line("recurring", "10"), on=on, agreement=agreement)) == expected


def test_the_creation_date_is_e_where_nothing_was_provisioned() -> None:
    made = order(OrderType.SALES, line("recurring", "10"), created=D(2026, 11, 11))
    assert written(plan_task(facts(made))) == [STANDING, PRORATED]


def test_a_line_without_a_product_is_the_plans_own_fee() -> None:
    plan = sale(line("recurring", "1", "2.00", product=""))
    assert codes(plan) == ["product_unmapped"]
    assert plan.problems[0].target == "plan:10005"
    assert "Product Exchange Online (plan:10005)" in sentence(plan.problems[0])


def test_descriptions() -> None:
    plan = sale(line("recurring", "10"), line("setup", "1", "25.00"), line("transfer", "1", "2.00"))
    assert descriptions(plan) == [
        "Exchange Online (Plan 1)",
        "Exchange Online (Plan 1) - prorated 11 Nov 2026 to 30 Nov 2026",
        "Exchange Online (Plan 1) - setup fee",
        "Exchange Online (Plan 1)",
    ]
    assert all(change.after is not None and change.after.taxable for change in plan.changes)


def test_a_usage_based_sale_leaves_the_recurring_charge_to_billing_orders() -> None:
    held = subscription(model=BillingModel.AFTER_BILLING_PERIOD)
    plan = sale(line("recurring", "10"), line("setup", "1", "25.00"), held=held)
    assert written(plan) == [f"1 × 25 (cost 25) {F}"]
    assert "billed by use" in plan.notes[0]


@pytest.mark.parametrize(
    ("links", "held", "is_newest", "expected"),
    [
        pytest.param(("10", str(INITIAL)), "10", True, [], id="the first check found it active"),
        pytest.param(("10", str(INITIAL)), "15", False, [], id="and a change followed"),
        pytest.param(("10", "500"), "15", False, [], id="this task made it"),
        pytest.param(
            ("10", "1"), "20", True, ["delete 10", "20 × 4.5 (cost 3.6) from 2026-12-01", PRORATED], id="more was sold"
        ),
    ],
)
def test_what_stands_already_is_not_added_again(
    links: tuple[str, str], held: str, is_newest: bool, expected: list[str]
) -> None:
    quantity, task = links
    link = standing(quantity, D(2026, 12, 1), task=task)
    plan = sale(line("recurring", "10"), held=subscription(held), links=(link,), is_newest=is_newest)
    assert written(plan) == expected
    assert bool(plan.warnings) is (not expected)


def test_the_first_check_takes_every_product_with_a_quantity() -> None:
    held = subscription()
    none = replace(held.products[0], id=ProductId("PRD0"), quantity=Decimal(0))
    assert written(plan_task(facts(None, replace(held, products=(none, *held.products))))) == [STANDING]


def test_the_first_check_prorates_nothing_and_leaves_usage_alone() -> None:
    assert written(plan_task(facts(None))) == [STANDING]
    plan = plan_task(facts(None, subscription(model=BillingModel.EXTERNAL_RATING)))
    assert (written(plan), plan.is_ready) == ([], True)


def test_the_first_check_does_not_take_unknown_for_none() -> None:
    held = subscription()
    unknown = replace(held.products[0], quantity=None)
    assert codes(plan_task(facts(None, replace(held, products=(unknown,))))) == ["unknown_charge_type"]


@pytest.mark.parametrize(("stands", "warned"), [("10", 0), ("8", 1)], ids=["as many", "another quantity"])
def test_the_first_check_adds_nothing_to_what_is_linked(stands: str, warned: int) -> None:
    plan = plan_task(facts(None, links=(standing(stands, D(2026, 12, 1)),)))
    assert (written(plan), len(plan.warnings)) == ([], warned)
    assert len(plan.notes) == 1 - warned


def test_a_quarterly_sale_pays_the_rest_of_its_quarter() -> None:
    agreement = next_invoice(D(2027, 1, 1), cycle=BillingCycle.QUARTERLY)
    plan = sale(line("recurring", "1", "92.00"), on=D(2026, 12, 1), agreement=agreement)
    assert written(plan) == [
        "1 × 92 (cost 3.6) from 2027-01-01",
        "1 × 31 (cost 1.213) from 2027-01-01 to 2027-03-31",
    ]
    assert codes(plan) == ["billing_cycle_mismatch"]


def test_a_name_of_several_lines_is_one_line_on_the_invoice() -> None:
    held = subscription()
    product = replace(held.products[0], name="Exchange\r\nOnline\x07")
    plan = sale(line("recurring", "10"), held=replace(held, products=(product,)))
    assert descriptions(plan) == ["Exchange Online ", "Exchange Online  - prorated 11 Nov 2026 to 30 Nov 2026"]
