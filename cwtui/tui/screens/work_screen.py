"""A screen that starts work: one thing at a time, with its progress and a way to stop it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import ClassVar, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Input

from cwtui.domain.ids import TaskId
from cwtui.domain.tasks import Task
from cwtui.engine.protocols import Progress
from cwtui.tui.asking import ask
from cwtui.tui.session import Session
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.detail_pane import DetailPane, Line
from cwtui.tui.widgets.dialog import Dialog
from cwtui.tui.widgets.progress_line import ProgressLine
from cwtui.tui.widgets.virtual_table import VirtualTable
from cwtui.tui.words import READ_S

TO_TASKS = Binding("q", "to_tasks", "Tasks", show=False, id="work.tasks", tooltip="To the tasks")
"""Of the modes beside the tasks, where `q` is no letter."""
Answer = TypeVar("Answer")
Prepared = TypeVar("Prepared")
_STOPPING = "stopping before the next write"
_READ_ONLY = (
    "This user may not write this state, so nothing was changed."
    " Ask its owner for the right to write it, then start again."
)


class WorkScreen(Screen[None]):
    """A mode's screen with a `ProgressLine`.

    Down: `take_news`, from the app. A subclass starts work by `await self.do_work(…)` in a worker of group `work`.

    Attributes:
        WRITES: Actions that are dimmed while work goes on, and where the state is another's.
    """

    WRITES: ClassVar[frozenset[str]] = frozenset()
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "stop_or_leave",
            "Back",
            show=False,
            id="work.stop",
            tooltip="Stop before the next write; else back to the tasks",
        ),
    ]
    working: reactive[str] = reactive("", bindings=True)
    """The work under way, here or on another screen; empty if there is none."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        """Dim what cannot be done now."""
        if action == "to_tasks":
            return self._is_mode
        if action == "filter" and isinstance(self.focused, Input):
            return False  # the key is a letter there
        if action in self.WRITES and (self.working or self.session.is_read_only):
            return None
        return True

    def on_key(self, event: events.Key) -> None:
        """Say why a key that would change something does nothing, where this user may only read."""
        active = self.active_bindings.get(event.key)
        if active is None or active.enabled or active.binding.action not in self.WRITES or self.working:
            return
        if self.session.is_read_only:
            self.notify(_READ_ONLY, title=active.binding.description, severity="warning", markup=False)

    def take_news(self, changed: Mapping[TaskId, Task]) -> None:  # noqa: ARG002  # for those that show tasks
        """Show the progress; the app calls this when there is something new."""
        session = self.session
        self.working = session.working
        now = session.listener.progress_now or Progress(session.working, 0, None)
        for line in self.query(ProgressLine):
            line.progress = now if session.working else None
            if not session.working:
                line.hint = ""
            elif line.hint != _STOPPING:
                line.hint = "esc stops"

    async def do_work(self, what: str, job: Callable[[], Awaitable[str]], *, only_reads: bool = False) -> bool:
        """Do one thing and say how it ended; see `Session.work`.

        Returns:
            Whether it came to its end.
        """
        done = await self.session.work(what, job, only_reads=only_reads)
        if done is None:
            self.notify(f"{self.session.working} is still going on.", severity="warning", markup=False)
            return False
        if done.error is not None:
            self.notify(done.said, title=what, severity="error", timeout=READ_S, markup=False)
        else:
            self.notify(done.said, title=what, markup=False)
        return done.error is None

    async def prepare(self, what: str, job: Callable[[], Awaitable[Prepared]]) -> Prepared | None:
        """Read what a question shows, with progress; no other work begins meanwhile.

        Returns:
            What was read; None where it failed or was stopped, or where something else is going on.
        """
        found: list[Prepared] = []

        async def read() -> str:
            found.append(await job())
            return ""

        done = await self.session.work(what, read, only_reads=True, is_noted=False)
        if done is None and self.session.working != what:
            self.notify(f"{self.session.working} is still going on.", severity="warning", markup=False)
        elif done is not None and done.error is not None:
            self.notify(done.said, title=what, severity="error", timeout=READ_S, markup=False)
        return found[0] if found else None

    async def ask(self, dialog: Dialog[Answer]) -> Answer | None:
        """Show a dialog over this screen, if this screen is still in front; see `asking.ask`."""
        answer = await ask(self, dialog)
        return answer  # noqa: RET504  # inferred alone: an answer may be None itself

    async def confirmed(self, title: str, lines: Iterable[Line], question: str, yes: str, no: str = "No") -> bool:
        """Show what is about to be done, and ask."""
        return await self.ask(ConfirmScreen(title, lines, question=question, yes=yes, no=no)) is True

    @property
    def _is_mode(self) -> bool:
        """Whether it is one of the app's modes, with no screen below."""
        return len(self.app.screen_stack) == 1

    def action_stop_or_leave(self) -> None:
        """Stop the work; if there is none, go back."""
        if self.working:
            self.action_stop()
        elif not self.back_to_list() and self._is_mode:
            self.action_to_tasks()

    def back_to_list(self) -> bool:
        """Move the focus from the text beside a list to the list; True if it was on the text."""
        tables = [table for table in self.query(VirtualTable) if table.focusable]
        if not isinstance(self.focused, DetailPane) or not tables:
            return False
        tables[0].focus()
        return True

    def action_to_tasks(self) -> None:
        """Go to the task list."""
        self.app.switch_mode("tasks")

    def action_stop(self) -> None:
        """Stop before the next write; work that only reads stops at once."""
        self.query_one(ProgressLine).hint = _STOPPING
        self.session.stop()
