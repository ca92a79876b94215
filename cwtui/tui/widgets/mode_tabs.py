"""The line at the top: all modes, and the current one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from cwtui.tui.plain import clean, fit
from cwtui.tui.session import Tab

_FORMS = (
    ("title", "title", 2),
    ("title", "title", 1),
    ("short", "title", 1),
    ("short", "short", 1),
    ("", "title", 1),
    ("", "", 1),
)
"""How the others and the current one are named, and the cells between two: the first that the line has room for."""


class ModeTabs(Widget):
    """Keys and titles of all modes, the current one between brackets. Down: `note`. Up: the key's own action."""

    ALLOW_SELECT = False
    note: reactive[str] = reactive("")
    """At the right end: the profile, who holds the state, when automatic synchronisation runs next."""

    def __init__(self, tabs: Sequence[Tab], current: str) -> None:
        super().__init__()
        self._tabs, self._current = tuple(tabs), current

    def render(self) -> Content:
        """`[1 Tasks] 2 Mappings 3 Activity …            demo`."""
        width = self.content_size.width
        note = clean(self.note)
        labels = self._labels(width - (len(note) + 2 if note else 0))
        line = Content("").join(part for name, label in labels for part in self._styled(name, label))
        room = width - line.cell_length
        return line + Content.styled(fit(f"  {note}", room, right=True), "$foreground-muted") if room > 0 else line

    def _styled(self, name: str, label: str) -> Iterator[Content]:
        """The current tab stands out, the gap before it does not."""
        if name == self._current:
            yield Content(" " * (len(label) - len(label.lstrip())))
            yield Content.styled(label.lstrip(), "bold reverse")
        else:
            yield Content(label)

    def on_click(self, event: events.Click) -> None:
        """Go where was clicked."""
        note = clean(self.note)
        start, place = 0, event.get_content_offset(self)
        for name, label in self._labels(self.content_size.width - (len(note) + 2 if note else 0)):
            if place is not None and start <= place.x < start + len(label):
                self.run_action_of(name)
            start += len(label)

    def run_action_of(self, name: str) -> None:
        """Do what the mode's key does."""
        self.app.simulate_key(next(tab.key for tab in self._tabs if tab.name == name))

    def _labels(self, room: int) -> list[tuple[str, str]]:
        """The widest form that leaves the note its room, else the shortest there is."""
        labels: list[tuple[str, str]] = []
        for others, current, gap in _FORMS:
            labels = [(tab.name, self._label(tab, others, current, gap)) for tab in self._tabs]
            if sum(len(label) for _, label in labels) <= room:
                break
        return labels

    def _label(self, tab: Tab, others: str, current: str, gap: int) -> str:
        is_current = tab.name == self._current
        named = current if is_current else others
        label = f"{tab.key} {getattr(tab, named)}" if named else tab.key
        if gap > 1:
            return f"[{label}]" if is_current else f" {label} "
        return f" [{label}]" if is_current else f" {label}"
