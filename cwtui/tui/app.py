"""The terminal interface: one app, a mode per screen, on the same engine as `--auto`."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from datetime import datetime
from enum import IntEnum
from functools import partial
from typing import ClassVar

import rich
from rich.console import RenderableType
from rich.segment import Segments
from rich.traceback import Traceback
from textual import events, on
from textual.app import App, ScreenStackError
from textual.binding import Binding, BindingType
from textual.command import SearchIcon
from textual.css.query import NoMatches
from textual.dom import NoScreen
from textual.screen import Screen
from textual.scrollbar import ScrollBar
from textual.timer import Timer
from textual.worker import WorkerFailed

from cwtui.domain.ids import CustomerId, TaskId
from cwtui.durations import duration_text
from cwtui.engine.schedule import next_round
from cwtui.tui import hangup, theme
from cwtui.tui.clipboard import copied_words
from cwtui.tui.drift.screen import DriftScreen
from cwtui.tui.editing.screen import EditorScreen
from cwtui.tui.mapping.wizard import WizardScreen
from cwtui.tui.modes import HOME, MODES, Mode
from cwtui.tui.others import Others
from cwtui.tui.palette import ActionProvider
from cwtui.tui.reconcile.screen import ReconcileScreen
from cwtui.tui.screens.help_screen import HelpScreen
from cwtui.tui.screens.welcome import Welcome, WelcomeScreen
from cwtui.tui.screens.work_screen import WorkScreen
from cwtui.tui.session import Session
from cwtui.tui.setup.screen import SetupScreen
from cwtui.tui.tasks.screen import TasksScreen
from cwtui.tui.why.screen import WhyScreen
from cwtui.tui.widgets.key_guard import KeyGuard, KeyLog
from cwtui.tui.widgets.mode_tabs import ModeTabs
from cwtui.tui.widgets.scroll_bar import WholeCells
from cwtui.tui.widgets.virtual_table import VirtualTable

_LOOKS_PER_S = 20
_MOUSE_MODES = (1000, 1003, 1015, 1006)
"""The terminal's mouse modes that Textual turns on."""
_SHORT = 13
"""Lines from which on a screen has room for more than its list."""
_LEAVES = "ctrl+q"
_LOOK_S = 20.0
"""Seconds between two looks at the wall clock, for automatic synchronisation."""
"""Works everywhere and at once."""


class Ending(IntEnum):
    """Why the app ended."""

    LEFT = 0
    DEMO = 1
    """The operator asked for the demo: another run, on another state."""


