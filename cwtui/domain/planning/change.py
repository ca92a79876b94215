"""change_order: what a product's standing addition becomes, and the days until then (plans.md#change-order)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.mappings import Link
from cwtui.domain.money import ZERO, plain
from cwtui.domain.planning.charged_once import plan_once, plan_prorated, uncharged_days, unexpected
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.lines import ChargedLine
from cwtui.domain.planning.pricing import offer_for
from cwtui.domain.planning.standing import (
    bill_of,
    check_guard,
    link_missing,
    linked_quantity,
    replace_standing,
    standing_links,
)
from cwtui.domain.plans import PriceSource, ProrateMode

_NEW_RULE = "change order: a standing addition with the new quantity"
_PRORATED_RULE = "change order: the added units for the days before the new standing addition, once"
_CREDIT_RULE = "change order: the credit for the days before the new standing addition, once"
_ONCE_RULE = "change order: charged once"


def plan_change_order(draft: Draft, lines: tuple[ChargedLine, ...]) -> None:
    """Per product with recurring or credit lines its standing addition anew; the rest once (plans.md#change-order)."""
    lines = tuple(line.as_credit() if line.is_refund else line for line in lines)
    moving = [line for line in lines if line.charge is Charge.RECURRING or line.is_standing_credit]
    for product, own in by_product(moving).items():
        plan_product_change(draft, product, own)
    plan_once(draft, (line for line in lines if line not in moving), rule=_ONCE_RULE)


def by_product(lines: Iterable[ChargedLine]) -> dict[ProductId, list[ChargedLine]]:
    """The lines of each product, in the order's own sequence."""
    grouped: dict[ProductId, list[ChargedLine]] = {}
    for line in lines:
        grouped.setdefault(line.product_id, []).append(line)
    return grouped


def plan_product_change(draft: Draft, product: ProductId, lines: Sequence[ChargedLine]) -> None:
    """One product of a change (plans.md#change-order)."""
    recurring = [line for line in lines if line.charge is Charge.RECURRING]
    credit = [line for line in lines if line.charge is Charge.CREDIT]
    if draft.subscription.billing_model.is_usage_based:
        draft.warnings.append(f"{draft.name_of(product)} is billed by use: nothing stands that could change.")
        for line in credit:
            unexpected(draft, line, "change order of a subscription that is billed by use")
        return
    delta = _total(recurring) - _total(credit)
    links = standing_links(draft, product)
    line = next((line for line in recurring if line.quantity > 0), (*recurring, *credit)[0])
    if links:
        linked = linked_quantity(links)
        quantity = _new_quantity(draft, product, linked, delta)
        check_guard(draft, product, linked, quantity)
    elif _is_new(draft, product, delta):
        quantity = delta
    else:
        offer_for(draft, replace(line, charge=Charge.RECURRING), f"standing:{product}", prefer_held=True)
        link_missing(draft, product)
        return
    if replace_standing(draft, product, links, quantity, line, rule=_NEW_RULE):
        _plan_days_before(draft, _added_units(recurring), credit, links)


def _is_new(draft: Draft, product: ProductId, delta: Decimal) -> bool:
    """A product without a link whose quantity in the subscription equals Δ is new to it.

    Rule: plans.md#new-to-the-subscription.
    """
    held = draft.held(product)
    return held is not None and held.quantity == delta and delta > 0


def _added_units(recurring: Sequence[ChargedLine]) -> list[ChargedLine]:
    """The recurring lines' quantity if it is positive, at the prices of the lines that add (plans.md#change-order).

    Lines that take units away leave fewer to charge; what they were charged at is compared as one sum.
    """
    total = _total(recurring)
    adding = [line for line in recurring if line.quantity > 0]
    if total <= 0:
        return []
    if len(adding) == len(recurring):
        return adding
    told = [line.extended for line in recurring if line.extended is not None]
    charged = sum(told, start=ZERO) if len(told) == len(recurring) else None
    units = []
    for line in adding:
        quantity = min(line.quantity, total)
        total -= quantity
        if quantity:
            units.append(replace(line, quantity=quantity, extended=charged if len(adding) == 1 else None))
    return units


def _plan_days_before(
    draft: Draft, charged: Sequence[ChargedLine], credit: Sequence[ChargedLine], links: Sequence[Link]
) -> None:
    """Charge e … s − 1 day: the added units charged, the credited ones credited (plans.md#change-order)."""
    if draft.dates is None or draft.dates.start <= draft.dates.effective:
        return
    effective, start = draft.dates.effective, draft.dates.start
    is_off = draft.facts.rules.prorate is ProrateMode.NONE
    for line in (*charged, *credit):
        is_credit = line.charge is Charge.CREDIT
        if is_off or draft.source_of(f"standing:{line.product_id}") is PriceSource.CONNECTWISE:
            word = "credited" if is_credit else "charged"
            uncharged_days(draft, line.product_id, effective, start, word=word)
        elif line.quantity:
            rule = _CREDIT_RULE if is_credit else _PRORATED_RULE
            plan_prorated(draft, line, rule=rule, bill=bill_of(links))


def _new_quantity(draft: Draft, product: ProductId, linked: Decimal, delta: Decimal) -> Decimal:
    """q: linked quantity + Δ; for the newest order the subscription's current quantity (plans.md#change-order)."""
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
    """How many the subscription holds; None where it does not say.

    It never lists its plan's own fee among its products, and an empty list of products says nothing.
    """
    held = draft.held(product)
    if held is not None:
        return held.quantity
    return None if draft.is_plan_fee(product) or not draft.subscription.products else ZERO


def _total(lines: Iterable[ChargedLine]) -> Decimal:
    return sum((line.quantity for line in lines), start=ZERO)
