"""Chooses the open tasks that a check plans anew: not those that only a person at cwtui can change."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable

from cwtui import __version__
from cwtui.domain.ids import TaskId
from cwtui.domain.planning import PlanningRules
from cwtui.domain.problems import ProblemCode
from cwtui.domain.tasks import Task, TaskKind, TaskStatus, order_rank
from cwtui.engine.protocols import Store

_SETTLED_HERE = frozenset(
    [
        ProblemCode.CUSTOMER_UNMAPPED,
        ProblemCode.PRODUCT_UNMAPPED,
        ProblemCode.AGREEMENT_UNMAPPED,
        ProblemCode.STATEMENT_BILLING_UNSUPPORTED,
        ProblemCode.UNKNOWN_ORDER_TYPE,
        ProblemCode.UNKNOWN_CHARGE_TYPE,
        ProblemCode.NOT_CARRIED_OVER,
    ]
)
"""Problems that no change in ConnectWise removes: they stay as long as mappings and rules stay the same."""

_BASIS = "planning.basis"
_FEW = 2
_WORDS = "problems as data"
"""Changes with the shape of problems, so that tasks an older version planned are planned anew."""


def due_tasks(
    store: Store,
    created: Collection[TaskId] = (),
    open_tasks: Iterable[Task] | None = None,
    *,
    more_subscriptions: bool = True,
    by_itself: bool = False,
) -> list[Task]:
    """The open tasks whose plans ConnectWise, time or this check may have changed.

    Args:
        store: Holds the tasks.
        created: Tasks this check made: they were never planned.
        open_tasks: Those of the store, if they were read already.
        more_subscriptions: The marketplace has another number of subscriptions than before, so one that was
            missing may be there now. Otherwise it is only looked for where few are missing.
        by_itself: Only what may be written without a person: a reconciliation is never begun so (check.md#order-kinds).
    """
    queues: dict[str, list[Task]] = defaultdict(list)
    for task in store.open_tasks() if open_tasks is None else open_tasks:
        queues[task.subscription_id or task.id].append(task)
    heads = [min(queue, key=_age) for queue in queues.values()]
    unread = (ProblemCode.SUBSCRIPTION_MISSING, ProblemCode.RECORD_UNREADABLE)
    missing = {head.id for head in heads if any(_has(head, code) for code in unread)}
    resting = {head.id for head in heads if any(_has(head, code) for code in _SETTLED_HERE)}
    resting = resting - missing if more_subscriptions or len(missing) <= _FEW else resting | missing
    resting -= set(created)
    due = []
    for head, queue in zip(heads, queues.values(), strict=True):
        due += [task for task in queue if head.id not in resting or task.id in created]
    return [task for task in due if not by_itself or _may_begin(store, task)]


def _may_begin(store: Store, task: Task) -> bool:
    return task.kind is not TaskKind.RECONCILIATION or store.plan_begun(task.id) is not None


def _age(task: Task) -> tuple[bool, float, str]:
    created = task.order_created
    return created is not None, created.timestamp() if created else 0.0, order_rank(task.order_id)


def _has(task: Task, code: ProblemCode) -> bool:
    return task.status is TaskStatus.NEEDS_ACTION and any(problem.code is code for problem in task.problems)


def basis(store: Store, rules: PlanningRules) -> str:
    """Fingerprint of all that decides plans beside the services: mappings, settings, this version's rules."""
    parts = [__version__, _WORDS, repr(rules), store.mappings().fingerprint]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def is_new_basis(store: Store, rules: PlanningRules) -> bool:
    """Every open task has to be planned anew."""
    return store.fact(_BASIS) != basis(store, rules)


def note_basis(store: Store, rules: PlanningRules) -> None:
    """Every open task was planned on what the operator decided until now."""
    if is_new_basis(store, rules):
        store.save_fact(_BASIS, basis(store, rules))
