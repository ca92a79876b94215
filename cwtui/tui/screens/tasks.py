"""Tasks: the home screen. The list, the plan of the highlighted task, and everything one does with tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Footer

from cwtui.domain.errors import CwtuiError
from cwtui.domain.ids import CustomerId, TaskId
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.engine.facade import AutoReport
from cwtui.engine.task_list import TaskColumn, TaskFilter, TaskList, TaskRow
from cwtui.tui.plan_lines import plan_lines, task_lines
from cwtui.tui.session import EventKind, Session
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.detail_pane import DetailPane, Line, block
from cwtui.tui.widgets.filter_input import FilterInput
from cwtui.tui.widgets.fuzzy_picker import Entry, FuzzyPicker
from cwtui.tui.widgets.progress_line import ProgressLine
from cwtui.tui.widgets.status_bar import StatusBar
from cwtui.tui.widgets.status_words import KIND_WORDS, STATUS_WORDS, counts_shown
from cwtui.tui.widgets.task_rows import TASK_COLUMNS, TaskRows, signed
from cwtui.tui.widgets.text_prompt_screen import TextPromptScreen
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.widgets.virtual_table import VirtualTable

_PREVIEW_AFTER_S = 0.06
_PREPARED_AT_ONCE = 4_000
_SHOWN_BEFORE_WRITING = 60


class TasksScreen(Screen[None]):
    """The list of tasks and the plan of the one under the cursor."""

    HELP = "Check changes, look at the plan of each task, map what is missing, synchronise."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "check", "Check", id="tasks.check", tooltip="Look for new and ended orders"),
        Binding("s", "sync", "Sync", id="tasks.sync", tooltip="Write the plans of the selected tasks, or of this one"),
        Binding("S", "sync_ready", "Sync ready", id="tasks.sync_ready", tooltip="Write the plans of all ready tasks"),
        Binding("m", "fix", "Map", id="tasks.map", tooltip="Map what this task needs, step by step"),
        Binding("e", "edit", "Edit", id="tasks.edit", tooltip="Edit the additions of this plan"),
        Binding("x", "skip", "Skip", id="tasks.skip", tooltip="Set the selected tasks aside, with a reason"),
        Binding("o", "reopen", "Reopen", id="tasks.reopen", tooltip="Take skipped or failed tasks up again"),
        Binding("u", "undo", "Undo", id="tasks.undo", tooltip="Take back what this task wrote"),
        Binding("w", "why", "Why", id="tasks.why", tooltip="Where every number of this task comes from"),
        Binding("slash", "filter", "Filter", key_display="/", id="tasks.filter", tooltip="Filter as you type"),
        Binding("f", "filter_status", "Status", show=False, id="tasks.status", tooltip="Show one status only, or all"),
        Binding("F", "filter_kind", "Kind", show=False, id="tasks.kind", tooltip="Show one kind only, or all"),
        Binding("C", "filter_customer", "Customer", show=False, id="tasks.customer", tooltip="Show this customer only"),
        Binding("t", "sort", "Sort", show=False, id="tasks.sort", tooltip="Sort by the next column"),
        Binding("T", "sort_turn", "Turn", show=False, id="tasks.sort_turn", tooltip="Turn the order round"),
        Binding("a", "select_shown", "Select all", show=False, id="tasks.all", tooltip="Select every task shown"),
        Binding("A", "select_none", "Select none", show=False, id="tasks.none", tooltip="Select no task"),
        Binding("escape", "stop", "Stop", show=False, id="tasks.stop", tooltip="Stop before the next write"),
        Binding("tab", "other_pane", "Other pane", show=False, id="tasks.pane", tooltip="To the plan and back"),
        Binding("q", "app.quit", "Quit", id="tasks.quit", tooltip="Leave cwtui"),
    ]
    working: reactive[str] = reactive("", bindings=True)
    """What is being done, or nothing."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._tasks = TaskList()
        self._order: tuple[TaskColumn, bool] | None = None

    def compose(self) -> ComposeResult:
        """Counts, filter, list beside or above the plan, progress, keys."""
        yield StatusBar()
        yield FilterInput(placeholder="/ filters: words of customer, subscription, order, status …")
        with Container(classes="panes"):
            yield VirtualTable(
                TASK_COLUMNS, TaskRows(self._tasks), empty_text="No tasks yet. Press c to check changes.", id="tasks"
            )
            yield DetailPane(id="detail")
        yield ProgressLine()
        yield Footer()

    async def on_mount(self) -> None:
        """Show what the state holds."""
        await self._reload()
        self.query_one("#tasks").focus()
        self.set_interval(0.5, self._prepare)

    async def _reload(self) -> None:
        self._tasks.replace(TaskRow.of(task) for task in await self._session.engine.tasks())
        self._show_list()

    def _show_list(self) -> None:
        self._table.rows_changed()
        bar = self.query_one(StatusBar)
        bar.counts = counts_shown(self._tasks.counts)
        bar.note = self._note()

    def _note(self) -> str:
        parts = [self._session.title]
        wanted = self._tasks.filter
        chosen = [STATUS_WORDS[status].word for status in wanted.statuses] + [KIND_WORDS[kind] for kind in wanted.kinds]
        if wanted.customers:
            chosen.append("one customer")
        if not wanted.is_empty:
            parts.append(f"{self._tasks.row_count:,} of {self._tasks.total:,} shown {' '.join(chosen)}".rstrip())
        if self._tasks.selected_count:
            parts.append(f"{self._tasks.selected_count} selected")
        if self._session.is_read_only:
            parts.append(f"READ ONLY: {self._session.holder}")
        elif self._session.auto_every:
            parts.append(f"auto every {self._session.auto_every}")
        return " · ".join(part for part in parts if part)

    def _prepare(self) -> None:
        """Fold texts for the filter while nothing else is to do, so that its first letter is quick too."""
        if not self.working:
            self._tasks.prepare(_PREPARED_AT_ONCE)

    @property
    def _table(self) -> VirtualTable:
        return self.query_one("#tasks", VirtualTable)

    # news from the engine

    def take_news(self) -> None:
        """Show tasks that changed and how far work is; the app calls this when there is something."""
        listener = self._session.listener
        changed, listener.changed = listener.changed, {}
        new = [task for task in changed.values() if self._tasks.get(task.id) is None]
        for task in changed.values():
            if self._tasks.get(task.id) is not None:
                position = self._tasks.update(TaskRow.of(task))
                if position is not None:
                    self._table.row_changed(position)
        if new:
            self._tasks.add(TaskRow.of(task) for task in new)
        if changed:
            self._show_list()
            if self._highlighted in changed:
                self.preview()
        self.query_one(ProgressLine).progress = listener.progress_now if self.working else None

    # the pane

    @on(VirtualTable.Highlighted, "#tasks")
    def _highlight(self) -> None:
        self.preview()

    @property
    def _highlighted(self) -> TaskId | None:
        key = self._table.cursor_key
        return None if key is None else TaskId(key)

    @work(exclusive=True, group="preview")
    async def preview(self) -> None:
        """Show the plan of the highlighted task, once the cursor rests on it."""
        pane, task_id = self.query_one(DetailPane), self._highlighted
        if task_id is None:
            pane.show([])
            return
        await asyncio.sleep(_PREVIEW_AFTER_S)
        engine = self._session.engine
        try:
            task = await engine.task(task_id)
            pane.show(task_lines(task))
            pane.show([*task_lines(task), *plan_lines(await engine.preview(task_id))])
        except CwtuiError as error:
            pane.show([*task_lines(task), Line(""), *block(str(error), Tone.BAD)])

    # filter, sort, select

    @on(FilterInput.Changed)
    def _type(self, event: FilterInput.Changed) -> None:
        self._tasks.type(event.value)
        self._show_list()

    @on(FilterInput.Left)
    def _leave_filter(self) -> None:
        self._table.focus()

    def action_filter(self) -> None:
        """To the filter line."""
        self.query_one(FilterInput).focus()

    @work
    async def action_filter_status(self) -> None:
        """Choose a status to show."""
        words = [Entry("All statuses"), *(Entry(shown.word) for shown in STATUS_WORDS.values())]
        place = await self._choose("Show which status?", words)
        if place is not None:
            statuses = frozenset[TaskStatus]() if place == 0 else frozenset({list(STATUS_WORDS)[place - 1]})
            self._filter(replace(self._tasks.filter, statuses=statuses))

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

    def _filter(self, wanted: TaskFilter) -> None:
        self._tasks.show(wanted)
        self._show_list()

    async def _choose(self, title: str, entries: Sequence[Entry]) -> int | None:
        def search(query: str) -> list[int]:
            return [place for place, entry in enumerate(entries) if query.casefold() in entry.label.casefold()]

        return await self.app.push_screen_wait(FuzzyPicker(title, entries, search))

    def action_sort(self) -> None:
        """Sort by the next column; after the last one as the tasks came."""
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
        self._show_list()

    def action_select_shown(self) -> None:
        """Select every task shown."""
        self._tasks.select_shown()
        self._show_list()

    def action_select_none(self) -> None:
        """Select no task."""
        self._tasks.select_none()
        self._show_list()

    def action_other_pane(self) -> None:
        """From the list to the plan and back."""
        pane = self.query_one(DetailPane)
        (self._table if pane.has_focus else pane).focus()

    # work

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Dim what cannot be done: while work goes on, and where the state is another's."""
        writes = {"check", "sync", "sync_ready", "fix", "edit", "skip", "reopen", "undo"}
        if action == "stop":
            return True if self.working else None
        if action in writes and (self.working or self._session.is_read_only):
            return None
        return True

    @property
    def _chosen(self) -> list[TaskId]:
        """The selected tasks, else the one under the cursor."""
        if self._tasks.selected_count:
            return [row.id for row in self._tasks.selected]
        return [self._highlighted] if self._highlighted else []

    @work(group="work")
    async def action_check(self) -> None:
        """Look for new and ended orders."""

        async def check() -> str:
            report = await self._session.engine.check()
            return "\n".join([f"Checked: {len(report.created)} tasks created.", *report.failures])

        await self._work("Checking changes", check)

    @work(group="work")
    async def action_sync(self) -> None:
        """Write the plans of the selected tasks, or of this one, after showing them."""
        await self._sync(self._chosen)

    @work(group="work")
    async def action_sync_ready(self) -> None:
        """Write the plans of all ready tasks, after showing them."""
        ready = await self._session.engine.tasks([TaskStatus.READY])
        await self._sync([task.id for task in ready])

    async def _sync(self, task_ids: list[TaskId]) -> None:
        if not task_ids:
            self.notify("No task is ready.", markup=False)
            return
        lines = await self._shown_before(task_ids)
        question = f"Write {'this plan' if len(task_ids) == 1 else f'these {len(task_ids)} plans'} to ConnectWise?"
        if not await self.app.push_screen_wait(ConfirmScreen("Synchronise", lines, question=question, yes="Write")):
            return

        async def sync() -> str:
            return _report_text(await self._session.engine.sync(task_ids))

        await self._work("Synchronising", sync)

    async def _shown_before(self, task_ids: Sequence[TaskId]) -> list[Line]:
        """The plans about to be written: whole where it is one, a line each where there are many."""
        engine = self._session.engine
        lines: list[Line] = []
        try:
            if len(task_ids) == 1:
                task = await engine.task(task_ids[0])
                return [*task_lines(task), *plan_lines(await engine.preview(task.id))]
            lines += [_one_line(await engine.task(name)) for name in task_ids[:_SHOWN_BEFORE_WRITING]]
        except CwtuiError as error:
            return [*lines, *block(str(error), Tone.BAD)]
        left = len(task_ids) - len(lines)
        return [*lines, Line(f"… and {left} more")] if left else lines

    @work(group="work")
    async def action_skip(self) -> None:
        """Set tasks aside, with a reason."""
        chosen = self._chosen
        if not chosen:
            return
        title = f"Skip {len(chosen)} task{'s' if len(chosen) > 1 else ''}"
        reason = await self.app.push_screen_wait(TextPromptScreen(title, "Why? (kept as the task's note)"))
        if reason is None:
            return

        async def skip() -> str:
            return f"{len(await self._session.engine.skip(chosen, reason))} skipped."

        await self._work("Skipping", skip)

    @work(group="work")
    async def action_reopen(self) -> None:
        """Take skipped or failed tasks up again."""
        chosen = self._chosen

        async def reopen() -> str:
            return f"{len(await self._session.engine.reopen(chosen))} reopened."

        if chosen:
            await self._work("Reopening", reopen)

    @work(group="work")
    async def action_undo(self) -> None:
        """Take back what this task wrote, after saying so."""
        task_id = self._highlighted
        if task_id is None:
            return
        engine = self._session.engine
        lines = [*task_lines(await engine.task(task_id)), *plan_lines(await engine.preview(task_id))]
        question = "Take back what this task wrote? Only where ConnectWise still holds exactly that."
        if not await self.app.push_screen_wait(ConfirmScreen("Undo", lines, question=question, yes="Undo")):
            return

        async def undo() -> str:
            report = await engine.undo(task_id)
            said = "Taken back." if report.complete else "Not taken back."
            return "\n".join([said, *report.lines])

        await self._work("Undoing", undo)

    def action_fix(self) -> None:
        """Open the wizard on this task."""
        if self._highlighted:
            self.app.open_wizard(self._highlighted)  # type: ignore[attr-defined]  # the app is CwTui

    def action_edit(self) -> None:
        """Open the addition editor on this task's plan."""
        if self._highlighted:
            self.app.open_editor(self._highlighted)  # type: ignore[attr-defined]

    def action_why(self) -> None:
        """Show where this task's numbers come from."""
        if self._highlighted:
            self.app.open_why(self._highlighted)  # type: ignore[attr-defined]

    @on(VirtualTable.Opened, "#tasks")
    def _open(self, event: VirtualTable.Opened) -> None:
        row = self._tasks.get(TaskId(event.key))
        if row is not None and row.status is TaskStatus.NEEDS_ACTION and not self._session.is_read_only:
            self.action_fix()
        else:
            self.query_one(DetailPane).focus()

    def action_stop(self) -> None:
        """Stop before the next write."""
        self._session.engine.stop()
        self.notify("Stopping before the next write.", markup=False)

    async def run_auto(self) -> None:
        """One round of automatic synchronisation, unless something else is going on."""

        async def auto() -> str:
            report = await self._session.engine.auto()
            failures = await self._session.engine.notify(report)
            return "\n".join([_report_text(report), *failures])

        if not self.working:
            await self._work("Automatic synchronisation", auto)

    async def _work(self, what: str, job: Callable[[], Awaitable[str]]) -> None:
        """Do one thing at a time, show how far it is, and say how it ended."""
        if self.working:
            self.notify(f"{self.working} is still going on.", severity="warning", markup=False)
            return
        self.working = what
        listener = self._session.listener
        try:
            said = await job()
        except CwtuiError as error:
            listener.add(EventKind.PROBLEM, f"{what}: {error.happened}", str(error))
            self.notify(str(error), title=what, severity="error", timeout=15, markup=False)
        else:
            listener.add(EventKind.RUN, f"{what}: {said.splitlines()[0]}", said)
            self.notify(said, title=what, markup=False)
        finally:
            self.working = ""
            listener.progress_now = None
            self.take_news()
            self.preview()

    def on_resize(self, event: events.Resize) -> None:
        """List above plan on a narrow terminal, beside it on a wide one."""
        self.set_class(event.size.width >= _WIDE, "-wide")


_WIDE = 140


def _one_line(task: Task) -> Line:
    return Line(
        f"{task.customer_name} · {task.subscription_name} · {task.order_number} · {signed(task.monthly_effect)}"
    )


def _report_text(report: AutoReport) -> str:
    writes = report.writes
    counts = f"{writes.post} additions created, {writes.patch} changed, {writes.delete} deleted"
    parts = [f"{report.synced} synced ({counts})."]
    if report.failed:
        parts.append(f"{report.failed} failed.")
    return "\n".join([" ".join(parts), *report.errors])
