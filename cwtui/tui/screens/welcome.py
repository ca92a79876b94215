"""The first start: nothing is configured yet, so it asks what to begin with."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Button, Static

from cwtui.tui.plain import content
from cwtui.tui.widgets.dialog import Dialog

_TEXT = (
    "cwtui carries what your customers bought on the marketplace over to their ConnectWise agreements. "
    "It is not connected to either yet."
)


class Welcome(StrEnum):
    """What a newcomer wants."""

    SETUP = "setup"
    DEMO = "demo"
    LEAVE = "leave"


class WelcomeScreen(Dialog[Welcome]):
    """Three ways to begin; the result is the one taken."""

    HELP_TITLE = "Welcome"
    HELP = "Set up the connections, or look around in the demo first."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "choose('setup')", "Set up", id="welcome.setup", tooltip="Enter the credentials and test them"),
        Binding("d", "choose('demo')", "Demo", id="welcome.demo", tooltip="A sandbox: no credentials, no network"),
        Binding("q,escape", "choose('leave')", "Leave", id="welcome.leave", tooltip="Leave cwtui"),
        Binding("down,j", "app.focus_next", "Next", show=False, id="welcome.next", tooltip="The next button"),
        Binding("up,k", "app.focus_previous", "Previous", show=False, id="welcome.up", tooltip="The button before"),
    ]

    def __init__(self) -> None:
        super().__init__()

    def compose(self) -> ComposeResult:
        """What this is, and what can be done."""
        with Vertical(classes="dialog--box welcome--box") as box:
            box.border_title = content("Welcome to cwtui")
            box.border_subtitle = "a letter, or enter"
            yield Static(content(_TEXT))
            yield Button(content("s  Set up the connections"), variant="primary", id="setup", compact=True)
            yield Button(content("d  Look at the demo: no credentials, no network"), id="demo", compact=True)
            yield Button(content("q  Leave"), id="leave", compact=True)

    def action_choose(self, name: str) -> None:
        """Take one of the ways."""
        self.dismiss(Welcome(name))

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(Welcome(str(event.button.id)))
