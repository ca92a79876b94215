"""What PostgreSQL tells those who follow a state: that there is something to read."""

from __future__ import annotations

import time

import psycopg
from psycopg import Notify

_LATER_S = (0.3, 1.0, 3.0)
"""Whoever was told asks again: what follows at once is not told (`postgres.APPEND`), and may be long in coming."""


class Told:
    """Knows when to ask the server for what others appended."""

    def __init__(self, profile: str) -> None:
        self._profile = profile
        self._mine = 0
        self._is_told = False
        self._again_at: list[float] = []

    def listen(self, connection: psycopg.Connection) -> None:
        """Begin to hear, on a new connection.

        Raises:
            psycopg.Error: The server refuses.
        """
        self._mine = connection.info.backend_pid
        connection.add_notify_handler(self._hear)
        connection.execute("listen cwtui_state")

    def is_due(self, connection: psycopg.Connection) -> bool:
        """Another process appended something just now, or a little ago. Nothing is asked for this.

        Raises:
            psycopg.Error: The connection is gone.
        """
        server, now = connection.pgconn, time.monotonic()
        server.consume_input()
        while note := server.notifies():
            self._hear(Notify("", note.extra.decode(), note.be_pid))
        is_told, self._is_told = self._is_told, False
        if is_told:
            self._again_at = [now + later for later in _LATER_S]
        elif self._again_at and now >= self._again_at[0]:
            del self._again_at[0]
            return True
        return is_told

    def _hear(self, note: Notify) -> None:
        if note.payload == self._profile and note.pid != self._mine:
            self._is_told = True
