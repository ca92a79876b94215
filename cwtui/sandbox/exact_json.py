"""JSON in and out without a float: prices come back as they were written."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson

# What a double holds: nothing that a service sends is greater, or nearer to nothing.
_GREATEST_EXPONENT, _LEAST_EXPONENT = 308, -400
_DIGITS_OF_64_BITS = 18


def loads(text: bytes | str) -> Any:
    """Read JSON, fractions as Decimal.

    Raises:
        ValueError: If the text is not JSON (a UnicodeDecodeError is one too), or names a number beyond a double or half
            a character.
    """
    value = json.loads(text, parse_float=_fraction, parse_int=_whole, parse_constant=_refuse)
    if ("\\ud" if isinstance(text, str) else b"\\ud") in text.lower():  # type: ignore[operator]  # one type at a time
        json.dumps(value, ensure_ascii=False, default=str).encode()
    return value


def dumps(value: Any) -> bytes:
    """Write JSON, Decimals as the number they are, with their trailing zeros."""
    return orjson.dumps(value, default=_decimal, option=orjson.OPT_NON_STR_KEYS)


def _decimal(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} is not JSON")


def _fraction(text: str) -> Decimal:
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    if number.adjusted() > _GREATEST_EXPONENT or not isinstance(exponent, int) or exponent < _LEAST_EXPONENT:
        raise ValueError(f"{text[:40]} is no number that can be kept")
    return number


def _whole(text: str) -> int | Decimal:
    # What orjson cannot write as an integer is written as a Decimal.
    return int(text) if len(text) <= _DIGITS_OF_64_BITS else _fraction(text)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
