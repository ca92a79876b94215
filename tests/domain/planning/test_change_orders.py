"""plans.md#change-order, change_order: what a product's standing addition becomes.

Rules: plans.md#guards, plans.md#new-to-the-subscription, plans.md#renewal-inside-a-change,
plans.md#several-prices-of-one-product.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from cwtui.domain.ids import ProductId
from cwtui.domain.mappings import Link, Mapping, MappingKey, MappingKind, Mappings
from cwtui.domain.marketplace import BillingModel, OrderLine, OrderType
from cwtui.domain.planning import PlanningRules, plan_task
from cwtui.domain.plans import Plan, PriceSource, ProrateMode
from cwtui.domain.psa import BillCustomer
from tests.domain.planning.situations import (
    AGREEMENT,
    MAPPINGS,
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
F = "from 2026-12-01 to 2026-12-31"
NOVEMBER_21 = D(2026, 11, 21)
BILLED = standing("10", D(2026, 11, 1))
UNBILLED = standing("10", D(2026, 12, 1))


def change(*lines: OrderLine, to: str, on: date = NOVEMBER_21, **changes: object) -> Plan:
    made = order(OrderType.CHANGE, *lines, provisioned=on)
    links = changes.pop("links", (BILLED,))
    return plan_task(facts(made, subscription(to), links=links, **changes))  # type: ignore[arg-type]


def stands(quantity: str, begins: str = "2026-12-01") -> str:
    return f"{quantity} × 4.5 (cost 3.6) from {begins}"


END = "end 10 on 2026-11-30"

ROWS = [
    pytest.param([line("recurring", "5")], "15", BILLED, [END, stands("15"), f"5 × 1.5 (cost 1.2) {F}"], id="more"),
    pytest.param([line("recurring", "5")], "15", UNBILLED, ["delete 10", stands("15"), f"5 × 1.5 (cost 1.2) {F}"],
                 id="the old one would only begin at s: deleted"),
    pytest.param([line("recurring", "5")], "15", standing("10", D(2027, 1, 1)),
                 ["delete 10", stands("15", "2027-01-01"), f"5 × 1.5 (cost 1.2) {F}"],
                 id="the old one begins after s: so does the new one"),
    pytest.param([line("recurring", "-3")], "7", BILLED, [END, stands("7")], id="less, as a negative recurring line"),
    pytest.param([line("recurring", "-3", extended="-13.50")], "7", BILLED, [END, stands("7")],
                 id="without a credit line a downgrade credits nothing"),
    pytest.param([line("downgrade", "3")], "7", BILLED, [END, stands("7"), f"3 × -1.5 (cost -1.2) {F}"],
                 id="a credit line: a negative unit price for the same days"),
    pytest.param([line("recurringRefund", "-3", "-4.50")], "7", BILLED, [END, stands("7"), f"3 × -1.5 (cost -1.2) {F}"],
                 id="the same, told negative"),
    pytest.param([line("recurringRefund", "2"), line("recurringRefund", "-1", "-4.50")], "7", BILLED,
                 [END, stands("7"), f"3 × -1.5 (cost -1.2) {F}"], id="credits add up whatever their signs"),
    pytest.param([line("recurring", "3", "-4.50")], "7", BILLED, [END, stands("7"), f"3 × -1.5 (cost -1.2) {F}"],
                 id="a recurring line with a negative price is a credit"),
    pytest.param([line("recurring", "5"), line("recurringRefund", "2")], "13", BILLED,
                 [END, stands("13"), f"5 × 1.5 (cost 1.2) {F}", f"2 × -1.5 (cost -1.2) {F}"], id="both"),
    pytest.param([line("recurring", "15", "6.00"), line("recurring", "-10")], "15", BILLED,
                 [END, stands("15"), f"5 × 2 (cost 1.2) {F}"],
                 id="a line that adds and one that takes away charge their difference"),
    pytest.param([line("recurring", "2"), line("recurring", "3", "6.00")], "15", BILLED,
                 [END, stands("15"), f"2 × 1.5 (cost 1.2) {F}", f"3 × 2 (cost 1.2) {F}"], id="two unit prices"),
    pytest.param([line("recurring", "-10")], "0", BILLED, [END], id="all of it: nothing new"),
    pytest.param([line("setup", "1", "25.00")], "10", BILLED, [f"1 × 25 (cost 25) {F}"], id="setup: once"),
    pytest.param([line("setupRefund", "1", "25.00")], "10", BILLED, [f"1 × -25 (cost -25) {F}"],
                 id="setupRefund: once, never prorated, no change of quantity"),
    pytest.param([line("transfer", "1", "2.00")], "10", BILLED, [f"1 × 2 (cost 2) {F}"], id="other: once"),
    pytest.param([line("recurring", "0")], "10", BILLED, [], id="quantity and price stay: nothing to write"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "to", "link", "expected"), ROWS)
def test_a_change(lines: list[OrderLine], to: str, link: Link, expected: list[str]) -> None:
    plan = change(*lines, to=to, links=(link,))
    assert plan.problems == ()
    assert written(plan) == expected


def test_a_new_price_alone_replaces_the_standing_addition() -> None:
    made = order(OrderType.CHANGE, line("recurring", "0"), provisioned=D(2026, 12, 1))
    plan = plan_task(facts(made, subscription("10", price="5.00"), links=(BILLED,)))
    assert written(plan) == [END, "10 × 5 (cost 3.6) from 2026-12-01"]


@pytest.mark.parametrize(
    ("before", "after", "is_warned"),
    [
        pytest.param("4.50", "0.00", True, id="what was paid for becomes free"),
        pytest.param("0.00", "0.00", False, id="it was free before"),
        pytest.param("4.50", "5.00", False, id="another price"),
        pytest.param("0.00", "5.00", False, id="no longer free"),
    ],
)
def test_a_price_that_falls_to_nothing_is_warned_of(before: str, after: str, is_warned: bool) -> None:
    """Rule: plans.md#change-order."""
    link = standing("10", D(2026, 11, 1), price=before)
    made = order(OrderType.CHANGE, line("recurring", "2", after), provisioned=D(2026, 12, 1))
    plan = plan_task(facts(made, subscription("12", price=after), links=(link,)))
    assert len(written(plan)) == 2
    assert any("from here on is 0" in text for text in plan.warnings) is is_warned


