"""One process at a time works on a state file (hands.md#one-state-many-processes)."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from cwtui.domain.errors import StateError, StateLocked
from cwtui.store.files import PRIVATE, beside, read_bytes, write_atomically

if TYPE_CHECKING:
    from filelock import BaseFileLock


class StateLock:
    """The lock beside a state file, and a note that says who holds it."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._path, self._holder = beside(state, ".lock"), beside(state, ".holder")
        self._lock: BaseFileLock | None = None

    def acquire(self) -> None:
        """Take the lock at once or not at all. The system gives it back if this process dies.

        Raises:
            StateLocked: Another process holds it; says which.
            StateError: The folder does not let us.
        """
        from filelock import FileLock, Timeout  # noqa: PLC0415  # 15 ms that reading the state does without

        lock = FileLock(self._path, timeout=0, mode=PRIVATE, thread_local=False)
        try:
            lock.acquire()
        except Timeout as error:
            raise StateLocked(
                f"Another process works on the state {self._state}: {self.holder()}.",
                next_step="Wait for it to end, or name another state file with --state.",
            ) from error
        except OSError as error:
            raise StateError(
                f"The state {self._state} could not be locked: {error.strerror or error}.",
                next_step="Correct the folder's permissions, or name another state file with --state.",
            ) from error
        self._lock = lock
        try:
            write_atomically(self._holder, [orjson.dumps(_myself())])
        except StateError:
            self.release()
            raise

    def holder(self) -> str:
        """Who holds it, in words."""
        try:
            note = orjson.loads(read_bytes(self._holder) or b"")
            return f"process {note['pid']} of {note['user']} on {note['host']}, since {note['since']}"
        except (ValueError, KeyError, TypeError):
            return "it has not left its name"

    def release(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            self._holder.unlink(missing_ok=True)
            self._lock.release()
            self._lock = None


def _myself() -> dict[str, object]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container without a user table
        user = f"user {os.getuid()}"
    since = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
    return {"pid": os.getpid(), "user": user, "host": os.uname().nodename, "since": since}
