"""Fields one below the other, in a dialog or a pane."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll


def field_bindings(name: str, forwards: str = "down,tab") -> list[BindingType]:
    """The keys that go from field to field, with priority: the field changes before the next key of a burst is given.

    Args:
        name: Before the names of the bindings.
        forwards: The keys to the next field.
    """
    ways = ((forwards, "next", "To the next field"), ("up,shift+tab", "previous", "To the field before"))
    return [
        Binding(keys, f"app.focus_{way}", way.title(), show=False, priority=True, id=f"{name}.{way}", tooltip=tooltip)
        for keys, way, tooltip in ways
    ]


class FormScroll(VerticalScroll):
    """Its arrow keys and tab go from field to field."""

    BINDINGS: ClassVar[list[BindingType]] = field_bindings("fields")
