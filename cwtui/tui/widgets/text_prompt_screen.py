"""One line of text, asked for."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from cwtui.tui.plain import content
from cwtui.tui.widgets.dialog import Dialog
from cwtui.tui.widgets.plain_input import PlainInput


class TextPromptScreen(Dialog[str | None]):
    """A question and a line for the answer; the result is the answer without spaces around it, or None.

    Attributes:
        required: What is said when the answer is empty; empty if it may be.
    """

    HELP = "Type the answer; `enter` gives it, `esc` cancels."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="prompt.cancel", tooltip="Give no answer"),
    ]

    def __init__(
        self, title: str, question: str, *, value: str = "", placeholder: str = "", required: str = ""
    ) -> None:
        super().__init__()
        self._title, self._question, self.required = title, question, required
        self._value, self._placeholder = value, placeholder

    def compose(self) -> ComposeResult:
        """The question, the line, what is wrong with the answer."""
        with Vertical(classes="dialog--box") as box:
            box.border_title = content(self._title)
            box.border_subtitle = "enter accepts · esc cancels"
            yield Static(content(self._question))
            yield PlainInput(self._value, placeholder=self._placeholder)
            yield Static(classes="dialog--hint -problem", markup=False)

    def on_mount(self) -> None:
        """Letters go into the line."""
        self.query(PlainInput).focus()

    def action_cancel(self) -> None:
        """Give no answer."""
        self.dismiss(None)

    @on(PlainInput.Submitted)
    def _answer(self, event: PlainInput.Submitted) -> None:
        answer = event.value.strip()
        if not answer and self.required:
            self.query_one(".dialog--hint", Static).update(content(f"✗ {self.required}"))
            return
        self.dismiss(answer)
