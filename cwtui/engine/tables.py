"""Rows of a CSV file or a workbook: the header is found, and no row is swallowed unseen (files.md#reading)."""

from __future__ import annotations

import csv
import itertools
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias

from cwtui.domain.errors import InputError
from cwtui.domain.lazily import dataclass
from cwtui.domain.plain_text import plain_text
from cwtui.engine.csv_cells import undamaged
from cwtui.engine.text_file import LARGEST_TABLE, opened, text_of

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

Cells: TypeAlias = list[str]
Header: TypeAlias = tuple[str, ...]
Line: TypeAlias = tuple[int, int, Cells, bool]
"""First and last line of a row in the file, its cells, and whether its quotation marks are beyond doubt."""

_DELIMITERS = ",;\t|"
_SEPARATORS = re.compile(r"[\s_-]+")
_SEP_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?[\r\n]*", re.IGNORECASE)
_END = "\x1cend of the file\x1c"
"""A row put behind the last one: if a cell swallows it, a quotation mark was never closed."""
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_DEEPEST_HEADER = 100
"""Lines that a preamble may have."""
_LINE_END = re.compile(r"\r\n|\r|\n")
_EXACT_DIGITS = 15
_THOUSANDTHS = re.compile(r"\d+\.\d{3}")
_UNTOUCHED = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """Where a table begins.

    Attributes:
        line: The header's line.
        header: Its cells, folded: `account id` and `Account_ID` are one.
        spelt: Its cells as they stand.
        parts_by_comma: Commas part the cells, so that no plain number has one.
        is_sound: Its quotation marks part its cells beyond doubt.
    """

    line: int
    header: Header
    spelt: tuple[str, ...]
    parts_by_comma: bool = False
    is_sound: bool = True


class OpenTable:
    """One open table: find its header, then read its rows once."""

    def __init__(self, name: str, lines: Callable[[str], Iterator[Line]], delimiters: str) -> None:
        self.name = name
        self._lines = lines
        self._delimiters = delimiters
        self.delimiter = ""

    def find(self, wanted: Callable[[Header], int], *, header_row: int | None = None) -> HeaderLine:
        """Find the header: the first line with all wanted columns; else the one that lacks fewest.

        Args:
            wanted: How many of the columns looked for a header lacks.
            header_row: The header's line, where it is known.
        """
        best: tuple[int, HeaderLine, str] | None = None
        errors: list[InputError] = []
        for delimiter in self._delimiters:
            try:
                for found in self._first(delimiter, header_row):
                    lacks = wanted(found.header)
                    if best is None or lacks < best[0] or (lacks == best[0] and not any(best[1].header)):
                        best = (lacks, found, delimiter)
                    if not lacks:
                        break
            except InputError as error:  # a quotation mark that only this delimiter makes one
                errors.append(error)
        if best is None and errors:
            raise errors[0]
        if best is None:
            return HeaderLine(1, (), ())
        self.delimiter = best[2]
        return best[1]

    def _first(self, delimiter: str, header_row: int | None) -> Iterator[HeaderLine]:
        """The lines that may be the header."""
        for first, _, cells, is_sound in itertools.islice(self._lines(delimiter), header_row or _DEEPEST_HEADER):
            if header_row is None or first == header_row:
                spelt = tuple(undamaged(cell) for cell in cells)
                yield HeaderLine(first, tuple(map(folded, spelt)), spelt, delimiter == ",", is_sound)

    def rows(self, found: HeaderLine) -> Iterator[Line]:
        """Every row below the header, in the file's order."""
        lines = self._lines(self.delimiter or self._delimiters[0])
        return itertools.dropwhile(lambda line: line[0] <= found.line, lines)


@contextmanager
def open_table(path: Path, what: str, *, sheet: str = "") -> Iterator[OpenTable]:
    """Open a CSV file or a workbook, packed or not.

    Args:
        path: The file; `-` is standard input.
        what: What it should hold, for errors.
        sheet: Of a workbook; its first unless named.

    Raises:
        InputError: It cannot be read, or is neither.
    """
    name = "standard input" if str(path) == "-" else str(path)
    with opened(path, what) as file:
        is_workbook = file.read(len(_WORKBOOKS[0])) in _WORKBOOKS
        file.seek(0)
        if is_workbook:
            rows = _sheet(file, name, sheet)
            yield OpenTable(name, lambda _: enumerate_rows(rows()), _DELIMITERS[1])
            return
        with text_of(file, path, what) as text:
            yield csv_table(text, name)


def csv_table(text: IO[str], name: str) -> OpenTable:
    """The table of an open text, seekable and with its line ends untouched."""
    first = text.readline()
    said = _SEP_LINE.fullmatch(first)

    def lines(delimiter: str) -> Iterator[Line]:
        text.seek(0)
        return _csv_lines(text, name, delimiter)

    return OpenTable(name, lines, said[1] if said else _DELIMITERS)


def _csv_lines(text: Iterable[str], name: str, delimiter: str) -> Iterator[Line]:
    raw: list[str] = []
    sound = _sound(delimiter)
    reader = csv.reader(_remembered(text, raw), delimiter=delimiter, strict=False)
    first = 1
    try:
        for cells in reader:
            last = reader.line_num
            if last == first:
                record = raw.pop()
            else:
                record = "".join(raw)
                raw.clear()
                if _END in cells[-1]:
                    raise broken(name, first, "a quotation mark in the row that begins here is never closed")
            if not record and cells == [_END]:
                return
            yield first, last, cells, '"' not in record or sound.fullmatch(record) is not None
            first = last + 1
    except csv.Error as error:
        raise broken(name, first, str(error)) from error


