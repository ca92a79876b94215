"""plans.md#billing-period, billing period: P(d) for every cycle and anchor."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwtui.domain.ids import AgreementId, CompanyId
from cwtui.domain.periods import BillingCalendar, BillingCycle, add_months, span_text
from cwtui.domain.psa import Agreement, Invoice, billed_through

C = BillingCycle
D = date
CYCLES = [cycle for cycle in BillingCycle if cycle is not C.NOT_RECURRING]


@pytest.mark.parametrize(
    ("cycle", "anchor", "day", "start", "end"),
    [
        pytest.param(C.WEEKLY, D(2026, 1, 1), D(2026, 1, 7), D(2026, 1, 1), D(2026, 1, 7), id="weekly: 7 days"),
        pytest.param(C.WEEKLY, D(2026, 1, 1), D(2025, 12, 31), D(2025, 12, 25), D(2025, 12, 31), id="before anchor"),
        pytest.param(C.BI_WEEKLY, D(2026, 1, 1), D(2026, 1, 15), D(2026, 1, 15), D(2026, 1, 28), id="biweekly: 14"),
        pytest.param(C.MONTHLY, D(2026, 1, 15), D(2026, 2, 14), D(2026, 1, 15), D(2026, 2, 14), id="monthly from 15th"),
        pytest.param(
            C.MONTHLY, D(2026, 1, 31), D(2026, 2, 28), D(2026, 2, 28), D(2026, 3, 30), id="31st lands on 28 Feb"
        ),
        pytest.param(
            C.MONTHLY, D(2026, 1, 31), D(2026, 3, 31), D(2026, 3, 31), D(2026, 4, 29), id="returns to the 31st"
        ),
        pytest.param(C.MONTHLY, D(2024, 1, 30), D(2024, 2, 29), D(2024, 2, 29), D(2024, 3, 29), id="30th, leap year"),
        pytest.param(C.BI_MONTHLY, D(2026, 1, 1), D(2026, 4, 30), D(2026, 3, 1), D(2026, 4, 30), id="2 months"),
        pytest.param(
            C.QUARTERLY, D(2025, 11, 30), D(2026, 3, 1), D(2026, 2, 28), D(2026, 5, 29), id="quarter from 30 Nov"
        ),
        pytest.param(C.SEMI_ANNUAL, D(2026, 1, 1), D(2026, 7, 1), D(2026, 7, 1), D(2026, 12, 31), id="half a year"),
        pytest.param(C.YEARLY, D(2024, 2, 29), D(2027, 2, 28), D(2027, 2, 28), D(2028, 2, 28), id="year from 29 Feb"),
        pytest.param(C.YEARLY, D(2024, 2, 29), D(2028, 2, 29), D(2028, 2, 29), D(2029, 2, 27), id="back to 29 Feb"),
    ],
)
def test_period_of(cycle: BillingCycle, anchor: date, day: date, start: date, end: date) -> None:
    period = BillingCalendar(cycle, anchor).period_of(day)
    assert (period.start, period.end) == (start, end)


@given(
    cycle=st.sampled_from(CYCLES),
    anchor=st.dates(D(2015, 1, 1), D(2035, 12, 31)),
    day=st.dates(D(2000, 1, 1), D(2050, 12, 31)),
)
@settings(max_examples=300)
def test_periods_tile_the_calendar(cycle: BillingCycle, anchor: date, day: date) -> None:
    calendar = BillingCalendar(cycle, anchor)
    period = calendar.period_of(day)
    assert day in period
    assert period.days >= 1
    assert calendar.period_of(period.start) == calendar.period_of(period.end) == period
    following = calendar.next_period(period)
    assert following.start == period.end + timedelta(days=1)
    assert calendar.period_of(period.start - timedelta(days=1)).end == period.start - timedelta(days=1)
    assert calendar.period_of(anchor).start == anchor
    first = calendar.first_start_from(day)
    assert first == (day if day == period.start else following.start)


@given(anchor=st.dates(D(2000, 1, 1), D(2040, 1, 1)), months=st.integers(-200, 200))
def test_a_month_step_keeps_the_day_or_lands_on_the_months_last(anchor: date, months: int) -> None:
    stepped = add_months(anchor, months)
    assert stepped.day == anchor.day or (
        stepped.day < anchor.day and (stepped + timedelta(days=1)).month != stepped.month
    )


def agreement(**changes: object) -> Agreement:
    values: dict[str, object] = {
        "cycle": C.MONTHLY,
        "start": D(2026, 2, 10),
        "bill_start": D(2026, 3, 15),
    }
    return Agreement(AgreementId(7), "A", CompanyId(3), **(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "anchor"),
    [
        pytest.param({}, D(2026, 3, 15), id="ContractYear: billStartDate"),
        pytest.param({"bill_start": None}, D(2026, 2, 10), id="ContractYear: else startDate"),
        pytest.param({"is_calendar_year": True}, D(2026, 1, 1), id="CalendarYear: 1 January of its year"),
        pytest.param({"is_calendar_year": True, "cycle": C.WEEKLY}, D(2026, 1, 1), id="CalendarYear, weekly"),
    ],
)
def test_anchor(changes: dict[str, object], anchor: date) -> None:
    calendar = agreement(**changes).calendar()
    assert calendar is not None
    assert calendar.anchor == anchor


def test_a_calendar_year_of_weeks_does_not_start_anew_each_year() -> None:
    calendar = agreement(is_calendar_year=True, cycle=C.WEEKLY).calendar()
    assert calendar is not None
    assert calendar.period_of(D(2027, 1, 1)).start == D(2026, 12, 31)


@pytest.mark.parametrize(
    ("changes", "invoice", "expected"),
    [
        pytest.param(
            {"next_invoice": D(2026, 12, 1)}, D(2026, 12, 20), D(2026, 11, 30), id="the day before nextInvoiceDate"
        ),
        pytest.param({}, D(2026, 5, 20), D(2026, 6, 14), id="else the end of P(latest invoice)"),
        pytest.param({}, None, D(2026, 3, 14), id="else the day before billStartDate"),
        pytest.param({"bill_start": None}, None, D(2026, 2, 9), id="else the day before startDate"),
        pytest.param({"bill_start": None, "start": None}, None, None, id="no date at all"),
    ],
)
def test_billed_through(changes: dict[str, object], invoice: date | None, expected: date | None) -> None:
    held = agreement(**changes)
    assert billed_through(held, Invoice(1, held.id, invoice) if invoice else None) == expected


def test_an_agreement_that_does_not_recur_has_no_periods() -> None:
    assert agreement(cycle=C.NOT_RECURRING).calendar() is None
    assert not agreement(cycle=C.NOT_RECURRING).bills_periods
    with pytest.raises(ValueError, match="does not recur"):
        BillingCalendar(C.NOT_RECURRING, D(2026, 1, 1))


def test_days_are_written_as_the_spec_writes_them() -> None:
    assert span_text(D(2026, 11, 21), D(2026, 11, 30)) == "21 Nov 2026 to 30 Nov 2026"
