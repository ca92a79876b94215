"""What the terminal shows after an error that nobody foresaw, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwtui.tui.app import CwTui
from tests.tui.demo_app import demo

TOKEN = "bearer-token-4711"


async def test_a_crash_is_reported_without_the_values_of_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Textual would print them: the operator pastes such a report where others read it."""

    def fail(_: CwTui) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        raise ZeroDivisionError(len(headers))

    async def crash() -> None:
        async with demo(tmp_path, checked=False) as app:
            await app.press("D")

    monkeypatch.setattr(CwTui, "action_toggle_dark", fail)
    with pytest.raises(ZeroDivisionError):
        await crash()
    shown = capsys.readouterr().err
    assert "in fail" in shown
    assert "ZeroDivisionError: 1" in shown
    assert TOKEN not in shown


async def test_news_of_the_last_moment_are_no_crash(tmp_path: Path) -> None:
    async with demo(tmp_path, checked=False) as app:
        ended = app.app
    assert not ended.screen_stack
    ended._look()
