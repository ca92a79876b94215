"""How many requests a run sends, against the least that the two contracts allow."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from math import ceil
from pathlib import Path

import httpx

from benchmarks.report import BenchmarkRow
from benchmarks.reseller import Reseller, engine_on, settings_of
from cwtui.sandbox.app import create_app
from cwtui.sandbox.credentials import announcement
from cwtui.sandbox.sized import FIRST_ORDER, PRODUCTS
from cwtui.store.state import open_state

SIZES = (600, 1_000, 10_000)
"""Subscriptions of the first run, a quarter as many agreements; the next round brings a tenth as many orders."""
_MARKETPLACE_PAGE, _PSA_PAGE = 100, 1000


def least_of_first_run(reseller: Reseller) -> int:
    """One request a subscription, an agreement touched and a write; one a page of the lists nobody can do without."""
    pages = ceil(reseller.subscriptions / _MARKETPLACE_PAGE) + ceil(reseller.customers / _MARKETPLACE_PAGE)
    orders, token = 1, 1
    catalog, cycles = 1, 1
    psa_pages = ceil(reseller.agreements / _PSA_PAGE) + catalog + cycles
    details, additions, writes = reseller.subscriptions, reseller.agreements, reseller.subscriptions
    return pages + orders + token + psa_pages + details + additions + writes


def least_of_later_run(orders: int, agreements: int) -> int:
    """One request an order, its subscription, an agreement touched and a write; one a page of orders."""
    return ceil(orders / _MARKETPLACE_PAGE) + 3 * orders + agreements + ceil(agreements / _PSA_PAGE) + 1


async def sent(size: int, folder: Path) -> tuple[float, float, float]:
    """First run and a run with new orders, as multiples of the least; requests of a run with nothing new."""
    reseller = Reseller(size, agreements=size // 4, customers=max(1, size // 12))
    world = reseller.world()
    app = create_app(world)
    path = folder / f"{size}.json"
    state = open_state(path)
    reseller.map_all(state)
    state.close()
    async with engine_on(settings_of(announcement("http://127.0.0.1")), path, httpx.ASGITransport(app)) as engine:
        first = await engine.auto()
        assert first.synced == size, f"{first.synced} of {size} tasks were synced: {first.errors}"
        in_first = app.log.total()
        await engine.auto()
        in_nothing_new = app.log.total() - in_first
        orders = size // 10
        for number in range(orders):
            subscription = world.marketplace["subscriptions"].get(str(4_000_000 + number))
            assert subscription is not None
            line = ("recurring", PRODUCTS[number % len(PRODUCTS)], 1, "4.50")
            world.add_order(subscription["id"], "change", [line], id=str(FIRST_ORDER + number))
        before = app.log.total()
        later = await engine.auto()
        assert later.synced == orders, f"{later.synced} of {orders} tasks were synced: {later.errors}"
        in_later = app.log.total() - before
    touched = min(orders, reseller.agreements)
    least = least_of_first_run(reseller), least_of_later_run(orders, touched)
    return in_first / least[0], in_later / least[1], in_nothing_new


def rows(sizes: Sequence[int] = SIZES) -> list[BenchmarkRow]:
    """The three kinds of runs."""
    with tempfile.TemporaryDirectory() as folder:
        found = {size: asyncio.run(sent(size, Path(folder))) for size in sizes}
    largest = max(sizes)
    firsts, laters, nothings = ({size: three[at] for size, three in found.items()} for at in range(3))
    least = "the least the contracts allow"
    return [
        BenchmarkRow("requests of a first run: n creations", least, firsts[largest], 1.2, "×", firsts),
        BenchmarkRow("requests of a run with n / 10 change orders", least, laters[largest], 1.2, "×", laters),
        BenchmarkRow("requests of a run with nothing new, n tasks", "—", nothings[largest], 10, "requests", nothings),
    ]


if __name__ == "__main__":
    print(*rows((600,)), sep="\n")
