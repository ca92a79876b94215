"""The month's report, driven like a user over the demo's sandbox."""

from __future__ import annotations

import zipfile
from decimal import Decimal
from pathlib import Path

from textual.widgets import Static

from cwtui.tui.report.screen import ReportScreen
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.text_prompt_screen import TextPromptScreen
from tests.tui.demo_app import Demo, demo

CUSTOMER, NOW, BAR = 0, 3, 4


def title(app: Demo) -> str:
    return str(app.screen.query_one(".screen--title", Static).render())


async def opened(app: Demo) -> None:
    await app.press("0")
    await app.until(ReportScreen)
    await app.press("f")
    await app.until_idle()


async def write_to(app: Demo, key: str, path: Path) -> None:
    await app.press(key)
    await app.until(TextPromptScreen)
    await app.press("ctrl+u")
    await app.type(str(path))
    await app.press("enter")


async def test_a_month_its_bars_and_the_months_around_it(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await opened(app)
        assert "2026-11" in title(app)
        rows = app.rows()
        report = await app.engine.reporter.report(app.screen._month)  # type: ignore[attr-defined]
        assert len(rows) == len(report.agreements)
        assert sum(Decimal(row[NOW]) for row in rows) == sum(now.price for now, _ in report.totals.values())
        assert [bool(row[BAR]) for row in rows] == [row[NOW] != "0.00" for row in rows]
        assert "What changed, and why" in app.detail or "Nothing changed since the month before." in app.detail
        assert "Waits for a person, so it is not in these sums" in app.detail
        await app.press("left_square_bracket")
        await app.until_idle()
        assert "2026-10" in title(app)
        await app.press("right_square_bracket", "right_square_bracket")
        await app.until_idle()
        await app.press("i")
        await app.until_idle()
        assert "next invoices" in title(app)


async def test_one_customer_only_and_all_again(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await opened(app)
        everything = app.rows()
        place = next(place for place, row in enumerate(everything) if row[BAR])
        await app.press(*["j"] * place, "C")
        await app.until_idle()
        assert f"{everything[place][CUSTOMER]} only" in title(app) or any("explains" in text for text in app.messages)
        if "only" in title(app):
            await app.press("C")
            await app.until_idle()
        assert app.rows() == everything


async def test_the_files_are_written_and_one_that_is_there_is_asked_about(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await opened(app)
        page, book = tmp_path / "r.html", tmp_path / "r.xlsx"
        await write_to(app, "w", page)
        await app.until(ReportScreen)
        assert page.read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html")
        await write_to(app, "X", book)
        await app.until(ReportScreen)
        assert zipfile.is_zipfile(book)
        book.write_text("mine")
        await write_to(app, "X", book)
        await app.until(ConfirmScreen)
        await app.press("n")
        assert book.read_text() == "mine"
