"""No key does what was not meant: questions that come late, keys that are held, and whole floods of keys.

Rule: commands.md#keys-on-the-screen.

Rules: commands.md#keys.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
from textual import events
from textual.screen import Screen

import cwtui.demo
from cwtui.sandbox.behaviour import Behaviour
from cwtui.tui.mapping.wizard import WizardScreen
from cwtui.tui.session import Session
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.dialog import Dialog
from cwtui.tui.widgets.filter_input import FilterInput
from cwtui.tui.widgets.key_guard import DEAF_S, KeyGuard, KeyLog
from tests.tui.demo_app import Demo, demo

LATENCY_MS, KEYS_A_SECOND, FLOOD_S = 300, 20, 8
ANSWER_TO_WORK_S = 1.0
"""From an answer to the start of the work it asks for, on a busy machine."""


@dataclass
class Watched:
    """What was answered, begun and written, each with its moment."""

    answers: list[tuple[float, str, float]] = field(default_factory=list)
    """When, by what, and for how long that had been in sight."""
    started: list[tuple[float, str]] = field(default_factory=list)
    writes: list[tuple[float, str]] = field(default_factory=list)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Watched:
    """Slow services whose writes are seen, and answers that are seen."""
    seen = Watched()
    monkeypatch.chdir(tmp_path)

    def slow(**given: Any) -> Behaviour:
        return Behaviour(latency_ms=LATENCY_MS, **given)

    answer_request, work = cwtui.demo._SavingTransport.handle_async_request, Session.work
    dismiss, write = Dialog.dismiss, WizardScreen.action_write

    async def request(self: Any, sent: httpx.Request) -> httpx.Response:
        if sent.method != "GET" and "token" not in sent.url.path:
            seen.writes.append((monotonic(), f"{sent.method} {sent.url.path}"))
        return await answer_request(self, sent)

    async def begin(self: Session, what: str, *given: Any, **named: Any) -> Any:
        if not self.working:
            seen.started.append((monotonic(), what))
        return await work(self, what, *given, **named)

    def answered(self: Dialog[Any], result: Any = None) -> Any:
        if result not in {None, False}:
            seen.answers.append((monotonic(), type(self).__name__, in_sight(self)))
        return dismiss(self, result)

    def written(self: WizardScreen) -> Any:
        seen.answers.append((monotonic(), type(self).__name__, in_sight(self)))
        return write(self)

    monkeypatch.setattr(cwtui.demo, "Behaviour", slow)
    monkeypatch.setattr(cwtui.demo._SavingTransport, "handle_async_request", request)
    monkeypatch.setattr(Session, "work", begin)
    monkeypatch.setattr(Dialog, "dismiss", answered)
    monkeypatch.setattr(WizardScreen, "action_write", written)
    return seen


def in_sight(screen: Dialog[Any] | WizardScreen) -> float:
    since = screen.key_guard._since
    return 0.0 if since is None else monotonic() - since


def questions(app: Demo) -> list[Screen[Any]]:
    return [screen for screen in app.app.screen_stack if isinstance(screen, ConfirmScreen)]


def send(app: Demo, key: str) -> None:
    """A key as a terminal sends it: nobody waits until it was heard."""
    character = {"space": " ", "slash": "/", "left_square_bracket": "[", "right_square_bracket": "]"}.get(key)
    app.app.post_message(events.Key(key, character or (key if len(key) == 1 else None)))


async def hold(app: Demo, key: str, seconds: float) -> None:
    """A key held down: a first repeat after 400 ms, then 30 a second."""
    send(app, key)
    await asyncio.sleep(0.4)
    for _ in range(int(seconds * 30)):
        send(app, key)
        await asyncio.sleep(1 / 30)


@asynccontextmanager
async def on_a_task(tmp_path: Path, status: str) -> AsyncIterator[Demo]:
    async with demo(tmp_path) as app:
        place = next(place for place, row in enumerate(app.rows()) if status in row[0])
        await app.press("g", *["j"] * place)
        yield app


async def slowly_read(app: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the plan that a question shows take a while."""
    preview = type(app.engine).preview

    async def slow(self: Any, task_id: Any) -> Any:
        await asyncio.sleep(0.3)
        return await preview(self, task_id)

    monkeypatch.setattr(type(app.engine), "preview", slow)


