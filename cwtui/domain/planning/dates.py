"""Where additions are dated: e, s and f of plans.md#effective-date, so that ConnectWise never refuses one."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from cwtui.domain.lazily import dataclass
from cwtui.domain.periods import ONE_DAY, BillingCalendar, BillingCycle, BillingPeriod
from cwtui.domain.psa import Agreement


@dataclass(frozen=True, slots=True)
class PlanDates:
    """When one task's additions are dated (plans.md#effective-date).

    Attributes:
        effective: e, the day the order takes effect.
        start: s, where a standing addition starts.
        once: f, the billing period that one-time additions fill.
        calendar: The agreement's billing periods.
        billed_through: The agreement's last billed day.
    """

    effective: date
    start: date
    once: BillingPeriod
    calendar: BillingCalendar
    billed_through: date

    def is_billed(self, effective: date) -> bool:
        """An addition that begins on this day is billed already (plans.md#billed-through)."""
        return effective <= self.billed_through


@dataclass(frozen=True, slots=True)
class AgreementDates:
    """The dates of one agreement that planning counts with.

    Attributes:
        calendar: Its billing periods.
        billed_through: Its last billed day.
        first_billable: `billStartDate`, else `startDate`; nothing may be dated earlier.
    """

    calendar: BillingCalendar
    billed_through: date
    first_billable: date
    prorates: bool

    @classmethod
    def of(cls, agreement: Agreement, billed_through: date | None) -> AgreementDates | None:
        """The dates of an agreement, or None for one that bills nothing."""
        calendar, first = agreement.calendar(), agreement.first_billable
        if calendar is None or first is None or billed_through is None:
            return None
        return cls(calendar, billed_through, first, agreement.prorates)

    @property
    def first_open_day(self) -> date:
        """The first day that is neither billed nor before the agreement bills at all."""
        return max(self.billed_through + ONE_DAY, self.first_billable)

    def is_billed(self, effective: date) -> bool:
        """An addition that begins on this day is billed already (plans.md#billed-through)."""
        return effective <= self.billed_through

    def initial_effective(self, today: date) -> date:
        """Take e of an `initial` task: this period's start if unbilled, else the first unbilled one.

        Rule: plans.md#effective-date.
        """
        start = self.calendar.period_of(today).start
        return start if start >= self.first_open_day else self.calendar.first_start_from(self.first_open_day)

    def standing_start(self, effective: date) -> date:
        """s: the day a standing addition starts (plans.md#standing-start)."""
        if self.prorates:
            return max(effective, self.first_billable)
        return self.calendar.first_start_from(max(effective, self.first_open_day))

    def one_time_period(self, effective: date) -> BillingPeriod:
        """f: the billing period that one-time additions fill, from its first day to its last.

        Rule: plans.md#one-time-period.

        Where that first day would be refused (before `billStartDate`; or billed, on an agreement that does
        not prorate), the days from the first acceptable one are used instead. An agreement that prorates
        would then bill only a part, so there the next whole period is taken.
        """
        period = self.calendar.period_of(max(effective, self.first_open_day))
        if self.prorates:
            return period if period.start >= self.first_billable else self.calendar.next_period(period)
        return BillingPeriod(max(period.start, self.first_open_day), period.end)


def plan_dates(agreement: Agreement, billed_through: date | None, effective: date) -> PlanDates | None:
    """e, s and f of one task together; None for an agreement that bills nothing."""
    cycle, anchor, first = agreement.cycle, agreement.anchor, agreement.first_billable
    if cycle is None or anchor is None or first is None or billed_through is None or not agreement.bills_periods:
        return None
    return _plan_dates(cycle, anchor, billed_through, first, agreement.prorates, effective)


@lru_cache(8192)
def _plan_dates(
    cycle: BillingCycle, anchor: date, billed_through: date, first: date, prorates: bool, effective: date
) -> PlanDates:
    """Orders of one day on agreements with the same periods are dated alike: most of a month's are."""
    dates = AgreementDates(BillingCalendar(cycle, anchor), billed_through, first, prorates)
    start, once = dates.standing_start(effective), dates.one_time_period(effective)
    return PlanDates(effective, start, once, dates.calendar, billed_through)
