"""A whole run without a person: check, map what is certain, synchronise what is ready."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cwtui.domain.errors import InputError, ServiceError, Stopped
from cwtui.domain.lazily import dataclass
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.engine.checking.checking import Checking
from cwtui.engine.concurrently import in_turns
from cwtui.engine.due import due_tasks
from cwtui.engine.reports import AutoReport, CheckReport
from cwtui.engine.workspace import Feature
from cwtui.engine.writing.ahead import WritingAhead
from cwtui.engine.writing.synchronise import SyncOutcome
from cwtui.engine.writing.task_work import TaskWork
from cwtui.wording.problems import sentence

if TYPE_CHECKING:
    from cwtui.engine.mapping.mapping import MappingEditor

FAILED_AUTO = "Failed auto-sync."
"""How the note of a task that `--auto` could not synchronise begins (plans.md#edits)."""


@dataclass(slots=True)
class AutoRun(Feature):
    """What `--auto` does.

    Attributes:
        mapping: Opens the mapping tables, where the settings let a run map by itself.
    """

    checking: Checking
    work: TaskWork
    mapping: Callable[[], MappingEditor]

    async def run(self, *, dry_run: bool = False) -> AutoReport:
        """Check, then synchronise every task that is ready; `failed` ones are tried again (commands.md#auto)."""
        self.workspace.run.require_tellable()
        self.workspace.begin_run()
        ahead = WritingAhead(self.workspace, self.work.desk, self.work.synchroniser)
        try:
            report = await self.checking.run(writes_next=not dry_run, ahead=None if dry_run else ahead)
        except ServiceError as error:
            if not ahead.made and not ahead.outcome.attempted:
                raise
            made, errors = CheckReport(tuple(ahead.made)), [str(error), *ahead.outcome.errors]
            cut_off = await self._reported(ahead.outcome, made, dry_run=False, errors=errors)
            return replace(cut_off, stopped=str(error) if isinstance(error, Stopped) else "")
        errors = [*report.failures]
        if report.stopped or not report.is_planned:
            errors += ahead.outcome.errors
            return await self._reported(ahead.outcome, report, dry_run=dry_run, errors=errors)
        errors += await self._map_exact(dry_run=dry_run)
        left = await self.work.open_tasks.all()
        due = due_tasks(self.store, (), left, more_subscriptions=False, by_itself=True)
        tried = set(ahead.outcome.attempted)
        due = [task for task in due if self._is_chosen(task) and task.id not in tried]
        outcome = ahead.outcome if dry_run else await self.work.synchronise(due, ahead.synchroniser)
        errors += outcome.errors
        await self._note_failures([task for task in await self.work.open_tasks.all() if self._is_chosen(task)])
        return await self._reported(outcome, report, dry_run=dry_run, errors=errors)

    async def _reported(
        self, outcome: SyncOutcome, check: CheckReport, *, dry_run: bool, errors: Sequence[str]
    ) -> AutoReport:
        tasks = [task async for task in in_turns(self.store.tasks())]
        report = outcome.report(self.clock.today, tasks, created=len(check.created), dry_run=dry_run, errors=errors)
        return replace(report, unread=check.unread, stopped=check.stopped)

    async def _map_exact(self, *, dry_run: bool) -> list[str]:
        """Map and create what the settings allow; a failure is reported, and the rest of the run goes on."""
        failures = []
        try:
            if self.workspace.rules.maps_exact:
                await self.mapping().map_exact(await self.work.open_tasks.all())
            if self.workspace.rules.creates_items and not dry_run:
                await self.mapping().create_items(await self.work.open_tasks.all())
        except Stopped:
            raise
        except (ServiceError, InputError) as error:
            failures.append(str(error))
        await self.work.open_tasks.replan_if_decided_anew()
        return failures

    def _is_chosen(self, task: Task) -> bool:
        return not self.workspace.rules.only_customers or task.customer_id in self.workspace.rules.only_customers

    async def _note_failures(self, tasks: Iterable[Task]) -> None:
        """A task that is not ready says why `--auto` left it (plans.md#edits)."""
        with self.store.grouped():
            async for old in in_turns(tasks):
                task = self.store.task(old.id)
                if task is None or task.status not in {TaskStatus.NEEDS_ACTION, TaskStatus.WAITING}:
                    continue
                why = [sentence(problem) for problem in task.problems]
                if task.status is TaskStatus.WAITING and (older := self.work.desk.older_open(task)) is not None:
                    why = [f"Task {older.id} of its subscription comes first."]
                note = " ".join([FAILED_AUTO, *why])
                if task.note != note:
                    self.work.open_tasks.save(replace(task, note=note))
