"""Makes, updates and settles `reconciliation` tasks for differences that no order explains.

Rule: check.md#what-no-order-explains.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cwtui.domain.check_records import Difference
from cwtui.domain.ids import OrderId, SubscriptionId, task_id
from cwtui.domain.lazily import dataclass
from cwtui.domain.marketplace import Subscription
from cwtui.domain.problems import Problem, ProblemCode, ProblemFacts
from cwtui.domain.tasks import DIFFERENCE_PREFIX, Task, TaskKind, TaskStatus, is_difference
from cwtui.engine.checking.new_task import new_task
from cwtui.engine.protocols import Store
from cwtui.engine.workspace import Feature

SETTLED = "Settled by itself: the subscription holds what is billed."
EXPLAINED = "Settled by itself: an order of the subscription explains it now."


@dataclass(slots=True)
class DifferenceTasks(Feature):
    """The open difference of each subscription, at most one."""

    def open_of(self, name: SubscriptionId) -> Task | None:
        """The open task of a subscription's difference."""
        return next((task for task in self.store.tasks_of(name) if task.status.is_open and is_difference(task)), None)

    def is_waiting(self, task: Task) -> bool:
        """It tells of a difference, and nobody began to repair it."""
        return is_difference(task) and self.store.plan_begun(task.id) is None

    def carried(self, task: Task) -> bool:
        """It was synced, and not only settled by itself."""
        if task.status is not TaskStatus.SYNCED:
            return False
        return not is_difference(task) or self.store.repair(task.id) is not None

    def marks_of(self, task: Task) -> tuple[str, ...]:
        """The marks of the differences that a task tells of; empty for any other task."""
        return tuple(one.mark for one in self.store.differences(task.id))

    def make(self, subscription: Subscription, found: Sequence[Difference]) -> Task:
        """Save a new task that says what differs."""
        customer = self.store.customer(subscription.customer_id)
        order = self._new_order(subscription.id)
        task = new_task(
            subscription,
            customer,
            kind=TaskKind.RECONCILIATION,
            order=order,
            number="reconciliation",
            created=self.clock.now(),
        )
        self.store.save_subscription(subscription)
        self._say(task, found)
        return task

    def update(self, name: SubscriptionId, found: Sequence[Difference]) -> bool:
        """Update the open task of a subscription with the present differences; False if there is none."""
        task = self.open_of(name)
        if task is None:
            return False
        if self.is_waiting(task) and self.store.differences(task.id) != tuple(found):
            self._say(task, found)
        return True

    def settle(self, name: SubscriptionId, note: str = SETTLED) -> None:
        """End the open task of a subscription: nothing differs any more, or an order explains it."""
        task = self.open_of(name)
        if task is not None and self.is_waiting(task):
            self._save(task.standing_at(TaskStatus.SYNCED, note=note))

    def _say(self, task: Task, found: Iterable[Difference]) -> None:
        self.store.save_differences(task.id, found)
        problem = difference_problem(self.store, task)
        self._save(task.standing_at(TaskStatus.NEEDS_ACTION, problems=(problem,), note=task.note))

    def _save(self, task: Task) -> None:
        self.store.save_task(task)
        self.listener.task_changed(task)

    def _new_order(self, name: SubscriptionId) -> OrderId:
        day = f"{DIFFERENCE_PREFIX}{self.clock.today:%Y%m%d}"
        order, again = OrderId(day), 1
        while self.store.task(task_id(order, name)) is not None:
            again += 1
            order = OrderId(f"{day}-{again}")
        return order


def difference_problem(store: Store, task: Task) -> Problem:
    """The problem that keeps such a task waiting until a person or the marketplace settles the difference."""
    facts: ProblemFacts = {
        "subscription": task.subscription_id,
        "differences": tuple(one.fact for one in store.differences(task.id)),
    }
    return Problem(ProblemCode.NOT_CARRIED_OVER, facts, task.subscription_id)
