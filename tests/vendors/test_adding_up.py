"""Rows are added up by account, SKU and amounts, whatever their spelling (files.md#export-counts)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from cwtui.vendors.billing_report import BillingReport, read_billing_report
from cwtui.vendors.layouts import Layout

HEADER = "account_id,sku,quantity,unit_cost\n"
Lines = dict[str, list[tuple[str, str, int, tuple[int, ...]]]]


def report(folder: Path, rows: str) -> BillingReport:
    path = folder / "usage-2026-11-20.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    return read_billing_report(path, Layout())


def lines_of(found: BillingReport) -> Lines:
    return {
        account: [(line.item, line.sku, int(line.quantity), line.lines) for line in lines]
        for account, lines in found.counts.items()
    }


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            "IM1,MXR,2,1.5\nim1,mxr,3,1.50\n",
            {"IM1": [("MXR_1.5", "MXR", 5, (2, 3))]},
            id="other capitals and other zeros are the same",
        ),
        pytest.param(
            "IM1,MXR,2,1\nIM2,mxr,3,1\nIM1,mxr,4,1\n",
            {"IM1": [("MXR_1", "MXR", 6, (2, 4))], "IM2": [("mxr_1", "mxr", 3, (3,))]},
            id="each account keeps the spelling of its own first row",
        ),
        pytest.param(
            "IM1,MXR,2,1\nIM1,MXR,2,2\n",
            {"IM1": [("MXR_1", "MXR", 2, (2,)), ("MXR_2", "MXR", 2, (3,))]},
            id="two unit costs are two items",
        ),
        pytest.param(
            "IM1,MXR,x,1\nim1,MXR,2,1\n",
            {"IM1": [("MXR_1", "MXR", 2, (3,))]},
            id="a row with a quantity that is none names its account",
        ),
        pytest.param(
            "IM1,MXR,x,1\nIM1,MXR,x,1\n",
            {},
            id="an account with refused rows alone has no line",
        ),
    ],
)
def test_rows_become_lines(tmp_path: Path, rows: str, expected: Lines) -> None:
    assert lines_of(report(tmp_path, rows)) == expected


def test_every_row_of_a_refused_kind_is_refused(tmp_path: Path) -> None:
    found = report(tmp_path, "IM1,MXR,1,-4\nIM2,MXR,1,-4\nIM1,PBXR,1,1\nIM1,MXR,2,4\n,MXR,1,4\n,MXR,1,4\n")
    assert [(one.line, one.reason) for one in found.refused] == [
        (2, "its unit cost '-4' is below zero"),
        (3, "its unit cost '-4' is below zero"),
        (4, "PBXR is a plan that is not billed by counts (voice, Hosted PBX); bill it by hand"),
        (6, "it has no account id"),
        (7, "it has no account id"),
    ]
    assert [one.could_be for one in found.refused][:3] == [(("IM1", "MXR"),), (("IM2", "MXR"),), ()]
    assert found.counts["IM1"][0].quantity == Decimal(2)


@pytest.mark.parametrize("sku", ["", "1E+05", "#N/A", 'M"X'])
def test_a_sku_that_is_none_is_refused_in_a_known_account(tmp_path: Path, sku: str) -> None:
    path = tmp_path / "usage-2026-11-20.csv"
    cell = '"' + sku.replace('"', '""') + '"'
    path.write_text(f"{HEADER}IM1,MXR,1,1\nIM1,{cell},1,1\nIM1,{cell},1,1\n", encoding="utf-8")
    found = read_billing_report(path, Layout(recurring=""))
    assert lines_of(found) == {"IM1": [("MXR_1", "MXR", 1, (2,))]}
    assert [(one.line, one.could_be) for one in found.refused] == [(3, (("IM1", ""),)), (4, (("IM1", ""),))]


def test_a_row_as_wide_as_the_header_shows_that_the_header_is_one(tmp_path: Path) -> None:
    path = tmp_path / "usage-2026-11-20.csv"
    path.write_text('account_id,sku,quantity,unit_cost,"two\nlines"\nIM1,MXR,1,1,x\nIM1,MXR,1,1\n', encoding="utf-8")
    assert lines_of(read_billing_report(path, Layout())) == {"IM1": [("MXR_1", "MXR", 2, (3, 4))]}
