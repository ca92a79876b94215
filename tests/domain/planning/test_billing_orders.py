"""plans.md#billing-order, billing_order, and 4.5: what was used is billed once.

Rules: check.md#billed-before-the-period, plans.md#usage-based-subscriptions.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cwtui.domain.marketplace import BillingModel, OrderLine, OrderType
from cwtui.domain.periods import BillingCycle
from cwtui.domain.planning import plan_task
from tests.domain.planning.situations import (
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
M = BillingModel
RECURRING, OVERUSE, RECORD = (
    line("recurring", "1", "12.00"),
    line("overuse", "30", "0.08"),
    line("billRecord", "2", "3"),
)


@pytest.mark.parametrize(
    ("model", "lines", "expected"),
    [
        pytest.param(
            M.AFTER_BILLING_PERIOD, [RECURRING, OVERUSE, RECORD], ["1 × 12", "30 × 0.08", "2 × 3"], id="after"
        ),
        pytest.param(M.EXTERNAL_RATING, [RECURRING], ["1 × 12"], id="external rating"),
        pytest.param(M.UNKNOWN, [RECURRING, RECORD], ["1 × 12", "2 × 3"], id="a model nobody knows, nothing stands"),
        pytest.param(M.BEFORE_BILLING_PERIOD, [RECURRING, OVERUSE], ["30 × 0.08"], id="ahead: overuse only"),
        pytest.param(
            M.BEFORE_SUBSCRIPTION_PERIOD, [RECURRING, OVERUSE], ["30 × 0.08"], id="ahead of the subscription's"
        ),
        pytest.param(M.BEFORE_BILLING_PERIOD, [RECURRING], [], id="ahead: nothing to write"),
        pytest.param(M.AFTER_BILLING_PERIOD, [OVERUSE, OVERUSE], ["60 × 0.08"], id="added up"),
        pytest.param(M.AFTER_BILLING_PERIOD, [line("recurring", "-3", "2.00")], ["3 × -2"], id="use taken back"),
        pytest.param(M.AFTER_BILLING_PERIOD, [line("discount", "1", "-2")], ["1 × -2"], id="a discount"),
        pytest.param(M.AFTER_BILLING_PERIOD, [line("setup", "1", "7.00")], ["1 × 7"], id="a setup fee"),
    ],
)
def test_lines_of_a_billing_order(model: BillingModel, lines: list[OrderLine], expected: list[str]) -> None:
    made = replace(order(OrderType.UNKNOWN, *lines, created=D(2026, 12, 1)), number="BO1")
    plan = plan_task(facts(made, subscription("1", model=model)))
    assert plan.problems == ()
    assert [row.split(" (")[0] for row in written(plan)] == expected
    assert all(row.endswith(F) for row in written(plan))


def test_what_stands_is_not_billed_by_use_as_well() -> None:
    made = order(OrderType.UNKNOWN, RECURRING, OVERUSE, created=D(2026, 12, 1))
    plan = plan_task(facts(made, subscription("1", model=M.UNKNOWN), links=(standing("1", D(2026, 11, 1)),)))
    assert [row.split(" (")[0] for row in written(plan)] == ["30 × 0.08"]
    assert "billed by the standing addition already" in plan.notes[0]


def test_what_a_subscription_billed_ahead_leaves_out_is_said() -> None:
    made = order(OrderType.UNKNOWN, RECORD, created=D(2026, 12, 1))
    made = replace(made, number="BO1")
    plan = plan_task(facts(made, subscription("1")))
    assert (written(plan), plan.is_ready) == ([], True)
    assert "a billRecord line is not carried over" in plan.warnings[0]


def test_a_credit_in_a_billing_order_waits_for_a_person() -> None:
    made = order(OrderType.UNKNOWN, line("recurringRefund", "1"), created=D(2026, 12, 1))
    plan = plan_task(facts(replace(made, number="BO1"), subscription("1", model=M.AFTER_BILLING_PERIOD)))
    assert (written(plan), codes(plan)) == ([], ["unknown_charge_type"])


@pytest.mark.parametrize(
    ("cycle", "created", "span"),
    [
        pytest.param(BillingCycle.MONTHLY, D(2026, 12, 1), "1 Nov 2026 to 30 Nov 2026", id="P(creation − 1 day)"),
        pytest.param(BillingCycle.MONTHLY, D(2026, 12, 2), "1 Dec 2026 to 31 Dec 2026", id="a day later"),
        pytest.param(BillingCycle.QUARTERLY, D(2027, 1, 1), "1 Oct 2026 to 31 Dec 2026", id="quarterly"),
    ],
)
def test_the_period_it_bills_is_named(cycle: BillingCycle, created: date, span: str) -> None:
    made = order(OrderType.UNKNOWN, RECURRING, OVERUSE, RECORD, created=created)
    agreement = next_invoice(D(2026, 12, 1), cycle=cycle)
    plan = plan_task(facts(made, subscription("1", model=M.AFTER_BILLING_PERIOD), agreement=agreement))
    name = "Exchange Online (Plan 1)"
    assert descriptions(plan) == [f"{name} - usage {span}", f"{name} - overuse {span}", f"{name} - usage {span}"]
    assert not any(change.is_standing for change in plan.changes)
