"""Records in memory: found by id at once, listed in order, fast at a hundred thousand."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Hashable, Iterator
from typing import Any

Row = dict[str, Any]


class RecordTable:
    """Records by id. Integer ids are listed in their order, text ids as they came in.

    A record is a JSON-shaped dict with its `id`. Whoever changes one in place calls `touch`, so that
    filtered lists are made anew.
    """

    __slots__ = ("_filtered", "_order", "rows", "version")

    def __init__(self) -> None:
        self.rows: dict[Any, Row] = {}
        self.version = 0
        self._order: list[Any] = []
        self._filtered: dict[Hashable, tuple[int, list[Row]]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        rows = self.rows
        return (rows[key] for key in self._order)

    def get(self, key: Any) -> Row | None:
        """The record with that id, or None."""
        return self.rows.get(key)

    def add(self, row: Row) -> Row:
        """Keep a record under its `id`, in its place in the order; one with the same id is replaced."""
        key = row["id"]
        if key not in self.rows:
            if isinstance(key, int) and self._order and key < self._order[-1]:
                insort(self._order, key)
            else:
                self._order.append(key)
        self.rows[key] = row
        self.touch()
        return row

    def remove(self, key: Any) -> None:
        """Forget a record.

        Raises:
            KeyError: If there is none.
        """
        del self.rows[key]
        self._order.remove(key)
        self.touch()

    def touch(self) -> None:
        """Say that a record changed."""
        self.version += 1

    def after(self, key: int) -> Iterator[Row]:
        """The records with a greater (integer) id, in order."""
        rows = self.rows
        start = bisect_right(self._order, key)
        return (rows[each] for each in self._order[start:])

    def filtered(self, key: Hashable, predicate: Callable[[Row], bool]) -> list[Row]:
        """The records that fulfil a predicate; remembered under `key` until a record changes.

        A caller that pages through a long list names the same filter for each page.
        """
        known = self._filtered.get(key)
        if known is not None and known[0] == self.version:
            return known[1]
        found = [row for row in self if predicate(row)]
        if len(self._filtered) > 32:  # noqa: PLR2004  # a bound, so that a client with many filters costs no memory
            self._filtered.clear()
        self._filtered[key] = (self.version, found)
        return found
