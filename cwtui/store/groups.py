"""The groups of the state's rows, read from their bytes, and the rows that are no longer needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any

from cwtui.domain.ledger import Doubt, Doubtful, Operation, Owed, Purpose
from cwtui.domain.mappings import Link
from cwtui.domain.plans import Change
from cwtui.domain.records import AuditRow, ConfirmedChange
from cwtui.domain.tasks import Task, TaskStatus, order_rank
from cwtui.store.log import Op
from cwtui.store.schema import json_field
from cwtui.store.table import Table, number_after, text_after

OPEN, ENDED, REPLACES = "open", "ended", "replaces"
_ENDED = tuple(json_field(Task, "status", status) for status in TaskStatus if not status.is_open)
_REPLACES = (
    json_field(AuditRow, "operation", Operation.DELETE),
    json_field(AuditRow, "purpose", Purpose.UNDO),
    json_field(AuditRow, "purpose", Purpose.RESTORE),
)


def _text(of: type[Any], field: str) -> Callable[[bytes], str]:
    marker = json_field(of, field) + b'"'
    return lambda row: text_after(row, marker)


def _number(of: type[Any], field: str) -> Callable[[bytes], str]:
    marker = json_field(of, field)
    return lambda row: number_after(row, marker)


subscription_of_task, order_of_task = _text(Task, "subscription_id"), _text(Task, "order_id")
subscription_of_link, agreement_of_link = _text(Link, "subscription_id"), _number(Link, "agreement_id")
agreement_of_write, agreement_of_doubt = _number(Change, "agreement_id"), _number(Doubt, "agreement_id")
task_of_owed, task_of_doubtful = _text(Owed, "task_id"), _text(Doubtful, "task_id")
task_of_done, task_of_audit_row = _text(ConfirmedChange, "task_id"), _text(AuditRow, "task_id")


def openness(row: bytes) -> str:
    """Whether a task is still to be worked on."""
    return ENDED if any(one in row for one in _ENDED) else OPEN


def replaces(row: bytes) -> str:
    """Whether an audit row deletes an addition, or is part of an undo or a restore."""
    return REPLACES if any(one in row for one in _REPLACES) else ""


def unneeded(
    orders: Table, subscriptions: Table, open_tasks: Collection[bytes], kept: Collection[tuple[str, str]]
) -> Iterable[Op]:
    """The operations that drop orders and subscriptions to which no open task refers, except some."""
    needed = {
        "orders": (orders, set(map(order_of_task, open_tasks))),
        "subscriptions": (subscriptions, set(map(subscription_of_task, open_tasks))),
    }
    return [
        (name, key, None)
        for name, (table, wanted) in needed.items()
        for key in table.rows
        if key not in wanted and (name, key) not in kept
    ]


def age(task: Task) -> tuple[bool, datetime, str]:
    """The sort key of check.md#order-of-tasks, with a moment to compare where `initial` has none."""
    created = task.order_created
    moment = created or datetime.min  # noqa: DTZ901  # compared with no real moment
    return (created is not None, moment, order_rank(task.order_id))
