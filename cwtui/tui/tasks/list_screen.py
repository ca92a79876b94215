"""The list of tasks and the plan of the task under the cursor: everything that only reads."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.timer import Timer

from cwtui.domain.errors import CwtuiError
from cwtui.domain.ids import CustomerId, TaskId
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.engine.concurrently import in_turns
from cwtui.engine.listing.task_list import TaskList
from cwtui.engine.listing.task_row import TaskColumn, TaskFilter, TaskRow
from cwtui.engine.listing.task_rows import task_rows
from cwtui.tui.plan_lines import plan_lines, problem_lines, task_lines
from cwtui.tui.screens.work_screen import WorkScreen
from cwtui.tui.session import Session
from cwtui.tui.widgets.detail_pane import DetailPane, Line, block
from cwtui.tui.widgets.filter_input import FilterInput
from cwtui.tui.widgets.fuzzy_picker import Entry, FuzzyPicker
from cwtui.tui.widgets.hint_line import HINTS, HintLine
from cwtui.tui.widgets.keys_line import KeysLine
from cwtui.tui.widgets.progress_line import ProgressLine
from cwtui.tui.widgets.status_bar import StatusBar
from cwtui.tui.widgets.status_words import KIND_WORDS, STATUS_WORDS, counts_shown
from cwtui.tui.widgets.task_rows import TASK_COLUMNS, TaskRows, fill
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.widgets.virtual_table import VirtualTable
from cwtui.tui.words import WIDE, counted

_PREVIEW_AFTER_S = 0.06
_PREPARED_AT_ONCE = 4_000
_MANY = 10_000
_LOADING, _NONE, _FILTERED = (
    "Reading the tasks …",
    "No tasks yet. Press c to check changes.",
    "No task passes the filter.",
)


class TaskListScreen(WorkScreen):
    """Filters, sorts, selects and shows tasks; `TasksScreen` adds the actions that change them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "stop_or_show_all",
            "Show all",
            show=False,
            id="tasks.show_all",
            tooltip="Stop before the next write; else drop all filters",
        ),
        Binding(  # priority: the next keys must go into the filter line, however busy the list is
            "slash", "filter", "Filter", key_display="/", priority=True, id="tasks.filter", tooltip="Filter as you type"
        ),
        Binding("f", "filter_status", "Status", show=False, id="tasks.status", tooltip="Show one status only, or all"),
        Binding("F", "filter_kind", "Kind", show=False, id="tasks.kind", tooltip="Show one kind only, or all"),
        Binding(
            "C", "filter_customer", "Customer", show=False, id="tasks.customer", tooltip="This customer only, or all"
        ),
        Binding("t", "sort", "Sort", show=False, id="tasks.sort", tooltip="Sort by the next column"),
        Binding("T", "sort_turn", "Turn", show=False, id="tasks.sort_turn", tooltip="Turn the order round"),
        Binding("a", "select_shown", "Select all", show=False, id="tasks.all", tooltip="Select every task shown"),
        Binding("A", "select_none", "Select none", show=False, id="tasks.none", tooltip="Select no task"),
        Binding("n", "next", "Next", show=False, id="tasks.next", tooltip="To the next task that needs a person"),
        Binding("tab", "other_pane", "Other pane", show=False, id="tasks.pane", tooltip="To the plan and back"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._tasks = TaskList()
        self._order: tuple[TaskColumn, bool] | None = None
        self._folding: Timer | None = None
        self._seen: str | None = None

    def compose(self) -> ComposeResult:
        """Counts, filter, list beside or above the plan, progress, keys."""
        yield StatusBar()
        yield FilterInput(placeholder="/ filters: words of customer, subscription, order, status …")
        with Container(classes="panes"):
            yield VirtualTable(TASK_COLUMNS, TaskRows(self._tasks), empty_text=_LOADING, id="tasks")
            yield DetailPane(id="detail")
        yield HintLine()
        yield ProgressLine()
        yield KeysLine()

    def on_mount(self) -> None:
        """Show the state's tasks, some of them at once and the rest as they are read."""
        self._folding = self.set_interval(0.5, self._fold, pause=True)
        self.query_one("#tasks").focus()
        self.query_one(HintLine).place = 0 if self.session.shows_hints else None
        self.load()

    def hint_done(self, place: int) -> None:
        """Show the hint after this one, if this one is shown; the last one stays until it is closed."""
        line = self.query_one(HintLine)
        if line.place is not None and line.place <= place < len(HINTS) - 1:
            line.place = place + 1

    @work(group="load")
    async def load(self) -> None:
        """Read the tasks without holding up keys and repaints."""
        unread = (row for row in task_rows(self.session.engine.known) if self._tasks.get(row.id) is None)
        try:
            await fill(self._tasks, unread, self._show_added)
        except CwtuiError as error:
            self.query_one(DetailPane).show(block(str(error), Tone.BAD))
        self._show_list()
        async for _ in in_turns(self.session.engine.known.warming()):
            pass  # else the first plan would hold up the keys in a large state
        if self._tasks.total >= _MANY:
            gc.freeze()  # the rows stay in memory: collecting garbage among them would hold up the keys

    def _show_added(self) -> None:
        self._table.rows_added()
        self._show_counts()

    def _show_list(self) -> None:
        self._table.empty_text = _FILTERED if self._tasks.total else _NONE
        self._table.rows_changed()
        self._show_counts()
        if self._folding is not None:
            self._folding.resume()

    def _show_counts(self) -> None:
        bar = self.query_one(StatusBar)
        bar.counts = counts_shown(self._tasks.counts)
        bar.note = self._note()

    def _note(self) -> str:
        """Note how many are shown and selected, and who else holds the state."""
        parts = []
        wanted = self._tasks.filter
        chosen = [STATUS_WORDS[status].word for status in wanted.statuses] + [KIND_WORDS[kind] for kind in wanted.kinds]
        if wanted.is_warned:
            chosen.append("with warnings")
        if wanted.customers:
            chosen.append("one customer")
        if not wanted.is_empty:
            only = f": {', '.join(chosen)}" if chosen else ""
            parts.append(f"{self._tasks.row_count:,} of {self._tasks.total:,} shown{only}, esc shows all")
        if self._tasks.warned_count:
            parts.append(f"{counted(self._tasks.warned_count, 'task')} with warnings (!)")
        if self._tasks.selected_count:
            parts.append(f"{self._tasks.selected_count:,} selected")
        if self.session.is_read_only:
            parts.append("READ\u00a0ONLY: this user may not write this state")
        return " · ".join(parts)

    def _fold(self) -> None:
        """Fold texts for the filter while the app is idle, so that its first letter is fast too."""
        if not self.working and not self._tasks.prepare(_PREPARED_AT_ONCE) and self._folding is not None:
            self._folding.pause()

    @property
    def _table(self) -> VirtualTable:
        return self.query_one("#tasks", VirtualTable)

    def on_resize(self, event: events.Resize) -> None:
        """List above plan on a narrow terminal, beside it on a wide one."""
        self.set_class(event.size.width >= WIDE, "-wide")

    # news from the engine

    def take_news(self, changed: Mapping[TaskId, Task]) -> None:
        """Show tasks that changed, and how far work is."""
        super().take_news(changed)
        if not changed:
            return
        new = []
        for task in changed.values():
            row = TaskRow.of(task)
            if self._tasks.get(task.id) is None:
                new.append(row)
            elif (position := self._tasks.update(row)) is not None:
                self._table.row_changed(position)
        if new:
            self._tasks.add(new)
            self._show_list()
        self._show_counts()
        if self._highlighted in changed:
            self.preview()

    # the pane

    @on(VirtualTable.Highlighted, "#tasks")
    def _highlight(self, event: VirtualTable.Highlighted) -> None:
        if self._seen not in {None, event.key}:
            self.hint_done(0)
        self._seen = event.key
        self.preview()

    @property
    def _highlighted(self) -> TaskId | None:
        key = self._table.cursor_key
        return None if key is None else TaskId(key)

    @property
    def _chosen(self) -> list[TaskId]:
        """The selected tasks, else the one under the cursor."""
        if self._tasks.selected_count:
            return [row.id for row in self._tasks.selected]
        return [self._highlighted] if self._highlighted else []

    @work(exclusive=True, group="preview")
    async def preview(self) -> None:
        """Show the plan of the highlighted task, once the cursor rests on it."""
        pane, task_id = self.query_one(DetailPane), self._highlighted
        if task_id is None:
            pane.show([])
            return
        await asyncio.sleep(_PREVIEW_AFTER_S)
        engine = self.session.engine
        lines: list[Line] = []
        try:
            task = await engine.task(task_id)
            lines = task_lines(task)
            if pane.lines[: len(lines)] != tuple(lines):
                pane.show(lines)
            try:
                lines += plan_lines(await engine.preview(task_id), self.session.names, task.warnings)
            except CwtuiError:
                lines += problem_lines(task.problems)  # the warnings of its last planning
                raise
        except CwtuiError as error:
            lines += [Line(""), *block(str(error), Tone.BAD)]
        if pane.lines != tuple(lines):
            pane.show(lines)

    def action_other_pane(self) -> None:
        """From the list to the plan and back."""
        pane = self.query_one(DetailPane)
        (self._table if pane.has_focus else pane).focus()

    def action_next(self) -> None:
        """To the next task that needs a person: one that cannot go on, failed, or has warnings."""
        place = self._tasks.next_position(self._table.cursor, lambda row: row.needs_person)
        if place is None:
            self.notify("No task shown here needs a person.", markup=False)
        else:
            self._table.cursor = place
            self._table.focus()

    # filter

    @on(FilterInput.Changed)
    def _type(self, event: FilterInput.Changed) -> None:
        self._tasks.type(event.value)
        self._show_list()

    @on(FilterInput.Left)
    def _leave_filter(self) -> None:
        self._table.focus()

    def action_filter(self) -> None:
        """To the filter line."""
        self.set_focus(self.query_one(FilterInput))

    @work
    async def action_filter_status(self) -> None:
        """Choose a status to show."""
        words = [Entry("All statuses"), *(Entry(shown.word) for shown in STATUS_WORDS.values())]
        words.append(Entry("with warnings", "that nobody accepted yet"))
        place = await self._choose("Show which status?", words)
        if place is not None:
            is_warned = place > len(STATUS_WORDS)
            is_one = place and not is_warned
            statuses = frozenset({list(STATUS_WORDS)[place - 1]}) if is_one else frozenset[TaskStatus]()
            self._filter(replace(self._tasks.filter, statuses=statuses, is_warned=is_warned))

    @work
    async def action_filter_kind(self) -> None:
        """Choose a kind to show."""
        place = await self._choose("Show which kind?", [Entry("All kinds"), *map(Entry, KIND_WORDS.values())])
        if place is not None:
            kinds = frozenset[TaskKind]() if place == 0 else frozenset({list(KIND_WORDS)[place - 1]})
            self._filter(replace(self._tasks.filter, kinds=kinds))

    def action_filter_customer(self) -> None:
        """Show the tasks of this task's customer only, or of all again."""
        row = self._tasks.get(self._highlighted) if self._highlighted else None
        is_filtered = bool(self._tasks.filter.customers)
        customers = frozenset[CustomerId]() if is_filtered or row is None else frozenset({row.customer_id})
        self._filter(replace(self._tasks.filter, customers=customers))

    def action_stop_or_show_all(self) -> None:
        """Stop the work; if there is none, show every task again."""
        if self.working:
            self.action_stop()
            return
        if self.back_to_list():
            return
        self.query_one(FilterInput).value = ""
        self._filter(TaskFilter())

    def _filter(self, wanted: TaskFilter) -> None:
        self._tasks.show(wanted)
        self._show_list()

    async def _choose(self, title: str, entries: Sequence[Entry]) -> int | None:
        def search(query: str) -> list[int]:
            return [place for place, entry in enumerate(entries) if query.casefold() in entry.label.casefold()]

        return await self.ask(FuzzyPicker(title, entries, search))

    # order and selection

    def action_sort(self) -> None:
        """Sort by the next column; after the last one by the first again."""
        columns = list(TaskColumn)
        place = columns.index(self._order[0]) + 1 if self._order else 0
        self._sort((columns[place % len(columns)], False))

    def action_sort_turn(self) -> None:
        """Turn the order round."""
        if self._order:
            self._sort((self._order[0], not self._order[1]))

    @on(VirtualTable.SortRequested)
    def _sort_by_click(self, event: VirtualTable.SortRequested) -> None:
        column = TaskColumn(event.column)
        self._sort((column, self._order == (column, False)))

    def _sort(self, order: tuple[TaskColumn, bool]) -> None:
        self._order = order
        self._tasks.sort(order[0], descending=order[1])
        self._table.sort_mark = (order[0].value, order[1])
        self._show_list()

    @on(VirtualTable.SelectionToggled)
    def _toggle(self, event: VirtualTable.SelectionToggled) -> None:
        self._tasks.toggle(TaskId(event.key))
        self._table.row_changed(event.index)
        self._show_counts()

    def action_select_shown(self) -> None:
        """Select every task shown."""
        self._tasks.select_shown()
        self._show_list()

    def action_select_none(self) -> None:
        """Select no task."""
        self._tasks.select_none()
        self._show_list()
