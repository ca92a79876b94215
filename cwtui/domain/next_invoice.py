"""What an agreement's next invoice becomes when a plan is written: before, after, difference; amounts by charge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ids import AdditionId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Operation
from cwtui.domain.money import CENT, ZERO, line_total, round_price
from cwtui.domain.periods import BillingPeriod
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.plans import Change
from cwtui.domain.psa import Addition, AdditionValues, BillCustomer

_CENTS = 2


@dataclass(frozen=True, slots=True)
class NextInvoice:
    """What the additions of an agreement bill in its next unbilled period, without tax.

    Attributes:
        before, after: In the agreement's currency, to the cent.
        cost_before, cost_after: What that costs.
        is_prorated: ConnectWise prorates additions that begin or end inside the period.
    """

    period: BillingPeriod
    before: Decimal
    after: Decimal
    cost_before: Decimal = ZERO
    cost_after: Decimal = ZERO
    is_prorated: bool = False

    @property
    def difference(self) -> Decimal:
        """By how much it changes."""
        return self.after - self.before

    @property
    def margin_before(self) -> Decimal:
        """What is left of it now."""
        return self.before - self.cost_before

    @property
    def margin_after(self) -> Decimal:
        """What is left of it once the plans are written."""
        return self.after - self.cost_after


def next_invoice(additions: Iterable[Addition], changes: Iterable[Change], dates: AgreementDates) -> NextInvoice:
    """Add up what the next invoice bills, with and without a plan.

    Args:
        additions: All additions of the agreement, as ConnectWise holds them now.
        changes: Of the plan; those left out count for nothing.
        dates: The agreement's.

    Returns:
        Sums over the next period that is not billed. An addition counts in full where it is live on any day of the
        period; on an agreement that prorates, by its days.
    """
    period = dates.calendar.period_of(dates.first_open_day)
    held = {addition.id: addition.values for addition in additions}
    written, created = dict(held), []
    for change in changes:
        if change.left_out:
            continue
        if change.operation is Operation.CREATE:
            created.append(change.after)
        elif change.addition_id is not None:
            _change(written, change.addition_id, change.after)
    after = [*written.values(), *(values for values in created if values is not None)]
    return NextInvoice(
        period=period,
        before=_sum(held.values(), period, dates),
        after=_sum(after, period, dates),
        cost_before=_cost(held.values(), period, dates),
        cost_after=_cost(after, period, dates),
        is_prorated=dates.prorates,
    )


def _change(written: dict[AdditionId, AdditionValues], addition: AdditionId, after: AdditionValues | None) -> None:
    written.pop(addition, None)
    if after is not None:
        written[addition] = after


def _sum(values: Iterable[AdditionValues], period: BillingPeriod, dates: AgreementDates) -> Decimal:
    return sum((billed_in(one, one.unit_price, period, dates) for one in values), start=ZERO)


def _cost(values: Iterable[AdditionValues], period: BillingPeriod, dates: AgreementDates) -> Decimal:
    return sum((billed_in(one, one.unit_cost, period, dates) for one in values), start=ZERO)


def billed_in(values: AdditionValues, unit: Decimal, period: BillingPeriod, dates: AgreementDates) -> Decimal:
    """What an addition bills in one period, to the cent.

    Args:
        values: Of the addition.
        unit: Its unit price for what is billed, its unit cost for what that costs.
        period: One of the agreement's.
        dates: The agreement's.

    Returns:
        The full line total where it is live on any day of the period; on an agreement that prorates, by its days.
        0 where it is not billed to the customer.
    """
    if values.bill is not BillCustomer.BILLABLE:
        return ZERO
    first = max(values.effective, period.start)
    last = period.end if values.cancelled is None else min(values.cancelled, period.end)
    days = (last - first).days + 1
    if days <= 0:
        return ZERO
    if not dates.prorates or days == period.days:
        return line_total(values.quantity, unit)
    return round_price(values.quantity * unit * days / period.days, _CENTS)


def totals_by_charge(changes: Iterable[Change]) -> Mapping[Charge, Decimal]:
    """What a plan's new additions bill, apart by charge; in the order of `Charge`, charges without any left out."""
    totals: dict[Charge, Decimal] = {}
    for change in changes:
        if not change.left_out and change.operation is Operation.CREATE:
            totals[change.charge] = totals.get(change.charge, ZERO.quantize(CENT)) + change.amount
    return {charge: totals[charge] for charge in Charge if charge in totals}
