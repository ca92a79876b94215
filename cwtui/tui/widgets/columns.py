"""Columns that share a line: which of them are shown at a width, and how wide each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 1
"""Cells between two columns."""
_NARROWEST = 3
_ENDLESS = 10_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        key: Names it in messages.
        title: In the header; our own text.
        width: Cells it needs, at least.
        share: Its part of the cells that are left over; 0 keeps it at `width`.
        widest: Cells it can use at most; None for no end.
        rank: Columns with the highest rank are hidden first where the line is too short; those of 0 never.
        right: Aligned right, as numbers are.
        toned: Drawn in the tone of its row; its words say the same.
        least: Cells the line has at least where it is shown: what others need more comes first.
    """

    key: str
    title: str
    width: int
    share: int = 0
    widest: int | None = None
    rank: int = 0
    right: bool = False
    toned: bool = False
    least: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """A column that is shown.

    Attributes:
        index: Its place among all columns, and so among the cells of a row.
        start: Its first cell.
        width: Cells.
    """

    column: Column
    index: int
    start: int
    width: int


def lay_out(columns: Sequence[Column], total: int) -> tuple[Placed, ...]:
    """Fit columns into a line of `total` cells.

    Returns:
        The columns shown, from left to right. They never take more than `total` cells, unless even the columns
        that are never hidden are too many to have 3 cells each.
    """
    shown = _shown(columns, total)
    widths = {index: columns[index].width for index in shown}
    spare = total - _taken(list(widths.values()))
    if spare < 0:
        _shrink(widths, -spare)
    else:
        _widen(widths, columns, spare)
    placed = []
    start = 0
    for index in shown:
        placed.append(Placed(columns[index], index, start, widths[index]))
        start += widths[index] + GAP
    return tuple(placed)


def _shown(columns: Sequence[Column], total: int) -> list[int]:
    shown = [index for index, column in enumerate(columns) if column.least <= total]
    while _taken([columns[index].width for index in shown]) > total:
        hidden = max(shown, key=lambda index: (columns[index].rank, index), default=None)
        if hidden is None or columns[hidden].rank == 0:
            break
        shown.remove(hidden)
    return shown


def _taken(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * max(len(widths) - 1, 0)


def _shrink(widths: dict[int, int], missing: int) -> None:
    """Take cells from the widest column, one at a time: a short line needs few."""
    while missing > 0 and max(widths.values(), default=0) > _NARROWEST:
        widest = max(widths, key=lambda index: widths[index])
        widths[widest] -= 1
        missing -= 1


def _widen(widths: dict[int, int], columns: Sequence[Column], spare: int) -> None:
    """Hand out what is left by share; what a column cannot use goes to the others."""
    growing = [index for index in widths if columns[index].share and _room(columns[index], widths[index]) > 0]
    while spare > 0 and growing:
        shares = sum(columns[index].share for index in growing)
        handed = 0
        for index in growing:
            column = columns[index]
            wanted = max(spare * column.share // shares, 1)
            given = max(min(wanted, _room(column, widths[index]), spare - handed), 0)
            widths[index] += given
            handed += given
        spare -= handed
        growing = [index for index in growing if _room(columns[index], widths[index]) > 0]


def _room(column: Column, width: int) -> int:
    """Cells a column could still use."""
    return _ENDLESS if column.widest is None else column.widest - width
