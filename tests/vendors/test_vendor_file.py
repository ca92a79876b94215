"""Any common encoding and delimiter; headers in any case; each refused row by its line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.errors import InputError
from cwtui.vendors.vendor_file import read_count, read_price, read_vendor_file, read_vendor_text

NEEDED = ("account_id", "sku", "quantity")
TEXT = "Account_ID,SKU,Quantity\nIM1,Büro é ñ,3\nIM2,Ärzte R,4\nIM3,Français O,5\n"


def read(text: str, **columns: str) -> list[dict[str, str]]:
    return [dict(row.cells) for row in read_vendor_text(text, "f.csv", needed=NEEDED, columns=columns).rows]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(TEXT.encode(), id="UTF-8"),
        pytest.param(TEXT.encode("utf-8-sig"), id="UTF-8 with its mark"),
        pytest.param(TEXT.encode("utf-16"), id="UTF-16 with its mark"),
        pytest.param(TEXT.encode("utf-16-le"), id="UTF-16 little-endian without its mark"),
        pytest.param(TEXT.encode("utf-16-be"), id="UTF-16 big-endian without its mark"),
        pytest.param(TEXT.encode("cp1252"), id="cp1252"),
        pytest.param(TEXT.replace("\n", "\r\n").encode(), id="Windows line ends"),
        pytest.param(TEXT.replace("\n", "\r").encode(), id="old Mac line ends"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters(tmp_path: Path, raw: bytes, delimiter: str) -> None:
    wide = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(raw[:2])
    if wide is None and b"\x00" in raw:
        wide = "utf-16-le" if raw[1] == 0 else "utf-16-be"
    encoded = ",".encode(wide or "ascii"), delimiter.encode(wide or "ascii")
    path = tmp_path / "report.csv"
    path.write_bytes(raw.replace(*encoded))
    found = read_vendor_file(path, "counts", needed=NEEDED, columns={})
    assert [row["sku"] for row in found.rows] == ["Büro é ñ", "Ärzte R", "Français O"]
    assert [row.line for row in found.rows] == [2, 3, 4]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        pytest.param("ACCOUNT_ID,Sku,QUANTITY", {}, id="any case"),
        pytest.param("Account ID,SKU,Quantity", {}, id="blanks for underscores"),
        pytest.param(" account_id , sku , quantity ", {}, id="blanks around"),
        pytest.param("quantity,extra,sku,account_id", {}, id="any order, unknown columns"),
        pytest.param("Customer No,SKU,Used", {"account_id": "customer no", "quantity": "USED"}, id="a column profile"),
        pytest.param('"account_id","sku","quantity"', {}, id="quoted"),
    ],
)
def test_headers(header: str, columns: dict[str, str]) -> None:
    names = [name.strip().strip('"').casefold() for name in header.split(",")]
    cells = {"account id": "IM1", "account_id": "IM1", "customer no": "IM1", "sku": "X_R", "quantity": "3", "used": "3"}
    rows = read(f"{header}\n" + ",".join(cells.get(name, "?") for name in names) + "\n", **columns)
    assert rows == [{"account_id": "IM1", "sku": "X_R", "quantity": "3"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("account,sku,quantity\n", "there is no column account_id", id="a missing column"),
        pytest.param("", "there is no column account_id, sku, quantity; there is nothing", id="an empty file"),
        pytest.param("sku,account_id,SKU,quantity\n", "the column sku is there twice", id="a column twice"),
    ],
)
def test_a_wrong_header_is_an_error_that_names_it(text: str, said: str) -> None:
    with pytest.raises(InputError, match=r"f.csv, line 1: ") as caught:
        read(text)
    assert said in str(caught.value)


def test_lines_count_physical_lines_through_quoted_cells_and_blank_lines() -> None:
    text = 'account_id,sku,quantity,note\n\nIM1,a,1,"two\nlines"\n,,\nIM2,b,2,,\nIM3,c,3,,stray\nIM4,d,4\n'
    found = read_vendor_text(text, "f.csv", needed=NEEDED, columns={})
    assert [(row.line, row["account_id"]) for row in found.rows] == [(3, "IM1"), (6, "IM2"), (8, "IM4")]
    assert [(one.line, one.subject) for one in found.refused] == [(7, "IM3")]
    assert "it has 5 cells, the header 4" in found.refused[0].reason


def test_a_stray_quotation_mark_swallows_no_row_unseen() -> None:
    """Up to the next mark everything is one cell: the rows in it are named, not lost."""
    text = 'account_id,sku,quantity\nIM1,"a,1\nIM2,b,2\nIM3,c",3\nIM4,d,4\n'
    found = read_vendor_text(text, "f.csv", needed=NEEDED, columns={})
    assert [row["account_id"] for row in found.rows] == ["IM4"]
    assert [str(one) for one in found.refused] == [
        "Line 2 (IM1): lines 2 to 4 are one row by their quotation marks; close or double the stray one."
    ]


@pytest.mark.parametrize("tail", ["", "\n", "\nIM3,c,3\n"], ids=["at the end", "and a line end", "rows behind it"])
def test_a_quotation_mark_that_is_never_closed_stops_the_file(tail: str) -> None:
    with pytest.raises(InputError, match=r"f\.csv, line 3: .* never closed"):
        read(f'account_id,sku,quantity\nIM1,a,1\nIM2,"b,2{tail}')


@pytest.mark.parametrize(
    ("delimiter", "written", "amount"),
    [
        pytest.param(";", "7,25", "7.25", id="a decimal comma where commas do not part cells"),
        pytest.param("\t", "€ 7,5", "€ 7.5", id="with a currency sign"),
        pytest.param(";", "-0,0001", "-0.0001", id="four places are no thousands"),
        pytest.param(";", "1,000", "1,000", id="three may be thousands: left as it is, and refused later"),
        pytest.param(";", "1.234,50", "1.234,50", id="both signs"),
        pytest.param(",", '"7,25"', "7,25", id="a file parted by commas"),
    ],
)
def test_a_decimal_comma_is_read_where_it_can_be_nothing_else(delimiter: str, written: str, amount: str) -> None:
    text = delimiter.join(NEEDED) + "\n" + delimiter.join(("IM1", "a", written)) + "\n"
    (row,) = read_vendor_text(text, "f.csv", needed=NEEDED, columns={}).rows
    assert row.amount("quantity") == amount


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_vendor_file(tmp_path / "none.csv", "counts", needed=NEEDED, columns={})
    picture = tmp_path / "picture.csv"
    picture.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(InputError):
        read_vendor_file(picture, "counts", needed=NEEDED, columns={})


@pytest.mark.parametrize("text", ["7.25", "$7.25", " $ 7.25", "7.250", "+7.25", "€7.25"])
def test_prices_are_read(text: str) -> None:
    assert read_price(text) == Decimal("7.25")


@pytest.mark.parametrize("text", ["7,25", "1,234.50", "-1", "$-1", "seven", "NaN", "1e40", "7.25 USD", ""])
def test_prices_that_could_be_two_things_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not|is below|is larger"):
        read_price(text)


@pytest.mark.parametrize("text", ["2.5", "-1", "x", "1,000", "inf", "0.999999"])
def test_counts_that_are_not_whole_units_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not|is below"):
        read_count(text)


@given(st.integers(0, 10**11))
def test_whole_counts_are_read_however_they_are_written(count: int) -> None:
    assert {read_count(text) for text in (str(count), f"{count}.0", f"{count}.000", f" {count} ")} == {Decimal(count)}


@given(st.decimals(0, 10**9, allow_nan=False, allow_infinity=False).filter(lambda number: number % 1 != 0))
def test_a_part_of_a_unit_is_never_counted(count: Decimal) -> None:
    with pytest.raises(ValueError, match="not a whole number"):
        read_count(f"{count:f}")
