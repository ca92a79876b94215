"""Exports as files: the old one or the new one, never a part (hands.md#output-is-a-write-too)."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from cwtui.domain.errors import FileUnfinished, InputError

_UNFINISHED = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""The disk's refusals; any other says that the file was named wrongly."""


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in the place of an earlier one, or leave that one as it was.

    A device or a pipe is written to and stays what it is.

    Raises:
        FileUnfinished: The disk is full, or failed.
        InputError: No file of that name can be written.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            _replace(path.resolve(), data)
    except OSError as error:
        unfinished = error.errno in _UNFINISHED
        raise (FileUnfinished if unfinished else InputError)(
            f"The file {path} cannot be written: {error.strerror or error}.",
            changed="A file of that name is as it was.",
            next_step="Make room, or name another file." if unfinished else "Name another file.",
        ) from error


def _replace(path: Path, data: bytes) -> None:
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:200]}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
