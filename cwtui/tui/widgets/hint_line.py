"""The demo's hints: what a newcomer tries next, one at a time, until they are closed."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

HINTS = (
    "↓ and ↑ move through the list; each task's plan, with its arithmetic, stands beside or below it.",
    "s on a ▸ ready task shows what would be written to ConnectWise, and asks.",
    "Read the additions, then y writes them. This is a sandbox: nothing real is billed.",
    "n goes to the next task that needs a person; enter leads to what mends it.",
    "w shows where every number of a task comes from, u takes a synced task back, ? lists every key.",
)
"""In the order of a first sync; each is done by doing what it says."""


class HintLine(Widget):
    """One hint, there only while there is one. Down: `place`. Up: nothing."""

    place: reactive[int | None] = reactive(None, layout=True)
    """Which hint; None for none."""

    def watch_place(self, place: int | None) -> None:
        """Come and go."""
        self.set_class(place is not None, "-hinting")

    def render(self) -> Content:
        """`Hint 1 of 5 · … · h closes the hints`."""
        if self.place is None:
            return Content("")
        head = Content.styled(f"Hint {self.place + 1} of {len(HINTS)}", "bold")
        return Content(" · ").join([head, Content(HINTS[self.place]), Content("h closes the hints")])
