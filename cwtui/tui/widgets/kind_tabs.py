"""The three mapping tables by name, with how much of each is not mapped; the one in sight between brackets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from cwtui.domain.mappings import MappingKind

_TITLES = {
    MappingKind.CUSTOMER: ("c", "Customers"),
    MappingKind.PRODUCT: ("p", "Products"),
    MappingKind.AGREEMENT: ("a", "Agreements"),
}


class KindTabs(Widget):
    """Down: `current`, `counts`. Up: `Chosen`."""

    ALLOW_SELECT = False
    current: reactive[MappingKind] = reactive(MappingKind.CUSTOMER)
    counts: reactive[Mapping[MappingKind, tuple[int, int]]] = reactive({})
    """By kind: how many are not mapped, how many there are."""

    @dataclass
    class Chosen(Message):
        """A table was clicked."""

        kind: MappingKind

    def render(self) -> Content:
        """`[c Customers 3 of 15 unmapped]  p Products …`."""
        room = self.content_size.width
        labels = self._labels(" unmapped")
        if sum(len(label) for label in labels.values()) > room:
            labels = self._labels("")
        parts = [
            Content.styled(label, "bold reverse" if kind is self.current else "") for kind, label in labels.items()
        ]
        return Content("").join(parts)

    def on_click(self, event: events.Click) -> None:
        """Say which one was clicked."""
        place = event.get_content_offset(self)
        labels = self._labels(" unmapped")
        if sum(len(label) for label in labels.values()) > self.content_size.width:
            labels = self._labels("")
        start = 0
        for kind, label in labels.items():
            if place is not None and start <= place.x < start + len(label):
                self.post_message(self.Chosen(kind))
            start += len(label)

    def _labels(self, word: str) -> dict[MappingKind, str]:
        labels = {}
        for kind, (key, title) in _TITLES.items():
            unmapped, total = self.counts.get(kind, (0, 0))
            text = f"{key} {title} {unmapped:,} of {total:,}{word}" if unmapped else f"{key} {title} {total:,}"
            labels[kind] = f"[{text}]" if kind is self.current else f" {text} "
        return labels
