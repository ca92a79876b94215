"""The terminal interface: one app, a mode per screen, on the same engine as `--auto`."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer

from cwtui.domain.ids import TaskId
from cwtui.options import Options
from cwtui.tui.palette import ActionProvider
from cwtui.tui.screens.activity import ActivityScreen
from cwtui.tui.screens.help_screen import HelpScreen
from cwtui.tui.screens.tasks import TasksScreen
from cwtui.tui.session import ScreenListener, Session

_LOOKS_PER_S = 20


class CwTui(App[int]):
    """Everything on the keyboard, everything also by mouse."""

    TITLE = "cwtui"
    CSS_PATH = "cwtui.tcss"
    COMMANDS: ClassVar = {ActionProvider}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "mode('tasks')", "Tasks", show=False, id="app.tasks", tooltip="The task list"),
        Binding("3", "mode('activity')", "Activity", show=False, id="app.activity", tooltip="What ran and was written"),
        Binding("question_mark", "help", "Help", key_display="?", id="app.help", tooltip="Every key of this screen"),
        Binding("D", "toggle_dark", "Light / dark", show=False, id="app.dark", tooltip="Switch light and dark"),
        Binding(
            "ctrl+q", "quit", "Quit", show=False, priority=True, id="app.quit", tooltip="Leave cwtui from anywhere"
        ),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._news: Timer | None = None
        self._home = TasksScreen(session)
        self._screens: dict[str, Callable[[], Screen[None]]] = {
            "tasks": lambda: self._home,
            "activity": lambda: ActivityScreen(session),
        }

    def on_mount(self) -> None:
        """Go home, and look for the engine's news many times a second."""
        for name, make in self._screens.items():
            self.add_mode(name, make)
        self.switch_mode("tasks")
        self._news = self.set_interval(1 / _LOOKS_PER_S, self._look, pause=True)
        self.session.listener.on_news = self._news.resume
        if self.session.auto_every is not None and not self.session.is_read_only:
            self.set_interval(self.session.auto_every.total_seconds(), self._run_auto)

    def _look(self) -> None:
        if self._news is not None:
            self._news.pause()
        if self._home.is_mounted:
            self._home.take_news()

    async def _run_auto(self) -> None:
        self.run_worker(self._home.run_auto(), group="work")

    def action_mode(self, name: str) -> None:
        """Go to one of the screens."""
        self.switch_mode(name)

    def action_help(self) -> None:
        """Show every key of the screen in sight."""
        self.push_screen(HelpScreen(self.screen))

    def action_toggle_dark(self) -> None:
        """Switch between light and dark."""
        self.theme = "textual-light" if self.current_theme.dark else "textual-dark"

    def open_wizard(self, task_id: TaskId) -> None:
        """Map what a task needs, step by step."""

    def open_editor(self, task_id: TaskId) -> None:
        """Edit the additions of a task's plan."""

    def open_why(self, task_id: TaskId) -> None:
        """Show where a task's numbers come from."""


def run_app(options: Options) -> int:
    """Open the terminal interface on what the global options describe; returns the exit status.

    Raises:
        CwtuiError: The settings or the state stand in the way.
    """
    return asyncio.run(_run(options))


async def _run(options: Options) -> int:
    from cwtui.composition import compose  # noqa: PLC0415  # knows everybody; the screens know only the engine

    listener = ScreenListener()
    async with compose(replace(options, read_only_ok=True), listener) as composed:
        settings = composed.settings
        session = Session(
            engine=composed.engine,
            listener=listener,
            title="demo" if composed.is_demo else settings.origin.profile,
            auto_every=settings.sync.every if settings.sync.auto else None,
            needs_setup=bool(settings.missing),
        )
        app = CwTui(session)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, app.exit)
        return await app.run_async() or 0
