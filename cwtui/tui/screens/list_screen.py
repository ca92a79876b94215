"""A screen with a title line, a list, and a pane about the row under the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Static

from cwtui.domain.errors import CwtuiError
from cwtui.engine.whole_file import write_whole
from cwtui.tui.plain import content
from cwtui.tui.screens.work_screen import TO_TASKS, WorkScreen
from cwtui.tui.session import Session
from cwtui.tui.typed_path import typed_path
from cwtui.tui.widgets.columns import Column
from cwtui.tui.widgets.detail_pane import DetailPane, Line, block
from cwtui.tui.widgets.fuzzy_picker import Entry, FuzzyPicker
from cwtui.tui.widgets.keys_line import KeysLine
from cwtui.tui.widgets.listed_rows import ListedRows
from cwtui.tui.widgets.progress_line import ProgressLine
from cwtui.tui.widgets.text_prompt_screen import TextPromptScreen
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.widgets.virtual_table import VirtualTable
from cwtui.tui.words import READ_S, WIDE

Row = TypeVar("Row")


class ListScreen(WorkScreen, Generic[Row]):
    """The common parts of the screens beside the task list.

    Attributes:
        COLUMNS: Of the list.
        EMPTY: Said in its place while it is empty.
        ABOUT: Said in the pane then: what the screen is for and what its keys do, a line each.
        SELECTABLE: `space` selects rows.
    """

    BINDINGS: ClassVar[list[BindingType]] = [TO_TASKS]
    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    EMPTY: ClassVar[str] = "Nothing here."
    ABOUT: ClassVar[tuple[str, ...]] = ()
    SELECTABLE: ClassVar[bool] = False

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.rows: ListedRows[Row] = ListedRows(self.key_of, self.cells_of, self.tone_of)
        self._trouble = ""

    def compose(self) -> ComposeResult:
        """The title, the list over or beside the pane, progress, keys."""
        yield Static(classes="screen--title", markup=False)
        with Container(classes="panes"):
            yield VirtualTable(self.COLUMNS, self.rows, selectable=self.SELECTABLE, empty_text=self.EMPTY)
            yield DetailPane(id="detail")
        yield ProgressLine()
        yield KeysLine()

    def on_mount(self) -> None:
        """The keys move the list's cursor."""
        self.table.focus()
        self.show_title()
        self.show_detail()

    def on_resize(self, event: events.Resize) -> None:
        """Table over pane on a narrow terminal, beside it on a wide one."""
        self.set_class(event.size.width >= WIDE, "-wide")

    # what a subclass says about a row

    def key_of(self, row: Row) -> str:
        """What names it."""
        raise NotImplementedError

    def cells_of(self, row: Row) -> Sequence[str]:
        """One value per column."""
        raise NotImplementedError

    def tone_of(self, row: Row) -> Tone:  # noqa: ARG002  # for those whose rows differ
        """What its colour says."""
        return Tone.NORMAL

    def lines_of(self, row: Row | None) -> Iterable[Line]:
        """All about it; about the list where there is no row."""
        raise NotImplementedError

    @property
    def title_text(self) -> str:
        """What is looked at, in a line."""
        raise NotImplementedError

    # showing

    @property
    def table(self) -> VirtualTable:
        """The list."""
        return self.query_one(VirtualTable)

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self.rows.row(self.table.cursor_key)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows and the text of the current one."""
        self.rows.replace(rows)
        self.table.rows_changed()
        self.show_title()
        self.show_detail()

    def show_title(self) -> None:
        """Say what is looked at."""
        self.query_one(".screen--title", Static).update(content(self.title_text))

    @on(VirtualTable.Highlighted)
    def show_detail(self) -> None:
        """Show all about the row under the cursor, and the last error."""
        lines = list(self.lines_of(self.current))
        if not self.rows.row_count and self.ABOUT:
            title, *texts = self.ABOUT
            about = [Line(title, Tone.HEADING), *map(Line, texts)]
            lines = [*about, Line(""), *lines] if lines else about
        if self._trouble:
            lines = [*block(self._trouble, Tone.BAD), Line(""), *lines]
        self.query_one(DetailPane).show(lines)

    @on(VirtualTable.Opened)
    def open_row(self) -> None:
        """To the pane, to read it."""
        self.query_one(DetailPane).focus()

    # asking and doing

    async def read(self, what: str, job: Callable[[], Awaitable[str]]) -> bool:
        """Read something, one thing at a time; the activity notes the result, and an error stays in the pane."""
        done = await self.session.work(what, job, only_reads=True)
        if done is None:
            self.notify(f"{self.session.working} is still going on.", severity="warning", markup=False)
            return False
        self._trouble = done.said if done.error else ""
        if done.error:
            self.notify(done.said, title=what, severity="error", timeout=READ_S, markup=False)
        self.show_detail()
        return done.error is None

    async def choose(self, title: str, entries: Sequence[Entry]) -> int | None:
        """Let the operator choose an entry by words of its name and detail; returns its place, or None."""
        folded = [f"{entry.label} {entry.detail}".casefold() for entry in entries]

        def search(query: str) -> list[int]:
            words = query.casefold().split()
            return [place for place, text in enumerate(folded) if all(word in text for word in words)]

        return await self.ask(FuzzyPicker(title, entries, search))

    async def ask_path(self, title: str, question: str, value: str = "") -> Path | None:
        """Ask for a file."""
        prompt = TextPromptScreen(title, question, value=value, placeholder=value, required="A file is needed.")
        answer = await self.ask(prompt)
        return None if answer is None else typed_path(answer)

    async def export(self, name: str, text: Callable[[], str], what: str) -> None:
        """Ask for a file and write it; asks again before it replaces a file."""
        path = await self.ask_path("Export", "CSV file to write", name)
        if path is None:
            return
        if await asyncio.to_thread(path.exists) and not await self.confirmed(
            "This file exists", [Line(str(path), Tone.HEADING)], "Replace it?", "Replace"
        ):
            return
        try:
            await asyncio.to_thread(write_whole, path, text().encode())
        except CwtuiError as error:
            self.notify(str(error), title="Export", severity="error", timeout=READ_S, markup=False)
        else:
            self.notify(f"{what} written to {path}.", title="Export", markup=False)
