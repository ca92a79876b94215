"""Repairs as tasks: planned, reviewed, edited, journalled, resumed and undone like any other.

Rule: reconciling.md#repairs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from cwtui.domain.ids import (
    AdditionId,
    AgreementId,
    CatalogItemId,
    CustomerId,
    OrderId,
    SubscriptionId,
    TaskId,
    task_id,
)
from cwtui.domain.lazily import dataclass
from cwtui.domain.periods import span_text
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.planning.ground import (
    agreement_problems,
    another_companys,
    deleted_company,
    ends_before,
    unknown_agreement,
    unmapped_customer,
)
from cwtui.domain.plans import Plan
from cwtui.domain.problems import Problem
from cwtui.domain.psa import Addition, Agreement
from cwtui.domain.repair_values import Repair
from cwtui.domain.repairs import REPAIR_PREFIX, RepairDraft, repair_start
from cwtui.domain.tasks import HandMade, Task, TaskKind, TaskStatus, is_difference
from cwtui.engine.checking.difference_tasks import difference_problem
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.reconciling.billed_once import billed_once
from cwtui.engine.workspace import Feature


def is_migration(task: Task) -> bool:
    """A migrated subscription's task: it comes from an order and waits for a person to reconcile.

    Rule: check.md#order-kinds.
    """
    is_own = is_difference(task) or task.order_id.startswith(REPAIR_PREFIX)
    return task.kind is TaskKind.RECONCILIATION and not is_own


def waits_for_reconciling(task: Task) -> bool:
    """A reconciliation that repairs nothing yet: it ends when everything is found to be right."""
    return is_migration(task) or is_difference(task)


@dataclass(slots=True)
class RepairTasks(Feature):
    """Where the plans of `reconciliation` tasks come from; fits `PlanSource` of `planning`."""

    def repair_of(self, task: Task) -> Repair | None:
        """What a task shall repair; None for a migrated subscription nobody has reconciled yet."""
        return self.store.repair(task.id)

    def decided_by_hand(self, repair: Repair) -> tuple[HandMade, ...]:
        """What persons decided in any task of the subscription about additions that nobody linked."""
        tasks = self.store.tasks_of(repair.subscription_id) if repair.subscription_id else ()
        return tuple(made for task in tasks for made in task.by_hand)

    def agreement_of(self, task: Task) -> AgreementId | None:
        """The agreement it repairs."""
        repair = self.repair_of(task)
        return repair.agreement_id if repair else None

    def items_of(self, task: Task) -> Collection[CatalogItemId]:
        """Catalog items of what shall be billed."""
        repair = self.repair_of(task)
        wanted = (target.wanted.catalog_item_id for target in repair.targets) if repair else ()
        return {item for item in wanted if item is not None}

    def plan(self, desk: PlanningDesk, task: Task, additions: Mapping[AdditionId, Addition] | None) -> Plan | None:
        """The changes that bring the repair about, from what the desk loaded."""
        repair = self.repair_of(task)
        if repair is None:
            return self._unrepaired(task)
        agreement = desk.agreements.get(repair.agreement_id)
        problems = self._problems(desk, task, repair, agreement)
        dates = AgreementDates.of(agreement, desk.billed.get(agreement.id)) if agreement else None
        if agreement is None or dates is None:
            return Plan(task.id, task.subscription_id, repair.agreement_id, problems=tuple(problems))
        start = repair_start(dates, self.clock.today, repair.day)
        links = {link.addition_id: link for link in self.store.links_in(agreement.id)}
        draft = RepairDraft(repair, dates, start, additions, desk.items, links, self.decided_by_hand(repair))
        draft.make()
        if any(change.before is None for change in draft.changes):
            problems += ends_before(agreement, start)
        once = billed_once(self.store, repair, additions, min(start, self.clock.today))
        return Plan(
            task_id=task.id,
            subscription_id=task.subscription_id,
            agreement_id=agreement.id,
            changes=tuple(draft.changes),
            warnings=tuple(dict.fromkeys([*self._warnings(dates, start), *draft.warnings, *once])),
            problems=(*problems, *draft.problems),
            effective=start,
            standing_from=start,
            currency=agreement.currency,
        )

    def _unrepaired(self, task: Task) -> Plan | None:
        if not is_difference(task):
            return None
        return Plan(task.id, task.subscription_id, None, problems=(difference_problem(self.store, task),))

    def _warnings(self, dates: AgreementDates, start: object) -> Iterable[str]:
        """Warn that invoiced periods cannot be repaired, only later ones."""
        now = dates.calendar.period_of(self.clock.today)
        if dates.is_billed(now.start):
            yield (
                f"The billing period {span_text(now.start, now.end)} is billed already: the repair begins on {start}."
                " Bill or credit what went before by hand."
            )

    def _problems(self, desk: PlanningDesk, task: Task, repair: Repair, agreement: Agreement | None) -> list[Problem]:
        if agreement is None:
            return [unknown_agreement(repair.agreement_id)]
        found = []
        company = self.store.mappings().company(task.customer_id)
        if company is None:
            found.append(unmapped_customer(task))
        elif desk.companies.is_deleted(task):
            found.append(deleted_company(company, task.customer_name))
        return [*found, *agreement_problems(agreement, None), *another_companys(agreement, company)]

    # making and ending them

    def carrier(self, repair: Repair, customer_id: CustomerId, customer_name: str, name: str) -> Task | str:
        """The task that carries a repair: an open one of its own, the migrated subscription's, or a new one.

        Returns:
            The task, not saved yet; or why there can be none now, in a sentence.
        """
        queue = [task for task in self._queue(repair) if task.status.is_open]
        is_left = self._ends_what_was_left(repair)
        if queue and queue[0].kind is TaskKind.RECONCILIATION and not is_left:
            return queue[0]
        if queue and queue[0].kind is not TaskKind.RECONCILIATION:
            return (
                f"Subscription {name} has open tasks that come first: sync or skip {', '.join(map(_id, queue))},"
                " then reconcile again."
            )
        if is_left:
            return self._ending(repair) or self._new(
                replace(repair, subscription_id=SubscriptionId("")), customer_id, customer_name, name
            )
        return self._new(repair, customer_id, customer_name, name)

    def _ends_what_was_left(self, repair: Repair) -> bool:
        """It ends what goes on where its subscription no longer is; that subscription's own tasks are not its.

        Rule: reconciling.md#moved.
        """
        mapped = self.store.mappings().agreement(repair.subscription_id)
        return not repair.targets and mapped is not None and mapped != repair.agreement_id

    def _ending(self, repair: Repair) -> Task | None:
        for task in self.open_in(repair.agreement_id, ()):
            begun = self.repair_of(task)
            if begun is not None and begun.subscription_id == repair.subscription_id:
                return task
        return None

    def save(self, task: Task, repair: Repair) -> None:
        """Keep a task and what it shall repair, in one piece; edits of an earlier plan no longer fit."""
        with self.store.batch():
            self.store.save_repair(task.id, repair)
            self.store.save_task(task.standing_at(TaskStatus.NEEDS_ACTION))

    def open_in(self, agreement: AgreementId, subscriptions: Collection[SubscriptionId]) -> list[Task]:
        """Open repairs of an agreement that belong to these subscriptions, or to none."""
        return [
            task
            for task in self.store.open_tasks()
            if task.kind is TaskKind.RECONCILIATION
            and (not task.subscription_id or task.subscription_id in subscriptions)
            and self.agreement_of(task) == agreement
        ]

    def drop(self, task: Task) -> None:
        """Drop a repair that has nothing to do any more; a migrated subscription's task is settled by syncing it."""
        if not is_migration(task):
            ended = TaskStatus.SYNCED if is_difference(task) else TaskStatus.SKIPPED
            self.store.save_task(task.standing_at(ended, note="Reconciled since: nothing to repair."))

    def _queue(self, repair: Repair) -> list[Task]:
        if repair.subscription_id:
            return list(self.store.tasks_of(repair.subscription_id))
        return self.open_in(repair.agreement_id, ())

    def _new(self, repair: Repair, customer_id: CustomerId, customer_name: str, name: str) -> Task:
        owner = repair.subscription_id or SubscriptionId(f"agreement-{repair.agreement_id}")
        now = self.clock.now()
        order = OrderId(f"{REPAIR_PREFIX}{now:%Y%m%d-%H%M%S}")
        again = 1
        while self.store.task(task_id(order, owner)) is not None:
            again += 1
            order = OrderId(f"{REPAIR_PREFIX}{now:%Y%m%d-%H%M%S}-{again}")
        return Task(
            id=task_id(order, owner),
            kind=TaskKind.RECONCILIATION,
            status=TaskStatus.NEEDS_ACTION,
            customer_id=customer_id,
            customer_name=customer_name,
            subscription_id=repair.subscription_id,
            subscription_name=name,
            order_id=order,
            order_number="reconciliation",
            order_created=self._after_all(repair, now),
        )

    def _after_all(self, repair: Repair, now: datetime) -> datetime:
        """Now; or just after the subscription's newest order, where an as-of day lets that lie ahead."""
        created = [task.order_created for task in self._queue(repair) if task.order_created]
        return max([now, *(moment + timedelta(seconds=1) for moment in created)])


def _id(task: Task) -> TaskId:
    return task.id
