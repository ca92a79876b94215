from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.app import App, ComposeResult

from cwtui.tui.widgets.detail_pane import DetailPane, Line, block
from cwtui.tui.widgets.tone import Tone

Lines = Callable[[App[object]], list[str]]


@pytest.fixture
def pane(host: type[App[object]]) -> App[object]:
    class PaneApp(host):  # type: ignore[misc, valid-type]
        def compose(self) -> ComposeResult:
            yield DetailPane([Line("Plan", Tone.HEADING), Line("Create 10 × 4.50 from 2026-12-01", Tone.GOOD, 2)])

    return PaneApp()


async def test_lines_are_wrapped_under_their_indent(pane: App[object], lines: Lines) -> None:
    async with pane.run_test(size=(23, 6)) as pilot:
        assert [line.rstrip() for line in lines(pilot.app)[:3]] == ["Plan", "  Create 10 × 4.50", "  from 2026-12-01"]
        await pilot.resize_terminal(60, 6)
        await pilot.pause()
        assert lines(pilot.app)[1].rstrip() == "  Create 10 × 4.50 from 2026-12-01"


@pytest.mark.parametrize(
    ("keys", "first"),
    [
        pytest.param(["j", "j", "k"], 1, id="j and k"),
        pytest.param(["down"], 1, id="down"),
        pytest.param(["G"], 90, id="G"),
        pytest.param(["end", "g"], 0, id="g"),
        pytest.param(["pagedown"], 10, id="page down"),
    ],
)
async def test_keys_scroll(pane: App[object], lines: Lines, keys: list[str], first: int) -> None:
    async with pane.run_test(size=(40, 10)) as pilot:
        shown = pilot.app.query_one(DetailPane)
        shown.show(Line(f"line {place}") for place in range(100))
        shown.focus()
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.wait_for_animation()
        assert lines(pilot.app)[0].rstrip() == f"line {first}"


async def test_other_lines_begin_at_the_top(pane: App[object], lines: Lines) -> None:
    async with pane.run_test(size=(40, 10)) as pilot:
        shown = pilot.app.query_one(DetailPane)
        shown.focus()
        shown.show(Line(f"line {place}") for place in range(100))
        await pilot.press("G")
        await pilot.wait_for_animation()
        shown.show([Line("alone")])
        await pilot.pause()
        assert [line.strip() for line in lines(pilot.app)] == ["alone", *[""] * 9]
        assert shown.plain_text == "alone"
        assert shown.lines == (Line("alone"),)


async def test_hostile_text(pane: App[object], lines: Lines, hostile_names: tuple[str, ...]) -> None:
    async with pane.run_test(size=(80, 40)) as pilot:
        shown = pilot.app.query_one(DetailPane)
        for indent in (0, 4, 79, 200):
            shown.show([Line(name, tone, indent) for name in hostile_names for tone in Tone])
            await pilot.pause()
            lines(pilot.app)
        shown.show(Line(name) for name in hostile_names)
        await pilot.pause()
        assert lines(pilot.app)[0].rstrip() == "[bold red]x[/] [/] [@click=app.quit]y[/]"


def test_a_block_keeps_the_line_breaks_that_are_meant() -> None:
    assert block("one\ntwo", Tone.BAD, 2) == [Line("one", Tone.BAD, 2), Line("two", Tone.BAD, 2)]
