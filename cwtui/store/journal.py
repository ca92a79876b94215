"""The write-ahead journal: one JSON line per fact, on disk before anything depends on it.

A line is `{"crc":"0a1b2c3d","seq":4712,"v":2,"ops":[["tasks",{"id":…}],["links","815"]]}`: a document of a table is
put, or the id named is dropped. Both are absolute, so a record may be replayed any number of times. `crc` covers all
that follows it; `seq` grows by one from line to line and across files; `v` is the version of the documents' shape.
A batch is one line: after a crash all of it is there or nothing.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

from cwtui.domain.errors import StateError
from cwtui.store.files import beside, open_private, read_bytes, sync_data, sync_folder, write_all
from cwtui.store.layout import VERSION, Content
from cwtui.store.table import encode

Op = tuple[str, str, bytes | None]
"""Table, id, and the compact JSON of the document to put; None drops it."""
_HEAD = b'{"crc":"%08x",'
_HEAD_LENGTH = len(_HEAD % 0)


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the journal; `ops` as they stand in it."""

    seq: int
    version: int
    ops: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Segment:
    """One journal file as it was read.

    Attributes:
        records: Those that are whole, in sequence.
        good_length: Bytes up to the end of the last whole line; what follows is a torn line.
        damaged: Numbers of lines that are not whole and not the last, counted from 1.
    """

    records: Sequence[Record]
    good_length: int
    length: int
    damaged: Sequence[int]


def line_of(seq: int, ops: Iterable[Op]) -> bytes:
    """One record as it is written."""
    written = [
        b"[%b,%b]" % (orjson.dumps(table), orjson.dumps(key) if document is None else document)
        for table, key, document in ops
    ]
    rest = b'"seq":%d,"v":%d,"ops":[%b]}' % (seq, VERSION, b",".join(written))
    return b"%b%b\n" % (_HEAD % zlib.crc32(rest), rest)


def read_segment(path: Path) -> Segment:
    """Read a journal file; one that is not there is empty.

    Raises:
        StateError: It cannot be read.
    """
    data = read_bytes(path) or b""
    lines = data.split(b"\n")
    records: list[Record] = []
    damaged: list[int] = []
    torn = lines.pop()  # empty where the last line was finished
    good_length = len(data) - len(torn)
    for number, line in enumerate(lines, start=1):
        record = _record(line)
        if record is not None:
            records.append(record)
        elif number == len(lines) and not torn:
            good_length -= len(line) + 1  # the last line: its end reached the disk before its middle did
        else:
            damaged.append(number)
    return Segment(records, good_length, len(data), damaged)


def _record(line: bytes) -> Record | None:
    if len(line) <= _HEAD_LENGTH or line[:_HEAD_LENGTH] != _HEAD % zlib.crc32(line[_HEAD_LENGTH:]):
        return None
    try:
        decoded = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    match decoded:
        case {"seq": int(seq), "v": int(version), "ops": list(ops)} if all(map(_is_op, ops)):
            return Record(seq, version, ops)
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
    """The journal of one state file, open for appending."""

    def __init__(self, state: Path, *, seq: int, length: int) -> None:
        """Continue after record `seq`, at byte `length` of the file."""
        self.path, self.previous = beside(state, ".journal"), beside(state, ".journal.1")
        self._end = (seq, length)
        self._flushed = seq
        self._descriptor: int | None = None
        self._is_broken = False
        self._flushing = Lock()

    @property
    def seq(self) -> int:
        """Number of the last record."""
        return self._end[0]

    @property
    def length(self) -> int:
        """Bytes of the file."""
        return self._end[1]

    @property
    def is_flushed(self) -> bool:
        """Every record is on the disk."""
        return self._flushed == self.seq

    def append(self, ops: Iterable[Op], *, flushed: bool = True) -> int:
        """Append one record; it is on the disk when this returns, or after the next `flush` if not `flushed`.

        Returns:
            Its sequence number.

        Raises:
            StateError: The disk refused; the journal is as it was.
        """
        line = line_of(self.seq + 1, ops)
        before = self._end
        try:
            descriptor = self._descriptor if self._descriptor is not None else self._open()
            self._refuse_if_broken()
            write_all(descriptor, line)
            if flushed:
                sync_data(descriptor)
                self._flushed = self.seq + 1
            self._end = (self.seq + 1, self.length + len(line))
        except OSError as error:
            raise self._unwritten(error, "What was to be noted there was not saved.") from error
        finally:
            if self._end == before:  # refused, or interrupted from the keyboard
                self._cut()
        return self.seq

    def flush(self) -> None:
        """Put every record on the disk. Another thread may call this.

        Raises:
            StateError: The disk refused, now or before. What it lost then it would not say again, so no record is
                taken any more.
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
        try:
            os.truncate(self.path, self.length)
        except OSError as error:
            raise StateError(
                f"The unfinished last line of the journal {self.path} could not be cut off: {error.strerror or error}.",
                next_step="Correct the file's permissions, then start again.",
            ) from error

    def _open(self) -> int:
        is_new = not self.path.exists()
        descriptor = open_private(self.path, os.O_WRONLY | os.O_APPEND)
        self._descriptor = descriptor
        if is_new:
            sync_folder(self.path.parent)
        return descriptor

    def _refuse_if_broken(self) -> None:
        if self._is_broken:
            raise OSError("an earlier line was left unfinished")

    def _cut(self) -> None:
        """Take back a line that was not wholly written; if even that fails, refuse any later one."""
        if self._descriptor is None:
            return
        try:
            os.ftruncate(self._descriptor, self.length)
        except OSError:
            self._is_broken = True

    def rotate(self) -> None:
        """All records are in the state file now: keep them as the previous segment, begin an empty one.

        Raises:
            StateError: The disk refused; the journal goes on, its records are skipped where the state has them.
        """
        self.close()
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
        self._end, self._flushed = (self.seq, 0), self.seq

    def close(self) -> None:
        """Let the file go."""
        with self._flushing:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None


def records_after(seq: int, segments: Iterable[Segment]) -> Iterator[Record]:
    """The records after `seq`, each once, in sequence.

    Raises:
        LookupError: Some are missing in between; says from which number on.
    """
    for segment in segments:
        for record in segment.records:
            if record.seq <= seq:
                continue
            if record.seq != seq + 1:
                raise LookupError(f"record {seq + 1} is missing")
            seq = record.seq
            yield record
