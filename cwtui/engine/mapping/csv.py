"""Mappings as CSV or `.xlsx`: `kind,marketplace_id,charge,connectwise_id`, all or none (mapping.md#mapping-csv)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from cwtui.domain.errors import InputError
from cwtui.domain.mappings import MAPPABLE_CHARGES, Mapping, MappingKey, MappingKind
from cwtui.domain.plain_text import plain_text
from cwtui.domain.remedies import Action, Remedy
from cwtui.engine.csv_cells import damage, original_cell, safe_cell
from cwtui.engine.reports import NamedMapping
from cwtui.engine.tables import HeaderLine, Line, OpenTable, csv_table, open_table, swallows_rows

COLUMNS = ("kind", "marketplace_id", "charge", "connectwise_id")
NAMES = ("marketplace_name", "connectwise_name")
"""Columns that an export adds for people; an import ignores them."""
_REQUIRED = frozenset(COLUMNS) - {"charge"}
_TEXT_FORMULA = re.compile(r'="([^"]*)"')
_LARGEST_ID = 2**31 - 1
_KINDS = frozenset(kind.value for kind in MappingKind)
_SHOWN = 60


def mappings_export(path: Path, rows: Iterable[NamedMapping]) -> bytes:
    """All mappings, sorted, as `read_mappings_file` reads them back: a workbook if the file's name ends in `.xlsx`."""
    if path.suffix.casefold() != ".xlsx":
        return mappings_csv(rows).encode()
    from cwtui.engine.mapping.xlsx import mappings_xlsx  # noqa: PLC0415  # only for workbooks

    return mappings_xlsx((*COLUMNS, *NAMES), _cells(rows))


def mappings_csv(rows: Iterable[NamedMapping]) -> str:
    """All mappings, sorted, as `read_mappings_csv` reads them back; texts that look like formulas are escaped.

    Lines end as spreadsheets write them, so that a line break of either kind inside an id is quoted.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow((*COLUMNS, *NAMES))
    writer.writerows(_cells(rows))
    return out.getvalue()


def _cells(rows: Iterable[NamedMapping]) -> Iterator[tuple[str | int, ...]]:
    for row in sorted(rows, key=_place):
        key, target = row.mapping.key, row.mapping.connectwise_id
        names = [safe_cell(plain_text(name)) for name in (row.marketplace_name, row.connectwise_name)]
        yield key.kind.value, safe_cell(key.marketplace_id), key.charge, target, *names


def _place(row: NamedMapping) -> tuple[str, str, str]:
    key = row.mapping.key
    return key.kind, key.marketplace_id, key.charge


def read_mappings_file(path: Path, *, sheet: str = "") -> list[Mapping]:
    """Read a file in whatever form a spreadsheet saved it; `-` is standard input.

    Args:
        path: The file.
        sheet: Of a workbook; its first unless named.

    Raises:
        InputError: It cannot be read, or a row is wrong; the message names the file and the line.
    """
    return [mapping for _, mapping in read_placed_mappings(path, sheet=sheet)]


def read_placed_mappings(path: Path, *, sheet: str = "") -> list[tuple[str, Mapping]]:
    """The same, each with its file and line."""
    with open_table(path, "mappings", sheet=sheet) as table:
        return _read(table)


def read_mappings_csv(text: str, name: str) -> list[Mapping]:
    """Read rows; columns may stand in any order, further ones are ignored.

    Args:
        text: The whole file.
        name: What to call it in errors.

    Returns:
        The mappings, in the file's order; a row that says the same twice counts once.

    Raises:
        InputError: One row is wrong; the message names its line, and nothing was changed.
    """
    return [mapping for _, mapping in _read(csv_table(io.StringIO(text.lstrip("\ufeff"), newline=""), name))]


def _read(table: OpenTable) -> list[tuple[str, Mapping]]:
    name = table.name
    found: dict[MappingKey, tuple[int, Mapping]] = {}
    for line, row in _rows(table):
        mapping = _mapping(row, f"{name}, line {line}")
        first, earlier = found.setdefault(mapping.key, (line, mapping))
        if earlier != mapping:
            raise InputError(
                f"{name}, lines {first} and {line}: {plain_text(mapping.key.marketplace_id, _SHOWN)} is mapped to both "
                f"{earlier.connectwise_id} and {mapping.connectwise_id}.",
                next_step="Remove one of the two rows and import the file again.",
            )
    return [(f"{name}, line {line}", mapping) for line, mapping in found.values()]


def _rows(table: OpenTable) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number (the row's first) and cells by column, without empty rows."""
    found = table.find(lambda header: len(_REQUIRED.difference(header)))
    _check(table, found)
    width = len(found.header)
    while width and not found.header[width - 1]:
        width -= 1  # spreadsheets leave empty columns at the end
    places = {column: found.header.index(column) for column in COLUMNS if column in found.header}
    for line in table.rows(found):
        first, _, cells, _ = line
        if any(cell.strip() for cell in cells):
            if reason := _misread(line, table.delimiter, width, max(places.values())):
                raise _row_error(f"{table.name}, line {first}", reason)
            yield first, {column: cells[at] if at < len(cells) else "" for column, at in places.items()}


