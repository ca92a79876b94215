"""What keeps agreements true beside synchronising: reconcile, adopt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from cwtui.domain.ids import TaskId
from cwtui.domain.tasks import Task, TaskKind
from cwtui.engine.adoption import Adoption
from cwtui.engine.facade import AutoReport
from cwtui.engine.planning import PlanningDesk
from cwtui.engine.reconcile import Reconciler
from cwtui.engine.reconcile_reading import BothSides
from cwtui.engine.repair_tasks import RepairTasks
from cwtui.engine.rules import EngineRules


@dataclass(slots=True)
class Upkeep:
    """The engine's features around its tasks, on the engine's own state, services and desk.

    Attributes:
        new_run: Names a run, for journal and audit.
        sync: Synchronises tasks by id, as `tasks sync` does.
        require_writable: Refuses if another process holds the state.
    """

    desk: PlanningDesk
    rules: EngineRules
    new_run: Callable[[], str]
    sync: Callable[[Sequence[TaskId]], Awaitable[AutoReport]]
    require_writable: Callable[[], None]
    adoption: Adoption = field(init=False)
    reconciler: Reconciler = field(init=False)

    def __post_init__(self) -> None:
        desk = self.desk
        repairs = RepairTasks(desk.store, desk.clock)
        desk.sources[TaskKind.RECONCILIATION] = repairs
        self.adoption = Adoption(desk.store, desk.psa, desk.clock, self._replan, self.require_writable)
        sides = BothSides(
            desk.store, desk.marketplace, desk.psa, desk.listener, desk, lambda: desk.clock.today, desk.at_once
        )
        self.reconciler = Reconciler(
            desk.store, desk.clock, sides, repairs, self.adoption, self.sync, self.require_writable
        )

    async def _replan(self, tasks: Sequence[Task]) -> None:
        await self.desk.load(tasks)
        self.desk.replan(tasks)
