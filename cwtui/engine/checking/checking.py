"""Check changes as an operator asks for it: find new orders, make their tasks, plan what may have changed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cwtui.domain.errors import ServiceError
from cwtui.engine.checking.check import ChangeCheck
from cwtui.engine.due import due_tasks
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.planning.open_tasks import OpenTasks
from cwtui.engine.reports import CheckReport
from cwtui.engine.workspace import Feature


@dataclass(slots=True)
class Checking(Feature):
    """Keeps the list of tasks up with the marketplace."""

    desk: PlanningDesk
    open_tasks: OpenTasks

    async def run(self, *, watch: bool = False) -> CheckReport:
        """Look for new and ended orders, make their tasks and plan what is open (check.md#later-checks).

        With `watch`, what subscriptions hold is compared too, whatever was compared today.
        """
        self.workspace.require_writable()
        self.workspace.run.is_stopping = False
        self.open_tasks.read_afresh()
        counts = self.store.cursor().last_counts
        report = await self._check(watch=watch)
        try:
            if await self.open_tasks.replan_if_decided_anew():
                return report
            more = counts != self.store.cursor().last_counts
            due = due_tasks(self.store, report.created, await self.open_tasks.all(), more_subscriptions=more)
            await self.desk.load(due)
        except ServiceError as error:  # the tasks are made: the next check plans them
            return replace(report, failures=(*report.failures, str(error)), is_planned=False)
        await self.desk.replan(due)
        return report

    async def _check(self, *, watch: bool) -> CheckReport:
        report = await ChangeCheck(self.workspace, watches=watch).run()
        self.desk.fresh |= report.fresh
        for happened in report.unread:
            self.listener.problem(happened)
        return report
