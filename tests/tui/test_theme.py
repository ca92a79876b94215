from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.color import Color

import cwtui.tui
from cwtui.domain.tasks import TaskStatus
from cwtui.tui import theme
from cwtui.tui.widgets.columns import Column
from cwtui.tui.widgets.detail_pane import DetailPane, Line
from cwtui.tui.widgets.filter_input import FilterInput
from cwtui.tui.widgets.status_bar import StatusBar
from cwtui.tui.widgets.status_words import counts_shown
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.widgets.virtual_table import VirtualTable

STYLESHEET = Path(str(cwtui.tui.__file__)).parent / "cwtui.tcss"


class Toned:
    """One row per tone, every other one selected."""

    row_count = 2 * len(Tone)

    def key(self, index: int) -> str:
        return str(index)

    def index_of(self, key: str) -> int | None:
        return int(key)

    def cells(self, index: int) -> tuple[str, str]:
        return (self.tone(index), "Contoso")

    def tone(self, index: int) -> Tone:
        return list(Tone)[index // 2]

    def is_selected(self, index: int) -> bool:
        return index % 2 == 1


class Everything(App[None]):
    CSS_PATH = STYLESHEET

    def compose(self) -> ComposeResult:
        yield StatusBar(counts_shown(dict.fromkeys(TaskStatus, 5)))
        yield FilterInput(placeholder="Filter")
        yield VirtualTable((Column("tone", "Tone", 12, toned=True), Column("name", "Name", 12)), Toned())
        yield DetailPane(Line(tone, tone) for tone in Tone)

    def on_mount(self) -> None:
        self.register_theme(theme.DARK)
        self.register_theme(theme.LIGHT)
        self.query_one(VirtualTable).focus()


def _luminance(color: Color) -> float:
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _contrast(one: Color, other: Color) -> float:
    """The ratio of WCAG, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("name", [theme.DARK.name, theme.LIGHT.name])
async def test_every_text_can_be_read(name: str) -> None:
    async with Everything().run_test(size=(100, 40)) as pilot:
        pilot.app.theme = name
        for _ in range(2 * len(Tone)):
            await pilot.press("down")
            for strip in pilot.app.screen._compositor.render_strips():
                for text, style, _control in strip:
                    if text.strip() and style and style.color and style.bgcolor and not re.search("[▁-█]", text):
                        pair = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
                        assert _contrast(*pair) >= 4.5, (text, *pair)


def test_the_stylesheet_names_no_colour_and_overrules_nothing() -> None:
    rules = re.sub(r"/\*.*?\*/", "", STYLESHEET.read_text(), flags=re.DOTALL)
    assert "!important" not in rules
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b", re.sub(r"#[a-z][\w-]*\s*[{,>]", "", rules))
    assert not re.search(r"\b(rgb|hsl|ansi_\w+)\b", rules)
    for value in re.findall(r"(?<!:)\b(?:color|background|background-tint|border): ([^;{}]+);", rules):
        assert "$" in value or value == "none", value


async def test_no_color_sends_no_colour_and_still_shows_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Everything(ansi_color=theme.ansi_color({"NO_COLOR": "1"}))
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.press("down", "down")
        strips = pilot.app.screen._compositor.render_strips()
        styles = [style for strip in strips for _, style, _ in strip if style]
        assert all(style.color is None or style.color.is_default for style in styles)
        assert all(style.bgcolor is None or style.bgcolor.is_default for style in styles)
        reversed_lines = [strip.text for strip in strips if any(style and style.reverse for _, style, _ in strip)]
        assert [line for line in reversed_lines if line.startswith("❯")]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({"NO_COLOR": "1"}, True), ({"NO_COLOR": ""}, None), ({}, None)],
    ids=["set", "empty means nothing", "not set"],
)
def test_ansi_color(environment: dict[str, str], expected: bool | None) -> None:
    assert theme.ansi_color(environment) is expected
