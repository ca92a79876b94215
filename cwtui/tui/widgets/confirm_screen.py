"""Asks for confirmation, with a line for each thing to be done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from cwtui.tui.plain import content
from cwtui.tui.widgets.detail_pane import DetailPane, Line
from cwtui.tui.widgets.dialog import Dialog

_SHARE, _LEAST = 0.9, 3
"""The share of the terminal's height that dialogs get in the stylesheet, and the fewest lines of text."""


class ConfirmScreen(Dialog[bool]):
    """A list to read and a question; the result is the answer.

    Only `y` and the buttons answer, and only after it was in sight: a key or a click too many, meant for the screen
    below, writes nothing, nor does a key that is held (`KeyGuard`).
    """

    ANSWERS = None
    HELP = "Read what will be done; `y` does it, `esc` or `n` does nothing."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "confirm", "Yes", id="confirm.yes", tooltip="Do what is listed"),
        Binding("escape,n", "cancel", "No", id="confirm.no", tooltip="Do nothing"),
    ]

    def __init__(self, title: str, lines: Iterable[Line], *, question: str, yes: str = "Yes", no: str = "No") -> None:
        super().__init__()
        self._title, self._lines, self._question = title, tuple(lines), question
        self._yes, self._no = yes, no

    def compose(self) -> ComposeResult:
        """The lines, the question, the answers."""
        with Vertical(classes="dialog--box") as box:
            box.border_title = content(self._title)
            box.border_subtitle = "y does it · esc does nothing"
            yield DetailPane(self._lines)
            yield Static(content(self._question), classes="dialog--hint")
            with Horizontal(classes="dialog--answers"):
                yield Button(content(f"{self._yes} (y)"), variant="primary", id="yes", compact=True)
                yield Button(content(f"{self._no} (esc)"), id="no", compact=True)

    def on_mount(self) -> None:
        """The keys scroll the list, unless it is gone again: a mode's key may come before it was ever seen."""
        self.query(DetailPane).focus()

    def on_resize(self) -> None:
        """Give the lines all the room that question and answers leave, once it is known how much these take."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        if not self.query(DetailPane):  # it was answered meanwhile
            return
        box, pane = self.query_one(".dialog--box"), self.query_one(DetailPane)
        others = sum(widget.outer_size.height for widget in box.children if widget is not pane)
        pane.styles.max_height = max(int(self.size.height * _SHARE) - box.gutter.height - others, _LEAST)

    def action_confirm(self) -> None:
        """Yes, if it is still in sight: the key may have waited while a mode's key took the screen away."""
        if not self.key_guard.is_deaf():
            self.dismiss(True)

    def action_cancel(self) -> None:
        """No."""
        self.dismiss(False)

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        if not self.key_guard.is_deaf():
            self.dismiss(event.button.id == "yes")
