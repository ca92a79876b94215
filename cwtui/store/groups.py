"""What rows of the state are grouped by, read from their bytes, and what follows from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from cwtui.domain.ledger import Operation, Purpose
from cwtui.domain.tasks import Task, order_rank
from cwtui.store.journal import Op
from cwtui.store.table import Table, number_after, text_after

OPEN, ENDED, REPLACES = "open", "ended", "replaces"
_REPLACES = tuple(
    b'"%b":"%b"' % (name, value.encode())
    for name, value in ((b"operation", Operation.DELETE), (b"purpose", Purpose.UNDO), (b"purpose", Purpose.RESTORE))
)


def subscription_of_task(row: bytes) -> str:
    """The subscription of a task."""
    return text_after(row, b'"subscription":{"id":"')


def order_of_task(row: bytes) -> str:
    """The order of a task."""
    return text_after(row, b'"order":{"id":"')


def openness(row: bytes) -> str:
    """Whether a task is still to be worked on."""
    return ENDED if b'"status":"synced"' in row or b'"status":"skipped"' in row else OPEN


def subscription_of_link(row: bytes) -> str:
    """The subscription of a link."""
    return text_after(row, b'"subscription_id":"')


def agreement_of(row: bytes) -> str:
    """The agreement of a link, or of an intent's change."""
    return number_after(row, b'"agreement_id":')


def task_of(row: bytes) -> str:
    """The task of a confirmed change, or of an audit row."""
    return text_after(row, b'"task_id":"')


def replaces(row: bytes) -> str:
    """Whether an audit row deletes an addition, or is part of an undo or a restore."""
    return REPLACES if any(said in row for said in _REPLACES) else ""


def unneeded(
    orders: Table, subscriptions: Table, open_tasks: Collection[bytes], kept: Collection[tuple[str, str]]
) -> Iterable[Op]:
    """What drops the orders and subscriptions that no open task refers to, except some."""
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
