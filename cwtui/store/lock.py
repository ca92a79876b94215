"""The log's lock: taken for a moment by who appends or folds, and given back by the system when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cwtui.domain.errors import StateError, StateLocked
from cwtui.store.author import Author
from cwtui.store.files import beside, open_like, share_like

PATIENCE_S = 30.0
"""Only a process that was stopped while it held the lock keeps it longer, or an old cwtui."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.000_05, 0.005
_NOTE_LENGTH = 120


class LogLock:
    """A lock beside a state file. Whoever holds it writes its name into it.

    The lock belongs to the file at the path: one that was deleted meanwhile, so that others lock another file, is
    noticed when it is taken.
    """

    def __init__(self, state: Path, author: Author) -> None:
        self._state, self._author = state, author
        self._path = beside(state, ".lock")
        self._descriptor: int | None = None
        self._depth = 0

    @property
    def is_held(self) -> bool:
        """By this process."""
        return self._depth > 0

    @contextmanager
    def held(self, wait_s: float | None = None) -> Iterator[None]:
        """Hold it; may be nested.

        Raises:
            StateLocked: Another process kept it for so long; says which.
            StateError: The folder does not let us.
        """
        if not self._depth:
            self._acquire(PATIENCE_S if wait_s is None else wait_s)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth and self._descriptor is not None:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def open(self) -> None:
        """Make the file where there is none.

        Raises:
            OSError: The folder does not let us.
        """
        if self._descriptor is None:
            self._descriptor = open_like(self._path, os.O_RDWR, self._state)

    def share(self) -> None:
        """Open the file to whom the state is open, which was made after it.

        Raises:
            OSError: The system does not let us.
        """
        if self._descriptor is not None:
            share_like(self._descriptor, self._state)

    def _acquire(self, wait_s: float) -> None:
        try:
            while True:
                self.open()
                self._take(wait_s)
                if self._stands_at_path():
                    return
                self.close()
        except OSError as error:
            raise StateError(
                f"The state {self._state} could not be locked: {error.strerror or error}.",
                next_step="Make room or correct the folder's permissions, or name another state file with --state.",
            ) from error

    def _take(self, wait_s: float) -> None:
        descriptor = self._descriptor
        if descriptor is None:
            raise AssertionError("the lock is not open")
        pause, until = _FIRST_PAUSE_S, time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise self._refusal() from None
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
            else:
                os.pwrite(descriptor, str(self._author).encode()[:_NOTE_LENGTH].ljust(_NOTE_LENGTH), 0)
                return

    def _refusal(self) -> StateLocked:
        return StateLocked(
            f"Another process keeps the state {self._state} locked: {self.holder()}.",
            next_step="Wait for it to end, or end it, then start again.",
        )

    def holder(self) -> str:
        """Who took it last, in words."""
        try:
            note = self._path.read_bytes()[:_NOTE_LENGTH].decode(errors="replace").strip()
        except OSError:
            note = ""
        return note or "it has not left its name"

    def _stands_at_path(self) -> bool:
        if self._descriptor is None:
            return False
        mine = os.fstat(self._descriptor)
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)

    def close(self) -> None:
        """Let the file go."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
