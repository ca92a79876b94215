"""Every write of a record that is no addition goes into the audit too (commands.md#audit).

Companies, contacts, catalog items, setup tables and the like have natural keys and need no plan, so they are created
and changed where they are needed. What stands here in front of the services notes each such write on the disk before
it is sent, and its answer after. A create without an answer stays `unknown` until its record is seen in a list.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

from cwtui.domain.errors import OutcomeUnknown, ServiceError
from cwtui.domain.management import CrossReference, ManageId, ManagementSolution
from cwtui.domain.marketplace import Customer
from cwtui.domain.money import plain
from cwtui.domain.psa import CatalogItem, Company, Contact, NewCatalogItem, NewContact, TableEntry
from cwtui.domain.records import RecordWrite
from cwtui.engine.protocols import Clock, Store

Value = TypeVar("Value")
UNKNOWN = "unknown"
_ENDED = f"{UNKNOWN}: the program ended before an answer came"
_MARKETPLACE = "marketplace"
_TABLES = {
    "product_types": "product type",
    "agreement_types": "agreement type",
    "units": "unit of measure",
    "categories": "category",
    "subcategories": "sub-category",
    "integrations": "managed devices integration",
}


@dataclass(slots=True)
class RecordLog:
    """Writes down what is written.

    Attributes:
        run_id: Of this start of the program.
        who: The operator.
    """

    store: Store
    clock: Clock
    run_id: str
    who: str
    _open: dict[tuple[str, str], RecordWrite] | None = field(default=None)

    async def create(
        self, record: str, name: str, intended: object, send: Callable[[], Awaitable[Value]], service: str = "PSA"
    ) -> Value:
        """Note a create, send it, and note how it ended. Who sends one again has looked for it and not found it."""
        earlier = self._waiting().pop((record, name.casefold()), None)
        if earlier is not None:
            self._ended(earlier, "failed: it was not there when it was looked for, and is sent again")
        row = self._begin("create", service, record, name, None, intended)
        return await self._sent(row, send)

    async def update(
        self, record: str, name: str, before: object, after: object, send: Callable[[], Awaitable[Value]]
    ) -> Value:
        """Note a change, send it, and note how it ended."""
        row = self._begin("update", "PSA", record, name, before, after)
        return await self._sent(row, send)

    def seen(self, record: str, values: Iterable[object]) -> None:
        """Records of a list: a create of one of them whose outcome was unknown came through."""
        waiting = {} if self.store.is_read_only else self._waiting()
        if not any(kind == record for kind, _ in waiting):
            return
        for value in values:
            row = waiting.pop((record, name_of(value).casefold()), None)
            if row is not None:
                self.store.save_record_write(
                    replace(row, outcome="adopted", record_id=_id_of(value), after=values_of(value))
                )

    def _waiting(self) -> dict[tuple[str, str], RecordWrite]:
        if self._open is None:
            rows = [row for row in self.store.record_writes() if row.outcome.startswith(UNKNOWN)]
            self._open = {(row.record, row.name.casefold()): row for row in rows if row.operation == "create"}
        return self._open

    def _begin(
        self, operation: str, service: str, record: str, name: str, before: object, after: object
    ) -> RecordWrite:
        row = RecordWrite(
            seq=0,
            at=self.clock.now(),
            run_id=self.run_id,
            who=self.who,
            operation=operation,
            service=service,
            record=record,
            record_id=_id_of(before),
            name=name,
            before=values_of(before),
            after=values_of(after),
            outcome=_ENDED,
        )
        row = self.store.save_record_write(row)
        if operation == "create":
            self._waiting()[record, name.casefold()] = row
        return row

    async def _sent(self, row: RecordWrite, send: Callable[[], Awaitable[Value]]) -> Value:
        try:
            held = await send()
        except OutcomeUnknown as error:
            self._waiting()[row.record, row.name.casefold()] = self._ended(row, f"{UNKNOWN}: {error.happened}")
            raise
        except ServiceError as error:
            self._waiting().pop((row.record, row.name.casefold()), None)
            self._ended(row, f"failed: {error.happened}")
            raise
        self._waiting().pop((row.record, row.name.casefold()), None)
        self.store.save_record_write(
            replace(row, outcome="confirmed", record_id=_id_of(held) or row.record_id, after=values_of(held))
        )
        return held

    def _ended(self, row: RecordWrite, outcome: str) -> RecordWrite:
        return self.store.save_record_write(replace(row, outcome=outcome))


class _Recorded:
    """A service, as it is but for the methods named below; `recorded` is the service itself."""

    def __init__(self, recorded: Any, log: RecordLog) -> None:
        self.recorded, self.log = recorded, log

    def __getattr__(self, name: str) -> Any:
        return getattr(self.recorded, name)

    async def _pages(self, record: str, pages: AsyncIterator[Sequence[Value]]) -> AsyncIterator[Sequence[Value]]:
        async for page in pages:
            self.log.seen(record, page)
            yield page


class RecordedMarketplace(_Recorded):
    """The marketplace with every write in the audit."""

    def customers(self, *args: Any, **more: Any) -> AsyncIterator[Sequence[Customer]]:
        """As the marketplace."""
        return self._pages("customer", self.recorded.customers(*args, **more))

    async def create_customer(self, account: Mapping[str, object]) -> Customer:
        """As the marketplace."""
        name = str(account.get("externalId", ""))
        created: Customer = await self.log.create(
            "customer", name, account, lambda: self.recorded.create_customer(account), _MARKETPLACE
        )
        return created


class RecordedPsa(_Recorded):
    """ConnectWise with every write of what is no addition in the audit; additions are the writer's."""

    def companies(self, *args: Any, **more: Any) -> AsyncIterator[Sequence[Company]]:
        """As the PSA."""
        return self._pages("company", self.recorded.companies(*args, **more))

    def companies_where(self, field: str, value: str) -> AsyncIterator[Sequence[Company]]:
        """As the PSA."""
        return self._pages("company", self.recorded.companies_where(field, value))

    async def create_company(self, company: Company) -> Company:
        """As the PSA."""
        made: Company = await self.log.create(
            "company", company.identifier, company, lambda: self.recorded.create_company(company)
        )
        return made

    def catalog_items(self, *args: Any, **more: Any) -> AsyncIterator[Sequence[CatalogItem]]:
        """As the PSA."""
        return self._pages("catalog item", self.recorded.catalog_items(*args, **more))

    async def create_catalog_item(self, item: NewCatalogItem) -> CatalogItem:
        """As the PSA."""
        made: CatalogItem = await self.log.create(
            "catalog item", item.identifier, item, lambda: self.recorded.create_catalog_item(item)
        )
        return made

    async def update_catalog_item(self, before: CatalogItem, after: CatalogItem) -> CatalogItem:
        """As the PSA."""
        kept: CatalogItem = await self.log.update(
            "catalog item", before.identifier, before, after, lambda: self.recorded.update_catalog_item(before, after)
        )
        return kept

    async def table(self, name: str) -> Sequence[TableEntry]:
        """As the PSA."""
        rows: Sequence[TableEntry] = await self.recorded.table(name)
        self.log.seen(_TABLES.get(name, name), rows)
        return rows

    async def create_table_entry(self, name: str, body: Mapping[str, object]) -> TableEntry:
        """As the PSA."""
        made: TableEntry = await self.log.create(
            _TABLES.get(name, name), str(body["name"]), body, lambda: self.recorded.create_table_entry(name, body)
        )
        return made

    async def create_integration(self, name: str) -> TableEntry:
        """As the PSA."""
        made: TableEntry = await self.log.create(
            _TABLES["integrations"], name, {"name": name}, lambda: self.recorded.create_integration(name)
        )
        return made

    async def management_solutions(self) -> Sequence[ManagementSolution]:
        """As the PSA."""
        rows: Sequence[ManagementSolution] = await self.recorded.management_solutions()
        self.log.seen("management IT solution", rows)
        return rows

    async def create_management_solution(self, name: str) -> ManagementSolution:
        """As the PSA."""
        made: ManagementSolution = await self.log.create(
            "management IT solution", name, {"name": name}, lambda: self.recorded.create_management_solution(name)
        )
        return made

    async def cross_references(self, integration_id: int) -> Sequence[CrossReference]:
        """As the PSA."""
        rows: Sequence[CrossReference] = await self.recorded.cross_references(integration_id)
        self.log.seen("cross-reference", rows)
        return rows

    async def create_cross_reference(self, integration_id: int, **values: Any) -> CrossReference:
        """As the PSA."""
        made: CrossReference = await self.log.create(
            "cross-reference",
            f"{values['vendor_type']} {values['vendor_level']}".strip(),
            {"integration_id": integration_id, **values},
            lambda: self.recorded.create_cross_reference(integration_id, **values),
        )
        return made

    async def manage_ids(self, company_id: int) -> Sequence[ManageId]:
        """As the PSA."""
        rows: Sequence[ManageId] = await self.recorded.manage_ids(company_id)
        self.log.seen("Manage ID", rows)
        return rows

    async def create_manage_id(self, company_id: int, solution_id: int, group_identifier: str) -> ManageId:
        """As the PSA."""
        values = {"company_id": company_id, "solution_id": solution_id, "group_identifier": group_identifier}
        made: ManageId = await self.log.create(
            "Manage ID",
            group_identifier,
            values,
            lambda: self.recorded.create_manage_id(company_id, solution_id, group_identifier),
        )
        return made

    async def update_manage_id(self, company_id: int, report_id: int, group_identifier: str) -> ManageId:
        """As the PSA."""
        held = {"id": report_id, "company_id": company_id}
        kept: ManageId = await self.log.update(
            "Manage ID",
            group_identifier,
            held,
            {**held, "group_identifier": group_identifier},
            lambda: self.recorded.update_manage_id(company_id, report_id, group_identifier),
        )
        return kept

    async def contacts_of(self, company_id: int) -> Sequence[Contact]:
        """As the PSA."""
        rows: Sequence[Contact] = await self.recorded.contacts_of(company_id)
        self.log.seen("contact", rows)
        return rows

    async def create_contact(self, contact: NewContact) -> Contact:
        """As the PSA."""
        made: Contact = await self.log.create(
            "contact", name_of(contact), contact, lambda: self.recorded.create_contact(contact)
        )
        return made


