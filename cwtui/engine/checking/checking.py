"""One check as an operator starts it: find new orders, make their tasks, plan what may have changed."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

from cwtui.domain.errors import ServiceError, Stopped
from cwtui.domain.lazily import dataclass
from cwtui.engine.checking.ahead import Ahead
from cwtui.engine.checking.check import ChangeCheck
from cwtui.engine.due import due_tasks
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.planning.first_plans import look_at_agreements
from cwtui.engine.planning.open_tasks import OpenTasks
from cwtui.engine.reports import CheckReport
from cwtui.engine.turns import CHECK, turn
from cwtui.engine.workspace import Feature


@dataclass(slots=True)
class Checking(Feature):
    """Keeps the list of tasks up with the marketplace."""

    desk: PlanningDesk
    open_tasks: OpenTasks

    async def run(self, *, watch: bool = False, writes_next: bool = False, ahead: Ahead | None = None) -> CheckReport:
        """Look for new and ended orders, make their tasks and plan what is open (check.md#later-checks).

        Args:
            watch: Compare the subscriptions too, even if they were compared today.
            writes_next: The caller writes the ready tasks at once, and looks at their agreements anyway.
            ahead: Goes on with what a first check has read while the rest of it is being read.
        """
        self.workspace.run.require_services()
        self.workspace.require_writable()
        self.workspace.run.is_stopping = False
        async with turn(self.workspace, CHECK, "a check of changes"):
            return await self._checked(watch=watch, writes_next=writes_next, ahead=ahead)

    async def _checked(self, *, watch: bool, writes_next: bool, ahead: Ahead | None) -> CheckReport:
        self.open_tasks.read_afresh()
        counts = self.store.cursor().last_counts
        async with ahead.running() if ahead else nullcontext():
            report = await self._check(watch=watch, ahead=ahead)
        try:
            if await self.open_tasks.replan_if_decided_anew():
                await self._look(writes_next=writes_next)
                return report
            more = counts != self.store.cursor().last_counts
            due = due_tasks(self.store, report.created, await self.open_tasks.all(), more_subscriptions=more)
            await self.desk.load(due)
        except ServiceError as error:  # the tasks are made: the next check plans them
            return replace(_failed(report, error), is_planned=False)
        await self.desk.replan(due)
        try:
            await self._look(writes_next=writes_next)
        except ServiceError as error:  # the write reads it again
            return _failed(report, error)
        return report

    async def _look(self, *, writes_next: bool) -> None:
        if not writes_next and self.workspace.run.has_marketplace:
            await look_at_agreements(self.desk, await self.open_tasks.all())

    async def _check(self, *, watch: bool, ahead: Ahead | None) -> CheckReport:
        if not self.workspace.run.has_marketplace:
            return CheckReport()  # nothing is noted either: a marketplace that is set up later has its first check
        report = await ChangeCheck(self.workspace, watches=watch, ahead=ahead).run()
        self.desk.fresh |= report.fresh
        for happened in report.unread:
            self.listener.problem(happened)
        return report


def _failed(report: CheckReport, error: ServiceError) -> CheckReport:
    stopped = str(error) if isinstance(error, Stopped) else report.stopped
    return replace(report, failures=(*report.failures, str(error)), stopped=stopped)
