"""Plain tables for a terminal or a pipe."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence

from cwtui.domain.plain_text import columns, plain_text

_GAP = "  "
_LEAST_LAST = 20


def table(headers: Sequence[str], rows: Sequence[Sequence[object]], *, right: Collection[str] = ()) -> str:
    """Rows under headers, every cell made safe to show.

    Args:
        headers: One per column.
        rows: Cells of any kind; None is shown as nothing.
        right: Headers of columns that are aligned at the right.

    Returns:
        Lines without trailing spaces. On a terminal the last column is cut so that no line wraps.
    """
    cells = [["" if cell is None else plain_text(cell) for cell in row] for row in rows]
    lines = [list(headers), *cells]
    widths = [max(columns(line[index]) for line in lines) for index in range(len(headers))]
    if sys.stdout.isatty() and widths:
        import shutil  # noqa: PLC0415  # start-up: loads every way to compress a file

        room = shutil.get_terminal_size().columns - sum(widths[:-1]) - len(_GAP) * (len(widths) - 1)
        for line in lines:
            line[-1] = plain_text(line[-1], max(room, _LEAST_LAST))
    at_right = [header in right for header in headers]
    return "\n".join(_line(line, widths, at_right) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], at_right: Sequence[bool]) -> str:
    padded = []
    for cell, width, right in zip(cells, widths, at_right, strict=True):
        space = " " * (width - columns(cell))
        padded.append(space + cell if right else cell + space)
    return _GAP.join(padded).rstrip()
