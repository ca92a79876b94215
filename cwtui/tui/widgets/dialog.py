"""A box over a screen that gives an answer."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from cwtui.tui.widgets.key_guard import KeyGuard

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A box over the screen, with the help that every screen has; the result is the answer.

    Attributes:
        ANSWERS: Keys that answer. A key is ignored until the dialog is in sight, and while it is held down from before.
            None means every key.
    """

    HELP_TITLE = "This dialog"
    ANSWERS: ClassVar[AbstractSet[str] | None] = frozenset({"enter", "ctrl+s"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "app.help", "Help", show=False, id="dialog.help", tooltip="Every key of this dialog"),
    ]

    def __init__(self) -> None:
        super().__init__(classes="dialog")
        self.key_guard = KeyGuard(self.ANSWERS)

    def on_mount(self) -> None:
        """Clear earlier notifications, which would cover the answers."""
        self.app.clear_notifications()

    def on_screen_resume(self) -> None:
        """Note that it is in sight once it is drawn."""
        self.key_guard.hide()
        self.call_after_refresh(self.key_guard.show)
