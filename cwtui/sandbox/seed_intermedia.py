"""The demo's Intermedia partner: some setup tables there, some missing, and a few accounts' companies.

Rule: files.md#intermedia-files.

There: the agreement type, the unit, a category, the managed solution. Missing: the product type, the sub-category,
the managed devices integration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwtui.sandbox.psa_references import reference
from cwtui.sandbox.seed_customers import month

if TYPE_CHECKING:
    from cwtui.sandbox.table import Row
    from cwtui.sandbox.world import World

OLD_PRICE_ITEM = "MXS10C01SUNR_7.25"


def plant_intermedia(world: World) -> None:
    """Accounts known by company id, by account number and by Manage ID; one in the recycle bin; the rest are new."""
    kind = dict(world.psa["agreement_types"].rows[1])
    world.add_psa("agreement_types", {**kind, "id": None, "name": "Intermedia", "defaultFlag": False})
    world.add_psa("categories", {"name": "Hosted Services", "inactiveFlag": False})
    solution = world.add_psa(
        "management_solutions",
        {"name": "Intermedia", "managementItSolutionType": "Custom", "managementSolutionName": "Intermedia"},
    )
    item = world.add_catalog_item(
        OLD_PRICE_ITEM,
        "Unlimited Exchange mailbox",
        price="11.50",
        cost="7.25",
        recurringFlag=True,
        recurringBillCycle={"id": 3, "name": "Monthly"},
        recurringCycleType="ContractYear",
    )

    juniper = world.add_company("Juniper Realty", identifier="IM100201")
    agreement = _agreement(world, juniper)
    world.add_addition(agreement["id"], item["id"], 12, "11.50", cost="7.25", effective=month(world.today, -2))
    cobalt = world.add_company("Cobalt Studios", accountNumber="IM100202")
    _agreement(world, cobalt)
    redwood = world.add_company("Redwood Clinic")
    _agreement(world, redwood)
    world.add_psa(
        "summary_reports",
        {
            "managementSolution": reference("ManagementSolution", solution),
            "groupIdentifier": "IM100203",
            "company": reference("Company", redwood),
        },
        parent=redwood["id"],
    )
    world.add_company(
        "Bygone Retail", identifier="IM100204", deletedFlag=True, dateDeleted=f"{month(world.today, -2)}T00:00:00Z"
    )


def _agreement(world: World, company: Row) -> Row:
    return world.add_agreement(
        company["id"],
        name="Intermedia",
        type="Intermedia",
        currency="USD",
        bill_start=month(world.today, -6),
        next_invoice=month(world.today, 1),
    )
