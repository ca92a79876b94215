from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.errors import InputError
from cwtui.domain.mappings import MAPPABLE_CHARGES, Mapping, MappingKey, MappingKind
from cwtui.engine.csv_cells import original_cell, safe_cell
from cwtui.engine.mapping.csv import mappings_csv, read_mappings_csv, read_mappings_file

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


def test_further_columns_are_for_people() -> None:
    """(mapping.md#mapping-csv)"""
    text = mappings_csv([CUSTOMER, SETUP], lambda mapping: (f"=of {mapping.key.marketplace_id}", "Green Lane"))
    assert text.splitlines()[0] == "kind,marketplace_id,charge,connectwise_id,marketplace_name,connectwise_name"
    assert read_mappings_csv(text, "m.csv") == [CUSTOMER, SETUP]


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
        lambda text: text == text.strip(" ")
    )
    plain = st.builds(MappingKey, st.sampled_from([MappingKind.CUSTOMER, MappingKind.AGREEMENT]), ids)
    charge = st.sampled_from(["", *(charge.value for charge in MAPPABLE_CHARGES)])
    return st.one_of(plain, st.builds(MappingKey, st.just(MappingKind.PRODUCT), ids, charge))


@given(st.dictionaries(keys(), st.integers(1, 2**31 - 1)))
def test_an_export_reads_back_as_the_same_mappings(mapped: dict[MappingKey, int]) -> None:
    mappings = [Mapping(key, target) for key, target in mapped.items()]
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
