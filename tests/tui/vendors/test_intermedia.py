"""The Intermedia steps, driven like a user over the demo's sandbox."""

from __future__ import annotations

from pathlib import Path

from cwtui.domain.tasks import TaskKind
from cwtui.sandbox.demo_files import copy_demo_files
from cwtui.tui.vendors.screen import VendorFilesScreen
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.plain_input import PlainInput
from cwtui.tui.widgets.text_prompt_screen import TextPromptScreen
from tests.tui.demo_app import Demo, demo


async def open_intermedia(app: Demo) -> None:
    await app.press("8")
    await app.until(VendorFilesScreen)


async def give(app: Demo, key: str, path: Path) -> None:
    """Run a step on a file."""
    await app.press(key)
    await app.until(TextPromptScreen)
    app.screen.query_one(PlainInput).value = str(path)
    await app.press("enter")


async def say_yes(app: Demo) -> None:
    await app.until(ConfirmScreen)
    await app.press("y")
    await app.until_idle()


def states(app: Demo) -> dict[str, str]:
    return {row[0]: row[2] for row in app.rows()}


async def test_the_steps_stand_in_order_with_their_keys(tmp_path: Path) -> None:
    async with demo(tmp_path, size=(80, 24)) as app:
        await open_intermedia(app)
        assert [row[0] for row in app.rows()] == ["s", "a", "i", "x", "n", "r"]
        assert set(states(app).values()) == {"· not run yet"}


async def test_a_partner_walks_from_nothing_to_the_first_counts(tmp_path: Path) -> None:
    copy_demo_files(tmp_path / "files")
    files = tmp_path / "files"
    async with demo(tmp_path) as app:
        await open_intermedia(app)
        await app.press("enter")
        await say_yes(app)
        assert states(app)["s"] == "✓ complete"
        assert "Intermedia_Services" in app.detail
        await give(app, "a", files / "accounts.csv")
        await say_yes(app)
        assert "linked" in app.detail
        assert "created" in app.detail
        await give(app, "i", files / "sku_sheet.csv")
        await say_yes(app)
        assert "catalog items" in app.detail
        await app.press("x")
        await say_yes(app)
        assert states(app)["x"] == "✓ associated"
        await give(app, "n", files / "billing_report.csv")
        await app.until_idle()
        assert "tasks made" in app.detail
        assert await app.engine.tasks(kinds=[TaskKind.COUNT_UPDATE])
        await give(app, "r", files / "billing_report.csv")
        await app.until(ConfirmScreen)
        assert "differ" in app.detail
        await app.press("n")
        assert "differ" in states(app)["r"]


async def test_saying_no_creates_nothing(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_intermedia(app)
        await app.press("s")
        await app.until(ConfirmScreen)
        assert "! missing" in app.detail
        await app.press("n")
        assert states(app)["s"] == "! something is missing"
        await app.press("s")
        await app.until(ConfirmScreen)
        assert "! missing" in app.detail


async def test_a_file_that_is_not_there_is_said_in_the_pane(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_intermedia(app)
        await give(app, "a", tmp_path / "nothing[/].csv")
        await app.until_idle()
        assert states(app)["a"] == "✗ failed"
        assert "nothing[/].csv" in app.detail


async def test_a_report_that_a_guard_stops_is_taken_only_if_that_is_said(tmp_path: Path) -> None:
    copy_demo_files(tmp_path / "files")
    zero = tmp_path / "zero.csv"
    zero.write_text("account_id,sku,quantity,unit_cost\nx,MXS10C01SUNR,0,7.25\n", encoding="utf-8")
    async with demo(tmp_path) as app:
        await open_intermedia(app)
        await give(app, "n", zero)
        await app.until(ConfirmScreen)
        assert "Every count in zero.csv is 0" in app.detail
        await app.press("n")
        assert states(app)["n"] == "✗ failed"
        assert not await app.engine.tasks(kinds=[TaskKind.COUNT_UPDATE])


async def test_m_and_t_say_what_the_steps_then_do(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_intermedia(app)
        await app.press("down")
        for said in ("left alone", "used and written", "left alone"):
            assert f"Manage IDs are {said}." in app.detail
            await app.press("m")
        await app.press("down")
        for said in ("left alone", "put back", "left alone"):
            assert f"edited items are {said}." in app.detail
            await app.press("t")


async def test_the_demo_brings_its_files_and_a_comparison_is_exported(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_intermedia(app)
        await app.press("E")
        assert any("r compares a report first." in message for message in app.messages)
        await app.press("r")
        await app.until(TextPromptScreen)
        assert app.screen.query_one(PlainInput).value.endswith("billing_report.csv")
        await app.press("enter")
        await app.until(ConfirmScreen)
        assert "report none, additions none" in app.detail
        await app.press("n")
        await app.until_idle()
        await app.press("E")
        await app.until(TextPromptScreen)
        app.screen.query_one(PlainInput).value = str(tmp_path / "out.csv")
        await app.press("enter")
        await app.settle()
        for _ in range(200):
            if (tmp_path / "out.csv").exists():
                break
            await app.pilot.pause(0.01)
        assert "IM100201" in (tmp_path / "out.csv").read_text(encoding="utf-8")
