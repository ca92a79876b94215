from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Static

from cwtui.tui.widgets.columns import Column
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.widgets.virtual_table import CURSOR_MARK, SELECTED_MARK, VirtualTable

COLUMNS = (
    Column("status", "Status", 8, toned=True),
    Column("name", "Name", 10, share=1),
    Column("money", "Per month", 10, right=True),
    Column("note", "Note", 20, share=1, rank=1),
)


Lines = Callable[[App[object]], list[str]]


class Names:
    """Rows named by their first cell's number."""

    def __init__(self, names: Sequence[str | Text]) -> None:
        self.names = list(names)
        self.keys = [f"k{place}" for place in range(len(names))]
        self.selected: set[str] = set()
        self.asked = 0

    @property
    def row_count(self) -> int:
        return len(self.keys)

    def key(self, index: int) -> str:
        return self.keys[index]

    def index_of(self, key: str) -> int | None:
        return self.keys.index(key) if key in self.keys else None

    def cells(self, index: int) -> Sequence[str | Text]:
        self.asked += 1
        place = int(self.keys[index][1:])
        return ("ready", self.names[place], f"{place}.50", self.names[place])

    def tone(self, index: int) -> Tone:
        return list(Tone)[index % len(Tone)]

    def is_selected(self, index: int) -> bool:
        return self.keys[index] in self.selected


class Watched(VirtualTable):
    """Remembers which lines it was asked to draw."""

    drawn: list[int]

    def render_line(self, y: int) -> Strip:
        self.drawn = [*getattr(self, "drawn", []), y]
        return super().render_line(y)


class Table:
    """A table in an app, and what it said."""

    def __init__(self, host: type[App[object]], source: Names) -> None:
        said: list[Message] = []

        class TableApp(host):  # type: ignore[misc, valid-type]
            def compose(self) -> ComposeResult:
                yield Watched(COLUMNS, source, empty_text="No [b]tasks[/b] here.")

            def on_virtual_table_highlighted(self, message: VirtualTable.Highlighted) -> None:
                said.append(message)

            def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
                said.append(message)

            def on_virtual_table_sort_requested(self, message: VirtualTable.SortRequested) -> None:
                said.append(message)

            def on_virtual_table_selection_toggled(self, message: VirtualTable.SelectionToggled) -> None:
                said.append(message)
                source.selected ^= {message.key}
                message.table.row_changed(message.index)

        self.app: App[object] = TableApp()
        self.said = said
        self.source = source

    @property
    def widget(self) -> Watched:
        return self.app.query_one(Watched)

    def opened(self) -> list[str]:
        return [message.key for message in self.said if isinstance(message, VirtualTable.Opened)]

    def highlighted(self) -> list[str | None]:
        return [message.key for message in self.said if isinstance(message, VirtualTable.Highlighted)]


@pytest.fixture
def table(host: type[App[object]]) -> Table:
    return Table(host, Names([f"Customer {place}" for place in range(1000)]))


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        pytest.param(["down"], 1, id="down"),
        pytest.param(["j", "j", "k"], 1, id="j and k"),
        pytest.param(["down", "down", "up"], 1, id="up"),
        pytest.param(["up"], 0, id="not above the first"),
        pytest.param(["end"], 999, id="end"),
        pytest.param(["G", "down"], 999, id="G, and not below the last"),
        pytest.param(["G", "home"], 0, id="home"),
        pytest.param(["G", "g"], 0, id="g"),
        pytest.param(["pagedown"], 8, id="page down: ten lines, one of them the header, one kept in sight"),
        pytest.param(["ctrl+f", "ctrl+f", "ctrl+b"], 8, id="ctrl+f and ctrl+b"),
        pytest.param(["pagedown", "pageup"], 0, id="page up"),
    ],
)
async def test_keys_move_the_cursor(table: Table, lines: Lines, keys: list[str], row: int) -> None:
    async with table.app.run_test(size=(80, 10)) as pilot:
        await pilot.press(*keys)
        assert table.widget.cursor == row
        assert table.widget.cursor_key == f"k{row}"
        assert table.highlighted()[-1] == f"k{row}"
        marked = [line for line in lines(pilot.app) if line.startswith(CURSOR_MARK)]
        assert len(marked) == 1
        assert f"Customer {row} " in marked[0]


