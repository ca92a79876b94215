"""What keeps agreements true beside synchronising: reconcile, drift, forecast, why, whole runs, new customers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from cwtui.domain.ids import AgreementId, TaskId
from cwtui.domain.records import RecordWrite
from cwtui.domain.tasks import Task, TaskKind
from cwtui.engine.facade import AutoReport
from cwtui.engine.importing.customers import CustomerImport
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.reconciling.adoption import Adoption
from cwtui.engine.reconciling.reading import BothSides
from cwtui.engine.reconciling.reconcile import Reconciler
from cwtui.engine.reconciling.repair_tasks import RepairTasks
from cwtui.engine.reporting.forecast import Forecaster
from cwtui.engine.writing.agreement_writer import AgreementWriter
from cwtui.engine.writing.drift import DriftDesk
from cwtui.engine.writing.runs import Runs, UndoTask
from cwtui.engine.writing.undo import Undo
from cwtui.engine.writing.why import Whys


@dataclass(slots=True)
class Upkeep:
    """The engine's features around its tasks, on the engine's own state, services and desk.

    Attributes:
        open_writer: Makes the writer of an agreement, for a run.
        new_run: Names a run, for journal and audit.
        sync, undo: As `tasks sync` and `tasks undo` do.
        replan: Plans every open task anew, after a mapping.
        require_writable: Refuses if another process holds the state.
        is_stopping: Nothing new is begun once it says so.
        settle_s: Seconds a create of unknown outcome is given to appear.
    """

    desk: PlanningDesk
    open_writer: Callable[[AgreementId, str], AgreementWriter]
    new_run: Callable[[], str]
    sync: Callable[[Sequence[TaskId]], Awaitable[AutoReport]]
    undo: UndoTask
    replan: Callable[[], Awaitable[None]]
    require_writable: Callable[[], None]
    is_stopping: Callable[[], bool]
    settle_s: float
    adoption: Adoption = field(init=False)
    reconciler: Reconciler = field(init=False)
    runs: Runs = field(init=False)
    drift: DriftDesk = field(init=False)
    whys: Whys = field(init=False)
    forecasts: Forecaster = field(init=False)
    customers: CustomerImport = field(init=False)

    def __post_init__(self) -> None:
        desk = self.desk
        repairs = RepairTasks(desk.store, desk.clock)
        desk.sources[TaskKind.RECONCILIATION] = repairs
        self.adoption = Adoption(
            desk.store, desk.psa, desk.clock, self._replan, self.require_writable, desk.agreement_of
        )
        sides = BothSides(
            desk.store, desk.marketplace, desk.psa, desk.listener, desk, lambda: desk.clock.today, desk.at_once
        )
        self.reconciler = Reconciler(
            desk.store, desk.clock, sides, repairs, self.adoption, self.sync, self.require_writable
        )
        self.drift = DriftDesk(
            desk.store,
            desk.psa,
            desk.clock,
            desk.listener,
            desk,
            self.open_writer,
            self.new_run,
            self.require_writable,
            desk.at_once,
        )
        self.whys = Whys(desk.store, desk)
        self.forecasts = Forecaster(desk.store, desk.psa, desk.listener, desk, desk.at_once)
        self.customers = CustomerImport(
            desk.store,
            desk.marketplace,
            desk.psa,
            desk.clock,
            desk.listener,
            self.settle_s,
            self.replan,
            self.require_writable,
            self.is_stopping,
        )
        self.runs = Runs(desk.store, self.undo, Undo(desk.store, desk).rows, self.is_stopping)

    def record_writes(self, since: date | None = None) -> Sequence[RecordWrite]:
        """Every write of a record that is no addition, oldest first, or since a UTC day."""
        return tuple(self.desk.store.record_writes(since=since))

    async def _replan(self, tasks: Sequence[Task]) -> None:
        await self.desk.load(tasks)
        await self.desk.replan(tasks)
