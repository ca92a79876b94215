"""plans.md#cancellation-order, cancellation_order: the standing additions end.

Rules: plans.md#credits.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.mappings import Link
from cwtui.domain.marketplace import BillingModel, OrderLine, OrderProduct, OrderType
from cwtui.domain.planning import plan_task
from cwtui.domain.psa import BillCustomer
from tests.domain.planning.situations import (
    SUBSCRIPTION,
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
FEBRUARY = next_invoice(D(2027, 2, 1))
BILLED = standing("12", D(2027, 1, 1))


@pytest.mark.parametrize(
    ("links", "expires", "expected"),
    [
        pytest.param([BILLED], None, ["end 12 on 2027-01-20"], id="billed: ends on e"),
        pytest.param([BILLED], D(2027, 1, 31), ["end 12 on 2027-01-31"], id="or on the expiration date"),
        pytest.param([BILLED], D(2027, 1, 20), ["end 12 on 2027-01-20"], id="expiring on e"),
        pytest.param([BILLED], D(2027, 1, 5), ["end 12 on 2027-01-20"], id="not if that is before e"),
        pytest.param(
            [standing("12", D(2027, 1, 25))], None, ["end 12 on 2027-01-25"], id="its own effectiveDate if later"
        ),
        pytest.param([standing("12", D(2027, 2, 1))], None, ["delete 12"], id="not billed: deleted"),
        pytest.param([standing("12", D(2026, 1, 1), until=D(2027, 1, 20))], None, [], id="it ends by then"),
        pytest.param(
            [standing("12", D(2026, 1, 1), until=D(2027, 1, 31))], None, ["end 12 on 2027-01-20"], id="it ends later"
        ),
        pytest.param(
            [standing("12", D(2026, 1, 1), until=D(2026, 12, 31)), BILLED, standing("15", D(2027, 2, 1), addition=91)],
            None,
            ["end 12 on 2027-01-20", "delete 15"],
            id="each by itself",
        ),
        pytest.param([standing("12", D(2027, 1, 25), until=D(2027, 1, 25))], None, [], id="it ends as early as it can"),
    ],
)
def test_standing_additions_end(links: list[Link], expires: date | None, expected: list[str]) -> None:
    made = order(OrderType.CANCELLATION, provisioned=D(2027, 1, 20))
    plan = plan_task(facts(made, subscription("12", expiration=expires), agreement=FEBRUARY, links=tuple(links)))
    assert plan.problems == ()
    assert written(plan) == expected


@pytest.mark.parametrize(
    ("begins", "warned"),
    [pytest.param(D(2027, 1, 1), True, id="before c"), pytest.param(D(2027, 1, 20), False, id="on c")],
)
def test_a_deleted_addition_that_began_before_is_warned_about(begins: date, warned: bool) -> None:
    made = order(OrderType.CANCELLATION, provisioned=D(2027, 1, 20))
    agreement = next_invoice(D(2027, 1, 1))
    plan = plan_task(facts(made, subscription("12"), agreement=agreement, links=(standing("12", begins),)))
    assert written(plan) == ["delete 12"]
    assert bool(plan.warnings) is warned


@pytest.mark.parametrize(
    ("closing", "expected"),
    [
        pytest.param(line("cancellation", "1", "50.00"), ["1 × 50"], id="cancellation fee"),
        pytest.param(line("overuse", "30", "0.08"), ["30 × 0.08"], id="overuse"),
        pytest.param(line("adjustment", "1", "-3.00"), ["1 × -3"], id="other"),
        pytest.param(line("recurringRefund", "12", "1.45", extended="17.40"), ["12 × -1.45"], id="credit of its total"),
        pytest.param(line("recurringRefund", "12", "4.50"), ["12 × -1.7419"], id="credit without a total: prorated"),
        pytest.param(line("setupRefund", "1", "25.00"), ["1 × -25"], id="setup refund"),
        pytest.param(
            line("recurring", "12", "-1.45", extended="-17.40"), ["12 × -1.45"], id="recurring at a negative price"
        ),
        pytest.param(line("recurring", "-12"), [], id="a line that only takes units away credits nothing"),
        pytest.param(line("recurring", "0"), [], id="no units"),
    ],
)
def test_closing_charges_are_billed_once(closing: OrderLine, expected: list[str]) -> None:
    made = order(OrderType.CANCELLATION, closing, provisioned=D(2027, 1, 20))
    plan = plan_task(facts(made, subscription("12"), agreement=FEBRUARY, links=(BILLED,)))
    assert plan.problems == ()
    assert [row.split(" (")[0] for row in written(plan)] == ["end 12 on 2027-01-20", *expected]
    assert all(row.endswith("from 2027-02-01 to 2027-02-28") for row in written(plan)[1:])


def test_descriptions() -> None:
    lines = line("cancellation", "1", "50.00"), line("recurringRefund", "12", "1.45", extended="17.40")
    made = order(OrderType.CANCELLATION, *lines, provisioned=D(2027, 1, 20))
    plan = plan_task(facts(made, subscription("12"), agreement=FEBRUARY, links=(BILLED,)))
    assert descriptions(plan) == ["Exchange Online (Plan 1) - cancellation fee", "Exchange Online (Plan 1) - credit"]


FREE, UNBILLED, CHARGED = BillCustomer.NO_CHARGE, BillCustomer.DO_NOT_BILL, BillCustomer.BILLABLE


@pytest.mark.parametrize("extended", [pytest.param("-17.40", id="its total"), pytest.param(None, id="its days")])
@pytest.mark.parametrize(
    ("bills", "expected"),
    [
        pytest.param([CHARGED], CHARGED, id="charged"),
        pytest.param([FREE], FREE, id="free"),
        pytest.param([UNBILLED], UNBILLED, id="not billed"),
        pytest.param([FREE, CHARGED], CHARGED, id="one of two is charged"),
    ],
)
def test_what_was_never_charged_is_given_back_to_nobody(
    bills: list[BillCustomer], expected: BillCustomer, extended: str | None
) -> None:
    """Rule: plans.md#credits."""
    links = [standing("12", D(2027, 1, 1), addition=90 + at) for at, _ in enumerate(bills)]
    links = [replace(link, values=replace(link.values, bill=bill)) for link, bill in zip(links, bills, strict=True)]
    lines = line("cancellation", "1", "50.00"), line("recurringRefund", "12", extended=extended)
    made = order(OrderType.CANCELLATION, *lines, provisioned=D(2027, 1, 20))
    plan = plan_task(facts(made, subscription("12"), agreement=FEBRUARY, links=tuple(links)))
    created = {change.charge: change.after.bill for change in plan.changes if change.before is None and change.after}
    assert created == {Charge.CANCELLATION: CHARGED, Charge.CREDIT: expected}
    warned = [text for text in plan.warnings if text.endswith(f"is {expected}, so is the credit.")]
    assert len(warned) == (expected is not CHARGED)


