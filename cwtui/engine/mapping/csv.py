"""Mappings as CSV: `kind,marketplace_id,charge,connectwise_id`, all rows or none (mapping.md#mapping-csv)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from cwtui.domain.errors import InputError
from cwtui.domain.mappings import MAPPABLE_CHARGES, Mapping, MappingKey, MappingKind
from cwtui.domain.plain_text import plain_text
from cwtui.domain.remedies import Action, Remedy
from cwtui.engine.csv_cells import original_cell, safe_cell
from cwtui.engine.text_file import read_text

COLUMNS = ("kind", "marketplace_id", "charge", "connectwise_id")
NAME_COLUMNS = ("marketplace_name", "connectwise_name")
"""For people; further columns are ignored when a file is read."""
NamesOf = Callable[[Mapping], tuple[str, str]]
_REQUIRED = frozenset(COLUMNS) - {"charge"}
_DELIMITERS = ",;\t|"
_LARGEST_ID = 2**31 - 1
_SHOWN = 60


def mappings_csv(mappings: Iterable[Mapping], names: NamesOf | None = None) -> str:
    """All mappings, sorted, as `read_mappings_csv` reads them back; ids that look like formulas are escaped.

    With `names`, both sides' names follow for people; reading ignores them.
    Lines end as spreadsheets write them, so that a line break of either kind inside an id is quoted.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*COLUMNS, *NAME_COLUMNS] if names else COLUMNS)
    for mapping in sorted(mappings, key=lambda row: (row.key.kind, row.key.marketplace_id, row.key.charge)):
        key = mapping.key
        named = [safe_cell(name) for name in names(mapping)] if names else []
        writer.writerow([key.kind.value, safe_cell(key.marketplace_id), key.charge, mapping.connectwise_id, *named])
    return out.getvalue()


def read_mappings_file(path: Path) -> list[Mapping]:
    """Read a file in whatever encoding and dialect a spreadsheet saved it.

    Raises:
        InputError: It cannot be read, or a row is wrong; the message names the file and the line.
    """
    return [mapping for _, mapping in read_placed_mappings(path)]


def read_placed_mappings(path: Path) -> list[tuple[str, Mapping]]:
    """The same with the file and the line of each."""
    return _placed(read_text(path, "mappings"), str(path))


def read_mappings_csv(text: str, name: str) -> list[Mapping]:
    """Read rows; columns may stand in any order, the delimiter is the one that splits the header.

    Args:
        text: The whole file.
        name: What to call it in errors.

    Returns:
        The mappings, in the file's order; a row that says the same twice counts once.

    Raises:
        InputError: One row is wrong; the message names its line, and nothing was changed.
    """
    return [mapping for _, mapping in _placed(text, name)]


def _placed(text: str, name: str) -> list[tuple[str, Mapping]]:
    rows = _rows(text, name)
    found: dict[MappingKey, tuple[int, Mapping]] = {}
    for line, row in rows:
        mapping = _mapping(row, f"{name}, line {line}")
        first, earlier = found.setdefault(mapping.key, (line, mapping))
        if earlier != mapping:
            raise InputError(
                f"{name}, lines {first} and {line}: {plain_text(mapping.key.marketplace_id, _SHOWN)} is mapped to both "
                f"{earlier.connectwise_id} and {mapping.connectwise_id}.",
                next_step="Remove one of the two rows and import the file again.",
            )
    return [(f"{name}, line {line}", mapping) for line, mapping in found.values()]


def _rows(text: str, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number (the row's first) and cells by column, without empty rows."""
    header, delimiter = _header(text, name)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if line > 1 and any(cell.strip() for cell in cells):
                if any(cell.strip() for cell in cells[len(header) :]):
                    raise _row_error(f"{name}, line {line}", f"it has {len(cells)} cells, not {len(header)}")
                padded = [*cells, *[""] * (len(header) - len(cells))]
                yield line, dict(zip(header, padded, strict=False))
            line = reader.line_num + 1
    except csv.Error as error:
        raise _row_error(f"{name}, line {line}", str(error)) from error


def _header(text: str, name: str) -> tuple[Sequence[str], str]:
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    for delimiter in _DELIMITERS:
        columns = [cell.strip().strip('"').strip().lower() for cell in first.split(delimiter)]
        while columns and not columns[-1]:
            columns.pop()  # spreadsheets leave empty columns at the end
        if set(columns) >= _REQUIRED:
            known = [column for column in columns if column in COLUMNS]
            if len(set(known)) < len(known):
                break
            return columns, delimiter
    raise InputError(
        f"{name}, line 1: the header is not {','.join(COLUMNS)}.",
        next_step=Remedy(Action.EXPORT_MAPPINGS),
    )


def _mapping(row: dict[str, str], where: str) -> Mapping:
    kind_text = row["kind"].strip().lower()
    if kind_text not in {kind.value for kind in MappingKind}:
        raise _row_error(where, f"kind is {_quoted(row['kind'])}, not customer, product or agreement")
    kind = MappingKind(kind_text)
    marketplace_id = original_cell(row["marketplace_id"].strip(" "))
    if not marketplace_id:
        raise _row_error(where, "marketplace_id is empty")
    charge = row.get("charge", "").strip().lower()
    if charge and kind is not MappingKind.PRODUCT:
        raise _row_error(where, f"a mapping of kind {kind} has no charge, but {_quoted(charge)} is given")
    if charge and charge not in {known.value for known in MAPPABLE_CHARGES}:
        raise _row_error(where, f"charge is {_quoted(charge)}, not one of {', '.join(sorted(MAPPABLE_CHARGES))}")
    target = row["connectwise_id"].strip()
    if not (target.isascii() and target.isdecimal() and 0 < int(target[:11]) <= _LARGEST_ID):
        raise _row_error(where, f"connectwise_id is {_quoted(target)}, not a whole number above 0")
    return Mapping(MappingKey(kind, marketplace_id, charge), int(target))


def _quoted(text: str) -> str:
    return f"'{plain_text(text, _SHOWN)}'"


def _row_error(where: str, what: str) -> InputError:
    return InputError(f"{where}: {what}.", next_step="Correct that line and import the file again.")
