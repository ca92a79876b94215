"""Column profiles: every key, wrong keys by name, and those that come with the program.

Rules: files.md#profiles.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cwtui.domain.errors import InputError
from cwtui.settings import Settings
from cwtui.settings.model import UsageLayout
from cwtui.vendor_composition import layouts_of, usage_layout
from cwtui.vendors.billing_report import BillingReport, read_billing_report
from cwtui.vendors.profiles import shipped_names

SAMPLES = Path(__file__).parent / "samples"
COLUMNS = {"account_id": "Customer", "sku": "SKU", "quantity": "Qty", "unit_cost": "Cost"}
HEADER = "Customer,SKU,Qty,Cost"


def read(folder: Path, *rows: str, header: str = HEADER, name: str = "u.csv", **keys: Any) -> BillingReport:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    given = {"agreement_type": "U", "columns": COLUMNS, **keys}
    return read_billing_report(path, usage_layout("u", UsageLayout.model_validate(given)))


def counted(found: BillingReport) -> dict[tuple[str, str], str]:
    """(account, item) → quantity at cost."""
    return {
        (account, line.name): f"{line.quantity:f}" + ("" if line.unit_cost is None else f" at {line.unit_cost:f}")
        for account, lines in found.counts.items()
        for line in lines
    }


@pytest.mark.parametrize(
    ("name", "expected", "day", "refused"),
    [
        pytest.param(
            "microsoft-nce",
            {
                ("c-kestrel", "CFQ7TTC0LH18:0001"): "10 at 5",
                ("c-kestrel", "CFQ7TTC0LCHC:0001"): "4 at 3.2",
                ("c-linden", "CFQ7TTC0LH18:0001"): "25 at 5",
            },
            date(2026, 11, 30),
            0,
            id="Microsoft: cycle charges alone, a SKU by product and SKU",
        ),
        pytest.param(
            "focus",
            {("kestrel", "STORAGE-GB"): "121 at 0.02", ("linden", "NODE-R"): "2 at 31.5"},
            date(2026, 12, 1),
            0,
            id="FOCUS: part units added up, then rounded up; taxes count nothing",
        ),
        pytest.param(
            "github",
            {("kestrel", "copilot_for_business"): "2 at 19", ("linden", "actions_linux"): "1200 at 0.006"},
            date(2026, 11, 30),
            0,
            id="GitHub: by organization",
        ),
        pytest.param(
            "aws-cur",
            {
                ("001234567890", "AmazonEC2:BoxUsage:t3.small"): "720",
                ("222233334444", "AmazonRDS:InstanceUsage:db.t3"): "24",
            },
            date(2026, 11, 1),
            0,
            id="AWS: by linked account, its zeros kept",
        ),
        pytest.param(
            "pax8",
            {("k-1", "BKP-PRO"): "12 at 6.50", ("l-1", "MSH-STD"): "30 at 1.10"},
            date(2026, 11, 30),
            0,
            id="Pax8: subscriptions alone",
        ),
    ],
)
def test_profiles_that_come_with_the_program(
    name: str, expected: dict[tuple[str, str], str], day: date, refused: int
) -> None:
    found = read_billing_report(SAMPLES / f"{name}.csv", layouts_of(Settings())[name])
    assert counted(found) == expected
    assert (found.moment.date(), found.is_dated, len(found.refused)) == (day, True, refused)


def test_every_profile_has_its_sample() -> None:
    assert {path.stem for path in SAMPLES.glob("*.csv")} == set(shipped_names())
    assert set(shipped_names()) < set(layouts_of(Settings()))


def test_settings_begin_with_the_profile_of_their_name() -> None:
    settings = Settings.model_validate(
        {"usage": {"microsoft-nce": {"agreement_type": "Licenses", "same_sku": "apart"}}}
    )
    layout = layouts_of(settings)["microsoft-nce"]
    assert (layout.agreement_type, layout.splits_sku) == ("Licenses", True)
    assert layout.columns["sku"] == ("ProductId", "SkuId")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param({"acounts_by": "name"}, "there is no key acounts_by; did you mean accounts_by?", id="a key"),
        pytest.param({"columns": {"acount_id": "X"}}, "did you mean columns.account_id?", id="a column"),
        pytest.param({"xyzzy": 1}, "there is no key xyzzy; there is", id="nothing near"),
        pytest.param({"columns": {"sku": []}}, "a column is a header, or a list of headers", id="no header"),
        pytest.param({"round": "upwards"}, "round", id="a value that there is none of"),
        pytest.param({"divide_by": 0}, "divide_by", id="by nothing"),
    ],
)
def test_what_is_wrong_with_a_profile_is_said_by_name(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"usage": {"u": {"agreement_type": "U", **keys}}})
    assert said in str(caught.value)


MICROSOFT = (
    "Kestrel,0001,10,5,P1,cycleCharge",
    "Kestrel,0001,3,2.5,P1,addQuantity",
    "Kestrel,0001,2,2.5,P1,removeQuantity",
    "Kestrel,0001,8,9,P2,cycleCharge",
)


@pytest.mark.parametrize(
    ("rows", "keys", "expected", "refused"),
    [
        pytest.param(MICROSOFT, {}, {}, 4, id="one SKU at different costs is refused"),
        pytest.param(
            MICROSOFT,
            {"keep": {"Type": ["cyclecharge"]}, "columns": {**COLUMNS, "sku": ["Product", "SKU"]}},
            {("Kestrel", "P1:0001"): "10 at 5", ("Kestrel", "P2:0001"): "8 at 9"},
            0,
            id="row filter and joined key decide",
        ),
        pytest.param(
            MICROSOFT,
            {"skip": {"Type": ["addQuantity", "removeQuantity"]}, "same_sku": "apart"},
            {("Kestrel", "0001 @ 5"): "10 at 5", ("Kestrel", "0001 @ 9"): "8 at 9"},
            0,
            id="apart by unit cost",
        ),
        pytest.param(
            MICROSOFT[:1], {"columns": {**COLUMNS, "sku": ["Product", "SKU"]}, "joined_by": "/"},
            {("Kestrel", "P1/0001"): "10 at 5"}, 0, id="joined by another sign",
        ),
        pytest.param(
            ("Kestrel,GB,1500,2,P,x", "Kestrel,GB,600,2,P,x"),
            {"divide_by": 1000, "round": "up"}, {("Kestrel", "GB"): "3 at 2000"}, 0,
            id="rounded after it was added up; its cost is of what is billed",
        ),
        pytest.param(
            ("Kestrel,GB,1500,2,P,x",), {"divide_by": 1000, "decimals": 1}, {("Kestrel", "GB"): "1.5 at 2000"}, 0,
            id="to a decimal",
        ),
        pytest.param(("Kestrel,GB,1500,2,P,x",), {"divide_by": 1000}, {}, 1, id="a part that nobody rounds is refused"),
        pytest.param(
            ("Kestrel,GB,2.5,2,P,x", "Kestrel,GB,2.5,2,P,x"), {"round": "half_up"}, {("Kestrel", "GB"): "5 at 2"}, 0,
            id="parts that make a whole",
        ),
        pytest.param(
            ("Kestrel,Seat,ada,2,P,x", "Kestrel,Seat,sam,2,P,x"), {"quantity": 1}, {("Kestrel", "Seat"): "2 at 2"}, 0,
            id="rows are counted",
        ),
        pytest.param(("Kestrel,Seat,-4,2,P,x",), {"sign": -1}, {("Kestrel", "Seat"): "4 at 2"}, 0, id="signs turned"),
        pytest.param(
            ("Kestrel,,4,2,,",),
            {"columns": {"account_id": "Customer"}, "sku_columns": {"Qty": "SEAT", "Cost": "DEVICE"}},
            {("Kestrel", "SEAT"): "4", ("Kestrel", "DEVICE"): "2"}, 0,
            id="a column a SKU",
        ),
        pytest.param(
            ("Kestrel,GB,4,2,P,",), {"keep": {"Type": ["x"]}}, {}, 1, id="a filter's cell that is empty is not known",
        ),
        pytest.param(
            ("Kestrel,GB,4,2,P,#N/A",), {"skip": {"Type": ["x"]}}, {}, 1, id="a filter's cell that is damaged",
        ),
    ],
)  # fmt: skip
def test_keys(
    tmp_path: Path, rows: tuple[str, ...], keys: dict[str, Any], expected: dict[tuple[str, str], str], refused: int
) -> None:
    found = read(tmp_path, *rows, header=f"{HEADER},Product,Type", **keys)
    assert counted(found) == expected
    assert len(found.refused) == refused
    assert bool(found.doubts.of("Kestrel")) is bool(refused)


def test_rows_that_the_profile_leaves_out_are_counted(tmp_path: Path) -> None:
    found = read(
        tmp_path, *MICROSOFT, header=f"{HEADER},Product,Type", keep={"Type": ["cycleCharge"]}, same_sku="apart"
    )
    assert found.left_out == {"Type addQuantity": 1, "Type removeQuantity": 1}


@pytest.mark.parametrize(
    ("rows", "doubts", "expected"),
    [
        pytest.param(("A,X,10,1", "A,X,2.5,1"), {"x": (3,)}, {"X": 10}, id="a part of a unit"),
        pytest.param(("A,X,10,1", "A,X,2 seats,1"), {"x": (3,)}, {"X": 10}, id="a number in words"),
        pytest.param(("A,X,10,1", "A,X,-3,1"), {"x": (3,)}, {"X": 10}, id="below zero"),
        pytest.param(("A,X,10,1", ",X,2,1"), {"x": (3,)}, {"X": 10}, id="an empty cell below a merged one"),
        pytest.param(("A,X,10,1", "#N/A,X,2,1"), {"x": (3,)}, {"X": 10}, id="an account that is an error"),
        pytest.param(("A,X,10,1", "1.00201E+11,Y,2,1"), {"y": (3,)}, {"X": 10}, id="an account that was shortened"),
        pytest.param(("A,X,10,1", "A,,2,1"), {"": (3,)}, {"X": 10}, id="no SKU: everything of the account"),
        pytest.param(("A,X,10,1", ",,2,1"), {"": (3,)}, {"X": 10}, id="neither: everything"),
        pytest.param(("A,X,10,1", "Total,,12,"), {}, {"X": 10}, id="a line of totals is nobody's"),
        pytest.param(("A,X,10,1", "A,X,2,1,9"), {"x": (3,), "2": (3,), "x,2": (3,)}, {"X": 10}, id="a cell too many"),
        pytest.param(
            ("A,X,10,1", "A, Inc,X,2,1"), {"inc": (3,), "x": (3,), "inc,x": (3,)}, {"X": 10},
            id="a name parted by its comma: what follows is shifted",
        ),
        pytest.param(("A,X,10,1", '"A,X,2,1', 'B",X,3,1'), {"": (3,)}, {"X": 10}, id="rows swallowed from the start"),
        pytest.param(
            ("A,X,10,1", 'A,X,5,1,"27 inch', "B,X,2,1,", 'B,Y,2,1,24"', "A,Z,1,1"), {"": (3,)}, {"X": 10, "Z": 1},
            id="files.md#reading: rows swallowed in a column nobody reads",
        ),
        pytest.param(
            ('="A",X,1,1', "'A,X,2,1", "A\u200b,X,3,1", "\u00a0A ,X,4,1"), {}, {"X": 10},
            id="files.md#damage: one account, however it was dressed",
        ),
    ],
)  # fmt: skip
def test_a_part_is_never_the_whole(
    tmp_path: Path, rows: tuple[str, ...], doubts: dict[str, tuple[int, ...]], expected: dict[str, int]
) -> None:
    wide = any(row.count(",") > 4 or '"27' in row for row in rows)
    found = read(tmp_path, *rows, header=f"{HEADER},Note" if wide else HEADER)
    assert {line.item: line.quantity for line in found.counts["A"]} == expected
    assert found.doubts.of("A") == doubts


def test_a_number_that_could_be_two_holds_up_its_sku(tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text("Customer;SKU;Qty;Cost\nKestrel;EXO-P1;1.000;4,50\nKestrel;EXO-P2;2;4,50\n")
    layout = usage_layout("u", UsageLayout.model_validate({"agreement_type": "U", "columns": COLUMNS}))
    found = read_billing_report(path, layout)
    assert counted(found) == {("Kestrel", "EXO-P2"): "2 at 4.50"}
    assert found.doubts.of("Kestrel") == {"exo-p1": (2,)}
    assert found.numbers == "Its numbers are read with decimal commas."


def test_a_header_that_is_missing_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no column Customer \(is it Customers\?\)"):
        read(tmp_path, "A,X,1,1", header="Customers,SKU,Qty,Cost")


def test_the_price_of_the_file(tmp_path: Path) -> None:
    columns = {**COLUMNS, "price": "Price"}
    found = read(tmp_path, "A,X,4,2,3.50", header=f"{HEADER},Price", columns=columns, price_from="file")
    assert [line.price for line in found.counts["A"]] == [Decimal("3.50")]
