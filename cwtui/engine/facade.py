"""Everything a shell can ask for: one engine on one state; a feature is loaded when it is first used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass  # noqa: TID251  # it has no slots: features are kept in it
from datetime import date, datetime, time
from functools import cached_property
from typing import TYPE_CHECKING

from cwtui.domain.ids import AdditionId, AgreementId, ProductId, TaskId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.plans import Plan
from cwtui.domain.psa import Addition
from cwtui.domain.records import AuditRow, RecordWrite
from cwtui.domain.tasks import ByHand, Task, TaskKind, TaskStatus
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.protocols import Known
from cwtui.engine.reports import AutoReport, CheckReport, DoctorReport, NamedMapping, UndoReport, UnmappedEntry
from cwtui.engine.workspace import Feature

if TYPE_CHECKING:
    from cwtui.engine.checking.checking import Checking
    from cwtui.engine.importing.customers import CustomerImport
    from cwtui.engine.mapping.known_names import KnownNames
    from cwtui.engine.mapping.mapping import MappingEditor
    from cwtui.engine.mapping.workbench import Workbench
    from cwtui.engine.planning.open_tasks import OpenTasks
    from cwtui.engine.reconciling.adoption import Adoption
    from cwtui.engine.reconciling.by_hand import HandMadeDecisions
    from cwtui.engine.reconciling.reconcile import Reconciler
    from cwtui.engine.reconciling.repair_tasks import RepairTasks
    from cwtui.engine.reporting.forecast import Forecaster
    from cwtui.engine.reporting.report import Reporter
    from cwtui.engine.writing.drift import DriftChecker
    from cwtui.engine.writing.runs import Runs
    from cwtui.engine.writing.task_work import TaskWork
    from cwtui.engine.writing.why import Explainer


@dataclass
class Engine(Feature):
    """What both shells call. Every method raises `CwtuiError`s and nothing else.

    Attributes:
        tell: Sends the notifications a report calls for.
    """

    desk: PlanningDesk
    tell: Callable[[AutoReport], Awaitable[Sequence[str]]]

    def __post_init__(self) -> None:
        self.desk.sources[TaskKind.RECONCILIATION] = lambda: self.repairs

    # what is known without asking anybody

    @property
    def known(self) -> Known:
        """The state, to be read."""
        return self.store

    @property
    def today(self) -> date:
        """The day by which everything is planned."""
        return self.clock.today

    def now(self) -> datetime:
        """This moment, in UTC."""
        return self.clock.now()

    # check and auto

    @property
    def last_check(self) -> datetime | None:
        """When the last check began; None before the first one."""
        return self.store.cursor().checked_at

    async def check(self, *, watch: bool = False) -> CheckReport:
        """Look for new and ended orders and make their tasks (check.md#later-checks)."""
        return await self.checking.run(watch=watch)

    async def auto(self, *, dry_run: bool = False) -> AutoReport:
        """Check, then synchronise every task that is ready (commands.md#auto); a dry run writes nothing."""
        from cwtui.engine.auto import AutoRun

        return await AutoRun(self.workspace, self.checking, self.work, lambda: self.mapping).run(dry_run=dry_run)

    @property
    def round_at(self) -> time | None:
        """The time of day for periods of whole days, in UTC."""
        return self.workspace.rules.round_at

    def stop(self) -> None:
        """Ask whatever is running to end before its next write; it then returns its report as usual."""
        self.workspace.run.is_stopping = True

    def end(self) -> None:
        """As `stop`, and wait for no service longer than a moment: the process ends (synchronising.md#stopping)."""
        self.stop()
        self.workspace.run.end_waiting()

    def go_on(self) -> None:
        """Let new work begin: an earlier `stop` does not apply to it."""
        self.workspace.run.is_stopping = False

    async def notify(self, report: AutoReport) -> Sequence[str]:
        """Send the notifications this report calls for; returns what failed, one sentence each.

        Rule: settings.md#notifications.
        """
        return await self.tell(report)

    async def doctor(self) -> DoctorReport:
        """Probe both services and every permission, changing nothing (reconciling.md#doctor)."""
        from cwtui.engine.doctor import examine
        from cwtui.engine.files_in_use import counts_files

        files = self.workspace.rules.reads_files or counts_files(self.store)
        return await examine(self.marketplace, self.psa, files=files)

    # tasks

    async def tasks(self, statuses: Collection[TaskStatus] = (), kinds: Collection[TaskKind] = ()) -> Sequence[Task]:
        """Tasks in those states and of those kinds (empty: all), oldest first."""
        return await self.work.tasks(statuses, kinds)

    async def task(self, task_id: TaskId) -> Task:
        """One task; `InputError` if there is none of that name."""
        return await self.work.task(task_id)

    async def plan(self, task_id: TaskId) -> Plan:
        """The plan of one task, made afresh, with the operator's edits."""
        return await self.work.plan(task_id)

    async def preview(self, task_id: TaskId) -> Plan:
        """The plan of one task from what is known already."""
        return await self.work.preview(task_id)

    async def sync(self, task_ids: Sequence[TaskId], *, dry_run: bool = False) -> AutoReport:
        """Synchronise these tasks; the report's `tasks` are these, as they then stand."""
        return await self.work.sync(task_ids, dry_run=dry_run)

    async def accept(self, task_ids: Sequence[TaskId]) -> Sequence[Task]:
        """A person has seen the warnings of these tasks (plans.md#warnings). All or none."""
        return await self.work.accept(task_ids)

    async def additions(self, agreement: AgreementId) -> Sequence[Addition]:
        """The additions of an agreement, as ConnectWise shows them now."""
        return await self.psa.additions(agreement)

    async def adopt_for(self, task_id: TaskId, addition_id: AdditionId, product: ProductId | None = None) -> Task:
        """Link an addition that exists already to a task's subscription (plans.md#billed-by-hand)."""
        return await self.by_hand.adopt(task_id, addition_id, product)

    async def end_by_hand(self, task_id: TaskId, addition_id: AdditionId) -> Task:
        """Let a hand-made addition end where the task's new one begins, when the task is written."""
        return await self.by_hand.decide(task_id, addition_id, ByHand.END)

    async def bill_both(self, task_id: TaskId, addition_id: AdditionId) -> Task:
        """Let a hand-made addition stand beside the task's new one."""
        return await self.by_hand.decide(task_id, addition_id, ByHand.BOTH)

    async def skip(self, task_ids: Sequence[TaskId], reason: str = "") -> Sequence[Task]:
        """Set tasks aside for good; the tasks as they then stand. All or none."""
        return await self.work.skip(task_ids, reason)

    async def reopen(self, task_ids: Sequence[TaskId]) -> Sequence[Task]:
        """Take skipped or failed tasks up again; the tasks as they then stand. All or none."""
        return await self.work.reopen(task_ids)

    async def undo(self, task_id: TaskId, *, compensate: bool = False) -> UndoReport:
        """Take a synced task back (synchronising.md#undo); `compensate` gives back what was invoiced meanwhile."""
        return await self.work.undo(task_id, compensate=compensate)

    async def resolve(self, task_id: TaskId, *, adopt: AdditionId | None) -> Task | None:
        """Settle creates without an answer: an addition is what one made, or (None) they are sent again."""
        return await self.work.resolve(task_id, adopt=adopt)

    # mappings

    async def mappings(self, kind: MappingKind) -> Sequence[NamedMapping]:
        """All mappings of one kind."""
        return self.mapping.rows(kind)

    async def set_mapping(self, mapping: Mapping) -> NamedMapping:
        """Map, or map differently; `InputError` where ConnectWise has no such entry."""
        return await self.mapping.put(mapping)

    async def unset_mapping(self, key: MappingKey) -> bool:
        """Forget one mapping (mapping.md#unmapping-a-customer); False if there was none."""
        return await self.mapping.drop(key)

    async def suggest(self, kind: MappingKind) -> Sequence[UnmappedEntry]:
        """Everything of that kind that open tasks need and nobody mapped, with candidates."""
        return await self.mapping.suggest(kind, await self.open_tasks.all())

    async def import_mappings(self, mappings: Sequence[Mapping], places: Sequence[str] = ()) -> int:
        """Set all of them or none; how many were new or changed. `places` says where each stands, for errors."""
        return await self.mapping.put_all(mappings, places)

    # what was written

    async def audit(self, task_id: TaskId | None = None, since: date | None = None) -> Sequence[AuditRow]:
        """Every write of an addition, oldest first; of one task, or since a UTC day."""
        return list(self.store.audit(task_id=task_id, since=since))

    def record_writes(self, since: date | None = None) -> Sequence[RecordWrite]:
        """Every write of a record that is no addition, oldest first, or since a UTC day."""
        return tuple(self.store.record_writes(since=since))

    # features, loaded when they are first used

    @cached_property
    def open_tasks(self) -> OpenTasks:
        """Every open task at once."""
        from cwtui.engine.planning.open_tasks import OpenTasks

        return OpenTasks(self.workspace, self.desk)

    @cached_property
    def checking(self) -> Checking:
        """Looks for new orders."""
        from cwtui.engine.checking.checking import Checking

        return Checking(self.workspace, self.desk, self.open_tasks)

    @cached_property
    def work(self) -> TaskWork:
        """What an operator does with tasks."""
        from cwtui.engine.writing.task_work import TaskWork

        return TaskWork(self.workspace, self.desk, self.open_tasks, self.known_names)

    @cached_property
    def known_names(self) -> KnownNames:
        """The names of what is mapped."""
        from cwtui.engine.mapping.known_names import KnownNames

        return KnownNames(self.workspace)

    @cached_property
    def mapping(self) -> MappingEditor:
        """The mapping tables."""
        from cwtui.engine.mapping.mapping import MappingEditor

        return MappingEditor(self.workspace, self.open_tasks, self.known_names)

    @cached_property
    def workbench(self) -> Workbench:
        """Mapping by hand, the wizard and the addition editor."""
        from cwtui.engine.mapping.workbench import Workbench

        return Workbench(self.workspace, self.desk, self.mapping)

    @cached_property
    def adoption(self) -> Adoption:
        """Links additions that were made by hand."""
        from cwtui.engine.reconciling.adoption import Adoption

        return Adoption(self.workspace, self.desk)

    @cached_property
    def by_hand(self) -> HandMadeDecisions:
        """Settles additions that an agreement has already."""
        from cwtui.engine.reconciling.by_hand import HandMadeDecisions

        return HandMadeDecisions(self.workspace, self.desk, self.open_tasks, self.adoption)

    @cached_property
    def reconciler(self) -> Reconciler:
        """Compares subscriptions with agreements, and repairs."""
        from cwtui.engine.reconciling.reading import BothSides
        from cwtui.engine.reconciling.reconcile import Reconciler

        sides = BothSides(self.workspace, self.desk)
        return Reconciler(self.workspace, sides, self.repairs, self.work)

    @cached_property
    def repairs(self) -> RepairTasks:
        """Repairs as tasks."""
        from cwtui.engine.reconciling.repair_tasks import RepairTasks

        return RepairTasks(self.workspace)

    @cached_property
    def drift(self) -> DriftChecker:
        """Finds what was edited or removed in ConnectWise, and settles it."""
        from cwtui.engine.writing.drift import DriftChecker

        return DriftChecker(self.workspace, self.desk)

    @cached_property
    def explainer(self) -> Explainer:
        """Explains where an addition comes from."""
        from cwtui.engine.writing.why import Explainer

        return Explainer(self.workspace, self.desk)

    @cached_property
    def forecaster(self) -> Forecaster:
        """Forecasts the next invoices."""
        from cwtui.engine.reporting.forecast import Forecaster

        return Forecaster(self.workspace, self.desk)

    @cached_property
    def reporter(self) -> Reporter:
        """Reports what a month bills, and why."""
        from cwtui.engine.reporting.report import Reporter

        return Reporter(self.workspace, self.desk)

    @cached_property
    def customers(self) -> CustomerImport:
        """Imports ConnectWise's companies into the marketplace."""
        from cwtui.engine.importing.customers import CustomerImport

        return CustomerImport(self.workspace, self.open_tasks)

    @cached_property
    def runs(self) -> Runs:
        """Lists what each start of the program wrote, and takes it back."""
        from cwtui.engine.writing.runs import Runs

        return Runs(self.workspace, self.work)
