"""Any common encoding and delimiter; headers in any case; each refused row by its line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.errors import InputError
from cwtui.vendors.numbers import CellError, NumberRule
from cwtui.vendors.vendor_file import read_vendor_file, read_vendor_text

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
        pytest.param("\t", "€ 7,5", "7.5", id="with a currency sign"),
        pytest.param(";", "-0,0001", "-0.0001", id="four places are no thousands"),
        pytest.param(";", "1,000", None, id="three may be thousands: refused"),
        pytest.param(";", "1.234,50", "1234.50", id="both signs"),
        pytest.param(",", '"7,25"', "7.25", id="quoted in a file parted by commas"),
    ],
)
def test_a_decimal_comma_is_read_where_it_can_be_nothing_else(delimiter: str, written: str, amount: str | None) -> None:
    text = delimiter.join(NEEDED) + "\n" + delimiter.join(("IM1", "a", written)) + "\n"
    found = read_vendor_text(text, "f.csv", needed=NEEDED, columns={})
    if amount is None:
        with pytest.raises(CellError, match="could be two numbers"):
            found.numbers.read(found.rows[0]["quantity"])
    else:
        assert found.numbers.read(found.rows[0]["quantity"]) == Decimal(amount)


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_vendor_file(tmp_path / "none.csv", "counts", needed=NEEDED, columns={})
    picture = tmp_path / "picture.csv"
    picture.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(InputError):
        read_vendor_file(picture, "counts", needed=NEEDED, columns={})


def number(text: str, **rule: Any) -> Decimal:
    return NumberRule.of([text], **rule).read(text)


@pytest.mark.parametrize(
    "text", ["7.25", "$7.25", " $ 7.25", "7.250", "+7.25", "€7.25", "7.25 €", "£7.25", "7,25", "7,25 €", "$+7.25"]
)
def test_prices_are_read(text: str) -> None:
    assert number(text) == Decimal("7.25")


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        pytest.param("1,234.50", "1234.50", id="thousands by comma"),
        pytest.param("1.234,50", "1234.50", id="thousands by point"),
        pytest.param("1 234,50", "1234.50", id="thousands by blank"),
        pytest.param("1'234.50", "1234.50", id="thousands by apostrophe"),
        pytest.param("1,234,567", "1234567", id="two commas part thousands"),
        pytest.param("0.125", "0.125", id="no thousands begin with 0"),
        pytest.param("(5)", "-5", id="in brackets"),
        pytest.param("5-", "-5", id="a sign behind it"),
        pytest.param("$-1", "-1", id="a sign behind the currency"),
        pytest.param("\u22121", "-1", id="a typographic minus"),
    ],
)
def test_numbers_with_one_meaning_are_read(text: str, amount: str) -> None:
    assert number(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["seven", "NaN", "1e40", "1E+3", "7.25 USD", "", "-", "1,000", "1,2,3", "12 34", "--5", "(-5)", "9" * 14]
)
def test_numbers_that_could_be_two_things_or_none_are_refused(text: str) -> None:
    with pytest.raises(CellError, match=r"is not|could be two|is larger"):
        number(text)


@pytest.mark.parametrize(
    ("text", "rule", "amount"),
    [
        pytest.param("1.000", {"parts_by_comma": False}, None, id="files.md#damage: two meanings"),
        pytest.param("1.000", {"parts_by_comma": True}, "1", id="where they do, a comma would be the thousands'"),
        pytest.param("1,000", {"parts_by_comma": True}, None, id="1,000 anywhere"),
        pytest.param("1,000", {"parts_by_comma": False}, None, id="1,000 in a semicolon file"),
        pytest.param("1.000", {"given": ","}, "1000", id="the settings say which: a comma"),
        pytest.param("1.000", {"given": ".", "parts_by_comma": False}, "1", id="the settings say which: a point"),
        pytest.param("7.25", {"given": ","}, None, id="not with that mark"),
    ],
)
def test_a_number_that_could_be_two_is_read_by_the_profile_alone(
    text: str, rule: dict[str, Any], amount: str | None
) -> None:
    if amount is None:
        with pytest.raises(CellError):
            number(text, **rule)
    else:
        assert number(text, **rule) == Decimal(amount)


def test_a_file_has_one_rule_and_says_it() -> None:
    rule = NumberRule.of(["7,25", "5", "1.234,50"], parts_by_comma=False)
    assert str(rule) == "Its numbers are read with decimal commas."
    mixed = NumberRule.of(["7,25", "7.25", "5"])
    assert mixed.read("5") == 5
    for text in ("7,25", "7.25"):
        with pytest.raises(CellError, match="both decimal points and decimal commas"):
            mixed.read(text)


@given(st.integers(0, 10**11))
def test_whole_counts_are_read_however_they_are_written(count: int) -> None:
    assert {number(text) for text in (str(count), f"{count}.0", f"{count}.000", f" {count} ")} == {Decimal(count)}
