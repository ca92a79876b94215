"""Every refused row of a file as CSV, for the person who corrects the file (files.md#refused-rows)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from cwtui.domain.plain_text import plain_text
from cwtui.engine.csv_cells import safe_cell
from cwtui.engine.whole_file import write_whole
from cwtui.vendors.rows import Refusal

HEADER = ("line", "subject", "reason")


def write_refused(path: Path, refused: Iterable[Refusal]) -> None:
    """Put all refused rows into a file, whole or not at all; without any, it has its header alone.

    Raises:
        InputError: It cannot be written.
    """
    write_whole(path, refused_csv(refused).encode())


def refused_csv(refused: Iterable[Refusal]) -> str:
    """A header and a line per refused row, nothing a spreadsheet would compute."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows(
        (one.line, safe_cell(plain_text(one.subject)), safe_cell(plain_text(one.reason))) for one in refused
    )
    return out.getvalue()
