"""An engine in memory with real values behind the real command line.

To be tested end to end, with the real engine on the sandbox: what `--auto`, `check`, `tasks …` and `map …` change.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from click.testing import CliRunner, Result

from cwtui.cli import engine_access
from cwtui.cli.root import cli
from cwtui.domain.charges import Charge
from cwtui.domain.errors import CwtuiError, InputError
from cwtui.domain.ids import (
    AdditionId,
    AgreementId,
    CatalogItemId,
    CustomerId,
    OrderId,
    ProductId,
    SubscriptionId,
    TaskId,
)
from cwtui.domain.ledger import Operation, Outcome, Why
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.plans import Change, Plan
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode
from cwtui.domain.psa import Addition, AdditionValues
from cwtui.domain.records import AuditRow, RecordWrite
from cwtui.domain.suggestions import Suggestion
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.engine.protocols import Listener
from cwtui.engine.reports import (
    AutoReport,
    CheckReport,
    DoctorReport,
    NamedMapping,
    Permission,
    ServiceHealth,
    UndoReport,
    UnmappedEntry,
    Writes,
)
from cwtui.engine.writing.drift import DriftReport
from cwtui.options import Options

AS_OF = date(2026, 11, 23)
AGREEMENT = AgreementId(23)
TEN = AdditionValues(
    catalog_item_id=CatalogItemId(4711),
    quantity=Decimal(10),
    unit_price=Decimal("4.50"),
    unit_cost=Decimal("3.60"),
    effective=date(2026, 12, 1),
    description="Exchange Online (Plan 1)",
)
HOSTILE = "Green\x1b[31m Lane\u202e LLC\n"


def a_task(name: str = "SO-1.S1", status: TaskStatus = TaskStatus.READY, **more: object) -> Task:
    order, _, subscription = name.partition(".")
    values: dict[str, object] = {
        "id": TaskId(name),
        "kind": TaskKind.SALES_ORDER,
        "status": status,
        "customer_id": CustomerId("C1"),
        "customer_name": "Green Lane LLC",
        "subscription_id": SubscriptionId(subscription),
        "subscription_name": "Exchange Online",
        "order_id": OrderId(order),
        "order_number": order,
        "order_created": datetime(2026, 11, 11, 8, tzinfo=UTC),
        "monthly_effect": Decimal("45.00"),
    }
    return Task(**(values | more))  # type: ignore[arg-type]


def needs_action(name: str = "SO-2.S2") -> Task:
    problem = Problem(
        ProblemCode.CUSTOMER_UNMAPPED, {"name": "Green Lane LLC", "customer": "C1"}, "C1", case=ProblemCase.CUSTOMER
    )
    return a_task(name, TaskStatus.NEEDS_ACTION, problems=(problem,), note="Failed auto-sync.")


def a_plan(name: str = "SO-1.S1", changes: Sequence[Change] | None = None, **more: object) -> Plan:
    """examples.md#example-2: 10 seats that begin on 1 December give way to 15; the five more are prorated."""
    product = ProductId("P1")
    ten = Addition(AdditionId(815), AGREEMENT, TEN)
    one_time = replace(
        TEN, quantity=Decimal(5), unit_price=Decimal("1.50"), unit_cost=Decimal("1.20"), cancelled=date(2026, 12, 31)
    )
    made = changes or (
        Change("a", Operation.DELETE, AGREEMENT, product, Charge.RECURRING, before=ten),
        Change(
            "b",
            Operation.CREATE,
            AGREEMENT,
            product,
            Charge.PRORATED,
            after=one_time,
            arithmetic=("4.50 × (30 − 20) ÷ 30 = 1.50",),
            source="line 1 of order CO-2",
            rule="plans.md#change-order, change order",
        ),
        Change(
            "c",
            Operation.UPDATE,
            AGREEMENT,
            product,
            Charge.RECURRING,
            before=ten,
            after=replace(TEN, cancelled=date(2026, 12, 31), quantity=Decimal(12)),
            edited=frozenset({"quantity"}),
        ),
    )
    subscription = SubscriptionId(name.partition(".")[2])
    return Plan(
        TaskId(name),
        subscription,
        AGREEMENT,
        tuple(made),
        effective=date(2026, 11, 21),
        standing_from=date(2026, 12, 1),
        currency="EUR",
        **more,  # type: ignore[arg-type]
    )


