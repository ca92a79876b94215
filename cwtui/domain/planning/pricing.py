"""Price and cost of a line, and the catalog item that bills it (plans.md#price-source)."""

from __future__ import annotations

from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.lazily import dataclass
from cwtui.domain.marketplace import Price
from cwtui.domain.money import ZERO
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.ground import item_problem
from cwtui.domain.planning.lines import ChargedLine
from cwtui.domain.plans import Arithmetic, PriceSource
from cwtui.domain.problems import ProblemCase, ProblemCode
from cwtui.domain.psa import CatalogItem
from cwtui.domain.remedies import Action, Remedy

_UNIT_CHARGES = frozenset({Charge.RECURRING, Charge.PRORATED})


@dataclass(frozen=True, slots=True)
class ItemPrice:
    """The catalog item that bills one unit of a line, with its price and cost, unrounded.

    Attributes:
        formulas: How price and cost came about; None where they were taken as they stand.
    """

    item: CatalogItem
    price: Decimal
    cost: Decimal
    formulas: tuple[Arithmetic, Arithmetic] | None = None

    def negative(self) -> ItemPrice:
        """The same as a credit (plans.md#charges)."""
        return ItemPrice(self.item, -abs(self.price), -abs(self.cost), self.formulas)

    def positive(self) -> ItemPrice:
        """The same as a charge, for a line whose quantity and price are both negative."""
        return ItemPrice(self.item, abs(self.price), abs(self.cost), self.formulas)


def item_for(draft: Draft, product: ProductId, charge: Charge) -> CatalogItem | None:
    """The mapped catalog item; a missing mapping or an inactive item becomes a problem (plans.md#price-source)."""
    mapped = draft.facts.mappings.catalog_item(product, charge)
    if mapped is None:
        draft.problem(
            ProblemCode.PRODUCT_UNMAPPED,
            product,
            {"name": draft.name_of(product), "product": product, "charge": charge.value},
            Remedy(Action.MAP, product, "product"),
        )
        return None
    item = draft.facts.catalog_items.get(mapped)
    if problem := item_problem(item, mapped, draft.name_of(product)):
        draft.add_problem(problem)
        return None
    return item


def check_currency(draft: Draft, currency: str) -> None:
    """The line's currency equals the agreement's; an agreement without one matches (plans.md#price-source)."""
    agreement = draft.agreement
    if agreement is None or not agreement.currency or not currency or currency == agreement.currency:
        return
    if currency.upper() != agreement.currency.upper():
        draft.problem(
            ProblemCode.CURRENCY_MISMATCH,
            str(agreement.id),
            {
                "order_currency": currency,
                "agreement": agreement.id,
                "name": agreement.name,
                "agreement_currency": agreement.currency,
            },
        )


def item_price_for(
    draft: Draft, line: ChargedLine, source: PriceSource, *, prefer_held: bool = False
) -> ItemPrice | None:
    """Catalog item, price and cost of one unit of a line; None if one is missing, each reason as a problem.

    Args:
        draft: The plan being made.
        line: The added-up order line.
        source: Where price and cost come from.
        prefer_held: Take the subscription product's price before the line's (a new standing addition of a change).
    """
    item = item_for(draft, line.product_id, line.charge)
    price = _marketplace_price(draft, line, prefer_held=prefer_held)
    if price is not None:
        check_currency(draft, price.currency)
    if line.unit_price is not None and line.unit_price is not price:
        check_currency(draft, line.unit_price.currency)
    if source is PriceSource.CONNECTWISE:
        return _connectwise_price(draft, item)
    if price is None:
        draft.problem(
            ProblemCode.UNKNOWN_CHARGE_TYPE,
            f"{line.product_id}:{line.types[0] if line.types else line.charge}",
            {"charge": line.charge.value, "product": line.product_id, "name": draft.name_of(line.product_id)},
            case=ProblemCase.NO_PRICE,
        )
        return None
    if item is None:
        return None
    return ItemPrice(item, price.amount, _cost(draft, line, price))


def _connectwise_price(draft: Draft, item: CatalogItem | None) -> ItemPrice | None:
    """The catalog item's own price and cost; one that ConnectWise does not name is not 0."""
    if item is None or item.is_priced:
        return None if item is None else ItemPrice(item, item.price, item.cost)
    draft.problem(
        ProblemCode.CATALOG_ITEM_INACTIVE,
        str(item.id),
        {"catalog_item": item.id, "identifier": item.identifier},
        case=ProblemCase.NOT_PRICED,
    )
    return None


def _marketplace_price(draft: Draft, line: ChargedLine, *, prefer_held: bool) -> Price | None:
    """The line's own price; a standing addition's may come from the subscription's product instead."""
    if line.charge in _UNIT_CHARGES or line.is_standing_credit:
        held = draft.held(line.product_id)
        offered = held.unit_price if held else None
        return (offered or line.unit_price) if prefer_held else (line.unit_price or offered)
    if line.unit_price is None and line.extended == 0:
        return Price(ZERO, "")
    return line.unit_price


def _cost(draft: Draft, line: ChargedLine, price: Price) -> Decimal:
    """The product's unit cost; of what is charged once the catalogue's cost of that type; else the price.

    Rule: plans.md#costs.
    """
    if line.charge in _UNIT_CHARGES or line.is_standing_credit:
        held = draft.held(line.product_id, price.amount)
        cost = held.unit_cost if held else _linked_cost(draft, line, price)
        if cost is None:
            return price.amount
        if _differ(cost.currency, price.currency):
            draft.warnings.append(
                f"{draft.name_of(line.product_id)}: its cost is in {cost.currency}, its price in {price.currency};"
                " the price is taken as the cost."
            )
            return price.amount
        return cost.amount
    catalogued = draft.facts.products.get(line.product_id)
    wanted = "setup" if line.is_setup_refund else line.charge
    for entry in catalogued.costs if catalogued else ():
        if entry.charge == wanted and not _differ(entry.cost.currency, price.currency):
            return entry.cost.amount
    return price.amount


def _linked_cost(draft: Draft, line: ChargedLine, price: Price) -> Price | None:
    """A credit of a product that left the subscription costs what its addition did (plans.md#costs)."""
    if not line.is_standing_credit:
        return None
    linked = [link for link in draft.facts.links if link.is_standing and link.product_id == line.product_id]
    last = max(linked, key=lambda link: (link.values.effective, link.addition_id), default=None)
    return None if last is None else Price(last.values.unit_cost, price.currency)


def _differ(currency: str, other: str) -> bool:
    return currency != other and bool(currency and other) and currency.upper() != other.upper()
