"""The rows of the task list straight from the state, for screens that shall open at once whatever its size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from cwtui.domain.errors import StateError
from cwtui.domain.ids import CustomerId, TaskId
from cwtui.domain.tasks import TaskKind, TaskStatus
from cwtui.engine.listing.task_list import TaskRow
from cwtui.engine.protocols import Store

_STATUSES = {str(status): status for status in TaskStatus}
_KINDS = {str(kind): kind for kind in TaskKind}


def task_rows(store: Store) -> Iterator[TaskRow]:
    """A row for every task, made as it is asked for.

    A row is made from the task's document (commands.md#task-list) without making the task, and equal texts
    are kept once: 100,000 rows cost a fraction of 100,000 tasks. It is the row that `TaskRow.of` makes.

    Raises:
        StateError: A task in the file cannot be read.
    """
    shared: dict[str, str] = {}
    for document in store.task_documents():
        try:
            yield _row(document, shared)
        except (KeyError, TypeError, ValueError, InvalidOperation) as error:
            raise StateError(
                f"Task {document.get('id')} in the state file cannot be read: {error!r}.",
                next_step="Correct it in the file while cwtui is not running, or go back to the file's .bak.",
            ) from error


def _row(document: Mapping[str, Any], shared: dict[str, str]) -> TaskRow:
    customer, problems = document["customer"], document["problems"]
    problem = str(problems[0]["message"] if problems else document["note"])
    if len(problems) > 1:
        problem = f"{problem} (+{len(problems) - 1} more)"
    effective, monthly_effect = document["effective"], document["monthly_effect"]
    once = shared.setdefault
    return TaskRow(
        TaskId(document["id"]),
        _STATUSES[document["status"]],
        _KINDS[document["kind"]],
        CustomerId(once(customer["id"], customer["id"])),
        once(customer["name"], customer["name"]),
        once(document["subscription"]["name"], document["subscription"]["name"]),
        document["order"]["number"],
        None if effective is None else date.fromisoformat(effective),
        None if monthly_effect is None else Decimal(monthly_effect),
        once(problem, problem),
    )
