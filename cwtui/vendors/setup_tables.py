"""The checklist of setup tables: what is there, what is missing, created on request (files.md#setup)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from cwtui.domain.errors import InputError
from cwtui.domain.lazily import dataclass
from cwtui.domain.management import ManagementSolution
from cwtui.domain.psa import TableEntry
from cwtui.domain.remedies import Action, Remedy
from cwtui.engine.writing.create_once import CreateOnce
from cwtui.vendors.layouts import Layout
from cwtui.vendors.protocols import IntermediaPsa

PRODUCT_TYPE, UNIT, SOLUTION = "Intermedia_Services", "Unit", "Intermedia"
_CUSTOM = "Custom"
_NEW_AGREEMENT_TYPE = {
    "employeeCompRate": "Actual",
    "employeeCompNotExceed": "Billing",
    "invoicingCycle": "ContractYear",
    "billTime": "Billable",
    "billExpenses": "Billable",
    "billProducts": "Billable",
}


class SetupState(StrEnum):
    """The state of one entry of the checklist."""

    THERE = "there"
    MISSING = "missing"
    CREATED = "created"
    UNFIT = "unfit"


@dataclass(frozen=True, slots=True)
class SetupItem:
    """One entry of the checklist.

    Attributes:
        key: Names it to the program: `product_type`, `agreement_type`, `unit` and so on.
        table: Where an operator finds it in ConnectWise.
        note: What to do where it is `unfit` (inactive, of another type).
    """

    key: str
    table: str
    name: str
    state: SetupState
    id: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """All of it, in the order it is created."""

    items: tuple[SetupItem, ...]

    @property
    def is_complete(self) -> bool:
        """Nothing is missing or unfit."""
        return all(item.state in {SetupState.THERE, SetupState.CREATED} for item in self.items)

    def id_of(self, key: str) -> int:
        """The id of an entry that is needed now.

        Raises:
            InputError: It is missing or unfit.
        """
        item = next(item for item in self.items if item.key == key)
        if item.id is None or item.state is SetupState.UNFIT:
            raise InputError(
                f"ConnectWise has no {item.table} {item.name} that can be used.{f' {item.note}' if item.note else ''}",
                next_step=Remedy(Action.SET_UP_VENDOR),
            )
        return item.id


@dataclass(slots=True)
class VendorSetup:
    """Reads and completes the setup tables."""

    psa: IntermediaPsa
    layout: Layout
    once: CreateOnce

    async def for_items(self) -> Checklist:
        """What a catalog item needs, created where it is missing: the tables of a vendor without a setup of its own."""
        layout = self.layout
        category = await self._entry("category", "categories", "Category", layout.category, {}, apply=True)
        return Checklist(
            (
                await self._entry("product_type", "product_types", "Product Type", layout.product_type, {}, apply=True),
                await self._entry("unit", "units", "Unit of Measure", UNIT, {}, apply=True),
                category,
                await self._subcategory(category, apply=True),
            )
        )

    async def checklist(self, *, apply: bool = False) -> Checklist:
        """Look at every table; with `apply`, create what is missing.

        Raises:
            ServiceError: One could not be read or created; what was created before it stays.
        """
        layout = self.layout
        items = [
            await self._entry("product_type", "product_types", "Product Type", layout.product_type, {}, apply=apply),
            await self._entry(
                "agreement_type",
                "agreement_types",
                "Agreement Type",
                layout.agreement_type,
                _NEW_AGREEMENT_TYPE,
                apply=apply,
            ),
            await self._entry("unit", "units", "Unit of Measure", UNIT, {}, apply=apply),
        ]
        category = await self._entry("category", "categories", "Category", layout.category, {}, apply=apply)
        items += [category, await self._subcategory(category, apply=apply)]
        items += [await self._solution(apply=apply), await self._integration(apply=apply)]
        return Checklist(tuple(items))

    async def _entry(
        self, key: str, table: str, label: str, name: str, more: dict[str, object] | dict[str, str], *, apply: bool
    ) -> SetupItem:
        async def look() -> TableEntry | None:
            return _named(await self.psa.table(table), name)

        async def send() -> TableEntry:
            return await self.psa.create_table_entry(table, {"name": name, **more})

        found = await look()
        if found is None and apply:
            return SetupItem(key, label, name, SetupState.CREATED, (await self.once.create(send, look)).id)
        return _standing(key, label, name, found)

    async def _subcategory(self, category: SetupItem, *, apply: bool) -> SetupItem:
        key, label, name = "subcategory", "Sub-Category", self.layout.subcategory
        if category.id is None:
            return SetupItem(key, label, name, SetupState.MISSING)

        async def look() -> TableEntry | None:
            rows = await self.psa.table("subcategories")
            return _named([row for row in rows if row.parent_id == category.id], name)

        async def send() -> TableEntry:
            return await self.psa.create_table_entry("subcategories", {"name": name, "category": {"id": category.id}})

        found = await look()
        if found is None and apply:
            return SetupItem(key, label, name, SetupState.CREATED, (await self.once.create(send, look)).id)
        return _standing(key, label, name, found)

    async def _solution(self, *, apply: bool) -> SetupItem:
        key, label = "solution", "Management IT solution"

        async def look() -> ManagementSolution | None:
            return solution_named(await self.psa.management_solutions(), SOLUTION)

        async def send() -> ManagementSolution:
            return await self.psa.create_management_solution(SOLUTION)

        found = await look()
        if found is None and apply:
            return SetupItem(key, label, SOLUTION, SetupState.CREATED, (await self.once.create(send, look)).id)
        if found is None:
            return SetupItem(key, label, SOLUTION, SetupState.MISSING)
        if found.type and found.type != _CUSTOM:
            note = f"It is of type {found.type}: rename it in ConnectWise, or set its type to {_CUSTOM}."
            return SetupItem(key, label, SOLUTION, SetupState.UNFIT, found.id, note)
        return SetupItem(key, label, SOLUTION, SetupState.THERE, found.id)

    async def _integration(self, *, apply: bool) -> SetupItem:
        key, label = "integration", "Managed Devices Integration"

        async def look() -> TableEntry | None:
            return _named(await self.psa.table("integrations"), SOLUTION)

        async def send() -> TableEntry:
            return await self.psa.create_integration(SOLUTION)

        found = await look()
        if found is None and apply:
            return SetupItem(key, label, SOLUTION, SetupState.CREATED, (await self.once.create(send, look)).id)
        return _standing(key, label, SOLUTION, found)


def solution_named(solutions: Sequence[ManagementSolution], name: str) -> ManagementSolution | None:
    """The custom solution with that solution name, else one with that name."""
    wanted = name.casefold()
    custom = (row for row in solutions if row.type == _CUSTOM and row.solution_name.casefold() == wanted)
    return next(custom, next((row for row in solutions if row.name.casefold() == wanted), None))


def _named(rows: Sequence[TableEntry], name: str) -> TableEntry | None:
    """The row of that name, an active one before an inactive one."""
    found = [row for row in rows if row.name.strip().casefold() == name.casefold()]
    return min(found, key=lambda row: row.is_inactive) if found else None


def _standing(key: str, label: str, name: str, found: TableEntry | None) -> SetupItem:
    if found is None:
        return SetupItem(key, label, name, SetupState.MISSING)
    if found.is_inactive:
        return SetupItem(key, label, name, SetupState.UNFIT, found.id, "It is inactive: activate it in ConnectWise.")
    return SetupItem(key, label, name, SetupState.THERE, found.id)
