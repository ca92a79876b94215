"""A whole run at 50 ms latency: the installed command as a process, from its start to its exit.

A first run carries n / 4 subscriptions of four products each over into as many agreements. Its floor is what the
service that is asked more would need if sixteen requests were always on their way to it and all else cost nothing.
`requests`, one at a time, is scaled from a sample.

A check with nothing new is held against its longest chain of requests, each of which needs the answer before it: the
token, then the lists. `requests` sends that chain, on connections that are open. It is the engine that is measured
there, not the start of a process.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import requests

from benchmarks.report import BenchmarkRow
from benchmarks.reseller import TODAY, Reseller, engine_on, served
from cwtui.sandbox.app import CONTROL_BASE
from cwtui.sandbox.sized import FIRST_AGREEMENT
from cwtui.settings import Settings
from cwtui.store.state import open_state

SIZES = (600, 2_400)
NAMED_SIZE = 600
"""The size the reaches are named for."""
LATENCY_MS = 50
ROUNDS = 7
SAMPLE = 100
"""Requests of the sequential client."""
_COMMAND = str(Path(sys.executable).with_name("cwtui"))


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds of one round: the run, both references, a check with nothing new behind it, and its chain."""

    run: float
    floor: float
    sequential: float
    nothing_new: float
    chain: float


