"""The demo's orders: a past that makes no task, and open ones of every kind that complete from check to check."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cwtui.sandbox.seed_catalog import AZURE, EXCHANGE, PREMIUM, STANDARD, WORKSPACE
from cwtui.sandbox.seed_customers import (
    COPPERFIELD,
    COPPERFIELD_MAIL,
    COPPERFIELD_NEW,
    COPPERFIELD_OFFICE,
    FRANCISCO_MAIL,
    GREEN_LANE_MAIL,
    GREEN_LANE_OFFICE,
    HARBOR_OFFICE,
    KESTREL_AZURE,
    NORTHGATE_OFFICE,
    month,
)

if TYPE_CHECKING:
    from cwtui.sandbox.world import World


def plant_orders(world: World) -> None:
    """Ended orders of the past months, then the open ones."""
    _plant_history(world)
    _plant_open_changes(world)
    _plant_open_others(world)
    _plant_open_puzzles(world)


def _plant_history(world: World) -> None:
    begun = month(world.today, -3)
    world.add_order(
        GREEN_LANE_MAIL, "sales", [("setup", EXCHANGE, 1, "25.00"), ("recurring", EXCHANGE, 20, "4.50")], created=begun
    )
    world.add_order(FRANCISCO_MAIL, "sales", [("recurring", WORKSPACE, 8, "6.80")], created=begun, by_product=True)
    world.add_order(
        GREEN_LANE_MAIL,
        "change",
        [("recurring", EXCHANGE, 5, "4.50")],
        created=month(world.today, -1),
    )
    world.add_order(
        HARBOR_OFFICE, "change", [("recurring", PREMIUM, 2, "20.60")], status="error", created=month(world.today, -1)
    )
    world.add_order(
        HARBOR_OFFICE,
        "change",
        [("recurring", PREMIUM, 3, "20.60")],
        status="cancelled",
        created=month(world.today, -1),
    )


def _plant_open_changes(world: World) -> None:
    """More seats; more seats on an agreement that prorates, then its renewal at another price; fewer, with a credit."""
    earlier, yesterday = world.today - timedelta(days=2), world.today - timedelta(days=1)
    order = world.add_order(
        GREEN_LANE_MAIL, "change", [("recurring", EXCHANGE, 5, "4.50")], status="processing", created=earlier
    )
    world.ripen(order["id"], 1, GREEN_LANE_MAIL, quantities={EXCHANGE: 30})

    order = world.add_order(
        FRANCISCO_MAIL,
        "change",
        [("recurring", WORKSPACE, 2, "6.80")],
        status="processing",
        created=earlier,
        by_product=True,
    )
    world.ripen(order["id"], 1, FRANCISCO_MAIL, quantities={WORKSPACE: 10})
    order = world.add_order(
        FRANCISCO_MAIL, "renewal", [("renew", WORKSPACE, 10, "7.10")], status="submitted", created=yesterday
    )
    world.ripen(order["id"], 2, FRANCISCO_MAIL, prices={WORKSPACE: "7.10"})

    order = world.add_order(
        HARBOR_OFFICE,
        "change",
        [("downgrade", PREMIUM, 2, "20.60")],
        status="processing",
        created=yesterday,
    )
    world.ripen(order["id"], 1, HARBOR_OFFICE, quantities={PREMIUM: 12})


def _plant_open_others(world: World) -> None:
    """A sale, a cancellation, and usage."""
    yesterday = world.today - timedelta(days=1)
    world.add_subscription(COPPERFIELD, [(PREMIUM, 6)], id=COPPERFIELD_NEW, status="pending")
    world.mappings.append(("agreement", COPPERFIELD_NEW, "", _agreement_of(world, COPPERFIELD_MAIL)))
    order = world.add_order(
        COPPERFIELD_NEW,
        "sales",
        [("setup", PREMIUM, 1, "25.00"), ("recurring", PREMIUM, 6, "20.60")],
        status="submitted",
        created=yesterday,
        by_product=True,
    )
    world.ripen(order["id"], 1, COPPERFIELD_NEW, status="active")

    order = world.add_order(
        GREEN_LANE_OFFICE,
        "cancellation",
        [("cancellation", STANDARD, 1, "15.00")],
        status="processing",
        created=yesterday,
    )
    world.ripen(
        order["id"], 1, GREEN_LANE_OFFICE, status="terminated", expirationDate=f"{world.today + timedelta(days=10)}"
    )

    usage = [("recurring", AZURE, 1, "12.00"), ("overuse", AZURE, 30, "0.08")]
    order = world.add_order(
        KESTREL_AZURE, "unknown", usage, number="BO000417", status="processing", created=month(world.today, 0)
    )
    world.ripen(order["id"], 1)


def _plant_open_puzzles(world: World) -> None:
    """A migration, and two that nobody can read without a person."""
    yesterday = world.today - timedelta(days=1)
    order = world.add_order(
        COPPERFIELD_OFFICE,
        "migration",
        [("recurring", STANDARD, 30, "12.10")],
        status="processing",
        created=yesterday,
    )
    world.ripen(order["id"], 2)

    order = world.add_order(
        COPPERFIELD_MAIL,
        "unknown",
        [("setup", EXCHANGE, 1, "25.00")],
        number="XO000002",
        status="processing",
        created=yesterday,
    )
    world.ripen(order["id"], 2)
    order = world.add_order(
        NORTHGATE_OFFICE,
        "change",
        [("recurring", STANDARD, 3, "12.10"), ("payment", "", 1, "9.99")],
        status="submitted",
        created=world.today,
    )
    world.ripen(order["id"], 3, NORTHGATE_OFFICE, quantities={STANDARD: 25})


def _agreement_of(world: World, subscription: str) -> str:
    return next(theirs for kind, ours, _, theirs in world.mappings if kind == "agreement" and ours == subscription)
