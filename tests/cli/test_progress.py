from __future__ import annotations

import io
import sys

import pytest

from cwtui.cli.progress import StderrListener
from cwtui.engine.protocols import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def walk(listener: StderrListener) -> None:
    listener.progress(Progress("Reading orders", 0, None))
    listener.progress(Progress("Reading orders", 40, None))
    listener.progress(Progress("Reading additions", 1, 2))
    listener.problem("Order 7 is \x1b[31munreadable.")
    listener.progress(Progress("Reading additions", 2, 2))
    listener.progress(Progress("Writing", 3, 9))


def test_a_terminal_is_shown_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with StderrListener() as listener:
        walk(listener)
    text = screen.getvalue()
    assert "Reading orders" in text
    assert "Reading additions" in text
    assert "3/9" in text
    assert "Order 7 is ␛[31munreadable.\n" in text
    assert text.endswith("\n")


def test_anything_else_is_shown_problems_only(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with StderrListener() as listener:
        walk(listener)
    assert pipe.getvalue() == "Order 7 is ␛[31munreadable.\n"
