"""Synchronising at 50 ms latency: n creations over n / 4 agreements, sixteen requests at a time.

Two references in the same run: the time the same number of requests would need if sixteen of them were always on their
way and cost nothing else; and `requests`, which sends one after the other, scaled from a sample.
"""

from __future__ import annotations

import asyncio
import gc
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import httpx
import requests

from benchmarks.report import BenchmarkRow
from benchmarks.reseller import RecordingTransport, Reseller, engine_on, served
from cwtui.settings import Settings
from cwtui.store.state import open_state

SIZES = (150, 600, 2_400)
NAMED_SIZE = 600
"""The size the reaches are named for."""
LATENCY_MS = 50
ROUNDS = 5
SAMPLE = 100
"""Requests of the sequential client."""


def reseller_of(creations: int) -> Reseller:
    """Four subscriptions to an agreement."""
    return Reseller(creations, agreements=creations // 4, customers=max(1, creations // 12))


async def prepare(path: Path, reseller: Reseller) -> None:
    """A state after the first check: every subscription mapped and ready to be carried over."""
    with served(reseller) as settings:
        state = open_state(path)
        reseller.map_all(state)
        state.close()
        async with engine_on(settings, path) as engine:
            await engine.check()


async def synchronised(
    settings: Settings, path: Path, recorder: RecordingTransport | None = None
) -> tuple[float, int, int]:
    """Seconds of one synchronisation on a copy of a state, the requests it sent, and what it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "state.json"
        shutil.copy(path, copy)
        async with engine_on(settings, copy, recorder) as engine:
            ids = [task.id for task in await engine.tasks()]
            gc.collect()
            begin = time.perf_counter()
            report = await engine.sync(ids)
            took = time.perf_counter() - begin
            sent = engine.psa.recorded.requests.total() + engine.marketplace.recorded.requests.total()  # type: ignore[attr-defined]  # the clients count
            return took, sent, report.writes.post


def one_at_a_time(settings: Settings, recorded: Sequence[httpx.Request]) -> float:
    """Seconds a request, sent by `requests` one after the other: a sample of what the engine sent."""
    origin = httpx.URL(settings.connectwise.base_url)
    sample = list(islice(recorded, 0, None, max(1, len(recorded) // SAMPLE)))
    with requests.Session() as session:
        session.trust_env = False
        begin = time.perf_counter()
        for asked in sample:
            url = str(asked.url.copy_with(host=origin.host, port=origin.port))
            session.request(asked.method, url, data=asked.content, headers=dict(asked.headers)).json()
        return (time.perf_counter() - begin) / len(sample)


def measured(creations: int, folder: Path, rounds: int) -> tuple[float, float, float]:
    """Median seconds of one size, and of both references."""
    path, reseller = folder / f"{creations}.json", reseller_of(creations)
    asyncio.run(prepare(path, reseller))
    recorder = RecordingTransport(httpx.AsyncHTTPTransport())
    with served(reseller) as settings:
        asyncio.run(synchronised(settings, path, recorder))
    ours, floor, sequential = [], [], []
    for _ in range(rounds):
        with served(reseller, LATENCY_MS) as settings:  # a new one each time: it has to hold nothing yet
            took, sent, written = asyncio.run(synchronised(settings, path))
            assert written == creations, f"{written} of {creations} additions were created"
            ours.append(took)
            floor.append(sent * LATENCY_MS / 1000 / settings.sync.concurrency)
            sequential.append(sent * one_at_a_time(settings, recorder.sent))
    return statistics.median(ours), statistics.median(floor), statistics.median(sequential)


def rows(sizes: Sequence[int] = SIZES, rounds: int = ROUNDS) -> list[BenchmarkRow]:
    """Against the floor, and against one request at a time."""
    with tempfile.TemporaryDirectory() as folder:
        found = {size: measured(size, Path(folder), rounds) for size in sizes}
    named = NAMED_SIZE if NAMED_SIZE in found else max(sizes)
    seconds = {size: ours for size, (ours, _, _) in found.items()}
    above = {size: ours / floor for size, (ours, floor, _) in found.items()}
    faster = {size: sequential / ours for size, (ours, _, sequential) in found.items()}
    what = f"sync at {LATENCY_MS} ms: n creations over n / 4 agreements"
    one_by_one = f"`requests`, one at a time (scaled from {SAMPLE})"
    return [
        BenchmarkRow(what, "requests × latency ÷ 16", above[named], 1.25, "×", above, seconds),
        BenchmarkRow(what, one_by_one, faster[named], 12, "×", faster, seconds, at_least=True),
    ]


if __name__ == "__main__":
    print(*rows((600,)), sep="\n")
