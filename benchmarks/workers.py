"""Several workers on one state in PostgreSQL: what they write together, and what one fact costs.

Two references in the same run: one worker's throughput over the same agreements, and a bare INSERT and commit of as
many bytes on the same server. The services do not limit anybody. With two requests under way in each worker two cores
carry four workers, PostgreSQL and the server that answers them, so the state is what is measured; with four the cores
are the limit.

`python -m benchmarks.workers ANNOUNCED ADDRESS AT_ONCE` is one of the workers.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import psycopg

from benchmarks.report import BenchmarkRow, medians
from benchmarks.reseller import TODAY, Reseller, Silent, announced, settings_of
from benchmarks.state import task
from benchmarks.synchronising import prepare
from cwtui.cli import main as command
from cwtui.composition import build_engine, close_services, open_services
from cwtui.engine.clock import SystemClock
from cwtui.settings import Settings
from cwtui.store.copying import copy_state
from cwtui.store.state import open_database, open_state
from tests.postgres_server import Server, running_server

AGREEMENTS = 400
LATENCY_MS = 50
AT_ONCE = (2, 4)
"""Requests under way in each worker."""
WORKERS = {2: 1.8, 4: 3.2}
"""How many, and the reach: times one worker's throughput."""
ROUNDS = 3
FACTS = 400
PROFILE = "default"


def reseller_of(agreements: int) -> Reseller:
    """Two subscriptions to an agreement."""
    return Reseller(2 * agreements, agreements=agreements, customers=max(1, agreements // 3))


def empty(server: Server) -> None:
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute("drop schema if exists cwtui cascade")


def together(count: int, at_once: int, reseller: Reseller, path: Path, server: Server) -> float:
    """Seconds from the moment all workers are told to begin until the last has reported what it wrote."""
    empty(server)
    state = open_state(path, read_only=True)
    copy_state(state, server.address, PROFILE)
    state.close()
    with announced(reseller, LATENCY_MS) as said:
        command = [sys.executable, "-m", "benchmarks.workers", json.dumps(said), server.address, str(at_once)]
        workers = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # ours
            for _ in range(count)
        ]
        for worker in workers:
            assert worker.stdout is not None
            worker.stdout.readline()
        begin = time.perf_counter()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        posted = [int(worker.stdout.readline()) for worker in workers if worker.stdout is not None]
        took = time.perf_counter() - begin
        for worker in workers:
            worker.communicate()
    assert sum(posted) == reseller.subscriptions, f"{posted} of {reseller.subscriptions} additions were created"
    return took


async def work(settings: Settings, address: str) -> None:
    """Be a worker: get ready, wait for the word, write what there is to write."""
    marketplace, psa = open_services(settings, None)
    state = open_database(address, PROFILE)
    try:
        engine = build_engine(settings, state, marketplace, psa, SystemClock(TODAY), Silent())
        ids = [each.id for each in await engine.tasks()]
        print("ready", flush=True)
        sys.stdin.readline()
        report = await engine.sync(ids)
        print(report.writes.post, flush=True)
    finally:
        await close_services(marketplace, psa)
        state.close()


def facts(server: Server, count: int) -> tuple[float, float]:
    """Seconds of one durable save, and of a bare INSERT and commit of as many bytes."""
    empty(server)
    state = open_database(server.address, PROFILE)
    state.save_task(replace(task(7), note="0"))
    changed = iter([replace(task(7), note=str(number)) for number in range(1, count + 1)])
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute("create table if not exists bare (data bytea not null)")
        row = connection.execute("select ops from cwtui.log order by seq desc limit 1").fetchone()
        data = bytes(row[0]) if row else b""

        def durable() -> None:
            state.save_task(next(changed))

        def reference() -> None:
            connection.execute("insert into bare values (%s)", (data,))

        ours, bare = medians(durable, reference, rounds=count)
    state.close()
    return ours, bare


def rows(agreements: int = AGREEMENTS, rounds: int = ROUNDS, count: int = FACTS) -> list[BenchmarkRow]:
    """Against one worker, and against a bare INSERT."""
    reseller = reseller_of(agreements)
    with tempfile.TemporaryDirectory() as folder, running_server() as server:
        path = Path(folder) / "state.json"
        asyncio.run(prepare(path, reseller))
        taken: dict[tuple[int, int], list[float]] = {(n, each): [] for n in AT_ONCE for each in (1, *WORKERS)}
        for _ in range(rounds):
            for (at_once, each), seconds in taken.items():
                seconds.append(together(each, at_once, reseller, path, server))
        ours, bare = facts(server, count)
    median = {key: statistics.median(seconds) for key, seconds in taken.items()}
    found = [
        BenchmarkRow(
            f"{each} workers on {agreements} agreements at {LATENCY_MS} ms, {at_once} requests under way in each,"
            " one PostgreSQL state",
            "one worker",
            median[at_once, 1] / median[at_once, each],
            reach,
            "×",
            {each: median[at_once, 1] / median[at_once, each]},
            {each: median[at_once, each]},
            at_least=True,
        )
        for at_once in AT_ONCE
        for each, reach in WORKERS.items()
    ]
    return [
        *found,
        BenchmarkRow(
            "one fact durably in PostgreSQL", "a bare INSERT + commit", ours / bare, 3, "×", {1: ours / bare}, {1: ours}
        ),
    ]


if __name__ == "__main__":
    command.prepare()  # as the installed command does
    asyncio.run(work(settings_of(json.loads(sys.argv[1]), sync={"concurrency": int(sys.argv[3])}), sys.argv[2]))
