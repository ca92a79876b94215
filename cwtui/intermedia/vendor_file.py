"""Rows of a vendor's CSV file: any common encoding and delimiter, headers in any order and case (SPEC 9)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
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
    """One row: its cells by the SPEC's column names, stripped; a column the file lacks is empty."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

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
        needed: Columns that must be there, by the SPEC's names.
        optional: Columns that may be there; others are not looked at.
        columns: Column → header in the file, where it differs (the saved column profile).

    Raises:
        InputError: The header lacks a column, or names one twice; or the file ends inside a quoted cell.
    """
    text = text.lstrip("\ufeff\r\n")
    places, delimiter = _header(text, name, needed, optional, columns)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    rows, refused = [], []
    line, width = 1, None
    try:
        for cells in reader:
            if width is None:
                width = len(cells)
            elif any(cell.strip() for cell in cells):
                found = {column: cells[at].strip() for column, at in places.items() if at < len(cells)}
                row = Row(line, found)
                if any(cell.strip() for cell in cells[width:]):
                    reason = f"it has {len(cells)} cells, the header {width}; a cell with {delimiter!r} needs quotes"
                    refused.append(row.refused(reason, needed[0]))
                else:
                    rows.append(row)
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{name}, line {line}: {error}.",
            changed=_UNTOUCHED,
            next_step="Correct that line, then give the file again.",
        ) from error
    return VendorFile(name, tuple(rows), tuple(refused))


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
        ValueError: It is none, not whole, or below zero (SPEC 9, whole units only).
    """
    count = parse_amount(text)
    if count != count.to_integral_value():
        raise ValueError(f"{text!r} is not a whole number of units")
    if count < 0:
        raise ValueError(f"{text!r} is below zero")
    return count.to_integral_value()
