"""plans.md#renewal-order, renewal_order: nothing, unless the quantity or the price moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from cwtui.domain.mappings import Link
from cwtui.domain.marketplace import BillingModel, OrderLine, OrderType
from cwtui.domain.planning import PlanningRules, plan_task
from tests.domain.planning.situations import codes, eur, facts, line, order, standing, subscription, written

D = date
TEN = standing("10", D(2026, 11, 1))
END = "end 10 on 2026-11-30"
TWO_PRICES = (standing("6", D(2026, 11, 1)), standing("4", D(2026, 11, 1), addition=91, price="3.00"))


@pytest.mark.parametrize(
    ("lines", "to", "links", "expected"),
    [
        pytest.param([line("renew", "10")], "10", (TEN,), [], id="nothing moved"),
        pytest.param([line("recurring", "10")], "10", (TEN,), [], id="a recurring line renews too"),
        pytest.param([line("renew", "4"), line("renew", "6")], "10", (TEN,), [], id="the lines' quantity is the total"),
        pytest.param([line("renew", "12")], "12", (TEN,), [END, "12 × 4.5 (cost 3.6) from 2026-12-01"], id="quantity"),
        pytest.param(
            [line("renew", "6"), line("renew", "4", "3.00")], "10", TWO_PRICES, [], id="two prices, as they stand"
        ),
        pytest.param(
            [line("setup", "1", "9.00"), line("renew", "10")],
            "10",
            (TEN,),
            ["1 × 9 (cost 9) from 2026-12-01 to 2026-12-31"],
            id="other charges: once",
        ),
    ],
)
def test_a_renewal(lines: list[OrderLine], to: str, links: tuple[Link, ...], expected: list[str]) -> None:
    plan = plan_task(
        facts(order(OrderType.RENEWAL, *lines, provisioned=D(2026, 11, 21)), subscription(to), links=links)
    )
    assert plan.problems == ()
    assert written(plan) == expected


def test_a_new_price_is_a_change_without_proration() -> None:
    made = order(OrderType.RENEWAL, line("renew", "10", "5.00"), provisioned=D(2026, 11, 21))
    plan = plan_task(facts(made, subscription("10", price="5.00"), links=(TEN,)))
    assert written(plan) == [END, "10 × 5 (cost 3.6) from 2026-12-01"]


def test_the_newest_renewal_follows_the_subscription() -> None:
    made = order(OrderType.RENEWAL, line("renew", "10"), provisioned=D(2026, 11, 21))
    plan = plan_task(facts(made, subscription("11"), links=(TEN,)))
    assert written(plan) == [END, "11 × 4.5 (cost 3.6) from 2026-12-01"]
    assert "holds 11 now; 11 is planned" in plan.warnings[0]
    assert written(plan_task(facts(made, subscription("11"), links=(TEN,), is_newest=False))) == []


def test_a_price_that_rounds_to_what_stands_has_not_moved() -> None:
    held = subscription("10")
    fine = replace(held, products=(replace(held.products[0], unit_price=eur("4.500049")),))
    made = order(OrderType.RENEWAL, line("renew", "10"), provisioned=D(2026, 11, 21))
    assert written(plan_task(facts(made, fine, links=(TEN,)))) == []


@pytest.mark.parametrize(
    ("lines", "links", "model", "expected"),
    [
        pytest.param([line("renew", "10")], (), BillingModel.BEFORE_BILLING_PERIOD, ["link_missing"], id="no link"),
        pytest.param(
            [line("renew", "10"), line("recurringRefund", "1")],
            (TEN,),
            BillingModel.BEFORE_BILLING_PERIOD,
            ["unknown_charge_type"],
            id="a renewal has no rule for a credit",
        ),
        pytest.param(
            [line("renew", "10")], (), BillingModel.AFTER_BILLING_PERIOD, [], id="usage-based: nothing stands"
        ),
    ],
)
def test_what_a_renewal_cannot_plan(
    lines: list[OrderLine], links: tuple[Link, ...], model: BillingModel, expected: list[str]
) -> None:
    made = order(OrderType.RENEWAL, *lines, provisioned=D(2026, 11, 21))
    plan = plan_task(facts(made, subscription("10", model=model), links=links))
    assert (codes(plan), written(plan)) == (expected, [])


def test_the_guard_watches_renewals_too() -> None:
    made = order(OrderType.RENEWAL, line("renew", "30"), provisioned=D(2026, 11, 21))
    rules = PlanningRules(max_quantity_change=Decimal(100))
    assert codes(plan_task(facts(made, subscription("30"), links=(TEN,), rules=rules))) == ["guard"]


@pytest.mark.parametrize(
    ("until", "warned"),
    [
        pytest.param((None,), [], id="goes on"),
        pytest.param((D(2027, 6, 30),), [D(2027, 6, 30)], id="a cancellation ended it on a later day"),
        pytest.param((D(2027, 6, 30), None), [], id="one of two goes on"),
    ],
)
def test_a_renewal_of_what_ends_says_so(until: tuple[date | None, ...], warned: list[date]) -> None:
    """It changes nothing, and nobody would be billed after that day (plans.md#renewal-order)."""
    share = 12 // len(until)
    links = tuple(standing(str(share), D(2026, 11, 1), addition=90 + at, until=end) for at, end in enumerate(until))
    held = sum(link.values.quantity for link in links if link.values.cancelled is None) or 12
    made = order(OrderType.RENEWAL, line("renew", str(held)), provisioned=D(2026, 11, 21))
    plan = plan_task(facts(made, subscription(str(held)), links=links))
    assert written(plan) == []
    assert [day for day in warned if any(f"ends on {day}" in text for text in plan.warnings)] == warned
    assert bool(plan.warnings) is bool(warned)
