"""The filter line over a list: it filters with every letter, without waiting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from cwtui.tui.widgets.plain_input import PlainInput


class FilterInput(PlainInput):
    """Down: `value`. Up: `Changed` with every letter, `Left` when the list shall have the keys again."""

    HELP = "Type to filter; every word must occur. `esc` clears, `enter` or `down` goes back to the list."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear_or_leave", "Clear", id="filter.clear", tooltip="Clear the filter, or leave it"),
        Binding("enter,down", "leave", "To the list", show=False, id="filter.leave", tooltip="Keep the filter, go on"),
    ]

    @dataclass
    class Left(Message):
        """The operator is done with the filter line; its text stays in force."""

        filter_input: FilterInput

        @property
        def control(self) -> FilterInput:
            """The filter line, for `on` with a selector."""
            return self.filter_input

    def watch_value(self, value: str) -> None:
        """Show that something is filtered, even while the keys go elsewhere."""
        self.set_class(bool(value), "-filtering")

    def action_clear_or_leave(self) -> None:
        """The first `esc` clears, the second leaves."""
        if self.value:
            self.value = ""
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Give the keys back."""
        self.post_message(self.Left(self))
