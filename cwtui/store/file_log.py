"""The log in files: the state, its journal and its lock (`recovery` gives the reasons for the steps of a fold)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from cwtui.domain.errors import StateError
from cwtui.store.author import Author
from cwtui.store.files import beside, keep_previous
from cwtui.store.journal import Journal, Segment, apply, read_segment, records_after
from cwtui.store.layout import VERSION, Content, NotAState
from cwtui.store.lock import LogLock
from cwtui.store.log import Moved, Op, Record
from cwtui.store.migrations import migrated
from cwtui.store.state_file import StateFile

_HEAD_LENGTH = 400
_FOLDED = re.compile(rb'"folded":\s*(\d+)')
_Stamp = tuple[int, int, int] | None


class FileLog:
    """Fits `Log`. Reading needs no lock: the state is replaced as a whole, and the journal only grows."""

    def __init__(self, path: Path, author: Author, *, is_read_only: bool = False) -> None:
        self.path, self.is_read_only = path, is_read_only
        self._lock = LogLock(path, author)
        self._journal = Journal(path, author=author)
        self._file = StateFile(path)
        self._stamp: _Stamp = None

    @property
    def name(self) -> str:
        """The state file."""
        return str(self.path)

    @property
    def seq(self) -> int:
        """Number of the last record known here."""
        return self._journal.seq

    @property
    def length(self) -> int:
        """Bytes of the journal."""
        return self._journal.length

    @property
    def size(self) -> int:
        """Bytes of the state file."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def is_flushed(self) -> bool:
        """Every record that was appended here is on the disk."""
        return self._journal.is_flushed

    @property
    def flushes_later(self) -> bool:
        """Many records share one flush."""
        return True

    def alone(self, wait_s: float | None = None) -> AbstractContextManager[None]:
        """Keep every other process from appending and folding, for a moment. May be nested."""
        return self._lock.held(wait_s)

    # reading

    def load(self) -> tuple[Content, bool]:
        """The whole state up to `seq`, and whether its file is kept in an older shape.

        Raises:
            StateError: It is damaged or from a newer version; it is kept, and what is left is offered.
        """
        try:
            return self._loaded()
        except (NotAState, LookupError) as error:
            if self.is_read_only:
                raise self._damaged(error) from error
        with self.alone():  # somebody folded twice meanwhile
            try:
                return self._loaded()
            except (NotAState, LookupError) as error:
                raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> StateError:
        from cwtui.store.recovery import damaged  # noqa: PLC0415  # start-up: it loads what every record is

        return damaged(self.path, str(error))

    def _loaded(self) -> tuple[Content, bool]:
        # The journal is opened before the state is read: one that is folded meanwhile is read to its end all the same,
        # and the state then holds at least what it held.
        self._journal.open(writable=not self.is_read_only)
        stamp = self._state_stamp()
        content = self._file.load()
        segment = self._journal.read()
        if content is None:
            if self._is_lost():
                raise NotAState("the file is missing or empty, but there is a journal or an earlier state of it")
            content = Content()
        if segment.damaged:
            lines = ", ".join(map(str, segment.damaged))
            raise NotAState(f"its journal {self._journal.path} is altered in line {lines}")
        self._check(content.version)
        older = content if content.version < VERSION else None
        segments = [segment.records]
        if segment.records and segment.records[0].seq > content.folded + 1:
            segments.insert(0, read_segment(self._journal.previous).records)  # an earlier state was put back
        for record in records_after(content.folded, segments):
            self._check(record.version)
            content = migrated(content, to=record.version)
            apply(record, content)
            content.folded = record.seq
            older = content if content.version < VERSION else older
        self._journal.advance(segment)
        self._journal.begin_at(content.folded)
        self._stamp = stamp
        content = migrated(content)
        if older is not None and not self.is_read_only:
            from cwtui.store.recovery import keep_older  # noqa: PLC0415  # start-up, as above

            keep_older(self.path, older)
        return content, older is not None

    def _check(self, version: int) -> None:
        if version > VERSION:
            from cwtui.store.recovery import newer  # noqa: PLC0415  # start-up, as above

            raise newer(self.path, version)

    def news(self) -> Sequence[Record]:
        """What others appended since, in sequence; a look at two files where there is nothing.

        Raises:
            Moved: A line was taken back, or several folds have gone by.
            StateError: The journal is damaged, or was removed, or an earlier state was put in its place.
        """
        stamp = self._state_stamp()
        is_there = self._journal.stands_at_path()
        found = self._rest()
        if stamp != self._stamp or not is_there:
            found += self._across() if not is_there or self._is_behind() else []
            self._stamp = stamp
        return found

    def _is_behind(self) -> bool:
        """A whole journal began and was folded since: there was none before, and there is none again."""
        folded = self._folded()
        return folded is not None and folded > self.seq

    def _rest(self) -> list[Record]:
        """The records appended to the open file."""
        size = self._journal.size()
        if size == self._journal.length:
            if self._lock.is_held and not self._journal.ends_as_known():
                raise Moved
            return []
        segment = self._journal.read()
        if segment.damaged and not self._lock.is_held and not self.is_read_only:
            with self.alone():  # perhaps it was just being written
                return self._rest()
        if size < self._journal.length or segment.damaged:
            raise Moved
        return self._taken(segment, [segment.records])

    def _across(self) -> list[Record]:
        """The journal that was open is folded: go on in the next one."""
        folded, seq = self._folded(), self.seq
        if folded is None or folded < seq:
            raise self._replaced()
        self._journal.open(writable=not self.is_read_only)
        segment = self._journal.read()
        if segment.damaged:
            raise Moved
        segments = [read_segment(self._journal.previous).records, segment.records]
        found = self._taken(segment, segments if folded > seq else segments[1:])
        if self.seq < folded:
            raise Moved
        return found

    def _taken(self, segment: Segment, segments: Sequence[Sequence[Record]]) -> list[Record]:
        try:
            found = list(records_after(self.seq, segments))
        except LookupError as error:
            raise Moved from error
        self._journal.advance(segment)
        if found:
            self._journal.seq = found[-1].seq
        return found

    def _folded(self) -> int | None:
        """Up to which record the state at the path goes; None where none can be read there."""
        try:
            with self.path.open("rb") as file:
                head = file.read(_HEAD_LENGTH)
        except OSError:
            return None
        found = _FOLDED.search(head)
        return None if found is None else int(found[1])

    def _replaced(self) -> StateError:
        return StateError(
            f"The journal of the state {self.path} was removed, or an earlier state was put in its place, while"
            " cwtui worked on it.",
            changed="Nothing more was noted, and nothing more is sent.",
            next_step="Start again: the state that is there now counts then.",
        )

    def _state_stamp(self) -> _Stamp:
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return None
        return there.st_ino, there.st_mtime_ns, there.st_size

    # writing

    def open_lock(self) -> None:
        """Make the lock file where there is none.

        Raises:
            OSError: The folder does not let us.
        """
        self._lock.open()

    def begin(self, mode: int, gid: int | None) -> None:
        """Make the state file if there is none yet, for its user or group.

        Raises:
            StateError: The disk refused, or this user cannot give it to that group.
        """
        if self.path.exists() and self.path.stat().st_size:
            return
        with self.alone():
            if self.path.exists() and self.path.stat().st_size:
                return
            if self._is_lost():
                return  # `load` says so
            self._file.replace(Content())
            if gid is None:
                return
            try:
                os.chown(self.path, -1, gid)
                self.path.chmod(mode)
                self._lock.share()
            except OSError as error:
                raise StateError(
                    f"The new state {self.path} could not be given to its group: {error.strerror or error}.",
                    next_step="Become a member of the group that state.group names, or correct state.group.",
                ) from error

    def _is_lost(self) -> bool:
        """There was a state here."""
        return any(beside(self.path, suffix).exists() for suffix in (".journal", ".bak"))

    def append(self, ops: Iterable[Op]) -> int:
        """Append one record, while `alone` and after `news`; returns its number. It is on the disk after `flush`."""
        self._journal.cut_tail()
        return self._journal.append(ops)

    @property
    def appends_beside(self) -> bool:
        """A lock file is taken in a moment."""
        return False

    def append_beside(self, ops: Iterable[Op], watched: Sequence[bytes]) -> Sequence[Record] | None:  # noqa: ARG002
        """Nothing is appended so."""
        return None

    def flush(self) -> None:
        """Put on the disk what was appended. Another thread may call this."""
        self._journal.flush()

    def take_back(self) -> bool:
        """Take the last record out again, while `alone`: its flush failed. False where others appended since."""
        return self._journal.take_back()

    def fold(self, content: Content) -> None:
        """Keep this as the whole state, while `alone` and after `news`.

        Raises:
            StateError: The disk refused; file and journal still make up the whole state.
        """
        if self.path.exists():
            keep_previous(self.path, beside(self.path, ".bak"))
        self._file.replace(content)
        self._stamp = self._state_stamp()
        self._journal.rotate()

    def close(self) -> None:
        """Let every file go."""
        self._journal.close()
        self._lock.close()
