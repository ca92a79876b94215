"""plans.md#prorated-price: price and cost of a line, the prorated price, and its arithmetic.

Rules: plans.md#charges, plans.md#costs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwtui.domain.marketplace import BillingModel, OrderType, Price, Product, ProductCost, Subscription
from cwtui.domain.money import round_price
from cwtui.domain.periods import BillingCalendar, BillingCycle
from cwtui.domain.planning import PlanningRules, plan_task
from cwtui.domain.planning.proration import prorated
from cwtui.domain.plans import ArithmeticLines, PriceSource
from tests.domain.planning.situations import (
    ITEM,
    PRODUCT,
    codes,
    eur,
    facts,
    line,
    order,
    standing,
    subscription,
    written,
)

D = date
MONTHS = BillingCalendar(BillingCycle.MONTHLY, D(2026, 1, 1))
CONNECTWISE = PlanningRules(price_source=PriceSource.CONNECTWISE)


@pytest.mark.parametrize(
    ("calendar", "effective", "before", "amount", "shown"),
    [
        pytest.param(
            MONTHS, D(2026, 11, 21), D(2026, 12, 1), "1.5", "4.50 × (30 − 20) ÷ 30 = 1.50", id="price × (N − k) ÷ N"
        ),
        pytest.param(MONTHS, D(2026, 11, 1), D(2026, 12, 1), "4.5", "4.50 × (30 − 0) ÷ 30 = 4.50", id="k is 0"),
        pytest.param(
            MONTHS,
            D(2026, 11, 21),
            D(2027, 2, 1),
            "10.5",
            "4.50 × (30 − 20) ÷ 30 + 2 × 4.50 = 10.50",
            id="plus the price for every further whole period",
        ),
        pytest.param(
            BillingCalendar(BillingCycle.QUARTERLY, D(2026, 1, 1)),
            D(2026, 9, 30),
            D(2027, 1, 1),
            "4.548913043478260869565217391",
            "4.50 × (92 − 91) ÷ 92 + 1 × 4.50 = 4.5489",
            id="quarterly",
        ),
        pytest.param(
            BillingCalendar(BillingCycle.YEARLY, D(2024, 2, 29)),
            D(2027, 2, 27),
            D(2028, 2, 29),
            "4.512328767123287671232876712",
            "4.50 × (365 − 364) ÷ 365 + 1 × 4.50 = 4.5123",
            id="yearly, from 29 February",
        ),
        pytest.param(
            BillingCalendar(BillingCycle.WEEKLY, D(2026, 1, 1)),
            D(2026, 1, 7),
            D(2026, 1, 22),
            "9.642857142857142857142857143",
            "4.50 × (7 − 6) ÷ 7 + 2 × 4.50 = 9.6429",
            id="weekly",
        ),
        pytest.param(
            MONTHS,
            D(2026, 3, 3),
            D(2026, 3, 15),
            "1.741935483870967741935483871",
            "4.50 × 12 ÷ 31 = 1.7419",
            id="s in P(e)",
        ),
    ],
)
def test_prorated_price(calendar: BillingCalendar, effective: date, before: date, amount: str, shown: str) -> None:
    part = prorated(Decimal("4.50"), calendar, effective, before)
    assert part.amount == Decimal(amount)
    assert part.shown == shown


def test_no_day_has_no_price() -> None:
    with pytest.raises(ValueError, match="no day lies between"):
        prorated(Decimal(1), MONTHS, D(2026, 11, 1), D(2026, 11, 1))


PRICES = st.decimals("0.0001", "99999", places=4)
CALENDARS = st.builds(
    BillingCalendar,
    st.sampled_from([cycle for cycle in BillingCycle if cycle is not BillingCycle.NOT_RECURRING]),
    st.dates(D(2023, 1, 1), D(2026, 12, 31)),
)


@given(price=PRICES, calendar=CALENDARS, day=st.dates(D(2024, 1, 1), D(2028, 12, 31)))
@settings(max_examples=200)
def test_the_part_and_the_rest_add_up_to_the_whole(price: Decimal, calendar: BillingCalendar, day: date) -> None:
    period = calendar.period_of(day)
    until = period.end + timedelta(days=1)
    part = prorated(price, calendar, day, until).amount
    rest = prorated(price, calendar, period.start, day).amount if day > period.start else Decimal(0)
    assert round_price(part + rest, 18) == price
    rounded = round_price(part, 4) + round_price(rest, 4)
    is_tie = round_price(part, 18) != round_price(part, 4) and (round_price(part, 18) * 20000) % 1 == 0
    assert rounded == price or (is_tie and rounded - price == Decimal("0.0001"))


@given(
    price=PRICES,
    calendar=CALENDARS,
    days=st.lists(st.dates(D(2024, 1, 1), D(2027, 12, 31)), min_size=3, max_size=3, unique=True),
)
@settings(max_examples=200)
def test_days_cost_the_same_however_they_are_split(price: Decimal, calendar: BillingCalendar, days: list[date]) -> None:
    first, middle, last = sorted(days)
    parts = prorated(price, calendar, first, middle).amount + prorated(price, calendar, middle, last).amount
    assert round_price(parts, 15) == round_price(prorated(price, calendar, first, last).amount, 15)


def held_at(price: str | None, cost: str | None = "3.60") -> Subscription:
    held = subscription("15")
    product = replace(held.products[0], unit_price=eur(price) if price else None, unit_cost=eur(cost) if cost else None)
    return replace(held, products=(product,))


@pytest.mark.parametrize(
    ("kind", "made", "expected"),
    [
        pytest.param(OrderType.SALES, held_at("9.00"), "15 × 4.5 (cost 3.6)", id="a sale: the line's unitPrice"),
        pytest.param(OrderType.SALES, held_at("9.00", None), "15 × 4.5 (cost 4.5)", id="no unitCost: the price"),
        pytest.param(
            OrderType.CHANGE, held_at("9.00"), "15 × 9 (cost 3.6)", id="a change: the subscription's unitPrice"
        ),
        pytest.param(OrderType.CHANGE, held_at(None), "15 × 4.5 (cost 3.6)", id="a change: else the line's"),
    ],
)
def test_price_and_cost_of_a_standing_addition(kind: OrderType, made: Subscription, expected: str) -> None:
    links = (standing("10", D(2026, 12, 1)),) if kind is OrderType.CHANGE else ()
    quantity = "5" if links else "15"
    plan = plan_task(facts(order(kind, line("recurring", quantity), provisioned=D(2026, 12, 1)), made, links=links))
    assert written(plan)[-1] == f"{expected} from 2026-12-01"


def test_the_prorated_part_of_a_change_has_the_lines_price() -> None:
    made = order(OrderType.CHANGE, line("recurring", "5", "6.00"), provisioned=D(2026, 11, 21))
    plan = plan_task(facts(made, held_at("9.00"), links=(standing("10", D(2026, 12, 1)),)))
    assert written(plan)[1:] == [
        "15 × 9 (cost 3.6) from 2026-12-01",
        "5 × 2 (cost 1.2) from 2026-12-01 to 2026-12-31",
    ]


def test_the_initial_task_takes_the_subscriptions_price() -> None:
    assert written(plan_task(facts(None, held_at("9.00")))) == ["15 × 9 (cost 3.6) from 2026-12-01"]


@pytest.mark.parametrize(
    ("kind", "costs", "expected"),
    [
        pytest.param("setup", [("setup", "10.00", "EUR")], "1 × 25 (cost 10)", id="setup: the catalogue's setup cost"),
        pytest.param("setup", [("setup", "10.00", "USD")], "1 × 25 (cost 25)", id="another currency: the price"),
        pytest.param("setup", [("recurring", "3.60", "EUR")], "1 × 25 (cost 25)", id="another type: the price"),
        pytest.param("overuse", [("overuse", "20.00", "eur")], "1 × 25 (cost 20)", id="overuse"),
        pytest.param("setupRefund", [("setup", "10.00", "EUR")], "1 × -25 (cost -10)", id="setupRefund: negative"),
        pytest.param("cancellation", [], "1 × 25 (cost 25)", id="nothing listed: the price"),
    ],
)
def test_cost_of_what_is_charged_once(kind: str, costs: list[tuple[str, str, str]], expected: str) -> None:
    listed = tuple(ProductCost(charge, Price(Decimal(amount), currency)) for charge, amount, currency in costs)
    situation = facts(order(OrderType.SALES, line(kind, "1", "25.00"), provisioned=D(2026, 11, 11)))
    plan = plan_task(replace(situation, products={PRODUCT: Product(PRODUCT, "Exchange", costs=listed)}))
    assert written(plan) == [f"{expected} from 2026-12-01 to 2026-12-31"]


def test_a_cost_in_another_currency_is_not_taken_for_a_number() -> None:
    held = subscription()
    product = replace(held.products[0], unit_cost=Price(Decimal("3.60"), "USD"))
    made = order(OrderType.SALES, line("recurring", "10"), provisioned=D(2026, 12, 1))
    plan = plan_task(facts(made, replace(held, products=(product,))))
    assert written(plan) == ["10 × 4.5 (cost 4.5) from 2026-12-01"]
    assert "its cost is in USD" in plan.warnings[0]


def test_price_source_connectwise_takes_the_catalog_item_and_prorates_nothing() -> None:
    made = order(OrderType.SALES, line("recurring", "10"), line("setup", "1", "25.00"), provisioned=D(2026, 11, 11))
    plan = plan_task(facts(made, rules=CONNECTWISE))
    assert written(plan) == [
        "10 × 5 (cost 4) from 2026-12-01",
        "1 × 25 (cost 25) from 2026-12-01 to 2026-12-31",
    ]
    assert plan.warnings == ("Exchange Online (Plan 1): nobody is charged for 11 Nov 2026 to 30 Nov 2026.",)


def test_a_catalog_item_that_names_no_price_bills_nothing_by_its_own_and_anything_by_the_marketplaces() -> None:
    made = order(OrderType.SALES, line("recurring", "10"), provisioned=D(2026, 12, 1))
    items = (replace(ITEM, price=Decimal(0), cost=Decimal(0), is_priced=False),)
    own = plan_task(facts(made, rules=CONNECTWISE, items=items))
    assert (codes(own), own.changes) == (["catalog_item_inactive"], ())
    assert written(plan_task(facts(made, items=items))) == ["10 × 4.5 (cost 3.6) from 2026-12-01"]


def test_the_price_source_of_one_addition() -> None:
    made = order(OrderType.SALES, line("recurring", "10"), line("setup", "1", "25.00"), provisioned=D(2026, 12, 1))
    sources = {"setup:PRD1:25": PriceSource.CONNECTWISE}
    plan = plan_task(replace(facts(made), price_sources=sources))
    assert [change.price_source.value for change in plan.changes] == ["marketplace", "connectwise"]
    assert written(plan)[1] == "1 × 5 (cost 4) from 2026-12-01 to 2026-12-31"


def test_unit_prices_are_rounded_half_up_to_price_decimals() -> None:
    made = order(OrderType.SALES, line("recurring", "3", "1.00"), provisioned=D(2026, 11, 11))
    for decimals, expected in ((4, "0.6667"), (2, "0.67"), (6, "0.666667")):
        plan = plan_task(facts(made, rules=PlanningRules(price_decimals=decimals)))
        assert plan.changes[1].after is not None
        assert str(plan.changes[1].after.unit_price) == expected


@pytest.mark.parametrize(
    ("extended", "noted"),
    [
        pytest.param("30.01", False, id="a cent is no difference"),
        pytest.param("30.02", True, id="above 0.01 is a note"),
        pytest.param("40.00", True, id="above 10 % is a warning"),
        pytest.param("-30.00", True, id="the other way round"),
        pytest.param(None, False, id="the marketplace does not say"),
    ],
)
def test_a_difference_to_what_the_marketplace_charged_is_a_note(extended: str | None, noted: bool) -> None:
    made = order(OrderType.SALES, line("recurring", "10", extended=extended), provisioned=D(2026, 11, 11))
    plan = plan_task(facts(made))
    assert bool(plan.notes or plan.warnings) is noted
    assert plan.is_ready


@pytest.mark.parametrize("kind", ["setup", "overuse", "handlingFee", "setupRefund"])
def test_a_one_time_charge_never_takes_the_recurring_price(kind: str) -> None:
    plan = plan_task(facts(order(OrderType.SALES, line(kind, "1", None), provisioned=D(2026, 11, 11))))
    assert plan.changes == ()
    assert codes(plan) == ["unknown_charge_type"]


def test_an_unpriced_line_that_charged_nothing_costs_nothing() -> None:
    free = line("setup", "1", None, extended="0.00")
    plan = plan_task(facts(order(OrderType.SALES, free, provisioned=D(2026, 11, 11))))
    assert written(plan) == ["1 × 0 (cost 0) from 2026-12-01 to 2026-12-31"]


def test_a_recurring_line_without_a_price_takes_the_subscriptions() -> None:
    made = order(OrderType.SALES, line("recurring", "10", None), provisioned=D(2026, 12, 1))
    assert written(plan_task(facts(made))) == ["10 × 4.5 (cost 3.6) from 2026-12-01"]


def test_the_arithmetic_is_written_when_it_is_read() -> None:
    made = order(OrderType.SALES, line("recurring", "10"), provisioned=D(2026, 11, 11))
    steps = plan_task(facts(made)).changes[1].arithmetic
    assert isinstance(steps, ArithmeticLines)
    expected = (
        "price 4.50 × (30 − 10) ÷ 30 = 3.00",
        "cost 3.60 × (30 − 10) ÷ 30 = 2.40",
        "10 × 3.00 = 30.00",
    )
    assert steps == expected
    assert hash(steps) == hash(expected)
    assert (steps[0], steps[1:], len(steps), repr(steps)) == (expected[0], expected[1:], 3, repr(expected))


def test_usage_has_the_unit_cost_only_where_it_recurs() -> None:
    used = subscription("1", model=BillingModel.EXTERNAL_RATING)
    made = order(
        OrderType.UNKNOWN, line("recurring", "1", "12.00"), line("billRecord", "2", "7"), created=D(2026, 12, 1)
    )
    assert written(plan_task(facts(made, used))) == [
        "1 × 12 (cost 3.6) from 2026-12-01 to 2026-12-31",
        "2 × 7 (cost 7) from 2026-12-01 to 2026-12-31",
    ]


def test_a_held_product_without_a_price_waits_for_a_person() -> None:
    held = subscription()
    unpriced = replace(held, products=(replace(held.products[0], unit_price=None),))
    assert codes(plan_task(facts(None, unpriced))) == ["unknown_charge_type"]
