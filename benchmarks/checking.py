"""A check of changes without latency, against the same requests sent and parsed by bare httpx and orjson.

The sandbox runs in a process of its own. What the engine asks is recorded once; the reference then sends exactly that,
as many at a time, knows all of it beforehand, and does nothing with the answers but parse them.
"""

from __future__ import annotations

import asyncio
import gc
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import httpx
import orjson

from benchmarks.report import BenchmarkRow
from benchmarks.reseller import TODAY, RecordingTransport, Reseller, engine_on, served
from cwtui.domain.charges import Charge
from cwtui.domain.ids import (
    INITIAL,
    AdditionId,
    AgreementId,
    CatalogItemId,
    CustomerId,
    ProductId,
    SubscriptionId,
    task_id,
)
from cwtui.domain.mappings import Link
from cwtui.domain.marketplace import Customer
from cwtui.domain.psa import AdditionValues
from cwtui.domain.records import Cursor
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.engine.due import note_basis
from cwtui.sandbox.sized import FIRST_AGREEMENT, FIRST_CUSTOMER, FIRST_SUBSCRIPTION, PRODUCTS
from cwtui.settings import Settings
from cwtui.store.state import State, open_state

SIZES = (1_000, 10_000, 50_000)
"""Subscriptions; a tenth as many new orders, agreements, and a fiftieth as many customers."""
ROUNDS = 5
LONG_S = 20.0
"""What takes longer is measured three times only."""
_MORNING = datetime(2026, 11, 23, tzinfo=UTC)


def reseller_of(size: int) -> Reseller:
    """The reseller of one size."""
    return Reseller(size, agreements=size // 10, customers=size // 50, orders=size // 10)


def fill(path: Path, reseller: Reseller) -> None:
    """A state that carried every subscription over before today: synced tasks, links, mappings."""
    state = open_state(path)
    with state.batch():
        reseller.map_all(state)
        state.save_customers(Customer(_customer(reseller, n), f"Customer {n}") for n in range(reseller.customers))
        for number in range(reseller.subscriptions):
            _carried_over(state, reseller, number)
        state.save_cursor(Cursor(checked_at=_MORNING))
    state.close()


def _customer(reseller: Reseller, number: int) -> CustomerId:
    return CustomerId(str(FIRST_CUSTOMER + number % reseller.agreements % reseller.customers))


def _carried_over(state: State, reseller: Reseller, number: int) -> None:
    subscription = SubscriptionId(str(FIRST_SUBSCRIPTION + number))
    task = Task(
        id=task_id(INITIAL, subscription),
        kind=TaskKind.SALES_ORDER,
        status=TaskStatus.SYNCED,
        customer_id=_customer(reseller, number),
        customer_name="Green Lane LLC",
        subscription_id=subscription,
        subscription_name=f"Subscription {number}",
        order_id=INITIAL,
        order_number="initial",
        order_created=None,
    )
    price = Decimal("4.50")
    values = AdditionValues(CatalogItemId(1), Decimal(1 + number % 50), price, price, TODAY.replace(day=1))
    state.save_task(task)
    state.save_link(
        Link(
            AdditionId(number + 1),
            AgreementId(FIRST_AGREEMENT + number % reseller.agreements),
            subscription,
            ProductId(PRODUCTS[number % len(PRODUCTS)]),
            Charge.RECURRING,
            values,
            task.id,
            _MORNING,
            is_standing=True,
        )
    )


async def checked(settings: Settings, path: Path, recorder: RecordingTransport | None = None) -> float:
    """Seconds of one check on a copy of a state."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "state.json"
        shutil.copy(path, copy)
        async with engine_on(settings, copy, recorder) as engine:
            note_basis(engine.store, engine.desk.rules)
            gc.collect()
            begin = time.perf_counter()
            await engine.check()
            return time.perf_counter() - begin


async def fetched(requests: Sequence[httpx.Request], at_once: int) -> float:
    """Seconds to send the same requests and parse the answers."""
    waiting = iter(requests)
    gc.collect()
    begin = time.perf_counter()
    async with httpx.AsyncClient(verify=False, trust_env=False, limits=httpx.Limits(max_connections=at_once)) as client:  # noqa: S501  # loopback, plain http

        async def work() -> None:
            for asked in waiting:
                request = client.build_request(asked.method, asked.url, content=asked.content, headers=asked.headers)
                orjson.loads((await client.send(request)).content)

        await asyncio.gather(*(work() for _ in range(at_once)))
    return time.perf_counter() - begin


def measured(size: int, folder: Path, rounds: int) -> tuple[float, float, int]:
    """Median seconds of check and reference, and how many requests they sent."""
    path, reseller = folder / f"{size}.json", reseller_of(size)
    fill(path, reseller)
    with served(reseller) as settings:
        recorder = RecordingTransport(httpx.AsyncHTTPTransport())
        first = asyncio.run(checked(settings, path, recorder))
        at_once = settings.sync.concurrency
        ours, reference = [], []
        for _ in range(rounds if first < LONG_S else min(rounds, 3)):
            ours.append(asyncio.run(checked(settings, path)))
            reference.append(asyncio.run(fetched(recorder.sent, at_once)))
    return statistics.median(ours), statistics.median(reference), len(recorder.sent)


def rows(sizes: Sequence[int] = SIZES, rounds: int = ROUNDS) -> list[BenchmarkRow]:
    """A check at every size."""
    with tempfile.TemporaryDirectory() as folder:
        found = {size: measured(size, Path(folder), rounds) for size in sizes}
    ratios = {size: ours / reference for size, (ours, reference, _) in found.items()}
    return [
        BenchmarkRow(
            "check changes: n subscriptions, a tenth as many new orders, no latency",
            "the same requests, bare httpx + orjson",
            ratios[max(sizes)],
            2,
            "×",
            ratios,
            {size: ours for size, (ours, _, _) in found.items()},
        )
    ]


if __name__ == "__main__":
    print(rows((1_000,)))
