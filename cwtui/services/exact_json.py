"""JSON in and out without a float: amounts arrive and leave as they were written (plans.md)."""

from __future__ import annotations

import json
from decimal import Decimal

import orjson

_LONGEST_NUMBER = 60
"""Characters. A price in every currency fits into a third of it."""
_LARGEST_EXPONENT = 40
"""Up or down. `1E-99999999` is 11 characters here, and gigabytes where it is written out or added."""


def _fraction(text: str) -> Decimal | str:
    if len(text) <= _LONGEST_NUMBER:
        number = Decimal(text)
        if abs(number.adjusted()) <= _LARGEST_EXPONENT:
            return number
    return f"{text[:_LONGEST_NUMBER]}…"  # a text, no number, so that the reader of the field refuses it


# NaN and Infinity become their names, so that only their field is refused, not the whole page.
_DECODER = json.JSONDecoder(parse_float=_fraction, parse_constant=str)


def loads(text: bytes) -> object:
    """Read JSON; fractions become Decimal, `NaN` and its like their names.

    Raises:
        ValueError: If the text is not JSON in UTF-8, or nested beyond all reason.
    """
    try:
        return _DECODER.decode(text.decode("utf-8-sig"))
    except (RecursionError, ArithmeticError) as error:
        raise ValueError("nested too deeply, or a number beyond all reason") from error


def dumps(value: object) -> bytes:
    """Write JSON; a Decimal becomes exactly the number it is."""
    return orjson.dumps(value, default=_number)


def _number(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{value!r} is not JSON")
