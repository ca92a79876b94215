"""References of PSA records: looks up the target of a reference, and returns it in full."""

from __future__ import annotations

from typing import Any

from cwtui.sandbox.records import Records
from cwtui.sandbox.shape import Row, reference_fields

# The table that a reference points into; of the others the sandbox keeps what was sent.
_TABLES = {
    "Agreement": "agreements",
    "AgreementType": "agreement_types",
    "BillingCycle": "billing_cycles",
    "Company": "companies",
    "CompanyStatus": "company_statuses",
    "CompanyType": "company_types",
    "Contact": "contacts",
    "Country": "countries",
    "Currency": "currencies",
    "IvItem": "catalog",
    "ManagedDevicesIntegration": "managed_devices_integrations",
    "ManagementSolution": "management_solutions",
    "ProductCategory": "categories",
    "ProductSubCategory": "subcategories",
    "ProductType": "product_types",
    "UnitOfMeasure": "units",
}


def reference(target: str, row: Row) -> Row:
    """A record as another record refers to it."""
    match target:
        case "Contact":
            full = f"{row.get('firstName', '')} {row.get('lastName', '')}".strip()
            return {"id": row["id"], "name": full}
        case "Country":
            return {"id": row["id"], "identifier": row.get("countryCode", ""), "name": row["name"]}
        case "Agreement":
            return {"id": row["id"], "name": row["name"], "type": row["type"]["name"], "chargeFirmFlag": False}
        case "Currency":
            kept = {key: row[key] for key in reference_fields(target) if key in row}
            return {**kept, "currencyCode": row["currencyCode"]["name"]}
        case "ManagementSolution":
            return {"id": row["id"], "name": row.get("managementSolutionName", row["name"]), "setupName": row["name"]}
        case _:
            return {key: row[key] for key in reference_fields(target) if key in row}


def resolve_reference(world: Records, target: str, sent: Any) -> Row | None:
    """The target of a body's reference, by `id`, else `identifier`, else `name`; None if there is no such record."""
    if not isinstance(sent, dict):
        return None
    table = _TABLES.get(target)
    if table is None:
        kept = {key: sent[key] for key in reference_fields(target) if sent.get(key) is not None}
        return kept or None
    row = referred(world, table, sent)
    return None if row is None else reference(target, row)


def referred(world: Records, table: str, sent: Row) -> Row | None:
    """The record of that table which a reference names."""
    key = sent.get("id")
    if key is not None:
        return world.psa[table].get(key) if isinstance(key, int) and not isinstance(key, bool) else None
    for name in ("identifier", "name"):
        if isinstance(sent.get(name), str):
            field = "countryCode" if table == "countries" and name == "identifier" else name
            return world.find(table, field, sent[name])
    return None
