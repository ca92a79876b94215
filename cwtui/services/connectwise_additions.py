"""ConnectWise's additions: read into domain values, and written exactly as the rules say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId
from cwtui.domain.money import ZERO
from cwtui.domain.plain_text import stored_text
from cwtui.domain.psa import UNKNOWN_ITEM, Addition, AdditionValues, BillCustomer
from cwtui.services.connectwise_records import NO_REFERENCE, Reference, day_text, there
from cwtui.services.reading import Amount, Day, Reader, Text, WireRecord, id_of

ADDITION_FIELDS = (
    "id,product/id,product/identifier,quantity,unitPrice,unitCost,billCustomer,effectiveDate,cancelledDate,"
    "taxableFlag,invoiceDescription"
)


class AdditionRecord(WireRecord):
    """An addition as ConnectWise holds it."""

    id: int | None = None
    product: Reference | None = None
    quantity: Amount = None
    unit_price: Amount = None
    unit_cost: Amount = None
    bill_customer: Text = None
    effective_date: Day = None
    cancelled_date: Day = None
    taxable_flag: bool | None = None
    invoice_description: Text = None


def additions(agreement_id: AgreementId) -> Reader[AdditionRecord, Addition]:
    """A reader of additions of one agreement. Every billed value must be present: unknown is not zero."""
    return Reader(AdditionRecord, lambda row: _addition(row, agreement_id))


def listed_additions(agreement_id: AgreementId) -> Reader[AdditionRecord, Addition]:
    """A reader of all additions of an agreement; one with missing values is marked as not whole.

    The contract lets amounts, days and more be null, and one addition without a cost shall not keep all others from
    being billed.
    """

    def addition(row: AdditionRecord) -> Addition:
        item = (row.product or NO_REFERENCE).id
        is_named = None not in (row.quantity, row.unit_price, row.unit_cost, row.effective_date, item)
        if is_named and row.bill_customer in _BILLS:
            return _addition(row, agreement_id)
        row.product = Reference(id=item or UNKNOWN_ITEM, identifier=(row.product or NO_REFERENCE).identifier)
        row.quantity, row.unit_price = row.quantity or ZERO, row.unit_price or ZERO
        row.unit_cost, row.effective_date = row.unit_cost or ZERO, row.effective_date or _SINCE_EVER
        row.bill_customer = row.bill_customer if row.bill_customer in _BILLS else BillCustomer.DO_NOT_BILL.value
        return replace(_addition(row, agreement_id), is_whole=False)

    return _Additions(AdditionRecord, addition)


class _Additions(Reader[AdditionRecord, Addition]):
    """Keeps an addition that cannot be read at all as its id alone, marked as not whole."""

    def one(self, row: object) -> Addition:
        try:
            return super().one(row)
        except ValueError:
            name = id_of(row)
            if not name.isdecimal():
                raise
            return self._convert(AdditionRecord(id=int(name)))


_BILLS = frozenset(bill.value for bill in BillCustomer)
_SINCE_EVER = date(1900, 1, 1)
"""Stands for a first day that is not named: before all others, and days can still be counted from it."""


def _addition(row: AdditionRecord, agreement_id: AgreementId) -> Addition:
    product = row.product or NO_REFERENCE
    return Addition(
        id=AdditionId(there(row.id, "id")),
        agreement_id=agreement_id,
        values=AdditionValues(
            catalog_item_id=CatalogItemId(there(product.id, "product.id")),
            quantity=there(row.quantity, "quantity"),
            unit_price=there(row.unit_price, "unitPrice"),
            unit_cost=there(row.unit_cost, "unitCost"),
            effective=there(row.effective_date, "effectiveDate"),
            cancelled=row.cancelled_date,
            bill=BillCustomer(there(row.bill_customer, "billCustomer")),
            taxable=bool(row.taxable_flag),
            description=stored_text(row.invoice_description or ""),
        ),
        catalog_item=product.identifier or "",
    )


_ADDITION_FIELD = {
    "catalog_item_id": "product",
    "quantity": "quantity",
    "unit_price": "unitPrice",
    "unit_cost": "unitCost",
    "bill": "billCustomer",
    "taxable": "taxableFlag",
    "effective": "effectiveDate",
    "cancelled": "cancelledDate",
    "description": "invoiceDescription",
}


def addition_body(values: AdditionValues) -> dict[str, object]:
    """The body of a new addition (plans.md#what-an-addition-carries)."""
    return {name: value for name, value in _addition_fields(values).items() if value is not None}


def addition_changes(before: AdditionValues, after: AdditionValues) -> dict[str, object]:
    """The fields that differ, as they are sent; None for a date to clear."""
    held = _addition_fields(before)
    return {name: value for name, value in _addition_fields(after).items() if value != held[name]}


def addition_field_names(names: Iterable[str]) -> set[str]:
    """How ConnectWise calls these fields of an addition."""
    return {_ADDITION_FIELD[name] for name in names}


def _addition_fields(values: AdditionValues) -> dict[str, object]:
    return {field: _sent(name, getattr(values, name)) for name, field in _ADDITION_FIELD.items()}


def _sent(name: str, value: object) -> object:
    if name == "catalog_item_id":
        return {"id": value}
    if isinstance(value, date):
        return day_text(value)
    if isinstance(value, BillCustomer):
        return value.value
    return stored_text(value) if isinstance(value, str) else value
