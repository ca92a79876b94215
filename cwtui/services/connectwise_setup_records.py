"""ConnectWise's setup tables and management records, and the domain values they become (files.md#setup)."""

from __future__ import annotations

import re

from pydantic import Field

from cwtui.domain.ids import CatalogItemId
from cwtui.domain.lazily import dataclass
from cwtui.domain.management import CrossReference, ManageId, ManagementSolution, ServerInfo
from cwtui.domain.periods import BillingCycle
from cwtui.domain.psa import TableEntry
from cwtui.services.connectwise_records import Reference, there
from cwtui.services.reading import Reader, Text, WireRecord


class _Entry(WireRecord):
    id: int | None = None
    name: Text = None
    category: Reference | None = None
    inactive_flag: bool | None = None
    disabled: bool | None = None


def _entry(row: _Entry) -> TableEntry:
    return TableEntry(
        id=there(row.id, "id"),
        name=row.name or "",
        parent_id=row.category.id if row.category else None,
        is_inactive=bool(row.inactive_flag or row.disabled),
    )


class _Cycle(WireRecord):
    id: int | None = None
    billing_options: Text = None


def _cycle(row: _Cycle) -> tuple[int, BillingCycle | None]:
    known = {cycle.value: cycle for cycle in BillingCycle}
    return there(row.id, "id"), known.get(row.billing_options or "")


class _Country(WireRecord):
    id: int | None = None
    country_code: Text = None
    core_entity_country_code: Text = None


def _country(row: _Country) -> tuple[int, str]:
    return there(row.id, "id"), (row.country_code or row.core_entity_country_code or "").upper()


class _Info(WireRecord):
    version: Text = None
    is_cloud: bool | None = None


@dataclass(frozen=True, slots=True)
class _Login:
    codebase: str
    site_url: str
    version_code: str


class _CompanyInfo(WireRecord):
    codebase: Text = Field(None, alias="Codebase")
    site_url: Text = Field(None, alias="SiteUrl")
    version_code: Text = Field(None, alias="VersionCode")


def _login(row: _CompanyInfo) -> _Login:
    words = (row.codebase or "", row.site_url or "", row.version_code or "")
    if not _CODEBASE.fullmatch(words[0]) or not all(_HOST_OR_VERSION.fullmatch(word) for word in words[1:]):
        raise ValueError("it names no codebase")
    return _Login(*words)


class _Solution(WireRecord):
    id: int | None = None
    name: Text = None
    management_it_solution_type: Text = None
    management_solution_name: Text = None


def _solution(row: _Solution) -> ManagementSolution:
    return ManagementSolution(
        id=there(row.id, "id"),
        name=row.name or "",
        type=row.management_it_solution_type or "",
        solution_name=row.management_solution_name or "",
    )


class _CrossReference(WireRecord):
    id: int | None = None
    vendor_type: Text = None
    vendor_level: Text = None
    product: Reference | None = None
    agreement_type: Reference | None = None


def _cross_reference(row: _CrossReference) -> CrossReference:
    item = row.product.id if row.product else None
    return CrossReference(
        id=there(row.id, "id"),
        vendor_type=row.vendor_type or "",
        vendor_level=row.vendor_level or "",
        catalog_item_id=None if item is None else CatalogItemId(item),
        agreement_type_id=row.agreement_type.id if row.agreement_type else None,
    )


class _ManageId(WireRecord):
    id: int | None = None
    management_solution: Reference | None = None
    group_identifier: Text = None


def _manage_id(row: _ManageId) -> ManageId:
    solution = row.management_solution.id if row.management_solution else None
    return ManageId(there(row.id, "id"), solution, row.group_identifier or "")


_CODEBASE = re.compile(r"/?[\w.-]+/?", re.ASCII)
_HOST_OR_VERSION = re.compile(r"[\w.:-]*", re.ASCII)
COMPANY_INFO = Reader(_CompanyInfo, _login)
ENTRIES = Reader(_Entry, _entry)
CYCLES = Reader(_Cycle, _cycle)
COUNTRIES = Reader(_Country, _country)
INFO = Reader(_Info, lambda row: ServerInfo(row.version or "", bool(row.is_cloud)))
SOLUTIONS = Reader(_Solution, _solution)
CROSS_REFERENCES = Reader(_CrossReference, _cross_reference)
MANAGE_IDS = Reader(_ManageId, _manage_id)
