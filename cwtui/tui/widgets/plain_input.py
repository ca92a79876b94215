"""An input line whose value never holds control characters, whatever is pasted or filled in."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.widgets import Input

from cwtui.tui.plain import LINE_BREAK, LINE_LIMIT, TAB, clean

_SPACES = str.maketrans({LINE_BREAK: " ", TAB: " "})


class PlainInput(Input, inherit_bindings=False):
    """A line to type in. Its value never holds what a terminal obeys; line breaks and tabs become spaces.

    Attributes:
        limit: Characters it holds at most; more are cut.
    """

    # a line does not scroll up and down: these keys belong to the widgets around it, in the help too
    BINDINGS: ClassVar[list[BindingType]] = [*Input.BINDINGS]

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
        limit: int = LINE_LIMIT,
    ) -> None:
        self.limit = limit
        super().__init__(
            clean(value, limit).translate(_SPACES), clean(placeholder), id=id, classes=classes, compact=True
        )

    def validate_value(self, value: str) -> str:
        """Textual asks this before each change of the value, typed, pasted or set."""
        return clean(value, self.limit).translate(_SPACES)

    async def _on_key(self, event: events.Key) -> None:
        """Do at once what an editing key says: a key behind it in the same burst must not overtake it."""
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if not binding.priority and await self.app.run_action(binding.action, self):
                event.stop()
                event.prevent_default()
                return
