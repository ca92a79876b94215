"""Rows of a vendor's file by column: headers in any order and case, damage undone (files.md#reading)."""

from __future__ import annotations

import difflib
import io
import itertools
import operator
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import partial
from pathlib import Path

from cwtui.domain.errors import InputError
from cwtui.domain.lazily import dataclass
from cwtui.domain.plain_text import plain_text
from cwtui.engine.csv_cells import damage, undamaged
from cwtui.engine.tables import (
    Header,
    HeaderLine,
    Line,
    OpenTable,
    broken,
    csv_table,
    folded,
    open_table,
    swallows_rows,
)
from cwtui.vendors.layouts import Headers
from cwtui.vendors.numbers import NumberRule
from cwtui.vendors.rows import ANYTHING, Candidates, Refusal, Row

_NUMBERS = frozenset({"quantity", "unit_cost", "price", "retail_price"})
_MOST_SHIFTS = 3
"""Up to so many surplus cells, the places of account and SKU can still be found."""
_REMEMBERED = 65_536
_UNTOUCHED = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class FileShape:
    """How a file is read beside its columns; see `Layout`."""

    joined_by: str = ":"
    keep: Mapping[str, Sequence[str]] = field(default_factory=dict)
    skip: Mapping[str, Sequence[str]] = field(default_factory=dict)
    header_row: int | None = None
    sheet: str = ""
    decimal_mark: str = ""


@dataclass(frozen=True, slots=True)
class VendorFile:
    """The readable and the refused rows of a file.

    Attributes:
        rows: Those that count.
        numbers: How the file's numbers are read.
        left_out: Rows that the profile does not count, by header and value.
    """

    name: str
    rows: tuple[Row, ...]
    refused: tuple[Refusal, ...] = ()
    numbers: NumberRule = field(default_factory=NumberRule)
    left_out: Mapping[str, int] = field(default_factory=dict)
    header_line: int = 1


def read_vendor_file(
    path: Path,
    what: str,
    *,
    needed: Sequence[str],
    optional: Sequence[str] = (),
    columns: Mapping[str, Headers],
    shape: FileShape | None = None,
) -> VendorFile:
    """Read a file; see `read_vendor_text`. A workbook, a `.gz` and `-` are read too.

    Raises:
        InputError: The file cannot be read, or is not such a file.
    """
    shape = shape or FileShape()
    with open_table(path, what, sheet=shape.sheet) as table:
        return _Reader(table, needed, optional, columns, shape).read()


def read_vendor_text(
    text: str,
    name: str,
    *,
    needed: Sequence[str],
    optional: Sequence[str] = (),
    columns: Mapping[str, Headers],
    shape: FileShape | None = None,
) -> VendorFile:
    """Read the rows of a CSV text. The delimiter is the one that splits a header with the columns looked for.

    Args:
        text: The whole file.
        name: What to call it in errors.
        needed: Columns that must be there.
        optional: Columns that may be there; others are not looked at.
        columns: Column → header in the file, where it differs, or several that are joined (the column profile).
        shape: How else it is read.

    Raises:
        InputError: No header has every column, or it names one twice; or the file ends inside a quoted cell.
    """
    table = csv_table(io.StringIO(text.lstrip("\ufeff"), newline=""), name)
    return _Reader(table, needed, optional, columns, shape or FileShape()).read()


