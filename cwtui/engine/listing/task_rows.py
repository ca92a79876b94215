"""The rows of the task list straight from the state, for screens that shall open at once whatever its size."""

from __future__ import annotations

from collections.abc import Iterator

from cwtui.engine.listing.task_row import TaskRow
from cwtui.engine.protocols import Known


def task_rows(known: Known) -> Iterator[TaskRow]:
    """A row for every task, made as it is asked for.

    Equal texts are kept once, and no task is: 100,000 rows cost a fraction of 100,000 tasks.

    Raises:
        StateError: A task in the file cannot be read.
    """
    shared: dict[str, str] = {}
    once = shared.setdefault
    for task in known.tasks():
        yield TaskRow.of(task, once)
