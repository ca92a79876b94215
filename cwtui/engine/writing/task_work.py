"""The operator's work with tasks: show their plans, synchronise, skip, reopen and undo them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from cwtui.domain.errors import InputError, ServiceError
from cwtui.domain.ids import AdditionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Doubtful
from cwtui.domain.plans import Plan
from cwtui.domain.remedies import Action, Remedy
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.engine.concurrently import in_turns
from cwtui.engine.mapping.known_names import KnownNames
from cwtui.engine.planning.acceptance import accept, confirm_guards
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.planning.open_tasks import OpenTasks
from cwtui.engine.reports import AutoReport, UndoReport
from cwtui.engine.turns import lease_of, turn
from cwtui.engine.workspace import Feature
from cwtui.engine.writing.agreement_writer import AgreementWriter, writer_of
from cwtui.engine.writing.evidence import Contradiction
from cwtui.engine.writing.left_out import left_out_rows
from cwtui.engine.writing.synchronise import Synchroniser, SyncOutcome
from cwtui.engine.writing.undo import Undo, written_plan


@dataclass(slots=True)
class TaskWork(Feature):
    """Tasks, one or a few at a time, as `tasks …` and the keys of the task list name them."""

    desk: PlanningDesk
    open_tasks: OpenTasks
    known_names: KnownNames

    @property
    def undoing(self) -> Undo:
        """Takes tasks back."""
        return Undo(self.workspace, self.desk)

    @property
    def synchroniser(self) -> Synchroniser:
        """Writes in the run that is under way."""
        return Synchroniser(self.workspace, self.desk, self.workspace.current_run.id)

    async def synchronise(self, tasks: Sequence[Task], synchroniser: Synchroniser | None = None) -> SyncOutcome:
        """Write everything that is ready among these tasks, in one run; maybe one that wrote something before."""
        outcome = await (synchroniser or self.synchroniser).run(tasks)
        self.known_names.remember_planned(self.desk)
        if outcome.denied is not None and not outcome.errors:
            outcome.errors.append(str(outcome.denied))
        return outcome

    async def tasks(self, statuses: Collection[TaskStatus] = (), kinds: Collection[TaskKind] = ()) -> Sequence[Task]:
        """Tasks in those states and of those kinds, oldest first."""
        found = [task async for task in in_turns(self.store.tasks(statuses)) if not kinds or task.kind in kinds]
        return sorted(found, key=lambda task: task.queue_key[1:] if task.order_created else ())

    async def task(self, task_id: TaskId) -> Task:
        """One task."""
        found = self.store.task(task_id)
        if found is None:
            raise InputError(f"There is no task {task_id}.", next_step=Remedy(Action.SEE_TASKS))
        return found

    async def plan(self, task_id: TaskId) -> Plan:
        """The plan of one task, made afresh from what ConnectWise holds now, with the operator's edits."""
        task = await self.task(task_id)
        if task.status is TaskStatus.SYNCED:
            return self._written(task)
        self.open_tasks.read_afresh()
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
            return self._written(task)
        await self.desk.load([task])
        return self.desk.plan(task)

    def _written(self, task: Task) -> Plan:
        return written_plan(task, [*reversed(self.undoing.rows(task)), *left_out_rows(self.workspace, task.id)])

    async def sync(self, task_ids: Sequence[TaskId], *, dry_run: bool = False) -> AutoReport:
        """Synchronise these tasks; naming a task confirms what a guard stopped (plans.md#guards)."""
        self.workspace.begin_run()
        self.workspace.run.is_stopping = False
        named = await self._named(task_ids)
        self.open_tasks.read_afresh()
        if dry_run:
            await self.desk.load(named)
            await self.desk.replan(named)
            outcome = SyncOutcome()
        else:
            self._wait_no_longer(named)
            await confirm_guards(self.desk, named)
            outcome = await self.synchronise([task for task in await self._named(task_ids) if task.status.is_open])
        await self.open_tasks.replan_followers(named)
        now = await self._named(task_ids)
        return outcome.report(self.clock.today, now, dry_run=dry_run, errors=outcome.errors)

    def _wait_no_longer(self, tasks: Sequence[Task]) -> None:
        """Naming a task to synchronise it confirms that it is written again after it was taken back."""
        with self.store.batch():
            for task in tasks:
                taken_back = self.store.taken_back(task.id)
                if taken_back is not None and taken_back.waits:
                    self.store.save_taken_back(replace(taken_back, waits=False))

    async def _named(self, task_ids: Sequence[TaskId]) -> list[Task]:
        return [await self.task(name) async for name in in_turns(task_ids)]

    async def accept(self, task_ids: Sequence[TaskId]) -> Sequence[Task]:
        """Keep that a person has seen the warnings of tasks, and who; all or none (plans.md#warnings)."""
        self.workspace.require_writable()
        return accept(self.desk, await self._named(task_ids), self.workspace.rules.who)

    async def skip(self, task_ids: Sequence[TaskId], reason: str = "") -> Sequence[Task]:
        """Set tasks aside for good; the tasks that waited behind them go on."""
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
                raise _not_in_state(task, "skipped or failed", Remedy(Action.UNDO, task.id))
        return await self._put(tasks, TaskStatus.NEEDS_ACTION)

    async def _put(self, tasks: Sequence[Task], status: TaskStatus, note: str = "") -> Sequence[Task]:
        self.workspace.require_writable()
        with self.store.batch():
            for task in tasks:
                self.open_tasks.save(task.standing_at(status, note=note), was=task)
        try:
            await self.open_tasks.replan_followers(tasks)
        except ServiceError as error:
            self.listener.problem(str(error))
        return [await self.task(task.id) for task in tasks]

    async def undo(self, task_id: TaskId, *, compensate: bool = False) -> UndoReport:
        """Take a synced (or part-done) task back; `compensate` gives back what was invoiced meanwhile.

        Rule: synchronising.md#undo.
        """
        self.workspace.begin_run()
        task = await self.task(task_id)
        undo = self.undoing
        agreement_id = undo.agreement_of(task, compensate=compensate)
        if task.status is not TaskStatus.SYNCED and agreement_id is None:
            raise _not_in_state(task, "synced", "Only what was written can be taken back.")
        self.workspace.run.is_stopping = False
        self.open_tasks.read_afresh()
        await self.desk.load_agreements({agreement_id} if agreement_id is not None else set())
        if agreement_id is None:
            return await self._taken_back(task, None, compensate=compensate)
        async with turn(self.workspace, lease_of(agreement_id), f"agreement {agreement_id}"):
            now = await self.task(task_id)
            if now != task:
                raise _not_in_state(now, "as it was", "Look at it as it is now, then decide again.")
            writer = writer_of(self.workspace, agreement_id, self.workspace.current_run.id)
            return await self._taken_back(task, writer, compensate=compensate)

    async def _taken_back(self, task: Task, writer: AgreementWriter | None, *, compensate: bool) -> UndoReport:
        report = await self.undoing.run(task, writer, compensate=compensate)
        if report.complete and task.status is not TaskStatus.SKIPPED:
            self.open_tasks.save(replace(task, status=TaskStatus.NEEDS_ACTION, problems=(), note="", synced_at=None))
            await self.open_tasks.replan_followers([task])
        return report

    async def resolve(self, task_id: TaskId, *, adopt: AdditionId | None) -> Task | None:
        """Settle creates without an answer as a person says: an addition is what one made, or they are sent again.

        Args:
            task_id: Of a task, or of a restore (`drift.4711`).
            adopt: The addition; None lets the next synchronisation send the create again.

        Raises:
            InputError: Nothing of it is doubtful, or the addition is none that the create can have made.
        """
        self.workspace.begin_run()
        doubtful = self.store.doubtful(task_id)
        if not doubtful:
            raise InputError(f"Nothing of task {task_id} is in doubt.", next_step="See its problems in the task list.")
        self.open_tasks.read_afresh()
        for one in doubtful[:1] if adopt is not None else doubtful:
            async with turn(self.workspace, lease_of(one.agreement_id), f"agreement {one.agreement_id}"):
                await self._settle(one, adopt)
        task = self.store.task(task_id)
        if task is not None:
            await self.open_tasks.replan_followers([task])
        return self.store.task(task_id)

    async def _settle(self, one: Doubtful, adopt: AdditionId | None) -> None:
        writer = writer_of(self.workspace, one.agreement_id, self.workspace.current_run.id)
        await writer.read()
        intents = self.store.open_intents(one.agreement_id)
        if intent := next((intent for intent in intents if intent.seq == one.seq), None):  # else it is settled
            try:
                writer.resolve(intent, adopt)
            except Contradiction as error:
                raise InputError(str(error), next_step="Choose an addition that the task names.") from error


def _not_in_state(task: Task, wanted: str, why: str | Remedy) -> InputError:
    return InputError(f"Task {task.id} is {task.status}, not {wanted}.", changed="No task was changed.", next_step=why)
