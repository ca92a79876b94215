"""Tables of CSV files and workbooks: where the header is, and what a quotation mark swallows."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
import xlsxwriter

from cwtui.domain.errors import InputError
from cwtui.engine.tables import Header, csv_table, open_table, sheets_of, swallows_rows

TEXT = "account,sku,qty\nA,MR,3\nB,SR,4\n"
ROWS = [["A", "MR", "3"], ["B", "SR", "4"]]


def lacking(header: Header) -> int:
    return sum(name not in header for name in ("account", "sku", "qty"))


def read(path: Path, sheet: str = "") -> list[list[str]]:
    with open_table(path, "counts", sheet=sheet) as table:
        return [cells for _, _, cells, _ in table.rows(table.find(lacking)) if any(cells)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(TEXT, 1, id="the first line"),
        pytest.param("Usage of November\n\nMade on 2026-12-01\n" + TEXT, 4, id="below a preamble"),
        pytest.param("sep=;\n" + TEXT.replace(",", ";"), 2, id="below sep="),
        pytest.param('"sep=,"\n' + TEXT, 2, id="below a quoted sep="),
        pytest.param("Usage; of, November\n" + TEXT.replace(",", "\t"), 2, id="a preamble with other delimiters"),
        pytest.param('Report "27 inch\n' + TEXT, 2, id="a preamble with a quotation mark"),
    ],
)
def test_the_header_is_found(text: str, line: int) -> None:
    table = csv_table(io.StringIO(text, newline=""), "f.csv")
    found = table.find(lacking)
    assert found.line == line
    assert [cells for _, _, cells, _ in table.rows(found)] == ROWS


def test_a_header_that_is_named_is_the_header() -> None:
    table = csv_table(io.StringIO("account,sku,qty\nold,old,old\n" + TEXT, newline=""), "f.csv")
    assert table.find(lacking, header_row=3).line == 3


def test_packed_files_and_standard_input_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / "usage.csv.gz"
    packed.write_bytes(gzip.compress(TEXT.encode()))
    assert read(packed) == ROWS
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert read(Path("-")) == ROWS


def test_a_packed_file_that_is_cut_off_says_so(tmp_path: Path) -> None:
    packed = tmp_path / "usage.csv.gz"
    packed.write_bytes(gzip.compress(TEXT.encode() * 100)[:40])
    with pytest.raises(InputError, match="cannot be unpacked"):
        read(packed)


def workbook(path: Path) -> Path:
    with xlsxwriter.Workbook(path) as book:
        first = book.add_worksheet("Usage")
        first.write_row(2, 1, ["account", "sku", "qty", "cost"])
        first.write_row(3, 1, ["A", "MR", 3, 7.25])
        first.write_row(4, 1, [100201, "0123", 2.125, 100201000000123456])
        book.add_worksheet("Other").write_row(0, 0, ["account", "sku", "qty"])
    return path


def test_a_workbook_is_read_from_its_first_sheet_or_the_one_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "usage.xlsx")
    assert read(path) == [
        ["A", "MR", "3", "7.25"],
        ["100201", "0123", "2.1250", "1.00201E+17"],
    ]
    assert read(path, "Other") == []
    with pytest.raises(InputError, match="it has no sheet None; there is Usage, Other"):
        read(path, "None")


def test_the_sheets_of_a_workbook_are_known_and_other_files_have_none(tmp_path: Path) -> None:
    path = workbook(tmp_path / "usage.xlsx")
    assert sheets_of(path, "counts") == ("Usage", "Other")
    packed = tmp_path / "usage.xlsx.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert sheets_of(packed, "counts") == ("Usage", "Other")
    text = tmp_path / "usage.csv"
    text.write_text(TEXT)
    assert sheets_of(text, "counts") == ()
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="cannot be read"):
        sheets_of(path, "counts")


def test_a_workbook_that_is_none_says_so(tmp_path: Path) -> None:
    path = tmp_path / "usage.xlsx"
    path.write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(InputError, match="its sheet cannot be read"):
        read(path)


@pytest.mark.parametrize(
    ("cells", "swallows"),
    [
        pytest.param(["A", "MR", "3", "two\nlines"], False, id="a text of two lines"),
        pytest.param(["A", "MR", "3", "two, and\nlines"], False, id="a comma in its first line"),
        pytest.param(["two\nlines", "A", "MR", "3"], False, id="a text of two lines before the rest"),
        pytest.param(["A", "MR", "3", "27 inch\nB,SR,2,\nC,SR,2,24"], True, id="a row between"),
        pytest.param(["A", "MR", "3", "27 inch\nB,SR,3,24"], True, id="one row, to the same column"),
        pytest.param(["A", "MR", "3", "27 inch\nB ", "SR", "4", "x"], True, id="one row, to its first column"),
        pytest.param(["A,MR,3\nB,SR", "4"], True, id="from the first column on"),
    ],
)
def test_a_quotation_mark_that_swallows_rows_is_told_from_a_text_of_lines(cells: list[str], *, swallows: bool) -> None:
    assert swallows_rows(cells, ",", 4, 2) is swallows