class _Reader:
    """Reads one table."""

    def __init__(
        self,
        table: OpenTable,
        needed: Sequence[str],
        optional: Sequence[str],
        columns: Mapping[str, Headers],
        shape: FileShape,
    ) -> None:
        self.table, self.needed, self.columns, self.shape = table, needed, columns, shape
        self.wanted = {column: _headers_of(columns.get(column, column)) for column in (*needed, *optional)}
        self.filters = {folded(header): header for header in (*shape.keep, *shape.skip)}
        self.refused: list[Refusal] = []
        self.left_out: Counter[str] = Counter()

    def read(self) -> VendorFile:
        found = self.table.find(lambda header: len(self._missing(header)), header_row=self.shape.header_row)
        self._check(found)
        self.width = len(found.header)
        present = [column for column, headers in self.wanted.items() if all(one in found.header for one in headers)]
        self.at = {column: tuple(map(found.header.index, self.wanted[column])) for column in present}
        self.places = {column: at for at, column in enumerate(present)}
        self.least = max((self.at[column][-1] for column in self.needed), default=0)
        self.widest = 0
        rows = tuple(self._rows(found))
        if any("\n" in cell or "\r" in cell for cell in found.spelt) and 0 < self.widest < self.width:
            raise broken(self.table.name, found.line, "a quotation mark in the header takes the row below into it")
        numeric = [self.places[column] for column in self.places if column in _NUMBERS or column.startswith("sku:")]
        texts = {row.values[at] for row in rows for at in numeric}
        mark, by_comma = self.shape.decimal_mark, found.parts_by_comma
        return VendorFile(
            self.table.name,
            rows,
            tuple(self.refused),
            NumberRule.of(texts, given=mark, parts_by_comma=by_comma),
            dict(self.left_out),
            found.line,
        )

    # the header

    def _missing(self, header: Header) -> list[str]:
        headers = [one for column in self.needed for one in self.wanted[column]]
        return [one for one in dict.fromkeys((*headers, *self.filters)) if one not in header]

    def _check(self, found: HeaderLine) -> None:
        every = {one for headers in self.wanted.values() for one in headers} | set(self.filters)
        twice = sorted(header for header in every if found.header.count(header) > 1)
        missing = self._missing(found.header)
        swallows = swallows_rows(found.spelt, self.table.delimiter, len(found.spelt), len(self.needed) - 1)
        if not missing and (swallows or not found.is_sound):
            raise broken(self.table.name, found.line, "a quotation mark in the header takes rows into it")
        if not missing and not twice:
            return
        shown = plain_text(", ".join(filter(None, found.spelt)), 200) or "nothing"
        if missing:
            spelt = {folded(one): one for headers in self.columns.values() for one in _texts(headers)} | self.filters
            near = [
                f"{spelt.get(one, one)}" + (f" (is it {close[0]}?)" if (close := _near(one, found)) else "")
                for one in missing
            ]
            happened = f"{self.table.name}, line {found.line}: there is no column {', '.join(near)}; there is {shown}."
        else:
            happened = f"{self.table.name}, line {found.line}: the column {', '.join(twice)} is there twice."
        raise InputError(
            happened,
            changed=_UNTOUCHED,
            next_step="Check that it is the right file; if its headers differ, name them under `columns` in the"
            " settings.",
        )

    # the rows

    def _rows(self, found: HeaderLine) -> Iterator[Row]:
        clean = _Cleaned()
        undamaged_of, cells_of = clean.__getitem__, _getter([at for places in self.at.values() for at in places])
        joins = self._joining()
        counts = self._counting(found, clean)
        deepest = max((at for places in self.at.values() for at in places), default=0)
        width, widest, places, delimiter = self.width, self.widest, self.places, self.table.delimiter
        for line in self.table.rows(found):
            first, last, cells, is_sound = line
            size = len(cells)
            if size > widest:
                self.widest = widest = size
            if (size != width or last > first or not is_sound) and (refused := self._misread(line, delimiter)):
                self.refused.append(refused)
                continue
            if size <= deepest or size < width:
                if not any(map(str.strip, cells)):
                    continue
                cells = cells + [""] * (width - size)
            elif not any(cells):
                continue
            values = tuple(map(undamaged_of, cells_of(cells)))
            if joins is not None:
                values = joins(values)
            if counts is not None and not counts(first, cells, values):
                continue
            if not any(values) and not any(map(str.strip, cells)):
                continue
            yield Row(first, values, places)

    def _joining(self) -> Callable[[tuple[str, ...]], tuple[str, ...]] | None:
        """A function that joins the cells of several headers; None if no column has several."""
        sizes = [len(places) for places in self.at.values()]
        if all(size == 1 for size in sizes):
            return None
        ends = list(itertools.accumulate(sizes))
        bounds = [(end - size, end) for end, size in zip(ends, sizes, strict=True)]
        by = self.shape.joined_by

        def join(values: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(
                by.join(values[start:end]) if all(values[start:end]) else ""  # a part of a key is no key
                for start, end in bounds
            )

        return join

    def _counting(self, found: HeaderLine, clean: _Cleaned) -> Callable[[int, list[str], tuple[str, ...]], bool] | None:
        """Whether a row counts by the filters of the profile; None where there are none."""
        rules = [
            (found.header.index(folded(header)), header, {one.casefold() for one in values}, is_kept)
            for filters, is_kept in ((self.shape.keep, True), (self.shape.skip, False))
            for header, values in filters.items()
        ]
        if not rules:
            return None

        def counts(line: int, cells: list[str], values: tuple[str, ...]) -> bool:
            for at, header, listed, is_kept in rules:
                text = clean[cells[at]]
                if damage(text) or (is_kept and not text):
                    if any(map(str.strip, cells)):
                        reason = f"its {header} {damage(text) or 'is empty'}, so whether it counts is not known"
                        self.refused.append(Refusal(line, *self._subject(values), reason, "", self._own(values)))
                    return False
                if (text.casefold() in listed) is not is_kept:
                    self.left_out[f"{header} {text or '(empty)'}"] += 1
                    return False
            return True

        return counts

    def _own(self, values: tuple[str, ...]) -> Candidates:
        account, sku = (values[self.places[name]] if name in self.places else "" for name in ("account_id", "sku"))
        return ((account, sku),)

    def _subject(self, values: tuple[str, ...]) -> tuple[str]:
        return (", ".join(filter(None, self._own(values)[0])),)

    def _misread(self, line: Line, delimiter: str) -> Refusal | None:
        """Why the places of a row's cells are not known; None if they are."""
        first, last, cells, is_sound = line
        width = self.width
        subject = next((undamaged(cells[at]) for at in self._at(self.needed[0]) if at < len(cells)), "")
        if last > first:
            counted = [column for column in self.at if column in self.needed or column in _NUMBERS]
            read = [at for column in counted for at in self.at[column] if at < len(cells)]
            if any("\n" in cells[at] or "\r" in cells[at] for at in read) or swallows_rows(
                cells, delimiter, width, self.least
            ):
                reason = f"lines {first} to {last} are one row by their quotation marks; close or double the stray one"
                return Refusal(first, subject, reason, "", ANYTHING)
        if not is_sound:
            reason = "a quoted cell does not end where its quotation mark does; close or double the stray one"
            return Refusal(first, subject, reason, "", ANYTHING)
        extra = len(cells) - width
        inside = sum(cell.count(delimiter) for cell in cells)
        if extra < 0 < inside and inside >= -extra:
            reason = f"quotation marks make {len(cells)} cells of {len(cells) + inside}; close or double the stray one"
            return Refusal(first, subject, reason, "", ANYTHING)
        if extra > 0 and any(cell.strip() for cell in cells[width:]):
            reason = f"it has {len(cells)} cells, the header {width}; a cell with {delimiter!r} needs quotes"
            return Refusal(first, subject, reason, "", self._shifted(cells, extra, delimiter))
        return None

    def _at(self, column: str) -> tuple[int, ...]:
        return self.at.get(column, ())

    def _shifted(self, cells: list[str], extra: int, delimiter: str) -> Candidates:
        """The accounts and SKUs of a row with surplus cells: any one of its cells may have been split."""
        accounts, skus = self._at("account_id"), self._at("sku")
        if extra > _MOST_SHIFTS or len(accounts) != 1 or len(skus) > 1:
            return ANYTHING
        parted = partial(_parted, cells, extra, delimiter)
        return tuple(itertools.product(parted(accounts[0]), parted(skus[0]) if skus else [""]))


def _parted(cells: list[str], extra: int, delimiter: str, at: int) -> list[str]:
    """The possible texts of the cell at a place, if it or one before it was split."""
    found = [
        undamaged(delimiter.join(cells[at + shift : at + shift + size]))
        for shift in range(extra + 1)
        for size in range(1, extra - shift + 2)
    ]
    return list(dict.fromkeys("" if damage(one) else one for one in found))


class _Cleaned(dict[str, str]):
    """Cells → the texts before a spreadsheet changed them; each is cleaned once."""

    def __missing__(self, text: str) -> str:
        if len(self) > _REMEMBERED:
            self.clear()
        found = self[text] = undamaged(text)
        return found


def _getter(places: list[int]) -> Callable[[list[str]], tuple[str, ...]]:
    """Takes the cells at these places."""
    if not places:
        return lambda _: ()
    if len(places) == 1:
        (only,) = places
        return lambda cells: (cells[only],)
    return operator.itemgetter(*places)


def _texts(headers: Headers) -> tuple[str, ...]:
    return (headers,) if isinstance(headers, str) else tuple(headers)


def _headers_of(headers: Headers) -> tuple[str, ...]:
    return tuple(map(folded, _texts(headers)))


def _near(missing: str, found: HeaderLine) -> list[str]:
    near = difflib.get_close_matches(missing, [one for one in found.header if one], n=1, cutoff=0.75)
    return [found.spelt[found.header.index(one)] for one in near]
