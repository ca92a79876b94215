"""The month's report: what each agreement bills, what that costs, and how it differs from the month before.

Rule: report.md#contents-of-the-report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from cwtui.domain.ids import AdditionId, AgreementId, CustomerId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.money import ZERO
from cwtui.domain.next_invoice import billed_in
from cwtui.domain.periods import ONE_DAY, BillingPeriod, add_months
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.psa import Addition, AdditionValues, Agreement


@dataclass(frozen=True, slots=True)
class BilledAmounts:
    """What is billed and what it costs, in one currency, to the cent."""

    price: Decimal = ZERO
    cost: Decimal = ZERO

    @property
    def margin(self) -> Decimal:
        """What is left of the price."""
        return self.price - self.cost

    @property
    def margin_percent(self) -> Decimal | None:
        """The margin in percent of the price, to one decimal; None where nothing is billed."""
        return (self.margin * 100 / self.price).quantize(Decimal("0.1")) if self.price else None

    def __add__(self, other: BilledAmounts) -> BilledAmounts:
        return BilledAmounts(self.price + other.price, self.cost + other.cost)

    def __sub__(self, other: BilledAmounts) -> BilledAmounts:
        return BilledAmounts(self.price - other.price, self.cost - other.cost)


class Move(StrEnum):
    """How an addition differs from the month before."""

    SAME = "same"
    NEW = "new"
    ENDED = "ended"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Reason:
    """One write that made an addition what it is.

    Attributes:
        order: The order's number; empty where its task is not known any more.
        arithmetic: How its numbers came about, one line each.
        who: The person, or the account of a scheduler.
    """

    at: datetime
    what: str
    order: str
    rule: str
    arithmetic: tuple[str, ...]
    who: str


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One addition in a month.

    Attributes:
        now, before: What it bills in the month, and in the month before.
        reasons: cwtui's writes of it, oldest first; none for an addition that somebody made by hand.
    """

    addition: Addition
    customer_id: CustomerId
    customer_name: str
    now: BilledAmounts
    before: BilledAmounts
    reasons: tuple[Reason, ...] = ()

    @property
    def is_billed(self) -> bool:
        """It bills or costs something in the month, or did in the month before."""
        return not self.now == BilledAmounts() == self.before

    @property
    def move(self) -> Move:
        """What became of it since the month before."""
        if self.now == self.before:
            return Move.SAME
        if not self.before.price and not self.before.cost:
            return Move.NEW
        return Move.CHANGED if self.now.price or self.now.cost else Move.ENDED


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """One agreement in a month.

    Attributes:
        periods: Its billing periods that begin in the month; for the next invoice, the first that is not billed.
        lines: Additions that bill in this month or billed in the month before.
        unreadable: Additions that ConnectWise does not name whole; they are in no sum.
        is_prorated: ConnectWise prorates by itself, so sums of partly billed periods are approximate.
    """

    agreement_id: AgreementId
    name: str
    customer_name: str
    currency: str
    periods: tuple[BillingPeriod, ...]
    lines: tuple[ReportLine, ...]
    unreadable: tuple[AdditionId, ...] = ()
    is_prorated: bool = False

    @property
    def now(self) -> BilledAmounts:
        """Its sum in the month."""
        return total(line.now for line in self.lines)

    @property
    def before(self) -> BilledAmounts:
        """Its sum in the month before."""
        return total(line.before for line in self.lines)

    @property
    def moved(self) -> tuple[ReportLine, ...]:
        """What differs from the month before."""
        return tuple(line for line in self.lines if line.move is not Move.SAME)


@dataclass(frozen=True, slots=True)
class TaskMention:
    """A task that the report mentions, for its warnings or because it waits.

    Attributes:
        texts: The warnings, or what it waits for.
        accepted: Who accepted the warnings, and when; empty while nobody did.
    """

    task_id: TaskId
    customer_id: CustomerId
    customer_name: str
    subscription_name: str
    order_number: str
    status: str
    texts: tuple[str, ...]
    accepted: str = ""


