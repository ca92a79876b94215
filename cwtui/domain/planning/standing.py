"""Standing additions: finding a product's own, starting one, replacing one (SPEC 6)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.mappings import Link
from cwtui.domain.marketplace import Price
from cwtui.domain.money import plain, price_text, round_price
from cwtui.domain.periods import ONE_DAY, day_text
from cwtui.domain.planning.draft import Draft, UnitPrice
from cwtui.domain.planning.lines import ChargedLine
from cwtui.domain.plans import PriceSource
from cwtui.domain.psa import CatalogItem
from cwtui.domain.tasks import ProblemCode

_RULE = "a standing addition from the first day ConnectWise has not billed"
_PRORATED_RULE = "the days before the standing addition, once"
_END_RULE = "the standing addition ends the day before the new one starts"
_DELETE_RULE = "a standing addition that would only begin later is replaced"


def link_of_product(draft: Draft, product: ProductId) -> list[Link]:
    """The linked standing additions of a product: those without an end, else those that end late enough to matter."""
    standing = [link for link in draft.facts.links if link.product_id == product and link.is_standing]
    endless = [link for link in standing if link.values.cancelled is None]
    if endless or draft.dates is None or draft.effective is None:
        return endless
    start = draft.dates.standing_start(draft.effective)
    return [link for link in standing if link.values.cancelled is not None and link.values.cancelled >= start]


def plan_new_standing(draft: Draft, line: ChargedLine, *, may_prorate: bool, prefer_held: bool = False) -> None:
    """A product's first standing addition, and the days before it (SPEC 6, sales_order)."""
    key = f"standing:{line.product_id}:{plain(line.unit_price.amount) if line.unit_price else 'unpriced'}"
    item = draft.item_for(line.product_id, Charge.RECURRING)
    unit = draft.unit_of(line, key, item, prefer_held=prefer_held) if item else None
    if draft.dates is None or draft.effective is None or item is None or unit is None:
        return
    if line.quantity == 0:
        return
    if line.quantity < 0:
        draft.problem(
            ProblemCode.LINK_MISSING,
            line.product_id,
            f"The order takes {plain(-line.quantity)} of {draft.name_of(line.product_id)} away,"
            " and no addition of it is known. Adopt the agreement's addition, or bill it by hand and skip this task.",
        )
        return
    start = draft.dates.standing_start(draft.effective)
    draft.standing(line.product_id, line.quantity, start, unit, item, key=key, rule=_RULE)
    if start > draft.effective:
        if may_prorate and draft.source_of(key) is PriceSource.MARKETPLACE:
            draft.prorated(line, start, rule=_PRORATED_RULE)
        else:
            draft.uncharged_days(line.product_id, start)


def replace_standing(
    draft: Draft, product: ProductId, links: Sequence[Link], quantity: Decimal, line: ChargedLine, *, rule: str
) -> bool:
    """End or delete the linked standing additions and put one of `quantity` in their place.

    Returns:
        Whether the plan could be made; False where a mapping, a price or a date is missing.
    """
    key = f"standing:{product}"
    item = draft.item_for(product, Charge.RECURRING)
    unit = draft.unit_of(_priced_as_recurring(line), key, item, prefer_held=True) if item else None
    if draft.dates is None or draft.effective is None or item is None or unit is None:
        return False
    start = draft.dates.standing_start(draft.effective)
    if len(links) == 1 and _stays(draft, links[0], quantity, unit, item):
        draft.notes.append(f"{draft.name_of(product)}: quantity and price stay as they are.")
        return True
    begins = max(start, min(link.values.effective for link in links))
    ends = links[0].values.cancelled
    for link in links:
        if link.values.effective >= start:
            draft.delete(link, rule=_DELETE_RULE)
        else:
            draft.end(link, start - ONE_DAY, rule=_END_RULE)
    if quantity > 0:
        was = " + ".join(plain(link.values.quantity) for link in links)
        shown = (f"quantity {was} → {plain(quantity)} from {day_text(begins)}",)
        draft.standing(product, quantity, begins, unit, item, key=key, rule=rule, arithmetic=shown, end=ends)
    return True


def _stays(draft: Draft, link: Link, quantity: Decimal, unit: UnitPrice, item: CatalogItem) -> bool:
    decimals = draft.facts.rules.price_decimals
    return (
        link.values.quantity == quantity
        and link.values.unit_price == round_price(unit.price.amount, decimals)
        and link.values.unit_cost == round_price(unit.cost.amount, decimals)
        and link.values.catalog_item_id == item.id
    )


def _priced_as_recurring(line: ChargedLine) -> ChargedLine:
    """A downgrade that comes as a credit line only: its (positive) price is the recurring one."""
    if line.charge is Charge.RECURRING:
        return line
    price = line.unit_price
    positive = Price(abs(price.amount), price.currency) if price else None
    return ChargedLine(line.product_id, Charge.RECURRING, line.types, line.quantity, positive, None)


def check_guard(draft: Draft, product: ProductId, linked: Decimal, quantity: Decimal) -> None:
    """A change of quantity beyond the guard waits until a person confirms it (SPEC 6, guards)."""
    limit = draft.facts.rules.max_quantity_change
    if limit is None or draft.facts.task.confirmed_guard or linked == 0:
        return
    percent = abs(quantity - linked) * 100 / linked
    if percent > limit:
        draft.problem(
            ProblemCode.GUARD,
            product,
            f"{draft.name_of(product)} would change from {plain(linked)} to {plain(quantity)}"
            f" ({price_text(round_price(percent, 1))} %, the guard is {plain(limit)} %)."
            " Confirm it by syncing this task by name, or skip it.",
        )


def link_missing(draft: Draft, product: ProductId) -> None:
    """The product's standing addition is not known: the operator may adopt one (SPEC 6, problems)."""
    draft.problem(
        ProblemCode.LINK_MISSING,
        product,
        f"The standing addition of {draft.name_of(product)} is not known."
        " Adopt one of the agreement's additions, or bill it by hand and skip this task.",
    )
