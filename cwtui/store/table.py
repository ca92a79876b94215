"""One table of the state in memory: rows of bytes, decoded when somebody looks."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

import orjson

Document = dict[str, Any]
Records = Mapping[str, "Records"]
"""The fields of a record that hold records, and the same for those."""
_AT_ONCE = 500
"""Rows decoded in one call: enough to make the call cheap, few enough to stay out of the way."""
_BYTES_AT_ONCE = 1 << 17
"""The same, where rows are not counted yet."""
_ESCAPED = "cwtui.json"


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no place in a state file")


def encode(document: object) -> bytes:
    """A document or a record as compact JSON in ASCII, as TinyDB writes it.

    So it can be read whatever the machine's locale.

    Half a surrogate pair, which no file can hold, becomes `?`.
    """
    try:
        data = orjson.dumps(document, default=_plain)
    except TypeError:
        data = _encode_odd(document)
    return data if data.isascii() else data.decode().encode("ascii", _ESCAPED)


def _encode_odd(document: object) -> bytes:
    """One that has numbers as keys, or half of a surrogate pair: slower, and rare."""
    try:
        return orjson.dumps(document, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return orjson.dumps(_without_lone_surrogates(document), default=_plain, option=orjson.OPT_NON_STR_KEYS)


def as_document(record: object) -> Document:
    """A record as the state stores it, to be shown as JSON."""
    document: Document = orjson.loads(encode(record))
    return document


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """Characters beyond ASCII as JSON writes them: by their UTF-16 units."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)), error.end


codecs.register_error(_ESCAPED, _escaped)