@dataclass(frozen=True, slots=True)
class MonthReport:
    """A month, or the next invoices.

    Attributes:
        month: Its first day; None for the next invoices.
        skipped: Agreements that are not in the sums, and why.
    """

    month: date | None
    as_of: date
    agreements: tuple[AgreementReport, ...] = ()
    warned: tuple[TaskMention, ...] = ()
    waiting: tuple[TaskMention, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """`2026-11`, or `next invoice`."""
        return f"{self.month:%Y-%m}" if self.month else "next invoice"

    @property
    def totals(self) -> Mapping[str, tuple[BilledAmounts, BilledAmounts]]:
        """This month and the month before, by currency."""
        found: dict[str, tuple[BilledAmounts, BilledAmounts]] = {}
        for one in self.agreements:
            now, before = found.get(one.currency, (BilledAmounts(), BilledAmounts()))
            found[one.currency] = (now + one.now, before + one.before)
        return found

    @property
    def needs_person(self) -> bool:
        """Warnings that nobody accepted, or tasks that wait."""
        return bool(self.waiting) or any(not one.accepted for one in self.warned)


def total(amounts: Iterable[BilledAmounts]) -> BilledAmounts:
    """Their sum."""
    return sum(amounts, start=BilledAmounts())


def billed_amounts(values: AdditionValues, periods: Iterable[BillingPeriod], dates: AgreementDates) -> BilledAmounts:
    """What an addition bills in some periods, and what that costs."""
    return total(
        BilledAmounts(
            billed_in(values, values.unit_price, period, dates),
            billed_in(values, values.unit_cost, period, dates),
        )
        for period in periods
    )


def periods_of_month(dates: AgreementDates, month: date) -> tuple[BillingPeriod, ...]:
    """The billing periods that begin in a month: what is invoiced in it.

    Args:
        dates: The agreement's.
        month: Its first day.
    """
    last = add_months(month, 1) - ONE_DAY
    found = []
    start = dates.calendar.first_start_from(month)
    while start <= last:
        period = dates.calendar.period_of(start)
        found.append(period)
        start = period.end + ONE_DAY
    return tuple(found)


def compared_periods(
    dates: AgreementDates, month: date | None
) -> tuple[tuple[BillingPeriod, ...], tuple[BillingPeriod, ...]]:
    """The periods of a month and of the month before; without a month, of the next invoice and the one before it."""
    if month is not None:
        return periods_of_month(dates, month), periods_of_month(dates, add_months(month, -1))
    period = dates.calendar.period_of(dates.first_open_day)
    return (period,), (dates.calendar.period_of(period.start - ONE_DAY),)


def report_of(
    agreement: Agreement,
    dates: AgreementDates,
    additions: Sequence[Addition],
    month: date | None,
    *,
    customers: Mapping[AdditionId, tuple[CustomerId, str]],
    company_name: str,
    reasons: Mapping[AdditionId, tuple[Reason, ...]],
) -> AgreementReport:
    """One agreement's part of the report.

    Args:
        agreement: The agreement.
        dates: Its billing periods.
        additions: As ConnectWise holds them now.
        month: Its first day; None for the next invoice.
        customers: By addition: whose subscription it bills.
        company_name: Of the company; for additions that no subscription explains.
        reasons: By addition: cwtui's writes of it.
    """
    now, before = compared_periods(dates, month)

    def line_of(addition: Addition) -> ReportLine:
        held, held_before = (billed_amounts(addition.values, periods, dates) for periods in (now, before))
        customer_id, name = customers.get(addition.id, (CustomerId(""), company_name))
        return ReportLine(addition, customer_id, name, held, held_before, reasons.get(addition.id, ()))

    lines = (line_of(addition) for addition in additions if addition.is_whole)
    return AgreementReport(
        agreement_id=agreement.id,
        name=agreement.name,
        customer_name=company_name,
        currency=agreement.currency,
        periods=now,
        lines=tuple(line for line in lines if line.is_billed),
        unreadable=tuple(one.id for one in additions if not one.is_whole),
        is_prorated=dates.prorates,
    )
