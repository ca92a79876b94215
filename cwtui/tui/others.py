"""Shows what other people and processes change in the same state, as it happens.

Rule: hands.md#one-state-many-processes.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress

from cwtui.domain.errors import CwtuiError
from cwtui.domain.ids import TaskId
from cwtui.tui.session import Session
from cwtui.tui.words import counted

_LOOK_S = 0.5
_TELL_S = 2.0
"""Seconds between two sentences about others: a run elsewhere changes hundreds of tasks."""
_TABLES = {"tasks": "task", "mappings": "mapping", "edits": "edited plan"}


class Others:
    """Follows the state for as long as the screens are open."""

    def __init__(self, session: Session, tell: Callable[[str], None]) -> None:
        """Take the function that shows a sentence about who changed what."""
        self._session, self._tell = session, tell
        self._changed: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._tasks: list[asyncio.Task[None]] = []

    def follow(self) -> None:
        """Begin."""
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._tell_now_and_then())]

    async def close(self) -> None:
        """End."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _follow(self) -> None:
        known, listener = self._session.engine.known, self._session.listener
        try:
            async for change in known.changes(_LOOK_S):
                listener.others += 1
                listener.on_news()
                moved = [known.task(TaskId(name)) for name in change.rows.get("tasks", ())]
                for task in known.tasks() if change.is_everything else moved:
                    if task is not None:
                        listener.task_changed(task)
                for table in _TABLES.keys() & change.rows.keys():
                    self._changed[change.who or "Another process"][table] |= change.rows[table]
        except CwtuiError as error:
            self._tell(str(error))

    async def _tell_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(_TELL_S)
            changed, self._changed = self._changed, defaultdict(lambda: defaultdict(set))
            for who, tables in changed.items():
                what = ", ".join(counted(len(rows), _TABLES[table]) for table, rows in sorted(tables.items()))
                self._tell(f"{who} changed {what}.")
