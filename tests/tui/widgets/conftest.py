"""What widget tests share: one way to look at the screen as the terminal gets it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.app import App

import cwtui.tui
from cwtui.tui import theme

Lines = Callable[[App[object]], list[str]]


def _lines(app: App[object]) -> list[str]:
    """The screen line by line; fails if a line is not exactly as wide as the terminal, or holds a control."""
    strips = app.screen._compositor.render_strips()
    texts = ["".join(segment.text for segment in strip) for strip in strips]
    assert len(texts) == app.size.height
    for text in texts:
        assert cell_len(text) == app.size.width, text
        assert not {unicodedata.category(character) for character in text} & {"Cc", "Cs", "Zl", "Zp"}, text
    return texts


@pytest.fixture
def lines() -> Lines:
    """Look at the screen."""
    return _lines


@pytest.fixture
def host() -> type[App[object]]:
    """An app to put a widget in: our stylesheet, our themes, nothing that moves by itself."""

    class Host(App[object]):
        CSS_PATH = Path(str(cwtui.tui.__file__)).parent / "cwtui.tcss"
        ENABLE_COMMAND_PALETTE = False

        def on_mount(self) -> None:
            self.animation_level = "none"
            self.register_theme(theme.DARK)
            self.register_theme(theme.LIGHT)
            self.theme = theme.DARK.name

    return Host