def _check(table: OpenTable, found: HeaderLine) -> None:
    """The header has every column once, and no mapping stands above it, where nothing is read."""
    twice = any(found.header.count(column) > 1 for column in COLUMNS)
    if twice or not found.is_sound or not _REQUIRED.issubset(found.header):
        raise InputError(
            f"{table.name}, line {found.line}: the header is not {','.join(COLUMNS)}.",
            next_step=Remedy(Action.EXPORT_MAPPINGS),
        )
    for first, _, cells, _ in table.rows(HeaderLine(0, (), ())):
        if first >= found.line:
            break
        if _KINDS.intersection(cell.strip().casefold() for cell in cells):
            raise _row_error(f"{table.name}, line {first}", f"a mapping stands above the header, line {found.line}")


def _misread(line: Line, delimiter: str, width: int, least: int) -> str:
    """Why the places of a row's cells are not known; empty if they are."""
    first, last, cells, is_sound = line
    if not is_sound:
        return "a quoted cell does not end where its quotation mark does"
    if last > first and swallows_rows(cells, delimiter, width, least):
        return f"lines {first} to {last} are one row by their quotation marks"
    if any(cell.strip() for cell in cells[width:]):
        return f"it has {len(cells)} cells, not {width}"
    return ""


def _mapping(row: dict[str, str], where: str) -> Mapping:
    kind_text = row["kind"].strip().lower()
    if kind_text not in _KINDS:
        raise _row_error(where, f"kind is {_quoted(row['kind'])}, not customer, product or agreement")
    kind = MappingKind(kind_text)
    marketplace_id = _id(row["marketplace_id"])
    if not marketplace_id:
        raise _row_error(where, "marketplace_id is empty")
    if reason := damage(marketplace_id.replace('"', "")):
        raise _row_error(where, f"marketplace_id {_quoted(marketplace_id)} {reason}")
    charge = row.get("charge", "").strip().lower()
    if charge and kind is not MappingKind.PRODUCT:
        raise _row_error(where, f"a mapping of kind {kind} has no charge, but {_quoted(charge)} is given")
    if charge and charge not in {known.value for known in MAPPABLE_CHARGES}:
        raise _row_error(where, f"charge is {_quoted(charge)}, not one of {', '.join(sorted(MAPPABLE_CHARGES))}")
    target = row["connectwise_id"].strip()
    if not (target.isascii() and target.isdecimal() and 0 < int(target[:11]) <= _LARGEST_ID):
        raise _row_error(where, f"connectwise_id is {_quoted(target)}, not a whole number above 0")
    return Mapping(MappingKey(kind, marketplace_id, charge), int(target))


def _id(cell: str) -> str:
    """The id that an export or a person put into a cell; `="001"` keeps its zeros in a spreadsheet."""
    text = cell.strip(" ")
    said = _TEXT_FORMULA.fullmatch(text)
    return said[1].strip() if said else original_cell(text)


def _quoted(text: str) -> str:
    return f"'{plain_text(text, _SHOWN)}'"


def _row_error(where: str, what: str) -> InputError:
    return InputError(f"{where}: {what}.", next_step="Correct that line and import the file again.")
