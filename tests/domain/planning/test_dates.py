"""plans.md#effective-date: e, s and f, the days an addition is dated.

Rules: plans.md#billed-through, plans.md#what-connectwise-refuses, plans.md#standing-start, plans.md#one-time-period.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwtui.domain.ids import AgreementId, CompanyId
from cwtui.domain.periods import ONE_DAY, BillingCycle
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.psa import Agreement, billed_through
from tests.domain.planning.situations import AGREEMENT, next_invoice

D = date
CALENDAR_YEAR = replace(AGREEMENT, is_calendar_year=True, bill_start=D(2026, 3, 15), next_invoice=None)


def dates_of(agreement: Agreement) -> AgreementDates:
    found = AgreementDates.of(agreement, billed_through(agreement, None))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("agreement", "today", "expected"),
    [
        pytest.param(next_invoice(D(2026, 11, 1)), D(2026, 11, 23), D(2026, 11, 1), id="P(today).start if unbilled"),
        pytest.param(AGREEMENT, D(2026, 11, 23), D(2026, 12, 1), id="else the first unbilled period start"),
        pytest.param(next_invoice(D(2026, 12, 15)), D(2026, 12, 20), D(2027, 1, 1), id="billed into the period"),
        pytest.param(CALENDAR_YEAR, D(2026, 3, 20), D(2026, 4, 1), id="a period that begins before billStartDate"),
        pytest.param(replace(CALENDAR_YEAR, prorates=True), D(2026, 3, 20), D(2026, 4, 1), id="the same, prorating"),
        pytest.param(next_invoice(D(2026, 9, 1)), D(2026, 11, 23), D(2026, 11, 1), id="invoices are behind"),
    ],
)
def test_effective_of_an_initial_task(agreement: Agreement, today: date, expected: date) -> None:
    assert dates_of(agreement).initial_effective(today) == expected


@pytest.mark.parametrize(
    ("agreement", "effective", "expected"),
    [
        pytest.param(AGREEMENT, D(2026, 11, 11), D(2026, 12, 1), id="first period start that is not billed"),
        pytest.param(AGREEMENT, D(2026, 12, 1), D(2026, 12, 1), id="e is a period start"),
        pytest.param(AGREEMENT, D(2026, 12, 2), D(2027, 1, 1), id="first period start on or after e"),
        pytest.param(next_invoice(D(2026, 12, 15)), D(2026, 11, 11), D(2027, 1, 1), id="not before nextInvoiceDate"),
        pytest.param(CALENDAR_YEAR, D(2026, 3, 3), D(2026, 4, 1), id="not before billStartDate"),
        pytest.param(replace(AGREEMENT, prorates=True), D(2026, 11, 11), D(2026, 11, 11), id="prorating: e"),
        pytest.param(
            replace(CALENDAR_YEAR, prorates=True), D(2026, 3, 3), D(2026, 3, 15), id="prorating: billStartDate if later"
        ),
    ],
)
def test_where_a_standing_addition_starts(agreement: Agreement, effective: date, expected: date) -> None:
    assert dates_of(agreement).standing_start(effective) == expected


@pytest.mark.parametrize(
    ("agreement", "effective", "first", "last"),
    [
        pytest.param(AGREEMENT, D(2026, 11, 11), D(2026, 12, 1), D(2026, 12, 31), id="P(billed-through + 1 day)"),
        pytest.param(AGREEMENT, D(2027, 2, 11), D(2027, 2, 1), D(2027, 2, 28), id="P(e)"),
        pytest.param(CALENDAR_YEAR, D(2026, 1, 5), D(2026, 3, 15), D(2026, 3, 31), id="not before billStartDate"),
        pytest.param(
            replace(CALENDAR_YEAR, prorates=True),
            D(2026, 1, 5),
            D(2026, 4, 1),
            D(2026, 4, 30),
            id="prorating: a whole period, or only a part of it were billed",
        ),
        pytest.param(
            next_invoice(D(2026, 12, 15)), D(2026, 11, 1), D(2026, 12, 15), D(2026, 12, 31), id="no billed day"
        ),
    ],
)
def test_where_one_time_additions_go(agreement: Agreement, effective: date, first: date, last: date) -> None:
    period = dates_of(agreement).one_time_period(effective)
    assert (period.start, period.end) == (first, last)


DAYS = st.dates(D(2024, 1, 1), D(2028, 12, 31))


@given(
    cycle=st.sampled_from([cycle for cycle in BillingCycle if cycle is not BillingCycle.NOT_RECURRING]),
    bill_start=DAYS,
    following=st.none() | DAYS,
    effective=DAYS,
    today=DAYS,
    is_calendar_year=st.booleans(),
    prorates=st.booleans(),
)
@settings(max_examples=400)
def test_no_date_is_one_that_connectwise_refuses(
    cycle: BillingCycle,
    bill_start: date,
    following: date | None,
    effective: date,
    today: date,
    is_calendar_year: bool,
    prorates: bool,
) -> None:
    agreement = Agreement(
        AgreementId(7),
        "A",
        CompanyId(3),
        cycle=cycle,
        bill_start=bill_start,
        next_invoice=following,
        is_calendar_year=is_calendar_year,
        prorates=prorates,
    )
    dates = dates_of(agreement)
    start, once = dates.standing_start(effective), dates.one_time_period(effective)
    initial = dates.initial_effective(today)
    for dated in (start, once.start, initial):
        assert dated >= bill_start
        assert prorates or not dates.is_billed(dated)
    assert start >= effective
    assert once.start <= once.end
    assert once.end == dates.calendar.period_of(once.end).end
    assert not dates.is_billed(once.end)
    assert initial == dates.calendar.period_of(initial).start
    if not prorates:
        assert start == dates.calendar.period_of(start).start
        earlier = dates.calendar.period_of(start - ONE_DAY).start
        assert earlier < effective or earlier < bill_start or dates.is_billed(earlier)
    else:
        assert once == dates.calendar.period_of(once.end)
