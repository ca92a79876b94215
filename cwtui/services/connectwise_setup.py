"""ConnectWise's setup tables and management records: what the checklists read and create (files.md#setup)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from cwtui.domain.errors import InputError, ServiceError
from cwtui.domain.ids import CatalogItemId, CompanyId
from cwtui.domain.lazily import dataclass, module
from cwtui.domain.management import CrossReference, ManageId, ManagementSolution, ServerInfo
from cwtui.domain.periods import BillingCycle
from cwtui.domain.psa import TableEntry
from cwtui.services.connectwise_address import address_remark, api_url
from cwtui.services.connectwise_verbs import Verbs

if TYPE_CHECKING:
    from cwtui.services import connectwise_setup_records as records
else:
    records = module("cwtui.services.connectwise_setup_records")


@dataclass(frozen=True, slots=True)
class _Table:
    path: str
    fields: str = "id,name,inactiveFlag"


# The trailing slash of the sub-categories is the contract's own.
TABLES: Mapping[str, _Table] = {
    "product_types": _Table("/procurement/types"),
    "categories": _Table("/procurement/categories"),
    "subcategories": _Table("/procurement/subcategories/", "id,name,inactiveFlag,category/id"),
    "units": _Table("/procurement/unitOfMeasures"),
    "billing_cycles": _Table("/finance/billingCycles", "id,name"),
    "agreement_types": _Table("/finance/agreements/types"),
    "countries": _Table("/company/countries", "id,name,disabled"),
    "company_statuses": _Table("/company/companies/statuses"),
    "company_types": _Table("/company/companies/types", "id,name"),
    "integrations": _Table("/company/managedDevicesIntegrations", "id,name"),
}
_SOLUTIONS = "/company/managementItSolutions"
_INTEGRATIONS = "/company/managedDevicesIntegrations"


class Setup(Verbs):
    """Setup tables and management records of ConnectWise."""

    async def system_info(self) -> ServerInfo:
        """The server's version: the usual connection test (reconciling.md#doctor)."""
        return await self._get_one("/system/info", records.INFO)

    async def version(self) -> str:
        """The version ConnectWise gives of itself, from its connection test."""
        return (await self.system_info()).version

    @property
    def offers(self) -> str:
        """In sentences: its address if that was changed, the version it offers, and the fields it does not know."""
        return " ".join(part for part in (address_remark(self.base_url), self.edition.server_remarks) if part)

    async def located(self) -> str:
        """A sentence with the API address that the log-in names for this company; empty if it names none.

        `GET {host}/login/companyinfo/{company id}`, without credentials (reconciling.md#doctor).
        """
        http = self._to_login()
        try:
            answer = await http.ask_once("GET", f"/login/companyinfo/{quote(self._company_id, safe='')}")
            info = records.COMPANY_INFO.one(answer.document)
        except (ServiceError, ValueError):
            return ""  # self-hosted servers may lack it, and the connection test reports what is wrong
        finally:
            await http.aclose()
        host = api_url(f"{urlsplit(self.base_url).scheme}://{info.site_url or urlsplit(http.base_url).netloc}")
        base = urlsplit(host)
        address = f"{base.scheme}://{base.netloc}/{info.codebase.strip('/')}/apis/3.0"
        version = f", version {info.version_code}" if info.version_code else ""
        named = f"Its log-in names {address} for this company{version}."
        if address == self._http.base_url:
            return named
        return f"{named} If your address fails, set `base_url` of ConnectWise to this one."

    async def table(self, name: str) -> Sequence[TableEntry]:
        """All rows of a setup table; `name` is one of `TABLES`."""
        table = _table(name)
        return await self._get_all(table.path, records.ENTRIES, table.fields)

    async def create_table_entry(self, name: str, body: Mapping[str, object]) -> TableEntry:
        """Create a row of a setup table from a body in the contract's words; `OutcomeUnknown` as for any create."""
        return await self._post(_table(name).path, records.ENTRIES, body)

    async def billing_cycles(self) -> Mapping[int, BillingCycle]:
        """The meaning of each billing cycle by its id; unknown ones are left out."""
        rows = await self._get_all("/finance/billingCycles", records.CYCLES, "id,billingOptions")
        return {number: cycle for number, cycle in rows if cycle is not None}

    async def country_codes(self) -> Mapping[int, str]:
        """The ISO 3166-1 alpha-2 codes of ConnectWise's countries, by their id."""
        rows = await self._get_all("/company/countries", records.COUNTRIES, "id,countryCode,coreEntityCountryCode")
        return {number: code for number, code in rows if code}

    async def management_solutions(self) -> Sequence[ManagementSolution]:
        """All Management IT solutions."""
        fields = "id,name,managementItSolutionType,managementSolutionName"
        return await self._get_all(_SOLUTIONS, records.SOLUTIONS, fields)

    async def create_management_solution(self, name: str) -> ManagementSolution:
        """Create a Management IT solution of type Custom whose solution name is the name."""
        body = {"name": name, "managementItSolutionType": "Custom", "managementSolutionName": name}
        return await self._post(_SOLUTIONS, records.SOLUTIONS, body)

    async def create_integration(self, name: str) -> TableEntry:
        """Create a Managed Devices Integration; all of them are the table `integrations`."""
        body = {"name": name, "solution": name, "loginBy": "Global", "defaultBillingLevel": "Detail"}
        return await self._post(_INTEGRATIONS, records.ENTRIES, body)

    async def cross_references(self, integration_id: int) -> Sequence[CrossReference]:
        """All cross-references of a Managed Devices Integration."""
        fields = "id,vendorType,vendorLevel,product/id,agreementType/id"
        return await self._get_all(
            f"{_INTEGRATIONS}/{integration_id}/crossReferences", records.CROSS_REFERENCES, fields
        )

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
        body = {
            "vendorType": vendor_type,
            "vendorLevel": vendor_level,
            "product": {"id": catalog_item_id},
            "agreementType": {"id": agreement_type_id},
        }
        return await self._post(f"{_INTEGRATIONS}/{integration_id}/crossReferences", records.CROSS_REFERENCES, body)

    async def manage_ids(self, company_id: CompanyId) -> Sequence[ManageId]:
        """The Manage IDs of a company."""
        fields = "id,managementSolution/id,groupIdentifier"
        return await self._get_all(_reports(company_id), records.MANAGE_IDS, fields)

    async def create_manage_id(self, company_id: CompanyId, solution_id: int, group_identifier: str) -> ManageId:
        """Give a company its Manage ID for a solution."""
        body = {"managementSolution": {"id": solution_id}, "groupIdentifier": group_identifier}
        return await self._post(_reports(company_id), records.MANAGE_IDS, body)

    async def update_manage_id(self, company_id: CompanyId, report_id: int, group_identifier: str) -> ManageId:
        """Change a company's Manage ID."""
        path = f"{_reports(company_id)}/{report_id}"
        kept = await self._patch(path, records.MANAGE_IDS, {"groupIdentifier": group_identifier})
        if kept.group_identifier != group_identifier:
            raise self._not_kept(path, "groupIdentifier")
        return kept


def _table(name: str) -> _Table:
    if name not in TABLES:
        raise InputError(f"There is no table {name}.", next_step=f"Use one of {', '.join(TABLES)}.")
    return TABLES[name]


def _reports(company_id: CompanyId) -> str:
    return f"/company/companies/{company_id}/managementSummaryReports"