@pytest.mark.parametrize(
    ("links", "lines", "warned"),
    [
        pytest.param([BILLED], [("12", "4.50")], False, id="as many at their price"),
        pytest.param([BILLED], [("5", "4.50")], False, id="fewer"),
        pytest.param([BILLED], [("1", "54.00")], False, id="one line of the whole"),
        pytest.param(
            [standing("12", D(2027, 1, 1), price="4.33")], [("12", "4.3333")], False, id="a price that is kept"
        ),
        pytest.param([standing("10", D(2027, 1, 1))], [("12", "4.50")], True, id="more units than are billed"),
        pytest.param([standing("12", D(2027, 1, 1), price="4.25")], [("12", "4.50")], True, id="a higher price"),
        pytest.param([BILLED], [("7", "4.50"), ("7", "4.50")], True, id="two lines together"),
        pytest.param([BILLED, standing("5", D(2027, 2, 1), addition=91)], [("17", "4.50")], False, id="two additions"),
    ],
)
def test_more_than_is_billed_is_given_back_with_a_warning(
    links: list[Link], lines: list[tuple[str, str]], warned: bool
) -> None:
    """Rule: plans.md#credits."""
    refunds = [line("recurringRefund", quantity, price, extended="-20.90") for quantity, price in lines]
    made = order(OrderType.CANCELLATION, *refunds, provisioned=D(2027, 1, 20))
    plan = plan_task(facts(made, subscription("12"), agreement=FEBRUARY, links=tuple(links)))
    assert any("gives back" in text for text in plan.warnings) is warned
    assert any(change.charge is Charge.CREDIT for change in plan.changes)


def test_what_was_credited_on_a_line_that_takes_units_away_is_said() -> None:
    made = order(OrderType.CANCELLATION, line("recurring", "-12", extended="-17.40"), provisioned=D(2027, 1, 20))
    plan = plan_task(facts(made, subscription("12"), agreement=FEBRUARY, links=(BILLED,)))
    assert "charged -17.40" in plan.warnings[0]


def test_a_recurring_charge_has_no_rule_in_a_cancellation() -> None:
    made = order(OrderType.CANCELLATION, line("recurring", "12"), provisioned=D(2027, 1, 20))
    plan = plan_task(facts(made, subscription("12"), agreement=FEBRUARY, links=(BILLED,)))
    assert codes(plan) == ["unknown_charge_type"]


def test_a_product_whose_addition_is_not_known() -> None:
    held = subscription("12")
    other = replace(held.products[0], id=ProductId("PRD2"), name="Backup")
    made = order(OrderType.CANCELLATION, provisioned=D(2027, 1, 20))
    plan = plan_task(facts(made, replace(held, products=(*held.products, other)), agreement=FEBRUARY, links=(BILLED,)))
    assert [(problem.code.value, problem.target) for problem in plan.problems] == [("link_missing", "PRD2")]


def test_an_ended_subscription_lists_nothing_and_the_order_names_its_product() -> None:
    made = order(OrderType.CANCELLATION, provisioned=D(2027, 1, 20))
    named = replace(made, products=(OrderProduct(ProductId("PRD1"), "Exchange", SUBSCRIPTION),))
    held = replace(subscription("12"), products=())
    assert codes(plan_task(facts(named, held, agreement=FEBRUARY))) == ["link_missing"]
    plan = plan_task(facts(made, held, agreement=FEBRUARY))
    assert (codes(plan), len(plan.warnings)) == ([], 1)


def test_a_usage_based_subscription_has_nothing_that_could_end() -> None:
    made = order(OrderType.CANCELLATION, line("overuse", "30", "0.08"), provisioned=D(2027, 1, 20))
    plan = plan_task(facts(made, subscription("12", model=BillingModel.EXTERNAL_RATING), agreement=FEBRUARY))
    assert plan.problems == ()
    assert len(plan.changes) == 1
