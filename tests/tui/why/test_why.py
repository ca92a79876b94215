"""Why, driven like a user over the demo's sandbox."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Static

from cwtui.domain.ids import TaskId
from cwtui.domain.tasks import TaskStatus
from cwtui.tui.tasks.screen import TasksScreen
from cwtui.tui.why.screen import WhyScreen
from tests.tui.demo_app import demo


async def test_w_explains_what_a_ready_task_would_write_and_y_copies_it(tmp_path: Path) -> None:
    async with demo(tmp_path, size=(80, 24)) as app:
        ready = (await app.engine.tasks([TaskStatus.READY]))[0]
        app.app.open_why(ready.id)
        await app.until(WhyScreen)
        for text in ("Planned: create", "Product", "Order", "Rule", "Request", "POST: create", ready.id):
            assert text in app.detail
        await app.press("y")
        assert app.app.clipboard == app.detail
        for key in ("escape", "q"):
            await app.press(key)
            assert isinstance(app.screen, TasksScreen)
            app.app.open_why(ready.id)
            await app.pilot.pause()


async def test_the_key_opens_it_on_the_task_under_the_cursor(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("w")
        await app.until(WhyScreen)
        title = str(app.screen.query_one(".screen--title", Static).render())
        assert title == "Why · Green Lane LLC · Exchange Online (Plan 1) · sales initial"


async def test_what_was_written_tells_who_when_and_the_answer(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        ready = (await app.engine.tasks([TaskStatus.READY]))[0]
        await app.engine.sync([ready.id])
        app.app.open_why(ready.id)
        await app.until(WhyScreen)
        for text in ("Answer", "Who", "When", "run "):
            assert text in app.detail
        assert "Planned" not in app.detail


async def test_a_task_that_is_gone_says_what_happened_and_what_next(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        app.app.open_why(TaskId("nobody[/]"))
        await app.until(WhyScreen)
        assert "There is no task nobody[/]." in app.detail
        assert "The list of tasks shows what there is." in app.detail
