"""A reseller of any size behind the sandbox, served by another process, and an engine that works for it.

`python -m benchmarks.reseller JSON` is that other process: the numbers of `World.sized`, and `latency_ms`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from collections.abc import Mapping as Dictionary
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from cwtui.composition import build_engine, close_services, open_services
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.records import AuditRow
from cwtui.domain.tasks import Task
from cwtui.engine.clock import SystemClock
from cwtui.engine.facade import Engine
from cwtui.engine.protocols import Progress, Store
from cwtui.sandbox.behaviour import Behaviour
from cwtui.sandbox.serve import serve
from cwtui.sandbox.world import World
from cwtui.settings import Settings
from cwtui.store.state import open_state

TODAY = date(2026, 11, 23)
_LONG_S = 100_000


@dataclass(frozen=True, slots=True)
class Reseller:
    """How many of everything; see `cwtui.sandbox.sized`."""

    subscriptions: int
    agreements: int
    customers: int
    orders: int = 0
    products_each: int = 1

    def world(self) -> World:
        """The sandbox's records."""
        return World.sized(**asdict(self), today=TODAY)

    def map_all(self, store: Store) -> None:
        """Everything mapped, as its operator did long ago."""
        bare = Reseller(self.subscriptions, self.agreements, self.customers).world()
        with store.batch():
            for kind, marketplace_id, charge, target in bare.demo_mappings():
                store.save_mapping(Mapping(MappingKey(MappingKind(kind), marketplace_id, charge or ""), int(target)))


class Silent:
    """Hears everything, says nothing."""

    def progress(self, progress: Progress) -> None: ...
    def waits(self, message: str) -> None: ...
    def task_changed(self, task: Task) -> None: ...
    def written(self, row: AuditRow) -> None: ...
    def problem(self, message: str) -> None: ...


@contextmanager
def served(reseller: Reseller, latency_ms: float = 0) -> Iterator[Settings]:
    """Serve a sandbox on the other core; gives its addresses and credentials."""
    with announced(reseller, latency_ms) as said:
        yield settings_of(said)


@contextmanager
def announced(reseller: Reseller, latency_ms: float = 0) -> Iterator[Dictionary[str, Any]]:
    """The same, as the sandbox says it: for another process."""
    numbers = json.dumps(asdict(reseller) | {"latency_ms": latency_ms})
    command = [sys.executable, "-m", "benchmarks.reseller", numbers]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            yield json.loads(server.stdout.readline() if server.stdout else b"")
        finally:
            server.terminate()


def settings_of(said: Dictionary[str, Any], **sections: Any) -> Settings:
    """The settings a sandbox announces."""
    return Settings.model_validate({**{name: said[name] for name in ("marketplace", "connectwise")}, **sections})


@asynccontextmanager
async def engine_on(
    settings: Settings, path: Path, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Engine]:
    """The engine as the program builds it, on a state file."""
    marketplace, psa = open_services(settings, transport)
    state = open_state(path)
    try:
        yield build_engine(settings, state, marketplace, psa, SystemClock(TODAY), Silent())
    finally:
        await close_services(marketplace, psa)
        state.close()


@dataclass(slots=True)
class RecordingTransport(httpx.AsyncBaseTransport):
    """Notes what is sent, for somebody else to send the same; `sent` holds it in its order."""

    inner: httpx.AsyncBaseTransport
    sent: list[httpx.Request] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self.inner.aclose()


def main(numbers: Dictionary[str, Any]) -> None:
    """Serve until the process is ended."""
    behaviour = Behaviour(latency_ms=numbers["latency_ms"], token_lifetime_s=_LONG_S)
    world = Reseller(**{name: count for name, count in numbers.items() if name != "latency_ms"}).world()
    serve("127.0.0.1", 0, world, behaviour, announce=lambda line: print(line, flush=True))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