async def test_a_cursor_key_redraws_two_lines(table: Table) -> None:
    async with table.app.run_test(size=(80, 10)) as pilot:
        await pilot.press("down")
        table.widget.drawn = []
        await pilot.press("down")
        assert set(table.widget.drawn) == {2, 3}


async def test_a_changed_row_redraws_one_line(table: Table) -> None:
    async with table.app.run_test(size=(80, 10)) as pilot:
        await pilot.press("down")
        table.source.names[4] = "Renamed"
        table.widget.drawn = []
        table.widget.row_changed(4)
        await pilot.pause()
        assert set(table.widget.drawn) == {5}
        assert "Renamed" in table.widget.render_line(5).text
        table.widget.drawn = []
        table.widget.row_changed(700)  # out of sight
        await pilot.pause()
        assert table.widget.drawn == []


async def test_only_what_is_in_sight_is_asked_for(table: Table) -> None:
    async with table.app.run_test(size=(80, 10)) as pilot:
        await pilot.press("end", "home")
        assert table.source.asked < 100


async def test_enter_and_space(table: Table, lines: Lines) -> None:
    async with table.app.run_test(size=(80, 10)) as pilot:
        await pilot.press("down", "enter", "space", "down", "space", "space")
        assert table.opened() == ["k1"]
        assert table.source.selected == {"k1"}
        shown = lines(pilot.app)
        assert shown[2].startswith(f" {SELECTED_MARK} ")
        assert shown[3].startswith(f"{CURSOR_MARK}  ")


async def test_the_mouse(table: Table) -> None:
    async with table.app.run_test(size=(80, 10)) as pilot:
        await pilot.click(Watched, offset=(20, 3))
        assert table.widget.cursor == 2
        await pilot.double_click(Watched, offset=(20, 5))
        assert table.opened() == ["k4"]
        await pilot.click(Watched, offset=(1, 7))
        assert table.source.selected == {"k6"}
        await pilot.click(Watched, offset=(13, 0))
        asked = [message.column for message in table.said if isinstance(message, VirtualTable.SortRequested)]
        assert asked == ["name"]


async def test_the_wheel_scrolls_and_a_click_then_hits_the_row_in_sight(table: Table) -> None:
    async with table.app.run_test(size=(80, 10)) as pilot:
        await pilot._post_mouse_events([_wheel_down()], widget=Watched, offset=(20, 4))
        await pilot.pause()
        scrolled = table.widget.scroll_offset.y
        assert scrolled > 0
        assert table.widget.cursor == 0
        await pilot.click(Watched, offset=(20, 1))
        assert table.widget.cursor == scrolled
        await pilot.press("home")
        assert table.widget.scroll_offset.y == 0


def _wheel_down() -> type:
    from textual.events import MouseScrollDown  # noqa: PLC0415 - one test needs it

    return MouseScrollDown


async def test_the_cursor_follows_its_row(table: Table) -> None:
    async with table.app.run_test(size=(80, 10)) as pilot:
        await pilot.press(*["down"] * 6)
        table.source.keys.reverse()
        table.widget.rows_changed()
        await pilot.pause()
        assert table.widget.cursor == 993
        assert table.highlighted()[-1] == "k6"
        table.source.keys = ["k1", "k2"]
        table.widget.rows_changed()
        await pilot.pause()
        assert (table.widget.cursor, table.highlighted()[-1]) == (1, "k2")


async def test_an_empty_table_says_so(table: Table, lines: Lines) -> None:
    async with table.app.run_test(size=(80, 10)) as pilot:
        table.source.keys = []
        table.widget.rows_changed()
        await pilot.press("down", "enter", "space", "end", "pageup")
        assert table.highlighted()[-1] is None
        assert table.opened() == []
        shown = lines(pilot.app)
        assert "No [b]tasks[/b] here." in shown[2]
        table.source.keys = ["k3"]
        table.widget.rows_changed()
        await pilot.pause()
        assert table.highlighted()[-1] == "k3"


