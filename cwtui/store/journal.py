"""The write-ahead journal: one JSON line per record, on disk before anything depends on it.

A line is `{"crc":"0a1b2c3d","p":"…","seq":4712,"v":2,"at":"…","by":["ann@host",17],"ops":[["tasks",{"id":…}],…]}`: a
document of a table is put, or the id named is dropped. Both are absolute, so a record may be replayed any number of
times. `crc` covers all that follows it; `p` is the `crc` of the line before in the same file, so that a line that was
taken back or replaced is noticed by every process that had read it; `seq` grows by one from line to line and across
files; `v` is the
version of the documents' shape. A batch is one line: after a crash all of it is there or nothing.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

import orjson

from cwtui.domain.errors import StateError
from cwtui.domain.lazily import dataclass
from cwtui.store.author import Author
from cwtui.store.files import beside, open_like, read_bytes, sync_data, sync_folder, write_all
from cwtui.store.layout import VERSION, Content
from cwtui.store.log import Op, Record
from cwtui.store.table import encode

NOBODY = Author("", 0)
_HEAD = b'{"crc":"%08x",'
_HEAD_LENGTH = len(_HEAD % 0)
_CRC = slice(8, 16)
_NO_LINE = b"00000000"


@dataclass(frozen=True, slots=True)
class Segment:
    """Some lines of a journal file as they were read.

    Attributes:
        records: Those that are whole, in sequence.
        good_length: Bytes up to the end of the last whole line; what follows is a line that was not finished.
        damaged: Numbers of finished lines that are not whole, or do not follow the line before them, from 1.
        last: The `crc` of the last line.
        last_length: Its bytes; 0 where there is none.
        unreadable: Finished lines that are not whole, by the number of the last record before them (0: none).
    """

    records: Sequence[Record]
    good_length: int
    length: int
    damaged: Sequence[int]
    last: bytes = _NO_LINE
    last_length: int = 0
    unreadable: Mapping[int, Sequence[bytes]] = field(default_factory=dict)


def line_of(seq: int, ops: Iterable[Op], *, author: Author = NOBODY, after: bytes = _NO_LINE) -> bytes:
    """One record as it is written."""
    written = [
        b"[%b,%b]" % (orjson.dumps(table), orjson.dumps(key) if document is None else document)
        for table, key, document in ops
    ]
    at = datetime.now(UTC).isoformat(timespec="milliseconds").encode()
    by = encode([author.who, author.pid])
    rest = b'"p":"%b","seq":%d,"v":%d,"at":"%b","by":%b,"ops":[%b]}' % (
        after, seq, VERSION, at, by, b",".join(written)
    )  # fmt: skip
    return b"%b%b\n" % (_HEAD % zlib.crc32(rest), rest)


def read_segment(path: Path) -> Segment:
    """Read a journal file; one that is not there is empty.

    Raises:
        StateError: It cannot be read.
    """
    return segment_of(read_bytes(path) or b"")


def segment_of(data: bytes, after: bytes = _NO_LINE) -> Segment:
    """Lines that follow one whose `crc` is `after`, or begin a file."""
    lines = data.split(b"\n")
    records: list[Record] = []
    damaged: list[int] = []
    unreadable: dict[int, list[bytes]] = {}
    torn = lines.pop()  # empty where the last line was finished
    for number, line in enumerate(lines, start=1):
        record = record_of(line)
        if record is None or not (_follows(line, after) or _leaves_a_gap(records, record)):
            damaged.append(number)
        if record is None:
            unreadable.setdefault(_last_seq(records), []).append(line)
        else:
            records.append(record)
        after = _NO_LINE if record is None else line[_CRC]
    if torn and record_of(torn[:-1]) is not None:  # it was finished, and its end altered since
        damaged.append(len(lines) + 1)
        unreadable.setdefault(_last_seq(records), []).append(torn)
    last_length = len(lines[-1]) + 1 if lines else 0
    return Segment(records, len(data) - len(torn), len(data), damaged, after, last_length, unreadable)


def _last_seq(records: Sequence[Record]) -> int:
    return records[-1].seq if records else 0


def _follows(line: bytes, after: bytes) -> bool:
    """Whether a line follows the right one; older versions did not record that."""
    before = line[_HEAD_LENGTH : _HEAD_LENGTH + 14]
    return after == _NO_LINE or not before.startswith(b'"p":"') or before[5:13] == after


def _leaves_a_gap(records: Sequence[Record], record: Record) -> bool:
    """A line is missing; `records_after` says which."""
    return bool(records) and record.seq > records[-1].seq + 1


def record_of(line: bytes) -> Record | None:
    """A record from its line; None where the line is not whole."""
    if len(line) <= _HEAD_LENGTH or line[:_HEAD_LENGTH] != _HEAD % zlib.crc32(line[_HEAD_LENGTH:]):
        return None
    try:
        decoded = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    match decoded:
        case {"seq": int(seq), "v": int(version), "ops": list(ops)} if all(map(_is_op, ops)):
            who, pid = decoded.get("by") or ("", 0)
            return Record(seq, version, ops, str(who), int(pid), str(decoded.get("at", "")))
        case _:
            return None


def _is_op(op: object) -> bool:
    match op:
        case [str(), str() | {"id": str()}]:
            return True
        case _:
            return False


def apply(record: Record, content: Content) -> None:
    """Replay one record."""
    for table, change in record.ops:
        if isinstance(change, str):
            content.table(table).drop(change)
        else:
            content.table(table).put(change["id"], encode(change))


class Journal:
    """The journal of one state file. Appending and rotating need the log's lock; reading does not."""

    def __init__(self, state: Path, *, seq: int = 0, author: Author = NOBODY) -> None:
        """Continue after record `seq`."""
        self.path, self.previous = beside(state, ".journal"), beside(state, ".journal.1")
        self.seq, self.length = seq, 0
        self._state, self._author = state, author
        self._last, self._last_length = _NO_LINE, 0
        self._before: tuple[int, int, bytes] | None = None
        self._flushed = seq
        self._descriptor: int | None = None
        self._is_broken = False
        self._flushing = Lock()

    @property
    def is_flushed(self) -> bool:
        """Every record that was appended here is on the disk."""
        return self._flushed >= self.seq

    # reading

    def open(self, *, writable: bool) -> None:
        """Open the file at the path, if there is one, and stand at its beginning.

        Raises:
            StateError: It cannot be read.
        """
        self.close()
        self._stand_at_beginning()
        try:
            flags = os.O_RDWR | os.O_APPEND if writable else os.O_RDONLY
            self._descriptor = os.open(self.path, flags | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StateError(
                f"The journal {self.path} cannot be opened: {error.strerror or error}.",
                next_step="Correct its permissions, or name another state file with --state.",
            ) from error

    def _stand_at_beginning(self) -> None:
        self.length, self._last, self._last_length, self._before = 0, _NO_LINE, 0, None

    def ends_as_known(self) -> bool:
        """The last line is still the one that was read or appended last, not another of the same length."""
        if self._descriptor is None or not self._last_length:
            return True
        head = os.pread(self._descriptor, _HEAD_LENGTH, self.length - self._last_length)
        return head[_CRC] == self._last

    def stands_at_path(self) -> bool:
        """The file that is open, or that there is none, is what stands at the path."""
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return self._descriptor is None
        if self._descriptor is None:
            return False
        mine = os.fstat(self._descriptor)
        return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)

    def size(self) -> int:
        """Bytes of the file now, perhaps with others' records, or a line that is being written."""
        return 0 if self._descriptor is None else os.fstat(self._descriptor).st_size

    def read(self) -> Segment:
        """What others appended since; `advance` over it once it is taken."""
        if self._descriptor is None:
            return segment_of(b"")
        parts, at = [], self.length
        while part := os.pread(self._descriptor, 1 << 24, at):
            parts.append(part)
            at += len(part)
        return segment_of(b"".join(parts), self._last)

    def advance(self, segment: Segment) -> None:
        """Go on behind the records that were read; our next flush covers them."""
        was_flushed = self.is_flushed
        self.length += segment.good_length
        self._before = None
        if segment.last_length:
            self._last, self._last_length = segment.last, segment.last_length
        if segment.records:
            self.seq = max(self.seq, segment.records[-1].seq)
        if was_flushed:  # others make their own records durable
            self._flushed = self.seq

    def begin_at(self, seq: int) -> None:
        """Everything up to that record is known and on the disk."""
        self.seq = self._flushed = seq

    # writing

    def append(self, ops: Iterable[Op]) -> int:
        """Append one record; it is on the disk after the next `flush`.

        Returns:
            Its sequence number.

        Raises:
            StateError: The disk refused; the journal is as it was.
        """
        line = line_of(self.seq + 1, ops, author=self._author, after=self._last)
        before, is_written = (self.seq, self.length, self._last), False
        try:
            descriptor = self._descriptor if self._descriptor is not None else self._made()
            self._refuse_if_broken()
            write_all(descriptor, line)
            is_written = True
        except OSError as error:
            raise self._unwritten(error, "What was to be noted there was not saved.") from error
        finally:
            if not is_written:  # refused, or interrupted from the keyboard
                self._cut(self.length)
        self._before = before
        self.seq, self.length, self._last = self.seq + 1, self.length + len(line), line[_CRC]
        self._last_length = len(line)
        return self.seq

    def take_back(self) -> bool:
        """Take the last record out again: its flush failed. False where it is not the last any more."""
        if self._before is None or self._descriptor is None or self.size() != self.length:
            return False
        self.seq, self.length, self._last = self._before
        self._last_length = 0
        self._flushed, self._before, self._is_broken = min(self._flushed, self.seq), None, False
        self._cut(self.length)
        return True

    def flush(self) -> None:
        """Put every record on the disk. Another thread may call this.

        Raises:
            StateError: The disk refused, now or before. It would not report again what it lost then, so no further
                record is accepted unless the last one is taken back.
        """
        with self._flushing:
            seq = self.seq
            try:
                self._refuse_if_broken()
                if self._descriptor is not None and self._flushed < seq:
                    sync_data(self._descriptor)
            except OSError as error:
                self._is_broken = True
                raise self._unwritten(error, "What was noted last may not be saved.") from error
            self._flushed = max(self._flushed, seq)

    def _unwritten(self, error: OSError, changed: str) -> StateError:
        return StateError(
            f"The journal {self.path} could not be written: {error.strerror or error}.",
            changed=f"{changed} Everything noted before is safe.",
            next_step="Free disk space or correct the folder's permissions, then start again.",
        )

    def cut_tail(self) -> None:
        """Cut off what follows the last whole line: the end of a process that died while writing it.

        Raises:
            StateError: The disk refused.
        """
        if self._descriptor is None or self.size() <= self.length:
            return
        try:
            os.ftruncate(self._descriptor, self.length)
        except OSError as error:
            raise StateError(
                f"The unfinished last line of the journal {self.path} could not be cut off: {error.strerror or error}.",
                next_step="Correct the file's permissions, then start again.",
            ) from error

    def _made(self) -> int:
        self._descriptor = open_like(self.path, os.O_RDWR | os.O_APPEND, self._state)
        sync_folder(self.path.parent)
        return self._descriptor

    def _refuse_if_broken(self) -> None:
        if self._is_broken:
            raise OSError("an earlier line was left unfinished")

    def _cut(self, length: int) -> None:
        """Take back a line that was not wholly written; if even that fails, refuse any later one."""
        if self._descriptor is None:
            return
        try:
            os.ftruncate(self._descriptor, length)
        except OSError:
            self._is_broken = True

    def rotate(self) -> None:
        """All records are in the state file now: keep them as the previous segment, begin an empty one.

        Raises:
            StateError: The disk refused; the journal goes on, its records are skipped where the state has them.
        """
        try:
            if self.path.exists():
                self.path.replace(self.previous)
                sync_folder(self.path.parent)
        except OSError as error:
            raise StateError(
                f"The journal {self.path} could not be set aside: {error.strerror or error}.",
                changed="Everything was saved.",
                next_step="Correct the folder's permissions.",
            ) from error
        self.close()
        self._stand_at_beginning()
        self._flushed = self.seq

    def close(self) -> None:
        """Let the file go."""
        with self._flushing:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None


def records_after(seq: int, segments: Iterable[Sequence[Record]]) -> Iterator[Record]:
    """The records after `seq`, each once, in sequence.

    Raises:
        LookupError: Some are missing in between; says from which number on.
    """
    for records in segments:
        for record in records:
            if record.seq <= seq:
                continue
            if record.seq != seq + 1:
                raise LookupError(f"record {seq + 1} is missing")
            seq = record.seq
            yield record
