"""The task screen, driven like a user over the demo's sandbox."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input

from cwtui.domain.errors import Refused, Transient
from cwtui.domain.ids import TaskId
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.listing.task_row import TaskColumn
from cwtui.engine.protocols import Progress
from cwtui.engine.reports import AutoReport, Writes
from cwtui.tui.session import EventKind
from cwtui.tui.tasks.screen import TasksScreen, report_text
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.detail_pane import DetailPane
from cwtui.tui.widgets.filter_input import FilterInput
from cwtui.tui.widgets.fuzzy_picker import FuzzyPicker
from cwtui.tui.widgets.progress_line import ProgressLine
from cwtui.tui.widgets.status_bar import StatusBar
from cwtui.tui.widgets.text_prompt_screen import TextPromptScreen
from cwtui.tui.widgets.virtual_table import VirtualTable
from tests.tui.demo_app import Demo, demo

STATUS, KIND, CUSTOMER = 0, 1, 2


def counts(app: Demo) -> dict[str, int]:
    return {count.word: count.number for count in app.screen.query_one(StatusBar).counts}


async def total(app: Demo, *statuses: TaskStatus) -> int:
    return len(await app.engine.tasks(statuses))


def note(app: Demo) -> str:
    return app.screen.query_one(StatusBar).note


def table(app: Demo) -> VirtualTable:
    return app.screen.query_one("#tasks", VirtualTable)


async def to_row(app: Demo, status: str) -> TaskId:
    """Put the cursor on the first task of a status."""
    place = next(place for place, row in enumerate(app.rows()) if status in row[STATUS])
    await app.press("g", *["j"] * place)
    return TaskId(str(table(app).cursor_key))


async def test_check_fills_the_list_and_the_counts(tmp_path: Path) -> None:
    async with demo(tmp_path, checked=False) as app:
        assert table(app).empty_text == "No tasks yet. Press c to check changes."
        await app.press("c")
        await app.until_idle()
        assert len(app.rows()) == sum(counts(app).values()) == await total(app)
        assert counts(app)["ready"] == counts(app)["needs action"] == 10
        assert any("20 tasks created" in message for message in app.messages)


async def test_what_the_state_holds_is_there_from_the_start(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        assert len(app.rows()) == await total(app) == 20
        assert table(app).has_focus


async def test_the_pane_follows_the_cursor_and_shows_the_plan_with_its_arithmetic(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        assert "Green Lane LLC (1000011)" in app.detail
        assert "25 × 4.50 = 112.50" in app.detail
        await to_row(app, "needs action")
        assert "What keeps it from being ready" in app.detail
        assert "billing_cycle_mismatch · key: m chooses another agreement" in app.detail


async def test_filtering_as_one_types(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("/")
        await app.type("mull")
        assert {row[CUSTOMER] for row in app.rows()} == {"Müller & Söhne GmbH"}
        assert f"{len(app.rows())} of {await total(app)} shown" in note(app)
        await app.press("enter")
        assert table(app).has_focus
        await app.press("/", "escape")
        assert len(app.rows()) == await total(app)
        await app.press("escape")
        assert table(app).has_focus


async def test_a_filter_nothing_passes_says_so(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("/")
        await app.type("zzz")
        assert app.rows() == []
        assert table(app).empty_text == "No task passes the filter."
        assert app.detail == ""
        await app.press("enter", "s")
        assert any("There is no task here" in message for message in app.messages)


async def test_filtering_by_status_kind_and_customer(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await app.press("f")
        await app.until(FuzzyPicker)
        await app.type("ready")
        await app.press("enter")
        assert {row[STATUS] for row in app.rows()} == {"▸ ready"}
        assert f"{await total(app, TaskStatus.READY)} of {await total(app)} shown: ready" in note(app)
        await app.press("C")
        assert {row[CUSTOMER] for row in app.rows()} == {"Green Lane LLC"}
        await app.press("C", "f")
        await app.press("enter")
        assert len(app.rows()) == await total(app)
        await app.press("F")
        await app.press("down", "down", "enter")
        assert {row[KIND] for row in app.rows()} == {"change"}
        await app.press("F", "escape")
        assert {row[KIND] for row in app.rows()} == {"change"}


async def test_esc_drops_every_filter(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        everything = len(app.rows())
        await app.press("slash", *"green", "enter", "C", "f")
        await app.until(FuzzyPicker)
        await app.type("ready")
        await app.press("enter")
        assert len(app.rows()) < everything
        assert "shown: ready, one customer, esc shows all" in note(app)
        await app.press("escape")
        assert len(app.rows()) == everything
        assert note(app) == ""
        assert app.screen.query_one(FilterInput).value == ""


async def test_sorting_by_key_and_by_click(tmp_path: Path) -> None:
    async with demo(tmp_path, size=(160, 40)) as app:
        await app.press("t")
        assert table(app).sort_mark == (TaskColumn.STATUS, False)
        shown = [row[STATUS] for row in app.rows()]
        assert shown == sorted(shown, key=["! needs action", "▸ ready", "⋯ waiting"].index)
        await app.press("T")
        assert app.rows()[0][STATUS] == shown[-1]
        await app.press("t", "t")
        names = [row[CUSTOMER].casefold() for row in app.rows()]
        assert names == sorted(names)
        await app.pilot.click("#tasks", offset=(5, 0))
        assert table(app).sort_mark == (TaskColumn.STATUS, False)
        await app.pilot.click("#tasks", offset=(5, 0))
        assert table(app).sort_mark == (TaskColumn.STATUS, True)


async def test_selecting_one_all_shown_and_none(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("space", "j", "space")
        assert "2 selected" in note(app)
        await app.press("space")
        assert "1 selected" in note(app)
        await app.press("a")
        assert f"{await total(app)} selected" in note(app)
        await app.press("A")
        assert note(app) == ""


async def test_tab_goes_to_the_plan_and_back(tmp_path: Path) -> None:
    async with demo(tmp_path, size=(80, 24)) as app:
        await app.press("tab")
        pane = app.screen.query_one(DetailPane)
        assert pane.has_focus
        await app.press("j", "j")
        assert pane.scroll_offset.y == 2
        await app.press("tab")
        assert table(app).has_focus


async def test_syncing_one_task_shows_its_plan_and_asks(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        task = await to_row(app, "ready")
        await app.press("s")
        await app.until(ConfirmScreen)
        assert "create addition" in app.detail
        await app.press("enter")  # one enter too many writes nothing
        assert isinstance(app.screen, ConfirmScreen)
        await app.press("escape")
        assert (await app.engine.task(task)).status is TaskStatus.READY
        await app.press("s", "y")
        await app.until_idle()
        assert (await app.engine.task(task)).status is TaskStatus.SYNCED
        assert counts(app)["synced"] == 1
        assert app.rows()[0][STATUS] == "✓ synced"
        assert any("1 synced (additions: 1 created" in message for message in app.messages)


async def test_syncing_all_that_is_ready(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        ready = await total(app, TaskStatus.READY)
        await app.press("S")
        await app.until(ConfirmScreen)
        assert len(app.detail.splitlines()) == ready
        await app.press("y")
        await app.until_idle()
        assert counts(app)["synced"] == await total(app, TaskStatus.SYNCED) == ready
        assert any(f"{ready} synced" in message for message in app.messages)


async def test_syncing_when_nothing_is_ready_says_so(tmp_path: Path) -> None:
    async with demo(tmp_path, checked=False) as app:
        await app.press("S")
        await app.until_said("No task is ready")


async def test_of_a_selection_only_what_can_be_written_is(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("a", "s")
        await app.until(ConfirmScreen)
        left = await total(app, TaskStatus.NEEDS_ACTION)
        assert f"{left} of the tasks chosen cannot be written yet" in app.detail
        await app.press("y")
        await app.until_idle()
        assert counts(app)["synced"] == await total(app, TaskStatus.SYNCED) > 0
        assert "selected" not in note(app)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        pytest.param("needs action", "needs action first", id="what needs action says so"),
        pytest.param("synced", "synced already", id="what is synced says so"),
        pytest.param("skipped", "is skipped", id="what is skipped says so"),
    ],
)
async def test_a_task_that_cannot_be_written(tmp_path: Path, status: str, said: str) -> None:
    async with demo(tmp_path) as app:
        ready = [task.id for task in await app.engine.tasks([TaskStatus.READY])]
        await app.engine.skip(ready[:1], "not ours")
        await app.engine.sync(ready[1:2])
        await app.settle()
        await app.pilot.pause(0.1)
        await to_row(app, status)
        await app.press("s")
        await app.until_said(said)
        assert isinstance(app.screen, TasksScreen)


async def test_skipping_asks_for_a_reason_and_reopening_takes_it_back(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        task = await to_row(app, "ready")
        await app.press("x")
        await app.until(TextPromptScreen)
        await app.press("enter")
        assert "Say why" in str(app.screen.query_one(".-problem").render())
        await app.type("[b]not ours")
        await app.press("enter")
        await app.until_idle()
        skipped = await app.engine.task(task)
        assert (skipped.status, skipped.note) == (TaskStatus.SKIPPED, "[b]not ours")
        assert counts(app)["skipped"] == 1
        await app.press("o")
        await app.until_idle()
        assert (await app.engine.task(task)).status is TaskStatus.READY


async def test_skipping_and_reopening_many(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("a", "x")
        await app.until(TextPromptScreen)
        await app.type("later")
        await app.press("enter")
        await app.until_idle()
        assert counts(app)["skipped"] == await total(app)
        await app.press("a", "o")
        await app.until_idle()
        assert counts(app)["skipped"] == 0


async def test_cancelling_a_skip_does_nothing(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("x", "escape")
        assert counts(app)["skipped"] == 0


async def test_undo_shows_what_was_written_and_asks(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        task = await to_row(app, "ready")
        await app.press("s", "y")
        await app.until_idle()
        await app.press("u")
        await app.until(ConfirmScreen)
        await app.press("n")
        assert (await app.engine.task(task)).status is TaskStatus.SYNCED
        await app.press("u", "y")
        await app.until_idle()
        assert (await app.engine.task(task)).status is not TaskStatus.SYNCED
        assert any("Taken back" in message for message in app.messages)


async def test_undoing_what_was_not_written_explains_itself(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await to_row(app, "ready")
        await app.press("u", "y")
        await app.until_idle()
        assert any("Only what was written can be taken back" in message for message in app.messages)


async def test_a_failure_shows_its_three_sentences_and_stays_in_the_activity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with demo(tmp_path) as app:
        error = Transient("The [bold]marketplace[/] did not answer.", service="marketplace", next_step="Try again.")

        async def fail() -> None:
            raise error

        monkeypatch.setattr(type(app.engine), "check", lambda _: fail())
        await app.press("c")
        await app.until_idle()
        assert str(error) in app.messages
        (event,) = [event for event in app.app.session.listener.events if event.kind is EventKind.PROBLEM]
        assert event.text == str(error)


async def test_a_preview_that_fails_says_why_in_the_pane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with demo(tmp_path) as app:

        async def fail(*_: object) -> None:
            raise Refused("ConnectWise said no.", service="PSA", next_step="Ask it again.")

        monkeypatch.setattr(type(app.engine), "preview", fail)
        await app.press("j")
        await app.pilot.pause(0.2)
        await app.settle()
        assert "ConnectWise said no. Nothing was changed. Ask it again." in app.detail


async def test_only_one_thing_at_a_time_dimmed_meanwhile_and_stopped_by_esc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with demo(tmp_path, checked=False) as app:

        async def never(_: object) -> None:
            app.app.session.listener.progress(Progress("Reading [red]orders", 3, 12))
            await asyncio.Event().wait()

        monkeypatch.setattr(type(app.engine), "check", never)
        await app.press("c")
        await app.pilot.pause(0.2)
        line = app.screen.query_one(ProgressLine)
        assert line.progress == Progress("Reading [red]orders", 3, 12)
        assert line.hint == "esc stops"
        assert "Reading [red]orders" in str(line.render())
        screen = app.screen
        assert [screen.check_action(name, ()) for name in ("check", "sync", "skip", "edit")] == [None] * 4
        assert screen.check_action("filter", ()) is True
        await app.press("escape")
        await app.until_idle()
        assert any("Stopped. Nothing was changed." in message for message in app.messages)
        assert screen.check_action("check", ()) is True


async def test_the_ways_to_other_screens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with demo(tmp_path) as app:
        asked: list[tuple[str, TaskId]] = []
        for name in ("open_wizard", "open_editor", "open_why"):
            monkeypatch.setattr(app.app, name, lambda task, name=name: asked.append((name, task)))
        task = await to_row(app, "needs action")
        await app.press("m", "e", "w", "enter")
        assert asked == [(name, task) for name in ("open_wizard", "open_editor", "open_why", "open_wizard")]
        await to_row(app, "ready")
        await app.press("enter")
        assert app.screen.query_one(DetailPane).has_focus


async def test_hostile_names_in_every_field(tmp_path: Path, hostile_names: tuple[str, ...]) -> None:
    async with demo(tmp_path) as app:
        tasks = list(app.engine.store.tasks())
        for task, name in zip(tasks * 2, hostile_names, strict=False):
            changed = replace(
                task,
                customer_name=name,
                subscription_name=name,
                order_number=name,
                note=name,
                id=TaskId(f"x{name[:9]}"),
            )
            app.app.session.listener.task_changed(changed)
        await app.pilot.pause(0.2)
        assert len(app.rows()) > len(tasks)
        await app.press("G", "k", "k")
        await app.press("/")
        await app.press("[", "b", "o", "l", "d")
        assert any("[bold red]x[/]" in row[CUSTOMER] for row in app.rows())
        assert isinstance(app.screen, TasksScreen)


async def test_at_80_cells_the_list_stands_above_the_plan_and_at_160_beside_it(tmp_path: Path) -> None:
    async with demo(tmp_path, size=(80, 24)) as app:
        pane = app.screen.query_one(DetailPane)
        assert pane.region.x == table(app).region.x
        await app.pilot.resize_terminal(160, 48)
        await app.settle()
        assert pane.region.x > table(app).region.x
        assert pane.region.y == table(app).region.y


async def test_letters_typed_into_the_filter_are_not_keys(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("/")
        await app.type("sxq?1")
        assert app.screen.query_one(FilterInput).value == "sxq?1"
        assert not isinstance(app.screen, ConfirmScreen)
        assert app.screen.query_one(Input) is app.app.focused


def test_the_report_names_what_failed() -> None:
    report = AutoReport(date(2026, 11, 23), synced=2, failed=1, needs_action=3, writes=Writes(4, 5, 6), errors=("Oh.",))
    assert report_text(report) == (
        "2 synced (additions: 4 created, 5 changed, 6 deleted). 1 failed. 3 need action.\nOh."
    )


async def test_what_is_typed_behind_the_filter_key_is_filtered_however_busy_the_list_is(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        for key in "/northgate":
            app.app.post_message(events.Key("slash" if key == "/" else key, key))
        await app.settle()
        assert app.screen.query_one(FilterInput).value == "northgate"
        assert len(app.rows()) == 2
        await app.press("/")
        assert app.screen.query_one(FilterInput).value == "northgate/"
