"""Billing periods: which days an agreement bills together (plans.md#billing-period)."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from cwtui.domain.lazily import dataclass

ONE_DAY = timedelta(days=1)
_SHORT_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_REMEMBERED = 8192
"""Periods and spans kept: ten thousand plans of one day ask for a few hundred of them."""


class BillingCycle(StrEnum):
    """ConnectWise's `billingOptions`; `NotRecurring` bills nothing."""

    WEEKLY = "Weekly"
    BI_WEEKLY = "BiWeekly"
    MONTHLY = "Monthly"
    BI_MONTHLY = "BiMonthly"
    QUARTERLY = "Quarterly"
    SEMI_ANNUAL = "SemiAnnual"
    YEARLY = "Yearly"
    NOT_RECURRING = "NotRecurring"


_DAYS = {BillingCycle.WEEKLY: 7, BillingCycle.BI_WEEKLY: 14}
_MONTHS = {
    BillingCycle.MONTHLY: 1,
    BillingCycle.BI_MONTHLY: 2,
    BillingCycle.QUARTERLY: 3,
    BillingCycle.SEMI_ANNUAL: 6,
    BillingCycle.YEARLY: 12,
}


@dataclass(frozen=True, slots=True)
class BillingPeriod:
    """One billing period of an agreement; both ends are billed days (plans.md#billing-period)."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """N of the prorated price."""
        return (self.end - self.start).days + 1

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end


@dataclass(frozen=True, slots=True)
class BillingCalendar:
    """The endless row of billing periods of one agreement.

    Attributes:
        cycle: Not `NOT_RECURRING`.
        anchor: A day on which a period starts: `billStartDate` (else `startDate`) for `ContractYear`,
            1 January of its year for `CalendarYear` (plans.md#billing-period).
    """

    cycle: BillingCycle
    anchor: date

    def __post_init__(self) -> None:
        if self.cycle is BillingCycle.NOT_RECURRING:
            raise ValueError("an agreement that does not recur has no billing periods")

    def period_of(self, day: date) -> BillingPeriod:
        """P(day): the billing period that contains `day`."""
        return _period_of(self.cycle, self.anchor, day)

    def first_start_from(self, day: date) -> date:
        """The first period start on or after `day`."""
        period = self.period_of(day)
        return period.start if period.start == day else period.end + ONE_DAY

    def next_period(self, period: BillingPeriod) -> BillingPeriod:
        """The period that follows `period`."""
        return self.period_of(period.end + ONE_DAY)


@lru_cache(_REMEMBERED)
def _period_of(cycle: BillingCycle, anchor: date, day: date) -> BillingPeriod:
    if days := _DAYS.get(cycle):
        start = anchor + timedelta(days=(day - anchor).days // days * days)
        return BillingPeriod(start, start + timedelta(days=days - 1))
    months = _MONTHS[cycle]
    step = ((day.year - anchor.year) * 12 + day.month - anchor.month) // months
    start = add_months(anchor, step * months)
    if start > day:  # the anchor's day comes later in this month
        step -= 1
        start = add_months(anchor, step * months)
    return BillingPeriod(start, add_months(anchor, (step + 1) * months) - ONE_DAY)


def add_months(anchor: date, months: int) -> date:
    """Step from the anchor itself, so that the 31st lands on a month's last day and returns.

    Rule: plans.md#billing-period.
    """
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return date(year, month + 1, min(anchor.day, calendar.monthrange(year, month + 1)[1]))


def day_text(day: date) -> str:
    """A day as invoices show it: `21 Nov 2026`, whatever the machine's locale."""
    return f"{day.day} {_SHORT_MONTHS[day.month - 1]} {day.year}"


@lru_cache(_REMEMBERED)
def span_text(start: date, end: date) -> str:
    """`21 Nov 2026 to 30 Nov 2026`."""
    return f"{day_text(start)} to {day_text(end)}"
