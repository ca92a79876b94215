"""Lines to read: a plan, an error's explanation, what is to be confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cwtui.tui.plain import BLOCK_LIMIT, clean, clean_lines, fit, wrap
from cwtui.tui.widgets.tone import Tone

_SYMBOL = 2
"""Cells of a symbol and the space after it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line to read, wrapped where it is too long.

    Attributes:
        text: Outside text or ours; never markup.
        indent: Cells before it, and before what is wrapped of it.
        hang: Cells more before what is wrapped of it; a line that begins with a symbol (`· `, `! `) needs none, it
            goes on under its text.
    """

    text: str
    tone: Tone = Tone.NORMAL
    indent: int = 0
    hang: int = 0


def block(text: str, tone: Tone = Tone.NORMAL, indent: int = 0) -> list[Line]:
    """The lines of a text whose line breaks are meant."""
    return [Line(line, tone, indent) for line in clean_lines(text)]


class DetailPane(ScrollView, can_focus=True):
    """Scrollable lines of plain text; only those in sight are drawn. Down: `show`. Up: nothing."""

    ALLOW_SELECT = False
    HELP = "Scroll with the arrow keys, `j` and `k`, or the wheel."
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"detail-pane--{tone}" for tone in Tone}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "scroll_up", "Up", show=False, id="detail.up", tooltip="One line up"),
        Binding("j", "scroll_down", "Down", show=False, id="detail.down", tooltip="One line down"),
        Binding("g", "scroll_home", "First", show=False, id="detail.first", tooltip="To the first line"),
        Binding("G", "scroll_end", "Last", show=False, id="detail.last", tooltip="To the last line"),
    ]

    def __init__(
        self,
        lines: Iterable[Line] = (),
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._lines = tuple(lines)
        self._wrapped: list[tuple[str, Tone]] = []

    @property
    def lines(self) -> Sequence[Line]:
        """What is shown."""
        return self._lines

    @property
    def plain_text(self) -> str:
        """What is shown, as it can be copied."""
        return "\n".join(" " * line.indent + clean(line.text, BLOCK_LIMIT) for line in self._lines)

    def show(self, lines: Iterable[Line]) -> None:
        """Show other lines, from the first one."""
        self._lines = tuple(lines)
        self._wrap()
        self.scroll_to(y=0, animate=False, immediate=True, force=True)
        self.refresh()

    def on_resize(self) -> None:
        """Wrap to the new width."""
        self._wrap()

    def render_line(self, y: int) -> Strip:
        """One line of the content area."""
        width = self.scrollable_content_region.width
        place = y + self.scroll_offset.y
        if place >= len(self._wrapped):
            return Strip.blank(width, self.rich_style)
        text, tone = self._wrapped[place]
        style = self.get_component_rich_style(f"detail-pane--{tone}")
        return Strip([Segment(fit(text, width), style)], width)

    def _wrap(self) -> None:
        width = self.scrollable_content_region.width
        if width <= 0:  # not laid out yet; there will be a resize
            return
        self._wrapped = [(part, line.tone) for line in self._lines for part in _parts(line, width)]
        self.virtual_size = Size(width, len(self._wrapped))


def _parts(line: Line, width: int) -> Iterator[str]:
    """What a line takes, from the first cell on."""
    indent = min(line.indent, width // 2)
    text = clean(line.text, BLOCK_LIMIT)
    first, *rest = wrap(text, width - indent)
    yield " " * indent + first
    hang = line.hang or (_SYMBOL if text[1:_SYMBOL] == " " and not text[0].isalnum() else 0)
    if rest and hang and indent + hang <= width // 2:
        left = text[len(first) :].removeprefix(" ")
        indent, rest = indent + hang, wrap(left, width - indent - hang)
    yield from (" " * indent + part for part in rest)
