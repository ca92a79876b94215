"""change_order: what a product's standing addition becomes, and the days until then (SPEC 6)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.money import ZERO, plain
from cwtui.domain.planning.charged_once import plan_once
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.lines import ChargedLine
from cwtui.domain.planning.standing import (
    check_guard,
    link_missing,
    link_of_product,
    plan_new_standing,
    replace_standing,
)
from cwtui.domain.plans import PriceSource, ProrateMode

_NEW_RULE = "change order: a standing addition with the new quantity"
_PRORATED_RULE = "change order: the added units for the days before the new standing addition, once"
_CREDIT_RULE = "change order: the credit for the days before the new standing addition, once"
_ONCE_RULE = "change order: charged once"


def plan_change_order(draft: Draft, lines: tuple[ChargedLine, ...]) -> None:
    """Per product with recurring or credit lines its standing addition anew; the rest once (SPEC 6, change_order)."""
    moving = [line for line in lines if line.charge is Charge.RECURRING or _is_standing_credit(line)]
    for product in dict.fromkeys(line.product_id for line in moving):
        plan_product_change(draft, product, [line for line in moving if line.product_id == product])
    plan_once(draft, (line for line in lines if line not in moving), rule=_ONCE_RULE)


def plan_product_change(draft: Draft, product: ProductId, lines: Sequence[ChargedLine]) -> None:
    """One product of a change (SPEC 6, change_order)."""
    if draft.subscription.billing_model.is_usage_based:
        draft.warnings.append(f"{draft.name_of(product)} is billed by use: nothing stands that could change.")
        return
    recurring = [line for line in lines if line.charge is Charge.RECURRING]
    credit = [line for line in lines if line.charge is Charge.CREDIT]
    delta = _total(recurring) - sum((abs(line.quantity) for line in credit), start=ZERO)
    links = link_of_product(draft, product)
    if not links:
        _plan_unlinked(draft, product, recurring, delta)
        return
    linked = sum((link.values.quantity for link in links), start=ZERO)
    quantity = _new_quantity(draft, product, linked, delta)
    line = recurring[0] if recurring else credit[0]
    check_guard(draft, product, linked, quantity)
    replaced = replace_standing(draft, product, links, quantity, line, rule=_NEW_RULE)
    if replaced:
        _plan_days_before(draft, recurring, credit)


def _plan_days_before(draft: Draft, recurring: Sequence[ChargedLine], credit: Sequence[ChargedLine]) -> None:
    """Charge e … s − 1 day: the added units charged, the credited ones credited (SPEC 6, change_order)."""
    if draft.dates is None or draft.effective is None:
        return
    start = draft.dates.standing_start(draft.effective)
    if start <= draft.effective:
        return
    is_off = draft.facts.rules.prorate is ProrateMode.NONE
    charged = [line for line in recurring if line.quantity > 0] if _total(recurring) > 0 else []
    for line in (*charged, *credit):
        key = f"standing:{line.product_id}"
        if is_off or draft.source_of(key) is PriceSource.CONNECTWISE:
            draft.uncharged_days(line.product_id, start)
        else:
            is_credit = line.charge is Charge.CREDIT
            draft.prorated(line, start, rule=_CREDIT_RULE if is_credit else _PRORATED_RULE)


def _new_quantity(draft: Draft, product: ProductId, linked: Decimal, delta: Decimal) -> Decimal:
    """q: linked quantity + Δ; for the newest order the subscription's current quantity (SPEC 6, change_order)."""
    by_order = linked + delta
    if not draft.facts.is_newest:
        return by_order
    current = _held_now(draft, product)
    if current is None:
        draft.warnings.append(
            f"{draft.name_of(product)}: the subscription does not say how many it holds;"
            f" {plain(by_order)} follows from the order."
        )
        return by_order
    if current != by_order:
        draft.warnings.append(
            f"{draft.name_of(product)}: the order makes {plain(linked)} + {plain(delta)} = {plain(by_order)},"
            f" the subscription holds {plain(current)} now; {plain(current)} is planned."
        )
    return current


def _held_now(draft: Draft, product: ProductId) -> Decimal | None:
    """How many the subscription holds; None where it does not say. An empty list of products says nothing."""
    if not draft.subscription.products:
        return None
    held = draft.subscription.product(product)
    return ZERO if held is None else held.quantity


def _plan_unlinked(draft: Draft, product: ProductId, recurring: Sequence[ChargedLine], delta: Decimal) -> None:
    """A product whose quantity in the subscription equals Δ is new to it; any other is link_missing (SPEC 6)."""
    held = draft.subscription.product(product)
    is_new = held is not None and held.quantity == delta and delta > 0
    if is_new:
        may_prorate = draft.facts.rules.prorate is not ProrateMode.NONE
        for line in recurring:
            plan_new_standing(draft, line, may_prorate=may_prorate, prefer_held=True)
        return
    draft.item_for(product, Charge.RECURRING)
    if draft.dates is not None:
        link_missing(draft, product)


def _is_standing_credit(line: ChargedLine) -> bool:
    return line.charge is Charge.CREDIT and not line.is_setup_refund


def _total(lines: Sequence[ChargedLine]) -> Decimal:
    return sum((line.quantity for line in lines), start=ZERO)
