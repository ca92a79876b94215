from __future__ import annotations

from collections.abc import Callable

import pytest
from textual import events
from textual.app import App, ComposeResult

from cwtui.tui.widgets.filter_input import FilterInput

Lines = Callable[[App[object]], list[str]]


class Said:
    def __init__(self) -> None:
        self.values: list[str] = []
        self.left = 0


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def line(host: type[App[object]], said: Said) -> App[object]:
    class FilterApp(host):  # type: ignore[misc, valid-type]
        def compose(self) -> ComposeResult:
            yield FilterInput(placeholder="Filter")

        def on_filter_input_left(self) -> None:
            said.left += 1

        def on_input_changed(self, message: FilterInput.Changed) -> None:
            said.values.append(message.value)

    return FilterApp()


async def test_every_letter_is_told_at_once(line: App[object], said: Said) -> None:
    async with line.run_test(size=(40, 5)) as pilot:
        await pilot.press("c", "o", "n", "backspace")
        assert said.values == ["c", "co", "con", "co"]
        assert pilot.app.query_one(FilterInput).has_class("-filtering")


async def test_escape_clears_then_leaves(line: App[object], said: Said) -> None:
    async with line.run_test(size=(40, 5)) as pilot:
        await pilot.press("c", "escape")
        assert (said.values[-1], said.left) == ("", 0)
        assert not pilot.app.query_one(FilterInput).has_class("-filtering")
        await pilot.press("escape")
        assert said.left == 1


@pytest.mark.parametrize("key", ["enter", "down"])
async def test_leaving_keeps_the_filter(line: App[object], said: Said, key: str) -> None:
    async with line.run_test(size=(40, 5)) as pilot:
        await pilot.press("c", key)
        assert (said.left, pilot.app.query_one(FilterInput).value) == (1, "c")


async def test_hostile_values(line: App[object], lines: Lines, hostile: str) -> None:
    async with line.run_test(size=(40, 5)) as pilot:
        filter_input = pilot.app.query_one(FilterInput)
        filter_input.value = hostile
        await pilot.pause()
        lines(pilot.app)
        filter_input.value = ""
        filter_input.post_message(events.Paste(f"{hostile} "))
        await pilot.pause()
        assert "\x1b" not in filter_input.value
        lines(pilot.app)
        await pilot.press("home", "x", "end", "backspace")
        lines(pilot.app)