def _without_lone_surrogates(value: object) -> object:
    if is_dataclass(value):
        return {one.name: _without_lone_surrogates(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_without_lone_surrogates(key): _without_lone_surrogates(inner) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [_without_lone_surrogates(inner) for inner in value]
    return value


def text_after(row: bytes, marker: bytes) -> str:
    """The JSON text that follows a marker such as `"status":"` in a row; empty where the marker is not found.

    A quote inside a JSON text is escaped, so a marker that holds quotes is always a key of the document.
    """
    start = row.find(marker)
    if start < 0:
        return ""
    start += len(marker)
    end = row.index(b'"', start)
    text = row[start:end]
    if b"\\" not in text:
        return text.decode()
    while (end - len(row[start:end].rstrip(b"\\")) - start) % 2:  # an odd number of backslashes escapes the quote
        end = row.index(b'"', end + 1)
    return str(orjson.loads(row[start - 1 : end + 1]))


def number_after(row: bytes, marker: bytes) -> str:
    """The digits that follow a marker such as `"agreement_id":` in a row; empty where it is not found."""
    start = row.find(marker)
    if start < 0:
        return ""
    start += len(marker)
    end = start
    while row[end : end + 1].isdigit():
        end += 1
    return row[start:end].decode()


class Index:
    """The ids of a table by a value in their rows; built on first use, kept up to date afterwards."""

    def __init__(self, group_of: Callable[[bytes], str]) -> None:
        self._group_of = group_of
        self._groups: dict[str, dict[str, None]] | None = None
        self._moves = 0
        """Whatever makes worthless what is being built beside it."""

    def ids(self, table: Table, group: str) -> tuple[str, ...]:
        """The ids of one group, in the table's sequence."""
        return tuple(self._built(table).get(group, ()))

    def groups(self, table: Table) -> Iterable[str]:
        """The groups there are."""
        return tuple(self._built(table))

    def _built(self, table: Table) -> dict[str, dict[str, None]]:
        if self._groups is None:
            groups: dict[str, dict[str, None]] = {}
            group_of = self._group_of
            for key, row in table.rows.items():
                groups.setdefault(group_of(row), {})[key] = None
            self._groups = groups
            self._moves += 1
        return self._groups

    def building(self, table: Table) -> Iterator[None]:
        """Build it a few rows at a time, unless somebody needs it, or a row changes, meanwhile."""
        if self._groups is not None:
            return
        groups: dict[str, dict[str, None]] = {}
        moves, rows = self._moves, iter(list(table.rows.items()))
        while some := list(islice(rows, _AT_ONCE)):
            for key, row in some:
                groups.setdefault(self._group_of(row), {})[key] = None
            yield
            if self._moves != moves:
                return
        self._groups = groups

    def reset(self) -> None:
        """Forget what was built: the table is another one."""
        self._groups = None
        self._moves += 1

    def moved(self, key: str, old: bytes | None, new: bytes | None) -> None:
        """A row was put or dropped."""
        self._moves += 1
        if self._groups is None:
            return
        before = None if old is None else self._group_of(old)
        after = None if new is None else self._group_of(new)
        if before == after:
            return
        if before is not None and (group := self._groups.get(before)) is not None:
            group.pop(key, None)
            if not group:
                del self._groups[before]
        if after is not None:
            self._groups.setdefault(after, {})[key] = None


class Table:
    """Documents by id. A row is its place in the TinyDB table and the document: `"12":{"id":"1000.2000",…}`.

    Attributes:
        indices: Told of every change.
    """

    __slots__ = ("_next", "_raw", "_rows", "indices")

    def __init__(self, raw: bytes | memoryview = b"", *, indices: Iterable[Index] = ()) -> None:
        self._raw: bytes | memoryview = raw
        self._rows: dict[str, bytes] | None = None
        self._next = 0
        self.indices = tuple(indices)

    @classmethod
    def of(cls, documents: Mapping[str, object]) -> Table:
        """A table from decoded TinyDB documents by number.

        Raises:
            ValueError: A number is none, or a document has no `id`.
        """
        rows: dict[int, bytes] = {}
        for number, document in documents.items():
            identifier = document.get("id") if isinstance(document, dict) else None
            if not isinstance(document, dict) or not isinstance(identifier, str) or not number.isdecimal():
                raise ValueError(f"document {number!r} has no id")
            rows[int(number)] = b'"%d":%b' % (int(number), encode({"id": identifier, **document}))
        return cls(b"\n,".join(rows[number] for number in sorted(rows)))

    @property
    def rows(self) -> dict[str, bytes]:
        """Every row by id, in the table's sequence. Not to be changed from outside."""
        rows = self._rows
        return self._take(_cut(bytes(self._raw))) if rows is None else rows

    def cutting(self) -> Iterator[None]:
        """Cut the rows a few at a time, unless somebody needs them all meanwhile."""
        rows: dict[str, bytes] = {}
        for piece in _pieces(self._raw) if self._rows is None else ():
            rows |= _cut(piece)
            yield
            if self._rows is not None:
                return
        if self._rows is None:
            self._take(rows)

    def _take(self, rows: dict[str, bytes]) -> dict[str, bytes]:
        last = next(reversed(rows.values()), b'"0"')
        self._next = int(last[1 : last.index(b'"', 1)])
        self._rows, self._raw = rows, b""
        return rows

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, key: str) -> bool:
        return key in self.rows

    def get(self, key: str) -> Document | None:
        """One document, decoded; None where there is none."""
        row = self.rows.get(key)
        return None if row is None else decoded(row)

    def lines(self, keys: Iterable[str] | None = None) -> Iterator[bytes]:
        """Rows in the table's sequence, or those of the given ids.

        The first come at once, also of a table that is not cut into rows yet.
        """
        if keys is None and self._rows is None:
            for piece in _pieces(self._raw):
                yield from piece.split(b"\n,")
        else:
            yield from list(self.rows.values()) if keys is None else [self.rows[key] for key in keys]

    def documents(self, keys: Iterable[str] | None = None) -> Iterator[Document]:
        """Documents in the table's sequence, or those of the given ids, decoded a few at a time.

        The first come at once, also of a table that is not cut into rows yet.
        """
        if keys is None and self._rows is None:
            for piece in _pieces(self._raw):
                yield from orjson.loads(b"{%b}" % piece).values()
            return
        rows = iter(list(self.rows.values()) if keys is None else [self.rows[key] for key in keys])
        while some := list(islice(rows, _AT_ONCE)):
            yield from orjson.loads(b"{%b}" % b",".join(some)).values()

    def put(self, key: str, document: bytes) -> bytes | None:
        """Set one document (compact JSON that begins with its `id`); returns the row that was there."""
        old = self.rows.get(key)
        if old is None:
            self._next += 1
            number = b'"%d"' % self._next
        else:
            number = old[: old.index(b":")]
        self._place(key, old, b"%b:%b" % (number, document))
        return old

    def drop(self, key: str) -> bytes | None:
        """Remove one document; returns the row that was there."""
        old = self.rows.get(key)
        if old is not None:
            self._place(key, old, None)
        return old

    def restore(self, key: str, row: bytes | None) -> None:
        """Put back what `put` or `drop` returned."""
        if row is not None and key not in self.rows:
            self.put(key, row[row.index(b":") + 1 :])  # with a new number: numbers grow along the table
        else:
            self._place(key, self.rows.get(key), row)

    def _place(self, key: str, old: bytes | None, new: bytes | None) -> None:
        if new is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = new
        for index in self.indices:
            index.moved(key, old, new)

    def take_indices(self, other: Table) -> None:
        """Take over the indices of the table that this one replaces."""
        self.indices = other.indices
        for index in self.indices:
            index.reset()

    def section(self) -> bytes | memoryview:
        """Its rows as they stand in the file."""
        return self._raw if self._rows is None else b"\n,".join(self._rows.values())


def _cut(raw: bytes) -> dict[str, bytes]:
    """Rows by id."""
    if not raw:
        return {}
    rows = raw.split(b"\n,")
    del raw
    ids = b"\n".join([row.split(b'"', 6)[5] for row in rows])
    if b"\\" in ids:
        return {text_after(row, b'"id":"'): row for row in rows}
    return dict(zip(ids.decode().split("\n"), rows, strict=True))


def _pieces(raw: bytes | memoryview) -> Iterator[bytes]:
    """Some rows at a time, as they stand in the file."""
    start, size = 0, _BYTES_AT_ONCE
    while start < len(raw):
        piece = bytes(raw[start : start + size])
        if start + size < len(raw):
            end = piece.rfind(b"\n,")
            if end < 0:  # a single row is longer than that
                size *= 2
                continue
            piece = piece[:end]
        yield piece
        start, size = start + len(piece) + len(b"\n,"), _BYTES_AT_ONCE


def document_of(row: bytes) -> bytes:
    """The document of a row, as it stands there."""
    return row[row.index(b":") + 1 :]


def decoded(row: bytes) -> Document:
    """The document of a row."""
    document: Document = orjson.loads(document_of(row))
    return document


def same_document(row: bytes | None, document: bytes) -> bool:
    """A row already holds exactly this document."""
    return row is not None and len(row) - row.index(b":") - 1 == len(document) and row.endswith(document)
