"""The demo's reseller."""

from __future__ import annotations

from cwtui.sandbox.world import World


def plant(world: World) -> None:
    """Fill a world."""
    customer = world.add_customer("Green Lane LLC")
    world.add_product("PRD100101", "Exchange Online (Plan 1)", mpn="CFQ7TTC0LH16", price="4.50", cost="3.60")
    world.add_subscription(customer["id"], [("PRD100101", 25)], id="1000048531")
