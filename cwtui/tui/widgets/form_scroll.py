"""Fields one below the other, in a dialog or a pane."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll


class FormScroll(VerticalScroll):
    """Its arrow keys and tab have priority: the field changes before the next key of a burst is given to one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "down,tab",
            "app.focus_next",
            "Next",
            show=False,
            priority=True,
            id="fields.next",
            tooltip="To the next field",
        ),
        Binding(
            "up,shift+tab",
            "app.focus_previous",
            "Previous",
            show=False,
            priority=True,
            id="fields.previous",
            tooltip="To the field before",
        ),
    ]
