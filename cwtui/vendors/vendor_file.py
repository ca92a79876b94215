"""Rows of a vendor's CSV file: any common encoding and delimiter, headers in any order and case (files.md#reading)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from cwtui.domain.errors import InputError
from cwtui.domain.money import parse_amount
from cwtui.domain.plain_text import plain_text
from cwtui.engine.text_file import read_text

_DELIMITERS = ",;\t|"
_SEPARATORS = re.compile(r"[\s_-]+")
_CURRENCY_SIGN = re.compile(r"^([+-]?)\s*[$€£]\s*")
_DECIMAL_COMMA = re.compile(r"[+-]?\s*[$€£]?\s*\d+,(\d{1,2}|\d{4,})", re.ASCII)
_END = "\x1cend of the file\x1c"
"""A row put behind the last one: what swallows it is a quotation mark that nothing closes."""
_SHOWN = 60
_UNTOUCHED = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that was not taken.

    Attributes:
        line: Where it begins in the file, the header being line 1.
        subject: What it is about (account, SKU), as the file has it.
        reason: In words, without a full stop.
    """

    line: int
    subject: str
    reason: str

    def __str__(self) -> str:
        subject = f" ({plain_text(self.subject, _SHOWN)})" if self.subject else ""
        return f"Line {self.line}{subject}: {plain_text(self.reason)}."


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells by the files.md#reading column names, stripped; a column the file lacks is empty.

    Attributes:
        has_decimal_comma: The file parts its cells by something else, as where numbers are written with commas.
    """

    line: int
    cells: Mapping[str, str]
    has_decimal_comma: bool = False

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def amount(self, column: str) -> str:
        """A cell with a number; where commas do not part the cells, `7,25` is written `7.25` (`1,000` stays)."""
        text = self[column]
        return text.replace(",", ".") if self.has_decimal_comma and _DECIMAL_COMMA.fullmatch(text) else text

    def refused(self, reason: str, *subject: str) -> Refusal:
        """Why this row is not taken."""
        return Refusal(self.line, ", ".join(self[column] for column in subject if self[column]), reason)


@dataclass(frozen=True, slots=True)
class VendorFile:
    """What could be read of a file, and what could not."""

    name: str
    rows: tuple[Row, ...]
    refused: tuple[Refusal, ...] = ()


def read_vendor_file(
    path: Path, what: str, *, needed: Sequence[str], optional: Sequence[str] = (), columns: Mapping[str, str]
) -> VendorFile:
    """Read a file; see `read_vendor_text`.

    Raises:
        InputError: The file cannot be read, or is not such a file.
    """
    text = read_text(path, what)
    return read_vendor_text(text, str(path), needed=needed, optional=optional, columns=columns)


def read_vendor_text(
    text: str, name: str, *, needed: Sequence[str], optional: Sequence[str] = (), columns: Mapping[str, str]
) -> VendorFile:
    """Read the rows of a CSV text. The delimiter is the one that splits the header into the columns looked for.

    Args:
        text: The whole file.
        name: What to call it in errors.
        needed: Columns that must be there, by their own names (files.md#reading).
        optional: Columns that may be there; others are not looked at.
        columns: Column → header in the file, where it differs (the saved column profile).

    Raises:
        InputError: The header lacks a column, or names one twice; or the file ends inside a quoted cell.
    """
    text = text.lstrip("\ufeff\r\n")
    places, delimiter = _header(text, name, needed, optional, columns)
    rows, refused = [], []
    width = 0
    for line, last, cells in _lines(text, name, delimiter):
        if not width:
            width = len(cells)
        elif any(cell.strip() for cell in cells):
            found = {column: cells[at].strip() for column, at in places.items() if at < len(cells)}
            row = Row(line, found, has_decimal_comma=delimiter != ",")
            if any(cell.strip() for cell in cells[width:]):
                reason = f"it has {len(cells)} cells, the header {width}; a cell with {delimiter!r} needs quotes"
                refused.append(row.refused(reason, needed[0]))
            elif any("\n" in found.get(column, "") or "\r" in found.get(column, "") for column in needed):
                reason = f"lines {line} to {last} are one row by their quotation marks; close or double the stray one"
                refused.append(row.refused(reason, needed[0]))
            else:
                rows.append(row)
    return VendorFile(name, tuple(rows), tuple(refused))


def _lines(text: str, name: str, delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
    """Every row with its first and last line; the header is line 1."""
    reader = csv.reader(io.StringIO(f"{text}\n{_END}", newline=""), delimiter=delimiter, strict=False)
    first = 1
    try:
        for cells in reader:
            if cells == [_END]:
                return
            if any(_END in cell for cell in cells):
                raise _broken(name, first, "a quotation mark in the row that begins here is never closed")
            yield first, reader.line_num, cells
            first = reader.line_num + 1
    except csv.Error as error:
        raise _broken(name, first, str(error)) from error


def _broken(name: str, line: int, what: str) -> InputError:
    return InputError(
        f"{name}, line {line}: {what}.",
        changed=_UNTOUCHED,
        next_step="Correct that line, then give the file again.",
    )


def _header(
    text: str, name: str, needed: Sequence[str], optional: Sequence[str], columns: Mapping[str, str]
) -> tuple[dict[str, int], str]:
    """Where each column stands, and the delimiter."""
    wanted = {column: _folded(columns.get(column, column)) for column in (*needed, *optional)}
    best: tuple[list[str], list[str], str] | None = None
    for delimiter in _DELIMITERS:
        first = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
        headers = [_folded(cell) for cell in first]
        missing = [column for column in needed if wanted[column] not in headers]
        if best is None or len(missing) < len(best[1]):
            best = headers, missing, delimiter
    if best is None:
        raise AssertionError("there is at least one delimiter")
    headers, missing, delimiter = best
    twice = sorted({header for header in wanted.values() if headers.count(header) > 1})
    if missing or twice:
        raise _header_error(name, headers, missing, twice, columns)
    return {column: headers.index(header) for column, header in wanted.items() if header in headers}, delimiter


def _header_error(
    name: str, headers: Sequence[str], missing: Sequence[str], twice: Sequence[str], columns: Mapping[str, str]
) -> InputError:
    shown = plain_text(", ".join(headers), 200) or "nothing"
    if missing:
        looked_for = ", ".join(columns.get(column, column) for column in missing)
        happened = f"{name}, line 1: there is no column {looked_for}; there is {shown}."
    else:
        happened = f"{name}, line 1: the column {', '.join(twice)} is there twice."
    return InputError(
        happened,
        changed=_UNTOUCHED,
        next_step="Check that it is the right file; if its headers differ, name them under `columns` in the settings.",
    )


def _folded(header: str) -> str:
    return _SEPARATORS.sub("_", header.strip().strip('"').strip().casefold())


def read_price(text: str) -> Decimal:
    """A price, with or without a currency sign in front.

    Raises:
        ValueError: It is none, it can be read in two ways (`1,234.50`), or it is below zero.
    """
    amount = parse_amount(_CURRENCY_SIGN.sub(r"\1", text.strip()))
    if amount < 0:
        raise ValueError(f"{text!r} is below zero")
    return amount


def read_count(text: str) -> Decimal:
    """A count in whole units.

    Raises:
        ValueError: It is none, not whole, or below zero (files.md#export-counts).
    """
    count = parse_amount(text)
    if count != count.to_integral_value():
        raise ValueError(f"{text!r} is not a whole number of units")
    if count < 0:
        raise ValueError(f"{text!r} is below zero")
    return count.to_integral_value()
