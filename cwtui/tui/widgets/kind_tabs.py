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
_FORMS = ("{unmapped:,} of {total:,} unmapped", "{unmapped:,} unmapped", "{unmapped:,} of {total:,}")


class KindTabs(Widget):
    """Down: `current`, `counts`. Up: `KindChosen`."""

    ALLOW_SELECT = False
    current: reactive[MappingKind] = reactive(MappingKind.CUSTOMER)
    counts: reactive[Mapping[MappingKind, tuple[int, int]]] = reactive({})
    """By kind: how many are not mapped, how many there are."""

    @dataclass
    class KindChosen(Message):
        """A table was clicked."""

        kind: MappingKind

    def render(self) -> Content:
        """`[c Customers 3 of 15 unmapped]  p Products …`."""
        parts = [
            Content.styled(label, "bold reverse" if kind is self.current else "")
            for kind, label in self._labels().items()
        ]
        return Content("").join(parts)

    def on_click(self, event: events.Click) -> None:
        """Say which one was clicked."""
        place = event.get_content_offset(self)
        start = 0
        for kind, label in self._labels().items():
            if place is not None and start <= place.x < start + len(label):
                self.post_message(self.KindChosen(kind))
            start += len(label)

    def _labels(self) -> dict[MappingKind, str]:
        """The longest form that the line has room for."""
        labels: dict[MappingKind, str] = {}
        for form in _FORMS:
            labels = {kind: self._label(kind, form) for kind in _TITLES}
            if sum(len(label) for label in labels.values()) <= self.content_size.width:
                break
        return labels

    def _label(self, kind: MappingKind, form: str) -> str:
        key, title = _TITLES[kind]
        unmapped, total = self.counts.get(kind, (0, 0))
        number = form.format(unmapped=unmapped, total=total) if unmapped else f"{total:,}"
        text = f"{key} {title} {number}"
        return f"[{text}]" if kind is self.current else f" {text} "
