"""What stands over a screen and gives an answer."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A box over the screen, with the help that every screen has; the result is the answer."""

    HELP_TITLE = "This dialog"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "app.help", "Help", show=False, id="dialog.help", tooltip="Every key of this dialog"),
    ]

    def __init__(self) -> None:
        super().__init__(classes="dialog")

    def on_mount(self) -> None:
        """What was said before the question would lie over its answers."""
        self.app.clear_notifications()
