"""The demo's reseller: a dozen customers, their agreements, and a story in the mappings' holes.

Everything is dated around the world's `today`, so the demo looks the same whenever it is tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwtui.sandbox.seed_catalog import plant_catalog
from cwtui.sandbox.seed_customers import plant_customers
from cwtui.sandbox.seed_intermedia import plant_intermedia
from cwtui.sandbox.seed_orders import plant_orders

if TYPE_CHECKING:
    from cwtui.sandbox.world import World


def plant(world: World) -> None:
    """Fill a world that has its setup tables: catalogue and catalog, customers and companies, orders, Intermedia."""
    plant_catalog(world)
    plant_customers(world)
    plant_orders(world)
    plant_intermedia(world)
