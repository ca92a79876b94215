from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.widgets._footer import FooterKey

from cwtui.tui.modes import MODES
from cwtui.tui.widgets.keys_line import KeysLine
from cwtui.tui.widgets.scroll_bar import WholeCells
from tests.tui.demo_app import demo


class Host(App[None]):
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [Binding("a", "ahead", "Ahead"), Binding("b", "back", "Back", show=False), Binding("c", "c", "Cut")]  # noqa: RUF012  # Textual's

    def compose(self) -> ComposeResult:
        yield KeysLine()


@pytest.mark.parametrize(
    ("width", "shown"),
    [pytest.param(16, " a Ahead  c Cut ", id="roomy"), pytest.param(15, "a Ahead c Cut  ", id="close together")],
)
async def test_keys_move_together_where_the_line_is_short(width: int, shown: str) -> None:
    async with Host().run_test(size=(width, 3)) as pilot:
        for _ in range(100):  # the keys are put up after the screen, later on a busy machine
            await pilot.pause()
            if pilot.app.query(FooterKey):
                break
        await pilot.pause()
        assert pilot.app.screen._compositor.render_strips()[-1].text == shown


@pytest.mark.parametrize("mode", [pytest.param(mode.name, id=mode.name) for mode in MODES])
async def test_at_80_cells_every_key_of_every_mode_is_in_sight(tmp_path: Path, mode: str) -> None:
    async with demo(tmp_path, size=(80, 24)) as app:
        app.app.switch_mode(mode)
        await app.settle()
        await app.pilot.pause()
        keys = list(app.screen.query(KeysLine).first().query(FooterKey))
        assert [key.description for key in keys[-2:]] == ["Help", "More"]
        assert max(key.region.right for key in keys) <= 80
        assert not app.screen.query(KeysLine).first().has_class("-crowded")  # nothing lies over another
        assert len({key.region.x for key in keys}) == len(keys)


def test_scroll_bars_have_whole_cells_only() -> None:
    assert ScrollBar.renderer in {WholeCells, ScrollBarRender}
    for position in range(0, 90, 7):
        bar = WholeCells.render_bar(size=10, virtual_size=100, window_size=13, position=position)
        assert {segment.text for segment in bar.segments} == {" "}
