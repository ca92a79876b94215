"""A table that draws only the lines in sight, however many rows there are behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cwtui.tui.plain import clean, fit, wrap
from cwtui.tui.widgets.columns import GAP, Column, Placed, lay_out
from cwtui.tui.widgets.row_source import NoRows, RowSource
from cwtui.tui.widgets.tone import Tone

CURSOR_MARK = "❯"
SELECTED_MARK = "*"
ASCENDING, DESCENDING = "▴", "▾"
_MARKS = 3
"""Cells before the first column: the cursor's mark, the selection's mark, a space."""
_HEADER = 1
_LINES_KEPT = 512


@dataclass
class _TableMessage(Message):
    """A message of a table."""

    table: VirtualTable

    @property
    def control(self) -> VirtualTable:
        """The table, for `on` with a selector."""
        return self.table


class VirtualTable(ScrollView, can_focus=True):
    """Rows of a source under a fixed header, with a cursor.

    Down: `source` and `sort_mark`; after the source changed, `rows_changed` or `row_changed`.
    Up: `Highlighted`, `Opened`, `SelectionToggled`, `SortRequested`.
    """

    ALLOW_SELECT = False
    HELP = "Move with the arrow keys or `j` and `k`; `enter` opens the row, `space` selects it."
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "virtual-table--header",
        "virtual-table--cursor",
        "virtual-table--selected",
        "virtual-table--empty",
        *(f"virtual-table--{tone}" for tone in Tone),
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor(-1)", "Up", show=False, id="table.up", tooltip="One row up"),
        Binding("down,j", "cursor(1)", "Down", show=False, id="table.down", tooltip="One row down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="table.page_up", tooltip="One page up"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, id="table.page_down", tooltip="One page down"),
        Binding("home,g", "first", "First", show=False, id="table.first", tooltip="To the first row"),
        Binding("end,G", "last", "Last", show=False, id="table.last", tooltip="To the last row"),
        Binding("enter", "open", "Open", show=False, id="table.open", tooltip="Open the row"),
        Binding("space", "toggle_selection", "Select", show=False, id="table.select", tooltip="Select the row, or not"),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)
    """Index of the row under the cursor; 0 in an empty table."""
    sort_mark: reactive[tuple[str, bool] | None] = reactive(None)
    """The key of the column the rows are sorted by, and whether descending; the header shows it."""
    empty_text: reactive[str] = reactive("Nothing here.")
    """What is said in place of rows."""

    @dataclass
    class Highlighted(_TableMessage):
        """The cursor stands on another row, or on None because there is none."""

        index: int | None
        key: str | None

    @dataclass
    class Opened(_TableMessage):
        """A row was opened, by key or double click."""

        index: int
        key: str

    @dataclass
    class SelectionToggled(_TableMessage):
        """A row shall be selected, or no longer. Whoever owns the source does it and calls `row_changed`."""

        index: int
        key: str

    @dataclass
    class SortRequested(_TableMessage):
        """A column's title was clicked."""

        column: str

    def __init__(
        self,
        columns: Sequence[Column],
        source: RowSource | None = None,
        *,
        selectable: bool = True,
        empty_text: str = "Nothing here.",
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(VirtualTable.empty_text, empty_text)
        self._columns = tuple(columns)
        self._source: RowSource = source or NoRows()
        self._selectable = selectable
        self._placed: tuple[Placed, ...] = ()
        self._laid_out_for = -1
        self._lines: LRUCache[tuple[int, bool, bool], Strip] = LRUCache(_LINES_KEPT)
        self._announced: str | None = None

    # down

    @property
    def source(self) -> RowSource:
        """Where the rows come from."""
        return self._source

    @source.setter
    def source(self, source: RowSource) -> None:
        self._source = source
        self.rows_changed()

    @property
    def columns(self) -> Sequence[Column]:
        """The columns that are shown."""
        return self._columns

    @columns.setter
    def columns(self, columns: Sequence[Column]) -> None:
        self._columns, self._laid_out_for = tuple(columns), -1
        self.refresh()

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor."""
        return self._source.key(self.cursor) if self.cursor < self._source.row_count else None

    def rows_changed(self) -> None:
        """Draw anew after the source filtered, sorted, grew or shrank; the cursor follows its row if it can."""
        self._lines.clear()
        self.virtual_size = Size(self.scrollable_content_region.width, self._source.row_count + _HEADER)
        place = None if self._announced is None else self._source.index_of(self._announced)
        self.cursor = self.validate_cursor(self.cursor if place is None else place)
        if self.is_running:
            self._scroll_to_cursor()
            self._announce()
        self.refresh()

    def rows_added(self) -> None:
        """Rows were added after the last one: nothing in sight changed, unless the last one is in sight."""
        before, now = self.virtual_size.height - _HEADER, self._source.row_count
        if before - self.scroll_offset.y < self._rows_in_sight:
            self.rows_changed()
        else:
            self.virtual_size = Size(self.scrollable_content_region.width, now + _HEADER)

    def row_changed(self, index: int) -> None:
        """Draw one row anew."""
        self._forget(index)
        self._refresh_row(index)

    # cursor

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor within the rows."""
        return max(0, min(cursor, self._source.row_count - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        """Redraw the two lines concerned; scroll only if the new one is out of sight."""
        self._refresh_row(old)
        self._refresh_row(new)
        if self.is_running:
            self._scroll_to_cursor()
            self._announce()

    def watch_sort_mark(self) -> None:
        """Show the mark."""
        self.refresh(Region(0, 0, self.size.width, _HEADER))

    def action_cursor(self, rows: int) -> None:
        """Move the cursor by some rows."""
        self.cursor += rows
        self._scroll_to_cursor()

    def action_page(self, pages: int) -> None:
        """Move the cursor by a screenful."""
        self.action_cursor(pages * max(self._rows_in_sight - 1, 1))

    def action_first(self) -> None:
        """Move the cursor to the first row."""
        self.action_cursor(-self._source.row_count)

    def action_last(self) -> None:
        """Move the cursor to the last row."""
        self.action_cursor(self._source.row_count)

    def action_open(self) -> None:
        """Say that the row under the cursor was opened."""
        if (key := self.cursor_key) is not None:
            self.post_message(self.Opened(self, self.cursor, key))

    def action_toggle_selection(self) -> None:
        """Say that the row under the cursor shall be selected, or no longer."""
        if self._selectable and (key := self.cursor_key) is not None:
            self.post_message(self.SelectionToggled(self, self.cursor, key))

    # mouse and size

    def on_mount(self) -> None:
        """Tell where the cursor stands to begin with."""
        self.rows_changed()

    def on_resize(self) -> None:
        """Share the new width among the columns."""
        self.virtual_size = Size(self.scrollable_content_region.width, self._source.row_count + _HEADER)
        self._scroll_to_cursor()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor; the mark's cells select, the second click opens, a title sorts."""
        place = event.get_content_offset(self)
        if place is None:
            return
        event.stop()
        if place.y < _HEADER:
            self._request_sort(place.x)
            return
        index = place.y - _HEADER + self.scroll_offset.y
        if index >= self._source.row_count:
            return
        self.cursor = index
        if place.x < _MARKS:
            self.action_toggle_selection()
        elif event.chain == 2:  # noqa: PLR2004 - a double click
            self.action_open()

    def _request_sort(self, x: int) -> None:
        for placed in self._placed:
            if placed.start <= x - _MARKS < placed.start + placed.width + GAP:
                self.post_message(self.SortRequested(self, placed.column.key))

    def notify_style_update(self) -> None:
        """The theme, the focus or a class changed: draw everything anew."""
        super().notify_style_update()
        self._lines.clear()

    # drawing

    def render_line(self, y: int) -> Strip:
        """One line of the content area: the header, a row, or what is said in place of rows."""
        width = self.scrollable_content_region.width
        self._lay_out(width)
        if y < _HEADER:
            return self._header(width)
        if self._source.row_count == 0:
            return self._empty(y, width)
        index = y - _HEADER + self.scroll_offset.y
        if index >= self._source.row_count:
            return Strip.blank(width, self.rich_style)
        state = (index, index == self.cursor, self.has_focus)
        if (line := self._lines.get(state)) is None:
            line = self._lines[state] = self._row(index, width)
        return line

    def _lay_out(self, width: int) -> None:
        if width != self._laid_out_for:
            self._placed = lay_out(self._columns, width - _MARKS)
            self._laid_out_for = width
            self._lines.clear()

    def _header(self, width: int) -> Strip:
        style = self.get_component_rich_style("virtual-table--header")
        parts = []
        for placed in self._placed:
            title = placed.column.title
            if self.sort_mark and self.sort_mark[0] == placed.column.key:
                title = fit(title, min(len(title), max(placed.width - 2, 0)))
                title = f"{title} {DESCENDING if self.sort_mark[1] else ASCENDING}"
            parts.append(fit(title, placed.width, right=placed.column.right))
        text = fit(" " * _MARKS + (" " * GAP).join(parts), width)
        return Strip([Segment(text, style)], width)

    def _empty(self, y: int, width: int) -> Strip:
        lines = wrap(clean(self.empty_text), max(width - 2 * _MARKS, 1))
        line = lines[y - _HEADER - 1] if 0 < y - _HEADER <= len(lines) else ""
        style = self.get_component_rich_style("virtual-table--empty")
        return Strip([Segment(fit(" " * _MARKS + line, width), style)], width)

    def _row(self, index: int, width: int) -> Strip:
        source = self._source
        is_cursor, is_selected = index == self.cursor, source.is_selected(index)
        tone = source.tone(index)
        base = self._row_style(tone, is_cursor=is_cursor, is_selected=is_selected)
        toned = base if is_cursor else self.get_component_rich_style(f"virtual-table--{tone}", partial=True)
        marks = f"{CURSOR_MARK if is_cursor else ' '}{SELECTED_MARK if is_selected else ' '} "
        segments = [Segment(marks, base)]
        cells = source.cells(index)
        for placed in self._placed:
            if placed.start:
                segments.append(Segment(" " * GAP, base))
            style = base + toned if placed.column.toned else base
            segments += self._cell(cells[placed.index], placed, style)
        return Strip(segments).simplify().adjust_cell_length(width, base)  # each segment is handled many times over

    def _row_style(self, tone: Tone, *, is_cursor: bool, is_selected: bool) -> Style:
        if is_cursor:
            return self.get_component_rich_style("virtual-table--cursor")
        if is_selected:
            return self.get_component_rich_style("virtual-table--selected")
        return self.get_component_rich_style(f"virtual-table--{Tone.MUTED if tone is Tone.MUTED else Tone.NORMAL}")

    def _cell(self, value: str | Text, placed: Placed, style: Style) -> list[Segment]:
        text = value if isinstance(value, str) else value.plain
        shown = clean(text)
        if isinstance(value, str) or shown != text or not (value.spans or value.style):
            return [Segment(fit(shown, placed.width, right=placed.column.right), style)]
        styled = value.copy()
        styled.end = ""
        styled.stylize_before(styled.style)  # `render` looks at spans only
        styled.truncate(placed.width, overflow="ellipsis")
        styled.align("right" if placed.column.right else "left", placed.width)
        segments = Segment.apply_style(styled.render(self.app.console), style)
        return [*Strip(segments).adjust_cell_length(placed.width, style)]

    # how

    @property
    def _rows_in_sight(self) -> int:
        return max(self.scrollable_content_region.height - _HEADER, 1)

    def _forget(self, index: int) -> None:
        for is_cursor in (True, False):
            for has_focus in (True, False):
                self._lines.discard((index, is_cursor, has_focus))

    def _refresh_row(self, index: int) -> None:
        line = index + _HEADER - self.scroll_offset.y
        if _HEADER <= line < self.size.height:
            self.refresh(Region(0, line, self.size.width, 1))

    def _scroll_to_cursor(self) -> None:
        first = self.scroll_offset.y
        last = self.cursor - self._rows_in_sight + 1
        target = self.cursor if self.cursor < first else max(first, last)
        if target != first:
            self.scroll_to(y=target, animate=False, immediate=True, force=True)

    def _announce(self) -> None:
        key = self.cursor_key
        if key != self._announced:
            self._announced = key
            self.post_message(self.Highlighted(self, None if key is None else self.cursor, key))
