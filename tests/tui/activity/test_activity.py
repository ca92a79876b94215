"""The activity screen, driven like a user."""

from __future__ import annotations

from pathlib import Path

from cwtui.tui.activity.screen import ActivityScreen
from cwtui.tui.session import EventKind
from cwtui.tui.tasks.screen import TasksScreen
from cwtui.tui.widgets.detail_pane import DetailPane
from cwtui.tui.widgets.virtual_table import VirtualTable
from tests.tui.demo_app import demo

WHAT, HEADLINE = 1, 2


async def test_what_ran_and_what_was_written_newest_first(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("s", "y")
        await app.until_idle()
        await app.press("3")
        await app.until(ActivityScreen)
        await app.pilot.pause(0.1)
        assert [row[WHAT] for row in app.rows()] == ["run", "✓ written"]
        assert app.rows()[0][HEADLINE].startswith("Synchronising: 1 synced")
        await app.press("j")
        assert "created addition" in app.detail
        assert "unit price    4.50" in app.detail
        assert "why" in app.detail


async def test_the_audit_of_earlier_runs_is_there(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("s", "y")
        await app.until_idle()
    async with demo(tmp_path) as app:
        await app.press("3")
        await app.until(ActivityScreen)
        await app.pilot.pause(0.1)
        assert [row[WHAT] for row in app.rows()] == ["run", "✓ written"]  # the run of a process before this one


async def test_writes_of_what_is_no_addition_are_there_too(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.engine.customers.import_all()
        await app.press("3")
        await app.until(ActivityScreen)
        await app.pilot.pause(0.1)
        headlines = [row[HEADLINE] for row in app.rows()]
        assert any(line.startswith("created customer CobaltStudios (") for line in headlines)
        assert all(row[WHAT] == "✓ written" for row in app.rows())


async def test_what_happens_meanwhile_appears_and_an_error_is_whole(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("3")
        await app.until(ActivityScreen)
        assert app.rows() == []
        app.app.session.listener.problem("The PSA said no. Nothing was changed. Ask it.\nAgain, [b]please[/].")
        await app.pilot.pause(0.2)
        assert [row[WHAT] for row in app.rows()] == ["✗ failed"]
        assert app.rows()[0][HEADLINE] == "The PSA said no"
        assert "Ask it.\nAgain, [b]please[/]." in app.detail


async def test_copying_takes_the_whole_text(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("3", "y")
        assert app.app.clipboard == ""
        app.app.session.listener.problem("One. Two. Three.")
        await app.pilot.pause(0.2)
        await app.press("y")
        assert app.app.clipboard.endswith(" One\nOne. Two. Three.")


async def test_the_keys_to_the_text_and_back_to_the_tasks(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        app.app.session.listener.add(EventKind.RUN, "Something ran")
        await app.press("3")
        await app.until(ActivityScreen)
        await app.press("tab")
        assert app.screen.query_one(DetailPane).has_focus
        await app.press("tab")
        assert app.screen.query_one(VirtualTable).has_focus
        await app.press("enter")
        assert app.screen.query_one(DetailPane).has_focus
        await app.press("q")
        assert isinstance(app.screen, TasksScreen)


async def test_hostile_texts(tmp_path: Path, hostile_names: tuple[str, ...]) -> None:
    async with demo(tmp_path) as app:
        await app.press("3")
        await app.until(ActivityScreen)
        for name in hostile_names:
            app.app.session.listener.add(EventKind.PROBLEM, name, name)
        await app.pilot.pause(0.2)
        for _ in hostile_names:
            await app.pilot.press("down", "y")
        shown = "".join(segment.text for line in app.screen._compositor.render_strips() for segment in line)
        assert "\x1b" not in shown
        assert len(app.rows()) == len(hostile_names)
