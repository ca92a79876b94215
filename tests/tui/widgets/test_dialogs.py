"""FuzzyPicker, ConfirmScreen and TextPromptScreen: what stands over a screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from textual.app import App
from textual.screen import Screen
from textual.widgets import Input

from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.detail_pane import Line
from cwtui.tui.widgets.fuzzy_picker import Entry, FuzzyPicker, Ranked
from cwtui.tui.widgets.text_prompt_screen import TextPromptScreen
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.widgets.virtual_table import VirtualTable

Lines = Callable[[App[object]], list[str]]

ENTRIES = tuple(
    Entry(f"Company {place}", f"id {place}", "it was deleted in ConnectWise" if place == 3 else "")
    for place in range(20_000)
)
NOTHING_CHOSEN = "nothing chosen yet"


def search(query: str) -> Sequence[int]:
    return [place for place, entry in enumerate(ENTRIES) if query.lower() in entry.label.lower()]


def picker() -> FuzzyPicker:
    suggestions = [Ranked(7, 97.4, "same name"), Ranked(3, 80, "similar name")]
    return FuzzyPicker("Company for [b]Contoso[/b]", ENTRIES, search, suggestions=suggestions)


class Asked:
    """An app with one dialog over it, and the answer."""

    def __init__(self, host: type[App[object]], dialog: Screen[Any]) -> None:
        answer: list[object] = [NOTHING_CHOSEN]

        class Asking(host):  # type: ignore[misc, valid-type]
            def on_mount(self) -> None:
                super().on_mount()
                self.push_screen(dialog, answer.append)

        self.app: App[object] = Asking()
        self._answers = answer

    @property
    def answer(self) -> object:
        return self._answers[-1]


@pytest.fixture(autouse=True)
def _read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits here until a question was read; what is too early is `test_quick_hands`'s."""
    monkeypatch.setattr("cwtui.tui.widgets.key_guard.DEAF_S", 0)


async def test_suggestions_stand_first_with_score_and_reason(host: type[App[object]], lines: Lines) -> None:
    async with Asked(host, picker()).app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        shown = lines(pilot.app)
        first = next(place for place, line in enumerate(shown) if "Company 7 " in line)
        assert "97" in shown[first]
        assert "✓ same name" in shown[first]
        assert "✗ it was deleted" in shown[first + 1]
        assert "Company 0 " in shown[first + 2]
        assert any("Company for [b]Contoso[/b]" in line for line in shown)


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        pytest.param(["enter"], 7, id="the best suggestion"),
        pytest.param(["down", "down", "enter"], 0, id="the first of the others"),
        pytest.param(["down", "down", "up", "up", "enter"], 7, id="up again"),
        pytest.param([*"19999", "enter"], 19_999, id="typed"),
        pytest.param([*"1999", "down", "enter"], 11_999, id="the second that fits"),
        pytest.param([*"1999", *["backspace"] * 4, "enter"], 7, id="nothing typed any more: the suggestion again"),
        pytest.param([*"nobody", "enter"], NOTHING_CHOSEN, id="nothing fits"),
        pytest.param(["down", "enter"], NOTHING_CHOSEN, id="one that cannot be chosen"),
        pytest.param(["escape"], None, id="cancelled"),
    ],
)
async def test_picking(host: type[App[object]], keys: list[str], chosen: object) -> None:
    asked = Asked(host, picker())
    async with asked.app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        assert asked.answer == chosen


async def test_what_cannot_be_chosen_says_why(host: type[App[object]], lines: Lines) -> None:
    asked = Asked(host, picker())
    async with asked.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "enter")
        await pilot.pause()
        expected = "✗ This one cannot be chosen: it was deleted in ConnectWise"
        assert any(expected in line for line in lines(pilot.app))
        await pilot.press("down")
        await pilot.pause()
        assert not any(expected in line for line in lines(pilot.app))


async def test_picking_by_mouse_leaves_the_letters_to_the_search(host: type[App[object]]) -> None:
    asked = Asked(host, picker())
    async with asked.app.run_test(size=(80, 24)) as pilot:
        await pilot.click(VirtualTable, offset=(10, 3))
        await pilot.press(*"12")
        assert pilot.app.screen.query_one(Input).value == "12"
        await pilot.double_click(VirtualTable, offset=(10, 1))
        await pilot.pause()
        assert asked.answer == 12


