"""The task screen at 100 to 100,000 tasks: the first paint, a cursor key, a filter letter, a sort, and the memory.

`python -m benchmarks.task_screen [SIZE…]` prints the rows. The program runs as it does in a terminal, down to the
sequences it writes; only the terminal is missing. A clock stops at the write that shows what was expected. Textual
paints at most 60 times a second, so up to 17 ms of every figure are waiting for the next frame.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from textual import events
from textual.drivers.headless_driver import HeadlessDriver

import cwtui.tui
from benchmarks import state as states
from benchmarks.report import BenchmarkRow, seconds_of
from benchmarks.reseller import TODAY
from cwtui.composition import build_engine, open_services
from cwtui.domain.ids import CustomerId, OrderId, SubscriptionId, TaskId
from cwtui.domain.problems import Problem, ProblemCode
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.engine.clock import SystemClock
from cwtui.engine.listing.task_list import TaskList
from cwtui.engine.listing.task_row import TaskColumn, TaskRow
from cwtui.settings import Settings
from cwtui.store.state import open_state
from cwtui.tui.app import CwTui
from cwtui.tui.session import ScreenListener, Session
from cwtui.tui.tasks.screen import TasksScreen
from cwtui.tui.widgets.filter_input import FilterInput
from cwtui.tui.widgets.virtual_table import VirtualTable

SIZES = (1_000, 10_000, 100_000)
FEW = 100
TERMINAL = (140, 40)
PAINTS, KEYS, WORDS = 7, 60, ("contoso 12", "gmbh pre", "müller", "so9", "mapped")
_PROBLEM = Problem(ProblemCode.PRODUCT_UNMAPPED, {"name": "Teams", "product": "MFL-1", "charge": "recurring"}, "MFL-1")
_STATUSES = (*[TaskStatus.SYNCED] * 6, *TaskStatus)
_NAMES = ("Contoso", "Müller & Söhne", "Adatum", "Łódź Logistyka", "Fabrikam", "北京科技", "Northwind")


def tasks(size: int) -> list[Task]:
    """Tasks of a believable reseller: an eighth as many customers, every status and kind, some accents."""
    chance = random.Random(7)
    first = date(2025, 1, 1)
    made = []
    for number in range(size):
        status, customer = chance.choice(_STATUSES), number // 8
        made.append(
            Task(
                id=TaskId(f"ORD-{number:09d}.10{number:08d}"),
                kind=chance.choice(tuple(TaskKind)),
                status=status,
                customer_id=CustomerId(str(1_000_000 + customer)),
                customer_name=f"{_NAMES[customer % 7]} {customer} {'GmbH' if customer % 2 else 'Ltd'}",
                subscription_id=SubscriptionId(f"10{number:08d}"),
                subscription_name=f"Microsoft 365 Business {'Premium' if number % 3 else 'Basic'} {number % 50}",
                order_id=OrderId(f"ORD-{number:09d}"),
                order_number=f"SO{chance.randrange(10**8):08d}",
                order_created=None,
                problems=(_PROBLEM,) if status is TaskStatus.NEEDS_ACTION else (),
                effective=first + timedelta(chance.randrange(700)) if number % 5 else None,
                monthly_effect=Decimal(chance.randrange(-100_000, 500_000)) / 100 if number % 3 else None,
            )
        )
    return made


class MemoryDriver(HeadlessDriver):
    """A terminal that keeps the last thing written and wakes whoever waits for something to be shown."""

    expected: str = ""
    shown: asyncio.Event | None = None
    at: float = 0.0

    @property
    def is_headless(self) -> bool:
        return False  # or nothing would be rendered

    def write(self, data: str) -> None:
        if MemoryDriver.shown and not MemoryDriver.shown.is_set() and MemoryDriver.expected in data:
            MemoryDriver.at = time.perf_counter()
            MemoryDriver.shown.set()


class MeasuredScreen(TasksScreen):
    """The task screen; its status line says what it shows, so that a paint of it can be told."""

    def _note(self) -> str:
        order = "" if self._order is None else f"{self._order[0].value} {self._order[1]:d}"
        return f"{self.listed.filter.text!r}:{self.listed.total}:{order}."

    @property
    def listed(self) -> TaskList:
        """The tasks behind the list."""
        return self._tasks

    def sort(self, column: TaskColumn, *, descending: bool) -> None:
        """Sort as `t` and `T` do."""
        self._sort((column, descending))

    async def settled(self) -> None:
        """Wait until everything is read and ready for the first plan."""
        while any(worker.group == "load" for worker in self.workers):  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.02)


def session_on(path: Path) -> Session:
    """A session on a state, with nobody to ask behind it."""
    listener = ScreenListener()
    state, settings = open_state(path, read_only=True), Settings()
    engine = build_engine(settings, state, *open_services(settings, None), SystemClock(TODAY), listener)
    return Session(engine=engine, listener=listener)


class MeasuredApp(CwTui):
    """The program; it ends when it was measured."""

    CSS_PATH = str(Path(str(cwtui.tui.__file__)).with_name("cwtui.tcss"))

    def __init__(self, path: Path, measure: Callable[[MeasuredApp], Awaitable[dict[str, float]]]) -> None:
        super().__init__(session_on(path))
        self.driver_class = MemoryDriver
        self.animation_level = "none"
        self.found: dict[str, float] | None = None
        self._measure = measure

    def on_ready(self) -> None:
        """Measure."""
        self.run_worker(self._measured())

    async def _measured(self) -> None:
        await asyncio.sleep(0.5)
        self.found = await self._measure(self)
        self.exit()


async def milliseconds(act: Callable[[], object], expected: str) -> float:
    """How long from an action to the write that shows something."""
    MemoryDriver.expected, MemoryDriver.shown = expected, asyncio.Event()
    begin = time.perf_counter()
    act()
    await asyncio.wait_for(MemoryDriver.shown.wait(), 60)
    return (MemoryDriver.at - begin) * 1000


async def first_paint(app: MeasuredApp, path: Path) -> float:
    """Milliseconds from an open state to the first paint of its tasks."""
    session = session_on(path)
    first = next(iter(session.engine.store.tasks()))
    screen = MeasuredScreen(session)
    taken = await milliseconds(lambda: app.push_screen(screen), first.order_number)
    app.workers.cancel_node(screen)
    await asyncio.sleep(0)
    await app.pop_screen()
    await asyncio.sleep(0.1)
    return taken


async def all_listed(app: MeasuredApp, path: Path, size: int) -> tuple[float, MeasuredScreen]:
    """Milliseconds until every task is in the list and the status line says so, and the screen."""
    screen = MeasuredScreen(session_on(path))
    taken = await milliseconds(lambda: app.push_screen(screen), f":{size}:")
    return taken, screen


async def keys(app: MeasuredApp, screen: MeasuredScreen) -> list[float]:
    """Milliseconds of one cursor key each, some of which scroll."""
    taken = []
    for _ in range(KEYS):
        following = screen.listed.row(screen.query_one("#tasks", VirtualTable).cursor + 1)
        taken.append(await milliseconds(lambda: press(app, "down"), following.order_number))
    return taken


async def letters(app: MeasuredApp, screen: MeasuredScreen) -> tuple[float, list[float]]:
    """Milliseconds of the first letter ever, and of each letter typed after it and taken back."""
    screen.query_one(FilterInput).focus()
    await asyncio.sleep(0.1)
    first = await milliseconds(lambda: press(app, "c"), "'c':")
    await milliseconds(lambda: press(app, "backspace"), "'':")
    taken = []
    for word in WORDS:
        for end, letter in enumerate(word, 1):
            taken.append(await milliseconds(lambda key=letter: press(app, key), f"{word[:end]!r}:"))  # type: ignore[misc]
        taken += [
            await milliseconds(lambda: press(app, "backspace"), f"{word[:end]!r}:")
            for end in range(len(word) - 1, -1, -1)
        ]
    return first, taken


async def sorts(screen: MeasuredScreen) -> list[float]:
    """Milliseconds of a sort by each column, up and down, several times."""
    taken = []
    for _ in range(3):
        for column in TaskColumn:
            for descending in (False, True):
                act = lambda column=column, descending=descending: screen.sort(column, descending=descending)  # noqa: E731 - bound now
                taken.append(await milliseconds(act, f":{column.value} {descending:d}."))
    return taken


def press(app: MeasuredApp, key: str) -> None:
    """A key, as the driver hands it over."""
    names = {" ": "space"}
    character = key if len(key) == 1 else None
    app.post_message(events.Key(names.get(key, key), character))


def p95(taken: Sequence[float]) -> float:
    """The value that 95 of 100 stay below."""
    return statistics.quantiles(taken, n=20)[-1]


def in_app(path: Path, measure: Callable[[MeasuredApp], Awaitable[dict[str, float]]]) -> dict[str, float]:
    """Run something in the running program."""
    app = MeasuredApp(path, measure)
    asyncio.run(app.run_async(size=TERMINAL, mouse=False))
    if app.found is None:
        raise SystemExit("the program ended before it was measured")
    return app.found


def measured(size: int, few_path: Path, path: Path) -> dict[str, float]:
    """All figures of one size, in milliseconds; the first paint of a hundred tasks in the same run."""

    async def measure(app: MeasuredApp) -> dict[str, float]:
        for _ in range(2):
            await first_paint(app, few_path)  # style sheets parsed, code loaded
        paints: dict[Path, list[float]] = {few_path: [], path: []}
        for _ in range(PAINTS):  # in turns, so that noise meets both
            for one, taken in paints.items():
                taken.append(await first_paint(app, one))
        reading = seconds_of(lambda: list(map(TaskRow.of, open_state(path, read_only=True).tasks())))
        complete, screen = await all_listed(app, path, size)
        await screen.settled()
        cursor = await keys(app, screen)
        first_letter, filtered = await letters(app, screen)
        return {
            "few": statistics.median(paints[few_path]),
            "many": statistics.median(paints[path]),
            "listed": complete,
            "reading": reading * 1000,
            "key": p95(cursor),
            "letter": p95(filtered),
            "first letter": first_letter,
            "sort": p95(await sorts(screen)),
        }

    return in_app(few_path, measure)


def memory_on_screen(few_path: Path, path: Path, size: int) -> float:
    """Peak bytes of a process that has every task of a state file on its screen, and has filtered and sorted them."""

    async def measure(app: MeasuredApp) -> dict[str, float]:
        _, screen = await all_listed(app, path, size)
        await screen.settled()
        await letters(app, screen)
        screen.sort(TaskColumn.CUSTOMER, descending=False)
        await asyncio.sleep(0.2)
        return {}

    in_app(few_path, measure)
    status = Path("/proc/self/status").read_text()
    return 1024.0 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def in_a_process(*arguments: str) -> dict[str, float]:
    """Ask a fresh interpreter, so that no size inherits another's memory."""
    command = [sys.executable, "-m", "benchmarks.task_screen", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    found: dict[str, float] = json.loads(done.stdout)
    return found


def figures_of(size: int, folder: Path) -> dict[str, float]:
    """Everything about one size, each measurement in its own process."""
    few, many = folder / "few" / "state.json", folder / str(size) / "state.json"
    for path, count in ((few, FEW), (many, size)):
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            states.fill(path, count, tasks(count))
    found = in_a_process("--one", str(size), str(few), str(many))
    return found | in_a_process("--memory", str(size), str(few), str(many)) | {"file": float(many.stat().st_size)}


def rows(sizes: Sequence[int] = SIZES) -> list[BenchmarkRow]:
    """The task screen's rows of the results table."""
    with tempfile.TemporaryDirectory() as folder:
        found = {size: figures_of(size, Path(folder)) for size in sizes}

    def row(what: str, key: str, reach: float, reference: str = "-", per: str = "") -> BenchmarkRow:
        seconds = {size: figures[key] / 1000 for size, figures in found.items()}
        shown = {size: figures[key] / figures[per] if per else figures[key] for size, figures in found.items()}
        return BenchmarkRow(what, reference, shown[max(sizes)], reach, "×" if per else "ms", shown, seconds)

    peak = {size: figures["peak"] / figures["file"] for size, figures in found.items()}
    return [
        row("first paint of the task screen", "many", 1.5, f"the same, {FEW} tasks", "few"),
        row("every task listed, keys answered meanwhile", "listed", 2, "reading them, no screen", "reading"),
        row("a cursor key, p95", "key", 30),
        row("a filter letter, p95", "letter", 100),
        row("the first filter letter", "first letter", 100),
        row("a sort, p95", "sort", 150),
        BenchmarkRow("peak memory, all tasks on screen", "size of the state file", peak[max(sizes)], 6, "×", peak),
    ]


def main(arguments: Sequence[str]) -> None:
    """Print the rows, or, as a child, the figures of one size as JSON."""
    match list(arguments):
        case ["--one", size, few, path]:
            print(json.dumps(measured(int(size), Path(few), Path(path))))
        case ["--memory", size, few, path]:
            print(json.dumps({"peak": memory_on_screen(Path(few), Path(path), int(size))}))
        case sizes:
            for row in rows([int(size) for size in sizes] or SIZES):
                print(row)


if __name__ == "__main__":
    main(sys.argv[1:])
