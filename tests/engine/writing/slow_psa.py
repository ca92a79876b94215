"""A PSA whose answers get lost or come late, and writers that write to it on a real state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import cast

from cwtui.domain.errors import OutcomeUnknown, ServiceError
from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, CustomerId, OrderId, SubscriptionId, TaskId
from cwtui.domain.planning import PlanningRules
from cwtui.domain.plans import Change
from cwtui.domain.psa import Addition, AdditionValues
from cwtui.domain.records import Leave
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.engine.protocols import Marketplace
from cwtui.engine.psa_records import PsaRecords
from cwtui.engine.rules import EngineRules
from cwtui.engine.workspace import CurrentRun, Workspace
from cwtui.engine.writing.agreement_writer import AgreementWriter
from cwtui.store.state import State
from tests.engine.upkeep_world import Silent

AGREEMENT, TASK, SUBSCRIPTION = AgreementId(101), TaskId("1.S1"), SubscriptionId("S1")
TEN = AdditionValues(
    CatalogItemId(501), Decimal(10), Decimal("4.50"), Decimal("3.60"), date(2026, 12, 1), description="Exchange Online"
)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def unknown() -> OutcomeUnknown:
    return OutcomeUnknown("No answer came.", service="PSA", changed="Not known yet.", next_step="Look.")


@dataclass
class SlowPsa:
    """Additions in memory. `creates` says what becomes of each create in turn, then they simply work.

    lost: It never arrives. late: It is done by the time that is waited. answered late: It is done, the answer is not.
    very late: It is done when `arrive` is called.
    """

    held: dict[AdditionId, Addition] = field(default_factory=dict)
    creates: list[str | ServiceError] = field(default_factory=list)
    updates: list[ServiceError] = field(default_factory=list)
    reads: list[ServiceError] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    on_create: Callable[[], None] = lambda: None
    on_created: Callable[[Addition], None] = lambda _: None
    on_leaving: Callable[[], None] = lambda: None
    _coming: list[AdditionValues] = field(default_factory=list)
    _someday: list[AdditionValues] = field(default_factory=list)

    def put(self, values: AdditionValues) -> Addition:
        addition = Addition(AdditionId(9001 + len(self.sent) + len(self.held) * 100), AGREEMENT, values)
        self.held[addition.id] = addition
        return addition

    def arrive(self) -> None:
        for values in self._someday:
            self.put(values)
        self._someday.clear()

    async def _leave(self, leave: Leave | None) -> None:
        self.on_leaving()
        if leave is not None:
            await leave()

    async def wait(self, seconds: float) -> None:
        self.sent.append(f"wait {seconds:g}")
        for values in self._coming:
            self.put(values)
        self._coming.clear()

    async def additions(self, agreement_id: AgreementId) -> Sequence[Addition]:
        assert agreement_id == AGREEMENT
        self.sent.append("read")
        if self.reads:
            raise self.reads.pop(0)
        return list(self.held.values())

    async def create_addition(
        self, agreement_id: AgreementId, values: AdditionValues, *, leave: Leave | None = None
    ) -> Addition:
        assert agreement_id == AGREEMENT
        await self._leave(leave)
        self.on_create()
        self.sent.append("create")
        fate = self.creates.pop(0) if self.creates else "works"
        match fate:
            case "works":
                made = self.put(values)
                self.on_created(made)
                return made
            case "answered late":
                self.put(values)
            case "late":
                self._coming.append(values)
            case "very late":
                self._someday.append(values)
            case ServiceError():
                raise fate
            case _:
                assert fate == "lost"
        raise unknown()

    async def update_addition(self, before: Addition, after: AdditionValues, *, leave: Leave | None = None) -> Addition:
        await self._leave(leave)
        self.sent.append("update")
        if self.updates:
            raise self.updates.pop(0)
        self.held[before.id] = replace(before, values=after)
        return self.held[before.id]

    async def delete_addition(
        self, agreement_id: AgreementId, addition_id: AdditionId, *, leave: Leave | None = None
    ) -> None:
        assert agreement_id == AGREEMENT
        await self._leave(leave)
        self.sent.append("delete")
        self.held.pop(addition_id, None)


@dataclass
class Clock:
    moment: datetime = NOON

    def now(self) -> datetime:
        return self.moment

    @property
    def today(self) -> date:
        return self.moment.date()

    @property
    def check_moment(self) -> datetime:
        return self.moment


@dataclass
class Desk:
    """A state, a PSA, and writers on both: a new one is a new run."""

    state: State
    psa: SlowPsa = field(default_factory=SlowPsa)
    clock: Clock = field(default_factory=Clock)

    def writer(self) -> AgreementWriter:
        workspace = Workspace(
            self.state,
            cast("Marketplace", None),
            cast("PsaRecords", self.psa),
            self.clock,
            Silent(),
            EngineRules(settle_s=3, who="sam"),
            PlanningRules(),
            CurrentRun(self.clock),
        )
        return AgreementWriter(workspace, AGREEMENT, "run 1", wait=self.psa.wait)

    async def write(self, change: Change, writer: AgreementWriter | None = None, task: TaskId = TASK) -> str:
        at = writer or self.writer()
        if writer is None:
            await at.read()
        return (await at.write(task, SUBSCRIPTION, change)).outcome

    def task(self, status: TaskStatus) -> None:
        self.state.save_task(
            Task(
                TASK,
                TaskKind.SALES_ORDER,
                status,
                CustomerId("C1"),
                "Green Lane LLC",
                SUBSCRIPTION,
                "Exchange",
                OrderId("1"),
                "SO1",
                NOON,
            )
        )
