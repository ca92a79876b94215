from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.errors import InputError
from cwtui.domain.mappings import MAPPABLE_CHARGES, Mapping, MappingKey, MappingKind
from cwtui.engine.csv_cells import damage, original_cell, safe_cell
from cwtui.engine.mapping.csv import mappings_csv, mappings_export, read_mappings_csv, read_mappings_file
from cwtui.engine.reports import NamedMapping

HEADER = "kind,marketplace_id,charge,connectwise_id\n"
CUSTOMER = Mapping(MappingKey(MappingKind.CUSTOMER, "C1"), 118)
SETUP = Mapping(MappingKey(MappingKind.PRODUCT, "91001", "setup"), 4711)
AGREEMENT = Mapping(MappingKey(MappingKind.AGREEMENT, "1000048531"), 23)
THREE = "customer,C1,,118\nproduct,91001,setup,4711\nagreement,1000048531,,23\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HEADER + THREE, id="as exported"),
        pytest.param("\ufeff".lstrip("\ufeff") + (HEADER + THREE).replace("\n", "\r\n"), id="CRLF"),
        pytest.param((HEADER + THREE).replace(",", ";"), id="semicolons"),
        pytest.param((HEADER + THREE).replace(",", "\t"), id="tabs"),
        pytest.param(HEADER.upper() + THREE.replace("customer", " Customer "), id="capitals and spaces"),
        pytest.param(HEADER + "\n,,,\n" + THREE + "\n", id="empty rows"),
        pytest.param(HEADER.replace("kind", '"kind"') + '"customer","C1","","118"\n' + THREE, id="quotes"),
        pytest.param("kind,marketplace_id,charge,connectwise_id,,\n" + THREE.replace("\n", ",,\n"), id="empty columns"),
        pytest.param(HEADER + THREE + "customer,C1,,118\n", id="the same row twice"),
        pytest.param(
            "connectwise_id,charge,kind,marketplace_id\n118,,customer,C1\n4711,setup,product,91001\n23,,agreement,1000048531\n",
            id="other order",
        ),
    ],
)  # fmt: skip
def test_files_as_people_have_them(text: str) -> None:
    assert read_mappings_csv(text, "m.csv") == [CUSTOMER, SETUP, AGREEMENT]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("sep=;\n" + (HEADER + THREE).replace(",", ";"), id="sep line"),
        pytest.param("Mappings of 2026-11-30\n\n" + HEADER + THREE, id="preamble"),
        pytest.param("Kind , Marketplace ID,CHARGE,connectwise id\n" + THREE, id="headers with spaces"),
        pytest.param(
            "note,kind,marketplace_id,name,charge,connectwise_id\n"
            'x,customer,C1,"Smith, Ltd",,118\n,product,91001,,setup,4711\n"a\nb",agreement,1000048531,,,23\n',
            id="further columns",
        ),
        pytest.param(HEADER + THREE.replace("C1", '"=""C1"""'), id="text formula"),
        pytest.param(HEADER + THREE.replace(",", " , "), id="spaces around cells"),
    ],
)
def test_files_are_read_as_vendors_files_are(text: str) -> None:
    """Rules: mapping.md#mapping-csv, files.md#reading."""
    assert read_mappings_csv(text, "m.csv") == [CUSTOMER, SETUP, AGREEMENT]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("customer,C1,,118\n" + HEADER, "m.csv, line 1: a mapping stands above the header", id="sorted"),
        pytest.param(HEADER + "customer,1.2E+11,,118\n", "line 2: marketplace_id '1.2E+11' was shortened", id="digits"),
        pytest.param(HEADER + "customer,#N/A,,118\n", "line 2: marketplace_id '#N/A' is a spreadsheet's", id="error"),
        pytest.param(HEADER + '\ncustomer,"C1"x,,118\n', "line 3: a quoted cell does not end", id="stray quote"),
        pytest.param(
            HEADER + 'customer,"C1,,118\ncustomer,C2,,119\ncustomer,C3"",,120\n', "line 2", id="swallowed rows"
        ),
    ],
)
def test_what_would_be_lost_is_refused_with_its_line(text: str, said: str) -> None:
    """Rule: mapping.md#mapping-csv."""
    with pytest.raises(InputError, match=re.escape(said)):
        read_mappings_csv(text, "m.csv")


