"""Text from outside, made safe to show: nothing in it can move a cursor, hide, or reverse what follows.

Rule: commands.md#outside-text.
"""

from __future__ import annotations

import re
import unicodedata

# Line ends are stored as spaces there, other control characters are not supported in its JSON.
_CONTROL = re.compile(r"\r\n|[\x00-\x1f\x7f]")
_KEPT = frozenset("\u00a0\u200c\u200d")  # no-break space and the joiners that emoji and Persian are written with
_WIDE = frozenset("WF")
_ELLIPSIS = "…"


def plain_text(text: object, width: int | None = None) -> str:
    """One line of text without control characters, escape sequences, bidirectional overrides or line breaks.

    Args:
        text: Anything a service or a file said.
        width: Terminal columns it may take; longer text ends in `…`. None for no limit.

    Returns:
        The same text where it was harmless; each harmful character made visible (`␛`, `␊`, `<U+202E>`).
    """
    line = str(text)
    if not line.isprintable():
        line = "".join(map(_visible, line))
    return line if width is None else _shortened(line, width)


def stored_text(text: str) -> str:
    """The text as ConnectWise stores it, so that what is planned compares equal with what comes back."""
    return _CONTROL.sub(" ", text)


def _visible(char: str) -> str:
    if char in _KEPT or char.isprintable():
        return char
    code = ord(char)
    if code < ord(" "):
        return chr(0x2400 + code)  # the control pictures: ␀ … ␟
    if code == 0x7F:  # noqa: PLR2004  # DEL is the one control character that does not stand with the others
        return "␡"
    return " " if unicodedata.category(char) == "Zs" else f"<U+{code:04X}>"


def columns(text: str) -> int:
    """How many terminal columns a plain text takes."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def _columns_of(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in _WIDE else 1


def _shortened(line: str, width: int) -> str:
    if columns(line) <= width:
        return line
    kept, used = "", 0
    for char in line:
        used += _columns_of(char)
        if used > width - 1:
            break
        kept += char
    return kept + _ELLIPSIS if width > 0 else ""
