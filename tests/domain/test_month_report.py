"""The month's report on values alone (report.md#contents-of-the-report, report.md#report-totals)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, CompanyId, CustomerId, TaskId
from cwtui.domain.month_report import (
    AgreementReport,
    BilledAmounts,
    MonthReport,
    Move,
    Reason,
    TaskMention,
    compared_periods,
    periods_of_month,
    report_of,
)
from cwtui.domain.periods import BillingCycle
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.psa import Addition, AdditionValues, Agreement, BillCustomer

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


def agreement(
    cycle: BillingCycle = BillingCycle.MONTHLY, *, first: date = date(2026, 1, 1), prorates: bool = False
) -> Agreement:
    return Agreement(
        AgreementId(101),
        "Cloud",
        CompanyId(1),
        cycle=cycle,
        bill_start=first,
        next_invoice=DECEMBER,
        prorates=prorates,
        currency="EUR",
    )


def dates(one: Agreement) -> AgreementDates:
    found = AgreementDates.of(one, date(2026, 11, 30))
    assert found is not None
    return found


def addition(
    number: int, quantity: str, price: str, cost: str, first: date, last: date | None = None, **more: object
) -> Addition:
    values = AdditionValues(
        CatalogItemId(501),
        Decimal(quantity),
        Decimal(price),
        Decimal(cost),
        first,
        last,
        bill=BillCustomer(str(more.get("bill", "Billable"))),
        description="Exchange",
    )
    return Addition(AdditionId(number), AgreementId(101), values, "EXO-P1", is_whole=bool(more.get("is_whole", True)))


def report(
    *additions: Addition, month: date | None = DECEMBER, one: Agreement | None = None, **more: object
) -> AgreementReport:
    one = one or agreement()
    reasons = more.get("reasons", {})
    assert isinstance(reasons, dict)
    return report_of(one, dates(one), additions, month, customers={}, company_name="Green Lane", reasons=reasons)


@pytest.mark.parametrize(
    ("cycle", "first", "month", "starts"),
    [
        pytest.param(BillingCycle.MONTHLY, date(2026, 1, 1), DECEMBER, ["2026-12-01"], id="monthly: its own month"),
        pytest.param(BillingCycle.MONTHLY, date(2026, 1, 15), DECEMBER, ["2026-12-15"], id="monthly from the 15th"),
        pytest.param(BillingCycle.MONTHLY, date(2026, 1, 31), date(2027, 2, 1), ["2027-02-28"], id="from the 31st"),
        pytest.param(BillingCycle.QUARTERLY, date(2026, 1, 1), DECEMBER, [], id="quarterly: not in December"),
        pytest.param(BillingCycle.QUARTERLY, date(2026, 1, 1), date(2026, 10, 1), ["2026-10-01"], id="in October"),
        pytest.param(
            BillingCycle.WEEKLY,
            date(2026, 1, 5),
            NOVEMBER,
            ["2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23", "2026-11-30"],
            id="weekly: five Mondays",
        ),
    ],
)
def test_the_periods_that_begin_in_a_month(cycle: BillingCycle, first: date, month: date, starts: list[str]) -> None:
    found = periods_of_month(dates(agreement(cycle, first=first)), month)
    assert [str(period.start) for period in found] == starts


def test_the_next_invoice_is_compared_with_the_period_before_it() -> None:
    (now,), (before,) = compared_periods(dates(agreement()), None)
    assert (now.start, before.start) == (DECEMBER, NOVEMBER)


@pytest.mark.parametrize(
    ("additions", "billed", "cost", "before", "moves"),
    [
        pytest.param([("10", "4.50", "3.60", NOVEMBER, None)], "45.00", "36.00", "45.00", [Move.SAME], id="it stands"),
        pytest.param([("10", "4.50", "3.60", DECEMBER, None)], "45.00", "36.00", "0", [Move.NEW], id="it is new"),
        pytest.param(
            [("10", "4.50", "3.60", NOVEMBER, date(2026, 11, 30))],
            "0",
            "0",
            "45.00",
            [Move.ENDED],
            id="it ended",
        ),
        pytest.param(
            [("10", "4.50", "3.60", NOVEMBER, date(2026, 11, 30)), ("15", "4.50", "3.60", DECEMBER, None)],
            "67.50",
            "54.00",
            "45.00",
            [Move.ENDED, Move.NEW],
            id="10 gave way to 15",
        ),
        pytest.param(
            [("3", "0.3333", "0.1111", DECEMBER, date(2026, 12, 31))],
            "1.00",
            "0.33",
            "0",
            [Move.NEW],
            id="by line",
        ),
        pytest.param(
            [("1", "-20.90", "0", DECEMBER, date(2026, 12, 31))], "-20.90", "0", "0", [Move.NEW], id="a credit"
        ),
    ],
)
def test_what_a_month_bills(
    additions: list[tuple[str, str, str, date, date | None]], billed: str, cost: str, before: str, moves: list[Move]
) -> None:
    found = report(*(addition(number, *one) for number, one in enumerate(additions, 1)))
    assert found.now == BilledAmounts(Decimal(billed), Decimal(cost))
    assert found.before.price == Decimal(before)
    assert [line.move for line in found.lines] == moves
    assert found.now.margin == Decimal(billed) - Decimal(cost)


def test_what_is_not_billed_to_the_customer_counts_nothing() -> None:
    assert report(addition(1, "10", "4.50", "3.60", NOVEMBER, bill="DoNotBill")).lines == ()


def test_what_connectwise_does_not_name_whole_is_named_and_not_counted() -> None:
    found = report(addition(1, "10", "4.50", "3.60", NOVEMBER, is_whole=False), addition(2, "1", "2", "1", NOVEMBER))
    assert (found.unreadable, found.now.price) == ((1,), Decimal("2.00"))


def test_a_part_of_a_period_is_billed_by_days_where_connectwise_prorates() -> None:
    found = report(addition(1, "10", "3.10", "0", date(2026, 12, 17)), one=agreement(prorates=True))
    assert (found.now.price, found.is_prorated) == (Decimal("15.00"), True)


def test_a_line_names_who_wrote_it_and_why() -> None:
    why = Reason(datetime(2026, 11, 23, tzinfo=UTC), "create", "SO-1", "sales order", ("4.50 × 10",), "ann@desk")
    (line,) = report(addition(1, "10", "4.50", "3.60", DECEMBER), reasons={AdditionId(1): (why,)}).lines
    assert line.reasons == (why,)


@given(
    st.lists(
        st.tuples(
            st.decimals(0, 10_000, places=3),
            st.decimals(-500, 500, places=4),
            st.decimals(0, 500, places=4),
            st.dates(date(2026, 1, 1), date(2027, 3, 1)),
            st.integers(-1, 90),
            st.sampled_from(["EUR", "USD", ""]),
        ),
        max_size=12,
    )
)
def test_totals_are_the_sum_of_the_lines_to_the_cent(
    rows: list[tuple[Decimal, Decimal, Decimal, date, int, str]],
) -> None:
    found = []
    for number, (quantity, price, cost, first, days, currency) in enumerate(rows, 1):
        last = None if days < 0 else first + timedelta(days=days)
        one = report(addition(number, str(quantity), str(price), str(cost), first, last))
        found.append(replace(one, currency=currency))
    whole = MonthReport(DECEMBER, date(2026, 11, 23), tuple(found))
    lines = [line.now for one in found for line in one.lines]
    assert sum(now.price for now, _ in whole.totals.values()) == sum(line.price for line in lines)
    assert sum(now.margin for now, _ in whole.totals.values()) == sum(line.price - line.cost for line in lines)
    assert all(amount == amount.quantize(Decimal("0.01")) for line in lines for amount in (line.price, line.cost))


@pytest.mark.parametrize(
    ("warned", "waiting", "needs"),
    [("", False, True), ("ann, 2026-11-24", False, False), ("ann, 2026-11-24", True, True)],
    ids=["a warning nobody accepted", "an accepted warning", "a task that waits"],
)
def test_a_person_is_needed(warned: str, waiting: bool, needs: bool) -> None:
    one = TaskMention(TaskId("1"), CustomerId("1"), "Green Lane", "Mail", "SO-1", "synced", ("it differs",), warned)
    found = MonthReport(None, DECEMBER, warned=(one,), waiting=(one,) if waiting else ())
    assert found.needs_person is needs
