"""The app around its screens: modes, help, palette, themes, leaving, and who may write."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.command import CommandPalette
from textual.css.query import NoMatches
from textual.worker import WorkerFailed

from cwtui.composition import compose
from cwtui.domain.errors import StateError
from cwtui.engine.listing.task_row import TaskRow
from cwtui.engine.listing.task_rows import task_rows
from cwtui.engine.reports import AutoReport
from cwtui.options import Options
from cwtui.store.state import open_state
from cwtui.terminal import session_of
from cwtui.tui import hangup
from cwtui.tui.app import CwTui, Ending
from cwtui.tui.modes import HOME, MODES
from cwtui.tui.palette import ActionProvider
from cwtui.tui.screens.help_screen import HelpScreen, help_lines
from cwtui.tui.screens.work_screen import WorkScreen
from cwtui.tui.session import ScreenListener, Session, Tab
from cwtui.tui.tasks.screen import TasksScreen
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.detail_pane import DetailPane
from cwtui.tui.widgets.mode_tabs import ModeTabs
from cwtui.tui.widgets.status_bar import StatusBar
from cwtui.tui.widgets.virtual_table import VirtualTable
from tests.tui.demo_app import AS_OF, Demo, demo


def tabs(app: Demo) -> ModeTabs:
    return app.screen.query_one(ModeTabs)


# modes


@pytest.mark.parametrize("mode", [pytest.param(mode, id=mode.name) for mode in MODES])
async def test_a_modes_key_leads_to_it_and_a_click_too(tmp_path: Path, mode: SimpleNamespace) -> None:
    async with demo(tmp_path, size=(160, 40)) as app:
        await app.press("3", mode.key)
        assert app.app.current_mode == mode.name
        assert f"[{mode.key} {mode.title}]" in str(tabs(app).render())
        await app.press("ctrl+p", "escape")
        app.app.switch_mode("tasks")
        await app.settle()
        start = str(tabs(app).render()).index(f"{mode.key} {mode.title}")
        await app.pilot.click(ModeTabs, offset=(start + 1, 0))
        await app.settle()
        assert app.app.current_mode == mode.name


def test_no_two_modes_share_a_key_or_a_name() -> None:
    assert len({mode.key for mode in MODES}) == len({mode.name for mode in MODES}) == len(MODES)


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        pytest.param(60, " 1 Tasks [2 Mappings] 3 Reconciliation ", id="all titles where there is room"),
        pytest.param(45, " 1 Tasks [2 Mappings] 3 Reconciliation", id="close together"),
        pytest.param(35, " 1 Tasks [2 Mappings] 3 Rec", id="short ones"),
        pytest.param(28, " 1 Tasks [2 Map] 3 Rec", id="the current one, too"),
        pytest.param(24, " 1 [2 Mappings] 3", id="keys alone"),
    ],
)
async def test_the_tabs_make_room(width: int, shown: str) -> None:
    class Host(App[None]):
        def compose(self) -> ComposeResult:
            made = ModeTabs(
                [
                    Tab("1", "t", "Tasks", "Tasks"),
                    Tab("2", "m", "Mappings", "Map"),
                    Tab("3", "r", "Reconciliation", "Rec"),
                ],
                "m",
            )
            made.note = "demo"
            made.styles.height = 1
            yield made

    async with Host().run_test(size=(width, 5)) as pilot:
        line = str(pilot.app.query_one(ModeTabs).render())
        assert line == f"{shown}{'demo':>{width - len(shown)}}"


# help and palette


async def test_help_names_every_key_of_every_mode(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        for mode in MODES:
            app.app.switch_mode(mode.name)
            await app.settle()
            text = "\n".join(line.text for line in help_lines(app.screen))
            for active in app.screen.active_bindings.values():
                if active.binding.id:
                    assert active.binding.tooltip, active.binding
                    assert active.binding.tooltip in text
            assert "ctrl+p" in text or "^p" in text


async def test_help_opens_and_closes(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        for opens, closes in (("?", "escape"), ("f1", "q"), ("?", "?"), ("f1", "f1")):
            await app.press(opens)
            assert isinstance(app.screen, HelpScreen)
            assert "Write the plans of the selected tasks, or of this one" in app.detail
            assert "Everywhere" in app.detail
            await app.press(closes)
            assert isinstance(app.screen, TasksScreen)


async def test_dialogs_have_help_too(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        for opens, said in (("f", "One page down"), ("x", "Give no answer"), ("S", "Do what is listed")):
            await app.press(opens)
            await app.settle()
            dialog = app.screen
            await app.press("f1")
            assert isinstance(app.screen, HelpScreen)
            assert said in app.detail
            assert "This dialog" in app.detail
            await app.press("escape")
            assert app.screen is dialog
            await app.press("escape")
            assert isinstance(app.screen, TasksScreen)


async def test_esc_stops_what_goes_on_from_every_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with demo(tmp_path) as app:
        stopped = []
        monkeypatch.setattr(Session, "stop", lambda _: stopped.append(app.app.current_mode))
        for mode in MODES:
            app.app.switch_mode(mode.name)
            await app.settle()
            app.app.session.working = "Waiting"
            app.top(WorkScreen).take_news({})
            await app.press("escape")
            app.app.session.working = ""
            app.top(WorkScreen).take_news({})
        assert stopped == [mode.name for mode in MODES]


@pytest.mark.parametrize("mode", ["1", "2", "3", "4"])
async def test_esc_leads_from_the_text_to_the_list_first(tmp_path: Path, mode: str) -> None:
    async with demo(tmp_path) as app:
        await app.press(mode)
        app.screen.query_one(DetailPane).focus()
        where = app.app.current_mode
        await app.press("escape")
        assert isinstance(app.app.focused, VirtualTable)
        assert app.app.current_mode == where


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_every_mode_leads_back_to_the_tasks(tmp_path: Path, key: str) -> None:
    async with demo(tmp_path) as app:
        for mode in MODES[1:]:
            if mode.name == "setup" and key == "q":
                continue  # a letter there
            app.app.switch_mode(mode.name)
            await app.settle()
            await app.press(key)
            assert app.app.current_mode == HOME, mode


async def test_help_says_what_cannot_be_done_now(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("2")
        lines = [line.text for line in help_lines(app.screen)]
        assert any("Map one charge of this product differently (not now)" in line for line in lines)


async def test_every_action_is_in_the_palette(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        wanted = {
            active.binding.description
            for active in app.screen.active_bindings.values()
            if active.binding.id and active.enabled and active.binding.id != "app.palette"
        }
        provider = ActionProvider(app.screen)
        offered = {str(hit.prompt).rpartition("  (")[0] async for hit in provider.discover()}
        assert offered == wanted
        found = {str(hit.text).rpartition("  (")[0] async for hit in provider.search("sync all ready")}
        assert "Ready" in found


async def test_the_palette_does_what_the_key_does(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("ctrl+p")
        assert isinstance(app.screen, CommandPalette)
        await app.type("all ready")
        await app.pilot.pause(0.5)
        await app.press("down", "enter")
        await app.until(ConfirmScreen)


async def test_light_and_dark(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        assert app.app.theme == "cwtui-dark"
        await app.press("D")
        assert app.app.theme == "cwtui-light"
        await app.press("D")
        assert app.app.theme == "cwtui-dark"


async def test_no_color_means_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with demo(tmp_path) as app:
        assert app.app.no_color
        assert app.app.native_ansi_color
        assert "[1 Tasks]" in str(tabs(app).render())


# leaving


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(["q"], id="q from home"),
        pytest.param(["ctrl+q"], id="ctrl+q from home"),
        pytest.param(["3", "ctrl+q"], id="ctrl+q from another mode"),
        pytest.param(["9", "x", "ctrl+q"], id="ctrl+q out of a field"),
        pytest.param(["s", "ctrl+q"], id="ctrl+q over a dialog"),
        pytest.param(["?", "ctrl+q"], id="ctrl+q over the help"),
    ],
)
async def test_leaving(tmp_path: Path, keys: list[str]) -> None:
    async with demo(tmp_path) as app:
        for key in keys:
            await app.pilot.press(key)
        await app.pilot.pause()
        assert app.app.return_value is Ending.LEFT
        assert app.app.return_code == 0


class Slow:
    """Work that goes on until it is let go, as a write in flight does."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.came_to_its_end = False

    async def work(self) -> str:
        await self.ended.wait()
        self.came_to_its_end = True
        return "written"


