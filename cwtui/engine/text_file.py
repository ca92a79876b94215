"""Reads files as people save them: packed or not, from standard input, in any common encoding."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from cwtui.domain.errors import InputError

LARGEST_FILE = 50 * 1024 * 1024
"""Of a file that is held in memory as a whole."""
LARGEST_TABLE = 512 * 1024 * 1024
"""Of a file that is read row by row, unpacked."""
STANDARD_INPUT = Path("-")
_PIECE = 1024 * 1024
_IN_MEMORY = 8 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_FEW_BYTES = 400
_WORD = re.compile(r"[^\W\d_]+")
_SIGN_IN_WORD = re.compile(r"[¢£¤¥¦¨¬¯±²³´¶¸¹¼½¾][^\W\d_]")
"""Signs that betray another encoding read as Windows' own: `Spó³ka`."""
_TOO_FEW = 2
"""Too few bytes to be evidence: at most one character of a multi-byte script."""


def read_text(path: Path, what: str) -> str:
    """Read a whole text file: UTF-8 if it is that, UTF-16 if it looks like it, else the likeliest encoding.

    Args:
        path: The file; `-` is standard input, a `.gz` is unpacked.
        what: What it should hold, for errors: `mappings`, `accounts`.

    Raises:
        InputError: It cannot be read, is larger than 50 MB, or is no text.
    """
    with opened(path, what) as file:
        return _whole(file, path, what)


@contextmanager
def opened(path: Path, what: str) -> Iterator[IO[bytes]]:
    """Open a file's bytes, unpacked and seekable.

    Raises:
        InputError: It cannot be read, there or while it is read.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(_standard_input(what) if path == STANDARD_INPUT else path.open("rb"))
            packed = file.read(len(_GZIP)) == _GZIP
            file.seek(0)
            yield stack.enter_context(gzip.GzipFile(fileobj=file)) if packed else file  # type: ignore[arg-type]
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise InputError(
                f"The file {path} cannot be unpacked: {error}.", next_step="Download or pack it again."
            ) from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(
                f"The file {path} cannot be read: {reason}.", next_step="Check its name and permissions."
            ) from error


def _standard_input(what: str) -> IO[bytes]:
    kept = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # the caller closes it
    size = 0
    while piece := sys.stdin.buffer.read(_PIECE):
        size += len(piece)
        if size > LARGEST_TABLE:
            raise _too_large(STANDARD_INPUT, what)
        kept.write(piece)
    kept.seek(0)
    return kept


@contextmanager
def text_of(file: IO[bytes], path: Path, what: str) -> Iterator[IO[str]]:
    """The text of an open file, line ends untouched: as it is read where it is UTF-8 or UTF-16, else as a whole.

    Raises:
        InputError: It is larger than it may be, or is no text.
    """
    encoding = _streamed_encoding(file, path, what)
    file.seek(0)
    if not encoding:
        yield io.StringIO(_whole(file, path, what), newline="")
        return
    # errors: UTF-16 is not checked beforehand
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    try:
        yield text
    finally:
        text.detach()


def _streamed_encoding(file: IO[bytes], path: Path, what: str) -> str:
    """UTF-16 or UTF-8 if the whole file is that; empty for anything else."""
    head = file.read(_PIECE)
    if head.startswith(_UTF_16):
        return "utf-16"
    if unmarked := _unmarked_utf_16(head):
        return unmarked
    decoder = codecs.getincrementaldecoder("utf-8")()
    size, piece = 0, head
    try:
        while piece:
            size += len(piece)
            if size > LARGEST_TABLE:
                raise _too_large(path, what)
            decoder.decode(piece)
            piece = file.read(_PIECE)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return ""
    return "utf-8-sig"


def _whole(file: IO[bytes], path: Path, what: str) -> str:
    raw = file.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        raise _too_large(path, what)
    text = decoded(raw)
    if text is None:
        raise InputError(f"The file {path} is not text.", next_step="Save it as CSV in UTF-8, or as .xlsx.")
    return text


def _too_large(path: Path, what: str) -> InputError:
    return InputError(f"The file {path} is larger than 50 MB.", next_step=f"Import a file of {what}.")


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
