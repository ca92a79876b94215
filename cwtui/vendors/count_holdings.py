"""Assigns an agreement's additions to an account's counts: by link or item, with the lines they bill.

Rule: files.md#export-counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from decimal import Decimal

from cwtui.domain.counts import CountedItem
from cwtui.domain.ids import AdditionId
from cwtui.domain.lazily import dataclass
from cwtui.domain.money import ZERO, round_price
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.psa import Addition
from cwtui.vendors.count_facts import CountFacts
from cwtui.vendors.doubts import concerns


@dataclass(slots=True)
class CountHoldings:
    """One account's additions, in view of its counts."""

    facts: CountFacts
    dates: AgreementDates | None = field(init=False)
    _replaced: list[tuple[Addition, Sequence[CountedItem]]] | None = None

    def __post_init__(self) -> None:
        self.dates = self.facts.dates

    def live(self) -> list[Addition]:
        """Additions that still bill on or after the first day that is open; none of a marketplace subscription."""
        return [held for held in self._going_on() if held.id not in self.facts.others]

    def of_others(self, item: CountedItem) -> list[Addition]:
        """What bills a subscription of the marketplace with the item: no count may change it."""
        return [
            held
            for held in self._going_on()
            if held.id in self.facts.others and held.values.catalog_item_id == item.catalog_item_id
        ]

    def _going_on(self) -> list[Addition]:
        if self.dates is None:
            return []
        first = self.dates.first_open_day
        return [
            held for held in self.facts.additions if held.values.cancelled is None or held.values.cancelled >= first
        ]

    def linked(self) -> dict[AdditionId, str]:
        """The additions that are this account's, by link, with the name their item was exported under."""
        prefix = self.facts.layout.product("")
        return {link.addition_id: link.product_id.removeprefix(prefix) for link in self.facts.links}

    def standing(self) -> list[tuple[Addition, str]]:
        """The account's live standing additions, linked or of an item that a report named, with the item's name."""
        linked, layout = self.linked(), self.facts.layout
        found = []
        for held in self.live():
            known = self.facts.known.get(held.values.catalog_item_id, held.catalog_item)
            name = linked.get(held.id, known)
            is_ours = (
                held.id in linked
                or held.values.catalog_item_id in self.facts.known
                or self.is_reported(held)
                or (layout.priced_names and layout.sku_of(name) != name)
            )
            if held.values.cancelled is None and is_ours:
                found.append((held, name))
        return found

    def is_doubted(self, sku: str) -> bool:
        """Whether a refused row could belong to a SKU, so that its count is not known."""
        return concerns(self.facts.doubts, sku) or concerns(self.facts.anywhere, sku)

    def is_reported(self, held: Addition) -> bool:
        """The report names its catalog item."""
        return any(item.catalog_item_id == held.values.catalog_item_id for item in self.facts.items)

    def held_for(self, item: CountedItem) -> list[Addition]:
        """The live additions of an item: endless ones, else those that end later."""
        found = [held for held in self.live() if held.values.catalog_item_id == item.catalog_item_id]
        if item.is_apart and item.unit_cost is not None:
            cost = round_price(item.unit_cost, self.facts.price_decimals)
            found = [held for held in found if held.values.unit_cost == cost]
        if self.facts.layout.is_one_time(item.sku) and self.dates is not None:
            period = self.dates.one_time_period(self.dates.first_open_day)
            return [held for held in found if held.values.effective <= period.end]
        return [held for held in found if held.values.cancelled is None] or found

    def replaced(self) -> list[tuple[Addition, Sequence[CountedItem]]]:
        """Additions of an old price whose SKU starts or grows at another price, each with its replacement.

        If the count at the other price neither starts nor grows, the units of the old price just vanished.
        """
        if self._replaced is None:
            self._replaced = self._find_replaced()
        return self._replaced

    def _find_replaced(self) -> list[tuple[Addition, Sequence[CountedItem]]]:
        taking_over: dict[str, list[CountedItem]] = {}
        for item in self.facts.items:
            has = self.held_for(item)
            if not self.facts.layout.is_one_time(item.sku) and (not has or units(has) < item.quantity):
                taking_over.setdefault(item.sku.casefold(), []).append(item)
        found: list[tuple[Addition, Sequence[CountedItem]]] = []
        if not self.facts.layout.priced_names:
            return found
        for held, name in self.standing():
            sku = self.facts.layout.sku_of(name).casefold()
            if sku in taking_over and not self.is_doubted(sku) and not self.is_reported(held):
                found.append((held, taking_over[sku]))
        return found

    def moves(self, sku: str) -> bool:
        """Some of the SKU's units go from one price to another."""
        return any(items[0].sku.casefold() == sku.casefold() for _, items in self.replaced())

    def name_of(self, held: Addition) -> str:
        """The name that a standing addition's item was exported under."""
        return next((name for found, name in self.standing() if found.id == held.id), held.catalog_item)


def units(held: Sequence[Addition]) -> Decimal:
    """The units that several additions bill together."""
    return sum((one.values.quantity for one in held), start=ZERO)
