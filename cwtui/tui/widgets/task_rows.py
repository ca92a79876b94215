"""The rows of a task list, as a table asks for them."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import islice
from time import monotonic

from cwtui.domain.ids import TaskId
from cwtui.engine.listing.task_list import TaskList
from cwtui.engine.listing.task_row import TaskColumn, TaskRow
from cwtui.tui.widgets.columns import Column
from cwtui.tui.widgets.status_words import KIND_WORDS, STATUS_WORDS
from cwtui.tui.widgets.tone import Tone
from cwtui.wording.problems import reason_of

TASK_COLUMNS = (
    Column(TaskColumn.STATUS, "Status", 14, toned=True),
    Column(TaskColumn.KIND, "Kind", 12, share=1, widest=14, rank=3),
    Column(TaskColumn.CUSTOMER, "Customer", 14, share=3, widest=50),
    Column(TaskColumn.SUBSCRIPTION, "Subscription", 14, share=4, widest=60, rank=2),
    Column(TaskColumn.ORDER, "Order", 10, share=1, widest=20, rank=4, least=110),
    Column(TaskColumn.EFFECTIVE, "Effective", 11, rank=5, least=132),
    Column(TaskColumn.MONTHLY_EFFECT, "Per month", 11, right=True),
    Column(TaskColumn.PROBLEM, "Problem", 19, share=5, rank=1),
)
"""Keys are those of `TaskColumn`. Columns that differ least from row to row are hidden first: the pane shows all of
them."""

_WARNED = " (!)"
_AT_ONCE = 250
"""Rows added between two looks at the keys: a few milliseconds' worth, reading them from the state included."""
_SHOWN_EVERY_S = 0.2


class TaskRows:
    """A window on a `TaskList`; the key of a row is its task's id."""

    def __init__(self, tasks: TaskList) -> None:
        self._tasks = tasks

    @property
    def row_count(self) -> int:
        """How many rows are shown."""
        return self._tasks.row_count

    def key(self, index: int) -> str:
        """The task's id."""
        return self._tasks.row(index).id

    def index_of(self, key: str) -> int | None:
        """Where a task is shown."""
        return self._tasks.index_of(TaskId(key))

    def cells(self, index: int) -> Sequence[str]:
        """One value per column of `TASK_COLUMNS`."""
        row = self._tasks.row(index)
        return (
            f"{STATUS_WORDS[row.status]}{_WARNED if row.is_warned and not row.reason else ''}",
            KIND_WORDS[row.kind],
            row.customer,
            row.subscription,
            row.order_number,
            "" if row.effective is None else row.effective.isoformat(),
            signed(row.monthly_effect),
            _problem(row),
        )

    def tone(self, index: int) -> Tone:
        """The tone of the task's status, and of its warnings."""
        row = self._tasks.row(index)
        return Tone.ATTENTION if row.is_warned else STATUS_WORDS[row.status].tone

    def is_selected(self, index: int) -> bool:
        """Whether the task is selected."""
        return self._tasks.is_selected(self._tasks.row(index).id)


def _problem(row: TaskRow) -> str:
    """The reason in a word, its target, then the whole message."""
    if not row.reason:
        return row.problem
    whom = f" {row.whom}" if row.whom else ""
    return f"{reason_of(row.reason)}{whom} · {row.problem}"


async def fill(tasks: TaskList, rows: Iterable[TaskRow], shown: Callable[[], None]) -> None:
    """Add many rows without keeping the screen waiting: keys and paints come in between.

    Args:
        tasks: Where they go, at the end.
        rows: Read as they are needed, so that what makes them may be slow.
        shown: Called now and then, and at the end, to show how many there are by then.
    """
    waiting = iter(rows)
    last_shown = monotonic()
    while some := list(islice(waiting, _AT_ONCE)):
        tasks.add(some)
        tasks.prepare(_AT_ONCE)
        if monotonic() - last_shown > _SHOWN_EVERY_S:
            shown()
            last_shown = monotonic()
        await sleep(0)
    shown()


def signed(amount: Decimal | None) -> str:
    """An amount that something changes by (`+25.00`, `−3.10`, `0.00`); empty while it is not known."""
    if amount is None:
        return ""
    cents = format(abs(amount), ",.2f")
    if amount == 0:
        return cents
    return f"{'+' if amount > 0 else '−'}{cents}"
