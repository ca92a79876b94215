"""The session that the screens share: the engine, its events, and one piece of work at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path

from cwtui.domain.errors import CwtuiError
from cwtui.domain.ids import TaskId
from cwtui.domain.records import AuditRow
from cwtui.domain.tasks import Task
from cwtui.engine.facade import Engine
from cwtui.engine.protocols import Progress
from cwtui.tui.activity.audit_lines import audit_headline, audit_text
from cwtui.tui.names import EngineNames, Names
from cwtui.tui.preferences import Preferences
from cwtui.tui.setup.settings_access import SettingsAccess
from cwtui.tui.vendors.access import Vendors

_EVENTS_KEPT = 2_000


class EventKind(StrEnum):
    """What an entry of the activity is about."""

    RUN = "run"
    WRITE = "write"
    PROBLEM = "problem"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """One entry of the activity: a line for the list, the whole text for the pane; `who` where that is known."""

    at: datetime
    kind: EventKind
    headline: str
    text: str = ""
    who: str = ""


def _ignore() -> None:
    """Nobody looks yet."""


@dataclass(slots=True)
class ScreenListener:
    """Keeps the engine's events until the screen looks, many times a second.

    Attributes:
        changed: Tasks that changed since the screen looked.
        events: What happened, newest last.
        added: How many there were altogether.
        on_news: Called whenever there is something new.
        names: Of what was written; None while there is no engine.
        runs: Ids of the runs of this session that wrote.
        others: How often others were seen to change the state.
    """

    now: Callable[[], datetime] = partial(datetime.now, UTC)
    progress_now: Progress | None = None
    changed: dict[TaskId, Task] = field(default_factory=dict)
    events: deque[SessionEvent] = field(default_factory=lambda: deque(maxlen=_EVENTS_KEPT))
    added: int = 0
    on_news: Callable[[], None] = _ignore
    names: Names | None = None
    runs: set[str] = field(default_factory=set)
    others: int = 0

    def progress(self, progress: Progress) -> None:
        """Remember how far work is."""
        self.progress_now = progress
        self.on_news()

    def waits(self, message: str) -> None:
        """Show until when nothing happens, in place of how far work is."""
        self.progress_now = Progress(message, 0, None)
        self.add(EventKind.PROBLEM, message)

    def task_changed(self, task: Task) -> None:
        """Remember a changed task."""
        self.changed[task.id] = task
        self.on_news()

    def written(self, row: AuditRow) -> None:
        """Add a write to the activity."""
        self.runs.add(row.run_id)
        self.add(EventKind.WRITE, audit_headline(row, self.names), audit_text(row, self.names))

    def problem(self, message: str) -> None:
        """Add a failure to the activity."""
        self.add(EventKind.PROBLEM, message.split(". ")[0], message)

    def add(self, kind: EventKind, headline: str, text: str = "") -> None:
        """Add an entry to the activity."""
        self.events.append(SessionEvent(self.now(), kind, headline, text or headline))
        self.added += 1
        self.on_news()


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the app's modes, as the line at the top shows it: `short` is its title where the line is."""

    key: str
    name: str
    title: str
    short: str


@dataclass(frozen=True, slots=True)
class Done:
    """How a piece of work ended.

    Attributes:
        error: What stopped it; None if it came to its end, or was stopped.
        said: The result in words; its first line is the headline.
    """

    said: str
    error: CwtuiError | None = None


@dataclass(slots=True)
class Session:
    """One run of the terminal interface.

    Attributes:
        engine: Made anew when settings change: ask for it, do not keep it.
        auto_every: The period of automatic synchronisation, or None while it is off.
        auto_at: The time of day for periods of whole days, in UTC.
        auto_next: When it runs next.
        holder: Who holds the state, where it was opened for reading only; else empty.
        needs_setup: No service is configured: the setup screen comes first.
        title: The profile, or that this is the demo.
        settings: Where settings are read, tried and saved; None where there are none (tests).
        vendors: Whose files can be read, on the settings as they are; None where there are none (tests).
        examples: Where the demo has files to try Intermedia's steps with; None outside of it.
        task_in_sight: The task under the cursor of the task list, with which other screens may begin.
        tabs: The modes there are; the app knows.
        working: The work under way, or empty: one thing at a time.
        shows_hints: A newcomer is walked through a first sync.
        preferences: What the operator likes on the screen.
    """

    engine: Engine
    listener: ScreenListener
    title: str = ""
    auto_every: timedelta | None = None
    auto_at: time | None = None
    auto_next: datetime | None = None
    holder: str = ""
    needs_setup: bool = False
    settings: SettingsAccess | None = None
    vendors: Vendors | None = None
    examples: Path | None = None
    task_in_sight: TaskId | None = None
    tabs: tuple[Tab, ...] = ()
    working: str = ""
    shows_hints: bool = False
    preferences: Preferences = field(default_factory=Preferences)
    _job: asyncio.Task[str] | None = None
    _only_reads: bool = False

    @property
    def names(self) -> Names:
        """Names beside ids, as far as the engine knows them."""
        return EngineNames(self.engine)

    @property
    def is_read_only(self) -> bool:
        """This user may not write the state."""
        return self.engine.known.is_read_only

    async def work(
        self, what: str, job: Callable[[], Awaitable[str]], *, only_reads: bool = False, is_noted: bool = True
    ) -> Done | None:
        """Do one piece of work, if no other is under way, and note its end in the activity.

        Args:
            what: Named in the activity and in messages.
            job: Returns what it has to say.
            only_reads: `stop` may cancel it anywhere; else it ends by itself before its next write.
            is_noted: False for work that only prepares a question.

        Returns:
            How it ended; None if something else is going on.
        """
        if self.working:
            return None
        self.working, self._only_reads = what, only_reads
        self.engine.go_on()
        self.listener.names = self.names
        self._job = asyncio.ensure_future(_run(job))
        self.listener.on_news()
        try:
            done = Done(await self._job)
        except CwtuiError as error:
            done = Done(str(error), error)
        except asyncio.CancelledError:
            if not self._was_stopped():
                raise
            done = Done("Stopped. Nothing was changed.")
        finally:
            self.working, self._job, self.listener.progress_now = "", None, None
            self.listener.on_news()
        if is_noted:
            kind = EventKind.PROBLEM if done.error else EventKind.RUN
            self.listener.add(kind, f"{what}: {_first_line(done)}", done.said)
        return done

    def _was_stopped(self) -> bool:
        """Whether `stop` cancelled the job, and not the task that waits for it."""
        me = asyncio.current_task()
        return self._only_reads and self._job is not None and self._job.cancelled() and not (me and me.cancelling())

    def stop(self) -> None:
        """End the work: at once if it only reads, else before its next write."""
        self.engine.stop()
        if self._only_reads and self._job is not None:
            self._job.cancel()


async def _run(job: Callable[[], Awaitable[str]]) -> str:
    return await job()


def _first_line(done: Done) -> str:
    return done.error.happened if done.error else done.said.partition("\n")[0]
