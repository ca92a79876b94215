from __future__ import annotations

from decimal import Decimal

import pytest

from cwtui.domain.money import parse_amount
from cwtui.services import exact_json


def test_fractions_are_decimals_as_they_were_written() -> None:
    read = exact_json.loads(b'{"a": 4.50, "b": 0.1, "c": 12345678901234567.89, "d": 3, "e": 1e3}')
    assert read == {
        "a": Decimal("4.50"),
        "b": Decimal("0.1"),
        "c": Decimal("12345678901234567.89"),
        "d": 3,
        "e": Decimal(1000),
    }


def test_a_number_that_is_none_spoils_only_its_own_field() -> None:
    assert exact_json.loads(b"[NaN, -Infinity, 1.5]") == ["NaN", "-Infinity", Decimal("1.5")]


@pytest.mark.parametrize(
    "number", ["1E-99999999", "1E99999999", "0." + "0" * 1_000_000 + "1", "1." + "3" * 61, "1e41", "1e-41", "-1E-400"]
)
def test_a_number_beyond_all_reason_is_none(number: str) -> None:
    answer = exact_json.loads(f"[{number}, 4.50]".encode())
    assert isinstance(answer, list)
    [read, price] = answer
    assert price == Decimal("4.50")
    assert isinstance(read, str)
    assert len(read) <= 61
    with pytest.raises(ValueError, match="number"):
        parse_amount(read)


def test_a_byte_order_mark_is_no_content() -> None:
    assert exact_json.loads(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    "text",
    [b"<html>", b"", b"\xff\xfe", b"[" * 100_000, b"1e9999999999999999999"],
    ids=["html", "empty", "not UTF-8", "nested without end", "beyond all numbers"],
)
def test_what_is_not_json_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whatever its words
        exact_json.loads(text)


@pytest.mark.parametrize("number", ["4.50", "10", "0.0833", "-3.00", "12345678901234567890.123456789", "1E+3", "1E-7"])
def test_a_decimal_is_written_as_exactly_that_number(number: str) -> None:
    written = exact_json.dumps({"n": Decimal(number)})
    assert b"E" not in written
    assert exact_json.loads(written) == {"n": Decimal(number)}


def test_what_is_no_number_is_not_written() -> None:
    with pytest.raises(TypeError):
        exact_json.dumps({"n": Decimal("NaN")})
