"""The steps of a wizard and the present one: `✓ Customer › ▸ Product › Agreement`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

_BETWEEN = (" › ", "›")
"""Roomy, and where the line is short."""


class StepLine(Widget):
    """Down: `steps`. Up: `StepChosen` when one is clicked."""

    ALLOW_SELECT = False
    steps: reactive[Sequence[tuple[str, bool]]] = reactive(())
    """Each in words, and whether it is the present one."""

    @dataclass
    class StepChosen(Message):
        """A step was clicked."""

        place: int

    def render(self) -> Content:
        """The steps, the present one reversed."""
        parts = [Content.styled(label, "bold reverse" if is_here else "") for label, is_here in self.steps]
        return Content(self._between).join(parts)

    @property
    def _between(self) -> str:
        roomy = sum(len(label) + len(_BETWEEN[0]) for label, _ in self.steps)
        return _BETWEEN[0] if roomy <= self.content_size.width else _BETWEEN[1]

    def on_click(self, event: events.Click) -> None:
        """Say which step was clicked."""
        start, between = 0, len(self._between)
        where = event.get_content_offset(self)
        for place, (label, _) in enumerate(self.steps):
            if where is not None and start <= where.x < start + len(label):
                self.post_message(self.StepChosen(place))
            start += len(label) + between
