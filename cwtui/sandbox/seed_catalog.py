"""The goods of the demo's reseller: the marketplace's products and the PSA's catalog items."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cwtui.sandbox.world import World

EXCHANGE, STANDARD, STANDARD_YEARLY, PREMIUM = "PRD100101", "PRD100102", "PRD100103", "PRD100104"
WORKSPACE, AZURE, BACKUP, ARCHIVE, ENDPOINT = "PRD100201", "PRD100301", "PRD100401", "PRD100402", "PRD100501"


def plant_catalog(world: World) -> None:
    """Products, then catalog items for most of them: one inactive, one missing, one a bundle."""
    _plant_microsoft(world)
    _plant_others(world)
    _plant_items(world)
    _map_products(world)


def _plant_microsoft(world: World) -> None:
    fee = ("25.00", "20.00")
    world.add_product(
        EXCHANGE,
        "Exchange Online (Plan 1)",
        mpn="CFQ7TTC0LH16",
        price="4.50",
        cost="3.60",
        setup=fee,
        vendor="Microsoft",
    )
    world.add_product(
        STANDARD,
        "Microsoft 365 Business Standard",
        mpn="CFQ7TTC0LDPB",
        price="12.10",
        cost="9.90",
        setup=fee,
        vendor="Microsoft",
    )
    world.add_product(
        STANDARD_YEARLY,
        "Microsoft 365 Business Standard (yearly)",
        mpn="CFQ7TTC0LDPB_ANNUAL",
        price="130.00",
        cost="108.00",
        period=("year", 1),
        vendor="Microsoft",
    )
    world.add_product(
        PREMIUM,
        "Microsoft 365 Business Premium",
        mpn="CFQ7TTC0LCHC",
        price="20.60",
        cost="17.20",
        setup=fee,
        vendor="Microsoft",
    )
    world.add_product(
        AZURE,
        "Azure consumption",
        mpn="MS-AZR-0145P",
        price="12.00",
        cost="9.60",
        overuse=("0.08", "0.06"),
        billing_model="chargeAfterBillingPeriod",
        vendor="Microsoft",
    )


def _plant_others(world: World) -> None:
    world.add_product(
        WORKSPACE,
        "Google Workspace Business Starter",
        mpn="GAPPS-STARTER-FLEX",
        price="6.80",
        cost="5.44",
        vendor="Google",
    )
    world.add_product(
        BACKUP, "Cloud Backup 500 GB", mpn="BKP-500-Q", price="114.00", cost="79.50", period=("month", 3), vendor="Acme"
    )
    world.add_product(
        ARCHIVE,
        "Cloud Backup Archive",
        mpn="BKP-ARC-Y",
        price="400.00",
        cost="310.00",
        period=("year", 1),
        vendor="Acme",
    )
    world.add_product(
        ENDPOINT, "Endpoint Protection Advanced", mpn="EPP-ADV-1", price="3.25", cost="2.10", vendor="Acme"
    )


def _plant_items(world: World) -> None:
    world.add_catalog_item(
        "EXO-P1", "Exchange Online (Plan 1)", price="4.50", cost="3.60", manufacturerPartNumber="CFQ7TTC0LH16"
    )
    world.add_catalog_item(
        "M365-BS", "Microsoft 365 Business Standard", price="12.50", cost="9.90", manufacturerPartNumber="CFQ7TTC0LDPB"
    )
    world.add_catalog_item(
        "M365-BS-Y",
        "Microsoft 365 Business Standard, yearly",
        price="135.00",
        cost="108.00",
        manufacturerPartNumber="CFQ7TTC0LDPB_ANNUAL",
    )
    world.add_catalog_item(
        "M365-BP", "Microsoft 365 Business Premium", price="22.00", cost="17.20", manufacturerPartNumber="CFQ7TTC0LCHC"
    )
    world.add_catalog_item(
        "GWS-STARTER", "Google Workspace Business Starter", price="6.80", cost="5.44", vendorSku="GAPPS-STARTER-FLEX"
    )
    world.add_catalog_item("MS-AZR-0145P", "Azure consumption", price="12.00", cost="9.60", subcategory=2)
    world.add_catalog_item(
        "BACKUP-500",
        "Cloud Backup 500 GB",
        price="114.00",
        cost="79.50",
        manufacturerPartNumber="BKP-500-Q",
        subcategory=2,
    )
    world.add_catalog_item(
        "BACKUP-ARC",
        "Cloud Backup Archive",
        price="400.00",
        cost="310.00",
        manufacturerPartNumber="BKP-ARC-Y",
        subcategory=2,
        inactiveFlag=True,
    )
    world.add_catalog_item("ONBOARDING", "Onboarding fee", price="25.00", cost="20.00", productClass="Service")
    world.add_catalog_item("M365-BUNDLE", "Microsoft 365 starter bundle", price="99.00", productClass="Bundle")
    world.add_catalog_item("RACK-RENTAL", "Rack space rental", price="80.00", cost="35.00", subcategory=2)


def _map_products(world: World) -> None:
    mapped = {
        EXCHANGE: "EXO-P1",
        STANDARD: "M365-BS",
        STANDARD_YEARLY: "M365-BS-Y",
        PREMIUM: "M365-BP",
        WORKSPACE: "GWS-STARTER",
        AZURE: "MS-AZR-0145P",
        BACKUP: "BACKUP-500",
        ARCHIVE: "BACKUP-ARC",
    }
    for product, identifier in mapped.items():
        world.mappings.append(("product", product, "", item_id(world, identifier)))
    for product in (EXCHANGE, STANDARD, PREMIUM):
        world.mappings.append(("product", product, "setup", item_id(world, "ONBOARDING")))


def item_id(world: World, identifier: str) -> str:
    """The id of a catalog item, as a mapping has it."""
    item = world.find("catalog", "identifier", identifier)
    if item is None:
        raise ValueError(f"The demo has no catalog item {identifier}.")
    return str(item["id"])