def a_write(seq: int = 1, **more: object) -> AuditRow:
    values: dict[str, object] = {
        "seq": seq,
        "at": datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
        "run_id": "run-1",
        "who": "sam",
        "task_id": TaskId("SO-1.S1"),
        "operation": Operation.CREATE,
        "agreement_id": AGREEMENT,
        "addition_id": AdditionId(900 + seq),
        "subscription_id": SubscriptionId("S1"),
        "product_id": ProductId("P1"),
        "charge": Charge.RECURRING,
        "before": None,
        "after": TEN,
        "outcome": Outcome.CONFIRMED,
        "why": Why(rule="sales order", arithmetic=("4.50 × 1",)),
    }
    return AuditRow(**(values | more))  # type: ignore[arg-type]


class NothingDrifted:
    """The engine's drift, as far as a check asks it."""

    agreements = 0

    async def find(self, *, mark: bool = False) -> DriftReport:  # noqa: ARG002  # as the engine names it
        return DriftReport()


@dataclass
class FakeNames:
    """Names beside ids, as the workbench and the state know them."""

    named_ids: dict[int, str] = field(default_factory=dict)

    def named(self, kind: MappingKind, number: int) -> str:  # noqa: ARG002  # of one kind only
        name = self.named_ids.get(number)
        return f"{name} ({number})" if name else str(number)

    async def learn_names(self, kind: MappingKind) -> None:
        """There are no others."""

    def subscription(self, name: str) -> None:
        """None is known."""

    def customer_of(self, name: str) -> tuple[str, str]:  # noqa: ARG002  # none is known
        return "", ""

    def product_named(self, name: str, subscription: str) -> str:  # noqa: ARG002  # none is known
        return name


@dataclass
class FakeEngine:
    """Answers what a test put in, and remembers what it was asked."""

    kept: dict[TaskId, Task] = field(default_factory=dict)
    mapped: dict[MappingKey, int] = field(default_factory=dict)
    writes: tuple[AuditRow, ...] = ()
    plan_answer: Plan | None = None
    suggestions: tuple[UnmappedEntry, ...] = ()
    health: DoctorReport = DoctorReport()
    undo_answer: UndoReport = UndoReport((), complete=True)
    failure: CwtuiError | None = None
    check_failures: tuple[str, ...] = ()
    report_more: dict[str, object] = field(default_factory=dict)
    notify_failures: tuple[str, ...] = ()
    notify_error: Exception | None = None
    options: list[Options] = field(default_factory=list)
    asked: list[tuple[object, ...]] = field(default_factory=list)
    notified: list[AutoReport] = field(default_factory=list)
    listener: Listener | None = None
    on_auto: Callable[[], object] = lambda: None
    stopped: bool = False
    closed: int = 0
    drift: NothingDrifted = field(default_factory=NothingDrifted)
    other_writes: tuple[RecordWrite, ...] = ()
    workbench: FakeNames = field(default_factory=FakeNames)
    known: FakeNames = field(default_factory=FakeNames)

    def _ask(self, *what: object) -> None:
        self.asked.append(what)
        if self.failure is not None:
            raise self.failure

    def add(self, *tasks: Task) -> None:
        self.kept.update({task.id: task for task in tasks})

    def count(self, status: TaskStatus) -> int:
        return sum(task.status is status for task in self.kept.values())

    @property
    def last_check(self) -> None:
        """It never checked."""

    @property
    def round_at(self) -> None:
        """No time of day."""

    async def check(self, *, watch: bool = False) -> CheckReport:  # noqa: ARG002  # the fake compares nothing
        self._ask("check")
        return CheckReport(tuple(self.kept), self.check_failures)

    async def auto(self, *, dry_run: bool = False) -> AutoReport:
        self.on_auto()
        self._ask("auto", dry_run)
        await asyncio.sleep(0)
        return self._report(self.kept.values(), dry_run=dry_run)

    def _report(self, tasks: Collection[Task], *, dry_run: bool) -> AutoReport:
        report = AutoReport(
            as_of=AS_OF,
            dry_run=dry_run,
            created=len(tasks),
            synced=self.count(TaskStatus.SYNCED),
            failed=self.count(TaskStatus.FAILED),
            needs_action=self.count(TaskStatus.NEEDS_ACTION),
            waiting=self.count(TaskStatus.WAITING),
            writes=Writes(post=3, patch=1),
            tasks=tuple(tasks),
        )
        return replace(report, **self.report_more)  # type: ignore[arg-type]

    def end(self) -> None:
        self.stop()

    def stop(self) -> None:
        self.stopped = True

    async def notify(self, report: AutoReport) -> Sequence[str]:
        self.notified.append(report)
        if self.notify_error is not None:
            raise self.notify_error
        return self.notify_failures

    async def tasks(self, statuses: Collection[TaskStatus] = (), kinds: Collection[TaskKind] = ()) -> Sequence[Task]:
        self._ask("tasks", tuple(statuses), tuple(kinds))
        return [task for task in self.kept.values() if not statuses or task.status in statuses]

    async def task(self, task_id: TaskId) -> Task:
        if task_id not in self.kept:
            raise InputError(f"There is no task {task_id}.", next_step="See `cwtui tasks list`.")
        return self.kept[task_id]

    async def plan(self, task_id: TaskId) -> Plan:
        self._ask("plan", task_id)
        await self.task(task_id)
        return self.plan_answer or a_plan(task_id)

    async def sync(self, task_ids: Sequence[TaskId], *, dry_run: bool = False) -> AutoReport:
        self._ask("sync", *task_ids, dry_run)
        return self._report([await self.task(name) for name in task_ids], dry_run=dry_run)

    async def skip(self, task_ids: Sequence[TaskId], reason: str = "") -> Sequence[Task]:
        self._ask("skip", *task_ids, reason)
        return [replace(await self.task(name), status=TaskStatus.SKIPPED) for name in task_ids]

    async def reopen(self, task_ids: Sequence[TaskId]) -> Sequence[Task]:
        self._ask("reopen", *task_ids)
        return [replace(await self.task(name), status=TaskStatus.READY) for name in task_ids]

    async def undo(self, task_id: TaskId) -> UndoReport:
        self._ask("undo", task_id)
        return self.undo_answer

    async def mappings(self, kind: MappingKind) -> Sequence[NamedMapping]:
        self._ask("mappings", kind)
        return [
            NamedMapping(Mapping(key, target), HOSTILE, "Green Lane")
            for key, target in self.mapped.items()
            if key.kind is kind
        ]

    async def set_mapping(self, mapping: Mapping) -> NamedMapping:
        self._ask("set_mapping", mapping)
        return NamedMapping(mapping, "Green Lane LLC", "")

    async def unset_mapping(self, key: MappingKey) -> bool:
        self._ask("unset_mapping", key)
        return self.mapped.pop(key, None) is not None

    async def suggest(self, kind: MappingKind) -> Sequence[UnmappedEntry]:
        self._ask("suggest", kind)
        return self.suggestions

    async def import_mappings(self, mappings: Sequence[Mapping], places: Sequence[str] = ()) -> int:  # noqa: ARG002
        self._ask("import_mappings", *mappings)
        return len(mappings)

    async def audit(self, task_id: TaskId | None = None, since: date | None = None) -> Sequence[AuditRow]:
        self._ask("audit", task_id, since)
        return self.writes

    def record_writes(self, since: date | None = None) -> Sequence[RecordWrite]:  # noqa: ARG002  # as the engine names it
        return self.other_writes

    async def doctor(self) -> DoctorReport:
        self._ask("doctor")
        return self.health