class CwTui(App[Ending]):
    """The app: everything works by keyboard, and also by mouse."""

    TITLE = "cwtui"
    CSS_PATH = "cwtui.tcss"
    DEFAULT_MODE = HOME
    COMMANDS: ClassVar = {ActionProvider}
    HELP_TITLE = "Everywhere"
    VERTICAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-short"), (_SHORT, "-tall")]  # noqa: RUF012  # Textual's
    BINDINGS: ClassVar[list[BindingType]] = [
        *(mode.binding for mode in MODES),
        Binding("question_mark", "help", "Help", key_display="?", id="app.help", tooltip="Every key of this screen"),
        Binding("f1", "help", "Help", id="app.help", tooltip="Every key of this screen"),  # where ? is a letter
        Binding(
            "ctrl+p", "command_palette", "More", priority=True, id="app.palette", tooltip="Every action, by its name"
        ),
        Binding("D", "toggle_dark", "Light / dark", show=False, id="app.dark", tooltip="Switch light and dark"),
        Binding(
            "ctrl+l", "redraw", "Redraw", show=False, priority=True, id="app.redraw", tooltip="Draw all of it anew"
        ),
        Binding(
            "ctrl+o",
            "turn_mouse",
            "Mouse",
            show=False,
            priority=True,
            id="app.mouse",
            tooltip="Give the mouse to the terminal, to select and copy with it; and take it back",
        ),
        Binding(
            "ctrl+z",
            "suspend_process",
            "Suspend",
            show=False,
            priority=True,
            id="app.suspend",
            tooltip="To the shell; fg comes back",
        ),
        Binding(
            "ctrl+q", "quit", "Quit", show=False, priority=True, id="app.quit", tooltip="Leave cwtui from anywhere"
        ),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(ansi_color=theme.ansi_color(os.environ))
        ScrollBar.renderer = WholeCells
        SearchIcon.icon = "/"  # type: ignore[assignment]  # Textual's is a picture that many fonts lack
        self.session = session
        self.session.tabs = tuple(mode.tab for mode in MODES)
        for known in (theme.DARK, theme.LIGHT):
            self.register_theme(known)
        liked = session.preferences.theme
        self.theme = liked if liked in self.available_themes else theme.DARK.name
        for mode in MODES:
            self.add_mode(mode.name, partial(self._screen_of, mode))
        self._shown: dict[str, Screen[None]] = {}
        self._news: Timer | None = None
        self._auto: Timer | None = None
        self._is_leaving = False
        self._at_rest = ExitStack()
        self.key_log = KeyLog()
        self._has_mouse = True
        self._others = Others(session, lambda said: self.notify(said, title="Somebody else", markup=False))

    def _screen_of(self, mode: Mode) -> Screen[None]:
        """A mode's screen, with the line of all modes on top."""
        screen = self._shown[mode.name] = mode.make(self.session)
        screen.compose_add_child(ModeTabs(self.session.tabs, mode.name))
        return screen

    def on_mount(self) -> None:
        """Begin to follow the engine's news, and ask a newcomer what to begin with."""
        self._news = self.set_interval(1 / _LOOKS_PER_S, self._look, pause=True)
        self.session.listener.on_news = self._news.resume
        self.mode_change_signal.subscribe(self, lambda _: self.call_after_refresh(self._note))
        self.plan_auto()
        self._others.follow()
        if self.session.needs_setup:
            self.push_screen(WelcomeScreen(), self._welcomed)

    async def on_unmount(self) -> None:
        """Follow the state no longer."""
        await self._others.close()

    def _welcomed(self, chosen: Welcome | None) -> None:
        match chosen:
            case Welcome.SETUP:
                self.switch_mode("setup")
            case Welcome.DEMO:
                self.exit(Ending.DEMO)
            case Welcome.LEAVE:
                self.leave()
            case None:
                return

    def _handle_exception(self, error: Exception) -> None:
        """End after an unforeseen error. That a screen is gone is none: something was still loading there."""
        cause = error.error if isinstance(error, WorkerFailed) else error
        if self.is_running or not isinstance(cause, NoMatches | NoScreen | ScreenStackError):
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """End after an unforeseen error. Textual's own report shows local variables, which may hold a bearer token."""
        self.bell()
        traceback = Traceback(show_locals=False, width=None, suppress=[rich])
        self._exit_renderables.append(Segments(self.console.render(traceback, self.console.options)))
        self._close_messages_no_wait()

    async def on_event(self, event: events.Event) -> None:
        """Keep keys from a question that were not meant for it; every key comes here first."""
        if isinstance(event, events.InputEvent) and not self.screen_stack:
            return  # between two screens, or after the last one
        if isinstance(event, events.Key) and not event.is_forwarded:
            press = self.key_log.press(event.key, event.time)
            guard = getattr(self.screen, "key_guard", None)
            if isinstance(guard, KeyGuard) and event.key != _LEAVES and guard.blocks(press):
                return
        await super().on_event(event)

    # news, and automatic synchronisation

    def _look(self) -> None:
        """Tell the screens what is new, then rest until there is more."""
        if self._news is not None:
            self._news.pause()
        if not self.is_running or not self.screen_stack:  # the screens are being taken down
            return
        if self._is_leaving and not self.session.working:
            self.exit(Ending.LEFT)
            return
        changed, self.session.listener.changed = self.session.listener.changed, {}
        for screen in self._shown.values():
            if isinstance(screen, WorkScreen) and _is_there(screen):
                screen.take_news(changed)
        over = self.screen
        is_above = over not in self._shown.values()  # the wizard, the editor
        if isinstance(over, WorkScreen) and is_above and _is_there(over):
            over.take_news(changed)
        self._note()

    def _note(self) -> None:
        """Show at the top the profile, and when automatic synchronisation runs."""
        session = self.session
        parts = [session.title]
        if session.is_read_only:
            parts.append("READ ONLY")
        elif session.auto_every is not None and session.auto_next is not None:
            parts.append(f"auto every {duration_text(session.auto_every)}, next {session.auto_next:%H:%M} UTC")
        for screen in self._shown.values():
            for tabs in screen.query(ModeTabs):
                tabs.note = " · ".join(part for part in parts if part)

    def plan_auto(self) -> None:
        """Synchronise on the period of the settings from now on, or no longer."""
        if self._auto is not None:
            self._auto.stop()
        every, self._auto, self.session.auto_next = self.session.auto_every, None, None
        if every is not None and not self.session.is_read_only:
            self._auto = self.set_interval(min(_LOOK_S, every.total_seconds()), self._run_if_due)
            self._plan_round(self.session.engine.last_check or self.session.engine.now())
        self._note()

    def _plan_round(self, last: datetime) -> None:
        session = self.session
        if session.auto_every is not None:
            now = session.engine.now()
            session.auto_next = next_round(last, session.auto_every, session.auto_at, now)

    def _run_if_due(self) -> None:
        """Run if the period is over by the wall clock: a laptop sleeps, and a day's period outlives the program."""
        due, now = self.session.auto_next, self.session.engine.now()
        if due is not None and now >= due:
            self._plan_round(now)
            self._run_auto()

    def _run_auto(self) -> None:
        home = self._shown[HOME]
        if isinstance(home, TasksScreen) and not self._is_leaving:
            self.run_worker(home.run_auto(), group="work")
        self._note()

    # leaving

    async def action_quit(self) -> None:
        """Quit: now if no work goes on, else after the write in flight; a second time, at once."""
        if self._is_leaving:
            self.exit(Ending.LEFT)
        else:
            self.leave()

    def leave(self) -> None:
        """Begin nothing more, and end after the present work."""
        self._is_leaving = True
        if not self.session.working:
            self.exit(Ending.LEFT)
            return
        self.session.stop()
        said = f"{self.session.working}: leaving after the write in flight. ctrl+q again leaves at once."
        self.notify(said, title="Leaving", timeout=60, markup=False)

    def hung_up(self) -> None:
        """The terminal is gone: draw nothing more, end as if told to leave."""
        self._at_rest.enter_context(self.batch_update())
        self.leave()

    def panic(self, *renderables: RenderableType) -> None:
        """End with an error, unless the error is that the terminal is gone."""
        if not hangup.is_gone():
            super().panic(*renderables)

    # what every screen can do

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A digit changes the mode only on a mode's own screen; a screen above it is left by esc."""
        if action == "mode" and len(self.screen_stack) > 1:
            return False
        return super().check_action(action, parameters)

    def action_mode(self, name: str) -> None:
        """Go to one of the screens."""
        if self.current_mode != name:
            self.switch_mode(name)

    def action_help(self) -> None:
        """Show every key of the screen in sight."""
        self.push_screen(HelpScreen(self.screen))

    def action_toggle_dark(self) -> None:
        """Switch between light and dark."""
        self.theme = theme.LIGHT.name if self.current_theme.dark else theme.DARK.name
        self.session.preferences.theme = self.theme
        self.keep_preferences()

    def keep_preferences(self) -> None:
        """Save the operator's preferences for the next start."""
        if failed := self.session.preferences.keep():
            self.notify(failed, severity="warning", markup=False)

    def action_redraw(self) -> None:
        """Draw every cell anew: something else wrote over the screen."""
        self.refresh(layout=True)

    def action_turn_mouse(self) -> None:
        """Release the mouse, so that the terminal selects with it; or take it again."""
        if self.is_web or self.is_headless:
            self.notify("Here the mouse is the browser's.", markup=False)
            return
        self._has_mouse = not self._has_mouse
        turn = "h" if self._has_mouse else "l"
        sys.__stderr__.write("".join(f"\x1b[?{mode}{turn}" for mode in _MOUSE_MODES))  # type: ignore[union-attr]
        sys.__stderr__.flush()  # type: ignore[union-attr]  # a terminal is there
        said = (
            "The mouse works here again." if self._has_mouse else "The mouse is the terminal's: ctrl+o takes it back."
        )
        self.notify(said, markup=False)

    def copy(self, text: str) -> None:
        """Send a text to the terminal's clipboard and say whether it may have arrived."""
        self.copy_to_clipboard(text)
        self.notify(copied_words(text, os.environ), title="Copy", markup=False)

    @on(VirtualTable.Highlighted, "#tasks")
    def _task_seen(self, event: VirtualTable.Highlighted) -> None:
        """Remember the task under the cursor, with which other screens begin."""
        self.session.task_in_sight = TaskId(event.key) if event.key else None

    @on(SetupScreen.Saved)
    def _settings_saved(self) -> None:
        """Other settings are in force."""
        self.plan_auto()

    def open_wizard(self, task_id: TaskId) -> None:
        """Map what a task needs, step by step."""
        self.push_screen(WizardScreen(self.session, task_id))

    def open_drift(self, addition: str) -> None:
        """Show what became of an addition in ConnectWise."""
        self.switch_mode("drift")
        screen = self._shown["drift"]
        if isinstance(screen, DriftScreen):
            screen.find_one(addition)

    def open_reconciliation(self, customer: CustomerId) -> None:
        """Show both sides of one customer."""
        self.switch_mode("reconcile")
        screen = self._shown["reconcile"]
        if isinstance(screen, ReconcileScreen):
            screen.open_one(customer)

    def open_editor(self, task_id: TaskId) -> None:
        """Edit the additions of a task's plan."""
        self.push_screen(EditorScreen(self.session, task_id))

    def open_why(self, task_id: TaskId) -> None:
        """Show where a task's numbers come from."""
        self.push_screen(WhyScreen(self.session, task_id))


def _is_there(screen: WorkScreen) -> bool:
    """Whether the screen is shown or kept, and not being taken down."""
    return screen.is_mounted and bool(screen.children)
