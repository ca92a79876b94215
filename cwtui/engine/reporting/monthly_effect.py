"""How much a plan changes the monthly bill."""

from __future__ import annotations

from decimal import Decimal

from cwtui.domain.ledger import Operation
from cwtui.domain.money import CENT, ZERO
from cwtui.domain.periods import BillingCycle
from cwtui.domain.plans import Change, Plan
from cwtui.domain.psa import BillCustomer

_MONTHS = {
    BillingCycle.WEEKLY: Decimal(12) / Decimal(52),
    BillingCycle.BI_WEEKLY: Decimal(12) / Decimal(26),
    BillingCycle.MONTHLY: Decimal(1),
    BillingCycle.BI_MONTHLY: Decimal(2),
    BillingCycle.QUARTERLY: Decimal(3),
    BillingCycle.SEMI_ANNUAL: Decimal(6),
    BillingCycle.YEARLY: Decimal(12),
}


def monthly_effect(plan: Plan, cycle: BillingCycle | None) -> Decimal | None:
    """What a plan's standing additions change per month of billing, to the cent; None while it cannot be said."""
    if cycle is None or cycle not in _MONTHS or (plan.problems and not plan.changes):
        return None
    total = sum((_per_period(change) for change in plan.to_write if change.is_standing), start=ZERO)
    return (total / _MONTHS[cycle]).quantize(CENT)


def _per_period(change: Change) -> Decimal:
    """Ended and deleted additions count as negative, created ones as positive, changed ones by their difference."""
    if change.operation is Operation.CREATE:
        return change.amount
    if change.after is not None and change.after.cancelled is None and change.before is not None:
        was = change.before.values
        return change.amount - (was.quantity * was.unit_price if was.bill is BillCustomer.BILLABLE else ZERO)
    before = change.before.values if change.before else None
    if before is None or before.bill is not BillCustomer.BILLABLE:
        return ZERO
    return -(before.quantity * before.unit_price)
