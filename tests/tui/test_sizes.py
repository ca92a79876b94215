"""A terminal of 30×8 and one of 400×100: every screen opens, the list and the keys are in sight."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwtui.tui.modes import MODES
from cwtui.tui.widgets.detail_pane import DetailPane
from cwtui.tui.widgets.filter_input import FilterInput
from cwtui.tui.widgets.keys_line import KeysLine
from cwtui.tui.widgets.mode_tabs import ModeTabs
from cwtui.tui.widgets.virtual_table import VirtualTable
from tests.tui.demo_app import demo

SIZES = [pytest.param((30, 8), id="30x8"), pytest.param((400, 100), id="400x100")]
_HEADER = 1


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_shows_its_list_the_tabs_and_the_way_to_all_keys(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with demo(tmp_path, size=size) as app:
        for mode in MODES:
            await app.press(mode.key)
            await app.settle()
            tabs = str(app.screen.query_one(ModeTabs).render())
            assert all(other.key in tabs for other in MODES), mode.name
            for table in app.screen.query(VirtualTable).results():
                if not table.display:  # behind another tab
                    continue
                assert table.region.height > _HEADER, mode.name
                assert table.region.bottom <= size[1], mode.name
            more = app.screen.query_one(KeysLine).query(".-more").first()
            assert more.region.right <= size[0], mode.name
            assert more.region.width > 0, mode.name
            assert app.app.is_running
            if mode.name == "setup":
                await app.press("escape")  # a digit is a letter in a field


async def test_what_has_the_keys_has_the_room_where_there_is_little(tmp_path: Path) -> None:
    async with demo(tmp_path, size=(30, 8)) as app:
        pane, table = app.screen.query_one(DetailPane), app.screen.query_one(VirtualTable)
        assert (pane.size.height, app.screen.query_one(FilterInput).size.height) == (1, 0)
        assert table.size.height >= 3
        await app.press("tab")
        assert pane.size.height > table.size.height
        await app.press("tab", "/")
        assert app.screen.query_one(FilterInput).size.height == 1
        await app.type("harbor")
        assert len(app.rows()) == 2
