"""What the screens share: the engine, what it says while it works, and one piece of work at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cwtui.domain.ids import TaskId
from cwtui.domain.records import AuditRow
from cwtui.domain.tasks import Task
from cwtui.engine.protocols import Progress
from cwtui.engine.sync_engine import SyncEngine

_EVENTS_KEPT = 2_000


class EventKind(StrEnum):
    """What an entry of the activity is about."""

    RUN = "run"
    WRITE = "write"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the activity: a line for the list, the whole text for the pane."""

    at: datetime
    kind: EventKind
    headline: str
    text: str = ""


def _ignore() -> None:
    """Nobody looks yet."""


@dataclass(slots=True)
class ScreenListener:
    """Hears the engine and keeps what it says until the screen looks (it looks many times a second).

    Attributes:
        changed: Tasks that changed since the screen looked.
        events: What happened, newest last.
        on_news: Called whenever there is something new.
    """

    progress_now: Progress | None = None
    changed: dict[TaskId, Task] = field(default_factory=dict)
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=_EVENTS_KEPT))
    on_news: Callable[[], None] = _ignore

    def progress(self, progress: Progress) -> None:
        """Remember how far work is."""
        self.progress_now = progress
        self.on_news()

    def task_changed(self, task: Task) -> None:
        """Remember a changed task."""
        self.changed[task.id] = task
        self.on_news()

    def written(self, row: AuditRow) -> None:
        """Add a write to the activity."""
        which = f" {row.addition_id}" if row.addition_id else ""
        headline = f"{row.operation}{which} in agreement {row.agreement_id}: {row.outcome}"
        self.add(EventKind.WRITE, headline, f"Task {row.task_id}\n{headline}\n{row.after or row.before}")

    def problem(self, message: str) -> None:
        """Add a failure to the activity."""
        self.add(EventKind.PROBLEM, message.split(". ")[0], message)

    def add(self, kind: EventKind, headline: str, text: str = "") -> None:
        """Add an entry to the activity."""
        self.events.append(Event(datetime.now(UTC), kind, headline, text or headline))
        self.on_news()


@dataclass(slots=True)
class Session:
    """One run of the terminal interface.

    Attributes:
        auto_every: The period of automatic synchronisation, or None while it is off.
        holder: Who holds the state, where it was opened for reading only; else empty.
        needs_setup: No service is configured: the setup screen comes first.
        title: The profile, or that this is the demo.
    """

    engine: SyncEngine
    listener: ScreenListener
    title: str = ""
    auto_every: timedelta | None = None
    holder: str = ""
    needs_setup: bool = False

    @property
    def is_read_only(self) -> bool:
        """Another process writes; this one only shows."""
        return self.engine.store.is_read_only
