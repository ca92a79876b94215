"""Worlds of any size for measurements: everything mapped, every id predictable."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cwtui.sandbox.world import World

FIRST_CUSTOMER, FIRST_SUBSCRIPTION, FIRST_ORDER = 3_000_000, 4_000_000, 5_000_000
FIRST_AGREEMENT = 10_000
PRODUCTS = tuple(f"PRD9{number:05}" for number in range(20))


def fill(
    world: World,
    *,
    customers: int,
    subscriptions: int,
    agreements: int,
    orders: int,
    additions: int,
    products_each: int,
) -> None:
    """Fill a world.

    Subscription i (id `FIRST_SUBSCRIPTION + i`) has agreement i mod `agreements` (id `FIRST_AGREEMENT + …`), whose
    customer is that modulo `customers` (id `FIRST_CUSTOMER + …`), and 1 + i mod 50 seats of product i mod 20, and of
    those behind it where it has `products_each` of them, at 4.50 (cost 3.60). Order i completes a sale of one seat for
    subscription i mod `subscriptions`, created i seconds after the start of the day. Additions go round the
    agreements; agreements are monthly, billed through the end of this month, and do not prorate.
    """
    _fill_catalog(world)
    _fill_agreements(world, customers, agreements)
    _fill_subscriptions(world, subscriptions, customers, agreements, products_each)
    _fill_orders(world, orders, subscriptions)
    items = [row["id"] for row in world.psa["catalog"]]
    for number in range(additions):
        world.add_addition(FIRST_AGREEMENT + number % agreements, items[number % len(items)], 1 + number % 50)


def _fill_subscriptions(world: World, subscriptions: int, customers: int, agreements: int, products_each: int) -> None:
    first = world.today.replace(day=1)
    for number in range(subscriptions):
        agreement = number % agreements
        key = str(FIRST_SUBSCRIPTION + number)
        world.add_subscription(
            str(FIRST_CUSTOMER + agreement % customers),
            [(PRODUCTS[(number + more) % len(PRODUCTS)], 1 + number % 50) for more in range(products_each)],
            id=key,
            created=first,
        )
        world.mappings.append(("agreement", key, "", str(FIRST_AGREEMENT + agreement)))


def _fill_orders(world: World, orders: int, subscriptions: int) -> None:
    for number in range(orders):
        product = PRODUCTS[number % subscriptions % len(PRODUCTS)]
        at = f"{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z"
        world.add_order(
            str(FIRST_SUBSCRIPTION + number % subscriptions),
            "change",
            [("recurring", product, 1, "4.50")],
            id=str(FIRST_ORDER + number),
            created=f"{world.today}T{at}",
        )


def _fill_catalog(world: World) -> None:
    for number, product in enumerate(PRODUCTS):
        mpn = f"MPN-{number:05}"
        world.add_product(product, f"Measured product {number}", mpn=mpn, price="4.50", cost="3.60")
        item = world.add_catalog_item(
            f"ITEM-{number:05}", f"Measured product {number}", price="4.50", cost="3.60", manufacturerPartNumber=mpn
        )
        world.mappings.append(("product", product, "", str(item["id"])))


def _fill_agreements(world: World, customers: int, agreements: int) -> None:
    companies = []
    for number in range(customers):
        name = f"Measured customer {number}"
        key = str(FIRST_CUSTOMER + number)
        world.add_customer(name, id=key)
        companies.append(world.add_company(name, identifier=f"MEASURED{number:06}")["id"])
        world.mappings.append(("customer", key, "", str(companies[-1])))
    first = world.today.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    for number in range(agreements):
        world.add_agreement(
            companies[number % customers],
            id=FIRST_AGREEMENT + number,
            bill_start=first.replace(year=first.year - 1),
            next_invoice=following,
        )
