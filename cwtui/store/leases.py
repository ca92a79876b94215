"""Leases in files: byte ranges of one file, which the system gives back the moment their holder dies.

A lease is a lock on one byte of `state.json.leases`, at a place its name gives, far behind everything that is in the
file. In front, each process that holds leases has a place of 4 KiB for its own name and theirs, with a lock of its own
on the first byte: so a note whose writer died counts for nothing.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import orjson

from cwtui.domain.errors import StateError
from cwtui.domain.lazily import dataclass
from cwtui.store.author import Author
from cwtui.store.files import beside, open_like
from cwtui.store.log import Holder

_PLACE = 4096
_PLACES = 1024
_FIRST = 1 << 40
_BUSY = {errno.EAGAIN, errno.EACCES}
# Locks of the open file, where the system has them (Linux); else of the process.
_SET, _ASK = getattr(fcntl, "F_OFD_SETLK", fcntl.F_SETLK), getattr(fcntl, "F_OFD_GETLK", fcntl.F_GETLK)
_FLOCK = struct.Struct("hhqqi0q")


@dataclass(frozen=True, slots=True)
class _Note:
    """What a process writes into its place."""

    who: str
    pid: int
    leases: Mapping[str, str]


class FileLeases:
    """Leases of one state, for one process."""

    def __init__(self, state: Path, author: Author) -> None:
        self._state, self._author = state, author
        self._path = beside(state, ".leases")
        self._descriptor: int | None = None
        self._place: int | None = None
        self._mine: dict[str, str] = {}

    def take(self, name: str) -> Holder | None:
        """Take a lease at once or not at all: None when it is ours now, else who holds it (perhaps we ourselves).

        Raises:
            StateError: The folder does not let us.
        """
        if self.holds(name):
            return self._holder(self._mine[name])
        try:
            descriptor = self._open()
            if not _lock(descriptor, _byte_of(name)):
                return self.holders().get(name) or Holder("somebody else", 0, "a moment ago")
            self._mine[name] = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
            self._sign(descriptor)
        except OSError as error:
            raise StateError(
                f"Work on the state {self._state} could not be shared out: {error.strerror or error}.",
                next_step=f"Correct the permissions of {self._path}, then start again.",
            ) from error
        return None

    def give_back(self, name: str) -> None:
        """Let others have it."""
        if self._mine.pop(name, None) is not None and self._descriptor is not None:
            self._sign(self._descriptor)
            _unlock(self._descriptor, _byte_of(name))

    def holds(self, name: str) -> bool:
        """It is ours, and its file stands where others look for it."""
        if name not in self._mine or self._descriptor is None:
            return False
        if self._stands_at_path(self._descriptor):
            return True
        self.close()
        return False

    @property
    def may_be_lost(self) -> bool:
        """The system gives them back when the process ends, not before."""
        return False

    def holders(self) -> Mapping[str, Holder]:
        """Everything that is held now, by anybody."""
        found = {name: self._holder(since) for name, since in self._mine.items()}
        for note in self._notes():
            for name, since in note.leases.items():
                found.setdefault(name, Holder(note.who, note.pid, since))
        return found

    def close(self) -> None:
        """Give everything back."""
        self._mine.clear()
        self._place = None
        if self._descriptor is not None:
            os.close(self._descriptor)  # and with it every lock
            self._descriptor = None

    def _holder(self, since: str) -> Holder:
        return Holder(self._author.who, self._author.pid, since)

    def _open(self) -> int:
        if self._descriptor is not None and not self._stands_at_path(self._descriptor):
            self.close()
        if self._descriptor is None:
            self._descriptor = open_like(self._path, os.O_RDWR, self._state)
        return self._descriptor

    def _stands_at_path(self, descriptor: int) -> bool:
        try:
            there = self._path.stat()
        except OSError:
            return False
        mine = os.fstat(descriptor)
        return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)

    def _sign(self, descriptor: int) -> None:
        """Write our name and our leases into our place; a process without a place stays nameless."""
        if self._place is None:
            self._place = next((place for place in range(_PLACES) if _lock(descriptor, place * _PLACE)), None)
        if self._place is None:
            return
        leases = dict(self._mine)
        while True:
            note = orjson.dumps({"who": self._author.who, "pid": self._author.pid, "leases": leases})
            if len(note) <= _PLACE or not leases:
                break
            leases.popitem()
        os.pwrite(descriptor, note[:_PLACE].ljust(_PLACE), self._place * _PLACE)

    def _notes(self) -> Iterator[_Note]:
        """The notes of the other living processes."""
        descriptor = self._descriptor
        if descriptor is None:
            try:
                descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                return
        try:
            for place in range(min(_PLACES, os.fstat(descriptor).st_size // _PLACE)):
                if place != self._place and _is_locked(descriptor, place * _PLACE):
                    note = _note_in(os.pread(descriptor, _PLACE, place * _PLACE))
                    if note is not None:
                        yield note
        finally:
            if descriptor != self._descriptor:
                os.close(descriptor)


def _note_in(data: bytes) -> _Note | None:
    try:
        said = orjson.loads(data)
        return _Note(str(said["who"]), int(said["pid"]), {str(k): str(v) for k, v in said["leases"].items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _byte_of(name: str) -> int:
    from hashlib import blake2b  # noqa: PLC0415  # start-up: a list of tasks takes no lease

    return _FIRST + (int.from_bytes(blake2b(name.encode(), digest_size=8).digest()) >> 2)


def _lock(descriptor: int, start: int) -> bool:
    try:
        fcntl.fcntl(descriptor, _SET, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, start, 1, 0))
    except OSError as error:
        if error.errno in _BUSY:
            return False
        raise
    return True


def _unlock(descriptor: int, start: int) -> None:
    fcntl.fcntl(descriptor, _SET, _FLOCK.pack(fcntl.F_UNLCK, os.SEEK_SET, start, 1, 0))


def _is_locked(descriptor: int, start: int) -> bool:
    found = fcntl.fcntl(descriptor, _ASK, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, start, 1, 0))
    kind, *_ = _FLOCK.unpack(found)
    return bool(kind != fcntl.F_UNLCK)
