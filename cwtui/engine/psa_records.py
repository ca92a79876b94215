"""ConnectWise's records that are no additions: companies, contacts, setup tables, management records."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Protocol

from cwtui.domain.ids import CatalogItemId, CompanyId
from cwtui.domain.management import CrossReference, ManageId, ManagementSolution
from cwtui.domain.periods import BillingCycle
from cwtui.domain.psa import CatalogItem, Company, Contact, NewContact, TableEntry
from cwtui.engine.protocols import Psa


class PsaRecords(Psa, Protocol):
    """ConnectWise with everything that vendors' files need of it. Every method raises `ServiceError`s."""

    def companies(
        self, ids: Collection[CompanyId] | None = None, *, with_deleted: bool = False
    ) -> AsyncIterator[Sequence[Company]]:
        """Pages of companies; with `ids`, only those. Deleted ones only on request."""

    def companies_where(self, field: str, value: str) -> AsyncIterator[Sequence[Company]]:
        """Pages of companies, deleted ones too, whose `identifier`, `accountNumber` or `name` is exactly that text."""

    async def create_company(self, company: Company) -> Company:
        """Create a company from all its values but the id; its country is found by its code."""

    async def contacts_of(self, company_id: CompanyId) -> Sequence[Contact]:
        """All contacts of a company."""

    async def create_contact(self, contact: NewContact) -> Contact:
        """Create a company's default contact."""

    async def update_catalog_item(self, before: CatalogItem, after: CatalogItem) -> CatalogItem:
        """Change what differs; safe to repeat."""

    async def create_table_entry(self, name: str, body: Mapping[str, object]) -> TableEntry:
        """Create a row of a setup table from a body in the contract's words."""

    async def billing_cycles(self) -> Mapping[int, BillingCycle]:
        """What each billing cycle stands for, by its id."""

    async def country_codes(self) -> Mapping[int, str]:
        """The ISO codes of ConnectWise's countries, by their id."""

    async def management_solutions(self) -> Sequence[ManagementSolution]:
        """All Management IT solutions."""

    async def create_management_solution(self, name: str) -> ManagementSolution:
        """Create one of type Custom whose solution name is the name."""

    async def create_integration(self, name: str) -> TableEntry:
        """Create a Managed Devices Integration; all of them are the table `integrations`."""

    async def cross_references(self, integration_id: int) -> Sequence[CrossReference]:
        """All cross-references of a Managed Devices Integration."""

    async def create_cross_reference(
        self,
        integration_id: int,
        *,
        vendor_type: str,
        vendor_level: str,
        catalog_item_id: CatalogItemId,
        agreement_type_id: int,
    ) -> CrossReference:
        """Create one cross-reference."""

    async def manage_ids(self, company_id: CompanyId) -> Sequence[ManageId]:
        """The Manage IDs of a company."""

    async def create_manage_id(self, company_id: CompanyId, solution_id: int, group_identifier: str) -> ManageId:
        """Give a company its Manage ID for a solution."""

    async def update_manage_id(self, company_id: CompanyId, report_id: int, group_identifier: str) -> ManageId:
        """Change a company's Manage ID."""
