"""The PSA client: ConnectWise Manage REST API 3.0 (README.md)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Collection, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, TypeVar

from cwtui.domain.errors import NotFound
from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, CompanyId
from cwtui.domain.lazily import module
from cwtui.domain.periods import BillingCycle
from cwtui.domain.plain_text import stored_text
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
)
from cwtui.domain.records import Leave
from cwtui.services.connectwise_conditions import both, equals
from cwtui.services.connectwise_setup import Setup
from cwtui.services.reading import M, Reader

if TYPE_CHECKING:
    from cwtui.services import connectwise_additions as additions
    from cwtui.services import connectwise_records as records
else:
    additions = module("cwtui.services.connectwise_additions")
    records = module("cwtui.services.connectwise_records")

D = TypeVar("D")

_COMPANIES = "/company/companies"
_AGREEMENTS = "/finance/agreements"
_CATALOG = "/procurement/catalog"
_NOT_DELETED = equals("deletedFlag", False)


class ConnectWise(Setup):
    """ConnectWise, as the engine's `Psa` protocol asks it. Every method raises `ServiceError`s."""

    _cycles: Mapping[int, BillingCycle] | None = None
    _codes: Mapping[int, str] | None = None

    def companies(
        self, ids: Collection[CompanyId] | None = None, *, with_deleted: bool = False
    ) -> AsyncIterator[Sequence[Company]]:
        """Pages of companies; with `ids`, only those. Deleted ones only on request."""
        return self._companies(ids, "" if with_deleted else _NOT_DELETED)

    def companies_where(self, field: str, value: str) -> AsyncIterator[Sequence[Company]]:
        """Pages of companies, deleted ones too, whose `identifier`, `accountNumber` or `name` is exactly that text."""
        return self._companies(None, equals(field, value))

    async def create_company(self, company: Company) -> Company:
        """Create a company from all its values but the id; its country is found by its code."""
        body = {name: value for name, value in (await self._company_values(company)).items() if value}
        return await self._post(_COMPANIES, await self._company_reader(), body | {"site": {"name": "Main"}})

    def contacts(self, ids: Collection[int]) -> AsyncIterator[Sequence[Contact]]:
        """Pages of the contacts with those ids."""
        return self._get_among("/company/contacts", records.CONTACTS, records.CONTACT_FIELDS, ids)

    async def contacts_of(self, company_id: CompanyId) -> Sequence[Contact]:
        """All contacts of a company."""
        wanted = equals("company/id", company_id)
        return await self._get_all("/company/contacts", records.CONTACTS, records.CONTACT_FIELDS, wanted)

    async def create_contact(self, contact: NewContact) -> Contact:
        """Create a company's default contact."""
        return await self._post("/company/contacts", records.CONTACTS, _contact_body(contact))

    def agreements(self, ids: Collection[AgreementId] | None = None) -> AsyncIterator[Sequence[Agreement]]:
        """Pages of agreements; with `ids`, only those."""
        return self._agreements(ids)

    def catalog_items(self, ids: Collection[CatalogItemId] | None = None) -> AsyncIterator[Sequence[CatalogItem]]:
        """Pages of catalog items; with `ids`, only those, inactive ones too."""
        return self._pages(_CATALOG, records.CATALOG_ITEMS, records.CATALOG_FIELDS, ids)

    async def create_catalog_item(self, item: NewCatalogItem) -> CatalogItem:
        """Create one catalog item; `OutcomeUnknown` as for additions."""
        return await self._post(_CATALOG, records.CATALOG_ITEMS, _catalog_body(item))

    async def update_catalog_item(self, before: CatalogItem, after: CatalogItem) -> CatalogItem:
        """Change descriptions, price, cost, tax, state and part numbers where they differ; safe to repeat."""
        old, new = _catalog_values(before), _catalog_values(after)
        changes = {name: value for name, value in new.items() if value != old[name]}
        if not changes:
            return before
        path = f"{_CATALOG}/{before.id}"
        kept = await self._patch(path, records.CATALOG_ITEMS, changes, records.CATALOG_FIELDS)
        held = _catalog_values(kept)
        if lost := [name for name, value in changes.items() if held[name] != value]:
            raise self._not_kept(path, ", ".join(lost))
        return kept

    async def latest_invoice(self, agreement_id: AgreementId) -> Invoice | None:
        """The newest agreement invoice of an agreement (plans.md#billed-through)."""
        wanted = both(equals("type", "Agreement"), equals("agreement/id", agreement_id))
        return await self._get_newest(
            "/finance/invoices", records.INVOICES, records.INVOICE_FIELDS, wanted, "date desc"
        )

    async def additions(self, agreement_id: AgreementId) -> Sequence[Addition]:
        """Every addition of an agreement, read afresh; `Unreadable` if one of them cannot be read.

        One without an amount or a first day is among them, marked as not whole.
        """
        reader = additions.listed_additions(agreement_id)
        return await self._get_all(_additions(agreement_id), reader, additions.ADDITION_FIELDS)

    async def create_addition(
        self, agreement_id: AgreementId, values: AdditionValues, *, leave: Leave | None = None
    ) -> Addition:
        """Create one addition; `OutcomeUnknown` when no answer says whether it happened. Never sent twice."""
        body = additions.addition_body(values)
        return await self._post(_additions(agreement_id), additions.additions(agreement_id), body, leave=leave)

    async def update_addition(self, before: Addition, after: AdditionValues, *, leave: Leave | None = None) -> Addition:
        """Change the fields that differ, in one request; safe to repeat.

        Raises:
            NotFound: It is gone.
            Refused: It was refused, or answered as if done without being done.
        """
        changes = additions.addition_changes(before.values, after)
        if not changes:
            return before
        path = f"{_additions(before.agreement_id)}/{before.id}"
        reader = additions.additions(before.agreement_id)
        kept = await self._patch(path, reader, changes, additions.ADDITION_FIELDS, leave=leave)
        if "cancelledDate" in changes and after.cancelled is None and kept.values.cancelled is not None:
            # It is not documented whether null clears a date; the operation `remove` is the other way.
            kept = await self._patch(
                path, reader, {"cancelledDate": None}, additions.ADDITION_FIELDS, removing="cancelledDate", leave=leave
            )
        lost = additions.addition_field_names(after.unexplained(kept.values)) & changes.keys()
        if lost:
            raise self._not_kept(path, ", ".join(sorted(lost)))
        return kept

    async def delete_addition(
        self, agreement_id: AgreementId, addition_id: AdditionId, *, leave: Leave | None = None
    ) -> None:
        """Delete one addition; one that is gone already counts as deleted (synchronising.md#exactly-once)."""
        await self._delete(f"{_additions(agreement_id)}/{addition_id}", leave=leave)

    async def _companies(self, ids: Collection[CompanyId] | None, conditions: str) -> AsyncGenerator[Sequence[Company]]:
        reader = await self._company_reader()
        pages = self._pages(_COMPANIES, reader, records.COMPANY_FIELDS, ids, conditions)
        async with aclosing(pages):
            async for page in pages:
                yield page

    async def _agreements(self, ids: Collection[AgreementId] | None) -> AsyncGenerator[Sequence[Agreement]]:
        # An agreement only names its cycle; a table, read once, says what the cycle bills.
        if self._cycles is None:
            self._cycles = await _if_there(self.billing_cycles())
        pages = self._pages(_AGREEMENTS, records.agreements(self._cycles), records.AGREEMENT_FIELDS, ids)
        async with aclosing(pages):
            async for page in pages:
                yield page

    def _pages(
        self, path: str, reader: Reader[M, D], fields: str, ids: Collection[int] | None, conditions: str = ""
    ) -> AsyncGenerator[Sequence[D]]:
        if ids is None:
            return self._get_pages(path, reader, fields, conditions)
        return self._get_among(path, reader, fields, ids, conditions)

    async def _company_reader(self) -> Reader[records.CompanyRecord, Company]:
        if self._codes is None:
            self._codes = await _if_there(self.country_codes())
        return records.companies(self._codes)

    async def _company_values(self, company: Company) -> dict[str, object]:
        """The values of a company that cwtui writes, in ConnectWise's words."""
        await self._company_reader()
        at = company.address
        country = next((number for number, code in (self._codes or {}).items() if code == at.country_code), None)
        return {
            "identifier": company.identifier,
            "name": company.name,
            "addressLine1": at.street,
            "addressLine2": at.extension,
            "city": at.city,
            "state": at.state,
            "zip": at.postal_code,
            "country": None if country is None else {"id": country},
            "phoneNumber": company.phone,
            "website": company.website,
            "accountNumber": company.account_number,
        }


