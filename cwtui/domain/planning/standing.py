"""Standing additions: finding a product's own, starting one, replacing one (plans.md#standing-start)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import Link
from cwtui.domain.marketplace import Price
from cwtui.domain.money import ZERO, is_rounding, plain, price_text, round_price
from cwtui.domain.periods import ONE_DAY, day_text, span_text
from cwtui.domain.planning.charged_once import plan_prorated, source_text, uncharged_days
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.edits_lost import tell_of_edits
from cwtui.domain.planning.lines import ChargedLine
from cwtui.domain.planning.pricing import ItemPrice, item_price_for
from cwtui.domain.plans import PriceSource, beyond_guard
from cwtui.domain.problems import ProblemCase, ProblemCode
from cwtui.domain.psa import AdditionValues, BillCustomer

_RULE = "a standing addition from the first day ConnectWise has not billed"
_PRORATED_RULE = "the days before the standing addition, once"
_END_RULE = "the standing addition ends the day before the new one starts"
_DELETE_RULE = "a standing addition that would only begin later is replaced"


def standing_links(draft: Draft, product: ProductId) -> list[Link]:
    """The linked standing additions of a product: those without an end, else those that end late enough to matter."""
    standing = [link for link in draft.facts.links if link.is_standing and link.product_id == product]
    found = [link for link in standing if link.values.cancelled is None]
    if not found and standing and draft.dates is not None:
        start = draft.dates.start
        found = [link for link in standing if link.values.cancelled is not None and link.values.cancelled >= start]
    for link in found:
        draft.counted_on[link.addition_id] = link
    return found


def linked_quantity(links: Sequence[Link]) -> Decimal:
    """Units that linked standing additions bill together."""
    return sum((link.values.quantity for link in links), start=ZERO)


def plan_new_standing(draft: Draft, line: ChargedLine, *, may_prorate: bool) -> None:
    """A product's first standing addition, and the days before it (plans.md#sales-order)."""
    if line.quantity == 0:
        return
    if line.quantity < 0:
        _takes_unknown(draft, line.product_id, -line.quantity)
        return
    key = new_standing_key(line)
    source = draft.source_of(key)
    later = _price_after_free_days(draft, line) if source is PriceSource.MARKETPLACE else None
    unit = item_price_for(draft, replace(line, unit_price=later) if later else line, source)
    if draft.dates is None:
        return
    effective, start = draft.dates.effective, draft.dates.start
    create_standing(draft, line, line.quantity, start, unit, key=key, rule=_RULE)
    if later is not None:
        free = f" {span_text(effective, start - ONE_DAY)} is free." if start > effective else ""
        draft.warnings.append(
            f"{draft.name_of(line.product_id)}: the order's price is 0, the subscription's {price_text(later.amount)}."
            f"{free} From {day_text(start)} the subscription's price is billed."
        )
    elif start > effective and unit is not None:
        if may_prorate and source is PriceSource.MARKETPLACE:
            plan_prorated(draft, line, rule=_PRORATED_RULE)
        else:
            uncharged_days(draft, line.product_id, effective, start)


def _price_after_free_days(draft: Draft, line: ChargedLine) -> Price | None:
    """What a product costs that was sold at 0 for a start: the subscription's price (plans.md#free-start)."""
    if line.unit_price is None or line.unit_price.amount:
        return None
    prices = list(draft.prices_held(line.product_id))
    return prices[0] if prices and all(price.amount for price in prices) else None


def new_standing_key(line: ChargedLine) -> str:
    """The key of a product's first standing addition; a product sold at two prices has two."""
    return f"standing:{line.product_id}:{plain(line.unit_price.amount) if line.unit_price else 'unpriced'}"


def create_standing(
    draft: Draft,
    line: ChargedLine,
    quantity: Decimal,
    begins: date,
    unit: ItemPrice | None,
    *,
    key: str,
    rule: str,
    step: Callable[[], str] | None = None,
    ends: date | None = None,
    bill: BillCustomer = BillCustomer.BILLABLE,
) -> None:
    """Create a standing addition from `begins`; where it cannot be priced, only the day is noted."""
    draft.need(begins)
    if unit is None or _rounds_to_nothing(draft, line, unit):
        return
    decimals = draft.facts.rules.price_decimals
    after = AdditionValues(
        unit.item.id,
        quantity,
        round_price(unit.price, decimals),
        round_price(unit.cost, decimals),
        begins,
        ends,
        bill,
        unit.item.taxable,
        draft.name_of(line.product_id),
    )
    draft.create(
        key,
        line.product_id,
        Charge.RECURRING,
        after,
        rule=rule,
        source=source_text(line, line.product_id),
        step=step,
        is_standing=True,
    )


