"""Activity: what ran, what was written, and errors with their full explanation, copyable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import Footer

from cwtui.tui.session import Event, EventKind, Session
from cwtui.tui.widgets.columns import Column
from cwtui.tui.widgets.detail_pane import DetailPane, Line, block
from cwtui.tui.widgets.progress_line import ProgressLine
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.widgets.virtual_table import VirtualTable

_COLUMNS = (
    Column("at", "When (UTC)", 19),
    Column("kind", "What", 9, toned=True),
    Column("headline", "Happened", 20, share=1),
)
_TONES = {EventKind.RUN: Tone.NORMAL, EventKind.WRITE: Tone.GOOD, EventKind.PROBLEM: Tone.BAD}
_WORDS = {EventKind.RUN: "run", EventKind.WRITE: "written", EventKind.PROBLEM: "✗ failed"}


class _Events:
    """Events as a table's rows, newest first."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = list(reversed(events))

    @property
    def row_count(self) -> int:
        return len(self._events)

    def key(self, index: int) -> str:
        return str(self.row_count - index)

    def index_of(self, key: str) -> int | None:
        place = self.row_count - int(key)
        return place if 0 <= place < self.row_count else None

    def cells(self, index: int) -> Sequence[str]:
        event = self._events[index]
        return (event.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"), _WORDS[event.kind], event.headline)

    def tone(self, index: int) -> Tone:
        return _TONES[self._events[index].kind]

    def is_selected(self, index: int) -> bool:  # noqa: ARG002  # the protocol's shape
        return False

    def event(self, key: str) -> Event | None:
        place = self.index_of(key)
        return None if place is None else self._events[place]


class ActivityScreen(Screen[None]):
    """What ran and what was written, from the audit and from this session."""

    HELP = "What ran, what was written, what went wrong; the whole text of each below."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", id="activity.copy", tooltip="Copy the whole text of this entry"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._events = _Events(())

    def compose(self) -> ComposeResult:
        """The list, the text, what is going on."""
        with Container(classes="panes"):
            yield VirtualTable(_COLUMNS, selectable=False, empty_text="Nothing has happened yet.", id="events")
            yield DetailPane(id="detail")
        yield ProgressLine()
        yield Footer()

    def on_screen_resume(self) -> None:
        """Look again."""
        self.show_news()
        self.query_one(VirtualTable).focus()

    @work(exclusive=True, group="activity")
    async def show_news(self) -> None:
        """Show the audit of earlier runs and what this session added."""
        rows = await self._session.engine.audit()
        earlier = [
            Event(
                row.at,
                EventKind.WRITE,
                f"{row.operation} {row.addition_id or ''} in agreement {row.agreement_id}: {row.outcome}",
                _audit_text(row),
            )
            for row in rows
        ]
        mine = [event for event in self._session.listener.events if event.kind is not EventKind.WRITE]
        self._events = _Events(sorted([*earlier, *mine], key=lambda event: event.at))
        self.query_one(VirtualTable).source = self._events

    @on(VirtualTable.Highlighted)
    def _show(self, event: VirtualTable.Highlighted) -> None:
        found = self._events.event(event.key) if event.key is not None else None
        lines = [Line(found.headline, Tone.HEADING), Line(""), *block(found.text)] if found else []
        self.query_one(DetailPane).show(lines)

    def action_copy(self) -> None:
        """Put the whole text into the terminal's clipboard."""
        key = self.query_one(VirtualTable).cursor_key
        found = self._events.event(key) if key is not None else None
        if found is not None:
            self.app.copy_to_clipboard(f"{found.at.isoformat()} {found.headline}\n{found.text}")
            self.notify("Copied.", markup=False)


def _audit_text(row: object) -> str:
    why = getattr(row, "why", {})
    parts = [f"{name}: {getattr(row, name)}" for name in ("task_id", "who", "run_id", "product_id", "charge")]
    parts += [f"before: {getattr(row, 'before', None)}", f"after: {getattr(row, 'after', None)}"]
    parts += [f"{name}: {value}" for name, value in dict(why).items() if value]
    return "\n".join(parts)
