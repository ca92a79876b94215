"""The whole app over the demo's sandbox, as a user has it: for pilots."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from textual import events
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from cwtui.composition import compose
from cwtui.engine.facade import Engine
from cwtui.options import Options
from cwtui.terminal import session_of
from cwtui.tui.app import CwTui
from cwtui.tui.session import ScreenListener
from cwtui.tui.widgets.detail_pane import DetailPane
from cwtui.tui.widgets.key_guard import KeyLog
from cwtui.tui.widgets.virtual_table import VirtualTable

S = TypeVar("S", bound=Screen[Any])

AS_OF = date(2026, 11, 23)


def burst(app: Demo, *keys: str) -> None:
    """Keys that arrive together, as over a slow line or from a password manager."""
    for key in keys:
        app.app.post_message(events.Key(key, key if len(key) == 1 else None))


@dataclass
class Demo:
    """The app, the engine behind it, and what a user does and sees."""

    app: CwTui
    engine: Engine
    pilot: Pilot[Any]
    seen: Screen[Any] | None = None

    @property
    def screen(self) -> Screen[Any]:
        return self.app.screen

    def top(self, kind: builtins.type[S]) -> S:
        """The screen on top, which is of that class."""
        assert isinstance(self.screen, kind), self.screen
        return self.screen

    async def press(self, *keys: str) -> None:
        """Press keys as a person does, who reads a question before answering it."""
        for key in keys:
            await self._until_read(key)
            await self.pilot.press(key)
        await self.settle()

    async def _until_read(self, key: str) -> None:
        guard = getattr(self.screen, "key_guard", None)
        while guard is not None and (guard.keys is None or key in guard.keys) and guard.is_deaf():
            await self.pilot.pause(0.01)
            guard = getattr(self.screen, "key_guard", None)
        if guard is not None and key in (guard.keys or {"y", "enter"}):
            self.app.key_log = KeyLog()  # released since it was pressed last, for as long as that takes

    async def type(self, text: str) -> None:
        await self.press(*text)

    async def settle(self) -> None:
        """Until nothing is read or drawn any more; workers that wait for an answer are not waited for."""
        for _ in range(2):
            await self.pilot.pause()
            reading = [
                worker
                for worker in self.app.workers
                if worker.group in {"lines", "tables", "preview", "load", "step"} and not worker.is_finished
            ]
            for worker in reading:
                for _ in range(500):
                    if worker.is_finished:
                        break
                    await self.pilot.pause(0.01)
                assert worker.is_finished, worker
        await self.pilot.pause()

    async def until(self, screen: builtins.type[Screen[Any]]) -> None:
        """Until another screen, of that class, is on top: what leads there may ask ConnectWise first."""
        for _ in range(1000):
            if isinstance(self.screen, screen) and self.screen.is_mounted and self.screen is not self.seen:
                break
            await self.pilot.pause(0.01)
        assert isinstance(self.screen, screen), self.screen
        assert self.screen is not self.seen
        self.seen = self.screen
        await self.settle()

    async def until_idle(self) -> None:
        """Until no work goes on."""
        for _ in range(400):
            await self.pilot.pause(0.01)
            if not self.app.session.working:
                break
        assert not self.app.session.working
        await self.settle()

    async def until_said(self, text: str) -> None:
        """Until a message says that."""
        for _ in range(500):
            if any(text in message for message in self.messages):
                return
            await self.pilot.pause(0.01)
        raise AssertionError(self.messages)

    @property
    def detail(self) -> str:
        return self.screen.query_one(DetailPane).plain_text

    @property
    def hint(self) -> str:
        return str(self.screen.query_one(".dialog--hint", Static).render())

    @property
    def messages(self) -> list[str]:
        return [notification.message for notification in self.app._notifications]

    def rows(self, selector: str = "VirtualTable") -> list[list[str]]:
        source = self.screen.query_one(selector, VirtualTable).source
        return [[str(cell) for cell in source.cells(place)] for place in range(source.row_count)]


_CHECKS = 5
_prepared: dict[bool, dict[str, bytes]] = {}
"""The files of a demo that has checked once, or whose open orders have all completed: tests begin with them."""


async def _prepare(folder: Path, *, orders: bool) -> None:
    kept_files = _prepared.setdefault(orders, {})
    if not kept_files:
        options = Options(demo=True, as_of=AS_OF, state=folder / "state.json")
        async with compose(options, ScreenListener()) as composed:
            await composed.engine.check()
            for _ in range(_CHECKS if orders else 0):
                with patch("cwtui.sandbox.marketplace.ROUND_S", 0):
                    await composed.engine.check()
        kept_files.update((path.name, path.read_bytes()) for path in folder.glob("state.json*") if path.is_file())
    for name, kept in kept_files.items():
        (folder / name).write_bytes(kept)
        (folder / name).chmod(0o600)


@asynccontextmanager
async def demo(
    tmp_path: Path, *, size: tuple[int, int] = (120, 40), checked: bool = True, orders: bool = False
) -> AsyncIterator[Demo]:
    """Open the app on the demo, its state kept under `tmp_path` from one opening to the next.

    `checked`: it has checked changes before; `orders`: until all of the demo's open orders had completed.
    """
    listener = ScreenListener()
    if checked and not (tmp_path / "state.json").exists():
        await _prepare(tmp_path, orders=orders)
    options = Options(demo=True, as_of=AS_OF, state=tmp_path / "state.json")
    async with compose(options, listener) as composed:
        app = CwTui(session_of(composed, listener))
        async with app.run_test(size=size) as pilot:
            opened = Demo(app, composed.engine, pilot)
            await opened.settle()
            yield opened
