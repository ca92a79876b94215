"""change_order: what a product's standing addition becomes, and the days until then (plans.md#change-order)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.mappings import Link
from cwtui.domain.marketplace import Price
from cwtui.domain.money import ZERO, plain
from cwtui.domain.planning.charged_once import plan_days_before, plan_once, unexpected
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.lines import ChargedLine
from cwtui.domain.planning.pricing import item_price_for
from cwtui.domain.planning.standing import (
    bill_of,
    check_guard,
    link_missing,
    linked_quantity,
    replace_standing,
    standing_links,
    wanted_standing,
)

_NEW_RULE = "change order: a standing addition with the new quantity"
_UNNAMED_RULE = "change order: the subscription holds another quantity than is billed"
_PRORATED_RULE = "change order: the added units for the days before the new standing addition, once"
_CREDIT_RULE = "change order: the credit for the days before the new standing addition, once"
_ONCE_RULE = "change order: charged once"


def plan_change_order(draft: Draft, lines: tuple[ChargedLine, ...]) -> None:
    """Per product with recurring or credit lines its standing addition anew; the rest once (plans.md#change-order)."""
    lines = tuple(line.as_credit() if line.is_refund else line for line in lines)
    moving = [line for line in lines if line.charge is Charge.RECURRING or line.is_standing_credit]
    products = by_product(moving)
    for product, own in products.items():
        plan_product_change(draft, product, own)
    plan_unnamed(draft, products)
    plan_once(draft, (line for line in lines if line not in moving), rule=_ONCE_RULE)


def plan_unnamed(draft: Draft, named: Collection[ProductId]) -> None:
    """For the newest order: products that the subscription holds differently than billed, though no line says so.

    They are planned as held, with a warning, and no days are charged (plans.md#change-order).
    """
    if not draft.facts.is_newest or draft.subscription.billing_model.is_usage_based:
        return
    linked = dict.fromkeys(link.product_id for link in draft.facts.links if link.is_standing)
    for product in linked:
        if product in named:
            continue
        held = draft.held_quantity(product)
        links = standing_links(draft, product) if held is not None else []
        if held is None or (linked_quantity(links) == held):
            continue
        if not links:
            continue
        stands = linked_quantity(links)
        draft.warnings.append(
            f"{draft.name_of(product)}: no line of the order names it. {plain(stands)} are billed, and the subscription"
            f" holds {plain(held)} now; {plain(held)} is planned, and no days are charged."
        )
        check_guard(draft, product, stands, held)
        line = ChargedLine(product, Charge.RECURRING, (), held, None, None)
        wanted = wanted_standing(draft, product, links, held, _priced_as_it_stands(draft, line, links))
        if wanted is not None:
            replace_standing(draft, product, links, wanted, rule=_UNNAMED_RULE)


def _priced_as_it_stands(draft: Draft, line: ChargedLine, links: Sequence[Link]) -> ChargedLine:
    held = draft.held(line.product_id)
    if held is not None and held.unit_price is not None:
        return replace(line, unit_price=held.unit_price)
    return replace(line, unit_price=Price(links[0].values.unit_price, ""))


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
        draft.warnings.append(f"{draft.name_of(product)} is billed by use: it has no standing addition to change.")
        for line in credit:
            unexpected(draft, line, "change order of a subscription that is billed by use")
        return
    stated = [line for line in recurring if line.states_total]
    moved = [line for line in recurring if not line.states_total]
    delta = _total(moved) - _total(credit)
    links = standing_links(draft, product)
    line = next((line for line in recurring if line.quantity > 0), (*recurring, *credit)[0])
    if links:
        linked = linked_quantity(links)
        quantity = _new_quantity(draft, product, linked, delta, _total(stated) if stated else None)
        check_guard(draft, product, linked, quantity)
    elif _is_new(draft, product, delta) and not stated:
        quantity = delta
    else:
        key = f"standing:{product}"
        item_price_for(draft, replace(line, charge=Charge.RECURRING), draft.source_of(key), prefer_held=True)
        link_missing(draft, product)
        return
    wanted = wanted_standing(draft, product, links, quantity, line)
    if wanted is not None and replace_standing(draft, product, links, wanted, rule=_NEW_RULE):
        plan_days_before(draft, _added_units(moved), rule=_PRORATED_RULE, bill=bill_of(links))
        plan_days_before(draft, credit, rule=_CREDIT_RULE, bill=bill_of(links))


def _is_new(draft: Draft, product: ProductId, delta: Decimal) -> bool:
    """A product without a link whose quantity in the subscription equals Δ is new to it.

    Rule: plans.md#new-to-the-subscription.
    """
    return delta > 0 and draft.held_quantity(product) == delta


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


def _new_quantity(draft: Draft, product: ProductId, linked: Decimal, delta: Decimal, stated: Decimal | None) -> Decimal:
    """q: linked quantity + Δ, or the total a `renew` line states; the newest order's is what is held.

    Rule: plans.md#newest-order.
    """
    by_order = linked + delta if stated is None else stated
    current = draft.held_quantity(product)
    is_beyond = draft.facts.is_overtaken and current is not None and current < by_order
    if not draft.facts.is_newest and not is_beyond:
        return by_order
    if current is None:
        draft.warnings.append(
            f"{draft.name_of(product)}: the subscription does not say how many it holds;"
            f" {plain(by_order)} follows from the order."
        )
        return by_order
    if current != by_order:
        told = (
            f"makes {plain(linked)} + {plain(delta)} = {plain(by_order)}"
            if stated is None
            else (f"states a total of {plain(by_order)}")
        )
        draft.warnings.append(
            f"{draft.name_of(product)}: the order {told},"
            f" the subscription holds {plain(current)} now; {plain(current)} is planned."
        )
    return current


def _total(lines: Iterable[ChargedLine]) -> Decimal:
    return sum((line.quantity for line in lines), start=ZERO)