HEALTHY = DoctorReport(
    (ServiceHealth("marketplace", ok=True, version="1.15", message=""), ServiceHealth("PSA", True, "v2026.1", "")),
    (Permission("Finance", "Agreements", "Inquire", True), Permission("Finance", "Agreements", "Add", True)),
)
SUGGESTION = UnmappedEntry(
    MappingKind.CUSTOMER,
    "C1",
    HOSTILE,
    (Suggestion(118, "Green Lane", 0.925, "same name"), Suggestion(119, "Greene", 0.71, "similar")),
)


class Made:
    """The values above, for tests: test folders are no packages, so nothing can be imported from here."""

    as_of = AS_OF
    hostile = HOSTILE
    healthy = HEALTHY
    suggestion = SUGGESTION
    task = staticmethod(a_task)
    needing = staticmethod(needs_action)
    plan = staticmethod(a_plan)
    write = staticmethod(a_write)


@pytest.fixture
def made() -> type[Made]:
    return Made


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine()

    @asynccontextmanager
    async def opened(options: Options, listener: Listener) -> AsyncIterator[FakeEngine]:
        fake.options.append(options)
        fake.listener = listener
        try:
            yield fake
        finally:
            fake.closed += 1

    monkeypatch.setattr(engine_access, "open_engine", opened)
    return fake


Cwtui = Callable[..., Result]


@pytest.fixture
def cwtui() -> Cwtui:
    """Run the command line; anything but an exit is a bug and fails the test."""

    def run(*args: str, **more: object) -> Result:
        result = CliRunner().invoke(cli, list(args), **more)  # type: ignore[arg-type]
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run
