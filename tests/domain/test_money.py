"""Amounts: exact from text to text, rounded half-up (plans.md#price-source)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cwtui.domain.money import line_total, parse_amount, plain, price_text, round_price


@pytest.mark.parametrize(
    ("text", "expected"),
    [("4.50", "4.50"), (" -3 ", "-3"), ("1e2", "1E+2"), (7, "7"), ("1e-7", "1E-7"), ("0e90", "0E+90"), (".5", "0.5")],
)
def test_an_amount_is_read_as_written(text: object, expected: str) -> None:
    assert parse_amount(text) == Decimal(expected)


@pytest.mark.parametrize(
    "text",
    [
        "1,234.50",
        "NaN",
        "Infinity",
        "",
        "1 0",
        "0x1",
        "1e999",
        "1e-999",
        "0." + "0" * 100,
        "1000000000000",
        1.5,
        True,
        None,
        "\u0663",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"not|larger|smaller"):
        parse_amount(text)


@pytest.mark.parametrize(
    ("price", "decimals", "expected"),
    [
        ("0.00005", 4, "0.0001"),
        ("0.00004999", 4, "0.0000"),
        ("-0.00005", 4, "-0.0001"),
        ("2.345", 2, "2.35"),
        ("2.5", 0, "3"),
        ("-0", 2, "0.00"),
        ("0", 2, "0.00"),
        ("-0.001", 2, "0.00"),
    ],
)
def test_unit_prices_are_rounded_half_up(price: str, decimals: int, expected: str) -> None:
    assert str(round_price(Decimal(price), decimals)) == expected


def test_line_totals_have_two_decimals() -> None:
    assert str(line_total(Decimal(3), Decimal("0.335"))) == "1.01"
    assert line_total(Decimal(999999999999), Decimal(999999999999)) == Decimal("999999999998000000000001.00")


@pytest.mark.parametrize(
    ("number", "short", "price"),
    [
        ("10", "10", "10.00"),
        ("1E+1", "10", "10.00"),
        ("3.60", "3.6", "3.60"),
        ("-0.00", "0", "0.00"),
        ("0.08330", "0.0833", "0.0833"),
    ],
)
def test_numbers_as_people_write_them(number: str, short: str, price: str) -> None:
    assert plain(Decimal(number)) == short
    assert price_text(Decimal(number)) == price