def _remembered(text: Iterable[str], raw: list[str]) -> Iterator[str]:
    """The lines of a text and its end; each is remembered until its row is read."""
    for line in text:
        raw.append(line)
        yield line
    raw.append("")
    yield _END


@cache
def _sound(delimiter: str) -> re.Pattern[str]:
    """Whether the quoted cells of a row end where cells end."""
    by = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]++|"")*+"|(?!")[^{by}\r\n]*+)'
    return re.compile(rf"{cell}(?:{by}{cell})*+[\r\n]*")


def broken(name: str, line: int, what: str) -> InputError:
    """The error of a file that cannot be read on."""
    return InputError(
        f"{name}, line {line}: {what}.",
        changed=_UNTOUCHED,
        next_step="Correct that line, then give the file again.",
    )


def swallows_rows(cells: Sequence[str], delimiter: str, width: int, least: int) -> bool:
    """Whether a quoted cell of several lines swallowed rows of the file, and is not just a text of several lines.

    Then a line inside it is a row of its own; or what its first and its last line are in the file are rows.

    Args:
        cells: Of the row.
        delimiter: What parts them.
        width: Cells of the header.
        least: Delimiters that a row has at least, to reach every column that is needed.
    """
    for at, cell in enumerate(cells):
        if "\n" in cell or "\r" in cell:
            first, *between, last = _LINE_END.split(cell)
            if any(line.count(delimiter) >= least for line in between):
                return True
            begins = at + first.count(delimiter)
            ends = last.count(delimiter) + len(cells) - 1 - at
            if begins >= least and ends >= least and (delimiter in last or len(cells) > width):
                return True
    return False


def folded(header: str) -> str:
    """A header in the form in which headers are compared: case, blanks and underscores do not matter."""
    return _SEPARATORS.sub("_", header.strip().strip('"').strip().casefold())


def enumerate_rows(rows: Iterable[Sequence[object]]) -> Iterator[Line]:
    """The rows of a sheet by their number there, each cell as text."""
    for line, row in enumerate(rows, start=1):
        yield line, line, [cell if type(cell) is str else _text(cell) for cell in row], True


def _text(cell: object) -> str:
    """A typed cell as it would be written, with one meaning only."""
    match cell:
        case bool():
            return str(cell).upper()
        case int() | float():
            return _number(cell)
        case datetime():
            return cell.isoformat() if cell.time() != time() else cell.date().isoformat()
        case date() | time() | timedelta() | str():
            return str(cell)
        case _:
            return ""


def _number(cell: float) -> str:
    number = Decimal(repr(cell))
    if not number.is_finite():
        return str(cell)
    if number == number.to_integral_value():
        digits = f"{number:.0f}"
        # a spreadsheet keeps fifteen digits: a longer id has lost its end
        return digits if len(digits.lstrip("-")) <= _EXACT_DIGITS else f"{number:.5E}"
    written = f"{number:f}"
    # three decimals could be thousands in a text; a typed number has none
    return f"{written}0" if _THOUSANDTHS.fullmatch(written) else written


def _sheet(file: IO[bytes], name: str, sheet: str) -> Callable[[], Iterator[Sequence[object]]]:
    """A function that reads the rows of a workbook's sheet; the workbook itself is read once, now."""
    from python_calamine import CalamineError  # noqa: PLC0415  # only for workbooks

    book = _workbook(file, name)
    if sheet and sheet not in book.sheet_names:
        known = plain_text(", ".join(book.sheet_names), 200)
        raise _no_sheet(name, f"it has no sheet {plain_text(sheet, 60)}; there is {known}", "Name one of those.")
    try:
        found = book.get_sheet_by_name(sheet) if sheet else book.get_sheet_by_index(0)
    except CalamineError as error:
        raise _unreadable_sheet(name, error) from error
    return found.iter_rows


def _workbook(file: IO[bytes], name: str) -> CalamineWorkbook:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415  # only for workbooks

    try:
        with zipfile.ZipFile(file) as packed:
            size = sum(part.file_size for part in packed.infolist())
    except zipfile.BadZipFile:
        size = 0  # the format before it is not packed
    if size > LARGEST_TABLE:
        raise _no_sheet(name, "it unpacks to more than 512 MB", "Save the sheet as CSV, and give that.")
    file.seek(0)
    try:
        return CalamineWorkbook.from_object(file)
    except CalamineError as error:
        raise _unreadable_sheet(name, error) from error


def _unreadable_sheet(name: str, error: Exception) -> InputError:
    return _no_sheet(name, f"its sheet cannot be read ({error})", "Save it as .xlsx or CSV again.")


def sheets_of(path: Path, what: str) -> tuple[str, ...]:
    """The sheets of a workbook, in its order; none of another file.

    Raises:
        InputError: It cannot be read.
    """
    with opened(path, what) as file:
        if file.read(len(_WORKBOOKS[0])) not in _WORKBOOKS:
            return ()
        return tuple(_workbook(file, str(path)).sheet_names)


def _no_sheet(name: str, why: str, next_step: str) -> InputError:
    return InputError(f"{name}: {why}.", changed=_UNTOUCHED, next_step=next_step)
