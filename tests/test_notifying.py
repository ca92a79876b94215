"""Told once, then when something changes, or after a while (settings.md#notifications)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from cwtui import notifying
from cwtui.engine.reports import AutoReport
from cwtui.settings import Settings

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SETTINGS = Settings(notify={"urls": (SecretStr("json://127.0.0.1"),), "remind": "1d"})


class Memory:
    is_read_only = False

    def __init__(self) -> None:
        self.notes: dict[type[object], object] = {}

    def note(self, of: type[object]) -> object | None:
        return self.notes.get(of)

    def save_note(self, note: object) -> None:
        self.notes[type(note)] = note


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    messages: list[str] = []

    async def send(message: Any, _: Sequence[str]) -> tuple[str, ...]:
        messages.append(message.body)
        return ()

    monkeypatch.setattr(notifying, "send", send)
    return messages


def failing(*errors: str, synced: int = 0) -> AutoReport:
    return AutoReport(date(2026, 11, 23), errors=errors, synced=synced)


ROUNDS: list[Any] = [
    pytest.param([(0, ["a"]), (5, ["a"]), (10, ["a"])], [True, False, False], id="once while nothing changes"),
    pytest.param([(0, ["a"]), (5, ["a", "b"]), (10, ["a", "b"])], [True, True, False], id="again with another"),
    pytest.param([(0, ["a"]), (5, ["A"])], [True, True], id="again when its words change"),
    pytest.param([(0, ["a", "b"]), (5, ["a"])], [True, False], id="not when one of them is gone"),
    pytest.param([(0, ["a"]), (5, []), (10, ["a"])], [True, False, True], id="again when it comes back"),
    pytest.param([(0, ["a"]), (1439, ["a"]), (1440, ["a"])], [True, False, True], id="again after a day"),
    pytest.param([(0, ["a"]), (-5, ["a"])], [True, True], id="again where the clock went back"),
    pytest.param([(0, [])], [False], id="nothing to tell"),
]


@pytest.mark.parametrize(("rounds", "told"), ROUNDS)
async def test_what_was_told_is_told_again_when_it_changes(
    rounds: list[tuple[int, list[str]]], told: list[bool], sent: list[str]
) -> None:
    state: Any = Memory()
    found = []
    for minutes, errors in rounds:
        before = len(sent)
        await notifying.notify(SETTINGS, failing(*errors), state, NOW + timedelta(minutes=minutes))
        found.append(len(sent) > before)
    assert found == told


async def test_what_could_not_be_told_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = 0

    async def send(*_: object) -> tuple[str, ...]:
        nonlocal tries
        tries += 1
        return ("Notification 1 (json) was not delivered.",)

    monkeypatch.setattr(notifying, "send", send)
    state: Any = Memory()
    for _ in range(2):
        assert await notifying.notify(SETTINGS, failing("a"), state, NOW)
    assert tries == 2


async def test_a_dry_run_tells_nobody(sent: list[str]) -> None:
    report = AutoReport(date(2026, 11, 23), dry_run=True, errors=("a",))
    state: Any = Memory()
    assert await notifying.notify(SETTINGS, report, state, NOW) == ()
    assert sent == []


async def test_a_record_that_could_not_be_read_is_told_once(sent: list[str]) -> None:
    memory: Any = Memory()
    unread = "Subscription AS-7 cannot be read: no status."
    report = AutoReport(date(2026, 11, 23), unread=(unread,))
    for minute in (0, 5):
        await notifying.notify(SETTINGS, report, memory, NOW + timedelta(minutes=minute))
    assert sent == [f"1 need action\n- {unread}"]
