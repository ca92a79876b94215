"""A line that holds one of many values: the operator chooses it from a list that can be searched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from cwtui.tui.widgets.choice_line import ChoiceLine


class PickLine(ChoiceLine, inherit_bindings=False):
    """Down: `value`, `choices`. Up: `Changed`, and `Asked` when the list shall be shown."""

    HELP = "`enter` or `space` shows the list, `left` and `right` go through it."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "ask", "Choose", show=False, id="pick.ask", tooltip="Choose from a list"),
        Binding("right", "turn(1)", "Next value", show=False, id="pick.next", tooltip="The next value"),
        Binding("left", "turn(-1)", "Value before", show=False, id="pick.last", tooltip="The value before"),
    ]

    @dataclass
    class Asked(Message):
        """The list of all values shall be shown."""

        pick: PickLine

        @property
        def control(self) -> PickLine:
            """The line, for `on` with a selector."""
            return self.pick

    def render(self) -> Content:
        """`‹ the value in words ›`, or a request to choose one."""
        return super().render() if self.value in self.choices else Content.styled("‹ choose ›", "$text-warning")

    def action_ask(self) -> None:
        """Ask for the list."""
        self.post_message(self.Asked(self))

    def on_click(self) -> None:
        """Show the list."""
        self.focus()
        self.action_ask()