async def start_slow(app: Demo) -> Slow:
    slow = Slow()
    screen = app.screen
    assert isinstance(screen, WorkScreen)
    screen.run_worker(screen.do_work("Writing", slow.work))
    await app.pilot.pause(0.1)
    assert app.app.session.working == "Writing"
    return slow


async def test_quitting_waits_for_the_write_in_flight(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        slow = await start_slow(app)
        await app.pilot.press("q")
        await app.pilot.pause(0.2)
        assert app.app.return_value is None
        assert any("leaving after the write in flight" in message for message in app.messages)
        slow.ended.set()
        await app.pilot.pause(0.3)
        assert slow.came_to_its_end
        assert app.app.return_value is Ending.LEFT


async def test_asked_twice_it_leaves_at_once(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        slow = await start_slow(app)
        await app.pilot.press("ctrl+q", "ctrl+q")
        await app.pilot.pause()
        assert app.app.return_value is Ending.LEFT
        assert not slow.came_to_its_end


async def test_a_terminal_that_is_gone_ends_it_between_two_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with demo(tmp_path) as app:
        slow = await start_slow(app)
        monkeypatch.setattr(hangup, "is_gone", lambda: True)
        app.app.panic(Text("the reader's error"))
        app.app.hung_up()
        await app.pilot.pause(0.2)
        assert app.app.return_value is None
        slow.ended.set()
        await app.pilot.pause(0.3)
        assert slow.came_to_its_end
        assert app.app.return_value is Ending.LEFT


async def test_nothing_else_begins_while_something_goes_on(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        slow = await start_slow(app)
        screen = app.screen
        assert isinstance(screen, TasksScreen)
        assert not await screen.do_work("Another", slow.work)
        await app.pilot.pause(0.1)
        assert any("Writing is still going on." in message for message in app.messages)
        await screen.run_auto()
        slow.ended.set()
        await app.until_idle()


# automatic synchronisation, and a second operator


async def test_automatic_synchronisation_runs_on_its_period_and_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with demo(tmp_path) as app:
        runs: list[int] = []

        async def auto(_: object) -> AutoReport:
            runs.append(1)
            return AutoReport(AS_OF, synced=3)

        monkeypatch.setattr(type(app.engine), "auto", auto)
        session = app.app.session
        assert "auto" not in tabs(app).note
        session.auto_every = timedelta(seconds=1)
        app.app.plan_auto()
        assert "auto every 1s, next " in tabs(app).note
        await app.pilot.pause(1.4)
        await app.until_idle()
        assert len(runs) == 1
        assert any("3 synced" in message for message in app.messages)
        session.auto_every = None
        app.app.plan_auto()
        assert "auto" not in tabs(app).note


async def test_a_state_one_may_not_write_is_shown_and_cannot_be_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    async with demo(tmp_path):
        monkeypatch.setattr("cwtui.store.opening._refuse_unwritable", refuse)
        options = Options(demo=True, as_of=AS_OF, state=tmp_path / "state.json", read_only_ok=True)
        listener = ScreenListener()
        async with compose(options, listener) as composed:
            app = CwTui(session_of(composed, listener))
            async with app.run_test(size=(120, 40)) as pilot:
                second = Demo(app, composed.engine, pilot)
                await second.settle()
                assert "READ ONLY" in tabs(second).note
                note = second.screen.query_one(StatusBar).note.replace("\u00a0", " ")
                assert "READ ONLY: this user may not write this state" in note
                assert len(second.rows()) == 20
                for key in "csSmexou":
                    app.clear_notifications()
                    await second.press(key)
                    assert "This user may not write this state" in "".join(second.messages), key
                assert isinstance(app.screen, TasksScreen)
                for _ in range(8):
                    await second.press("j")
                    await pilot.pause(0.1)
                    assert "Plan" in second.detail
                with pytest.raises(StateError):
                    await composed.engine.check()


# the rows of a great list


async def test_rows_from_the_file_are_those_of_the_tasks(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        store = app.engine.store
        assert list(task_rows(store)) == [TaskRow.of(task) for task in store.tasks()]


def test_a_task_that_cannot_be_read_says_which(tmp_path: Path) -> None:
    state = open_state(tmp_path / "state.json")
    state.documents.commit([("tasks", "1.2", b'{"id":"1.2","status":"odd"}')])
    with pytest.raises(StateError, match=r"Document 1\.2 of table tasks in .* cannot be read"):
        list(task_rows(state))
    state.close()


def test_a_session_needs_no_desk() -> None:
    session = Session(engine=SimpleNamespace(known=SimpleNamespace(is_read_only=True)), listener=ScreenListener())  # type: ignore[arg-type]
    assert session.is_read_only
    assert session.settings is None


async def test_news_that_come_while_the_screens_are_taken_down_end_nothing(tmp_path: Path) -> None:
    async with demo(tmp_path) as opened:
        app, tasks = opened.app, await opened.engine.tasks()
        ended = asyncio.Event()

        async def news() -> None:
            while not ended.is_set():
                app.session.listener.changed = {task.id: task for task in tasks}
                app._look()
                await asyncio.sleep(0)

        telling = asyncio.create_task(news())
    ended.set()
    await telling


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        pytest.param(NoMatches("the list"), False, id="a screen that is taken down"),
        pytest.param(ValueError("the answer"), True, id="anything else"),
    ],
)
async def test_leaving_while_something_loads_ends_in_words_only_if_more_is_wrong(
    error: Exception, ends: bool, tmp_path: Path
) -> None:
    async def loading(app: CwTui) -> None:
        while app.is_running:  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0)
        raise error

    async def leave_while_it_loads() -> None:
        async with demo(tmp_path) as opened:
            opened.screen.run_worker(loading(opened.app))
            await asyncio.sleep(0)

    with pytest.raises(WorkerFailed, match="the answer") if ends else nullcontext():
        await leave_while_it_loads()
