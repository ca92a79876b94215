"""cancellation_order: the standing additions end, the closing charges are billed once (plans.md#cancellation-order)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.marketplace import SubscriptionStatus
from cwtui.domain.money import CENT, ZERO, price_text
from cwtui.domain.planning.charged_once import plan_days_before, plan_once, unexpected
from cwtui.domain.planning.dates import PlanDates
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.lines import ChargedLine
from cwtui.domain.planning.standing import bill_of, link_missing
from cwtui.domain.psa import BillCustomer

_END_RULE = "cancellation order: a billed standing addition ends on the cancel date"
_DELETE_RULE = "cancellation order: a standing addition that is not billed yet is deleted"
_CREDIT_RULE = "cancellation order: the credit for the days before the next invoice, once"
_ENDED = frozenset({SubscriptionStatus.TERMINATED, SubscriptionStatus.REMOVED})
_ONCE_RULE = "cancellation order: charged once"


def plan_cancellation_order(draft: Draft, lines: tuple[ChargedLine, ...]) -> None:
    """End every linked standing addition at c, or delete what was never billed (plans.md#cancellation-order)."""
    lines = tuple(line.as_credit() if line.is_refund else line for line in lines)
    if draft.dates is not None:
        _end_standing(draft, draft.dates, _cancel_date(draft, draft.dates.effective, lines))
    _check_unlinked(draft)
    _warn_of_more_than_billed(draft, lines)
    once = []
    for line in lines:
        if line.is_standing_credit and line.extended is None:
            plan_days_before(draft, (line,), rule=_CREDIT_RULE, bill=_bill_of(draft, line))
        elif line.charge is not Charge.RECURRING:
            once.append(line)
        elif line.quantity > 0:
            unexpected(draft, line, "cancellation order")
        elif line.extended:
            draft.warnings.append(
                f"{draft.name_of(line.product_id)}: the marketplace charged {price_text(line.extended)} on a line that"
                " only takes units away. Without a credit line nothing is credited."
            )
    for line in once:
        plan_once(draft, (line,), rule=_ONCE_RULE, bill=_bill_of(draft, line))


def _bill_of(draft: Draft, line: ChargedLine) -> BillCustomer:
    """What was never charged is given back to nobody: a credit is billed as its addition is (plans.md#credits)."""
    if not line.is_standing_credit or line.is_void_credit:
        return BillCustomer.BILLABLE
    bill = bill_of([link for link in draft.counted_on.values() if link.product_id == line.product_id])
    if bill is not BillCustomer.BILLABLE:
        draft.warnings.append(f"{draft.name_of(line.product_id)}: its addition is {bill}, so is the credit.")
    return bill


def _warn_of_more_than_billed(draft: Draft, lines: Iterable[ChargedLine]) -> None:
    """A credit of more units, or at a higher price, than are billed: somebody edited these (plans.md#credits)."""
    given: dict[ProductId, Decimal] = {}
    for line in lines:
        if line.is_standing_credit and not line.is_void_credit and line.unit_price is not None:
            amount = abs(line.quantity * line.unit_price.amount)
            given[line.product_id] = given.get(line.product_id, ZERO) + amount
    for product, amount in given.items():
        links = [
            link
            for link in draft.counted_on.values()
            if link.product_id == product and link.values.bill is BillCustomer.BILLABLE
        ]
        billed = sum((link.values.quantity * link.values.unit_price for link in links), start=ZERO)
        rounded = CENT + sum((link.values.quantity for link in links), start=ZERO) * CENT / 2
        if links and amount > billed + rounded:
            draft.warnings.append(
                f"{draft.name_of(product)}: the order gives back {price_text(amount)} of a whole period, its additions"
                f" bill {price_text(billed)} of it. Look at the credit."
            )


def _cancel_date(draft: Draft, effective: date, lines: Iterable[ChargedLine]) -> date:
    """c: e where it has ended or the order gives money back; else the expiration, if not before e.

    Rule: plans.md#cancellation-order.
    """
    gives_back = any(line.charge is Charge.CREDIT and not line.is_void_credit for line in lines)
    if gives_back or draft.subscription.status in _ENDED:
        return effective
    expires = draft.subscription.expiration
    return expires if expires is not None and expires >= effective else effective


def _end_standing(draft: Draft, dates: PlanDates, cancel: date) -> None:
    for link in draft.facts.links:
        began, ended = link.values.effective, link.values.cancelled
        if not link.is_standing or (ended is not None and ended <= cancel):
            continue
        draft.counted_on[link.addition_id] = link
        if dates.is_billed(began):
            last = max(cancel, began)
            if ended != last:
                draft.end(link, last, rule=_END_RULE)
            continue
        warning = (
            f"Addition {link.addition_id} of {draft.name_of(link.product_id)} began on {began}, before the cancel"
            f" date {cancel}, and was never invoiced: deleting it bills none of those days."
        )
        could_end = max(cancel, began)
        draft.delete(link, rule=_DELETE_RULE, could_end=could_end, warning=warning if began < cancel else "")


def _check_unlinked(draft: Draft) -> None:
    """A product that should have a standing addition and has none known is link_missing (plans.md#problems)."""
    if draft.subscription.billing_model.is_usage_based:
        return
    linked = {link.product_id for link in draft.facts.links if link.is_standing}
    missing = [product for product in _products(draft) if product not in linked]
    for product in missing:
        link_missing(draft, product)
    if not linked and not missing:
        draft.warnings.append("No standing addition of this subscription is known, so none ends.")


def _products(draft: Draft) -> list[ProductId]:
    """The products that the subscription holds; if it lists none any more, those that the order names."""
    held = draft.subscription.products
    if held:
        return [product.id for product in held if product.quantity is None or product.quantity > 0]
    order, subscription = draft.facts.order, draft.subscription.id
    named = order.products if order else ()
    return [product.id for product in named if product.subscription_id in {subscription, ""}]
