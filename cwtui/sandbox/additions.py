"""The PSA's rules for additions: what it refuses, fills in and computes."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from cwtui.sandbox.errors import Item
from cwtui.sandbox.psa_references import referred
from cwtui.sandbox.records import Records
from cwtui.sandbox.shape import SHAPES, Row

_SHAPE = SHAPES["addition"]
_ZERO = Decimal(0)
# Never taken from a body: the PSA works them out.
COMPUTED = frozenset(
    [
        "agreementId",
        "agreementStatus",
        "billedQuantity",
        "description",
        "extCost",
        "extPrice",
        "extendedProrateCost",
        "extendedProratePrice",
        "margin",
        "prorateCost",
        "proratePrice",
        "uom",
    ]
)


def complete_addition(world: Records, agreement: Row, row: Row) -> None:
    """Give a new addition the defaults of its catalog item and of the system."""
    item = referred(world, "catalog", row["product"]) or {}
    row.setdefault("quantity", 1)
    row.setdefault("lessIncluded", 0)
    row.setdefault("unitPrice", item.get("price", 0))
    row.setdefault("unitCost", item.get("cost", 0))
    row.setdefault("taxableFlag", item.get("taxableFlag", False))
    row.setdefault("effectiveDate", f"{world.today}T00:00:00Z")
    row.setdefault("invoiceDescription", item.get("customerDescription", ""))
    row.setdefault("purchaseItemFlag", False)
    row.setdefault("specialOrderFlag", False)
    row.setdefault("prorateCurrentPeriodFlag", False)
    row.setdefault("sequenceNumber", len(world.child("additions", agreement["id"])) + 1)
    row["agreementId"] = agreement["id"]


def compute_addition(world: Records, agreement: Row, row: Row) -> None:
    """Work out the fields that follow from the others."""
    item = referred(world, "catalog", row["product"]) or {}
    quantity = Decimal(row.get("quantity") or _ZERO)
    row["billedQuantity"] = quantity - (row.get("lessIncluded") or _ZERO)
    row["extPrice"] = quantity * (row.get("unitPrice") or _ZERO)
    row["extCost"] = quantity * (row.get("unitCost") or _ZERO)
    row["margin"] = row["extPrice"] - row["extCost"]
    row["description"] = item.get("description", "")
    row["uom"] = item.get("unitOfMeasure", {}).get("name", "Each")
    row["agreementStatus"] = agreement.get("agreementStatus", "Active")


def refuse_addition(world: Records, agreement: Row, row: Row, before: Row | None) -> None:
    """Refuse an addition that the PSA would not bill.

    Args:
        world: Where the catalog is.
        agreement: The agreement it belongs to.
        row: As it would be kept.
        before: As it is kept now, None for a new one: only what changes is judged.

    Raises:
        Fault400: Naming each field.
    """
    items = []
    if before is None or before["product"]["id"] != row["product"]["id"]:
        items += _judge_product(world, row)
    if before is None or before.get("effectiveDate") != row.get("effectiveDate"):
        items += _judge_effective_date(agreement, row)
    ended, begun = row.get("cancelledDate"), row.get("effectiveDate", "")
    if ended and ended[:10] < begun[:10]:
        items.append(_item("cancelledDate", "The cancelled date may not be before the effective date."))
    if items:
        raise _SHAPE.refuse(*items)


def _judge_product(world: Records, row: Row) -> list[Item]:
    item = referred(world, "catalog", row["product"]) or {}
    if item.get("inactiveFlag"):
        return [_item("product", f"The product {item['identifier']} is inactive.")]
    if item.get("productClass") == "Bundle":
        return [_item("product", f"The product {item['identifier']} is a bundle and cannot be an addition.")]
    return []


def _judge_effective_date(agreement: Row, row: Row) -> list[Item]:
    if "effectiveDate" not in row:
        return [_item("effectiveDate", "The effective date may not be cleared.")]
    day = date.fromisoformat(row["effectiveDate"][:10])
    begins = agreement.get("billStartDate")
    if begins and day < date.fromisoformat(begins[:10]):
        return [_item("effectiveDate", f"The effective date may not be before the bill start date {begins[:10]}.")]
    following = agreement.get("nextInvoiceDate")
    if following and not agreement.get("prorateFlag"):
        billed_through = date.fromisoformat(following[:10]) - timedelta(days=1)
        if day <= billed_through:
            text = (
                f"The agreement does not prorate and is billed through {billed_through}; choose a later effective date."
            )
            return [_item("effectiveDate", text)]
    return []


def _item(field: str, message: str) -> Item:
    return Item(code="OutOfRange", message=message, resource="addition", field=field)