def test_a_workbook_is_written_and_read_back(tmp_path: Path) -> None:
    """Rule: mapping.md#mapping-csv."""
    path = tmp_path / "m.XLSX"
    escaped = Mapping(MappingKey(MappingKind.CUSTOMER, "=1+1"), 5)
    long_id = Mapping(MappingKey(MappingKind.AGREEMENT, "12345678901234567890"), 6)
    mappings = [CUSTOMER, SETUP, AGREEMENT, escaped, long_id]
    path.write_bytes(mappings_export(path, [NamedMapping(one, "=cmd", "Müller") for one in mappings]))
    assert sorted(read_mappings_file(path), key=str) == sorted(mappings, key=str)
    assert read_mappings_file(path, sheet="mappings")
    with pytest.raises(InputError, match="it has no sheet other"):
        read_mappings_file(path, sheet="other")


def test_numbers_typed_into_a_workbook_are_ids(tmp_path: Path) -> None:
    """A bad row of a workbook is named by its number there (mapping.md#mapping-csv)."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in (["kind", "marketplace_id", "note", "connectwise_id"], ["agreement", 1000048531, "x", 23]):
        page.append(row)
    path = tmp_path / "m.xlsx"
    book.save(path)
    assert read_mappings_file(path) == [AGREEMENT]
    page.append(["customer", "C1", None, 1.5])
    book.save(path)
    with pytest.raises(InputError, match=r"line 3: connectwise_id is '1\.5'"):
        read_mappings_file(path)


def test_an_export_names_both_sides() -> None:
    """Rule: mapping.md#mapping-csv."""
    text = mappings_csv([NamedMapping(CUSTOMER, "Adatum", "=Adatum, AG")])
    assert list(csv.reader(io.StringIO(text))) == [
        [*HEADER.strip().split(","), "marketplace_name", "connectwise_name"],
        ["customer", "C1", "", "118", "Adatum", "'=Adatum, AG"],
    ]


