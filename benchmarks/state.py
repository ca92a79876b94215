"""The state at 1,000, 10,000 and 100,000 tasks, against the cheapest way to do the same without any safety.

`python -m benchmarks.state [SIZE…]` prints the rows.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import orjson

from benchmarks.report import BenchmarkRow, medians
from cwtui.domain.charges import Charge
from cwtui.domain.ids import (
    AdditionId,
    AgreementId,
    CatalogItemId,
    CustomerId,
    OrderId,
    ProductId,
    SubscriptionId,
    TaskId,
    task_id,
)
from cwtui.domain.mappings import Link, Mapping, MappingKey, MappingKind
from cwtui.domain.problems import Problem, ProblemCode
from cwtui.domain.psa import AdditionValues
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.store.state import State, open_state

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 5
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
_MEMORY = """
import sys
from pathlib import Path
from cwtui.store.state import open_state
state = open_state(Path(sys.argv[1]), read_only=True)
listed = list(state.tasks())
state.links_of(listed[0].subscription_id), state.links_in(1), state.mappings()
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def task(number: int) -> Task:
    """A task as a reseller's state holds many of: one in ten needs action."""
    subscription, order = SubscriptionId(f"10{number:08d}"), OrderId(f"ORD-{number:09d}")
    waits = number % 10 == 0
    problem = Problem(
        ProblemCode.PRODUCT_UNMAPPED,
        {"name": "Microsoft 365 Business Premium", "product": f"MFL-{number % 97}", "charge": "recurring"},
        f"MFL-{number % 97}",
    )
    return Task(
        id=task_id(order, subscription),
        kind=TaskKind.CHANGE_ORDER,
        status=TaskStatus.NEEDS_ACTION if waits else TaskStatus.SYNCED,
        customer_id=CustomerId(f"{1_000_000 + number // 8}"),
        customer_name=f"Green Lane {number // 8} LLC",
        subscription_id=subscription,
        subscription_name="Microsoft 365 Business Premium, monthly",
        order_id=order,
        order_number=f"CO{number:08d}",
        order_created=NOON - timedelta(minutes=number),
        problems=(problem,) if waits else (),
        note="Failed auto-sync." if waits else "",
        effective=date(2026, 11, 11),
        monthly_effect=Decimal("67.50"),
        plan_digest=f"{number:016x}",
        synced_at=None if waits else NOON,
    )