def reseller_of(creations: int) -> Reseller:
    """Four products to a subscription, a subscription to an agreement."""
    each = creations // 4
    return Reseller(each, agreements=each, customers=max(1, each // 3), products_each=4)


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as the environment names them."""
    market, psa = settings.marketplace, settings.connectwise
    named = {
        "marketplace": {
            "base_url": market.base_url,
            "username": market.username,
            "password": market.password.get_secret_value(),
            "subscription_key": market.subscription_key.get_secret_value(),
            "marketplace": market.marketplace,
        },
        "connectwise": {
            "base_url": psa.base_url,
            "company_id": psa.company_id,
            "public_key": psa.public_key,
            "private_key": psa.private_key.get_secret_value(),
            "client_id": psa.client_id,
        },
    }
    return {
        f"CWTUI_{service.upper()}__{name.upper()}": value
        for service, values in named.items()
        for name, value in values.items()
    }


def whole_run(settings: Settings, path: Path) -> tuple[float, dict[str, Any]]:
    """Seconds of `cwtui --auto` on a state from start to exit, and its report."""
    command = [_COMMAND, "--state", str(path), "--as-of", str(TODAY), "--auto", "--json"]
    environment = os.environ | environment_of(settings)
    begin = time.perf_counter()
    ran = subprocess.run(command, env=environment, cwd=path.parent, capture_output=True, check=False)
    took = time.perf_counter() - begin
    assert ran.returncode == 0, ran.stderr.decode()
    return took, json.loads(ran.stdout)


def requests_by_service(settings: Settings) -> dict[str, int]:
    """How many requests each service was sent, as the sandbox counted them."""
    url = httpx.URL(settings.connectwise.base_url).copy_with(path=f"{CONTROL_BASE}/requests")
    counts: dict[str, int] = {}
    for name, count in httpx.get(url, trust_env=False).json()["counts"].items():
        service = name.partition(" ")[0]
        counts[service] = counts.get(service, 0) + count
    return counts


def one_at_a_time(settings: Settings, agreements: int) -> float:
    """Seconds a request, sent by `requests` one after the other: agreements' additions are read."""
    psa = settings.connectwise
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (f"{psa.company_id}+{psa.public_key}", psa.private_key.get_secret_value())
        session.headers["clientId"] = psa.client_id
        begin = time.perf_counter()
        for number in range(SAMPLE):
            agreement = FIRST_AGREEMENT + number % agreements
            session.get(f"{psa.base_url}/finance/agreements/{agreement}/additions").json()
        return (time.perf_counter() - begin) / SAMPLE


def chain_of_a_check(settings: Settings) -> float:
    """Seconds of the token and a list, sent by `requests`."""
    market = settings.marketplace
    known = market.username, market.password.get_secret_value()
    with requests.Session() as session:
        session.trust_env = False
        session.headers["X-Subscription-Key"] = market.subscription_key.get_secret_value()
        session.get(f"{market.base_url}/orders")  # opens the connection
        begin = time.perf_counter()
        body = {"marketplace": market.marketplace}
        token = session.post(f"{market.base_url}/token", json=body, auth=known).json()["token"]
        listed = session.get(f"{market.base_url}/orders", headers={"Authorization": f"Bearer {token}"})
        taken = time.perf_counter() - begin
        assert listed.ok, listed.text
        return taken


async def checked_again(settings: Settings, path: Path) -> float:
    """Seconds of a check on a state that was checked already today."""
    async with engine_on(settings, path) as engine:
        gc.collect()
        begin = time.perf_counter()
        report = await engine.check()
        took = time.perf_counter() - begin
        assert not report.created, f"{len(report.created)} tasks were made where nothing is new"
        return took


def measured(reseller: Reseller, mapped: Path, folder: Path) -> Round:
    """One round, on a sandbox and a state of its own."""
    path = folder / "state.json"
    shutil.copy(mapped, path)
    with served(reseller, LATENCY_MS) as settings:
        took, report = whole_run(settings, path)
        creations = reseller.subscriptions * reseller.products_each
        assert report["writes"]["post"] == creations, report["errors"]
        sent = requests_by_service(settings)
        floor = max(sent.values()) * LATENCY_MS / 1000 / settings.sync.concurrency
        sequential = sum(sent.values()) * one_at_a_time(settings, reseller.agreements)
        asyncio.run(checked_again(settings, path))  # the day's comparison is behind it then
        again = asyncio.run(checked_again(settings, path))
        return Round(took, floor, sequential, again, chain_of_a_check(settings))


def rounds_of(creations: int, rounds: int) -> list[Round]:
    """Some rounds of one size."""
    reseller = reseller_of(creations)
    with tempfile.TemporaryDirectory() as folder:
        mapped = Path(folder) / "mapped.json"
        state = open_state(mapped)
        reseller.map_all(state)
        state.close()
        found = []
        for number in range(rounds):
            own = Path(folder) / str(number)
            own.mkdir()
            found.append(measured(reseller, mapped, own))
        return found


def rows(sizes: Sequence[int] = SIZES, rounds: int = ROUNDS) -> list[BenchmarkRow]:
    """A first run against both references, and a check with nothing new behind it."""
    found = {size: rounds_of(size, rounds) for size in sizes}
    named = NAMED_SIZE if NAMED_SIZE in found else max(sizes)
    median = statistics.median
    seconds = {size: median(one.run for one in of) for size, of in found.items()}
    above = {size: median(one.run / one.floor for one in of) for size, of in found.items()}
    faster = {size: median(one.sequential / one.run for one in of) for size, of in found.items()}
    checks = {size: median(one.nothing_new for one in of) for size, of in found.items()}
    in_chains = {size: median(one.nothing_new / one.chain for one in of) for size, of in found.items()}
    what = f"`--auto` as a process at {LATENCY_MS} ms: n creations over n / 4 agreements, as many first-check details"
    floor = "the larger service's requests × latency ÷ 16"
    one_by_one = f"`requests`, one at a time (scaled from {SAMPLE})"
    nothing = f"a check with nothing new at {LATENCY_MS} ms"
    return [
        BenchmarkRow(what, floor, above[named], 1.25, "×", above, seconds),
        BenchmarkRow(what, one_by_one, faster[named], 12, "×", faster, seconds, at_least=True),
        BenchmarkRow(nothing, "its longest chain of requests", in_chains[named], 1.3, "×", in_chains, checks),
    ]


if __name__ == "__main__":
    print(*rows((600,), rounds=3), sep="\n")
