"""The engine: everything a shell can ask for, on one state and two services."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from cwtui.domain.carried import CarriedRules
from cwtui.domain.errors import CwtuiError, InputError, ServiceError, StateError
from cwtui.domain.ids import AgreementId, TaskId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.plans import Plan, PriceSource
from cwtui.domain.records import AuditRow
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.engine.checking.check import ChangeCheck
from cwtui.engine.concurrently import in_turns
from cwtui.engine.doctor import counts_files, examine
from cwtui.engine.due import due_tasks, is_new_basis, note_basis
from cwtui.engine.facade import AutoReport, CheckReport, DoctorReport, MappingRow, Suggestion, UndoReport
from cwtui.engine.mapping.mapping import MappingDesk
from cwtui.engine.mapping.workbench import Workbench
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.protocols import Clock, Listener, Marketplace, Psa, Store
from cwtui.engine.rules import EngineRules
from cwtui.engine.upkeep import Upkeep
from cwtui.engine.writing.agreement_writer import AgreementWriter
from cwtui.engine.writing.synchronise import Synchroniser, SyncOutcome
from cwtui.engine.writing.undo import Undo, written_plan

FAILED_AUTO = "Failed auto-sync."
"""How the note of a task that `--auto` could not synchronise begins (plans.md#edits)."""


@dataclass(slots=True)
class SyncEngine:
    """Fits the `Engine` protocol of `facade`.

    Attributes:
        new_run: Names a run, for journal and audit.
        tell: Sends the notifications a report calls for.
    """

    store: Store
    marketplace: Marketplace
    psa: Psa
    clock: Clock
    listener: Listener
    desk: PlanningDesk
    rules: EngineRules
    new_run: Callable[[], str]
    tell: Callable[[AutoReport], Awaitable[Sequence[str]]]
    mapping: MappingDesk = field(init=False)
    workbench: Workbench = field(init=False)
    upkeep: Upkeep = field(init=False)
    is_stopping: bool = False

    def __post_init__(self) -> None:
        self.mapping = MappingDesk(self.store, self.psa, self.clock)
        self.workbench = Workbench(self.store, self.psa, self.clock, self.desk, self.mapping)
        self.upkeep = Upkeep(
            self.desk,
            self._writer,
            self.new_run,
            self.sync,
            self.undo,
            self._replan_after_mapping,
            self._require_writable,
            lambda: self.is_stopping,
            self.rules.settle_s,
        )

    # check and auto

    async def check(self, *, watch: bool = False) -> CheckReport:
        """Look for new and ended orders, make their tasks and plan what is open (check.md#later-checks).

        With `watch`, what subscriptions hold is compared too, whatever was compared today.
        """
        self._require_writable()
        self.is_stopping = False
        self._read_afresh()
        counts = self.store.cursor().last_counts
        report = await self._check(watch=watch)
        try:
            if is_new_basis(self.store, self.desk.rules):
                await self._replan_open()
                return report
            more = counts != self.store.cursor().last_counts
            due = due_tasks(self.store, report.created, await self._open_tasks(), more_subscriptions=more)
            await self.desk.load(due)
        except ServiceError as error:  # the tasks are made: the next check plans them
            return replace(report, failures=(*report.failures, str(error)), is_planned=False)
        await self.desk.replan(due)
        return report

    async def auto(self, *, dry_run: bool = False) -> AutoReport:
        """Check, then synchronise every task that is ready; `failed` ones are tried again (commands.md#auto)."""
        report = await self.check()
        errors = [*report.failures]
        if not report.is_planned:
            return await self._reported(SyncOutcome(), report, dry_run=dry_run, errors=errors)
        errors += await self._map_exact(dry_run=dry_run)
        left = await self._open_tasks()
        due = due_tasks(self.store, (), left, more_subscriptions=False, by_itself=True)
        due = [task for task in due if self._is_chosen(task)]
        outcome = SyncOutcome() if dry_run else await self._synchronise(due)
        errors += outcome.errors
        await self._note_failures([task for task in await self._open_tasks() if self._is_chosen(task)])
        return await self._reported(outcome, report, dry_run=dry_run, errors=errors)

    async def _reported(
        self, outcome: SyncOutcome, check: CheckReport, *, dry_run: bool, errors: Sequence[str]
    ) -> AutoReport:
        tasks = [task async for task in in_turns(self.store.tasks())]
        report = outcome.report(self.clock.today, tasks, created=len(check.created), dry_run=dry_run, errors=errors)
        return replace(report, unread=check.unread)

    def stop(self) -> None:
        """End what is running before its next write."""
        self.is_stopping = True

    async def notify(self, report: AutoReport) -> Sequence[str]:
        """Send the notifications this report calls for (settings.md#notifications)."""
        return await self.tell(report)

    async def _check(self, *, watch: bool) -> CheckReport:
        planning = self.desk.rules
        check = ChangeCheck(
            self.marketplace,
            self.store,
            self.psa,
            self.clock,
            self.listener,
            CarriedRules(planning.price_source is PriceSource.MARKETPLACE, planning.price_decimals),
            at_once=self.rules.at_once,
            guards_empty_feed=self.rules.guards_empty_feed,
            watches=watch,
        )
        report = await check.run()
        self.desk.fresh |= report.fresh
        for happened in report.unread:
            self.listener.problem(happened)
        return report

    async def _map_exact(self, *, dry_run: bool) -> list[str]:
        """Map and create what the settings allow; what fails is said, and the rest of the run goes on."""
        failures = []
        try:
            if self.rules.maps_exact:
                await self.mapping.map_exact(await self._open_tasks())
            if self.rules.creates_items and not dry_run:
                await self.mapping.create_items(await self._open_tasks())
        except (ServiceError, InputError) as error:
            failures.append(str(error))
        if is_new_basis(self.store, self.desk.rules):
            await self._replan_open()
        return failures

    async def _replan_open(self) -> None:
        open_tasks = await self._open_tasks()
        await self.desk.load(open_tasks)
        await self.desk.replan(open_tasks)
        note_basis(self.store, self.desk.rules)

    def _is_chosen(self, task: Task) -> bool:
        return not self.rules.only_customers or task.customer_id in self.rules.only_customers

    async def _note_failures(self, tasks: Iterable[Task]) -> None:
        """A task that is not ready says why `--auto` left it (plans.md#edits)."""
        with self.store.grouped():
            async for old in in_turns(tasks):
                task = self.store.task(old.id)
                if task is None or task.status not in {TaskStatus.NEEDS_ACTION, TaskStatus.WAITING}:
                    continue
                why = [problem.message for problem in task.problems]
                if task.status is TaskStatus.WAITING and (older := self.desk.older_open(task)) is not None:
                    why = [f"Task {older.id} of its subscription comes first."]
                note = " ".join([FAILED_AUTO, *why])
                if task.note != note:
                    self._save(replace(task, note=note))

    async def _open_tasks(self) -> list[Task]:
        return [task async for task in in_turns(self.store.open_tasks())]

    def _save(self, task: Task) -> None:
        self.store.save_task(task)
        self.listener.task_changed(task)  # the screen shows what it hears

    async def _synchronise(self, tasks: Sequence[Task]) -> SyncOutcome:
        run_id = self.new_run()

        def open_writer(agreement_id: AgreementId) -> AgreementWriter:
            return self._writer(agreement_id, run_id)

        running = Synchroniser(
            self.store,
            self.desk,
            self.listener,
            open_writer,
            lambda: self.is_stopping,
            at_once=self.rules.at_once,
        )
        outcome = await running.run(tasks)
        self.workbench.keep_names()
        if outcome.denied is not None and not outcome.errors:
            outcome.errors.append(str(outcome.denied))
        return outcome

    def _writer(self, agreement_id: AgreementId, run_id: str) -> AgreementWriter:
        return AgreementWriter(
            agreement_id,
            self.store,
            self.psa,
            self.clock,
            self.listener,
            run_id,
            self.rules.who,
            settle_s=self.rules.settle_s,
        )

    # tasks

    async def tasks(self, statuses: Collection[TaskStatus] = (), kinds: Collection[TaskKind] = ()) -> Sequence[Task]:
        """Tasks in those states and of those kinds, oldest first."""
        found = [task async for task in in_turns(self.store.tasks(statuses)) if not kinds or task.kind in kinds]
        return sorted(found, key=lambda task: task.queue_key[1:] if task.order_created else ())

    async def task(self, task_id: TaskId) -> Task:
        """One task."""
        found = self.store.task(task_id)
        if found is None:
            raise InputError(f"There is no task {task_id}.", next_step="See `cwtui tasks list` for their ids.")
        return found

    async def plan(self, task_id: TaskId) -> Plan:
        """The plan of one task, made afresh from what ConnectWise holds now, with the operator's edits."""
        task = await self.task(task_id)
        if task.status is TaskStatus.SYNCED:
            return written_plan(task, reversed(Undo(self.store, self.desk).rows(task)))
        self._read_afresh()
        await self.desk.load([task], refresh=task.status.is_open)
        agreement = self.desk.agreement_of(task)
        if agreement is None or self.desk.agreements.get(agreement) is None:
            return self.desk.plan(task)
        additions = {held.id: held for held in await self.psa.additions(agreement)}
        return self.desk.plan(task, additions)

    async def preview(self, task_id: TaskId) -> Plan:
        """The plan of one task from what is known already: quick enough to follow a cursor."""
        task = await self.task(task_id)
        if task.status is TaskStatus.SYNCED:
            return written_plan(task, reversed(Undo(self.store, self.desk).rows(task)))
        await self.desk.load([task])
        return self.desk.plan(task)

    async def sync(self, task_ids: Sequence[TaskId], *, dry_run: bool = False) -> AutoReport:
        """Synchronise these tasks; naming a task confirms what a guard stopped (plans.md#guards)."""
        self._require_writable()
        self.is_stopping = False
        named = await self._named(task_ids)
        self._read_afresh()
        with self.store.grouped():
            async for task in in_turns(named):
                if task.status.is_open and not task.confirmed_guard and not dry_run:
                    self._save(replace(task, confirmed_guard=True))
        tasks = await self._named(task_ids)
        await self.desk.load(tasks)
        await self.desk.replan(tasks)
        open_tasks = [task for task in tasks if task.status.is_open]
        outcome = SyncOutcome() if dry_run else await self._synchronise(open_tasks)
        await self._plan_followers(tasks)
        now = await self._named(task_ids)
        return outcome.report(self.clock.today, now, dry_run=dry_run, errors=outcome.errors)

    async def _named(self, task_ids: Sequence[TaskId]) -> list[Task]:
        return [await self.task(name) async for name in in_turns(task_ids)]

    async def _plan_followers(self, tasks: Iterable[Task]) -> None:
        """These tasks as they stand, and what waited behind them and may be ready now."""
        names = {name: None async for task in in_turns(tasks) for name in (task.id, *self._queue(task))}
        found = [self.store.task(name) async for name in in_turns(names)]
        behind = [task for task in found if task is not None and task.status.is_open]
        await self.desk.load(behind)
        await self.desk.replan(behind)

    def _queue(self, task: Task) -> Sequence[TaskId]:
        return [one.id for one in self.store.tasks_of(task.subscription_id)] if task.subscription_id else ()

    async def skip(self, task_ids: Sequence[TaskId], reason: str = "") -> Sequence[Task]:
        """Set tasks aside for good; what waited behind them goes on."""
        tasks = [await self.task(name) for name in task_ids]
        for task in tasks:
            if not task.status.is_open:
                raise _not_in_state(task, "open", "Only open tasks can be skipped.")
            if self.store.plan_begun(task.id) is not None:
                raise _not_in_state(task, "unbegun", "Part of it is written: sync it to its end, or undo it first.")
        return await self._put(tasks, TaskStatus.SKIPPED, note=reason)

    async def reopen(self, task_ids: Sequence[TaskId]) -> Sequence[Task]:
        """Take skipped or failed tasks up again."""
        tasks = [await self.task(name) for name in task_ids]
        for task in tasks:
            if task.status not in {TaskStatus.SKIPPED, TaskStatus.FAILED}:
                raise _not_in_state(task, "skipped or failed", "Take a synced task back with `cwtui tasks undo`.")
        return await self._put(tasks, TaskStatus.NEEDS_ACTION)

    async def _put(self, tasks: Sequence[Task], status: TaskStatus, note: str = "") -> Sequence[Task]:
        self._require_writable()
        with self.store.batch():
            for task in tasks:
                self._save(task.standing_at(status, note=note))
        try:
            await self._plan_followers(tasks)
        except ServiceError as error:
            self.listener.problem(str(error))
        return [await self.task(task.id) for task in tasks]

    async def undo(self, task_id: TaskId, *, compensate: bool = False) -> UndoReport:
        """Take a synced (or part-done) task back; `compensate` gives back what was invoiced meanwhile.

        Rule: synchronising.md#undo.
        """
        self._require_writable()
        task = await self.task(task_id)
        undo = Undo(self.store, self.desk, lambda: self.is_stopping)
        agreement_id = undo.agreement_of(task, compensate=compensate)
        if task.status is not TaskStatus.SYNCED and agreement_id is None:
            raise _not_in_state(task, "synced", "Only what was written can be taken back.")
        self.is_stopping = False
        self._read_afresh()
        await self.desk.load_agreements({agreement_id} if agreement_id is not None else set())
        writer = None if agreement_id is None else self._writer(agreement_id, self.new_run())
        report = await undo.run(task, writer, compensate=compensate)
        if report.complete and task.status is not TaskStatus.SKIPPED:
            self._save(replace(task, status=TaskStatus.NEEDS_ACTION, problems=(), note="", synced_at=None))
            await self._plan_followers([task])
        return report

    # mappings

    async def mappings(self, kind: MappingKind) -> Sequence[MappingRow]:
        """All mappings of one kind."""
        return self.mapping.rows(kind)

    async def set_mapping(self, mapping: Mapping) -> MappingRow:
        """Map, or map differently; tasks that it concerns are planned anew."""
        self._require_writable()
        await self.mapping.check_target(mapping)
        self.store.save_mapping(mapping)
        await self._replan_after_mapping()
        return self.mapping.row(mapping)

    async def unset_mapping(self, key: MappingKey) -> bool:
        """Forget one mapping; other mappings stay, open tasks go back to needs_action.

        Rule: mapping.md#unmapping-a-customer.
        """
        self._require_writable()
        was_there = self.store.drop_mapping(key)
        if was_there:
            await self._replan_after_mapping()
        return was_there

    async def suggest(self, kind: MappingKind) -> Sequence[Suggestion]:
        """Everything of that kind that open tasks need and nobody mapped, with candidates."""
        return await self.mapping.suggest(kind, await self._open_tasks())

    async def import_mappings(self, mappings: Sequence[Mapping]) -> int:
        """Set all of them or none."""
        self._require_writable()
        known = self.store.mappings()
        changed = [mapping for mapping in mappings if known.get(mapping.key) != mapping.connectwise_id]
        with self.store.batch():
            for mapping in changed:
                self.store.save_mapping(mapping)
        if changed:
            await self._replan_after_mapping()
        return len(changed)

    async def _replan_after_mapping(self) -> None:
        """Plan open tasks anew; where ConnectWise cannot be asked, the next check does it."""
        try:
            await self._replan_open()
        except CwtuiError as error:
            self.listener.problem(f"The mapping is saved. Tasks are planned anew by the next check. ({error})")

    # the rest

    async def audit(self, task_id: TaskId | None = None, since: date | None = None) -> Sequence[AuditRow]:
        """Every write ever made, oldest first."""
        return list(self.store.audit(task_id=task_id, since=since))

    async def doctor(self) -> DoctorReport:
        """Probe both services and every permission, changing nothing (reconciling.md#doctor)."""
        return await examine(self.marketplace, self.psa, files=self.rules.reads_files or counts_files(self.store))

    def _read_afresh(self) -> None:
        self.desk.forget()
        self.mapping.forget()

    def _require_writable(self) -> None:
        if self.store.is_read_only:
            raise StateError(
                "Another process works on this state file, so it was opened for reading only.",
                next_step="Wait until that process has ended, then start again.",
            )


def _not_in_state(task: Task, wanted: str, why: str) -> InputError:
    return InputError(f"Task {task.id} is {task.status}, not {wanted}.", changed="No task was changed.", next_step=why)
