"""Reads all open tasks, and plans them anew when mappings or rules changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cwtui.domain.errors import CwtuiError
from cwtui.domain.ids import TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.tasks import Task
from cwtui.engine.concurrently import in_turns
from cwtui.engine.due import is_new_basis, note_basis
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.workspace import Feature


@dataclass(slots=True)
class OpenTasks(Feature):
    """The tasks that are not synced and not set aside."""

    desk: PlanningDesk

    async def all(self) -> list[Task]:
        """All of them, in turns with whatever else goes on."""
        return [task async for task in in_turns(self.store.open_tasks())]

    def read_afresh(self) -> None:
        """Forget what was read of ConnectWise, so that the next plans read it again."""
        self.desk.forget()
        self.workspace.run.readings += 1

    async def replan(self) -> None:
        """Plan all of them on the mappings and rules as they are now."""
        tasks = await self.all()
        await self.desk.load(tasks)
        await self.desk.replan(tasks)
        note_basis(self.store, self.desk.rules)

    async def replan_if_decided_anew(self) -> bool:
        """As `replan`, if mappings or rules changed since the last time; says whether they had."""
        if not is_new_basis(self.store, self.desk.rules):
            return False
        await self.replan()
        return True

    async def replan_after_mapping(self) -> None:
        """Plan open tasks anew; where ConnectWise cannot be asked, the next check does it."""
        try:
            await self.replan()
        except CwtuiError as error:
            self.listener.problem(f"The mapping is saved. Tasks are planned anew by the next check. ({error})")

    async def replan_followers(self, tasks: Iterable[Task]) -> None:
        """Plan these tasks as they stand, and those that waited behind them and may be ready now."""
        names = {name: None async for task in in_turns(tasks) for name in (task.id, *self._queue(task))}
        found = [self.store.task(name) async for name in in_turns(names)]
        behind = [task for task in found if task is not None and task.status.is_open]
        await self.desk.load(behind)
        await self.desk.replan(behind)

    def save(self, task: Task, *, was: Task | None = None) -> None:
        """Save one, which was made from what it `was`, and let the listener know.

        Raises:
            Outdated: Somebody else changed it meanwhile; says who.
        """
        self.store.save_task(task, was=was)
        self.listener.task_changed(task)

    def _queue(self, task: Task) -> Sequence[TaskId]:
        return [one.id for one in self.store.tasks_of(task.subscription_id)] if task.subscription_id else ()
