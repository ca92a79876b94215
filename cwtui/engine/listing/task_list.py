"""The task list as the screen shows it: filtered, sorted and counted here, so that a pane only draws a window of it.

Everything works on row numbers in plain lists, which measured fastest. A filter letter is one pass of `in` over folded
strings, and only over what the letters before it left; a sort compares keys made once per row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from operator import attrgetter
from types import MappingProxyType
from typing import cast

from cwtui.domain.ids import TaskId
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.listing.task_row import SORT_KEYS, TaskColumn, TaskFilter, TaskRow, search_text


class TaskList:
    """Up to 100,000 task rows behind one filter, one order and one selection.

    Positions count the rows shown, from 0, in the order shown. A row that changes keeps its position, shown or
    not, until the next filter or sort: nothing jumps under the operator's cursor.
    """

    def __init__(self, rows: Iterable[TaskRow] = ()) -> None:
        self._filter = TaskFilter()
        self._sorted_by: tuple[TaskColumn, bool] | None = None
        self._selected: set[TaskId] = set()
        self._take(rows)

    def _take(self, rows: Iterable[TaskRow]) -> None:
        self._rows = list(rows)
        self._number = {row.id: number for number, row in enumerate(self._rows)}
        if len(self._number) != len(self._rows):
            raise ValueError("two rows of the task list have the same id")
        self._texts: list[str | None] = [None] * len(self._rows)
        self._prepared = 0
        self._order = list(range(len(self._rows)))
        self._shown = self._order
        self._positions: list[int] | None = None
        self._is_stale = False
        counted = Counter(map(attrgetter("status"), self._rows))
        self._counts = {status: counted[status] for status in TaskStatus}
        self._warned = sum(row.is_warned for row in self._rows)

    # reading

    @property
    def row_count(self) -> int:
        """How many rows are shown."""
        return len(self._shown)

    @property
    def total(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    @property
    def counts(self) -> Mapping[TaskStatus, int]:
        """How many tasks there are of each status, shown or not; every status has its number."""
        return MappingProxyType(self._counts)

    @property
    def warned_count(self) -> int:
        """How many tasks have warnings that nobody accepted, shown or not."""
        return self._warned

    def next_position(self, after: int, wanted: Callable[[TaskRow], bool]) -> int | None:
        """The next row shown that is wanted, from the top again after the last; None if none is."""
        count = len(self._shown)
        places = ((after + step) % count for step in range(1, count + 1))
        return next((place for place in places if wanted(self._rows[self._shown[place]])), None)

    @property
    def filter(self) -> TaskFilter:
        """The filter in force."""
        return self._filter

    def row(self, position: int) -> TaskRow:
        """The row shown at a position; IndexError outside `0 … row_count - 1`."""
        if position < 0:
            raise IndexError(position)
        return self._rows[self._shown[position]]

    def get(self, task_id: TaskId) -> TaskRow | None:
        """The row of a task, shown or not."""
        number = self._number.get(task_id)
        return None if number is None else self._rows[number]

    def index_of(self, task_id: TaskId) -> int | None:
        """Where a task is shown; None if it is not."""
        number = self._number.get(task_id)
        if number is None or self._positions is not None:
            return None if number is None else self._position(number)
        try:  # asked once after each filter letter: one look through is cheaper than a table for all
            return self._shown.index(number)
        except ValueError:
            return None

    def shown_ids(self) -> Sequence[TaskId]:
        """The tasks shown, in order."""
        return [self._rows[number].id for number in self._shown]

    # filter and order

    def show(self, wanted: TaskFilter) -> int:
        """Show what passes a filter, in the present order.

        Returns:
            How many rows are shown now.
        """
        is_narrower = not self._is_stale and wanted.narrows(self._filter)
        numbers = self._shown if is_narrower else self._order
        done = self._filter.words if is_narrower else ()
        self._shown = self._passing(numbers, wanted, [word for word in wanted.words if word not in done])
        self._filter, self._positions, self._is_stale = wanted, None, False
        return len(self._shown)

    def type(self, text: str) -> int:
        """Change only the filter's text: what a key in the filter line does."""
        return self.show(replace(self._filter, text=text))

    def refresh(self) -> int:
        """Filter anew after rows changed: those that no longer pass leave, those that do now appear."""
        return self.show(self._filter)

    def sort(self, column: TaskColumn, *, descending: bool = False) -> None:
        """Sort all rows, shown or not; equal ones keep their order, rows without a value come last either way."""
        keys = self._keys(column)
        everything = len(self._shown) == len(self._rows)
        self._order = _in_order(self._order, keys, descending=descending)
        self._shown = self._order if everything else _in_order(self._shown, keys, descending=descending)
        self._sorted_by, self._positions = (column, descending), None

    def prepare(self, count: int) -> bool:
        """Fold the texts of up to `count` more rows ahead of the first filter letter, when nothing else is to do.

        Returns:
            Whether rows are left to prepare.
        """
        end = min(self._prepared + count, len(self._rows))
        self._fold_texts(range(self._prepared, end))
        self._prepared = end
        return end < len(self._rows)

    # changes

    def update(self, row: TaskRow) -> int | None:
        """Put a changed row in its place, in constant time.

        Returns:
            Its position, for redrawing that one line; None if it is not shown.

        Raises:
            KeyError: If no row has its id.
        """
        number = self._number[row.id]
        self._counts[self._rows[number].status] -= 1
        self._warned += row.is_warned - self._rows[number].is_warned
        self._counts[row.status] += 1
        self._rows[number], self._texts[number], self._is_stale = row, None, True
        return self._position(number)

    def add(self, rows: Iterable[TaskRow]) -> None:
        """Append new rows; they are shown at the end if they pass the filter, until the next sort.

        Raises:
            ValueError: If one has an id that is there already; nothing was added then.
        """
        new = list(rows)
        if len({row.id for row in new}) < len(new) or any(row.id in self._number for row in new):
            raise ValueError("a row of the task list is there already")
        numbers = list(range(len(self._rows), len(self._rows) + len(new)))
        self._rows += new
        self._texts += [None] * len(new)
        self._number |= {row.id: number for row, number in zip(new, numbers, strict=True)}
        for row in new:
            self._warned += row.is_warned
            self._counts[row.status] += 1
        shown = self._passing(numbers, self._filter, self._filter.words)
        self._shown = [*self._shown, *shown]
        self._order = [*self._order, *numbers]
        self._positions = None

    def replace(self, rows: Iterable[TaskRow]) -> None:
        """Take other rows altogether; filter, order and what is still there of the selection stay."""
        self._take(rows)
        self._selected &= self._number.keys()
        wanted, self._filter = self._filter, TaskFilter()
        if self._sorted_by:
            column, descending = self._sorted_by
            self.sort(column, descending=descending)
        self.show(wanted)

    # selection

    @property
    def selected_count(self) -> int:
        """How many tasks are selected, shown or not."""
        return len(self._selected)

    @property
    def selected(self) -> Sequence[TaskRow]:
        """The selected rows in the present order, shown or not."""
        return [self._rows[number] for number in self._order if self._rows[number].id in self._selected]

    def is_selected(self, task_id: TaskId) -> bool:
        """Whether a task is selected."""
        return task_id in self._selected

    def toggle(self, task_id: TaskId) -> bool:
        """Select a task, or no longer; says which. KeyError for an unknown id."""
        if task_id not in self._number:
            raise KeyError(task_id)
        self._selected ^= {task_id}
        return task_id in self._selected

    def select_shown(self) -> None:
        """Select every task that is shown, beside those selected already."""
        self._selected.update(self.shown_ids())

    def select_none(self) -> None:
        """Select nothing."""
        self._selected.clear()

    # how

    def _position(self, number: int) -> int | None:
        if self._positions is None:
            self._positions = [-1] * len(self._rows)
            for position, shown in enumerate(self._shown):
                self._positions[shown] = position
        position = self._positions[number]
        return None if position < 0 else position

    def _passing(self, numbers: list[int], wanted: TaskFilter, words: Sequence[str]) -> list[int]:
        rows = self._rows
        if wanted.is_warned:
            numbers = [number for number in numbers if rows[number].is_warned]
        if wanted.statuses:
            numbers = [number for number in numbers if rows[number].status in wanted.statuses]
        if wanted.kinds:
            numbers = [number for number in numbers if rows[number].kind in wanted.kinds]
        if wanted.customers:
            numbers = [number for number in numbers if rows[number].customer_id in wanted.customers]
        if words:
            self._fold_texts(numbers)
        texts = cast("list[str]", self._texts)  # those of `numbers` are strings now
        for word in sorted(words, key=len, reverse=True):  # the longest leaves the fewest
            numbers = [number for number in numbers if word in texts[number]]
        return numbers

    def _fold_texts(self, numbers: Iterable[int]) -> None:
        rows, texts = self._rows, self._texts
        for number in numbers:
            if texts[number] is None:
                texts[number] = search_text(rows[number])

    def _keys(self, column: TaskColumn) -> list[object]:
        """What each row is compared by; None where it has no value."""
        key_of = SORT_KEYS[column]
        values = map(attrgetter(column.value), self._rows)
        return [None if value is None else key_of(value) for value in values]


def _in_order(numbers: list[int], keys: Sequence[object], *, descending: bool) -> list[int]:
    given = [number for number in numbers if keys[number] is not None]
    empty = [number for number in numbers if keys[number] is None] if len(given) < len(numbers) else []
    in_order = sorted(given, key=cast("Callable[[int], date]", keys.__getitem__), reverse=descending)
    return in_order + empty