def test_the_newest_order_follows_the_subscription_and_warns() -> None:
    plan = change(line("recurring", "5"), to="17", on=D(2026, 12, 1))
    assert written(plan) == [END, stands("17")]
    assert "10 + 5 = 15, the subscription holds 17 now; 17 is planned" in plan.warnings[0]


def test_an_order_in_the_middle_of_the_queue_adds_to_what_is_linked() -> None:
    plan = change(line("recurring", "5"), to="40", on=D(2026, 12, 1), is_newest=False)
    assert (written(plan), plan.warnings) == ([END, stands("15")], ())


def test_more_is_taken_than_is_known() -> None:
    plan = change(line("recurring", "-12"), to="40", is_newest=False)
    assert (written(plan), codes(plan)) == ([], ["link_missing"])


@pytest.mark.parametrize("products", ["none", "another"])
def test_a_product_the_subscription_does_not_list(products: str) -> None:
    held = subscription("15")
    other = replace(held.products[0], id=ProductId("PRD9"))
    made = order(OrderType.CHANGE, line("recurring", "5"), provisioned=D(2026, 12, 1))
    plan = plan_task(facts(made, replace(held, products=() if products == "none" else (other,)), links=(BILLED,)))
    expected = [END, "15 × 4.5 (cost 4.5) from 2026-12-01"] if products == "none" else [END]
    assert written(plan) == expected
    assert len(plan.warnings) == 1


