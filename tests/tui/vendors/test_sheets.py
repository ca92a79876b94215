"""A workbook of several sheets: the screen asks which one is read (files.md#reading)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import xlsxwriter

from cwtui.tui.vendors.screen import VendorFilesScreen
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.detail_pane import DetailPane
from cwtui.tui.widgets.fuzzy_picker import FuzzyPicker
from tests.tui.demo_app import demo
from tests.tui.vendors.test_intermedia import give, open_intermedia, states
from tests.tui.vendors.test_new_profile import give as answer
from tests.tui.vendors.test_new_profile import pick

HEADER = ["account_id", "sku", "quantity", "unit_cost"]


def workbook(path: Path, **sheets: Sequence[Sequence[str | int]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for number, row in enumerate(rows):
                page.write_row(number, 0, row)
    return path


def usage(path: Path) -> Path:
    """The counts are on its second sheet."""
    return workbook(path, Notes=[["Made by the portal"]], Usage=[[*HEADER], ["IM100201", "MXS10C01SUNR", 12, "7.25"]])


async def test_the_sheet_is_chosen_shown_and_asked_again(tmp_path: Path) -> None:
    path = usage(tmp_path / "report 2026-11-20.xlsx")
    async with demo(tmp_path) as app:
        await open_intermedia(app)
        await give(app, "r", path)
        await app.until(FuzzyPicker)
        assert app.rows() == [["Notes", "the workbook's first"], ["Usage", ""]]
        await app.press("down", "enter")
        await app.until(ConfirmScreen)  # it differs
        assert "IM100201" in app.detail
        await app.press("n")
        assert {row[0]: row[3] for row in app.rows()}["r"] == "report 2026-11-20.xlsx · Usage"
        await give(app, "r", path)
        await app.until(FuzzyPicker)
        assert app.rows()[1] == ["Usage", "read the last time"]
        await app.press("enter")
        await app.until_idle()
        assert states(app)["r"] == "✗ failed"  # it has no counts
        assert "account_id" in app.detail


@pytest.mark.parametrize("sheets", [{}, {"Only": [HEADER]}], ids=["a CSV file", "one sheet"])
async def test_nothing_is_asked_where_there_is_no_choice(
    tmp_path: Path, sheets: dict[str, Sequence[Sequence[str | int]]]
) -> None:
    path = tmp_path / ("usage.xlsx" if sheets else "usage.csv")
    if sheets:
        workbook(path, **sheets)
    else:
        path.write_text(",".join(HEADER) + "\n")
    async with demo(tmp_path) as app:
        await open_intermedia(app)
        await give(app, "r", path)
        await app.until_idle()
        assert isinstance(app.screen, VendorFilesScreen)
        assert states(app)["r"] != "· not run yet"


async def test_left_without_a_sheet_nothing_runs(tmp_path: Path) -> None:
    path = usage(tmp_path / "usage.xlsx")
    async with demo(tmp_path) as app:
        await open_intermedia(app)
        await give(app, "n", path)
        await app.until(FuzzyPicker)
        await app.press("escape")
        assert isinstance(app.screen, VendorFilesScreen)
        assert states(app)["n"] == "· not run yet"
        assert {row[0]: row[3] for row in app.rows()}["n"] == "billing_report.csv"


async def test_a_file_that_cannot_be_read_is_said_by_its_step(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_intermedia(app)
        await give(app, "r", tmp_path / "gone.xlsx")
        await app.until_idle()
        assert states(app)["r"] == "✗ failed"
        assert "cannot be read" in app.detail


async def test_a_profile_keeps_the_sheet_it_was_made_for(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "usage.xlsx",
        Notes=[["Made by the portal"]],
        Usage=[["Kunde", "Artikel", "Menge"], ["HarborDental", "BKP-1", 12]],
    )
    async with demo(tmp_path) as app:
        await open_intermedia(app)
        await app.press("v")
        await pick(app, "another")
        await answer(app, str(path))
        for text in ("Usage", "Kunde", "Artikel", "Menge", "number or code"):
            await pick(app, text)
        await answer(app, "Cloud Services")
        await answer(app, "backup")
        await app.until(ConfirmScreen)
        assert "HarborDental" in app.screen.query_one(DetailPane).plain_text
        await app.press("y")
        await app.until_idle()
        assert app.app.session.vendors is not None
        assert app.app.session.vendors.steps("backup").layout.sheet == "Usage"
        await app.press("r")
        await answer(app, str(path))  # the profile says which sheet
        await app.until(ConfirmScreen)
        assert "HarborDental" in app.detail
