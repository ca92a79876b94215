"""Asking: one question at a time, and only over the screen that asks (commands.md#keys-on-the-screen)."""

from __future__ import annotations

from typing import Any, TypeVar

from textual.screen import Screen

from cwtui.tui.widgets.dialog import Dialog
from cwtui.tui.widgets.filter_input import FilterInput

Answer = TypeVar("Answer")


async def ask(asker: Screen[Any], dialog: Dialog[Answer]) -> Answer | None:
    """Show a dialog and wait for its answer; called in a worker of the screen that asks.

    Preparing a question may take time, and the operator goes on meanwhile. A late question is not asked: over another
    screen, another question or the filter line it would take keys that were not meant for it.

    Returns:
        The answer; None also where the question was not asked.
    """
    if asker.app.screen is not asker or isinstance(asker.focused, FilterInput):
        return None
    answer = await asker.app.push_screen_wait(dialog)
    return answer  # noqa: RET504  # inferred alone: an answer may be None itself
