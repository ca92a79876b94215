"""Rows of a table that are few enough to hold all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from cwtui.tui.widgets.tone import Tone

Row = TypeVar("Row")


def _normal(_row: object) -> Tone:
    return Tone.NORMAL


class ListedRows(Generic[Row]):
    """Fits `RowSource`: a sequence of values, and how each is shown.

    Attributes:
        selected: The keys of rows that bear the selection's mark.
    """

    def __init__(
        self,
        key: Callable[[Row], str],
        cells: Callable[[Row], Sequence[str]],
        tone: Callable[[Row], Tone] = _normal,
    ) -> None:
        self._key, self._cells, self._tone = key, cells, tone
        self._rows: Sequence[Row] = ()
        self._places: dict[str, int] = {}
        self.selected: set[str] = set()

    @property
    def rows(self) -> Sequence[Row]:
        """All of them."""
        return self._rows

    def replace(self, rows: Sequence[Row]) -> None:
        """Show other rows; missing ones are deselected."""
        self._rows = tuple(rows)
        self._places = {self._key(row): place for place, row in enumerate(self._rows)}
        self.selected &= self._places.keys()

    def row(self, key: str | None) -> Row | None:
        """The row of a key."""
        place = None if key is None else self._places.get(key)
        return None if place is None else self._rows[place]

    @property
    def row_count(self) -> int:
        """How many rows there are now."""
        return len(self._rows)

    def key(self, index: int) -> str:
        """What names a row."""
        return self._key(self._rows[index])

    def index_of(self, key: str) -> int | None:
        """Where a row is now."""
        return self._places.get(key)

    def cells(self, index: int) -> Sequence[str]:
        """One value per column."""
        return self._cells(self._rows[index])

    def tone(self, index: int) -> Tone:
        """What its colour says."""
        return self._tone(self._rows[index])

    def is_selected(self, index: int) -> bool:
        """Whether it bears the selection's mark."""
        return self.key(index) in self.selected
