"""What an operator likes is there again at the next start, and never in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwtui.tui.preferences import Preferences
from tests.tui.demo_app import demo


def test_they_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "new" / "screen.json"
    kept = Preferences(path, theme="cwtui-light", hints_closed=True)
    kept.used["tasks.sync"] += 3
    assert kept.keep() == ""
    assert Preferences.read(path) == kept
    assert [one.name for one in path.parent.iterdir()] == ["screen.json"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("[1]", id="a list"),
        pytest.param('{"theme": 3, "used": {"a": "x", "b": -1}, "hints_closed": "yes"}', id="other kinds of values"),
        pytest.param('{"theme"', id="cut off"),
        pytest.param("\x00", id="no text"),
    ],
)
def test_a_damaged_file_means_the_defaults(tmp_path: Path, text: str) -> None:
    path = tmp_path / "screen.json"
    path.write_text(text)
    found = Preferences.read(path)
    assert not found.hints_closed
    assert not found.used


def test_where_they_cannot_be_kept_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "for this session only" in Preferences(tmp_path / "file" / "screen.json").keep()
    assert Preferences().keep() == ""


async def test_the_theme_is_remembered(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        dark = app.app.theme
        await app.press("D")
        light = app.app.theme
        assert light != dark
    async with demo(tmp_path) as app:
        assert app.app.theme == light
