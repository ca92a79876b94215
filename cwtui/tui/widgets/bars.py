"""Bars of text: amounts beside each other at a glance, in eighths of a cell."""

from __future__ import annotations

from decimal import Decimal

_EIGHTHS = " ▏▎▍▌▋▊▉"
_FULL, _CREDIT = "█", "░"


def bar(amount: Decimal, most: Decimal, width: int) -> str:
    """A bar of `width` cells at most; `most` fills it. A credit is drawn lighter, and its amount stands beside it.

    Even a small amount beside a large one shows: it has at least an eighth of a cell.
    """
    if not amount or most <= 0 or width <= 0:
        return ""
    eighths = max(int(min(abs(amount) / most, Decimal(1)) * width * 8), 1)
    if amount < 0:
        return _CREDIT * max(eighths // 8, 1)
    full, rest = divmod(eighths, 8)
    return _FULL * full + (_EIGHTHS[rest] if rest else "")
