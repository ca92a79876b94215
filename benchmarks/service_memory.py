"""The memory of a service: `--auto` again and again with nothing new, in a process of its own.

`python -m benchmarks.service_memory PATH SETTINGS ROUNDS` is that process. The sandbox runs in another one.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

from benchmarks.report import BenchmarkRow
from benchmarks.reseller import Reseller, engine_on, served
from cwtui.cli.documents import report_document
from cwtui.domain.mappings import MappingKey, MappingKind
from cwtui.sandbox.sized import FIRST_SUBSCRIPTION
from cwtui.settings import Settings
from cwtui.store.state import open_state

ROUNDS = 500
SETTLED = 10
"""After so many rounds, all caches that fill up at once are full."""
SUBSCRIPTIONS = 1_000
_UNMAPPED = 20
"""Of so many subscriptions, one has a task that waits for a person meanwhile."""


async def prepare(settings: Settings, path: Path, reseller: Reseller) -> None:
    """A state whose tasks are synced, but for those that wait for a person."""
    state = open_state(path)
    reseller.map_all(state)
    for number in range(0, reseller.subscriptions, _UNMAPPED):
        state.drop_mapping(MappingKey(MappingKind.AGREEMENT, str(FIRST_SUBSCRIPTION + number)))
    state.close()
    async with engine_on(settings, path) as engine:
        await engine.auto()


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def run(settings: Settings, path: Path, rounds: int, *, traced: bool) -> dict[str, float]:
    """Bytes after `SETTLED` rounds and after the last: in memory, and asked for by Python where it is traced."""
    found: dict[str, float] = {}
    if traced:
        tracemalloc.start()
    async with engine_on(settings, path) as engine:
        for done in range(1, rounds + 1):
            report_document(await engine.auto())
            if done == min(SETTLED, rounds):
                found |= {"settled": resident(), "settled_traced": tracemalloc.get_traced_memory()[0]}
        return found | {"end": resident(), "end_traced": tracemalloc.get_traced_memory()[0]}


def in_a_process(settings: Settings, path: Path, rounds: int, *, traced: bool) -> dict[str, float]:
    """Ask a fresh interpreter, so that only what the program holds is counted."""
    given = json.dumps({name: _revealed(settings, name) for name in ("marketplace", "connectwise")})
    command = [sys.executable, "-m", "benchmarks.service_memory", str(path), given, str(rounds), str(int(traced))]
    answer: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return answer


def _revealed(settings: Settings, service: str) -> dict[str, str]:
    fields = dict(getattr(settings, service))
    return {name: getattr(value, "get_secret_value", lambda value=value: value)() for name, value in fields.items()}


def rows(rounds: int = ROUNDS, subscriptions: int = SUBSCRIPTIONS) -> list[BenchmarkRow]:
    """Resident memory, and what Python holds."""
    reseller = Reseller(subscriptions, agreements=subscriptions // 4, customers=subscriptions // 12)
    with tempfile.TemporaryDirectory() as folder, served(reseller) as settings:
        path = Path(folder) / "state.json"
        asyncio.run(prepare(settings, path, reseller))
        resident_s = in_a_process(settings, path, rounds, traced=False)
        traced = in_a_process(settings, path, rounds, traced=True)
    what, reference = f"memory of `--auto --every` after {rounds} rounds", f"after round {SETTLED}"
    grown = {
        f"{what}, resident": resident_s["end"] / resident_s["settled"],
        f"{what}, held by Python": traced["end_traced"] / traced["settled_traced"],
    }
    return [BenchmarkRow(name, reference, ratio, 1.02, "×", {}) for name, ratio in grown.items()]


if __name__ == "__main__":
    if sys.argv[1:]:
        path, given, rounds, traced = sys.argv[1:]
        figures = run(Settings.model_validate(json.loads(given)), Path(path), int(rounds), traced=traced != "0")
        print(json.dumps(asyncio.run(figures)))
    else:
        print(*rows(), sep="\n")
