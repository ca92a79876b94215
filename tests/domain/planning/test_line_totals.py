"""What the marketplace charged on a line survives (plans.md#the-marketplaces-amount-survives).

Rules: plans.md#differences-to-the-line-total, plans.md#no-price-becomes-zero.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwtui.domain.charges import Charge, charge_of
from cwtui.domain.ids import ProductId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind, Mappings
from cwtui.domain.marketplace import BillingModel, OrderLine, OrderType, Product, ProductCost, SubscriptionStatus
from cwtui.domain.money import line_total
from cwtui.domain.planning import PlanningFacts, PlanningRules, plan_task
from cwtui.domain.plans import Plan, PriceSource
from tests.domain.planning.situations import (
    ITEM,
    MAPPINGS,
    PRODUCT,
    codes,
    eur,
    facts,
    line,
    next_invoice,
    order,
    standing,
    subscription,
    written,
)

D = date
USAGE = replace(subscription("1", model=BillingModel.AFTER_BILLING_PERIOD), products=())
APRIL = next_invoice(D(2026, 5, 1))
DEARER = replace(ITEM, price=Decimal("13.00"), cost=Decimal("9.00"))


def usage(*lines: OrderLine, **more: object) -> PlanningFacts:
    return facts(order(OrderType.UNKNOWN, *lines, created=D(2026, 12, 1)), USAGE, **more)  # type: ignore[arg-type]


def totals(plan: Plan) -> list[str]:
    """Quantity × price of every created addition."""
    return [row.split(" (")[0] for row in written(plan) if "×" in row]


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        pytest.param(line("overuse", "50000000", "0.000001", extended="50.00"), "1 × 50", id="50,000,000 × 0.000001"),
        pytest.param(line("overuse", "1000000", "0.00004", extended="40.00"), "1 × 40", id="rounded to nothing"),
        pytest.param(line("overuse", "123456", "0.00345", extended="425.92"), "1 × 425.92", id="rounded up"),
        pytest.param(line("overuse", "30", "0.08", extended="2.40"), "30 × 0.08", id="to the cent as it stands"),
        pytest.param(line("overuse", "30", "0.08"), "30 × 0.08", id="no total, and none needed"),
        pytest.param(line("overuse", "50000000", "0.000001"), "1 × 50", id="no total: quantity × unrounded price"),
        pytest.param(line("overuse", "3", "0.3333", extended="1.00"), "3 × 0.3333", id="1.00 to the cent"),
        pytest.param(line("overuse", "3", "0.33333", extended="0.99"), "1 × 0.99", id="a cent less than the rate says"),
        pytest.param(line("overuse", "30", "0.08", extended="1.00"), "1 × 1", id="the total wins over the rate"),
        pytest.param(line("overuse", "30", "0.08", extended="-2.40"), "30 × -0.08", id="a total that gives back"),
        pytest.param(
            line("overuse", "5", "0.000001", extended="0.00"), "1 × 0", id="less than a cent was charged as 0"
        ),
        pytest.param(line("billRecord", "7", "0.000049", extended="0.0003"), "1 × 0.0003", id="a total below a cent"),
    ],
)
def test_usage_bills_its_total(used: OrderLine, expected: str) -> None:
    plan = plan_task(usage(used))
    assert plan.problems == ()
    assert totals(plan) == [expected]


def test_a_total_too_small_to_be_written_is_said() -> None:
    plan = plan_task(usage(line("overuse", "3", "0.000001", extended="0.000003")))
    assert (plan.problems, plan.changes) == ((), ())
    assert "0.000003 is too little to be billed" in plan.warnings[0]


def test_the_cost_of_a_total_is_in_the_same_proportion() -> None:
    priced = Product(PRODUCT, "Exchange", costs=(ProductCost("overuse", eur("0.0000008")),))
    plan = plan_task(
        replace(usage(line("overuse", "50000000", "0.000001", extended="50.00")), products={PRODUCT: priced})
    )
    assert written(plan) == ["1 × 50 (cost 40) from 2026-12-01 to 2026-12-31"]


CONNECTWISE = PlanningRules(PriceSource.CONNECTWISE)
OWN = Mappings([*MAPPINGS, Mapping(MappingKey(MappingKind.PRODUCT, PRODUCT, Charge.OVERUSE), 11)])


@pytest.mark.parametrize(
    ("charged", "mappings", "expected", "warned"),
    [
        pytest.param(line("overuse", "30", "0.08", extended="2.40"), MAPPINGS, "30 × 0.08", False, id="usage"),
        pytest.param(line("setup", "1", "25.00", extended="25.00"), MAPPINGS, "1 × 25", False, id="setup fee"),
        pytest.param(line("overuse", "30", "0.08", extended="2.40"), OWN, "30 × 13", True, id="its own catalog item"),
        pytest.param(line("overuse", "30", "13.50", extended="405.00"), OWN, "30 × 13", False, id="within 10 %"),
    ],
)
def test_catalog_prices_are_for_recurring_charges_only(
    charged: OrderLine, mappings: Mappings, expected: str, warned: bool
) -> None:
    made = order(OrderType.SALES, charged, provisioned=D(2026, 12, 1))
    plan = plan_task(facts(made, rules=CONNECTWISE, mappings=mappings, items=(DEARER,)))
    assert totals(plan) == [expected]
    assert bool(plan.warnings) is warned
    assert bool(plan.warnings or plan.notes) is ("13" in expected)


@pytest.mark.parametrize(
    ("refund", "expected"),
    [
        pytest.param(
            line("recurringRefund", "10", "10.00", extended="-66.67"), "1 × -66.67 (cost -53.336)", id="told negative"
        ),
        pytest.param(
            line("recurringRefund", "10", "10.00", extended="66.67"), "1 × -66.67 (cost -53.336)", id="told positive"
        ),
        pytest.param(
            line("recurring", "10", "-10.00", extended="-66.67"), "1 × -66.67 (cost -53.336)", id="a negative price"
        ),
        pytest.param(
            line("downgrade", "10", "6.667", extended="66.67"), "10 × -6.667 (cost -8)", id="said by the rate"
        ),
        pytest.param(line("recurringRefund", "10", "10.00", extended="0.00"), None, id="a total of 0 is no credit"),
    ],
)
def test_a_cancellation_credits_its_lines_total(refund: OrderLine, expected: str | None) -> None:
    made = order(OrderType.CANCELLATION, refund, provisioned=D(2026, 4, 10))
    held = subscription("10", price="10.00")
    held = replace(held, products=(replace(held.products[0], unit_cost=eur("8.00")),))
    link = standing("10", D(2026, 4, 1), price="10.00")
    plan = plan_task(facts(made, held, agreement=APRIL, links=(link,)))
    assert [row.split(" from")[0] for row in written(plan)[1:]] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("status", "refund", "ends"),
    [
        pytest.param(SubscriptionStatus.TERMINATED, None, D(2026, 4, 10), id="terminated"),
        pytest.param(SubscriptionStatus.REMOVED, None, D(2026, 4, 10), id="removed"),
        pytest.param(SubscriptionStatus.ACTIVE, "-66.67", D(2026, 4, 10), id="the order refunds"),
        pytest.param(SubscriptionStatus.ACTIVE, "0.00", D(2027, 3, 31), id="a refund of nothing"),
        pytest.param(SubscriptionStatus.ACTIVE, None, D(2027, 3, 31), id="paid to its end"),
        pytest.param(SubscriptionStatus.HOLD, None, D(2027, 3, 31), id="on hold"),
    ],
)
def test_the_cancel_date_follows_the_subscription(status: SubscriptionStatus, refund: str | None, ends: date) -> None:
    lines = [line("recurringRefund", "10", "10.00", extended=refund)] if refund else []
    made = order(OrderType.CANCELLATION, *lines, provisioned=D(2026, 4, 10))
    held = replace(subscription("10", expiration=D(2027, 3, 31)), status=status)
    plan = plan_task(facts(made, held, agreement=APRIL, links=(standing("10", D(2026, 4, 1)),)))
    assert written(plan)[0] == f"end 10 on {ends}"


@pytest.mark.parametrize(
    ("lines", "held", "expected"),
    [
        pytest.param(
            [line("downgrade", "4", "10.00", extended="0.00")],
            "6",
            ["end 10 on 2026-04-30", "6 × 10"],
            id="a credit of nothing still takes away",
        ),
        pytest.param(
            [line("downgrade", "4", "10.00", extended="-28.00")],
            "6",
            ["end 10 on 2026-04-30", "6 × 10", "4 × -7"],
            id="a credit of something",
        ),
        pytest.param(
            [line("downgrade", "3", "10.00", extended="-21.00"), line("downgrade", "1", "10.00", extended="0.00")],
            "6",
            ["end 10 on 2026-04-30", "6 × 10", "3 × -7"],
            id="one of each",
        ),
        pytest.param(
            [line("renew", "6", "10.00", extended="60.00")],
            "6",
            ["end 10 on 2026-04-30", "6 × 10"],
            id="a renewal states the total",
        ),
        pytest.param([line("renew", "10", "10.00", extended="100.00")], "10", [], id="a renewal of what stands"),
        pytest.param(
            [line("renew", "12", "10.00"), line("recurring", "2", "10.00", extended="14.00")],
            "12",
            ["end 10 on 2026-04-30", "12 × 10", "2 × 7"],
            id="a renewal beside an upgrade",
        ),
        pytest.param([], "6", ["end 10 on 2026-04-30", "6 × 10"], id="no line, the subscription holds 6"),
        pytest.param([], "10", [], id="no line, nothing moved"),
        pytest.param(
            [line("setup", "1", "5.00")],
            "0",
            ["end 10 on 2026-04-30", "1 × 5"],
            id="no line, the subscription holds none",
        ),
    ],
)
def test_what_a_change_makes_stand(lines: list[OrderLine], held: str, expected: list[str]) -> None:
    made = order(OrderType.CHANGE, *lines, provisioned=D(2026, 4, 10))
    link = standing("10", D(2026, 4, 1), price="10.00")
    link = replace(link, values=replace(link.values, unit_cost=Decimal("3.60")))
    plan = plan_task(facts(made, subscription(held, price="10.00"), agreement=APRIL, links=(link,)))
    assert plan.problems == ()
    assert [row.split(" (")[0] for row in written(plan)] == expected


@pytest.mark.parametrize("is_newest", [True, False])
def test_what_no_line_names_is_changed_by_the_newest_order_only(is_newest: bool) -> None:
    made = order(OrderType.CHANGE, provisioned=D(2026, 4, 10))
    link = standing("10", D(2026, 4, 1))
    plan = plan_task(facts(made, subscription("6"), agreement=APRIL, links=(link,), is_newest=is_newest))
    assert bool(plan.changes) is is_newest
    assert any("holds 6 now" in warning for warning in plan.warnings) is is_newest


def test_each_price_of_a_product_has_its_own_addition() -> None:
    held = subscription("6")
    dearer = replace(held.products[0], quantity=Decimal(4), unit_price=eur("5.00"), unit_cost=eur("4.10"))
    both = replace(held, products=(*held.products, dearer))
    first = plan_task(facts(None, both))
    assert [row.split(" from")[0] for row in written(first)] == ["6 × 4.5 (cost 3.6)", "4 × 5 (cost 4.1)"]
    made = order(OrderType.CHANGE, line("recurring", "4", "5.00"), provisioned=D(2026, 12, 1))
    plan = plan_task(facts(made, both, links=(standing("6", D(2026, 11, 1)),)))
    assert [row.split(" from")[0] for row in written(plan)] == ["4 × 5 (cost 4.1)"]
    same = standing("4", D(2026, 11, 1), addition=91, price="4.50")
    plan = plan_task(facts(made, both, links=(standing("6", D(2026, 11, 1)), same)))
    assert [row.split(" from")[0] for row in written(plan)] == ["end 4 on 2026-11-30", "4 × 5 (cost 4.1)"]


def test_a_standing_price_is_never_rounded_to_nothing() -> None:
    made = order(OrderType.SALES, line("recurring", "1000000", "0.00004"), provisioned=D(2026, 12, 1))
    plan = plan_task(facts(made, subscription("1000000", price="0.00004")))
    assert codes(plan) == ["unknown_charge_type"]


def test_a_credit_of_a_product_that_left_costs_what_its_addition_did() -> None:
    made = order(
        OrderType.CHANGE, line("recurringRefund", "10", "10.00", extended="-70.00"), provisioned=D(2026, 4, 10)
    )
    other = replace(subscription("1"), products=(replace(subscription("1").products[0], id=ProductId("PRD9")),))
    link = standing("10", D(2026, 4, 1), price="10.00")
    link = replace(link, values=replace(link.values, unit_cost=Decimal("8.00")))
    plan = plan_task(facts(made, other, agreement=APRIL, links=(link,)))
    assert [row.split(" from")[0] for row in written(plan)] == ["end 10 on 2026-04-30", "10 × -7 (cost -5.6)"]
    credit = plan.changes[-1].after
    assert credit is not None
    assert credit.description.startswith("Exchange Online (Plan 1) - credit ")  # (plans.md#what-an-addition-carries)


# |billed − extendedPrice| ≤ 0.01 of every line that is planned as a one-time addition

CREDITS = {"recurringRefund", "downgrade", "setupRefund"}
BY_ORDER = {
    OrderType.SALES: ["setup", "overuse", "cancellation", "handlingFee", "adjustment", "discount", "setupRefund"],
    OrderType.CHANGE: ["setup", "overuse", "transfer", "switch", "adjustment", "setupRefund", "billRecord"],
    OrderType.CANCELLATION: ["recurringRefund", "downgrade", "setupRefund", "cancellation", "overuse", "adjustment"],
    OrderType.RENEWAL: ["setup", "overuse", "nonProvisioningItem", "discount", "setupRefund"],
    OrderType.UNKNOWN: ["recurring", "overuse", "billRecord", "setupRefund", "adjustment"],
}
QUANTITIES = st.one_of(
    st.integers(1, 10**9).map(Decimal), st.decimals(1, 10**9, places=3), st.integers(1, 60).map(Decimal)
)
PRICES = st.decimals(0, 1000, places=9)


@st.composite
def charged_once(draw: st.DrawFn) -> tuple[OrderType, list[OrderLine]]:
    kind = draw(st.sampled_from(list(BY_ORDER)))
    lines = []
    for word in draw(st.lists(st.sampled_from(BY_ORDER[kind]), min_size=1, max_size=4)):
        quantity, price = draw(QUANTITIES), draw(PRICES)
        exact = quantity * price
        total = draw(
            st.sampled_from([exact, line_total(quantity, price), exact * Decimal("0.7"), Decimal("0.01")])
            | st.decimals(0, 10**9, places=draw(st.integers(0, 9)))
        )
        if word in CREDITS or (word in {"adjustment", "discount"} and draw(st.booleans())):
            total = -total
        lines.append(
            OrderLine(
                type=word,
                product_id=PRODUCT,
                quantity=quantity,
                unit_price=eur(str(price)),
                extended=eur(f"{total:f}"),
            )
        )
    return kind, lines


@given(made=charged_once(), decimals=st.integers(0, 8), source=st.sampled_from(PriceSource))
@settings(max_examples=400)
def test_what_is_billed_once_is_what_the_marketplace_charged(
    made: tuple[OrderType, list[OrderLine]], decimals: int, source: PriceSource
) -> None:
    kind, lines = made
    placed = replace(order(kind, *lines, provisioned=D(2026, 11, 20)), number="BO9")
    held = USAGE if kind is OrderType.UNKNOWN else subscription("10")
    situation = facts(
        placed,
        held,
        links=() if kind is OrderType.UNKNOWN else (standing("10", D(2026, 11, 1)),),
        rules=PlanningRules(source, price_decimals=decimals),
    )
    plan = plan_task(situation)
    created = [change for change in plan.changes if change.after is not None and not change.is_standing]
    billed: dict[tuple[object, ...], Decimal] = {}
    for change in created:
        if change.before is None:
            place = change.key.split(":")[:3] + (["setup"] if ":setup" in change.key[5:] else [])
            billed[tuple(place)] = billed.get(tuple(place), Decimal(0)) + change.amount
    charged: dict[tuple[object, ...], list[OrderLine]] = {}
    for one in lines:
        charge, price = charge_of(one.type), one.unit_price
        assert charge is not None
        assert price is not None
        text = f"{price.amount:f}".rstrip("0").rstrip(".") if price.amount else "0"
        place = [charge.value, PRODUCT, text] + (["setup"] if one.type == "setupRefund" else [])
        charged.setdefault(tuple(place), []).append(one)
    assert plan.problems == ()
    for where, own in charged.items():
        total = sum((one.extended.amount for one in own if one.extended), start=Decimal(0))
        assert abs(billed.get(where, Decimal(0)) - total) <= Decimal("0.01")
