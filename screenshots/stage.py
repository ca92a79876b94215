"""The app on the demo, at a fixed moment, with nothing that moves by itself: what every picture is taken of."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from textual.app import App
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input

from cwtui.composition import Composition, compose
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.clock import SystemClock
from cwtui.engine.facade import Engine
from cwtui.options import Options
from cwtui.terminal import session_of
from cwtui.tui.app import CwTui
from cwtui.tui.screens.work_screen import WorkScreen
from cwtui.tui.session import ScreenListener
from cwtui.tui.widgets.key_guard import KeyLog

AS_OF = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
_CHECKS, _SYNCED, _SKIPPED = 5, 4, 1
_WAITING_FOR_A_PERSON = frozenset({"work", "default", "leave"})
"""Groups of workers that wait while a dialog is open."""
_STILL, _PAUSE_S, _PATIENCE = 3, 0.03, 2_000
"""Equal pictures in a row that are rest, and seconds between them: longer than the app keeps news to itself."""


@contextmanager
def at_noon() -> Iterator[None]:
    """Let it be noon of the day of the pictures, on a machine and for an operator without a name."""
    with (
        patch.dict(os.environ),
        patch.object(SystemClock, "now", lambda _: NOON),
        patch("cwtui.composition.operator", lambda: "operator@msp"),
        patch("cwtui.sandbox.marketplace.ROUND_S", 0),
    ):
        os.environ.pop("NO_COLOR", None)
        yield


@cache
def _prepared() -> TemporaryDirectory[str]:
    """The files of a demo in which something happened: made once."""
    folder = TemporaryDirectory(prefix="cwtui-pictures-")

    async def happen() -> None:
        options = Options(demo=True, as_of=AS_OF, state=Path(folder.name) / "state.json")
        async with compose(options, ScreenListener()) as composed:
            engine = composed.engine
            with patch("cwtui.sandbox.marketplace.ROUND_S", inf):  # the orders are open yet
                await engine.check()
            for _ in range(_CHECKS):
                await engine.check()
            ready = [task.id for task in await engine.tasks([TaskStatus.READY])]
            await engine.sync(ready[:_SYNCED])
            await engine.skip(ready[_SYNCED : _SYNCED + _SKIPPED], "billed by hand until March")
            await _meddle(engine)

    with at_noon(), asyncio.Runner() as runner:
        runner.run(happen())
    return folder


async def _meddle(engine: Engine) -> None:
    """What others did in ConnectWise meanwhile: a price changed, an addition made by hand."""
    link = next(link for link in engine.store.links() if link.values.description.endswith("Business Premium"))
    held = next(one for one in await engine.psa.additions(link.agreement_id) if one.id == link.addition_id)
    await engine.psa.update_addition(held, replace(held.values, unit_price=Decimal("19.90")))
    by_hand = next(task for task in await engine.tasks([TaskStatus.READY]) if task.customer_name.startswith("Copper"))
    change = (await engine.preview(by_hand.id)).changes[0]
    if change.after is None:
        raise AssertionError(change)
    await engine.psa.create_addition(change.agreement_id, replace(change.after, description="Exchange (by hand)"))


@contextmanager
def stage(*, configured: bool = True, writable: bool = True) -> Iterator[CwTui]:
    """An app that is not running yet.

    Args:
        configured: False is the first start of all, without settings.
        writable: False is that of a second operator.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="cwtui-picture-")))
        for kept in Path(_prepared().name).glob("state.json*"):
            shutil.copy(kept, folder)
        options = Options(demo=True, as_of=AS_OF, state=folder / "state.json", read_only_ok=True)
        stack.enter_context(at_noon())
        runner = stack.enter_context(asyncio.Runner())
        if not writable:
            stack.enter_context(_composed(runner, options, ScreenListener()))
        listener = ScreenListener(now=lambda: NOON)
        composed = stack.enter_context(_composed(runner, options, listener))
        session = session_of(composed, listener)
        session.needs_setup = not configured
        if session.holder:
            session.holder = "process 4711 of anna on billing1, since 2026-11-23 11:48:03+00:00"
        yield CwTui(session)


@contextmanager
def _composed(runner: asyncio.Runner, options: Options, listener: ScreenListener) -> Iterator[Composition]:
    context = compose(options, listener)
    composed = runner.run(context.__aenter__())
    try:
        yield composed
    finally:
        runner.run(context.__aexit__(None, None, None))


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until the screen stands still, then stop what blinks."""
    app: App[Any] = pilot.app
    still, last = 0, ""
    for _ in range(_PATIENCE):
        await quiet(pilot)
        for line in app.screen.query(Input):
            line.cursor_blink = False
        now = app.export_screenshot(simplify=True)
        still, last = (still + 1 if now == last else 0), now
        if still >= _STILL:
            return
    raise TimeoutError(f"{app.screen} does not come to rest")


async def quiet(pilot: Pilot[Any]) -> None:
    """Wait until nothing is read, written or told any more; toasts, which would go at any time, go at once."""
    app: App[Any] = pilot.app
    for _ in range(_PATIENCE):
        await pilot.pause(_PAUSE_S)
        app.clear_notifications()
        if not _is_busy(app):
            return
    raise TimeoutError(f"{app.screen} does not come to an end")


def _is_busy(app: App[Any]) -> bool:
    """A dialog that waits for an answer is not."""
    if not isinstance(app, CwTui):
        return False
    screen, session = app.screen, app.session
    waiting = _WAITING_FOR_A_PERSON if isinstance(screen, ModalScreen) else frozenset()
    is_told = not isinstance(screen, WorkScreen) or screen.working == session.working
    going_on = any(not worker.is_finished and worker.group not in waiting for worker in app.workers)
    return bool(session.working or session.listener.changed or going_on) or not is_told


async def keys(pilot: Pilot[Any], *pressed: str) -> None:
    """Press keys, and wait for what comes of each."""
    for key in pressed:
        await _read(pilot, key)
        await pilot.press(key)
        await quiet(pilot)
    await settle(pilot)


async def _read(pilot: Pilot[Any], key: str) -> None:
    """Read a question before answering it, and release the key in between."""
    guard = getattr(pilot.app.screen, "key_guard", None)
    if guard is None or not (guard.keys is None or key in guard.keys):
        return
    while guard.is_deaf():
        await pilot.pause(0.01)
    pilot.app.key_log = KeyLog()  # type: ignore[attr-defined]  # the app is CwTui


async def write(pilot: Pilot[Any], text: str) -> None:
    """Type letters."""
    await pilot.press(*("space" if letter == " " else letter for letter in text))
    await settle(pilot)
