"""`<SKU>_<UNIT_PRICE>`, one-time and recurring SKUs, and the SKU sheet's rules.

Rules: files.md#intermedia-files.
"""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.vendors.layouts import Layout, sku_of
from cwtui.vendors.rows import Row
from cwtui.vendors.sku_sheet import SkuSheet, price_or_zero, sheet_of

LAYOUT = Layout()


def sheet(*rows: tuple[str, str, str], layout: Layout = LAYOUT) -> SkuSheet:
    columns = ("sku", "unit_cost", "retail_price")
    return sheet_of(
        [Row.of(line, dict(zip(columns, row, strict=True))) for line, row in enumerate(rows, start=2)], layout
    )


@pytest.mark.parametrize(
    ("sku", "cost", "name"),
    [
        pytest.param("MXS10C01SUNR", "7.25", "MXS10C01SUNR_7.25", id="files.md#export-items: MXS10C01SUNR_7.25"),
        pytest.param("MXS10C01SUNO", "0", "MXS10C01SUNO_0", id="files.md#export-items: MXS10C01SUNO_0"),
        pytest.param("MXS10C01SUNO", "0.00", "MXS10C01SUNO_0", id="zero has no decimals"),
        pytest.param("A_R", "7.50", "A_R_7.5", id="no trailing zeros"),
        pytest.param("A_R", "10", "A_R_10", id="no exponent for whole tens"),
        pytest.param("A_R", "1000.000", "A_R_1000", id="whole zeros stay"),
        pytest.param("A_R", "0.0825", "A_R_0.0825", id="parts of a cent"),
    ],
)
def test_names(sku: str, cost: str, name: str) -> None:
    assert LAYOUT.item_name(sku, Decimal(cost)) == name
    assert sku_of(name) == sku


prices = st.decimals(0, 10**7, allow_nan=False, allow_infinity=False, places=4)


@given(prices, st.integers(0, 6))
def test_a_name_depends_on_the_price_not_on_how_it_is_written(price: Decimal, zeros: int) -> None:
    written = Decimal(f"{price:f}" + "0" * zeros)
    name = LAYOUT.item_name("MXS10C01SUNR", written)
    assert name == LAYOUT.item_name("MXS10C01SUNR", price)
    assert re.fullmatch(r"MXS10C01SUNR_(0|[1-9]\d*)(\.\d*[1-9])?", name)
    assert Decimal(name.rpartition("_")[2]) == price


@given(st.from_regex(r"[A-Z0-9_-]{1,20}[OR]", fullmatch=True), prices, prices)
def test_two_prices_have_two_names_and_one_sku(sku: str, one: Decimal, other: Decimal) -> None:
    names = LAYOUT.item_name(sku, one), LAYOUT.item_name(sku, other)
    assert (names[0] == names[1]) is (one == other)
    assert sku_of(names[0]) == sku_of(names[1]) == sku


@pytest.mark.parametrize(
    ("sku", "reason"),
    [
        pytest.param("HPBX50E01SUNR", "voice, Hosted PBX", id="Hosted PBX"),
        pytest.param("voiceR", "voice, Hosted PBX", id="voice, any case"),
        pytest.param("MXS10C01SUN", "how often to bill it is not known", id="neither O nor R"),
        pytest.param("", "its SKU is empty", id="no SKU"),
        pytest.param("MXS10C01SUNR", "", id="recurring"),
        pytest.param("MXS10C01SUNo", "", id="one-time, any case"),
    ],
)
def test_skus_that_are_not_billed_by_counts(sku: str, reason: str) -> None:
    found = LAYOUT.refusal_of(sku)
    assert reason in found
    assert bool(found) is bool(reason)


def test_a_pattern_of_the_settings_decides_what_is_unsupported() -> None:
    layout = Layout(unsupported="^ARC", recurring="")
    assert "not billed by counts" in layout.refusal_of("ARC30B01SUNR")
    assert layout.refusal_of("HPBX50E01SUN") == ""


def test_one_item_per_distinct_sku_and_unit_cost() -> None:
    found = sheet(("AR", "7.25", "11.50"), ("AR", "7.250", "11.5"), ("AR", "7.95", ""), ("BO", "0", "25"))
    assert [(item.name, item.lines, item.price, item.is_one_time) for item in found.items] == [
        ("AR_7.25", (2, 3), Decimal("11.50"), False),
        ("AR_7.95", (4,), None, False),
        ("BO_0", (5,), Decimal(25), True),
    ]
    assert [price_or_zero(item) for item in found.items] == [Decimal("11.50"), 0, 25]
    assert found.refused == ()


def test_two_retail_prices_of_one_item_refuse_both_rows_by_name() -> None:
    found = sheet(("AR", "7.25", "11.50"), ("BR", "1", "2"), ("AR", "7.25", "12.00"))
    assert [item.name for item in found.items] == ["BR_1"]
    assert [one.line for one in found.refused] == [2, 4]
    for one in found.refused:
        assert "line 2: 11.50, line 4: 12.00" in str(one)


def test_a_retail_price_beside_none_is_one_price() -> None:
    found = sheet(("AR", "7.25", ""), ("AR", "7.25", "12.00"))
    assert [(item.price, item.lines) for item in found.items] == [(Decimal("12.00"), (2, 3))]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(("AR", "", "1"), "its unit cost is empty", id="no unit cost"),
        pytest.param(("AR", "1,000", "1"), "unit cost '1,000' could be two numbers", id="one, or a thousand"),
        pytest.param(("AR", "7.25", "free"), "retail price 'free' is not", id="a price in words"),
        pytest.param(("A" * 58 + "R", "7.25", "1"), "longer than the 60 characters", id="a name too long"),
    ],
)
def test_rows_that_cannot_be_items_are_refused_and_the_others_go_on(row: tuple[str, str, str], reason: str) -> None:
    found = sheet(row, ("BR", "1", "2"))
    assert [item.name for item in found.items] == ["BR_1"]
    assert [one.line for one in found.refused] == [2]
    assert reason in found.refused[0].reason
