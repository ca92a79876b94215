"""Cells of spreadsheets: reads what a spreadsheet did to a text, and writes texts so that none is computed."""

from __future__ import annotations

import re
from functools import lru_cache

# The signs that begin a formula, in ASCII and full width; an apostrophe in front escapes them.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_TEXT_FORMULA = re.compile(r'="([^"]*)"')
_ALL_QUOTED = re.compile(r'"([^"]*)"')
_FORCED_TEXT = re.compile(r"'(?=[A-Z0-9=+\-@])")
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_ERROR = re.compile(
    r"#(?:N/A|NV|REF!|BEZUG!|VALUE!|WERT!|VALEUR!|NAME\?|NOM\?|DIV/0!|NUM!|ZAHL!|NOMBRE!|NULL!|NUL!|SPILL!|CALC!"
    r"|FIELD!|BLOCKED!|CONNECT!|UNKNOWN!|GETTING_DATA|#+)",
    re.IGNORECASE,
)
_SHORTENED = re.compile(r"[+-]?\d+(?:[.,]\d+)?E[+-]\d+", re.IGNORECASE)
_QUOTED = re.compile(r'(?<!\S)"[^"]+"(?![^\s,;.)])')
_TOTAL = re.compile(
    r"(?:(?:(?:grand|sub|report|overall)[ -]?)?totals?|(?:gesamt|zwischen)?summe|gesamt|somme|totale|suma|totaal):?",
    re.IGNORECASE,
)


def safe_cell(text: str) -> str:
    """The text, after an apostrophe if a spreadsheet would compute it; plain numbers such as -4.50 stay."""
    return f"'{text}" if _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text) else text


def original_cell(text: str) -> str:
    """The text that `safe_cell` was given: removes the apostrophe that `safe_cell` would have added."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def undamaged(text: str) -> str:
    """The text a cell was given before a spreadsheet dressed it: `="001"`, `'001`, invisible signs, other blanks."""
    text = text.strip() if text.isascii() else _BLANKS.sub(" ", _INVISIBLE.sub("", text)).strip()
    if text[:1] not in {"=", "'", '"'}:
        return text
    if said := _ALL_QUOTED.fullmatch(text):
        return said[1].strip()
    if said := _TEXT_FORMULA.fullmatch(text):
        return said[1].strip()
    return _FORCED_TEXT.sub("", text, count=1) if text.startswith("'") else text


@lru_cache(4096)
def damage(text: str) -> str:
    """Why the original name cannot be recovered from a cell, in words; empty if it can."""
    if _ERROR.fullmatch(text):
        return "is a spreadsheet's error"
    if _SHORTENED.fullmatch(text):
        return "was shortened by a spreadsheet, so its last digits are not known"
    if '"' in _QUOTED.sub("", text):
        return "has a stray quotation mark"
    return ""


@lru_cache(4096)
def is_total(text: str) -> bool:
    """The text heads a line of totals."""
    return bool(_TOTAL.fullmatch(text))