def link(number: int) -> Link:
    """Two links for each task's subscription, ten for each agreement."""
    values = AdditionValues(
        CatalogItemId(number % 300),
        Decimal(15),
        Decimal("4.50"),
        Decimal("3.60"),
        date(2026, 12, 1),
        None,
        description="Microsoft 365 Business Premium",
    )
    subscription = SubscriptionId(f"10{number // 2:08d}")
    return Link(
        AdditionId(number + 1),
        AgreementId(number // 10),
        subscription,
        ProductId(f"MFL-{number % 97}"),
        Charge.RECURRING,
        values,
        TaskId(f"ORD-{number // 2:09d}.{subscription}"),
        NOON,
    )


def fill(path: Path, size: int, tasks: Iterable[Task] | None = None) -> None:
    """Write a state of `size` tasks, those or the usual ones, a fifth as many mappings and twice as many links."""
    state = open_state(path)
    with state.batch():
        for one in map(task, range(size)) if tasks is None else tasks:
            state.save_task(one)
        for number in range(size // 5):
            state.save_mapping(Mapping(MappingKey(MappingKind.PRODUCT, f"MFL-{number}", "recurring"), number))
        for number in range(2 * size):
            state.save_link(link(number))
    state.close()


@contextmanager
def without_collector() -> Iterator[None]:
    """Keep the garbage collector out of a reference: it would double its time, and flatter us."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def opening(path: Path) -> tuple[float, float, float]:
    """Seconds to open; to open and have every table cut, indexed and mapped; of `orjson.loads`."""
    data = path.read_bytes()

    def opened() -> State:
        return open_state(path, read_only=True)

    def used() -> State:
        state = open_state(path, read_only=True)
        state.tasks_of(SubscriptionId("1000000000"))
        next(iter(state.open_tasks()))
        state.links_of(SubscriptionId("1000000000"))
        state.links_in(AgreementId(1))
        state.mappings()
        return state

    def reference() -> object:
        with without_collector():
            return orjson.loads(data)

    open_s, used_s, loads_s = medians(opened, used, reference, rounds=ROUNDS)
    return open_s, used_s, loads_s


def appending(path: Path) -> tuple[float, float]:
    """Seconds of one durable save, and of a bare write + fsync of as many bytes."""
    state = open_state(path)
    journal = path.with_name(path.name + ".journal")
    state.save_task(replace(task(7), note="0"))
    line = b"x" * (journal.stat().st_size - 1) + b"\n"
    bare = os.open(path.with_name("bare"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    changed = iter([replace(task(7), note=str(number)) for number in range(1, 401)])

    def durable() -> None:
        state.save_task(next(changed))

    def reference() -> None:
        os.write(bare, line)
        os.fsync(bare)

    seconds = medians(durable, reference, rounds=400)
    os.close(bare)
    state.close()
    return seconds[0], seconds[1]


def folding(path: Path) -> tuple[float, float]:
    """Seconds to fold 1,000 changed tasks, and of dumping, writing and syncing the same document."""
    state = open_state(path)
    document = orjson.loads(path.read_bytes())
    other = path.with_name("other")
    rounds = iter(range(1_000_000))

    def change() -> None:
        note = str(next(rounds))
        with state.batch():
            for number in range(1_000):
                state.save_task(replace(task(number), note=note))

    def reference() -> None:
        with without_collector():
            descriptor = os.open(other, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.write(descriptor, orjson.dumps(document))
            os.fsync(descriptor)
            os.close(descriptor)

    taken: list[tuple[float, ...]] = []
    for _ in range(ROUNDS):
        change()
        taken.append(medians(state.fold, reference, rounds=1))
    fold_s, dump_s = (sorted(column)[ROUNDS // 2] for column in zip(*taken, strict=True))
    state.close()
    return fold_s, dump_s


def memory(path: Path) -> float:
    """Peak memory of a process that holds every task as a value, as a multiple of the file's size."""
    answer = subprocess.run([sys.executable, "-c", _MEMORY, path], capture_output=True, check=True, text=True)
    return int(answer.stdout) * 1024 / path.stat().st_size


def rows(sizes: Sequence[int] = SIZES) -> list[BenchmarkRow]:
    """Measure everything at every size."""
    opened: dict[int, tuple[float, float, float]] = {}
    appended: dict[int, tuple[float, float]] = {}
    folded: dict[int, tuple[float, float]] = {}
    peak: dict[int, float] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "state.json"
            fill(path, size)
            opened[size] = opening(path)
            appended[size] = appending(path)
            folded[size] = folding(path)
            peak[size] = memory(path)
    largest = max(sizes)
    dump = "orjson.dumps + write + fsync of the same document"
    table: list[tuple[str, str, float, dict[int, float], dict[int, float]]] = [
        (
            "open a state (tasks, a fifth as many mappings, twice as many links)",
            "orjson.loads of the same bytes",
            4,
            {size: seconds[0] / seconds[2] for size, seconds in opened.items()},
            {size: seconds[0] for size, seconds in opened.items()},
        ),
        (
            "the same, and cut, index and map every table",
            "orjson.loads of the same bytes",
            4,
            {size: seconds[1] / seconds[2] for size, seconds in opened.items()},
            {size: seconds[1] for size, seconds in opened.items()},
        ),
        (
            "record one fact durably",
            "write + fsync of as many bytes",
            1.5,
            {size: seconds[0] / seconds[1] for size, seconds in appended.items()},
            {size: seconds[0] for size, seconds in appended.items()},
        ),
        (
            "fold 1,000 changed tasks",
            dump,
            3,
            {size: seconds[0] / seconds[1] for size, seconds in folded.items()},
            {size: seconds[0] for size, seconds in folded.items()},
        ),
        ("peak memory with every task as a value", "the state file's size", 6, peak, {}),
    ]
    return [
        BenchmarkRow(what, reference, ratios[largest], reach, "×", ratios, seconds)
        for what, reference, reach, ratios, seconds in table
    ]


if __name__ == "__main__":
    for row in rows([int(size) for size in sys.argv[1:]] or SIZES):
        figures = "  ".join(f"{size:,}: {ratio:.2f}" for size, ratio in row.sizes.items())
        times = "  ".join(f"{seconds * 1000:.2f} ms" for seconds in row.seconds.values())
        grows = "" if row.exponent is None else f"n^{row.exponent:.2f}"
        print("ok  " if row.is_reached else "MISS", row.what, "/", row.reference, "≤", row.reach)
        print("      ", figures, "|", times, grows)
