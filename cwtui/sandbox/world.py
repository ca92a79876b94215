"""A world to play in: its records, short ways to add more, and the worlds that come ready made."""

from __future__ import annotations

from datetime import date
from typing import Self

from cwtui.sandbox.marketplace_records import MarketplaceRecords
from cwtui.sandbox.psa_records import PsaRecords
from cwtui.sandbox.setup_tables import add_setup_tables


class World(MarketplaceRecords, PsaRecords):
    """Both services' records, with helpers that fill in what a test does not care about.

    Amounts are text (`"4.50"`), days dates or text; every helper answers the record as kept, with its `id`.
    """

    @classmethod
    def empty(cls, today: date) -> Self:
        """No customer and no company, but the setup tables every PSA has."""
        world = cls(today)
        add_setup_tables(world)
        return world

    @classmethod
    def seeded(cls, today: date) -> Self:
        """The believable reseller of the demo; the same for the same day."""
        from cwtui.sandbox.seed import plant  # noqa: PLC0415  # a served or measured world needs no story

        world = cls.empty(today)
        plant(world)
        return world

    @classmethod
    def sized(
        cls,
        *,
        customers: int,
        subscriptions: int,
        agreements: int,
        orders: int = 0,
        additions: int = 0,
        products_each: int = 1,
        today: date = date(2026, 11, 23),
    ) -> Self:
        """A world of a given size, everything mapped, ids predictable (see `cwtui.sandbox.sized`)."""
        from cwtui.sandbox.sized import fill  # noqa: PLC0415  # only measurements need it

        world = cls.empty(today)
        fill(
            world,
            customers=customers,
            subscriptions=subscriptions,
            agreements=agreements,
            orders=orders,
            additions=additions,
            products_each=products_each,
        )
        return world
