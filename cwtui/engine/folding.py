"""Text in the form in which the screen compares it, so that an operator's typing finds the marketplace's spelling."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_LETTERS_WITHOUT_ACCENT = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)


def fold(text: str) -> str:
    """Text as it is compared: no case, no accents (`Łódź GmbH` → `lodz gmbh`)."""
    return text.lower() if text.isascii() else _fold_letters(text)


@lru_cache(maxsize=8192)
def _fold_letters(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS_WITHOUT_ACCENT))
    return "".join(character for character in apart if not unicodedata.combining(character)).casefold()
