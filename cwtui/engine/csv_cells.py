"""CSV cells that a spreadsheet does not take for formulas, and back again (commands.md#outside-text)."""

from __future__ import annotations

import re

# What a spreadsheet starts a formula with, in ASCII and full width; an apostrophe in front is what escapes it.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def safe_cell(text: str) -> str:
    """The text, after an apostrophe if a spreadsheet would compute it; plain numbers such as -4.50 stay."""
    return f"'{text}" if _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text) else text


def original_cell(text: str) -> str:
    """What `safe_cell` was given: it takes one apostrophe away where it would have put one."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
