"""Choose one of many: the best match first, all others by typing a part of the name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from cwtui.tui.plain import content
from cwtui.tui.widgets.columns import Column
from cwtui.tui.widgets.dialog import Dialog
from cwtui.tui.widgets.plain_input import PlainInput
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.widgets.virtual_table import VirtualTable

_NAME, _DETAIL = 20, 12
_WIDEST, _SHORT = 60, 10


def candidate_columns(entries: Sequence[Entry], *, ranked: bool) -> tuple[Column, ...]:
    """Columns as wide as their texts, without empty ones.

    Args:
        entries: What can be chosen.
        ranked: Some of it is suggested.
    """
    names = _widest(_NAME, (entry.label for entry in entries))
    columns = [Column("label", "Name", _NAME, share=3, widest=names)]
    if any(entry.detail for entry in entries):
        details = _widest(_DETAIL, (entry.detail for entry in entries))
        columns.append(Column("detail", "Detail", _DETAIL, share=2, widest=details, rank=1))
    if ranked:
        columns.append(Column("score", "Score", 5, right=True, rank=2))
    if ranked or any(entry.why_not for entry in entries):
        columns.append(Column("reason", "Why", 20, share=3, toned=True))
    return tuple(columns)


def _widest(least: int, texts: Iterable[str]) -> int:
    return max(least, min(max(map(len, texts), default=0), _WIDEST))


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that can be chosen.

    Attributes:
        why_not: Why it cannot be chosen after all; empty if it can.
    """

    label: str
    detail: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Ranked:
    """An entry worth looking at first.

    Attributes:
        index: Its place among the entries.
        score: 0 to 100, best first is the caller's order.
        reason: In words.
    """

    index: int
    score: float
    reason: str


Search = Callable[[str], Sequence[int]]
"""Places of the entries that fit what was typed, best first."""


class Candidates:
    """The rows of a picker: some of the entries, in some order. No row is followed: the best is always first."""

    def __init__(
        self,
        entries: Sequence[Entry],
        suggestions: Mapping[int, Ranked],
        chosen_from: Sequence[int],
        columns: Sequence[Column],
    ) -> None:
        self._entries, self._suggestions, self._indices = entries, suggestions, chosen_from
        self._keys = [column.key for column in columns]

    @property
    def row_count(self) -> int:
        """How many there are."""
        return len(self._indices)

    def key(self, index: int) -> str:
        """The entry's place."""
        return str(self._indices[index])

    def index_of(self, key: str) -> int | None:  # noqa: ARG002 - the protocol's shape
        """No row is followed."""
        return None

    def cells(self, index: int) -> Sequence[str]:
        """One value per column."""
        place = self._indices[index]
        entry, suggestion = self._entries[place], self._suggestions.get(place)
        cells = {
            "label": entry.label,
            "detail": entry.detail,
            "score": f"{suggestion.score:.0f}" if suggestion else "",
            "reason": reason_of(entry, suggestion),
        }
        return [cells[key] for key in self._keys]

    def tone(self, index: int) -> Tone:
        """What cannot be chosen is muted."""
        place = self._indices[index]
        if self._entries[place].why_not:
            return Tone.MUTED
        return Tone.GOOD if place in self._suggestions else Tone.NORMAL

    def is_selected(self, index: int) -> bool:  # noqa: ARG002 - the protocol's shape
        """Nothing is selected."""
        return False


def reason_of(entry: Entry, suggestion: Ranked | None) -> str:
    """Why an entry cannot be chosen, or else why it is suggested."""
    if entry.why_not:
        return f"✗ {entry.why_not}"
    return f"✓ {suggestion.reason}" if suggestion else ""


class FuzzyPicker(Dialog[int | None]):
    """A list over the screen; the result is the place of the entry chosen, or None."""

    HELP = "Type to search, move with the arrow keys, `enter` chooses, `esc` cancels."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="picker.cancel", tooltip="Choose nothing"),
        Binding("down", "cursor(1)", "Down", show=False, id="picker.down", tooltip="One down"),
        Binding("up", "cursor(-1)", "Up", show=False, id="picker.up", tooltip="One up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="picker.page_down", tooltip="One page down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="picker.page_up", tooltip="One page up"),
    ]

    def __init__(
        self,
        title: str,
        entries: Sequence[Entry],
        search: Search,
        *,
        suggestions: Sequence[Ranked] = (),
        placeholder: str = "Type to search",
    ) -> None:
        super().__init__()
        self._title = title
        self._entries, self._search = entries, search
        self._suggestions = {suggestion.index: suggestion for suggestion in suggestions}
        self._placeholder = placeholder
        self._columns = candidate_columns(entries, ranked=bool(suggestions))

    def compose(self) -> ComposeResult:
        """The search line, the list, and all about the entry under the cursor."""
        is_short = len(self._entries) <= _SHORT
        with Vertical(classes=f"dialog--box{' -short' if is_short else ''}") as box:
            box.border_title = content(self._title)
            box.border_subtitle = "enter chooses · esc cancels"
            yield PlainInput(placeholder=self._placeholder)
            table = VirtualTable(self._columns, self._candidates(""), selectable=False, empty_text="Nothing fits.")
            table.can_focus = False  # the letters go into the search line, whatever is clicked
            if is_short:
                table.styles.height = len(self._entries) + 1
            yield table
            yield Static(classes="dialog--hint", markup=False)

    def on_mount(self) -> None:
        """Letters go into the search line."""
        self.query(PlainInput).focus()

    def action_cancel(self) -> None:
        """Choose nothing."""
        self.dismiss(None)

    def action_cursor(self, rows: int) -> None:
        """Move the list's cursor while the letters go into the search line."""
        self.query_one(VirtualTable).action_cursor(rows)

    def action_page(self, pages: int) -> None:
        """The same, by a screenful."""
        self.query_one(VirtualTable).action_page(pages)

    @on(PlainInput.Changed)
    def _search_anew(self, event: PlainInput.Changed) -> None:
        table = self.query_one(VirtualTable)
        table.source = self._candidates(event.value)
        table.cursor = 0

    @on(PlainInput.Submitted)
    def _choose_highlighted(self) -> None:
        self.query_one(VirtualTable).action_open()

    @on(VirtualTable.Highlighted)
    def _explain(self, event: VirtualTable.Highlighted) -> None:
        hint = self.query_one(Static)
        hint.remove_class("-problem")
        if event.key is None:
            hint.update("")
            return
        place = int(event.key)
        entry = self._entries[place]
        parts = (entry.label, entry.detail, reason_of(entry, self._suggestions.get(place)))
        hint.update(content(" · ".join(part for part in parts if part)))

    @on(VirtualTable.Opened)
    def _choose(self, event: VirtualTable.Opened) -> None:
        if self.key_guard.is_deaf():
            return
        place = int(event.key)
        if why_not := self._entries[place].why_not:
            hint = self.query_one(Static)
            hint.add_class("-problem")
            hint.update(content(f"✗ This one cannot be chosen: {why_not}"))
            self.app.bell()
            return
        self.dismiss(place)

    def _candidates(self, query: str) -> Candidates:
        if query.strip():
            found = self._search(query)
        else:
            rest = (place for place in range(len(self._entries)) if place not in self._suggestions)
            found = [*self._suggestions, *rest]
        return Candidates(self._entries, self._suggestions, found, self._columns)
