"""Help: every key of the screen in sight, made from its bindings."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen

from cwtui.tui.plain import content
from cwtui.tui.widgets.detail_pane import DetailPane, Line
from cwtui.tui.widgets.tone import Tone

_KEY_WIDTH = 14


class HelpScreen(ModalScreen[None]):
    """The keys of a screen, by the part of it they belong to."""

    HELP = "Scroll with the arrow keys; `esc` closes."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", "Close", id="help.close", tooltip="Close the help"),
    ]

    def __init__(self, about: Screen[object]) -> None:
        super().__init__(classes="dialog")
        self._lines = help_lines(about)

    def compose(self) -> ComposeResult:
        """One scrollable list."""
        with Vertical(classes="dialog--box help--box") as box:
            box.border_title = content("Keys")
            box.border_subtitle = "esc closes"
            yield DetailPane(self._lines)

    def on_mount(self) -> None:
        """The keys scroll the list."""
        self.query_one(DetailPane).focus()


def help_lines(screen: Screen[object]) -> list[Line]:
    """The screen's help text, then its keys with what each does, then those of the parts of it."""
    by_node: dict[object, list[tuple[str, str]]] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if not binding.description:
            continue
        key = screen.app.get_key_display(binding)
        rows = by_node.setdefault(active.node, [])
        text = binding.tooltip or binding.description
        known = next((place for place, (_, said) in enumerate(rows) if said == text), None)
        if known is None:
            rows.append((key, text))
        else:
            rows[known] = (f"{rows[known][0]}, {key}", text)
    lines: list[Line] = []
    for node, rows in sorted(by_node.items(), key=lambda item: item[0] is not screen):
        title = getattr(node, "HELP_TITLE", None) or _title(node)
        lines += [Line(""), Line(title, Tone.HEADING)] if lines else [Line(title, Tone.HEADING)]
        lines += [Line(text, Tone.MUTED) for text in str(getattr(node, "HELP", "") or "").splitlines()]
        lines += [Line(f"{keys:<{_KEY_WIDTH}} {text}") for keys, text in rows]
    return lines


def _title(node: object) -> str:
    name = type(node).__name__
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in name).split()
    return {"Cw Tui": "Everywhere"}.get(" ".join(words), " ".join(words).capitalize())