async def _if_there(table: Awaitable[Mapping[int, D]]) -> Mapping[int, D]:
    """Read a table that explains others; if the server has none, the records keep their plain names."""
    try:
        return await table
    except NotFound:
        return {}


def _additions(agreement_id: AgreementId) -> str:
    return f"{_AGREEMENTS}/{agreement_id}/additions"


def _contact_body(contact: NewContact) -> dict[str, object]:
    """The body of a new contact; communication types go by name, because the contract has no table of them."""
    names = {"firstName": contact.first_name, "lastName": contact.last_name}
    reached = (("Email", contact.email), ("Phone", contact.phone))
    items = [
        {"type": {"name": kind}, "value": value, "communicationType": kind, "defaultFlag": True}
        for kind, value in reached
        if value
    ]
    return {
        **{name: value for name, value in names.items() if value},
        "company": {"id": contact.company_id},
        "defaultFlag": True,
        **({"communicationItems": items} if items else {}),
    }


def _catalog_values(item: CatalogItem) -> dict[str, object]:
    return {
        "identifier": item.identifier,
        "description": stored_text(item.description),
        "customerDescription": stored_text(item.customer_description),
        "price": item.price,
        "cost": item.cost,
        "taxableFlag": item.taxable,
        "inactiveFlag": item.is_inactive,
        "manufacturerPartNumber": item.manufacturer_part_number,
        "vendorSku": item.vendor_sku,
    }


def _catalog_body(item: NewCatalogItem) -> dict[str, object]:
    body: dict[str, object] = {
        "identifier": item.identifier,
        "description": stored_text(item.description),
        "customerDescription": stored_text(item.customer_description),
        "subcategory": {"id": item.subcategory_id},
        "type": {"id": item.type_id},
        "productClass": item.product_class,
        "price": item.price,
        "cost": item.cost,
        "taxableFlag": item.taxable,
    }
    if item.category_id is not None:
        body["category"] = {"id": item.category_id}
    if item.unit_of_measure_id is not None:
        body["unitOfMeasure"] = {"id": item.unit_of_measure_id}
    if item.manufacturer_part_number:
        body["manufacturerPartNumber"] = item.manufacturer_part_number
    # A recurring item needs its cycle or the one-time mark in the same request, else it is refused.
    if item.billing_cycle_id is not None:
        body |= {"recurringFlag": True, "recurringBillCycle": {"id": item.billing_cycle_id}}
    elif item.is_one_time:
        body |= {"recurringFlag": True, "recurringOneTimeFlag": True}
    return body
