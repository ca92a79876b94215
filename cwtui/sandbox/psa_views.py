"""PSA answers that are computed from other tables."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from cwtui.sandbox.behaviour import Behaviour
from cwtui.sandbox.shape import Row
from cwtui.sandbox.world import World

View = Callable[[World, Behaviour, int | None], list[Row]]

PERMISSIONS = (
    ("Companies", "Company Maintenance"),
    ("Companies", "Contacts"),
    ("Finance", "Agreements"),
    ("Finance", "Invoicing"),
    ("Procurement", "Product Catalog"),
    ("System", "Table Setup"),
)


def info(_world: World, _behaviour: Behaviour, _parent: int | None) -> list[Row]:
    """The server's own description."""
    return [
        {
            "version": "v2026.4.118204",
            "isCloud": True,
            "serverTimeZone": "Eastern Standard Time",
            "licenseBits": [{"name": "MSP Connector", "activeFlag": True}],
            "cloudRegion": "NA",
            "maxWorkFlowRecordsAllowed": 1000,
        }
    ]


def role_settings(_world: World, behaviour: Behaviour, _parent: int | None) -> list[Row]:
    """What the API member's security role allows, by module function."""
    rows = []
    for number, (module, permission) in enumerate(PERMISSIONS, start=1):
        row: Row = {"id": number, "moduleName": module, "moduleFunctionName": permission, "sortOrder": number}
        for level in ("add", "edit", "delete", "inquire"):
            lacking = (module, permission, level.capitalize()) in behaviour.lacks
            row[f"{level}Level"] = "None" if lacking else "All"
        rows.append(row)
    return rows


def legacy_subcategories(world: World, _behaviour: Behaviour, parent: int | None) -> list[Row]:
    """The subcategories of one category, in their old shape."""
    names = ("id", "name", "inactiveFlag", "_info")
    return [
        {name: row[name] for name in names if name in row}
        for row in world.psa["subcategories"]
        if row["category"]["id"] == parent
    ]


def recaps(world: World, _behaviour: Behaviour, _parent: int | None) -> list[Row]:
    """The past and coming invoices of each agreement."""
    latest: dict[int, Row] = {}
    for invoice in world.psa["invoices"]:
        agreement = invoice.get("agreement", {}).get("id")
        if agreement and invoice["date"] >= latest.get(agreement, invoice)["date"]:
            latest[agreement] = invoice
    return [_recap(world, agreement, latest.get(agreement["id"])) for agreement in world.psa["agreements"]]


def _recap(world: World, agreement: Row, invoice: Row | None) -> Row:
    amount = sum((row["extPrice"] for row in world.additions(agreement["id"])), Decimal(0))
    row: dict[str, Any] = {
        "id": agreement["id"],
        "name": agreement["name"],
        "companyName": agreement["company"]["name"],
        "agreementStatus": agreement.get("agreementStatus", "Active"),
        "nextInvoiceAmount": amount,
    }
    if agreement.get("nextInvoiceDate"):
        row["nextInvoiceDate"] = agreement["nextInvoiceDate"]
    if invoice is not None:
        row |= {"lastInvoiceDate": invoice["date"], "lastInvoiceNumber": invoice["invoiceNumber"]}
    return row


VIEWS: dict[str, View] = {
    "/system/info": info,
    "/system/securityRoles/{parentId}/settings": role_settings,
    "/procurement/categories/{parentId}/subcategories/": legacy_subcategories,
    "/finance/agreementrecap": recaps,
}
