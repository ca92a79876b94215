"""Text files as people save them: whatever encoding a spreadsheet or a portal chose."""

from __future__ import annotations

import re
from pathlib import Path

from cwtui.domain.errors import InputError

LARGEST_FILE = 50 * 1024 * 1024
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_FEW_BYTES = 400
_WORD = re.compile(r"[^\W\d_]+")
_SIGN_IN_WORD = re.compile(r"[¢£¤¥¦¨¬¯±²³´¶¸¹¼½¾][^\W\d_]")
"""What letters of other encodings look like in Windows' own: `Spó³ka`."""
_TOO_FEW = 2
"""So few bytes are one character of a script of many bytes, at most: no evidence of it."""


def read_text(path: Path, what: str) -> str:
    """Read a whole text file: UTF-8 if it is that, UTF-16 if it looks like it, else the likeliest encoding.

    Args:
        path: The file.
        what: What it should hold, for errors: `mappings`, `accounts`.

    Raises:
        InputError: It cannot be read, is larger than 50 MB, or is no text.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise InputError(
            f"The file {path} cannot be read: {error.strerror}.", next_step="Check its name and permissions."
        ) from error
    if len(raw) > LARGEST_FILE:
        raise InputError(f"The file {path} is larger than 50 MB.", next_step=f"Import a file of {what}.")
    text = decoded(raw)
    if text is None:
        raise InputError(f"The file {path} is not text.", next_step="Save it as CSV in UTF-8.")
    return text


def decoded(raw: bytes) -> str | None:
    """The text of a file's bytes; None if they are none."""
    if raw.startswith(_UTF_16):
        return raw.decode("utf-16", errors="replace")
    if unmarked := _unmarked_utf_16(raw):
        return raw.decode(unmarked, errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        western = _western(raw)
    if western:
        return western
    from charset_normalizer import from_bytes  # noqa: PLC0415  # only for files of other encodings

    best = from_bytes(raw).best()
    return None if best is None else str(best)


def _western(raw: bytes) -> str:
    """The text as Windows' own encoding has it, if that reads like words; empty if it does not.

    A few accented letters fit dozens of encodings alike, and no guess by statistics tells them apart. But in Western
    words most letters are plain ones, where in other scripts hardly any is.
    """
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        return ""
    if any(char < " " and char not in "\t\r\n\f" for char in text) or _SIGN_IN_WORD.search(text):
        return ""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    accented = sum(not letter.isascii() for word in words for letter in word)
    return text if accented <= _TOO_FEW or accented * 2 <= sum(map(len, words)) else ""


def _unmarked_utf_16(raw: bytes) -> str:
    """The byte order of UTF-16 without its mark, told by where the zeros of ASCII letters stand."""
    head = raw[:_FEW_BYTES]
    half = len(head) // 2
    if half and head[1::2].count(0) > half * 0.7 and not head[::2].count(0):
        return "utf-16-le"
    return "utf-16-be" if half and head[::2].count(0) > half * 0.7 and not head[1::2].count(0) else ""
