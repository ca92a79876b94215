"""Counts that are always in sight, each with its symbol and its word."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from cwtui.tui.plain import clean
from cwtui.tui.widgets.tone import TONE_STYLES, Tone


@dataclass(frozen=True, slots=True)
class Count:
    """How many of something there are; the tone repeats what symbol and word say."""

    symbol: str
    word: str
    number: int
    tone: Tone = Tone.NORMAL


class StatusBar(Widget):
    """Counts, and a note after them. Down: `counts`, `note`. Up: nothing."""

    counts: reactive[tuple[Count, ...]] = reactive((), layout=True)
    note: reactive[str] = reactive("", layout=True)
    """What else is to be known at a glance (a filter in force, who holds the state); may be outside text."""

    def __init__(
        self,
        counts: tuple[Count, ...] = (),
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(StatusBar.counts, counts)
        self._width = 0

    def on_resize(self, event: events.Resize) -> None:
        """Draw closer together where the line is too short."""
        self._width = event.size.width
        self.refresh(layout=True)

    def render(self) -> Content:
        """One part per count; what is none is muted, what there is has its tone."""
        roomy = self._line(between="  ", after_symbol=" ")
        return roomy if roomy.cell_length <= self._width else self._line(between=" ", after_symbol="")

    def _line(self, *, between: str, after_symbol: str) -> Content:
        parts = [_part(count, after_symbol) for count in self.counts]
        if self.note:
            parts.append(Content(clean(self.note)))
        return Content(between).join(parts)


def _part(count: Count, after_symbol: str) -> Content:
    # no-break spaces: a count is not torn apart where the line is too short for all of them
    text = f"{count.symbol}{after_symbol}{count.number:,} {count.word}".replace(" ", "\u00a0")
    return Content.styled(text, TONE_STYLES[count.tone if count.number else Tone.MUTED])
