"""A line that holds one of a few values: `‹ marketplace ›`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from cwtui.tui.plain import clean


class ChoiceLine(Widget, can_focus=True):
    """Down: `value`, `choices`. Up: `Changed`."""

    ALLOW_SELECT = False
    HELP_TITLE = "A choice"
    HELP = "`space`, `left` and `right` go through the values."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,right,l", "turn(1)", "Next value", show=False, id="choice.next", tooltip="The next value"),
        Binding("left,h", "turn(-1)", "Last value", show=False, id="choice.last", tooltip="The value before"),
    ]
    value: reactive[str] = reactive("")
    choices: reactive[Mapping[str, str]] = reactive({})
    """Value → words."""

    @dataclass
    class Changed(Message):
        """Another value was chosen."""

        choice: ChoiceLine
        value: str

        @property
        def control(self) -> ChoiceLine:
            """The line, for `on` with a selector."""
            return self.choice

    def __init__(
        self,
        choices: Mapping[str, str],
        value: str,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
    ) -> None:
        super().__init__(id=id)
        self.set_reactive(ChoiceLine.choices, dict(choices))
        self.set_reactive(ChoiceLine.value, value)

    def render(self) -> Content:
        """`‹ the value in words ›`."""
        return Content(f"‹ {clean(self.choices.get(self.value, self.value))} ›")

    def choose(self, value: str) -> None:
        """Take a value and tell the screen."""
        self.value = value
        self.post_message(self.Changed(self, value))

    def action_turn(self, steps: int) -> None:
        """Take the next value, or the one before."""
        values = list(self.choices)
        if values:
            place = values.index(self.value) + steps if self.value in values else min(steps, 0)
            self.choose(values[place % len(values)])

    def on_click(self) -> None:
        """The next value."""
        if not self.disabled:
            self.focus()
            self.action_turn(1)
