"""A file of a vendor that is not known: proposed, tried, saved, and walked like Intermedia's (files.md#profiles)."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwtui.tui.vendors.screen import VendorFilesScreen
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.detail_pane import DetailPane
from cwtui.tui.widgets.fuzzy_picker import FuzzyPicker
from cwtui.tui.widgets.plain_input import PlainInput
from cwtui.tui.widgets.text_prompt_screen import TextPromptScreen
from tests.tui.demo_app import Demo, demo

FILE = "Customer Code;Part Number;Seats used;Unit cost\nHarborDental;BKP-1;12;1,50\nNobody;BKP-1;3;1,50\n"
UNCLEAR = "Kunde;Artikel;Menge\nHarborDental;BKP-1;12\n"


async def pick(app: Demo, text: str) -> None:
    """Choose from a list."""
    await app.until(FuzzyPicker)
    app.screen.query_one(PlainInput).value = text
    await app.settle()
    await app.press("enter")


async def give(app: Demo, text: str) -> None:
    """Answer a question for a text."""
    await app.until(TextPromptScreen)
    app.screen.query_one(PlainInput).value = text
    await app.press("enter")


async def begin(app: Demo, path: Path, text: str) -> None:
    """Open the screen, and give it a file of another vendor."""
    path.write_text(text, encoding="utf-8")
    await app.press("8")
    await app.until(VendorFilesScreen)
    await app.press("v")
    await pick(app, "another")
    await give(app, str(path))


async def test_a_profile_is_proposed_tried_saved_and_used(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await begin(app, tmp_path / "Backup 2026-11-20.csv", FILE)
        await pick(app, "Customer Code")  # no header is called like an account
        await pick(app, "Seats used")
        await pick(app, "number or code")
        await give(app, "Cloud Services")
        await give(app, "backup")
        await app.until(ConfirmScreen)
        tried = app.screen.query_one(DetailPane).plain_text
        assert "account id    Customer Code" in tried
        assert "quantity      Seats used" in tried
        assert "! HarborDental · BKP-1 is not counted" in tried  # there is no such item yet
        assert "HarborDental" in tried
        assert "backup" not in app.app.session.vendors.names()  # type: ignore[union-attr]  # nothing is saved yet
        await app.press("y")
        await app.until_idle()
        assert "backup" in app.app.session.vendors.names()  # type: ignore[union-attr]
        assert [row[0] for row in app.rows()] == ["i", "n", "r"]
        assert "backup · 0 of 3 steps done" in app.screen.title_text  # type: ignore[attr-defined]
        await app.press("r")
        await app.until(TextPromptScreen)
        assert app.screen.query_one(PlainInput).value.endswith("Backup 2026-11-20.csv")
        await app.press("enter")
        await app.until_idle()
        assert "HarborDental" in app.detail


@pytest.mark.parametrize(
    "left_at",
    [pytest.param(0, id="the first question"), pytest.param(2, id="the third"), pytest.param(4, id="the last")],
)
async def test_left_before_it_is_saved_nothing_is(tmp_path: Path, left_at: int) -> None:
    async with demo(tmp_path) as app:
        before = app.app.session.vendors.names()  # type: ignore[union-attr]
        await begin(app, tmp_path / "usage.csv", UNCLEAR)
        answers = [
            (pick, "Kunde"),
            (pick, "Artikel"),
            (pick, "Menge"),
            (pick, "number or code"),
            (give, "Cloud Services"),
        ]
        for answer, text in answers[:left_at]:
            await answer(app, text)
        await app.until(FuzzyPicker if left_at < 4 else TextPromptScreen)
        await app.press("escape")
        assert isinstance(app.screen, VendorFilesScreen)
        assert app.app.session.vendors.names() == before  # type: ignore[union-attr]
        assert [row[0] for row in app.rows()] == ["s", "a", "i", "x", "n", "r"]


async def test_a_name_that_is_taken_is_refused_and_nothing_saved(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await begin(app, tmp_path / "usage.csv", UNCLEAR)
        for text in ("Kunde", "Artikel", "Menge", "number or code"):
            await pick(app, text)
        await give(app, "Cloud Services")
        await give(app, "pax8")
        await app.until_said("There is a column profile pax8 already.")
        assert isinstance(app.screen, VendorFilesScreen)


async def test_what_only_intermedia_has_is_not_offered_to_others(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("8")
        await app.until(VendorFilesScreen)
        await app.press("v")
        await pick(app, "pax8")
        assert [row[0] for row in app.rows()] == ["i", "n", "r"]
        await app.press("a", "x", "m")
        assert isinstance(app.screen, VendorFilesScreen)
        assert not app.app.session.working
        await app.press("v")
        await pick(app, "intermedia")
        assert [row[0] for row in app.rows()] == ["s", "a", "i", "x", "n", "r"]
