"""Both shells ask the facade, and reach through it nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cwtui
from cwtui.engine.protocols import Known, Store

SHELLS = sorted(path for shell in ("cli", "tui") for path in (Path(cwtui.__file__).parent / shell).rglob("*.py"))
THROUGH = re.compile(r"\bengine\.(store|psa|marketplace|clock|desk|workspace|listener)\b")


def test_no_shell_reaches_through_the_facade() -> None:
    assert len(SHELLS) > 100
    found = [f"{path.name}: {line}" for path in SHELLS for line in THROUGH.findall(path.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize("word", ["save", "drop", "intend", "conclude", "batch", "close"])
def test_what_a_shell_sees_of_the_state_changes_nothing(word: str) -> None:
    assert any(name.startswith(word) for name in dir(Store))
    assert not [name for name in dir(Known) if name.startswith(word)]
