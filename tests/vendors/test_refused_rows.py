"""Rules: files.md#a-part-is-never-the-whole."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from cwtui.domain.errors import InputError
from cwtui.vendors.refused_rows import refused_csv, write_refused
from cwtui.vendors.rows import Refusal

REFUSED = [
    Refusal(3, "=cmd(), S1", "its quantity {} is no number", "x"),
    Refusal(9, "A, S2", "it has 5 cells, the header 4; a cell with ',' needs quotes"),
]


def test_every_refused_row_is_a_line_and_nothing_is_computed() -> None:
    """Rule: files.md#refused-rows."""
    assert list(csv.reader(io.StringIO(refused_csv(REFUSED)))) == [
        ["line", "subject", "reason"],
        ["3", "'=cmd(), S1", "its quantity 'x' is no number"],
        ["9", "A, S2", "it has 5 cells, the header 4; a cell with ',' needs quotes"],
    ]


def test_the_file_of_an_earlier_run_is_replaced_whole(tmp_path: Path) -> None:
    """Rule: files.md#refused-rows."""
    path = tmp_path / "refused.csv"
    write_refused(path, REFUSED)
    write_refused(path, [])
    assert path.read_bytes() == b"line,subject,reason\r\n"
    with pytest.raises(InputError, match="cannot be written"):
        write_refused(tmp_path / "none" / "refused.csv", REFUSED)
