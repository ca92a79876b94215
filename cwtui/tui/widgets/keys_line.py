"""The keys of the screen in sight, close together where the line is short."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

_AROUND = 3
"""Cells around key and word where there is room."""
_CLOSE = 2
"""And where there is not."""


class KeysLine(Footer):
    """Down: nothing, Textual provides the bindings. Up: the key's own action."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False)  # it is a key like the others

    def compose(self) -> ComposeResult:
        """The key that leads to every other one stays in sight where not all have room."""
        for one in super().compose():
            if getattr(one, "action", "").endswith("command_palette") and isinstance(one, Widget):
                one.add_class("-more")
            yield one

    def on_resize(self) -> None:
        """More room, or less."""
        self._fit()

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Other keys."""
        self._fit()
        super().bindings_changed(screen)

    def _fit(self) -> None:
        shown: dict[str, int] = {}
        for active in self.screen.active_bindings.values():
            if active.binding.show:  # of several keys, the first is shown
                length = len(self.app.get_key_display(active.binding)) + len(active.binding.description)
                shown.setdefault(active.binding.action, length)
        self.compact = sum(shown.values()) + _AROUND * len(shown) > self.size.width
        self.set_class(sum(shown.values()) + _CLOSE * len(shown) - 1 > self.size.width, "-crowded")
