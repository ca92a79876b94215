"""Help: every key of the screen in sight, made from its bindings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen

from cwtui.tui.plain import content
from cwtui.tui.widgets.detail_pane import DetailPane, Line
from cwtui.tui.widgets.dialog import Dialog
from cwtui.tui.widgets.tone import Tone

_KEY_WIDTH = 14
_TITLES = {
    "DetailPane": "The text",
    "FilterInput": "The filter line",
    "PlainInput": "The line to type in",
    "VirtualTable": "The list",
}


class HelpScreen(Dialog[None]):
    """The keys of a screen, by the part of it they belong to."""

    HELP = "Scroll with the arrow keys; `esc` closes."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "dismiss", "Close", id="help.close", tooltip="Close the help"),
    ]

    def __init__(self, about: Screen[object]) -> None:
        super().__init__()
        self._lines = help_lines(about)

    def compose(self) -> ComposeResult:
        """One scrollable list."""
        with Vertical(classes="dialog--box help--box") as box:
            box.border_title = content("Keys")
            box.border_subtitle = "esc closes"
            yield DetailPane(self._lines)

    def on_mount(self) -> None:
        """The keys scroll the list."""
        self.query(DetailPane).focus()


@dataclass(slots=True)
class _Part:
    """A part of the screen; `keys` holds the keys of each action, first those shown in the line of keys."""

    node: object
    keys: dict[str, list[str]] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    dimmed: set[str] = field(default_factory=set)

    def add(self, key: str, active: ActiveBinding) -> None:
        text = active.binding.tooltip or active.binding.description
        keys = self.keys.setdefault(text, [])
        if key not in keys:
            keys.append(key)
        if active.binding.show:
            self.shown.add(text)
        if not active.enabled:
            self.dimmed.add(text)


def help_lines(screen: Screen[object]) -> list[Line]:
    """The screen's help text, then its keys with what each does, then those of the parts of it."""
    parts: dict[object, _Part] = {}
    for active in screen.active_bindings.values():
        if active.binding.id:  # those without a name are Textual's own
            key = screen.app.get_key_display(active.binding)
            parts.setdefault(active.node, _Part(active.node)).add(key, active)
    lines: list[Line] = []
    for part in sorted(parts.values(), key=lambda part: part.node is not screen):
        lines += [Line(""), *_part_lines(part)] if lines else _part_lines(part)
    return lines


def _part_lines(part: _Part) -> Iterator[Line]:
    name = type(part.node).__name__
    yield Line(str(getattr(part.node, "HELP_TITLE", "") or _TITLES.get(name, "This part of the screen")), Tone.HEADING)
    yield from (Line(text, Tone.MUTED) for text in str(getattr(part.node, "HELP", "") or "").splitlines())
    for text, keys in sorted(part.keys.items(), key=lambda pair: pair[0] not in part.shown):
        now = " (not now)" if text in part.dimmed else ""
        tone = Tone.MUTED if now else Tone.NORMAL
        yield Line(f"{', '.join(keys):<{_KEY_WIDTH}} {text}{now}", tone, hang=_KEY_WIDTH + 1)