def test_the_charge_column_may_be_missing() -> None:
    assert read_mappings_csv("kind,marketplace_id,connectwise_id\ncustomer,C1,118\n", "m.csv") == [CUSTOMER]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("company,C1,,118", "line 3: kind is 'company', not customer, product or agreement"),
        ("customer,,,118", "line 3: marketplace_id is empty"),
        ("customer,C2,,", "line 3: connectwise_id is '', not a whole number above 0"),
        ("customer,C2,,0", "line 3: connectwise_id is '0'"),
        ("customer,C2,,-4", "line 3: connectwise_id is '-4'"),
        ("customer,C2,,1.5", "line 3: connectwise_id is '1.5'"),
        ("customer,C2,,1e3", "line 3: connectwise_id is '1e3'"),
        ("customer,C2,,99999999999999999999", "line 3: connectwise_id is '99999999999999999999'"),
        ("customer,C2,,٣", "line 3: connectwise_id is '٣'"),
        ("customer,C2,setup,118", "line 3: a mapping of kind customer has no charge, but 'setup' is given"),
        ("product,P1,prorated,118", "line 3: charge is 'prorated', not one of"),
        ("customer,C2,,118,more", "line 3: it has 5 cells, not 4"),
        ('customer,"C2,,118', "line 3"),
        ("customer,C1,,119", "lines 2 and 3: C1 is mapped to both 118 and 119"),
        ("\x1b[31m,C1,,119", "'␛[31m'"),
    ],
)
def test_one_bad_row_is_an_error_that_names_its_line(row: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_mappings_csv(f"{HEADER}customer,C1,,118\n{row}\ncustomer,C9,,9\n", "m.csv")
    assert caught.value.happened.startswith("m.csv, line")
    assert said in caught.value.happened
    assert caught.value.changed == "Nothing was changed."


@pytest.mark.parametrize(
    "header",
    ["", "\n", "a,b,c,d\n", "kind,marketplace_id,charge\n", "kind,kind,marketplace_id,connectwise_id\n",
     "kind,marketplace_id,charge,note\n", "customer,C1,,118\n"],
)  # fmt: skip
def test_a_wrong_header_is_an_error_of_line_1(header: str) -> None:
    with pytest.raises(InputError, match="line 1: the header is not kind,marketplace_id,charge,connectwise_id"):
        read_mappings_csv(header, "m.csv")


def test_a_quoted_cell_with_a_line_break_does_not_shift_the_line_numbers() -> None:
    with pytest.raises(InputError, match="line 4: kind is 'x'"):
        read_mappings_csv(HEADER + 'customer,"C\n1",,118\nx,C2,,1\n', "m.csv")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", HEADER + "customer,Grüße,,118\n"),
        ("utf-8-sig", HEADER + "customer,Grüße,,118\n"),
        ("utf-16", HEADER + "customer,Grüße,,118\n"),
        ("cp1252", HEADER + "".join(f"customer,Grüße aus Köln für Jürgen {n},,118\n" for n in range(20))),
    ],
)
def test_encodings_of_spreadsheets(tmp_path: Path, encoding: str, text: str) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(text.encode(encoding))
    assert read_mappings_file(path)[0].key.marketplace_id.startswith("Grüße")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_mappings_file(tmp_path / "none.csv")
    binary = tmp_path / "m.xlsx"
    binary.write_bytes(b"PK\x03\x04" + bytes(range(256)) * 8)
    with pytest.raises(InputError):
        read_mappings_file(binary)


def keys() -> st.SearchStrategy[MappingKey]:
    # ids are without spaces around them and without the one character CSV readers disagree on
    ids = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1).filter(
        lambda text: text == text.strip(" ") and not damage(text.replace('"', ""))
    )
    plain = st.builds(MappingKey, st.sampled_from([MappingKind.CUSTOMER, MappingKind.AGREEMENT]), ids)
    charge = st.sampled_from(["", *(charge.value for charge in MAPPABLE_CHARGES)])
    return st.one_of(plain, st.builds(MappingKey, st.just(MappingKind.PRODUCT), ids, charge))


@given(st.dictionaries(keys(), st.integers(1, 2**31 - 1)))
def test_an_export_reads_back_as_the_same_mappings(mapped: dict[MappingKey, int]) -> None:
    mappings = [NamedMapping(Mapping(key, target)) for key, target in mapped.items()]
    text = mappings_csv(mappings)
    assert {mapping.key: mapping.connectwise_id for mapping in read_mappings_csv(text, "m.csv")} == mapped
    for row in list(csv.reader(io.StringIO(text, newline="")))[1:]:
        assert not row[1].startswith(("=", "@", "\t", "\r"))


@given(st.text())
def test_a_safe_cell_is_no_formula_and_is_read_back(text: str) -> None:
    cell = safe_cell(text)
    assert original_cell(cell) == text
    assert not cell.startswith(("=", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-4.50", "-4.50"),
        ("+5", "+5"),
        ("-cmd", "'-cmd"),
        ("@SUM", "'@SUM"),
        ("\tx", "'\tx"),
        ("'=x", "''=x"),
        ("O'Brien", "O'Brien"),
        ("'quoted'", "'quoted'"),
        ("＝1", "'＝1"),
    ],
)
def test_safe_cells(text: str, cell: str) -> None:
    assert safe_cell(text) == cell
    assert original_cell(cell) == text


@given(st.text() | st.text(st.sampled_from("kind,marketplace_idchargeconnectwise_id\n;\"'=1customer\t")))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_mappings_csv(text, "m.csv")
    except InputError as error:
        assert error.next_step  # noqa: PT017  # either outcome is right, any other exception is not
