"""The services with every write of a record that is no addition in the audit (commands.md#audit)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime

from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, CompanyId, CustomerId, OrderId, SubscriptionId
from cwtui.domain.management import CrossReference, ManageId, ManagementSolution
from cwtui.domain.marketplace import Customer, Order, OrderStatus, Product, Subscription, SubscriptionStatus
from cwtui.domain.periods import BillingCycle
from cwtui.domain.psa import (
    Addition,
    AdditionValues,
    Agreement,
    CatalogItem,
    Company,
    Contact,
    Invoice,
    NewCatalogItem,
    NewContact,
    TableEntry,
)
from cwtui.domain.records import Leave
from cwtui.engine.protocols import Marketplace
from cwtui.engine.psa_records import PsaRecords
from cwtui.engine.writing.record_log import MARKETPLACE, RecordLog, name_of

_TABLES = {
    "product_types": "product type",
    "agreement_types": "agreement type",
    "units": "unit of measure",
    "categories": "category",
    "subcategories": "sub-category",
    "integrations": "managed devices integration",
}


class RecordedMarketplace:
    """The marketplace; a created customer is in the audit."""

    def __init__(self, recorded: Marketplace, log: RecordLog) -> None:
        """Stand in front of a service; `recorded` is the service itself."""
        self.recorded, self.log = recorded, log

    def orders(
        self,
        *,
        created_from: datetime | None = None,
        status: OrderStatus | None = None,
        subscription_id: SubscriptionId | None = None,
    ) -> AsyncIterator[Sequence[Order]]:
        """As the marketplace."""
        return self.recorded.orders(created_from=created_from, status=status, subscription_id=subscription_id)

    async def order(self, order_id: OrderId) -> Order:
        """As the marketplace."""
        return await self.recorded.order(order_id)

    def subscriptions(
        self, *, status: SubscriptionStatus | None = None, customer_id: CustomerId | None = None
    ) -> AsyncIterator[Sequence[Subscription]]:
        """As the marketplace."""
        return self.recorded.subscriptions(status=status, customer_id=customer_id)

    async def subscription(self, subscription_id: SubscriptionId) -> Subscription:
        """As the marketplace."""
        return await self.recorded.subscription(subscription_id)

    def customers(self) -> AsyncIterator[Sequence[Customer]]:
        """As the marketplace."""
        return self.log.pages("customer", self.recorded.customers())

    async def customer(self, customer_id: CustomerId) -> Customer:
        """As the marketplace."""
        return await self.recorded.customer(customer_id)

    def products(self) -> AsyncIterator[Sequence[Product]]:
        """As the marketplace."""
        return self.recorded.products()

    async def create_customer(self, account: Mapping[str, object]) -> Customer:
        """As the marketplace."""
        name = str(account.get("externalId", ""))
        return await self.log.create(
            "customer", name, account, lambda: self.recorded.create_customer(account), MARKETPLACE
        )

    async def total(self, what: str) -> int:
        """As the marketplace."""
        return await self.recorded.total(what)

    @property
    def unreadable_orders(self) -> Sequence[OrderId]:
        """As the marketplace."""
        return self.recorded.unreadable_orders

    @property
    def unreadable(self) -> Sequence[str]:
        """As the marketplace."""
        return self.recorded.unreadable

    def clear_unreadable(self) -> None:
        """As the marketplace."""
        self.recorded.clear_unreadable()


class RecordedPsa:
    """ConnectWise; what is created or changed of records other than additions is in the audit."""

    def __init__(self, recorded: PsaRecords, log: RecordLog) -> None:
        """Stand in front of a service; `recorded` is the service itself."""
        self.recorded, self.log = recorded, log

    def contacts(self, ids: Collection[int]) -> AsyncIterator[Sequence[Contact]]:
        """As ConnectWise."""
        return self.recorded.contacts(ids)

    def agreements(self, ids: Collection[AgreementId] | None = None) -> AsyncIterator[Sequence[Agreement]]:
        """As ConnectWise."""
        return self.recorded.agreements(ids)

    def catalog_items(self, ids: Collection[CatalogItemId] | None = None) -> AsyncIterator[Sequence[CatalogItem]]:
        """As ConnectWise."""
        return self.log.pages("catalog item", self.recorded.catalog_items(ids))

    async def latest_invoice(self, agreement_id: AgreementId) -> Invoice | None:
        """As ConnectWise."""
        return await self.recorded.latest_invoice(agreement_id)

    async def additions(self, agreement_id: AgreementId) -> Sequence[Addition]:
        """As ConnectWise."""
        return await self.recorded.additions(agreement_id)

    async def create_addition(
        self, agreement_id: AgreementId, values: AdditionValues, *, leave: Leave | None = None
    ) -> Addition:
        """As ConnectWise."""
        return await self.recorded.create_addition(agreement_id, values, leave=leave)

    async def update_addition(self, before: Addition, after: AdditionValues, *, leave: Leave | None = None) -> Addition:
        """As ConnectWise."""
        return await self.recorded.update_addition(before, after, leave=leave)

    async def delete_addition(
        self, agreement_id: AgreementId, addition_id: AdditionId, *, leave: Leave | None = None
    ) -> None:
        """As ConnectWise."""
        await self.recorded.delete_addition(agreement_id, addition_id, leave=leave)

    async def create_catalog_item(self, item: NewCatalogItem) -> CatalogItem:
        """As ConnectWise."""
        return await self.log.create(
            "catalog item", item.identifier, item, lambda: self.recorded.create_catalog_item(item)
        )

    async def probe(self, method: str, path: str, body: object | None = None) -> int:
        """As ConnectWise."""
        return await self.recorded.probe(method, path, body)

    async def version(self) -> str:
        """As ConnectWise."""
        return await self.recorded.version()

    @property
    def offers(self) -> str:
        """As ConnectWise."""
        return self.recorded.offers

    async def located(self) -> str:
        """As ConnectWise."""
        return await self.recorded.located()

    @property
    def unreadable(self) -> Sequence[str]:
        """As ConnectWise."""
        return self.recorded.unreadable

    def clear_unreadable(self) -> None:
        """As ConnectWise."""
        self.recorded.clear_unreadable()

    async def table(self, name: str) -> Sequence[TableEntry]:
        """As ConnectWise."""
        rows = await self.recorded.table(name)
        self.log.seen(_TABLES.get(name, name), rows)
        return rows

    def companies(
        self, ids: Collection[CompanyId] | None = None, *, with_deleted: bool = False
    ) -> AsyncIterator[Sequence[Company]]:
        """As ConnectWise."""
        return self.log.pages("company", self.recorded.companies(ids, with_deleted=with_deleted))

    def companies_where(self, field: str, value: str) -> AsyncIterator[Sequence[Company]]:
        """As ConnectWise."""
        return self.log.pages("company", self.recorded.companies_where(field, value))

    async def create_company(self, company: Company) -> Company:
        """As ConnectWise."""
        return await self.log.create(
            "company", company.identifier, company, lambda: self.recorded.create_company(company)
        )

    async def contacts_of(self, company_id: CompanyId) -> Sequence[Contact]:
        """As ConnectWise."""
        rows = await self.recorded.contacts_of(company_id)
        self.log.seen("contact", rows)
        return rows

    async def create_contact(self, contact: NewContact) -> Contact:
        """As ConnectWise."""
        return await self.log.create(
            "contact", name_of(contact), contact, lambda: self.recorded.create_contact(contact)
        )

    async def update_catalog_item(self, before: CatalogItem, after: CatalogItem) -> CatalogItem:
        """As ConnectWise."""
        return await self.log.update(
            "catalog item", before.identifier, before, after, lambda: self.recorded.update_catalog_item(before, after)
        )

    async def create_table_entry(self, name: str, body: Mapping[str, object]) -> TableEntry:
        """As ConnectWise."""
        return await self.log.create(
            _TABLES.get(name, name), str(body["name"]), body, lambda: self.recorded.create_table_entry(name, body)
        )

    async def billing_cycles(self) -> Mapping[int, BillingCycle]:
        """As ConnectWise."""
        return await self.recorded.billing_cycles()

    async def country_codes(self) -> Mapping[int, str]:
        """As ConnectWise."""
        return await self.recorded.country_codes()

    async def management_solutions(self) -> Sequence[ManagementSolution]:
        """As ConnectWise."""
        rows = await self.recorded.management_solutions()
        self.log.seen("management IT solution", rows)
        return rows

    async def create_management_solution(self, name: str) -> ManagementSolution:
        """As ConnectWise."""
        return await self.log.create(
            "management IT solution", name, {"name": name}, lambda: self.recorded.create_management_solution(name)
        )

    async def create_integration(self, name: str) -> TableEntry:
        """As ConnectWise."""
        return await self.log.create(
            _TABLES["integrations"], name, {"name": name}, lambda: self.recorded.create_integration(name)
        )

    async def cross_references(self, integration_id: int) -> Sequence[CrossReference]:
        """As ConnectWise."""
        rows = await self.recorded.cross_references(integration_id)
        self.log.seen("cross-reference", rows)
        return rows

    async def create_cross_reference(
        self,
        integration_id: int,
        *,
        vendor_type: str,
        vendor_level: str,
        catalog_item_id: CatalogItemId,
        agreement_type_id: int,
    ) -> CrossReference:
        """As ConnectWise."""
        values = {
            "vendor_type": vendor_type,
            "vendor_level": vendor_level,
            "catalog_item_id": catalog_item_id,
            "agreement_type_id": agreement_type_id,
        }
        return await self.log.create(
            "cross-reference",
            f"{vendor_type} {vendor_level}".strip(),
            {"integration_id": integration_id, **values},
            lambda: self.recorded.create_cross_reference(
                integration_id,
                vendor_type=vendor_type,
                vendor_level=vendor_level,
                catalog_item_id=catalog_item_id,
                agreement_type_id=agreement_type_id,
            ),
        )

    async def manage_ids(self, company_id: CompanyId) -> Sequence[ManageId]:
        """As ConnectWise."""
        rows = await self.recorded.manage_ids(company_id)
        self.log.seen("Manage ID", rows)
        return rows

    async def create_manage_id(self, company_id: CompanyId, solution_id: int, group_identifier: str) -> ManageId:
        """As ConnectWise."""
        values = {"company_id": company_id, "solution_id": solution_id, "group_identifier": group_identifier}
        return await self.log.create(
            "Manage ID",
            group_identifier,
            values,
            lambda: self.recorded.create_manage_id(company_id, solution_id, group_identifier),
        )

    async def update_manage_id(self, company_id: CompanyId, report_id: int, group_identifier: str) -> ManageId:
        """As ConnectWise."""
        held = {"id": report_id, "company_id": company_id}
        return await self.log.update(
            "Manage ID",
            group_identifier,
            held,
            {**held, "group_identifier": group_identifier},
            lambda: self.recorded.update_manage_id(company_id, report_id, group_identifier),
        )
