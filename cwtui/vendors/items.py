"""Catalog items for the SKU sheet: created once, then the operator's; `reset` shows each change first.

Rule: files.md#export-items.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import field, replace
from enum import StrEnum

from cwtui.domain.errors import AccessDenied, InputError, ServiceError
from cwtui.domain.ids import CatalogItemId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.money import price_text
from cwtui.domain.periods import BillingCycle
from cwtui.domain.psa import CatalogItem, NewCatalogItem
from cwtui.engine.concurrently import each
from cwtui.engine.protocols import Listener, Progress, Store
from cwtui.engine.writing.create_once import CreateOnce
from cwtui.vendors.layouts import INTERMEDIA, Layout
from cwtui.vendors.protocols import IntermediaPsa
from cwtui.vendors.rows import Refusal
from cwtui.vendors.setup_tables import VendorSetup
from cwtui.vendors.sku_sheet import LONGEST_DESCRIPTION, SheetItem, SkuSheet, price_or_zero


class ItemState(StrEnum):
    """How a SKU's catalog item stands."""

    NEW = "new"
    CREATED = "created"
    SAME = "same"
    DIFFERS = "differs"
    RESET = "reset"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field whose value in ConnectWise differs from the sheet."""

    field: str
    held: str
    sheet: str


@dataclass(frozen=True, slots=True)
class ExportedItem:
    """One row of the export.

    Attributes:
        held: The catalog item, if there is one.
        differences: Fields that the operator edited (or the sheet changed); `reset` would restore the sheet's values.
        note: What to know about it, or why it failed.
    """

    item: SheetItem
    state: ItemState
    held: CatalogItem | None = None
    differences: tuple[FieldDifference, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class ItemsReport:
    """The result of an export of items."""

    items: tuple[ExportedItem, ...] = ()
    refused: tuple[Refusal, ...] = ()

    def of(self, *states: ItemState) -> tuple[ExportedItem, ...]:
        """Those in one of these states."""
        return tuple(item for item in self.items if item.state in states)


@dataclass(slots=True)
class ItemExport:
    """Compares a sheet with the catalog, then creates and resets."""

    psa: IntermediaPsa
    store: Store
    listener: Listener
    layout: Layout
    once: CreateOnce
    setup: VendorSetup
    at_once: int = 16
    _by_name: dict[str, CatalogItem] = field(default_factory=dict)
    _by_id: dict[CatalogItemId, CatalogItem] = field(default_factory=dict)

    async def compare(self, sheet: SkuSheet) -> ItemsReport:
        """Find new, same and different items; nothing is written."""
        async for page in self.psa.catalog_items():
            for held in page:
                self._by_id[held.id] = held
                self._by_name.setdefault(held.identifier.casefold(), held)
        return ItemsReport(tuple(map(self._compared, sheet.items)), sheet.refused)

    async def apply(self, report: ItemsReport, *, reset: bool = False) -> ItemsReport:
        """Create what is new; with `reset`, put the sheet's values back where they differ.

        Raises:
            InputError: A setup table is missing that a new item needs.
            AccessDenied: The permission is missing; items created before it stay and are remembered.
        """
        create = await self._creator() if report.of(ItemState.NEW) else None
        denied: list[AccessDenied] = []

        async def carry_out(item: ExportedItem) -> ExportedItem:
            if denied:
                return replace(item, state=ItemState.FAILED, note="It was not tried.")
            try:
                return await self._carried_out(item, create, reset=reset)
            except AccessDenied as error:
                denied.append(error)
                return replace(item, state=ItemState.FAILED, note=error.happened)
            except ServiceError as error:
                return replace(item, state=ItemState.FAILED, note=error.happened)

        def done(count: int) -> None:
            self.listener.progress(Progress("Exporting items", count, len(report.items)))

        items = await each(report.items, carry_out, at_once=self.at_once, done=done)
        if denied:
            raise denied[0]
        return replace(report, items=tuple(items))

    def _compared(self, item: SheetItem) -> ExportedItem:
        mapped = self.store.mappings().get(self._key(item))
        held = self._by_id.get(CatalogItemId(mapped)) if mapped is not None else None
        held = held or self._by_name.get(item.name.casefold())
        if held is None:
            return ExportedItem(item, ItemState.NEW, note=_unpriced(item))
        differences = _differences(item, held)
        notes = ["It is inactive."] if held.is_inactive else []
        if held.product_class not in {"", "Agreement"}:
            notes.append(f"It is of class {held.product_class}, not Agreement.")
        state = ItemState.DIFFERS if differences else ItemState.SAME
        return ExportedItem(item, state, held, differences, " ".join(notes))

    async def _creator(self) -> Callable[[SheetItem], Awaitable[CatalogItem]]:
        checklist = await self.setup.checklist() if self.layout.name == INTERMEDIA else await self.setup.for_items()
        subcategory, category = checklist.id_of("subcategory"), checklist.id_of("category")
        product_type, unit = checklist.id_of("product_type"), checklist.id_of("unit")
        cycles = await self.psa.billing_cycles()
        monthly = next((number for number, cycle in sorted(cycles.items()) if cycle is BillingCycle.MONTHLY), None)
        if monthly is None:
            raise InputError(
                "ConnectWise has no monthly billing cycle, which a recurring catalog item needs.",
                next_step="Add one in ConnectWise's setup table Billing Cycle.",
            )

        async def create(item: SheetItem) -> CatalogItem:
            new = NewCatalogItem(
                identifier=item.name,
                description=item.description[:LONGEST_DESCRIPTION],
                customer_description=item.description,
                subcategory_id=subcategory,
                type_id=product_type,
                category_id=category,
                unit_of_measure_id=unit,
                price=price_or_zero(item),
                cost=item.cost,
                taxable=self.layout.taxable,
                billing_cycle_id=None if item.is_one_time else monthly,
                is_one_time=item.is_one_time,
            )
            return await self.once.create(lambda: self.psa.create_catalog_item(new), lambda: self._look(item.name))

        return create

    async def _look(self, name: str) -> CatalogItem | None:
        async for page in self.psa.catalog_items():
            for held in page:
                if held.identifier.casefold() == name.casefold():
                    return held
        return None

    async def _carried_out(
        self, item: ExportedItem, create: Callable[[SheetItem], Awaitable[CatalogItem]] | None, *, reset: bool
    ) -> ExportedItem:
        held, state = item.held, item.state
        if state is ItemState.NEW and create is not None:
            held, state = await create(item.item), ItemState.CREATED
        elif state is ItemState.DIFFERS and reset and held is not None:
            held, state = await self.psa.update_catalog_item(held, _as_in_sheet(item.item, held)), ItemState.RESET
        if held is not None:
            self._remember(item.item, held)
        return replace(item, state=state, held=held)

    def _remember(self, item: SheetItem, held: CatalogItem) -> None:
        if self.store.mappings().get(self._key(item)) != held.id:
            self.store.save_mapping(Mapping(self._key(item), held.id))

    def _key(self, item: SheetItem) -> MappingKey:
        return MappingKey(MappingKind.PRODUCT, self.layout.product(item.name))


def exported_items(store: Store, layout: Layout) -> Sequence[tuple[str, CatalogItemId]]:
    """Every exported item of a vendor: its name as exported, and its catalog item, by name."""
    prefix = layout.product("")
    return sorted(
        (mapping.key.marketplace_id.removeprefix(prefix), CatalogItemId(mapping.connectwise_id))
        for mapping in store.mappings().of_kind(MappingKind.PRODUCT)
        if mapping.key.marketplace_id.startswith(prefix)
    )


def _unpriced(item: SheetItem) -> str:
    if item.price is not None:
        return ""
    return "The sheet names no retail price, so its price is 0: set the price in each agreement."


def _as_in_sheet(item: SheetItem, held: CatalogItem) -> CatalogItem:
    """The catalog item with the sheet's values; a price the sheet does not name stays the operator's."""
    return replace(
        held,
        identifier=item.name,
        description=item.description[:LONGEST_DESCRIPTION],
        customer_description=item.description,
        price=held.price if item.price is None else item.price,
        cost=item.cost,
    )


def _differences(item: SheetItem, held: CatalogItem) -> tuple[FieldDifference, ...]:
    wanted = _as_in_sheet(item, held)
    texts = [
        ("identifier", held.identifier, wanted.identifier),
        ("description", held.description, wanted.description),
        ("customer description", held.customer_description, wanted.customer_description),
    ]
    found = [
        FieldDifference(name, old, new) for name, old, new in texts if " ".join(old.split()) != " ".join(new.split())
    ]
    prices = [("price", held.price, wanted.price), ("cost", held.cost, wanted.cost)]
    found += [FieldDifference(name, price_text(old), price_text(new)) for name, old, new in prices if old != new]
    return tuple(found)
