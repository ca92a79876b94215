"""A person's decisions about an existing addition: adopt it, end it, or bill both."""

from __future__ import annotations

from dataclasses import replace

from cwtui.domain.errors import InputError
from cwtui.domain.ids import AdditionId, ProductId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Operation
from cwtui.domain.plans import Plan
from cwtui.domain.problems import ProblemCode
from cwtui.domain.psa import Addition
from cwtui.domain.tasks import ByHand, HandMade, Task
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.planning.open_tasks import OpenTasks
from cwtui.engine.reconciling.adoption import Adoption
from cwtui.engine.workspace import Feature

_ASKING = {ProblemCode.BILLED_BY_HAND, ProblemCode.LINK_MISSING}


@dataclass(slots=True)
class HandMadeDecisions(Feature):
    """Settles `billed_by_hand` and `link_missing` of one task. Nothing is written to ConnectWise here."""

    desk: PlanningDesk
    open_tasks: OpenTasks
    adoption: Adoption

    async def adopt(self, task_id: TaskId, addition_id: AdditionId, product: ProductId | None = None) -> Task:
        """Link an addition to the task's subscription: it goes on, and cwtui keeps it true from now on.

        Args:
            task_id: An open task.
            addition_id: One of its agreement's additions.
            product: What it bills; found from the task's plan and problems where they leave one choice.

        Raises:
            InputError: The task asks for no such addition, or for which product is not clear.
        """
        task, plan, held = await self._read(task_id, addition_id)
        chosen = product or _product_of(task, plan, held)
        await self.adoption.adopt(addition_id, task.subscription_id, chosen)
        return await self._planned(task_id)

    async def decide(self, task_id: TaskId, addition_id: AdditionId, decision: ByHand) -> Task:
        """Keep that an addition made by hand shall end where the new one begins, or that both shall be billed.

        Raises:
            InputError: The task does not ask about that addition.
        """
        self.workspace.require_writable()
        task, plan, held = await self._read(task_id, addition_id)
        kept = tuple(made for made in task.by_hand if made.addition_id != addition_id)
        asks = [problem.target for problem in plan.problems if problem.code is ProblemCode.BILLED_BY_HAND]
        if str(addition_id) not in asks and len(kept) == len(task.by_hand):
            raise InputError(
                f"Task {task.id} does not ask about addition {addition_id}.",
                changed="Nothing was decided.",
                next_step=f"It asks about {', '.join(asks)}." if asks else "See what its plan says.",
            )
        made = HandMade(addition_id, decision, held.values, self.workspace.rules.who, self.clock.now())
        self.open_tasks.save(replace(task, by_hand=(*kept, made)))
        return await self._planned(task_id)

    async def _read(self, task_id: TaskId, addition_id: AdditionId) -> tuple[Task, Plan, Addition]:
        task = self.store.task(task_id)
        if task is None or not task.status.is_open:
            state = "There is no task" if task is None else f"Task {task.status}:"
            raise InputError(
                f"{state} {task_id}.", changed="Nothing was decided.", next_step="Name a task that is open."
            )
        self.open_tasks.read_afresh()
        await self.desk.load([task])
        agreement = self.desk.agreement_of(task)
        additions = {} if agreement is None else {one.id: one for one in await self.psa.additions(agreement)}
        held = additions.get(addition_id)
        if held is None:
            raise InputError(
                f"Agreement {agreement or '(none mapped)'} has no addition {addition_id}.",
                changed="Nothing was decided.",
                next_step="Name an addition of the agreement that the subscription is mapped to.",
            )
        return task, self.desk.plan(task, additions), held

    async def _planned(self, task_id: TaskId) -> Task:
        """The task, planned anew with the agreement's additions, together with those that wait behind it."""
        task = self.store.task(task_id)
        if task is None:
            raise AssertionError(f"{task_id} is gone")
        agreement = self.desk.agreement_of(task)
        additions = {} if agreement is None else {one.id: one for one in await self.psa.additions(agreement)}
        now = self.desk.evaluate(task, self.desk.plan(task, additions))
        if now != task:
            self.open_tasks.save(now)
        return now


def _product_of(task: Task, plan: Plan, held: Addition) -> ProductId:
    item = held.values.catalog_item_id
    same = [
        change.product_id
        for change in plan.changes
        if change.operation is Operation.CREATE and change.after and change.after.catalog_item_id == item
    ]
    missing = [ProductId(problem.target) for problem in plan.problems if problem.code is ProblemCode.LINK_MISSING]
    found = list(dict.fromkeys(same)) or list(dict.fromkeys(missing))
    if len(found) == 1:
        return found[0]
    raise InputError(
        f"It is not clear which product addition {held.id} bills for task {task.id}.",
        changed="Nothing was adopted.",
        next_step=f"Name one of {', '.join(found)}." if found else "Name the product.",
    )
