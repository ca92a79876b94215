r"""The one place where text from outside enters the screen (commands.md#outside-text).

Characters that a terminal would obey, hide or reorder become visible: `\x1b[31m` is shown as `␛[31m`, a line
break as `↵`, a right-to-left override as `�`. Characters whose width terminals disagree about (joined emoji, flags,
variation selectors, filler letters) are replaced by ones they agree about, so that no row breaks the layout.
Nothing here is ever read as markup: strings become `Text` or `Content` objects, which are not parsed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from rich.cells import cell_len, get_character_cell_size, set_cell_size
from rich.text import Text
from textual.content import Content

LINE_LIMIT = 500
"""Characters of one line of outside text that are shown where nobody asks for more or less."""
BLOCK_LIMIT = 20_000
"""Characters of one block of outside text (an error's full explanation) that are shown."""
ELLIPSIS = "…"
UNSEEN = "�"
"""Stands for a character that cannot be shown: it would reorder the line, or has no agreed form or width."""
LINE_BREAK = "↵"
TAB = "⇥"

_MARKS_IN_A_ROW = 3
"""Combining marks kept on one letter; more than any living script stacks, less than climbs over other rows."""
_READ_AHEAD = 4
"""Times the limit that is looked at: characters may vanish, but 10,000 of them are not worth the time."""
_REMEMBERED = 4096
_FIRST_REGIONAL_INDICATOR, _LAST_REGIONAL_INDICATOR = 0x1F1E6, 0x1F1FF
_NEW_EMOJI = range(0x1F000, 0x1FB00)
"""Code points without a name yet in this Python's Unicode, that terminals may know already."""
_SHOWN_BY_CATEGORY = {
    "Zl": LINE_BREAK,
    "Zp": LINE_BREAK,
    "Zs": " ",
    "Cf": UNSEEN,
    "Cs": UNSEEN,
    "Co": UNSEEN,
    "Cn": UNSEEN,
}
_VANISHING = frozenset(
    [
        0x00AD,  # soft hyphen
        0x034F,  # combining grapheme joiner
        0x061C,  # Arabic letter mark
        0x115F,  # Hangul fillers
        0x1160,
        0x17B4,  # Khmer inherent vowels
        0x17B5,
        0x200B,  # zero-width space, non-joiner, joiner, left-to-right and right-to-left mark
        0x200C,
        0x200D,
        0x200E,
        0x200F,
        0x20E3,  # enclosing keycap
        0x2060,  # word joiner and invisible operators
        0x2061,
        0x2062,
        0x2063,
        0x2064,
        0x3164,  # Hangul filler
        0xFEFF,  # byte order mark
        0xFFA0,  # half-width Hangul filler
        *range(0x180B, 0x1810),  # Mongolian variation selectors
        *range(0xFE00, 0xFE10),  # variation selectors
        *range(0x1F3FB, 0x1F400),  # skin tones
        *range(0xE0000, 0xE1000),  # tags and more variation selectors
    ]
)
_VISIBLE_FORMAT = frozenset([*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD])
"""Format characters that are drawn: Arabic, Syriac and Kaithi number signs."""


class _Visible(dict[int, str]):
    """What each code point is shown as, found out when it is first met; `str.translate` asks at the speed of C."""

    def __missing__(self, code: int) -> str:
        shown = _shown(code)
        if len(self) < _REMEMBERED:  # a feed of every character there is must not fill the memory
            self[code] = shown
        return shown


_VISIBLE = _Visible()


def clean(text: str, limit: int = LINE_LIMIT) -> str:
    """One harmless line of outside text.

    Args:
        text: As it came: any string at all.
        limit: The most characters to return; a cut is shown by `…`.

    Returns:
        At most `limit` characters, none of which a terminal obeys, hides or reorders others by. The same again
        for what this returned.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    ahead = text[: limit * _READ_AHEAD]
    shown = _few_marks(unicodedata.normalize("NFC", ahead.replace("\r\n", "\n").translate(_VISIBLE)))
    if text and not shown:
        return UNSEEN
    if len(shown) <= limit and len(ahead) == len(text):
        return shown
    return shown[: limit - 1] + ELLIPSIS


def clean_lines(text: str, limit: int = BLOCK_LIMIT) -> list[str]:
    """A block of outside text whose line breaks are meant (an error's explanation), line by line."""
    kept = text[:limit]
    lines = [clean(line, limit) for line in kept.replace("\r\n", "\n").replace("\t", "    ").split("\n")]
    if len(kept) < len(text):
        lines.append(ELLIPSIS)
    return lines


def plain(text: str, style: str = "", limit: int = LINE_LIMIT) -> Text:
    """A line of outside text for a table's cell or a list; never markup."""
    return Text(clean(text, limit), style=style, no_wrap=True, end="")


def content(text: str, style: str = "", limit: int = LINE_LIMIT) -> Content:
    """A line of outside text for a `Static`, a label or a title; never markup."""
    return Content.styled(clean(text, limit), style) if text else Content("")


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Text that fills exactly `width` cells: padded, or cut with `…`.

    Args:
        text: Already clean.
        width: Cells, not characters; 0 or less gives an empty text.
        right: Put the padding on the left, as for numbers.
    """
    if width <= 0:
        return ""
    taken = len(text) if text.isascii() else cell_len(text)
    if taken > width:
        return set_cell_size(text, width - 1) + ELLIPSIS
    padding = " " * (width - taken)
    return padding + text if right else text + padding


def wrap(text: str, width: int) -> list[str]:
    """Break a clean line into lines of at most `width` cells, at spaces where there are any.

    Args:
        text: Already clean.
        width: Cells, at least 2 (a wide character must fit).
    """
    if len(text) * 2 <= width or cell_len(text) <= width:
        return [text]
    return list(_wrapped(text, max(width, 2)))


def _wrapped(text: str, width: int) -> Iterator[str]:
    """One pass over the text, whatever its length: hostile lines are the long ones."""
    start = taken = 0
    space = -1  # the last place where this line could be broken
    since_space = 0  # cells after it
    for position, character in enumerate(text):
        size = get_character_cell_size(character)
        if character == " ":
            space, since_space = position, -size
        if taken + size > width:
            if space > start:
                yield text[start:space]
                start, taken = space + 1, since_space
            else:
                yield text[start:position]
                start, taken = position, 0
            space, since_space = -1, 0
        taken += size
        since_space += size
    yield text[start:]


def _shown(code: int) -> str:
    """What a single character is shown as."""
    character = chr(code)
    if code in _VANISHING:
        return ""
    if _FIRST_REGIONAL_INDICATOR <= code <= _LAST_REGIONAL_INDICATOR:
        return chr(ord("A") + code - _FIRST_REGIONAL_INDICATOR)
    category = unicodedata.category(character)
    if category == "Cc":
        return _shown_control(code)
    if code in _VISIBLE_FORMAT or (category == "Cn" and code in _NEW_EMOJI):
        return character
    return _SHOWN_BY_CATEGORY.get(category, character)


def _shown_control(code: int) -> str:
    match code:
        case 0x0A | 0x0B | 0x0C | 0x85:
            return LINE_BREAK
        case 0x09:
            return TAB
        case 0x7F:
            return "␡"
        case _ if code < ord(" "):
            return chr(0x2400 + code)
        case _:
            return UNSEEN


def _few_marks(text: str) -> str:
    """Text with no more marks on a letter than it can carry, and none without a letter."""
    if text.isascii():
        return text
    kept: list[str] = []
    in_a_row = 0
    for character in text:
        is_mark = get_character_cell_size(character) == 0  # takes no cell of its own: drawn on the one before
        in_a_row = in_a_row + 1 if is_mark else 0
        if is_mark and not kept:
            kept.append("◌")
        if in_a_row <= _MARKS_IN_A_ROW:
            kept.append(character)
    return "".join(kept)
