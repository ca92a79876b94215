"""ConnectWise's billing records and the domain values they become; only their `…_FIELDS` are requested."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TypeVar

from cwtui.domain.ids import AgreementId, CatalogItemId, CompanyId
from cwtui.domain.marketplace import Address
from cwtui.domain.money import ZERO
from cwtui.domain.periods import BillingCycle
from cwtui.domain.psa import (
    Agreement,
    CatalogItem,
    Company,
    Contact,
    Invoice,
)
from cwtui.services.reading import Amount, Day, Reader, Text, WireRecord

T = TypeVar("T")


def day_text(day: date) -> str:
    """A calendar day as ConnectWise takes it (plans.md#what-an-addition-carries)."""
    return f"{day.isoformat()}T00:00:00Z"


def there(value: T | None, name: str) -> T:
    """The value, where there must be one.

    Raises:
        ValueError: If there is none.
    """
    if value is None:
        raise ValueError(f"{name}: missing")
    return value


class Reference(WireRecord):
    """A reference to another record, as far as it is used."""

    id: int | None = None
    name: Text = None
    identifier: Text = None


NO_REFERENCE = Reference.model_construct()  # the model itself is built when a record is read

# Companies and contacts

COMPANY_FIELDS = (
    "id,identifier,name,addressLine1,addressLine2,city,state,zip,country,phoneNumber,website,accountNumber,"
    "defaultContact/id,deletedFlag,status/name"
)


class CompanyRecord(WireRecord):
    """A company as ConnectWise holds it."""

    id: int | None = None
    identifier: Text = None
    name: Text = None
    address_line1: Text = None
    address_line2: Text = None
    city: Text = None
    state: Text = None
    zip: Text = None
    country: Reference | None = None
    phone_number: Text = None
    website: Text = None
    account_number: Text = None
    default_contact: Reference | None = None
    deleted_flag: bool | None = None
    status: Reference | None = None


def companies(codes: Mapping[int, str]) -> Reader[CompanyRecord, Company]:
    """A reader of companies, with the ISO codes of countries by their id."""

    def company(row: CompanyRecord) -> Company:
        country = row.country or NO_REFERENCE
        code = codes.get(country.id or 0) or country.identifier or ""
        return Company(
            id=CompanyId(there(row.id, "id")),
            identifier=row.identifier or "",
            name=row.name or "",
            address=Address(
                street=row.address_line1 or "",
                extension=row.address_line2 or "",
                postal_code=row.zip or "",
                city=row.city or "",
                state=row.state or "",
                country_code=code.upper() if len(code) == 2 else "",  # noqa: PLR2004  # ISO 3166-1 alpha-2
            ),
            phone=row.phone_number or "",
            website=row.website or "",
            account_number=row.account_number or "",
            default_contact_id=row.default_contact.id if row.default_contact else None,
            is_deleted=bool(row.deleted_flag),
            status=(row.status or NO_REFERENCE).name or "",
        )

    return Reader(CompanyRecord, company)


CONTACT_FIELDS = "id,company/id,firstName,lastName,defaultPhoneNbr,communicationItems"


class _CommunicationItem(WireRecord):
    value: Text = None
    default_flag: bool | None = None
    communication_type: Text = None


class _Contact(WireRecord):
    id: int | None = None
    company: Reference | None = None
    first_name: Text = None
    last_name: Text = None
    default_phone_nbr: Text = None
    communication_items: list[_CommunicationItem] | None = None


def _contact(row: _Contact) -> Contact:
    company_id = (row.company or NO_REFERENCE).id
    return Contact(
        id=there(row.id, "id"),
        company_id=None if company_id is None else CompanyId(company_id),
        first_name=row.first_name or "",
        last_name=row.last_name or "",
        email=_reached_by(row, "Email"),
        phone=row.default_phone_nbr or _reached_by(row, "Phone"),
    )


def _reached_by(row: _Contact, kind: str) -> str:
    """The value of that kind, the default one first; empty without one."""
    items = [item for item in row.communication_items or () if item.communication_type == kind and item.value]
    return next((item.value or "" for item in sorted(items, key=lambda item: not item.default_flag)), "")


CONTACTS = Reader(_Contact, _contact)

# Agreements, additions, invoices

AGREEMENT_FIELDS = (
    "id,name,company/id,type/name,billingCycle/id,billingCycle/name,billOneTimeFlag,invoicingCycle,startDate,endDate,noEndingDateFlag,"
    "billStartDate,nextInvoiceDate,prorateFlag,currency,agreementStatus,cancelledFlag,parentAgreement/id"
)


class _Currency(WireRecord):
    currency_code: Text = None


class AgreementRecord(WireRecord):
    """An agreement as ConnectWise holds it."""

    id: int | None = None
    name: Text = None
    company: Reference | None = None
    type: Reference | None = None
    billing_cycle: Reference | None = None
    bill_one_time_flag: bool | None = None
    invoicing_cycle: Text = None
    start_date: Day = None
    end_date: Day = None
    no_ending_date_flag: bool | None = None
    bill_start_date: Day = None
    next_invoice_date: Day = None
    prorate_flag: bool | None = None
    currency: _Currency | None = None
    agreement_status: Text = None
    cancelled_flag: bool | None = None
    parent_agreement: Reference | None = None


_CYCLES_BY_NAME = {str(cycle): cycle for cycle in BillingCycle}
"""Cycles by exact name, for a cycle whose row of the table cannot be read."""


def agreements(cycles: Mapping[int, BillingCycle]) -> Reader[AgreementRecord, Agreement]:
    """A reader of agreements, with what the billing cycles stand for by their id."""

    def agreement(row: AgreementRecord) -> Agreement:
        named = row.billing_cycle or NO_REFERENCE
        cycle = (None if named.id is None else cycles.get(named.id)) or _CYCLES_BY_NAME.get(named.name or "")
        return Agreement(
            id=AgreementId(there(row.id, "id")),
            name=row.name or "",
            company_id=CompanyId(there((row.company or NO_REFERENCE).id, "company.id")),
            type_name=(row.type or NO_REFERENCE).name or "",
            # One time is a flag on the agreement, not a cycle: it bills no period again.
            cycle=BillingCycle.NOT_RECURRING if row.bill_one_time_flag else cycle,
            is_calendar_year=row.invoicing_cycle == "CalendarYear",
            start=row.start_date,
            end=None if row.no_ending_date_flag else row.end_date,
            bill_start=row.bill_start_date,
            next_invoice=row.next_invoice_date,
            prorates=bool(row.prorate_flag),
            currency=(row.currency.currency_code if row.currency else None) or "",
            status=row.agreement_status or "",
            is_cancelled=bool(row.cancelled_flag),
            parent_id=None if (parent := (row.parent_agreement or NO_REFERENCE).id) is None else AgreementId(parent),
        )

    return Reader(AgreementRecord, agreement)


INVOICE_FIELDS = "id,agreement/id,date"


class _Invoice(WireRecord):
    id: int | None = None
    agreement: Reference | None = None
    date: Day = None


def _invoice(row: _Invoice) -> Invoice:
    return Invoice(
        id=there(row.id, "id"),
        agreement_id=AgreementId(there((row.agreement or NO_REFERENCE).id, "agreement.id")),
        day=there(row.date, "date"),
    )


INVOICES = Reader(_Invoice, _invoice)

# The catalogue

CATALOG_FIELDS = (
    "id,identifier,description,customerDescription,price,cost,taxableFlag,inactiveFlag,manufacturerPartNumber,"
    "vendorSku,productClass,category/name"
)


class _CatalogItem(WireRecord):
    id: int | None = None
    identifier: Text = None
    description: Text = None
    customer_description: Text = None
    price: Amount = None
    cost: Amount = None
    taxable_flag: bool | None = None
    inactive_flag: bool | None = None
    manufacturer_part_number: Text = None
    vendor_sku: Text = None
    product_class: Text = None
    category: Reference | None = None


def _catalog_item(row: _CatalogItem) -> CatalogItem:
    return CatalogItem(
        id=CatalogItemId(there(row.id, "id")),
        identifier=row.identifier or "",
        description=row.description or "",
        customer_description=row.customer_description or "",
        price=row.price or ZERO,
        cost=row.cost or ZERO,
        taxable=bool(row.taxable_flag),
        is_inactive=bool(row.inactive_flag),
        manufacturer_part_number=row.manufacturer_part_number or "",
        vendor_sku=row.vendor_sku or "",
        product_class=row.product_class or "",
        category=(row.category or NO_REFERENCE).name or "",
        is_priced=None not in (row.price, row.cost),
    )


CATALOG_ITEMS = Reader(_CatalogItem, _catalog_item)
