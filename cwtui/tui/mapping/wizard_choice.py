"""A list to choose from inside a screen: suggestions first, all others by typing a part of the name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from cwtui.tui.plain import content
from cwtui.tui.widgets.fuzzy_picker import Candidates, Entry, Ranked, Search, candidate_columns, reason_of
from cwtui.tui.widgets.plain_input import PlainInput
from cwtui.tui.widgets.virtual_table import VirtualTable


@dataclass(frozen=True, slots=True)
class ChoiceList:
    """The entries that a step offers.

    Attributes:
        ranked: Shown first.
        extra: Another way out, shown behind the suggestions and behind the entries found; its place is the number of
            entries.
    """

    entries: Sequence[Entry]
    search: Search
    ranked: Sequence[Ranked] = ()
    extra: Entry | None = None

    @property
    def all(self) -> Sequence[Entry]:
        """Entries and the extra one."""
        return [*self.entries, *([self.extra] if self.extra else [])]

    def places(self, query: str) -> list[int]:
        """What is shown for a query."""
        extra = [len(self.entries)] if self.extra else []
        if query.strip():
            return [*self.search(query), *extra]
        first = [one.index for one in self.ranked]
        known = set(first)
        return [*first, *extra, *(place for place in range(len(self.entries)) if place not in known)]


_NOTHING = ChoiceList((), lambda _: ())


class ChoicePane(Vertical):
    """Down: `offer`. Up: `Chosen`."""

    HELP_TITLE = "Choices"
    HELP = "Type to search, move with the arrow keys, `enter` chooses. What cannot be chosen says why."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "cursor(1)", "Down", show=False, id="choice-pane.down", tooltip="One down"),
        Binding("up", "cursor(-1)", "Up", show=False, id="choice-pane.up", tooltip="One up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="choice-pane.page_down", tooltip="One page down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="choice-pane.page_up", tooltip="One page up"),
    ]

    @dataclass
    class Chosen(Message):
        """An entry was chosen; `place` among the entries of the offer."""

        place: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._offer = _NOTHING
        self._columns = candidate_columns((), ranked=False)

    def compose(self) -> ComposeResult:
        """The search line, the list, all about the entry under the cursor."""
        yield PlainInput(placeholder="Type to search")
        table = VirtualTable(self._columns, selectable=False, empty_text="Nothing fits.")
        table.can_focus = False  # the letters go into the search line, whatever is clicked
        yield table
        yield Static(classes="dialog--hint", markup=False)

    def offer(self, offer: ChoiceList) -> None:
        """Offer other entries."""
        self._offer = offer
        self._columns = candidate_columns(offer.all, ranked=bool(offer.ranked))
        self.query_one(VirtualTable).columns = self._columns
        line = self.query_one(PlainInput)
        count = f"Type to search all {len(offer.entries):,} entries; enter chooses"
        line.placeholder = count if offer.entries else "Reading …"
        self._fill(line.value)  # it may have been typed while the entries were read

    def begin(self) -> None:
        """Letters go into the search line, which is empty."""
        line = self.query_one(PlainInput)
        line.value = ""
        line.focus()

    def _fill(self, query: str) -> None:
        offer = self._offer
        ranked = {one.index: one for one in offer.ranked}
        table = self.query_one(VirtualTable)
        table.source = Candidates(offer.all, ranked, offer.places(query), self._columns)
        table.cursor = 0

    @on(PlainInput.Changed)
    def _typed(self, event: PlainInput.Changed) -> None:
        event.stop()
        self._fill(event.value)

    def action_cursor(self, rows: int) -> None:
        """Move the list's cursor while the letters go into the search line."""
        self.query_one(VirtualTable).action_cursor(rows)

    def action_page(self, pages: int) -> None:
        """The same, by a screenful."""
        self.query_one(VirtualTable).action_page(pages)

    @on(PlainInput.Submitted)
    def action_open(self) -> None:
        """Choose the entry under the cursor."""
        self.query_one(VirtualTable).action_open()

    @on(VirtualTable.Highlighted)
    def _explain(self, event: VirtualTable.Highlighted) -> None:
        event.stop()
        hint = self.query_one(Static)
        hint.remove_class("-problem")
        if event.key is None:
            hint.update("")
            return
        place = int(event.key)
        entry = self._offer.all[place]
        ranked = next((one for one in self._offer.ranked if one.index == place), None)
        parts = (entry.label, entry.detail, reason_of(entry, ranked))
        hint.update(content(" · ".join(part for part in parts if part)))

    @on(VirtualTable.Opened)
    def _choose(self, event: VirtualTable.Opened) -> None:
        event.stop()
        place = int(event.key)
        if why_not := self._offer.all[place].why_not:
            hint = self.query_one(Static)
            hint.add_class("-problem")
            hint.update(content(f"✗ This one cannot be chosen: {why_not}"))
            self.app.bell()
            return
        self.post_message(self.Chosen(place))
