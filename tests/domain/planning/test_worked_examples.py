"""examples.md, line by line.

Rules: examples.md#example-4, examples.md#example-5, examples.md#example-8, examples.md#example-9,
examples.md#example-10, examples.md#example-11.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cwtui.domain.marketplace import BillingModel, OrderType, SubscriptionStatus
from cwtui.domain.planning import PlanningFacts, plan_task
from tests.domain.planning.situations import (
    AGREEMENT,
    facts,
    line,
    next_invoice,
    order,
    standing,
    subscription,
    written,
)

D = date

EXAMPLES = [
    pytest.param(
        facts(
            order(OrderType.SALES, line("recurring", "10"), line("setup", "1", "25.00"), provisioned=D(2026, 11, 11))
        ),
        [
            "10 × 4.5 (cost 3.6) from 2026-12-01",
            "10 × 3 (cost 2.4) from 2026-12-01 to 2026-12-31",
            "1 × 25 (cost 25) from 2026-12-01 to 2026-12-31",
        ],
        id="10.1: a sale of 10 seats with a setup fee",
    ),
    pytest.param(
        facts(
            order(OrderType.CHANGE, line("recurring", "5"), provisioned=D(2026, 11, 21)),
            subscription("15"),
            links=(standing("10", D(2026, 12, 1)),),
        ),
        [
            "delete 10",
            "15 × 4.5 (cost 3.6) from 2026-12-01",
            "5 × 1.5 (cost 1.2) from 2026-12-01 to 2026-12-31",
        ],
        id="10.2: then a change to 15 seats",
    ),
    pytest.param(
        facts(
            order(OrderType.CHANGE, line("recurring", "-3"), provisioned=D(2026, 12, 5)),
            subscription("12"),
            agreement=next_invoice(D(2027, 1, 1)),
            links=(standing("15", D(2026, 12, 1)),),
        ),
        ["end 15 on 2026-12-31", "12 × 4.5 (cost 3.6) from 2027-01-01"],
        id="10.3: a downgrade from 15 to 12 without a credit line",
    ),
    pytest.param(
        facts(
            order(OrderType.CANCELLATION, provisioned=D(2027, 1, 20)),
            subscription("12"),
            agreement=next_invoice(D(2027, 2, 1)),
            links=(standing("12", D(2027, 1, 1)),),
        ),
        ["end 12 on 2027-01-20"],
        id="10.4: a cancellation of what is billed",
    ),
    pytest.param(
        facts(
            order(OrderType.CANCELLATION, provisioned=D(2027, 1, 20)),
            subscription("12"),
            agreement=next_invoice(D(2027, 1, 1)),
            links=(standing("12", D(2027, 1, 1)),),
        ),
        ["delete 12"],
        id="10.4: a cancellation of what is not billed",
    ),
    pytest.param(
        facts(
            order(
                OrderType.UNKNOWN,
                line("recurring", "1", "12.00"),
                line("overuse", "30", "0.08"),
                created=D(2026, 12, 1),
            ),
            replace(subscription("1", model=BillingModel.AFTER_BILLING_PERIOD), products=()),
        ),
        [
            "1 × 12 (cost 12) from 2026-12-01 to 2026-12-31",
            "30 × 0.08 (cost 0.08) from 2026-12-01 to 2026-12-31",
        ],
        id="10.5: a billing order of a usage-based subscription",
    ),
    pytest.param(
        facts(
            order(OrderType.CHANGE, line("recurring", "5"), provisioned=D(2026, 11, 21)),
            subscription("15"),
            agreement=replace(AGREEMENT, prorates=True),
            links=(standing("10", D(2026, 11, 11)),),
        ),
        ["end 10 on 2026-11-20", "15 × 4.5 (cost 3.6) from 2026-11-21"],
        id="10.6: the change of 10.2 on an agreement that prorates by itself",
    ),
    pytest.param(
        facts(
            order(
                OrderType.UNKNOWN,
                line("overuse", "50000000", "0.000001", extended="50.00"),
                line("overuse", "123456", "0.00345", extended="425.92"),
                created=D(2026, 12, 1),
            ),
            replace(subscription("1", model=BillingModel.AFTER_BILLING_PERIOD), products=()),
        ),
        [
            "1 × 50 (cost 50) from 2026-12-01 to 2026-12-31",
            "1 × 425.92 (cost 425.92) from 2026-12-01 to 2026-12-31",
        ],
        id="10.8: usage at a price of many decimals",
    ),
    pytest.param(
        facts(
            order(
                OrderType.CANCELLATION,
                line("recurringRefund", "12", extended="-20.90"),
                provisioned=D(2027, 1, 20),
            ),
            replace(subscription("12", expiration=D(2027, 6, 30)), status=SubscriptionStatus.TERMINATED),
            agreement=next_invoice(D(2027, 2, 1)),
            links=(standing("12", D(2027, 1, 1)),),
        ),
        ["end 12 on 2027-01-20", "1 × -20.9 (cost -16.72) from 2027-02-01 to 2027-02-28"],
        id="10.9: a cancellation with a refund, paid until June",
    ),
    pytest.param(
        facts(
            order(OrderType.CHANGE, line("renew", "6", extended="27.00"), provisioned=D(2026, 12, 5)),
            subscription("6"),
            agreement=next_invoice(D(2027, 1, 1)),
            links=(standing("10", D(2026, 12, 1)),),
        ),
        ["end 10 on 2026-12-31", "6 × 4.5 (cost 3.6) from 2027-01-01"],
        id="10.10: a change with a renew line",
    ),
    pytest.param(
        facts(
            order(OrderType.SALES, line("recurring", "10", "0.00", extended="0.00"), provisioned=D(2026, 11, 11)),
            subscription("10"),
        ),
        ["10 × 4.5 (cost 3.6) from 2026-12-01"],
        id="10.11: a sale whose first month is free",
    ),
]


@pytest.mark.parametrize(("situation", "expected"), EXAMPLES)
def test_worked_example(situation: PlanningFacts, expected: list[str]) -> None:
    plan = plan_task(situation)
    assert plan.problems == ()
    assert written(plan) == expected


def test_the_sale_shows_its_arithmetic_and_its_days() -> None:
    plan = plan_task(EXAMPLES[0].values[0])  # type: ignore[arg-type]
    part = plan.changes[1]
    assert part.after is not None
    assert part.after.description == "Exchange Online (Plan 1) - prorated 11 Nov 2026 to 30 Nov 2026"
    assert "price 4.50 × (30 − 10) ÷ 30 = 3.00" in part.arithmetic
    assert plan.changes[2].after is not None
    assert plan.changes[2].after.description == "Exchange Online (Plan 1) - setup fee"


def test_the_unbilled_cancellation_warns() -> None:
    plan = plan_task(EXAMPLES[4].values[0])  # type: ignore[arg-type]
    assert any("before the cancel date 2027-01-20" in warning for warning in plan.warnings)


def test_a_free_start_warns() -> None:
    plan = plan_task(EXAMPLES[-1].values[0])  # type: ignore[arg-type]
    assert plan.warnings == (
        "Exchange Online (Plan 1): the order's price is 0, the subscription's 4.50."
        " 11 Nov 2026 to 30 Nov 2026 is free. From 1 Dec 2026 the subscription's price is billed.",
    )


def test_a_total_names_quantity_and_rate() -> None:
    plan = plan_task(EXAMPLES[7].values[0])  # type: ignore[arg-type]
    texts = [change.after.description for change in plan.changes if change.after]
    assert [text.rsplit(", ", 1)[-1] for text in texts] == ["50,000,000 × 0.000001", "123,456 × 0.00345"]


def test_the_billing_order_names_the_period_it_bills() -> None:
    plan = plan_task(EXAMPLES[5].values[0])  # type: ignore[arg-type]
    descriptions = [change.after.description for change in plan.changes if change.after]
    assert [text.split(" - ")[1] for text in descriptions] == [
        "usage 1 Nov 2026 to 30 Nov 2026",
        "overuse 1 Nov 2026 to 30 Nov 2026",
    ]