@pytest.mark.parametrize(
    ("width", "titles"),
    [(36, ["Status", "Name", "Per month"]), (80, ["Status", "Name", "Per month", "Note"])],
)
async def test_columns_adapt_to_the_terminal(table: Table, lines: Lines, width: int, titles: list[str]) -> None:
    async with table.app.run_test(size=(120, 10)) as pilot:
        await pilot.resize_terminal(width, 10)
        await pilot.pause()
        header = lines(pilot.app)[0]
        assert [title for title in ("Status", "Name", "Per month", "Note") if title in header] == titles


async def test_numbers_stand_right_and_the_sort_has_a_mark(table: Table, lines: Lines) -> None:
    async with table.app.run_test(size=(80, 10)) as pilot:
        table.widget.sort_mark = ("name", True)
        await pilot.press("end")
        shown = lines(pilot.app)
        assert "Name ▾" in shown[0]
        end = shown[0].index("Per month") + len("Per month")
        assert shown[-1][:end].endswith("  999.50")
        table.widget.sort_mark = ("name", False)
        await pilot.pause()
        assert "Name ▴" in lines(pilot.app)[0]


async def test_hostile_names(host: type[App[object]], lines: Lines, hostile_names: tuple[str, ...]) -> None:
    table = Table(host, Names([*hostile_names, *map(Text, hostile_names), Text("styled", style="bold red")]))
    for width in (40, 80, 200):
        async with table.app.run_test(size=(width, 60)) as pilot:
            shown = lines(pilot.app)
            assert "[bold red]x[/]" in shown[1] or width == 40
            assert "[bold red]x[/]" in shown[1 + len(hostile_names)] or width == 40
            styles = [segment.style for segment in table.widget.render_line(1) if "bold" in segment.text]
            assert all(style is None or style.link is None for style in styles)
            assert not any(style is not None and style.meta.get("@click") for style in styles)
        table = Table(host, Names([*hostile_names, *map(Text, hostile_names), Text("styled", style="bold red")]))


async def test_our_own_styled_text_keeps_its_style(host: type[App[object]]) -> None:
    table = Table(host, Names([Text("styled text that is far too long for its column", style="italic")] * 2))
    async with table.app.run_test(size=(60, 10)):
        cell = next(segment for segment in table.widget.render_line(2) if segment.text.startswith("styled"))
        assert cell.style is not None
        assert cell.style.italic
        assert cell.text.rstrip().endswith("…")
        assert "\n" not in table.widget.render_line(2).text


async def test_the_focus_is_seen(table: Table) -> None:
    async with table.app.run_test(size=(80, 10)) as pilot:
        with_focus = table.widget.render_line(1)
        table.widget.blur()
        await pilot.pause()
        assert table.widget.render_line(1) != with_focus


async def test_a_theme_redraws(table: Table) -> None:
    async with table.app.run_test(size=(80, 10)) as pilot:
        dark = table.widget.render_line(3)
        pilot.app.theme = "cwtui-light"
        await pilot.pause()
        assert table.widget.render_line(3) != dark


async def test_every_key_has_an_id_and_a_tooltip() -> None:
    bindings = [binding for binding in VirtualTable.BINDINGS if not isinstance(binding, tuple)]
    assert all(binding.id and binding.tooltip for binding in bindings)
    assert len({binding.id for binding in bindings}) == len(bindings)


async def test_a_table_without_a_source(host: type[App[object]]) -> None:
    class Bare(host):  # type: ignore[misc, valid-type]
        def compose(self) -> ComposeResult:
            yield Static()
            yield VirtualTable(COLUMNS)

    async with Bare().run_test(size=(80, 10)) as pilot:
        bare = pilot.app.query_one(VirtualTable)
        assert bare.cursor_key is None
        bare.source = Names(["a", "b"])
        await pilot.pause()
        assert bare.cursor_key == "k0"