_TOLD_BY: Mapping[type, tuple[str, ...]] = {
    Company: ("identifier",),
    CatalogItem: ("identifier",),
    Customer: ("external_id",),
    ManagementSolution: ("solution_name",),
    CrossReference: ("vendor_type", "vendor_level"),
    ManageId: ("group_identifier",),
    Contact: ("first_name", "last_name"),
    NewContact: ("first_name", "last_name"),
    TableEntry: ("name",),
}


def name_of(value: object) -> str:
    """What a record is told by."""
    return " ".join(str(getattr(value, name)) for name in _TOLD_BY.get(type(value), ())).strip()


def values_of(value: object) -> Mapping[str, object] | None:
    """A record's values by name, JSON-shaped, amounts as exact text; what is empty is left out."""
    if value is None:
        return None
    if is_dataclass(value):
        named = {one.name: getattr(value, one.name) for one in fields(value)}
    else:
        named = dict(value) if isinstance(value, Mapping) else {"value": value}
    plainly = {name: _plain(inner) for name, inner in named.items()}
    return {name: inner for name, inner in plainly.items() if inner not in (None, "", [], {})}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping) or is_dataclass(value):
        return values_of(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    return value


def _id_of(value: object) -> str:
    found = value.get("id") if isinstance(value, Mapping) else getattr(value, "id", None)
    return "" if found is None else str(found)
