"""Asks field by field for what a company lacks for a marketplace account (reconciling.md#customers-import)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from cwtui.engine.importing.customers import ImportCandidate
from cwtui.tui.plain import content
from cwtui.tui.widgets.dialog import Dialog
from cwtui.tui.widgets.form_scroll import FormScroll
from cwtui.tui.widgets.plain_input import PlainInput

_HINTS = {
    "country_code": "two letters: US, GB, DE …",
    "email": "name@example.com",
    "phone": "with area code, or +49 30 …",
}


class GapsScreen(Dialog[Mapping[str, str] | None]):
    """The missing fields; the result is what was filled in, or None."""

    HELP = "Fill what is missing; `ctrl+s` imports, `esc` cancels."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "accept", "Import", id="gaps.accept", tooltip="Import with these values"),
        Binding("escape", "cancel", "Cancel", id="gaps.cancel", tooltip="Import nothing"),
    ]

    def __init__(self, candidate: ImportCandidate) -> None:
        super().__init__()
        self._candidate = candidate

    def compose(self) -> ComposeResult:
        """A line per gap, and what is wrong."""
        account = self._candidate.account
        with Vertical(classes="dialog--box") as box:
            box.border_title = content(f"Import {self._candidate.company.name}")
            box.border_subtitle = "ctrl+s imports · esc cancels"
            with FormScroll(id="gaps-form", can_focus=False):
                for name in account.lacks:
                    with Horizontal(classes="form--line"):
                        yield Static(content(name.replace("_", " ")), classes="form--label")
                        yield PlainInput(getattr(account, name), placeholder=_HINTS.get(name, ""), id=f"gap-{name}")
            yield Static(classes="dialog--hint -problem", markup=False)

    def on_mount(self) -> None:
        """Begin with the first gap."""
        self.query(PlainInput).first().focus()

    @on(PlainInput.Submitted)
    def _next(self) -> None:
        """To the next field; from the last one, import."""
        fields = list(self.query(PlainInput))
        if self.focused is fields[-1]:
            self.action_accept()
        else:
            self.focus_next(PlainInput)

    def action_accept(self) -> None:
        """Give the values, if they make the account complete."""
        account = self._candidate.account
        filled = {name: self.query_one(f"#gap-{name}", PlainInput).value for name in account.lacks}
        lacks = account.filled(filled).lacks
        if lacks:
            self.query_one(".dialog--hint", Static).update(content(f"✗ {self._what_lacks(lacks)}"))
            self.query_one(f"#gap-{lacks[0]}", PlainInput).focus()
            return
        self.dismiss(filled)

    def _what_lacks(self, lacks: Sequence[str]) -> str:
        named = [f"{words([name])} ({_HINTS[name]})" if name in _HINTS else words([name]) for name in lacks]
        return f"Still missing or not right: {', '.join(named)}"

    def action_cancel(self) -> None:
        """Import nothing."""
        self.dismiss(None)


def words(names: Iterable[str]) -> str:
    """Fields, in words."""
    return ", ".join(name.replace("_", " ") for name in names)
