"""The demo's customers beside their companies: most mapped, some with a reason why not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from cwtui.sandbox.seed_catalog import (
    ARCHIVE,
    AZURE,
    BACKUP,
    ENDPOINT,
    EXCHANGE,
    PREMIUM,
    STANDARD,
    STANDARD_YEARLY,
    WORKSPACE,
    item_id,
)

if TYPE_CHECKING:
    from cwtui.sandbox.table import Row
    from cwtui.sandbox.world import World

GREEN_LANE, FRANCISCO, HARBOR, BRIGHTWATER, MUELLER, ALPINE = (str(1000011 + number) for number in range(6))
TIDEWATER, QUILL, SUNRISE, KESTREL, LAKESIDE, COPPERFIELD = (str(1000017 + number) for number in range(6))
ORCHARD, NORTHGATE = "1000023", "1000024"

GREEN_LANE_MAIL, GREEN_LANE_OFFICE, FRANCISCO_MAIL = "1000048531", "1000048532", "1000047883"
HARBOR_OFFICE, HARBOR_BACKUP, BRIGHTWATER_BACKUP = "1000048601", "1000048602", "1000048610"
MUELLER_OFFICE, MUELLER_ARCHIVE, ALPINE_OFFICE = "1000048620", "1000048621", "1000048630"
TIDEWATER_MAIL, QUILL_OFFICE, SUNRISE_MAIL = "1000048640", "1000048650", "1000048660"
KESTREL_AZURE, KESTREL_OFFICE, LAKESIDE_MAIL = "1000048670", "1000048671", "1000048680"
COPPERFIELD_MAIL, COPPERFIELD_OFFICE, COPPERFIELD_NEW = "1000048690", "1000048691", "1000048692"
ORCHARD_MAIL, NORTHGATE_OFFICE, NORTHGATE_ENDPOINT = "1000048700", "1000048710", "1000048711"


def month(today: date, offset: int) -> date:
    """The first day of the month that many months from today's."""
    number = today.year * 12 + today.month - 1 + offset
    return date(number // 12, number % 12 + 1, 1)


def plant_customers(world: World) -> None:
    """Customers with their subscriptions, companies with their agreements, and the mappings between."""
    _plant_well_mapped(world)
    _plant_other_cycles(world)
    _plant_unnamed_periods(world)
    _plant_unusable_agreements(world)
    _plant_unmatched_cycles(world)
    _plant_unmapped(world)
    _plant_companies_alone(world)


def _map(world: World, customer: str, company: Row) -> None:
    world.mappings.append(("customer", customer, "", str(company["id"])))


def _subscribe(
    world: World, customer: str, key: str, product: str, quantity: int, agreement: Row | None, **more: Any
) -> None:
    """A subscription of the past months, mapped to an agreement unless that is the story."""
    more.setdefault("created", month(world.today, -3))
    world.add_subscription(customer, [(product, quantity)], id=key, **more)
    if agreement is not None:
        world.mappings.append(("agreement", key, "", str(agreement["id"])))


def _monthly(world: World, company: Row, **fields: Any) -> Row:
    fields.setdefault("bill_start", month(world.today, -10))
    fields.setdefault("next_invoice", month(world.today, 1))
    return world.add_agreement(company["id"], **fields)


def _plant_well_mapped(world: World) -> None:
    """Green Lane, whose name matches; FranciscoRGoogle02, whose agreement prorates; Harbor, less its legal form."""
    world.add_customer("Green Lane LLC", id=GREEN_LANE, externalId="GreenLane")
    company = world.add_company("Green Lane LLC", identifier="GreenLane")
    agreement = _monthly(world, company, name="Green Lane Cloud Services")
    rack = int(item_id(world, "RACK-RENTAL"))
    world.add_addition(agreement["id"], rack, 2, "80.00", effective=month(world.today, -6))
    _subscribe(world, GREEN_LANE, GREEN_LANE_MAIL, EXCHANGE, 25, agreement)
    _subscribe(world, GREEN_LANE, GREEN_LANE_OFFICE, STANDARD, 10, agreement)
    _subscribe(
        world, GREEN_LANE, "1000048500", WORKSPACE, 5, None, status="terminated", created=month(world.today, -20)
    )
    _map(world, GREEN_LANE, company)

    world.add_customer("FranciscoRGoogle02", id=FRANCISCO)
    company = world.add_company("FranciscoRGoogle02")
    agreement = _monthly(world, company, name="Workspace", prorate=True)
    _subscribe(world, FRANCISCO, FRANCISCO_MAIL, WORKSPACE, 8, agreement)
    _map(world, FRANCISCO, company)

    world.add_customer("Harbor Dental Group Inc.", id=HARBOR)
    company = world.add_company("Harbor Dental Group", identifier="HarborDental")
    agreement = _monthly(world, company, name="Harbor Managed Cloud")
    _subscribe(world, HARBOR, HARBOR_OFFICE, PREMIUM, 14, agreement)
    _subscribe(world, HARBOR, HARBOR_BACKUP, BACKUP, 1, agreement)  # quarterly, on a monthly agreement
    _map(world, HARBOR, company)


def _plant_other_cycles(world: World) -> None:
    """Quarterly and yearly."""
    world.add_customer("Brightwater Accounting", id=BRIGHTWATER, country="GB")
    company = world.add_company("Brightwater Accounting Ltd", country="United Kingdom")
    world.add_company("Brightwater Auditing Ltd", identifier="BrightwaterAuditing", country="United Kingdom")
    agreement = world.add_agreement(
        company["id"],
        name="Backup",
        cycle="Quarterly",
        bill_start=month(world.today, -7),
        next_invoice=month(world.today, 2),
    )
    _subscribe(world, BRIGHTWATER, BRIGHTWATER_BACKUP, BACKUP, 4, agreement)
    _map(world, BRIGHTWATER, company)

    world.add_customer("Müller & Söhne GmbH", id=MUELLER, country="DE", language="de")
    company = world.add_company("Müller & Söhne", identifier="MuellerSoehne", country="Germany")
    agreement = world.add_agreement(
        company["id"],
        name="Jahresvertrag",
        cycle="Yearly",
        invoicing_cycle="CalendarYear",
        bill_start=date(world.today.year - 1, 1, 1),
        next_invoice=date(world.today.year + 1, 1, 1),
    )
    _subscribe(world, MUELLER, MUELLER_OFFICE, STANDARD_YEARLY, 12, agreement)
    _subscribe(world, MUELLER, MUELLER_ARCHIVE, ARCHIVE, 1, agreement)  # its catalog item is inactive
    _map(world, MUELLER, company)


def _plant_unnamed_periods(world: World) -> None:
    """Usage-based, and one that only its invoices tell the billed period of."""
    world.add_customer("Kestrel Aerospace", id=KESTREL)
    company = world.add_company("Kestrel Aerospace PLC", identifier="Kestrel")
    agreement = _monthly(world, company, name="Azure and Office")
    _subscribe(world, KESTREL, KESTREL_AZURE, AZURE, 1, agreement)
    _subscribe(world, KESTREL, KESTREL_OFFICE, PREMIUM, 40, agreement)
    _map(world, KESTREL, company)

    world.add_customer("Copperfield Schools Trust", id=COPPERFIELD)
    company = world.add_company("Copperfield Schools Trust", identifier="Copperfield")
    agreement = _monthly(world, company, name="Schools Cloud", next_invoice=None)
    for offset in range(-4, 1):
        world.add_invoice(agreement["id"], month(world.today, offset), amount="1250.00")
    _subscribe(world, COPPERFIELD, COPPERFIELD_MAIL, EXCHANGE, 120, agreement)
    _subscribe(world, COPPERFIELD, COPPERFIELD_OFFICE, STANDARD, 30, agreement)
    _map(world, COPPERFIELD, company)


def _plant_unusable_agreements(world: World) -> None:
    """Another currency, expired, cancelled: each stops its subscription with a reason."""
    world.add_customer("Alpine Outfitters", id=ALPINE)
    company = world.add_company("Alpine Outfitters")
    _subscribe(world, ALPINE, ALPINE_OFFICE, STANDARD, 6, _monthly(world, company, name="Alpine Cloud", currency="USD"))
    _map(world, ALPINE, company)

    world.add_customer("Tidewater Legal LLP", id=TIDEWATER)
    company = world.add_company("Tidewater Legal", identifier="Tidewater")
    ended = _monthly(
        world,
        company,
        name="Tidewater Mail",
        next_invoice=None,
        agreementStatus="Expired",
        endDate=f"{month(world.today, -1) - timedelta(days=1)}T00:00:00Z",
    )
    _subscribe(world, TIDEWATER, TIDEWATER_MAIL, EXCHANGE, 9, ended)
    _map(world, TIDEWATER, company)

    world.add_customer("Quill & Press Media", id=QUILL)
    company = world.add_company("Quill & Press Media", identifier="QuillPress")
    cancelled = _monthly(
        world,
        company,
        name="Quill Cloud (old)",
        agreementStatus="Cancelled",
        cancelledFlag=True,
        dateCancelled=f"{month(world.today, -2)}T00:00:00Z",
        reasonCancelled="Replaced by a new agreement",
    )
    _monthly(world, company, name="Quill Cloud", bill_start=month(world.today, -2))
    _subscribe(world, QUILL, QUILL_OFFICE, STANDARD, 18, cancelled)
    _map(world, QUILL, company)


def _plant_unmatched_cycles(world: World) -> None:
    """Not recurring, and billed on statement days: each stops its subscription with a reason."""
    world.add_customer("Lakeside Veterinary Clinic", id=LAKESIDE)
    company = world.add_company("Lakeside Veterinary Clinic", identifier="LakesideVet")
    once = _monthly(world, company, name="Project work", cycle="NotRecurring", next_invoice=None)
    _subscribe(world, LAKESIDE, LAKESIDE_MAIL, EXCHANGE, 7, once)
    _map(world, LAKESIDE, company)

    world.add_customer("Orchard Street Design", id=ORCHARD)
    company = world.add_company("Orchard Street Design", identifier="OrchardStreet")
    agreement = _monthly(world, company, name="Design Cloud")
    _subscribe(world, ORCHARD, ORCHARD_MAIL, EXCHANGE, 3, agreement, period=("statement_day", 1))
    _map(world, ORCHARD, company)


def _plant_unmapped(world: World) -> None:
    """One customer without a company; one that only its external id gives away, with two agreements to choose from."""
    world.add_customer("Sunrise Bakery", id=SUNRISE)
    _subscribe(world, SUNRISE, SUNRISE_MAIL, EXCHANGE, 4, None)

    world.add_customer("Northgate Logistics", id=NORTHGATE, externalId="NORTHGATE")
    company = world.add_company("NG Logistics Holdings", identifier="NORTHGATE")
    _monthly(world, company, name="NG Cloud")
    _monthly(world, company, name="NG Cloud (warehouse)")
    _subscribe(world, NORTHGATE, NORTHGATE_OFFICE, STANDARD, 22, None)
    _subscribe(world, NORTHGATE, NORTHGATE_ENDPOINT, ENDPOINT, 22, None)  # the catalog has no such item

    world.add_customer("Vantage Interiors", id="1000025", status="cancelled")


def _plant_companies_alone(world: World) -> None:
    """Companies that are no customers yet: one complete, the others each without something; one deleted."""
    world.add_company("Pinecrest Pharmacy", contact="Ruth Bell")
    world.add_company("Oakridge Hardware", contact="")
    world.add_company("Delta Plumbing", country="", contact="Omar Haddad")
    company = world.add_company("Elm & Ash Interiors", identifier="ElmAsh", contact="", zip=None)
    world.add_contact(company["id"], "Priya", phone="")
    world.add_company("Fernwood Books", deletedFlag=True, dateDeleted=f"{month(world.today, -1)}T00:00:00Z")
