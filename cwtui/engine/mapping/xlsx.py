"""Mappings as a workbook: ids are texts, so that a spreadsheet keeps all their digits (mapping.md#mapping-csv)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO

import xlsxwriter

from cwtui.domain.errors import InputError

_WIDTHS = (12, 28, 12, 16, 40, 40)


def mappings_xlsx(header: Sequence[str], rows: Iterable[Sequence[str | int]]) -> bytes:
    """A sheet `mappings` with a header and these rows.

    Raises:
        InputError: There are more rows, or a longer text, than a sheet takes.
    """
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        page = book.add_worksheet("mappings")
        head = book.add_format({"bold": True, "bottom": 1})
        for column, (name, width) in enumerate(zip(header, _WIDTHS, strict=True)):
            page.write_string(0, column, name, head)
            page.set_column(column, column, width)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                write = page.write_number if isinstance(cell, int) else page.write_string
                if write(number, column, cell):
                    raise InputError(
                        f"Mapping {number} does not fit into a sheet.",
                        changed="No file was written.",
                        next_step="Export the mappings as CSV.",
                    )
        page.freeze_panes(1, 0)
    return file.getvalue()
