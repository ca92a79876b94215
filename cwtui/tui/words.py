"""Numbers in words."""

from __future__ import annotations


def counted(number: int, word: str) -> str:
    """`1 mapping`, `2,000 mappings`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
