"""Keys that arrive together, as over a slow line, do in an input line what they do one by one."""

from __future__ import annotations

import pytest
from textual import events
from textual.app import App, ComposeResult

from cwtui.tui.widgets.plain_input import PlainInput

KEYS = {
    "⌫": "backspace",
    "⌦": "delete",
    "←": "left",
    "⇤": "home",
    "⇥": "end",
    "⌧": "ctrl+u",
    "↵": "enter",
}


class Line(App[None]):
    def __init__(self, value: str) -> None:
        super().__init__()
        self._value, self.submitted = value, list[str]()

    def compose(self) -> ComposeResult:
        yield PlainInput(self._value)

    def on_input_submitted(self, event: PlainInput.Submitted) -> None:
        self.submitted.append(event.value)


def key_of(sign: str) -> events.Key:
    return events.Key(KEYS[sign], None) if sign in KEYS else events.Key(sign, sign)


@pytest.mark.parametrize(
    ("value", "typed", "expected"),
    [
        pytest.param("", "12⌫3", "13", id="corrected while typing"),
        pytest.param("10", "⌧250", "250", id="cleared, then typed"),
        pytest.param("", "1⌫2⌫3⌫4", "4", id="corrected again and again"),
        pytest.param("", "25←1", "215", id="to the left"),
        pytest.param("99", "⇤1⇥2", "1992", id="to both ends"),
        pytest.param("", "125⇤⌦", "25", id="deleted at the beginning"),
    ],
)
async def test_a_burst_of_keys_keeps_its_order(value: str, typed: str, expected: str) -> None:
    app = Line(value)
    async with app.run_test() as pilot:
        for sign in f"{typed}↵":
            app.post_message(key_of(sign))
        await pilot.pause()
        assert app.query_one(PlainInput).value == expected
        assert app.submitted == [expected]
