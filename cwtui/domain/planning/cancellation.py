"""cancellation_order: the standing additions end, the closing charges are billed once (SPEC 6)."""

from __future__ import annotations

from datetime import date

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.planning.charged_once import plan_once, unexpected
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.lines import ChargedLine
from cwtui.domain.planning.standing import link_missing

_END_RULE = "cancellation order: a billed standing addition ends on the cancel date"
_DELETE_RULE = "cancellation order: a standing addition that is not billed yet is deleted"
_ONCE_RULE = "cancellation order: charged once"


def plan_cancellation_order(draft: Draft, lines: tuple[ChargedLine, ...]) -> None:
    """End every linked standing addition at c, or delete what was never billed (SPEC 6, cancellation_order)."""
    if draft.dates is not None and draft.effective is not None:
        _end_standing(draft, draft.dates, _cancel_date(draft, draft.effective))
    once = []
    for line in lines:
        if line.charge is not Charge.RECURRING:
            once.append(line)
        elif _takes_back(line):
            once.append(_as_credit(line))
        elif line.quantity != 0:
            unexpected(draft, line, "cancellation order")
    plan_once(draft, once, rule=_ONCE_RULE)


def _cancel_date(draft: Draft, effective: date) -> date:
    """c: the subscription's expiration date if it is not before e, else e (SPEC 6)."""
    expires = draft.subscription.expiration
    return expires if expires is not None and expires >= effective else effective


def _end_standing(draft: Draft, dates: AgreementDates, cancel: date) -> None:
    standing = [link for link in draft.facts.links if link.is_standing]
    for link in standing:
        ended = link.values.cancelled
        if ended is not None and ended <= cancel:
            continue
        began = link.values.effective
        if dates.is_billed(began):
            last = max(cancel, began)
            if ended != last:
                draft.end(link, last, rule=_END_RULE)
            continue
        draft.delete(link, rule=_DELETE_RULE)
        if began < cancel:
            draft.warnings.append(
                f"Addition {link.addition_id} of {draft.name_of(link.product_id)} began on {began}, before the cancel"
                f" date {cancel}, and was never invoiced: deleting it bills none of those days."
            )
    if not draft.subscription.billing_model.is_usage_based:
        for product in _unlinked(draft, {link.product_id for link in standing}):
            link_missing(draft, product)


def _unlinked(draft: Draft, linked: set[ProductId]) -> list[ProductId]:
    """Products of the subscription that should have a standing addition and have none known."""
    held = [product.id for product in draft.subscription.products if product.quantity is None or product.quantity > 0]
    return [product for product in held if product not in linked]


def _takes_back(line: ChargedLine) -> bool:
    price = line.unit_price.amount if line.unit_price else 0
    return line.quantity * price < 0 or (line.extended is not None and line.extended < 0)


def _as_credit(line: ChargedLine) -> ChargedLine:
    return ChargedLine(line.product_id, Charge.CREDIT, line.types, line.quantity, line.unit_price, line.extended)
