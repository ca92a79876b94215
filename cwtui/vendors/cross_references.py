"""Every exported SKU, associated with the managed solution and the agreement type (files.md#cross-reference)."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from cwtui.domain.errors import AccessDenied, ServiceError
from cwtui.domain.ids import CatalogItemId
from cwtui.domain.lazily import dataclass
from cwtui.domain.management import CrossReference
from cwtui.engine.protocols import Listener, Progress, Store
from cwtui.engine.writing.create_once import CreateOnce
from cwtui.vendors.items import exported_items
from cwtui.vendors.layouts import Layout, sku_of
from cwtui.vendors.protocols import IntermediaPsa
from cwtui.vendors.setup_tables import VendorSetup


class AssociationState(StrEnum):
    """How an exported SKU stands."""

    THERE = "there"
    MISSING = "missing"
    CREATED = "created"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Association:
    """One exported SKU; `item` is the name it was exported under, `note` why it failed."""

    item: str
    catalog_item_id: CatalogItemId
    state: AssociationState
    note: str = ""

    @property
    def vendor_type(self) -> str:
        """The vendor's name for it: the SKU."""
        return sku_of(self.item)

    @property
    def vendor_level(self) -> str:
        """Its unit price, as in the item's name; empty where the name has none."""
        return self.item.removeprefix(self.vendor_type).removeprefix("_")


@dataclass(slots=True)
class CrossReferences:
    """Lists and completes the cross-references of the Managed Devices Integration."""

    psa: IntermediaPsa
    store: Store
    listener: Listener
    layout: Layout
    once: CreateOnce
    setup: VendorSetup

    async def run(self, *, apply: bool = False) -> tuple[Association, ...]:
        """Every exported SKU; with `apply`, those without an association get one.

        Raises:
            InputError: The Managed Devices Integration or the agreement type is missing.
            ServiceError: ConnectWise could not be read, or refuses the credentials.
        """
        checklist = await self.setup.checklist()
        integration, agreement_type = checklist.id_of("integration"), checklist.id_of("agreement_type")
        there = await self._there(integration, agreement_type)
        found = []
        exported = exported_items(self.store, self.layout)
        for done, (name, item) in enumerate(exported):
            self.listener.progress(Progress("Associating SKUs", done, len(exported)))
            state = AssociationState.THERE if item in there else AssociationState.MISSING
            association = Association(name, item, state)
            if apply and state is AssociationState.MISSING:
                association = await self._create(association, integration, agreement_type)
            found.append(association)
        return tuple(found)

    async def _there(self, integration: int, agreement_type: int) -> set[CatalogItemId]:
        rows = await self.psa.cross_references(integration)
        return {
            row.catalog_item_id
            for row in rows
            if row.catalog_item_id is not None and row.agreement_type_id == agreement_type
        }

    async def _create(self, association: Association, integration: int, agreement_type: int) -> Association:
        item = association.catalog_item_id

        async def send() -> CrossReference:
            return await self.psa.create_cross_reference(
                integration,
                vendor_type=association.vendor_type,
                vendor_level=association.vendor_level,
                catalog_item_id=item,
                agreement_type_id=agreement_type,
            )

        async def look() -> CrossReference | None:
            rows = await self.psa.cross_references(integration)
            return next(
                (row for row in rows if row.catalog_item_id == item and row.agreement_type_id == agreement_type), None
            )

        try:
            await self.once.create(send, look)
        except AccessDenied:
            raise
        except ServiceError as error:
            return replace(association, state=AssociationState.FAILED, note=error.happened)
        return replace(association, state=AssociationState.CREATED)