def _rounds_to_nothing(draft: Draft, line: ChargedLine, unit: ItemPrice) -> bool:
    """Refuse a price that is not zero and would be rounded to it (plans.md#no-price-becomes-zero)."""
    decimals = draft.facts.rules.price_decimals
    if not unit.price or round_price(unit.price, decimals):
        return False
    draft.problem(
        ProblemCode.UNKNOWN_CHARGE_TYPE,
        f"{line.product_id}:recurring",
        {
            "product": line.product_id,
            "name": draft.name_of(line.product_id),
            "price": plain(unit.price),
            "decimals": decimals,
        },
        case=ProblemCase.ROUNDED_TO_NOTHING,
    )
    return True


def replace_standing(
    draft: Draft, product: ProductId, links: Sequence[Link], wanted: Sequence[WantedAddition], *, rule: str
) -> bool:
    """Replace a product's standing additions by the wanted ones (plans.md#change-order).

    An addition that is wanted unchanged goes on; the others end or are deleted, and missing ones begin.

    Returns:
        Whether the plan could be made; False where a mapping, a price or a date is missing.
    """
    units = [(one, _item_price(draft, one)) for one in wanted]
    if draft.dates is None:
        return False
    start = draft.dates.start
    begins = max(start, min((link.values.effective for link in links), default=start))
    if wanted:
        draft.need(begins)
    if any(unit is None for _, unit in units):
        return False
    ending, missing = _unmatched(draft, links, units)
    if not ending and not missing:
        draft.notes.append(f"{draft.name_of(product)}: quantity and price stay as they are.")
        return True
    _end_before(draft, ending, start)
    if not missing:
        return True
    bill, ends = _bill_of(draft, product, ending or links), _end_of(draft, product, ending or links)
    _warn_of_nothing(draft, product, ending, [unit for _, unit in missing if unit])
    for one, unit in missing:
        step = partial(_quantity_step, ending, one.quantity, begins)
        create_standing(
            draft, one.line, one.quantity, begins, unit, key=one.key, rule=rule, step=step, ends=ends, bill=bill
        )
    tell_of_edits(draft, product, ending)
    total = sum((one.quantity for one in wanted), start=ZERO)
    if begins > start and total > linked_quantity(links):
        uncharged_days(draft, product, start, begins)
    return True


@dataclass(frozen=True, slots=True)
class WantedAddition:
    """A standing addition that a product shall have.

    Attributes:
        line: What it comes from.
        priced: The line, as it is priced.
        prefer_held: The subscription's price counts before the line's.
    """

    key: str
    quantity: Decimal
    line: ChargedLine
    priced: ChargedLine
    prefer_held: bool = True


def wanted_standing(
    draft: Draft, product: ProductId, links: Sequence[Link], quantity: Decimal, line: ChargedLine
) -> list[WantedAddition] | None:
    """The standing additions that together bill a quantity of a product.

    One; but of a product that the subscription lists at several prices one for each.

    Rule: plans.md#several-prices-of-one-product.

    Returns:
        None, and the problem, where the quantity would be below 0.
    """
    if quantity < 0:
        _takes_unknown(draft, product, -quantity)
        return None
    held = draft.prices_held(product)
    if draft.facts.is_newest and len(held) > 1 and sum(held.values()) == quantity:
        priced = [replace(line, charge=Charge.RECURRING, unit_price=price, extended=None) for price in held]
        rows = zip(priced, held.items(), strict=True)
        return [
            WantedAddition(f"standing:{product}:{plain(price.amount)}", count, line, one, prefer_held=False)
            for one, (price, count) in rows
        ]
    if not quantity:
        return []
    return [WantedAddition(f"standing:{product}", quantity, line, _priced_as_recurring(line, links))]


def _item_price(draft: Draft, wanted: WantedAddition) -> ItemPrice | None:
    return item_price_for(draft, wanted.priced, draft.source_of(wanted.key), prefer_held=wanted.prefer_held)


def bill_of(links: Sequence[Link]) -> BillCustomer:
    """What the operator chose for the additions that are replaced, where it is one choice; else `Billable`."""
    chosen = {link.values.bill for link in links}
    return chosen.pop() if len(chosen) == 1 else BillCustomer.BILLABLE


def _warn_of_nothing(draft: Draft, product: ProductId, ending: Sequence[Link], units: Sequence[ItemPrice]) -> None:
    """What was paid for becomes free: that may be a discount, or a price that somebody forgot."""
    cost = [link.values.unit_price for link in ending if link.values.unit_price]
    if cost and any(not unit.price for unit in units):
        draft.warnings.append(
            f"{draft.name_of(product)}: a unit is billed at {price_text(max(cost))} now, the price from here on is 0."
        )


