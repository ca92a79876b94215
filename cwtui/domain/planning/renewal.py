"""renewal_order: nothing, unless the quantity or the price moved (SPEC 6)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.mappings import Link
from cwtui.domain.money import ZERO, plain, round_price
from cwtui.domain.planning.charged_once import plan_once, unexpected
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.lines import ChargedLine
from cwtui.domain.planning.standing import check_guard, link_missing, link_of_product, replace_standing

_RULE = "renewal order: the quantity or the price moved, so the standing addition is replaced"
_ONCE_RULE = "renewal order: charged once"


def plan_renewal_order(draft: Draft, lines: tuple[ChargedLine, ...]) -> None:
    """Replace the standing addition of a renewed product only if something moved (SPEC 6, renewal_order)."""
    renewed = [line for line in lines if line.charge is Charge.RECURRING]
    for product in dict.fromkeys(line.product_id for line in renewed):
        _plan_product(draft, product, [line for line in renewed if line.product_id == product])
    for line in lines:
        if line.charge is Charge.CREDIT and not line.is_setup_refund:
            unexpected(draft, line, "renewal order")
    once = (line for line in lines if line not in renewed)
    plan_once(
        draft, (line for line in once if line.charge is not Charge.CREDIT or line.is_setup_refund), rule=_ONCE_RULE
    )


def _plan_product(draft: Draft, product: ProductId, lines: Sequence[ChargedLine]) -> None:
    if draft.subscription.billing_model.is_usage_based:
        return
    links = link_of_product(draft, product)
    if not links:
        if draft.dates is not None:
            link_missing(draft, product)
        return
    quantity = _renewed_quantity(draft, product, sum((line.quantity for line in lines), start=ZERO))
    if _is_unchanged(draft, links, quantity, lines[0]):
        draft.notes.append(f"{draft.name_of(product)}: renewed with the same quantity and price.")
        return
    check_guard(draft, product, sum((link.values.quantity for link in links), start=ZERO), quantity)
    replace_standing(draft, product, links, quantity, lines[0], rule=_RULE)


def _renewed_quantity(draft: Draft, product: ProductId, total: Decimal) -> Decimal:
    """The line's quantity is the total; the newest order follows the subscription (SPEC 6, fine points)."""
    held = draft.subscription.product(product)
    if not draft.facts.is_newest or held is None or held.quantity is None:
        return total
    if held.quantity != total:
        draft.warnings.append(
            f"{draft.name_of(product)}: renewed for {plain(total)}, the subscription holds {plain(held.quantity)} now;"
            f" {plain(held.quantity)} is planned."
        )
    return held.quantity


def _is_unchanged(draft: Draft, links: Sequence[Link], quantity: Decimal, line: ChargedLine) -> bool:
    item = draft.item_for(line.product_id, Charge.RECURRING)
    unit = draft.unit_of(line, f"standing:{line.product_id}", item, prefer_held=True) if item else None
    if unit is None:
        return False
    price = round_price(unit.price.amount, draft.facts.rules.price_decimals)
    values = links[0].values
    return len(links) == 1 and values.quantity == quantity and values.unit_price == price
