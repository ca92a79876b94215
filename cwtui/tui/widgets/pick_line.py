"""A line that holds one of many values: chosen from a list that can be searched."""

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


class PickLine(Widget, can_focus=True):
    """Down: `value`, `choices`. Up: `Changed`, and `Asked` when the list shall be shown."""

    ALLOW_SELECT = False
    HELP_TITLE = "A choice"
    HELP = "`enter` or `space` shows the list, `left` and `right` go through it."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "ask", "Choose", show=False, id="pick.ask", tooltip="Choose from a list"),
        Binding("right", "turn(1)", "Next value", show=False, id="pick.next", tooltip="The next value"),
        Binding("left", "turn(-1)", "Value before", show=False, id="pick.last", tooltip="The value before"),
    ]
    value: reactive[str] = reactive("")
    choices: reactive[Mapping[str, str]] = reactive({})
    """Value → words."""

    @dataclass
    class Changed(Message):
        """Another value was chosen."""

        pick: PickLine
        value: str

        @property
        def control(self) -> PickLine:
            """The line, for `on` with a selector."""
            return self.pick

    @dataclass
    class Asked(Message):
        """The list of all values shall be shown."""

        pick: PickLine

        @property
        def control(self) -> PickLine:
            """The line, for `on` with a selector."""
            return self.pick

    def __init__(
        self,
        choices: Mapping[str, str],
        value: str,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
    ) -> None:
        super().__init__(id=id)
        self.set_reactive(PickLine.choices, dict(choices))
        self.set_reactive(PickLine.value, value)

    def render(self) -> Content:
        """`‹ the value in words ›`."""
        words = self.choices.get(self.value)
        if words is None:
            return Content.styled("‹ choose ›", "$text-warning")
        return Content(f"‹ {clean(words)} ›")

    def choose(self, value: str) -> None:
        """Take a value and say so."""
        self.value = value
        self.post_message(self.Changed(self, value))

    def action_turn(self, steps: int) -> None:
        """Take the next value, or the one before."""
        values = list(self.choices)
        if values:
            place = values.index(self.value) + steps if self.value in values else min(steps, 0)
            self.choose(values[place % len(values)])

    def action_ask(self) -> None:
        """Ask for the list."""
        self.post_message(self.Asked(self))

    def on_click(self) -> None:
        """Show the list."""
        self.focus()
        self.action_ask()