async def test_a_question_that_comes_late_does_not_open_over_the_filter_line(
    tmp_path: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_a_task(tmp_path, "ready") as app:
        await slowly_read(app, monkeypatch)
        for key in ("s", "slash", *"my"):
            send(app, key)
        await asyncio.sleep(1)
        await app.until_idle()
        assert questions(app) == []
        assert app.screen.query_one(FilterInput).value == "my"
        assert watched.writes == []


@pytest.mark.parametrize(
    ("keys", "asked"),
    [
        pytest.param("SS", 1, id="all ready tasks, twice"),
        pytest.param("ss", 1, id="this task, twice"),
        pytest.param("Su", 1, id="another question at once"),
        pytest.param("us", 1, id="the other way round"),
        pytest.param("S2", 0, id="to another screen meanwhile"),
        pytest.param("s?", 0, id="the help over it meanwhile"),
    ],
)
async def test_one_question_at_a_time_and_only_over_the_screen_that_asked(
    tmp_path: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch, keys: str, asked: int
) -> None:
    async with on_a_task(tmp_path, "ready") as app:
        await slowly_read(app, monkeypatch)
        for key in keys:
            send(app, "question_mark" if key == "?" else key)
        await asyncio.sleep(1)
        await app.settle()
        assert len(questions(app)) == asked
        assert watched.writes == []


@pytest.mark.usefixtures("watched")
async def test_what_is_being_read_shows_and_esc_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_a_task(tmp_path, "ready") as app:
        await slowly_read(app, monkeypatch)
        send(app, "s")
        await asyncio.sleep(0.15)
        assert app.app.session.working == "Reading the plan"
        send(app, "escape")
        await asyncio.sleep(0.5)
        assert questions(app) == []
        assert not app.app.session.working


async def test_a_yes_too_early_is_not_heard(tmp_path: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cwtui.tui.widgets.key_guard.DEAF_S", 60)  # however busy the machine is
    async with on_a_task(tmp_path, "ready") as app:
        send(app, "s")
        send(app, "y")
        await app.until(ConfirmScreen)
        await app.pilot.press("y", "enter", "y")
        await app.pilot.click("#yes")
        assert len(questions(app)) == 1
        assert watched.writes == []


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine so busy that the repeats of a held key come late."""
    monkeypatch.setattr("cwtui.tui.widgets.key_guard._FIRST_REPEAT_S", 6)
    monkeypatch.setattr("cwtui.tui.widgets.key_guard._REPEAT_S", 6)


@pytest.mark.usefixtures("busy")
async def test_a_held_yes_is_not_heard_and_a_fresh_one_is(tmp_path: Path, watched: Watched) -> None:
    async with on_a_task(tmp_path, "ready") as app:
        send(app, "s")
        await hold(app, "y", 1)
        assert len(questions(app)) == 1
        assert watched.writes == []
        await app.press("y")  # after it was released
        for _ in range(500):
            if watched.writes:
                break
            await asyncio.sleep(0.02)
        await app.until_idle()
        assert questions(app) == []
        assert watched.writes != []


@pytest.mark.usefixtures("busy")
async def test_a_held_enter_stops_at_the_wizards_first_step(tmp_path: Path, watched: Watched) -> None:
    async with demo(tmp_path) as app:
        place = next(place for place, row in enumerate(app.rows()) if "not mapped" in row[-1])
        await app.press("g", *["j"] * place)
        before = list(app.engine.store.mappings())
        await hold(app, "enter", 2)
        assert isinstance(app.screen, WizardScreen)
        assert list(app.engine.store.mappings()) == before
        assert watched.writes == []


KEYS = [
    *"abcdefghijklmnoprstuvwxyzABCEFGIKLMNOPRSTUVWXYZ0123456789",
    *["y", "enter", "s", "S", "escape", "escape", "down", "up", "tab", "space", "slash", "ctrl+s", "ctrl+n"] * 3,
    *["left_square_bracket", "right_square_bracket", "question_mark", "left", "right", "pagedown"],
]


FLOODS = [
    *(pytest.param(key, seed, id=f"screen {key}, seed {seed}") for key in "124" for seed in (1, 2, 3)),
    *(pytest.param(key, 4, id=f"screen {key}") for key in "3567890"),
]


@pytest.mark.parametrize(("start", "seed"), FLOODS)
async def test_nothing_is_written_that_was_not_confirmed_in_sight(
    tmp_path: Path, watched: Watched, start: str, seed: int
) -> None:
    """Twenty keys a second, some of them held, while every answer of a service takes 300 ms."""
    choose = random.Random(seed)  # noqa: S311  # keys, not secrets
    async with demo(tmp_path) as app:
        await app.press(start)
        ends = monotonic() + FLOOD_S / 3
        while monotonic() < ends:
            key = choose.choice(KEYS)
            for _ in range(choose.choice((1, 1, 1, 1, 1, 8))):
                send(app, key)
                await asyncio.sleep(1 / KEYS_A_SECOND)
        app.app.session.stop()
        for _ in range(500):
            if not app.app.session.working:
                break
            await asyncio.sleep(0.02)
        assert app.app.is_running
        for at, what in watched.writes:
            began, work = max(one for one in watched.started if one[0] <= at)
            confirmed = [one for one in watched.answers if began - ANSWER_TO_WORK_S <= one[0] <= began]
            assert confirmed, (what, work)
        for _, by, seconds in watched.answers:
            assert seconds >= DEAF_S or by == "FuzzyPicker", by


@pytest.mark.parametrize(
    ("presses", "heard"),
    [
        pytest.param([("y", 0.1)], [], id="too early"),
        pytest.param([("y", 0.35)], [0.35], id="in sight long enough"),
        pytest.param([("y", -0.1), ("y", 0.4)], [], id="held: the first repeat"),
        pytest.param([("y", -0.1), ("y", 0.4), ("y", 0.44), ("y", 0.48)], [], id="held: the repeats after it"),
        pytest.param([("y", -0.1), ("y", 0.4), ("y", 0.44), ("y", 1.0)], [1.0], id="released, pressed again"),
        pytest.param([("y", -2.0), ("y", 0.35)], [0.35], id="pressed long before"),
        pytest.param([("y", 0.2), ("y", 0.5), ("y", 0.9)], [0.9], id="an impatient hand is heard in the end"),
        pytest.param([("s", -0.1), ("y", 0.4)], [0.4], id="another key was down"),
        pytest.param([("j", 0.4), ("j", 0.43), ("j", 0.46)], [0.4, 0.43, 0.46], id="held since then: scrolls"),
        pytest.param([("y", float("inf"))], [], id="never in sight"),
    ],
)
def test_which_keys_are_heard(
    monkeypatch: pytest.MonkeyPatch, presses: list[tuple[str, float]], heard: list[float]
) -> None:
    monkeypatch.setattr("cwtui.tui.widgets.key_guard.monotonic", lambda: 100.0)
    guard, log = KeyGuard(), KeyLog()
    if presses[0][1] != float("inf"):
        guard.show()
    assert [at for key, at in presses if not guard.blocks(log.press(key, 100 + at))] == heard


def test_letters_are_heard_where_only_enter_answers() -> None:
    guard = KeyGuard(frozenset({"enter"}))
    log = KeyLog()
    assert not guard.blocks(log.press("y", 0))
    assert guard.blocks(log.press("enter", 0))
