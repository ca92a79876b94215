"""Money and quantities: exact decimals from the text a service sent to the text a service gets."""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import lru_cache

_PLAIN_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
CENT = Decimal("0.01")
ZERO = Decimal(0)
_LARGEST_DIGITS = 12
_LONGEST_AMOUNT = 60
_SMALLEST_DIGIT = -40
_REMEMBERED = 8192
_FEWEST_DECIMALS = 2
_ROUNDINGS = (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN)


def parse_amount(text: object) -> Decimal:
    """Read an amount exactly as a service wrote it.

    Args:
        text: A plain decimal number as `str`, `int` or `Decimal`.

    Raises:
        ValueError: For anything that could be read in two ways or not at all:
            `1,234.50`, `NaN`, an empty text, a float, a boolean; or that no invoice can hold (`1e40`).
    """
    if isinstance(text, bool) or not isinstance(text, str | int | Decimal):
        raise ValueError(f"{text!r} is not an amount")
    if isinstance(text, str) and len(text) > _LONGEST_AMOUNT:
        raise ValueError(f"a number of {len(text)} characters is not an amount")
    if isinstance(text, str) and not _PLAIN_NUMBER.fullmatch(text.strip()):
        raise ValueError(f"{text!r} is not a plain decimal number")
    amount = Decimal(text.strip() if isinstance(text, str) else text)
    if not amount.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    if amount and amount.adjusted() >= _LARGEST_DIGITS:
        raise ValueError(f"{text!r} is larger than any amount or quantity that is billed")
    if amount and amount.adjusted() < _SMALLEST_DIGIT:
        raise ValueError(f"{text!r} is smaller than any amount or quantity that is billed")
    return amount


@lru_cache(_REMEMBERED)
def round_price(price: Decimal, decimals: int) -> Decimal:
    """Round a unit price half-up to `decimals` places (plans.md#price-source)."""
    rounded = price.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return rounded if rounded else abs(rounded)  # 0 and −0 are one key here: neither may become the other's answer


def line_total(quantity: Decimal, unit_price: Decimal) -> Decimal:
    """Total of one line, half-up to 2 decimals (plans.md#price-source)."""
    return (quantity * unit_price).quantize(CENT, rounding=ROUND_HALF_UP)


@lru_cache(_REMEMBERED)
def plain(number: Decimal) -> str:
    """A number as people write it: no exponent, no trailing zeros (`10`, `3.6`)."""
    text = format(number or ZERO, "f")
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text


@lru_cache(_REMEMBERED)
def price_text(amount: Decimal) -> str:
    """A price as people write it: at least two decimals, no more zeros than that (`4.50`, `0.0833`)."""
    text = plain(amount)
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"


def is_rounding(sent: Decimal, kept: Decimal) -> bool:
    """Rounding, or cutting off, to two or more decimals explains what is kept of an amount that was sent."""
    if sent == kept:
        return True
    exponent = sent.as_tuple().exponent
    most = -exponent if isinstance(exponent, int) else 0
    places = (Decimal(1).scaleb(-decimals) for decimals in range(_FEWEST_DECIMALS, most))
    return any(sent.quantize(place, rounding=how) == kept for place in places for how in _ROUNDINGS)