def test_the_plans_own_fee_is_not_cancelled_because_no_product_lists_it() -> None:
    fee = standing("1", D(2026, 11, 1), price="2.00", product="plan:10005")
    mappings = Mappings([*MAPPINGS, Mapping(MappingKey(MappingKind.PRODUCT, "plan:10005"), 11)])
    plan = change(
        line("recurring", "1", "2.00", product=""), to="10", on=D(2026, 12, 1), links=(fee,), mappings=mappings
    )
    assert written(plan) == ["end 1 on 2026-11-30", "2 × 2 (cost 2) from 2026-12-01"]
    assert "does not say how many" in plan.warnings[0]


@pytest.mark.parametrize(
    ("mode", "source", "once"),
    [
        pytest.param(ProrateMode.ALL, PriceSource.MARKETPLACE, 2, id="all"),
        pytest.param(ProrateMode.CHANGES, PriceSource.MARKETPLACE, 2, id="changes"),
        pytest.param(ProrateMode.NONE, PriceSource.MARKETPLACE, 0, id="none"),
        pytest.param(ProrateMode.ALL, PriceSource.CONNECTWISE, 0, id="ConnectWise's prices are never prorated"),
    ],
)
def test_sync_prorate(mode: ProrateMode, source: PriceSource, once: int) -> None:
    rules = PlanningRules(prorate=mode, price_source=source)
    plan = change(line("recurring", "5"), line("recurringRefund", "2"), to="13", rules=rules)
    assert sum(not each.is_standing for each in plan.changes) == once
    told = [text.split(": ")[1] for text in plan.warnings]
    days = "for 21 Nov 2026 to 30 Nov 2026."
    assert told == ([] if once else [f"nobody is charged {days}", f"nobody is credited {days}"])


def test_descriptions() -> None:
    plan = change(line("recurring", "5"), line("recurringRefund", "2"), line("setupRefund", "1", "25"), to="13")
    assert descriptions(plan) == [
        "Exchange Online (Plan 1)",
        "Exchange Online (Plan 1) - prorated 21 Nov 2026 to 30 Nov 2026",
        "Exchange Online (Plan 1) - credit 21 Nov 2026 to 30 Nov 2026",
        "Exchange Online (Plan 1) - credit setup fee",
    ]
    assert "quantity 10 → 13 from 1 Dec 2026" in plan.changes[1].arithmetic
    assert "price −(4.50 × (30 − 20) ÷ 30 = 1.50)" in plan.changes[3].arithmetic


def test_a_product_without_a_link_that_is_new_is_planned_as_a_sale() -> None:
    plan = change(line("recurring", "5"), line("recurringRefund", "2"), to="3", links=())
    assert written(plan) == [stands("3"), f"5 × 1.5 (cost 1.2) {F}", f"2 × -1.5 (cost -1.2) {F}"]


@pytest.mark.parametrize(
    ("quantity", "to"),
    [
        pytest.param("5", "15", id="it holds more than Δ"),
        pytest.param("-5", "5", id="it was reduced"),
    ],
)
def test_any_other_missing_link(quantity: str, to: str) -> None:
    plan = change(line("recurring", quantity), to=to, links=())
    assert (written(plan), codes(plan)) == ([], ["link_missing"])


def test_several_linked_additions_become_one() -> None:
    links = (standing("6", D(2026, 11, 1), addition=90), standing("4", D(2026, 12, 1), addition=91, price="3.00"))
    plan = change(line("recurring", "5"), to="15", on=D(2026, 12, 1), links=links)
    assert written(plan) == ["end 6 on 2026-11-30", "delete 4", stands("15")]
    assert "quantity 6 + 4 → 15 from 1 Dec 2026" in plan.changes[2].arithmetic


def test_an_addition_that_ended_before_is_let_be() -> None:
    ended = standing("3", D(2026, 6, 1), addition=80, until=D(2026, 10, 31))
    assert written(change(line("recurring", "5"), to="15", links=(ended, BILLED)))[:2] == [END, stands("15")]


def test_a_product_that_ends_on_a_later_day_still_ends_there() -> None:
    ending = standing("10", D(2026, 11, 1), until=D(2027, 6, 30))
    plan = change(line("recurring", "5"), to="15", on=D(2026, 12, 1), links=(ending,))
    assert written(plan) == [END, f"{stands('15')} to 2027-06-30"]
    assert "ends on 2027-06-30, so does the new one" in plan.warnings[0]


