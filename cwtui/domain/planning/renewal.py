"""renewal_order: nothing, unless the quantity or the price moved (plans.md#renewal-order)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.mappings import Link
from cwtui.domain.money import ZERO, is_rounding, plain, round_price
from cwtui.domain.planning.change import by_product, plan_unnamed
from cwtui.domain.planning.charged_once import plan_once, unexpected
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.lines import ChargedLine
from cwtui.domain.planning.pricing import item_price_for
from cwtui.domain.planning.standing import (
    WantedAddition,
    check_guard,
    link_missing,
    linked_quantity,
    replace_standing,
    standing_links,
    wanted_standing,
)

_RULE = "renewal order: the quantity or the price moved, so the standing addition is replaced"
_ONCE_RULE = "renewal order: charged once"


def plan_renewal_order(draft: Draft, lines: tuple[ChargedLine, ...]) -> None:
    """Replace the standing addition of a renewed product only if something moved (plans.md#renewal-order)."""
    products = by_product(line for line in lines if line.charge is Charge.RECURRING)
    for product, own in products.items():
        _plan_product(draft, product, own)
    plan_unnamed(draft, products)
    for line in lines:
        if line.is_standing_credit:
            unexpected(draft, line, "renewal order")
    once = (line for line in lines if line.charge is not Charge.RECURRING and not line.is_standing_credit)
    plan_once(draft, once, rule=_ONCE_RULE)


def _plan_product(draft: Draft, product: ProductId, lines: Sequence[ChargedLine]) -> None:
    if draft.subscription.billing_model.is_usage_based:
        draft.notes.append(f"{draft.name_of(product)} is billed by use: it has no standing addition to renew.")
        return
    links = standing_links(draft, product)
    if not links:
        item_price_for(draft, lines[0], draft.source_of(f"standing:{product}"), prefer_held=True)
        link_missing(draft, product)
        return
    quantity = _renewed_quantity(draft, product, sum((line.quantity for line in lines), start=ZERO))
    wanted = wanted_standing(draft, product, links, quantity, lines[0])
    if wanted is None:
        return
    if _is_unchanged(draft, links, wanted, lines):
        draft.notes.append(f"{draft.name_of(product)}: renewed with the same quantity and price.")
        _warn_of_an_end(draft, product, links)
        return
    check_guard(draft, product, linked_quantity(links), quantity)
    replace_standing(draft, product, links, wanted, rule=_RULE)


def _warn_of_an_end(draft: Draft, product: ProductId, links: Sequence[Link]) -> None:
    """A cancellation that the renewal takes back ended what stands: nothing bills the days after it."""
    ends = [link.values.cancelled for link in links if link.values.cancelled is not None]
    if ends and len(ends) == len(links):
        draft.warnings.append(
            f"{draft.name_of(product)}: its standing addition ends on {max(ends)} though it is renewed."
            " Take the end away in ConnectWise if the subscription goes on."
        )


def _renewed_quantity(draft: Draft, product: ProductId, total: Decimal) -> Decimal:
    """The line's quantity is the total; the newest order follows the subscription (plans.md#renewal-order)."""
    held = draft.held_quantity(product) if draft.held(product) else None
    if not draft.facts.is_newest or held is None:
        return total
    if held != total:
        draft.warnings.append(
            f"{draft.name_of(product)}: renewed for {plain(total)}, the subscription holds {plain(held)} now;"
            f" {plain(held)} is planned."
        )
    return held


def _is_unchanged(
    draft: Draft, links: Sequence[Link], wanted: Sequence[WantedAddition], lines: Sequence[ChargedLine]
) -> bool:
    """The additions bill the renewed quantity and price already: as they are planned, or one for each line."""
    decimals = draft.facts.rules.price_decimals
    standing = sorted((link.values.quantity, link.values.unit_price) for link in links)
    planned = []
    for one in wanted:
        unit = item_price_for(draft, one.priced, draft.source_of(one.key), prefer_held=one.prefer_held)
        if unit is None:
            return False
        planned.append((one.quantity, round_price(unit.price, decimals)))
    if _as_kept(planned, standing):
        return True
    renewed = [(line.quantity, round_price(line.unit_price.amount, decimals)) for line in lines if line.unit_price]
    total = sum((one.quantity for one in wanted), start=ZERO)
    return len(links) > 1 and total == linked_quantity(links) and _as_kept(renewed, standing)


def _as_kept(asked: list[tuple[Decimal, Decimal]], standing: list[tuple[Decimal, Decimal]]) -> bool:
    """The same quantities at the same prices, as ConnectWise rounds them.

    Rule: synchronising.md#links-remember-what-was-read.
    """
    pairs = zip(sorted(asked), standing, strict=False)
    return len(asked) == len(standing) and all(
        ours == theirs and is_rounding(price, kept) for (ours, price), (theirs, kept) in pairs
    )
