"""Synchronise: write ready plans, in order within an agreement, side by side across agreements.

Rule: synchronising.md#one-writer-an-agreement.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from functools import partial

from cwtui.domain.errors import AccessDenied, Outdated, ServiceError, StateError, StateLocked, Stopped
from cwtui.domain.ids import AgreementId, SubscriptionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Operation, Purpose
from cwtui.domain.plans import Change, Plan, in_writing_order
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.protocols import Progress
from cwtui.engine.reports import AutoReport, Writes
from cwtui.engine.turns import Taken, lease_of, turn
from cwtui.engine.workspace import Feature
from cwtui.engine.writing.agreement_writer import AgreementWriter, writer_of
from cwtui.engine.writing.evidence import Contradiction, NotSettled
from cwtui.engine.writing.left_out import note_left_out
from cwtui.engine.writing.notes import failure_note, written_note
from cwtui.engine.writing.reading_ahead import ReadingAhead
from cwtui.engine.writing.readings import moved_text, warned

_READY = 2
"""Agreements worked on for each request that may be under way: while one is planned, another's request takes the place
of its own, and the last few do not go on alone for long."""


@dataclass(slots=True)
class SyncOutcome:
    """What one synchronisation did."""

    attempted: list[TaskId] = field(default_factory=list)
    synced: list[TaskId] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    writes: Writes = Writes()
    denied: AccessDenied | None = None

    def add(self, writes: Writes) -> None:
        """Count the writes of one agreement."""
        total = self.writes
        self.writes = Writes(total.post + writes.post, total.patch + writes.patch, total.delete + writes.delete)

    def report(
        self, as_of: date, tasks: Sequence[Task], *, created: int = 0, dry_run: bool = False, errors: Sequence[str]
    ) -> AutoReport:
        """What a run says at its end (commands.md#auto).

        Args:
            as_of: The day that counted as today.
            tasks: What it worked on or left open, as they stand now.
            created: How many of them it made.
            dry_run: Nothing was to be written.
            errors: What went wrong; a sentence that comes twice is said once.
        """
        count = [task.status for task in tasks].count
        return AutoReport(
            as_of=as_of,
            dry_run=dry_run,
            created=created,
            synced=len(self.synced),
            failed=count(TaskStatus.FAILED),
            needs_action=count(TaskStatus.NEEDS_ACTION),
            waiting=count(TaskStatus.WAITING),
            warned=sum(task.is_warned for task in tasks),
            writes=self.writes,
            tasks=tuple(tasks),
            errors=tuple(dict.fromkeys(errors)),
        )


@dataclass(slots=True)
class Synchroniser(Feature):
    """Writes the plans of tasks. A task that raises stops alone; refused credentials stop the run.

    Attributes:
        run_id: The name of this run, for journal and audit.
        is_ending: Nothing more is begun, because the caller failed.
        readings: Readings of agreements, taken a moment ago.
    """

    desk: PlanningDesk
    run_id: str
    outcome: SyncOutcome = field(default_factory=SyncOutcome)
    is_ending: bool = False
    readings: dict[AgreementId, ReadingAhead] = field(default_factory=dict)
    _done: int = 0
    _total: int = 0
    _unsaved: StateError | None = None
    _gate: asyncio.Semaphore | None = None

    def place(self) -> asyncio.Semaphore:
        """To be held while an agreement is worked on."""
        self._gate = self._gate or asyncio.Semaphore(self.at_once * _READY)
        return self._gate

    async def run(self, tasks: Sequence[Task]) -> SyncOutcome:
        """Write everything that is ready among these tasks and what becomes ready behind them.

        Args:
            tasks: Open tasks of any state; of each subscription they are taken oldest first (check.md#order-of-tasks).
        """
        await self.desk.load(tasks, refresh=True)
        groups = self._by_agreement(tasks)
        for unsettled in self.unsettled():
            groups.setdefault(unsettled, [])
        self._total = len(tasks)
        taken: dict[AgreementId | None, list[Task]] = {}

        async def work(agreement_id: AgreementId | None, group: list[Task], *, waits: bool) -> None:
            async with self.place():
                if not await self.work(agreement_id, group, waits=waits):
                    taken[agreement_id] = group  # others first

        with self.store.grouped():
            for waits in (False, True):
                async with asyncio.TaskGroup() as running:
                    for agreement_id, group in self._in_order(groups):
                        running.create_task(work(agreement_id, group, waits=waits))
                groups = taken
            self.require_saved()
        return self.outcome

    def _in_order(self, groups: Mapping[AgreementId | None, list[Task]]) -> list[tuple[AgreementId | None, list[Task]]]:
        """The longest first; those of one length in another order for each process that shares a server with others.

        They would ask it for the same leases, one behind the other.
        """
        order = list(groups.items())
        if self.store.leases.may_be_lost:
            random.shuffle(order)
        return sorted(order, key=lambda one: -len(one[1]))

    async def work(self, agreement_id: AgreementId | None, tasks: list[Task], *, waits: bool) -> bool:
        """Work through one agreement's tasks, holding a `place`; False if another process does so and it does not wait.

        Whoever calls it then calls `require_saved`.
        """
        try:
            await self._in_turn(agreement_id, tasks, waits=waits)
        except Taken:
            return False
        except (Outdated, StateLocked) as error:  # somebody else is at it
            self.outcome.errors.append(str(error))
            self.listener.problem(str(error))
            self._advance(len(tasks))
        except StateError as error:
            self.end_with(error)
        return True

    def end_with(self, error: StateError) -> None:
        """Raise the error once the others reached their next write, not in the middle of one."""
        self._unsaved = error

    def require_saved(self) -> None:
        """Raise the `StateError` that ended the work, if one did."""
        if self._unsaved is not None:
            raise self._unsaved

    def _by_agreement(self, tasks: Sequence[Task]) -> dict[AgreementId | None, list[Task]]:
        groups: dict[AgreementId | None, list[Task]] = defaultdict(list)
        for task in sorted(tasks, key=lambda task: task.queue_key[1:] if task.order_created else ()):
            begun = self.store.plan_begun(task.id)
            groups[begun.agreement_id if begun else self.desk.agreement_of(task)].append(task)
        return groups

    def unsettled(self) -> set[AgreementId]:
        """Agreements with open questions: they are read even if nothing is to be written there."""
        return self.store.doubted_agreements() | {intent.change.agreement_id for intent in self.store.open_intents()}

    def _is_unsettled(self, agreement_id: AgreementId) -> bool:
        return bool(self.store.doubts(agreement_id) or self.store.open_intents(agreement_id))

    @property
    def _is_over(self) -> bool:
        ended = self.is_ending or self._unsaved is not None or self.is_stopping
        return ended or self.outcome.denied is not None

    async def _in_turn(self, agreement_id: AgreementId | None, tasks: list[Task], *, waits: bool) -> None:
        """Work through an agreement while nobody else does, with what is still open then."""
        if agreement_id is None or self._is_over:
            await self._agreement(agreement_id, tasks)
            return
        if tasks and self._is_done(agreement_id, tasks):  # by another worker
            self._advance(len(tasks))
            return
        async with turn(self.workspace, lease_of(agreement_id), f"agreement {agreement_id}", waits=waits):
            still = [task for task in map(self._now, tasks) if task.status.is_open]
            self._advance(len(tasks) - len(still))
            await self._agreement(agreement_id, still)

    def _is_done(self, agreement_id: AgreementId, tasks: list[Task]) -> bool:
        return not self._is_unsettled(agreement_id) and not any(self._now(task).status.is_open for task in tasks)

    async def _agreement(self, agreement_id: AgreementId | None, tasks: list[Task]) -> None:
        """Work through one agreement's tasks; a subscription whose task stops keeps its later ones waiting."""
        if self._is_over:
            return
        heads = {task.subscription_id: task for task in reversed(tasks)}.values()
        if agreement_id is None or not (
            self._is_unsettled(agreement_id) or any(self.desk.may_write(task) for task in heads)
        ):
            await self.desk.replan(tasks)
            self._advance(len(tasks))
            return
        writer = writer_of(self.workspace, agreement_id, self.run_id)
        try:
            await self._read(writer)
        except Contradiction as moved:  # a late double was edited meanwhile: a person looks at it
            self.outcome.errors.append(str(moved))
        except Stopped:  # no failure of its tasks: the next run takes them up
            return
        except ServiceError as error:
            self._fail_all(tasks, error)
            return
        stopped: set[SubscriptionId] = set()
        for task in tasks:
            if self._is_over:
                break
            if task.subscription_id not in stopped and not await self._task(task, writer):
                stopped.add(task.subscription_id)
            self._advance(1)
        await self.desk.replan(task for task in map(self._now, tasks) if task.subscription_id in stopped)
        await self._look_again(writer)
        self.outcome.add(writer.writes())

    async def _read(self, writer: AgreementWriter) -> None:
        reading = self.readings.pop(writer.agreement_id, None)
        if reading is not None and reading.holds(self.store):
            writer.begin_with(reading)
        else:
            await writer.read()

    async def _look_again(self, writer: AgreementWriter) -> None:
        if self._is_over:
            return
        try:
            await writer.look_again()
        except (ServiceError, Contradiction) as error:  # the next run looks again
            self.listener.problem(str(error))

    async def _task(self, task: Task, writer: AgreementWriter) -> bool:
        """Write one task's plan; True lets its subscription's next task go on."""
        plan = self._with_mappings_of_now(self.desk.plan(task, writer.additions))
        now = self.desk.evaluate(replace(task, status=TaskStatus.READY, note=""), plan)
        if now.status is not TaskStatus.READY:
            self._save(now)
            return False
        self.outcome.attempted.append(task.id)
        try:
            is_whole = await self._write_plan(now, plan, writer)
        except Contradiction as moved:
            self._let_go(task.id)
            self._save(now.standing_at(TaskStatus.NEEDS_ACTION, problems=(moved.problem,), note=now.note))
            return False
        except NotSettled:
            self._save(self.desk.evaluate(now, plan))
            return False
        except Stopped:  # what may have been sent is noted, and the next run looks at it
            self._let_go(task.id)
            return False
        except ServiceError as error:
            self._failed(now, plan, error)
            return False
        if is_whole:
            self.outcome.synced.append(task.id)
            self.listener.task_changed(self._now(now))
        return is_whole

    async def _write_plan(self, task: Task, plan: Plan, writer: AgreementWriter) -> bool:
        """Write what is left of a plan; the task is synced with the last answer. False if the run is over before."""
        done = self.store.done_keys(plan.task_id)
        left = [change for change in in_writing_order(plan.to_write) if change.key not in done]
        begins = plan if self.store.plan_begun(plan.task_id) is None else None
        end = partial(self._end, task, plan)
        if not left:
            self.store.change(end, about=task.id)
        for change in left:
            if self._is_over:
                return False
            ends = end if change is left[-1] else None
            await writer.write(plan.task_id, plan.subscription_id, change, begins=begins, ends=ends)
            begins = None
        return True

    def _with_mappings_of_now(self, plan: Plan) -> Plan:
        """A begun plan of which a create was refused, with the mappings changed since.

        Rule: synchronising.md#nothing-stops-half-way.
        """
        begun = self.store.plan_begun(plan.task_id)
        if begun is None or begun != plan:
            return plan
        done = self.store.done_keys(plan.task_id)
        changes = tuple(change if change.key in done else self._mapped_now(change) for change in plan.changes)
        if changes != plan.changes:
            plan = replace(plan, changes=changes)
            self.store.begin_plan(plan)
        return plan

    def _mapped_now(self, change: Change) -> Change:
        item = self.store.mappings().catalog_item(change.product_id, change.charge)
        is_edited = "catalog_item_id" in change.edited
        if change.operation is not Operation.CREATE or change.after is None or item is None or is_edited:
            return change
        return replace(change, after=replace(change.after, catalog_item_id=item))

    def _let_go(self, task_id: TaskId) -> None:
        """Drop a begun plan of which nothing was written, or can have been: the next run plans it anew."""
        is_open = any(intent.task_id == task_id for intent in self.store.open_intents())
        if not is_open and not self.store.done_keys(task_id) and self.store.plan_begun(task_id) is not None:
            self.store.end_plan(task_id)

    def _end(self, task: Task, plan: Plan) -> None:
        note_left_out(self.workspace, plan, self.run_id)
        self.store.end_plan(task.id)
        self.store.forget_done(task.id)
        self.store.drop_edits(task.id)
        self.store.drop_owed(task.id)  # what stayed invoiced counts as charged now
        task, now = warned(task, self._moved(plan)), self.desk.clock.now()
        self.store.save_task(
            replace(task, status=TaskStatus.SYNCED, problems=(), note=written_note(plan), synced_at=now)
        )

    def _moved(self, plan: Plan) -> list[str]:
        """Warnings: ConnectWise keeps another price than it was sent, or the addition to create was found there."""
        sent = {change.key: change.after for change in plan.to_write}
        texts: list[str] = []
        for row in self.store.audit(task_id=plan.task_id):
            if row.purpose in {Purpose.UNDO, Purpose.COMPENSATION}:
                texts.clear()  # what was written before has been taken back
                continue
            asked = sent.get(row.key)
            if asked is not None and row.is_done and row.reason:
                texts.append(row.reason)
            if row.is_done and row.after is not None and asked is not None:
                texts += moved_text(row.addition_id, asked, row.after)
        return texts

    def _failed(self, task: Task, plan: Plan, error: ServiceError) -> None:
        if isinstance(error, AccessDenied):
            self.outcome.denied = error
        self._let_go(task.id)
        done = self.store.done_keys(task.id)
        words = failure_note(error, sum(change.key in done for change in plan.to_write), len(plan.to_write))
        self._save(replace(task, status=TaskStatus.FAILED, problems=(), note=words))
        self.outcome.errors.append(words)
        self.listener.problem(words)

    def _fail_all(self, tasks: Sequence[Task], error: ServiceError) -> None:
        if isinstance(error, AccessDenied):
            self.outcome.denied = error
        for task in tasks:
            now = self.desk.evaluate(task)
            if self.desk.may_write(task) and now.status is not TaskStatus.WAITING:
                self.outcome.attempted.append(task.id)
                now = replace(task, status=TaskStatus.FAILED, problems=(), note=str(error))
            self._save(now)
        self.outcome.errors.append(str(error))
        self.listener.problem(str(error))
        self._advance(len(tasks))

    def _save(self, task: Task) -> None:
        if task != self.store.task(task.id):
            self.store.save_task(task)
            self.listener.task_changed(task)

    def _now(self, task: Task) -> Task:
        return self.store.task(task.id) or task

    def _advance(self, count: int) -> None:
        self._done += count
        if self._total:
            self.listener.progress(Progress("Synchronising", self._done, self._total))