def test_what_the_operator_chose_not_to_charge_stays_so() -> None:
    free = replace(BILLED, values=replace(BILLED.values, bill=BillCustomer.NO_CHARGE))
    plan = change(line("recurring", "5"), to="15", links=(free,))
    bills = [each.after.bill for each in plan.changes if each.after]
    assert bills == [BillCustomer.NO_CHARGE] * 3
    assert "so is the new one" in plan.warnings[0]


def test_a_billed_addition_replaced_from_its_first_day_is_warned_about() -> None:
    agreement = replace(next_invoice(D(2026, 12, 1)), prorates=True)
    plan = change(line("recurring", "5"), to="15", on=D(2026, 10, 20), agreement=agreement)
    assert written(plan) == ["delete 10", stands("15", "2026-11-01")]
    assert any("was billed already" in warning for warning in plan.warnings)


def test_days_until_a_later_old_start_are_warned_about() -> None:
    plan = change(line("recurring", "5"), to="15", on=D(2026, 12, 1), links=(standing("10", D(2027, 1, 1)),))
    assert written(plan) == ["delete 10", stands("15", "2027-01-01")]
    assert "nobody is charged for 1 Dec 2026 to 31 Dec 2026" in plan.warnings[0]


def test_a_usage_based_subscription_has_nothing_that_could_change() -> None:
    made = order(OrderType.CHANGE, line("recurring", "5"), line("recurringRefund", "1"), provisioned=D(2026, 12, 1))
    plan = plan_task(facts(made, subscription(model=BillingModel.AFTER_BILLING_PERIOD)))
    assert (written(plan), codes(plan)) == ([], ["unknown_charge_type"])


def test_a_downgrade_by_credit_alone_keeps_the_price_that_stands() -> None:
    held = subscription("7")
    unpriced = replace(held, products=(replace(held.products[0], unit_price=None),))
    made = order(OrderType.CHANGE, line("downgrade", "3", "1.10"), provisioned=D(2026, 12, 1))
    assert written(plan_task(facts(made, unpriced, links=(BILLED,)))) == [END, stands("7")]


@pytest.mark.parametrize(
    ("limit", "confirmed", "stopped"),
    [
        pytest.param(None, "", False, id="off by default"),
        pytest.param("50", "", False, id="50 % is not beyond 50 %"),
        pytest.param("49", "", True, id="beyond it"),
        pytest.param("49", "PRD1: 10 → 15", False, id="a person confirmed"),
        pytest.param("49", "PRD1: 10 → 14", True, id="a person confirmed other numbers"),
    ],
)
def test_max_quantity_change(limit: str | None, confirmed: str, stopped: bool) -> None:
    rules = PlanningRules(max_quantity_change=Decimal(limit) if limit else None)
    made = order(OrderType.CHANGE, line("recurring", "5"), provisioned=D(2026, 11, 21))
    situation = facts(made, subscription("15"), links=(BILLED,), rules=rules)
    situation = replace(situation, task=replace(situation.task, confirmed=(confirmed,)))
    assert codes(plan_task(situation)) == (["guard"] if stopped else [])


def test_two_products_are_two_changes() -> None:
    held = subscription("15")
    both = replace(held, products=(*held.products, replace(held.products[0], id=ProductId("PRD2"), name="Backup")))
    mappings = Mappings([*MAPPINGS, Mapping(MappingKey(MappingKind.PRODUCT, "PRD2"), 11)])
    made = order(
        OrderType.CHANGE, line("recurring", "5"), line("recurring", "15", product="PRD2"), provisioned=D(2026, 12, 1)
    )
    plan = plan_task(facts(made, both, links=(BILLED,), mappings=mappings, agreement=AGREEMENT))
    assert written(plan) == [END, stands("15"), stands("15")]
    assert descriptions(plan) == ["Exchange Online (Plan 1)", "Backup"]
