"""JSON in and out without a float: prices come back as they were written."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson


def loads(text: bytes | str) -> Any:
    """Read JSON, fractions as Decimal.

    Raises:
        ValueError: If the text is not JSON (a UnicodeDecodeError is one too).
    """
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse)


def dumps(value: Any) -> bytes:
    """Write JSON, Decimals as the number they are, with their trailing zeros."""
    return orjson.dumps(value, default=_decimal, option=orjson.OPT_NON_STR_KEYS)


def _decimal(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} is not JSON")


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
