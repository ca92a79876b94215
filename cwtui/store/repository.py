"""One table of the state in the domain's words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import Generic, TypeVar

import orjson

from cwtui.domain.errors import StateError
from cwtui.store.documents import Documents
from cwtui.store.log import Op
from cwtui.store.schema import Schema
from cwtui.store.table import Document, Index, Records, Table, decoded, document_of, encode, same_document

Value = TypeVar("Value")
_FEW = 8
"""Rows that are better looked at one by one: most groups are the two or three tasks of a subscription."""


class Repository(Generic[Value]):
    """Values of one kind, made from documents when they are asked for."""

    def __init__(
        self,
        documents: Documents,
        schema: Schema[Value],
        *,
        kept: int = 0,
        **indices: Callable[[bytes], str],
    ) -> None:
        """Open a table.

        Args:
            documents: All tables.
            schema: How its values lie in it.
            kept: So many values, asked for one by one, are kept for the next time; only for such that nobody can alter.
            indices: Each says of a row which group it is in.
        """
        self.name, self.schema = schema.name, schema
        self._of_row = lru_cache(kept)(self._decoded) if kept else self._decoded
        self._documents = documents
        self._indices = {index: Index(group_of) for index, group_of in indices.items()}
        self.table.indices = tuple(self._indices.values())

    @property
    def table(self) -> Table:
        """Its documents."""
        return self._documents.table(self.name)

    def warming(self) -> Iterator[None]:
        """Prepare a table for its first use, a little at a time: cut its rows, build its indices."""
        yield from self.table.cutting()
        for index in self._indices.values():
            yield from index.building(self.table)

    def get(self, key: str) -> Value | None:
        """One value by id."""
        row = self.table.rows.get(key)
        return None if row is None else self._of_row(row)

    def all(self, keys: Iterable[str] | None = None) -> Iterator[Value]:
        """Every value in the table's sequence, or those of the given ids."""
        return map(self._decoded, self.table.lines(keys))

    def saying(self, said: Sequence[bytes], keys: Iterable[str] | None = None) -> Iterator[Value]:
        """The values, or those of the given ids, whose rows hold one of some pieces of JSON (`"status":"ready"`).

        It may belong to something else within the document, so the values have to be looked at. No piece: all.
        """
        if not said:
            return self.all(keys)
        rows = self.table.rows
        return self.all([key for key in (rows if keys is None else keys) if any(one in rows[key] for one in said)])

    def value(self, row: bytes) -> Value:
        """The value of a row."""
        return self._of_row(row)

    def groups(self, index: str) -> Iterable[str]:
        """The groups of an index."""
        return self._indices[index].groups(self.table)

    def ids_in(self, index: str, group: str) -> tuple[str, ...]:
        """The ids in a group of an index."""
        return self._indices[index].ids(self.table, group)

    def group(self, index: str, group: str) -> Iterator[Value]:
        """The values in a group of an index."""
        keys = self.ids_in(index, group)
        if len(keys) > _FEW:
            return self.all(keys)
        rows = self.table.rows
        return map(self._of_row, [rows[key] for key in keys])

    def _decoded(self, row: bytes) -> Value:
        try:
            return self.schema.decode(document_of(row))
        except (TypeError, ValueError) as error:
            raise StateError(
                f"Document {decoded(row).get('id')} of table {self.name} in {self._documents.name} cannot be read:"
                f" {error}.",
                next_step="Correct it while cwtui is not running, or go back to the last backup (of a file: its .bak).",
            ) from error

    def put(self, value: Value) -> Op:
        """The operation that sets a value; whatever else the document before it held is kept."""
        key, document = self.schema.key(value), self.schema.encode(value)
        row = self.table.rows.get(key)
        return self.name, key, document if row is None else keeping_unknown(row, document, self.schema.records)

    def append(self, value: Value) -> Op:
        """The operation that adds a value beside whatever has its id: none ever replaces another."""
        number = self.schema.key(value)
        names = (f"{number}+{again}" if again else number for again in count())
        name = next(name for name in names if name not in self.table)
        return self.name, name, self.schema.encode(value, name)

    def drop(self, key: str) -> Op:
        """The operation that forgets a value."""
        return self.name, key, None

    def save(self, *values: Value) -> None:
        """Set values: durable on return, or at the end of the batch around it."""
        self._documents.commit(lambda: map(self.put, values))


def keeping_unknown(row: bytes, document: bytes, records: Records) -> bytes:
    """A document with what the row before it holds under keys we do not write (a later version's, an operator's).

    Args:
        row: What was there.
        document: What shall be there.
        records: Keys that hold a record; what stands under any other is replaced as a whole.
    """
    if same_document(row, document):
        return document
    new: Document = orjson.loads(document)
    return encode(new) if _keep_unknown(decoded(row), new, records) else document


def _keep_unknown(old: Mapping[str, object], new: Document, records: Records) -> bool:
    """Carry over what is missing; True if there was any."""
    kept = False
    for key, value in old.items():
        if key not in new:
            new[key], kept = value, True
        elif key in records and isinstance(value, dict) and isinstance(inner := new[key], dict):
            kept |= _keep_unknown(value, inner, records[key])
    return kept