async def test_pages_of_the_picker(host: type[App[object]]) -> None:
    async with Asked(host, picker()).app.run_test(size=(80, 24)) as pilot:
        table = pilot.app.screen.query_one(VirtualTable)
        await pilot.press("pagedown", "pagedown", "pageup")
        assert table.cursor == table.size.height - 2


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        pytest.param(["y"], True, id="y"),
        pytest.param(["n"], False, id="n"),
        pytest.param(["escape"], False, id="esc"),
        pytest.param(["enter", "enter", "space"], NOTHING_CHOSEN, id="an enter too many answers nothing"),
        pytest.param(["j", "G", "y"], True, id="after reading"),
        pytest.param(["tab", "tab", "enter"], False, id="by the second button"),
    ],
)
async def test_confirming(host: type[App[object]], keys: list[str], answer: object) -> None:
    lines_shown = [Line(f"Create {place} × 4.50", Tone.GOOD) for place in range(200)]
    asked = Asked(host, ConfirmScreen("Write", lines_shown, question="Write these 200 changes?", yes="Write"))
    async with asked.app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        assert asked.answer == answer


@pytest.mark.parametrize(("button", "answer"), [("#yes", True), ("#no", False)])
async def test_confirming_by_mouse(host: type[App[object]], lines: Lines, button: str, answer: object) -> None:
    asked = Asked(host, ConfirmScreen("Write", [Line("Create 10 × 4.50")], question="Write this?", yes="Write"))
    async with asked.app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert any("Write (y)" in line for line in lines(pilot.app))
        await pilot.click(button)
        await pilot.pause()
        assert asked.answer is answer


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        pytest.param([*"why", "enter"], "why", id="an answer"),
        pytest.param(["space", *"why", "space", "enter"], "why", id="without the spaces around it"),
        pytest.param(["enter"], NOTHING_CHOSEN, id="an answer is needed"),
        pytest.param(["space", "enter", "escape"], None, id="cancelled"),
    ],
)
async def test_prompting(host: type[App[object]], lines: Lines, keys: list[str], answer: object) -> None:
    asked = Asked(host, TextPromptScreen("Skip", "Why?", required="A reason is needed."))
    async with asked.app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        assert asked.answer == answer
        assert any("✗ A reason is needed." in line for line in lines(pilot.app)) == (answer == NOTHING_CHOSEN)


async def test_a_prompt_may_be_left_empty(host: type[App[object]]) -> None:
    asked = Asked(host, TextPromptScreen("Skip", "Why?", value="seen\nbefore"))
    async with asked.app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert pilot.app.screen.query_one(Input).value == "seen before"
        await pilot.press("ctrl+u", "enter")
        await pilot.pause()
        assert asked.answer == ""


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 60)], ids=str)
async def test_hostile_dialogs(
    host: type[App[object]], lines: Lines, hostile_names: tuple[str, ...], size: tuple[int, int]
) -> None:
    entries = [Entry(name, name, name) for name in hostile_names]
    suggestions = [Ranked(place, 50, name) for place, name in enumerate(hostile_names)]
    dialogs: list[Screen[Any]] = []
    for name in (*hostile_names[::6], hostile_names[10]):  # a few as titles; the lists hold all of them
        dialogs += [
            FuzzyPicker(name, entries, lambda _: [], suggestions=suggestions, placeholder=name),
            ConfirmScreen(
                name, [Line(one, indent=4) for one in hostile_names], question=name, yes=name[:20], no=name[:20]
            ),
            TextPromptScreen(name, name, value=name, placeholder=name, required=name or "x"),
        ]
    async with host().run_test(size=size) as pilot:
        for dialog in dialogs:
            pilot.app.push_screen(dialog)
            await pilot.pause()
            lines(pilot.app)
            await pilot.press("down", "enter")
            lines(pilot.app)
            if pilot.app.screen is dialog:
                pilot.app.pop_screen()
            await pilot.pause()
