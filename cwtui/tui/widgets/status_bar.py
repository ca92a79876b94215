"""Counts that are always in sight, each with its symbol and its word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from cwtui.tui.plain import clean
from cwtui.tui.widgets.tone import TONE_STYLES, Tone

_ROOMY = 2
"""Cells between two parts where there is room."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many of something there are; the tone repeats what symbol and word say."""

    symbol: str
    word: str
    number: int
    tone: Tone = Tone.NORMAL


class StatusBar(Widget):
    """Counts, and a note after them. Down: `counts`, `note`. Up: nothing."""

    counts: reactive[tuple[Count, ...]] = reactive(())
    note: reactive[str] = reactive("")
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
        self._width = self._height = 0

    def watch_counts(self) -> None:
        """See whether they still fit."""
        self._fit()

    def watch_note(self) -> None:
        """See whether it still fits."""
        self._fit()

    def _fit(self) -> None:
        """Lay the screen out anew only for another number of lines: that paints all of it, at every letter."""
        height = self.render().plain.count("\n") + 1
        if height != self._height:
            self._height = height
            self.refresh(layout=True)

    def on_resize(self) -> None:
        """Draw closer together where the line is too short."""
        if self._width != self.content_size.width:
            self._width = self.content_size.width
            self.refresh(layout=True)

    def render(self) -> Content:
        """One part per count; a zero is muted, another count has its tone."""
        roomy = self._parts(" ")
        if sum(part.cell_length for part in roomy) + _ROOMY * (len(roomy) - 1) <= self._width:
            return Content(" " * _ROOMY).join(roomy)
        return Content("\n").join(Content(" ").join(line) for line in self._lines(self._parts("")))

    def _parts(self, after_symbol: str) -> list[Content]:
        parts = [_part(count, after_symbol) for count in self.counts]
        return [*parts, Content(clean(self.note))] if self.note else parts

    def _lines(self, parts: Sequence[Content]) -> list[list[Content]]:
        """No count is torn apart; a note is, where it is longer than a line."""
        lines: list[list[Content]] = [[]]
        room = self._width
        for part in parts:
            if lines[-1] and part.cell_length > room:
                lines.append([])
                room = self._width
            lines[-1].append(part)
            room -= part.cell_length + 1
        return lines


def _part(count: Count, after_symbol: str) -> Content:
    text = f"{count.symbol}{after_symbol}{count.number:,} {count.word}"
    return Content.styled(text, TONE_STYLES[count.tone if count.number else Tone.MUTED])
