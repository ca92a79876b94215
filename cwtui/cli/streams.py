"""Standard streams that may be closed, full or without a reader: work goes on, the failure is reported at the end.

Rule: hands.md#output-is-a-write-too.
"""

from __future__ import annotations

import errno
import io
import os
import sys

TYPE_CHECKING = False  # `typing` is not loaded for `--version`
if TYPE_CHECKING:
    from typing import TextIO

    from _typeshed import ReadableBuffer

_STANDARD = (0, 1, 2)


class CarefulOutput(io.RawIOBase):
    """A file descriptor whose failures are kept instead of raised.

    Attributes:
        error: The first failure; None while everything was written.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.error: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        """Write everything; what cannot be written is dropped, and `error` keeps the reason."""
        rest = memoryview(data).cast("B")
        length = len(rest)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            self.error = self.error or error
        return length

    def writable(self) -> bool:
        """It is for writing."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """It is a terminal."""
        return os.isatty(self._descriptor)


def guard() -> None:
    """Make the standard streams of this process safe, before anything else opens a file.

    The system would give a closed descriptor to the next file that is opened, such as the journal; so a closed one is
    opened on the null device first.
    """
    for descriptor in _STANDARD:
        try:
            os.fstat(descriptor)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout, sys.stderr = _careful(sys.stdout, 1), _careful(sys.stderr, 2)


def _careful(stream: TextIO | None, descriptor: int) -> TextIO:
    encoding = stream.encoding if stream is not None else "utf-8"
    raw = io.BufferedWriter(CarefulOutput(descriptor))
    return io.TextIOWrapper(raw, encoding, errors="backslashreplace", write_through=True)


def unwritten() -> str:
    """Why a part of the answer could not be written; empty if all of it was."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    error = raw.error if isinstance(raw, CarefulOutput) else None
    if error is None:
        return ""
    why = "nobody reads it any more" if error.errno == errno.EPIPE else error.strerror or str(error)
    return f"The answer could not be written to its end: {why}. What was done is recorded. Ask again for the answer."