def _bill_of(draft: Draft, product: ProductId, links: Sequence[Link]) -> BillCustomer:
    bill = bill_of(links)
    if bill is not BillCustomer.BILLABLE:
        draft.warnings.append(f"{draft.name_of(product)}: the addition that is replaced is {bill}, so is the new one.")
    return bill


def _end_of(draft: Draft, product: ProductId, links: Sequence[Link]) -> date | None:
    """A product that ends on a later day goes on to end there."""
    ends = [link.values.cancelled for link in links if link.values.cancelled is not None]
    if not ends or len(ends) < len(links):
        return None
    draft.warnings.append(f"{draft.name_of(product)}: its standing addition ends on {max(ends)}, so does the new one.")
    return max(ends)


def _end_before(draft: Draft, links: Sequence[Link], start: date) -> None:
    for link in links:
        if link.values.effective < start:
            draft.end(link, start - ONE_DAY, rule=_END_RULE)
            continue
        warning = (
            f"Addition {link.addition_id} of {draft.name_of(link.product_id)} was billed already and is replaced"
            f" from its first day, {link.values.effective}. Look at the next invoice."
        )
        is_billed = draft.dates is not None and draft.dates.is_billed(link.values.effective)
        draft.delete(link, rule=_DELETE_RULE, warning=warning if is_billed else "")


def _quantity_step(links: Sequence[Link], quantity: Decimal, begins: date) -> str:
    was = " + ".join(plain(link.values.quantity) for link in links) or "0"
    return f"quantity {was} → {plain(quantity)} from {day_text(begins)}"


def _unmatched(
    draft: Draft, links: Sequence[Link], units: Sequence[tuple[WantedAddition, ItemPrice | None]]
) -> tuple[list[Link], list[tuple[WantedAddition, ItemPrice | None]]]:
    """The linked additions that nothing wants unchanged, and the wanted ones that none bills yet."""
    ending, missing = list(links), []
    for one, unit in units:
        stays = next((link for link in ending if unit and _stays(draft, link, one.quantity, unit)), None)
        if stays is None:
            missing.append((one, unit))
        else:
            ending.remove(stays)
    return ending, missing


def _stays(draft: Draft, link: Link, quantity: Decimal, unit: ItemPrice) -> bool:
    decimals = draft.facts.rules.price_decimals
    return (
        link.values.quantity == quantity
        and is_rounding(round_price(unit.price, decimals), link.values.unit_price)
        and is_rounding(round_price(unit.cost, decimals), link.values.unit_cost)
        and link.values.catalog_item_id == unit.item.id
    )


def _priced_as_recurring(line: ChargedLine, links: Sequence[Link]) -> ChargedLine:
    """For a downgrade that comes as a credit line only: the standing price goes on, not the credit's price."""
    if line.charge is Charge.RECURRING:
        return line
    currency = line.unit_price.currency if line.unit_price else ""
    stands = Price(links[0].values.unit_price, currency) if links else None
    return ChargedLine(line.product_id, Charge.RECURRING, line.types, line.quantity, stands or line.unit_price, None)


def check_guard(draft: Draft, product: ProductId, linked: Decimal, quantity: Decimal) -> None:
    """A change of quantity beyond the guard waits until a person confirms it (plans.md#guards)."""
    limit = draft.facts.rules.max_quantity_change
    if limit is None or linked == 0:
        return
    percent = abs(quantity - linked) * 100 / linked
    if percent <= limit:
        return
    beyond = beyond_guard(product, linked, quantity)
    draft.beyond_guard.append(beyond)
    if beyond not in draft.facts.task.confirmed:
        draft.problem(
            ProblemCode.GUARD,
            product,
            {
                "product": product,
                "name": draft.name_of(product),
                "before": plain(linked),
                "after": plain(quantity),
                "percent": plain(round_price(percent, 1)),
                "limit": plain(limit),
            },
            case=ProblemCase.ORDER,
        )


def link_missing(draft: Draft, product: ProductId) -> None:
    """The product's standing addition is not known: the operator may adopt one (plans.md#problems)."""
    draft.problem(
        ProblemCode.LINK_MISSING,
        product,
        {"product": product, "name": draft.name_of(product)},
        case=ProblemCase.NO_ADDITION,
    )


def _takes_unknown(draft: Draft, product: ProductId, missing: Decimal) -> None:
    draft.problem(
        ProblemCode.LINK_MISSING,
        product,
        {"product": product, "name": draft.name_of(product), "quantity": plain(missing)},
        case=ProblemCase.TAKES_UNKNOWN,
    )
