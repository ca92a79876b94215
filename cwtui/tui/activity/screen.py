"""The activity: runs, writes, and errors with their full explanation, to be copied."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from itertools import islice
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.timer import Timer

from cwtui.domain.ids import TaskId
from cwtui.domain.records import AuditRow
from cwtui.domain.tasks import Task
from cwtui.tui.activity.audit_lines import audit_headline, audit_text, record_headline, record_text
from cwtui.tui.activity.other_runs import OtherRuns
from cwtui.tui.plain import clean, clean_lines
from cwtui.tui.screens.work_screen import TO_TASKS, WorkScreen
from cwtui.tui.session import EventKind, Session, SessionEvent
from cwtui.tui.widgets.columns import Column
from cwtui.tui.widgets.detail_pane import DetailPane, Line, block
from cwtui.tui.widgets.keys_line import KeysLine
from cwtui.tui.widgets.progress_line import ProgressLine
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.widgets.virtual_table import VirtualTable
from cwtui.tui.words import WIDE

_COLUMNS = (
    Column("at", "When (UTC)", 19),
    Column("kind", "What", 9, toned=True),
    Column("headline", "Happened", 20, share=1),
    Column("who", "Who", 18, rank=1, least=100),
)
_TONES = {
    EventKind.RUN: Tone.NORMAL,
    EventKind.WRITE: Tone.GOOD,
    EventKind.PROBLEM: Tone.BAD,
    EventKind.LEFT_OUT: Tone.MUTED,
}
_WORDS = {
    EventKind.RUN: "run",
    EventKind.WRITE: "✓ written",
    EventKind.PROBLEM: "✗ failed",
    EventKind.LEFT_OUT: "» left out",
}
_SHOWN, _AT_ONCE = 20_000, 500
_OTHERS_S = 1.0
"""Seconds until others' changes are shown: a run elsewhere notes hundreds of writes."""


class _Events:
    """Events as a table's rows, newest first; the key of a row is its number from the oldest."""

    def __init__(self, events_: Iterable[SessionEvent] = ()) -> None:
        self._events = list(events_)

    @property
    def row_count(self) -> int:
        return len(self._events)

    def key(self, index: int) -> str:
        return str(self.row_count - 1 - index)

    def index_of(self, key: str) -> int | None:
        place = self.row_count - 1 - int(key)
        return place if 0 <= place < self.row_count else None

    def cells(self, index: int) -> Sequence[str]:
        event = self._events[-1 - index]
        return (event.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"), _WORDS[event.kind], event.headline, event.who)

    def tone(self, index: int) -> Tone:
        return _TONES[self._events[-1 - index].kind]

    def is_selected(self, index: int) -> bool:  # noqa: ARG002  # the protocol's shape
        return False

    def event(self, key: str | None) -> SessionEvent | None:
        return None if key is None or self.index_of(key) is None else self._events[int(key)]

    def add(self, new: Iterable[SessionEvent]) -> None:
        self._events.extend(new)


class ActivityScreen(WorkScreen):
    """Runs and writes, from the audit and from this session."""

    HELP_TITLE = "Activity"
    HELP = "What ran, what was written, what went wrong; the whole text of each below."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", id="activity.copy", tooltip="Copy the whole text of this entry"),
        TO_TASKS,
        Binding("tab", "other_pane", "Other pane", show=False, id="activity.pane", tooltip="To the text and back"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._events = _Events()
        self._seen = 0
        self._others = 0
        self._later: Timer | None = None

    def compose(self) -> ComposeResult:
        """The list, the text, the progress line."""
        with Container(classes="panes"):
            yield VirtualTable(_COLUMNS, selectable=False, empty_text="Nothing has happened yet.", id="events")
            yield DetailPane(id="detail")
        yield ProgressLine()
        yield KeysLine()

    def on_mount(self) -> None:
        """The keys move the list."""
        self.query_one(VirtualTable).focus()

    def on_resize(self, event: events.Resize) -> None:
        """List above text on a narrow terminal, beside it on a wide one."""
        self.set_class(event.size.width >= WIDE, "-wide")

    def on_screen_resume(self) -> None:
        """Look again."""
        self.read()

    @work(exclusive=True, group="activity")
    async def read(self) -> None:
        """Show the audit with earlier runs, and the other events of this session, without holding up keys."""
        listener = self.session.listener
        seen = listener.added
        said = [event for event in listener.events if event.kind is not EventKind.WRITE]
        rows, names = iter(self.session.engine.known.audit()), self.session.names
        written: deque[SessionEvent] = deque(maxlen=_SHOWN)
        runs = OtherRuns(listener.runs)
        while some := list(islice(rows, _AT_ONCE)):
            written.extend(
                SessionEvent(row.at, _kind(row), audit_headline(row, names), audit_text(row, names), row.who)
                for row in some
            )
            runs.add(some)
            await asyncio.sleep(0)
        said += [
            SessionEvent(row.at, EventKind.WRITE, record_headline(row), record_text(row), row.who)
            for row in self.session.engine.record_writes()
        ]
        said += runs.events()
        self._events = _Events(sorted([*written, *said], key=lambda event: event.at))
        self._seen = seen
        self.query_one(VirtualTable).source = self._events
        self._add_new()

    def take_news(self, changed: Mapping[TaskId, Task]) -> None:
        """Show the new events."""
        super().take_news(changed)
        if self.is_current:
            self._add_new()
            others = self.session.listener.others
            if others != self._others and self._later is None:
                self._others, self._later = others, self.set_timer(_OTHERS_S, self._read_others)

    def _read_others(self) -> None:
        """Others changed something: read again, once for all changes that came meanwhile."""
        self._later = None
        self.read()

    def _add_new(self) -> None:
        listener = self.session.listener
        new = listener.added - self._seen
        if new > 0:
            self._events.add(list(listener.events)[-new:])
            self._seen = listener.added
            self.query_one(VirtualTable).rows_changed()

    @on(VirtualTable.Highlighted)
    def _show(self, event: VirtualTable.Highlighted) -> None:
        found = self._events.event(event.key)
        lines = [Line(found.headline, Tone.HEADING), Line(""), *block(found.text)] if found else []
        self.query_one(DetailPane).show(lines)

    @on(VirtualTable.Opened)
    def _open(self) -> None:
        self.query_one(DetailPane).focus()

    def action_other_pane(self) -> None:
        """From the list to the text and back."""
        pane = self.query_one(DetailPane)
        (self.query_one(VirtualTable) if pane.has_focus else pane).focus()

    def action_copy(self) -> None:
        """Put the whole text into the terminal's clipboard."""
        found = self._events.event(self.query_one(VirtualTable).cursor_key)
        if found is not None:
            lines = [f"{found.at.isoformat()} {clean(found.headline)}", *clean_lines(found.text)]
            self.app.copy("\n".join(lines))  # type: ignore[attr-defined]  # the app is CwTui


def _kind(row: AuditRow) -> EventKind:
    return EventKind.LEFT_OUT if row.is_left_out else EventKind.WRITE
