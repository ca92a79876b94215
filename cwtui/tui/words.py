"""Numbers in words, and the two measures of every screen."""

from __future__ import annotations

WIDE = 140
"""Cells from which a screen shows its detail beside the list."""
READ_S = 15
"""Seconds a refusal stays in sight: long enough to read three sentences."""


def counted(number: int, word: str) -> str:
    """`1 mapping`, `2,000 mappings`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
