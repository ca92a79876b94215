"""Names as people compare them: without case, accents, punctuation and spacing."""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\u2120\u2122\u00a9\u00ae'\u2018\u2019\u02bc`\u00b4]")
"""Dropped without leaving a gap: apostrophes, trade marks, invisible characters."""
_SPELT = str.maketrans(
    {
        "&": " and ", "+": " plus ", "@": " at ",
        "ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ħ": "h", "ı": "i", "ŋ": "n",
    }
)  # fmt: skip
_MARKS = re.compile("(?<!и)[\u0300-\u036f]")
"""Accents of Latin, Greek and Cyrillic letters; й is another letter than и, and other scripts keep their marks."""
_INITIALS = re.compile(r"\b(?:[^\W\d_][./])+[^\W\d_]\b")
_INITIALS_DOTS = re.compile(r"[./]")
_ASCII_GAPS = re.compile(r"[^a-z0-9]+")


def plain_name(text: str) -> str:
    """A name without case, accents, punctuation and spacing: `L'Œuvre  S.A.` → `loeuvre sa`.

    Two names with the same plain form are the same name. What tells names apart stays: digits and their
    separation (`5.4` is not `54`), `+`, `&` as `and`, the letters of every script.

    Returns:
        Words separated by one space; empty if the text has no letter or digit.
    """
    text = _UNSEEN.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = text.casefold().translate(_SPELT)
    if not text.isascii():
        text = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFKD", text)))
    if "." in text or "/" in text:
        text = _INITIALS.sub(lambda initials: _INITIALS_DOTS.sub("", initials[0]), text)
    if text.isascii():
        return _ASCII_GAPS.sub(" ", text).strip()
    return " ".join("".join(letter if _is_part_of_a_word(letter) else " " for letter in text).split())


def _is_part_of_a_word(letter: str) -> bool:
    return letter.isalnum() or unicodedata.category(letter).startswith("M")


_NO_CODE = frozenset({"", "0", "na", "none", "null", "tbd", "unknown", "default", "test"})


def plain_code(text: str) -> str:
    """An identifier as it is compared: without case and outer spaces; empty for what stands for "none" (`n/a`)."""
    code = unicodedata.normalize("NFKC", text).strip().casefold()
    return "" if bare_code(code) in _NO_CODE else code


def bare_code(text: str) -> str:
    """An identifier's letters and digits only: `CFQ7-TTC0` and `cfq7ttc0` are one."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def numbers_of(words: frozenset[str]) -> frozenset[str]:
    """The words that tell near-twins apart: those with a digit, and single letters (`54`, `e3`, `b`)."""
    return frozenset(word for word in words if len(word) == 1 or not word.isalpha())
