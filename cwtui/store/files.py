"""Writes files so that a kill at any moment leaves the old one or the new one, never a part."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from cwtui.domain.errors import StateError

PRIVATE, SHARED = 0o600, 0o660
_GROUP = 0o060
sync_data = getattr(os, "fdatasync", os.fsync)
"""Flush a file's bytes and length; where the system cannot leave out the rest (macOS), everything."""


def beside(path: Path, suffix: str) -> Path:
    """The file of that suffix beside a state file: `state.json` → `state.json.journal`."""
    return path.with_name(path.name + suffix)


def open_private(path: Path, flags: int) -> int:
    """Open a file for this user alone, from its first moment and under any umask.

    Returns:
        A file descriptor; an existing file keeps its mode.

    Raises:
        OSError: As `os.open` does.
    """
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    except FileExistsError:
        return os.open(path, flags | os.O_CLOEXEC, PRIVATE)
    os.fchmod(descriptor, PRIVATE)  # an umask may have taken the owner's own rights
    return descriptor


def open_like(path: Path, flags: int, state: Path) -> int:
    """Open a file beside a state; a new one gets the state's readers: its owner, or its group as well.

    Raises:
        OSError: As `os.open` does.
    """
    try:
        return os.open(path, flags | os.O_CLOEXEC)
    except FileNotFoundError:
        descriptor = open_private(path, flags)
        share_like(descriptor, state)
        return descriptor


def share_like(descriptor: int, state: Path) -> None:
    """Open a file that was just made to the group, if the state is shared with one.

    Raises:
        OSError: The system does not let us.
    """
    try:
        there = state.stat()
    except FileNotFoundError:
        return
    if there.st_mode & _GROUP == _GROUP:
        if os.fstat(descriptor).st_gid != there.st_gid:
            os.fchown(descriptor, -1, there.st_gid)
        os.fchmod(descriptor, SHARED)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte; the usual case is one system call."""
    written = os.write(descriptor, data)
    while written < len(data):  # a nearly full disk or more than 2 GiB: the rest fails loudly or follows
        written += os.write(descriptor, memoryview(data)[written:])


def sync_folder(folder: Path) -> None:
    """Make the renames and creations of a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, chunks: Iterable[bytes], *, sibling: str = ".new") -> None:
    """Replace a file as a whole: write a sibling, sync it, rename it over the old one, sync the folder.

    Args:
        path: The file; it need not exist.
        chunks: Its new bytes; one chunk is in memory at a time.
        sibling: Suffix of the file written first. Writers that hold no lock need one of their own.

    Raises:
        StateError: The disk refused; the old file is as it was.
    """
    new = beside(path, sibling)
    try:
        new.unlink(missing_ok=True)  # left by a process that was killed here; its mode may be anything
        descriptor = open_private(new, os.O_WRONLY)
        try:
            share_like(descriptor, path)
            for chunk in chunks:
                write_all(descriptor, chunk)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        new.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise StateError(
            f"The file {path} could not be written: {error.strerror or error}.",
            changed="It was left as it was.",
            next_step="Free disk space or correct the folder's permissions, then start again.",
        ) from error


def keep_previous(path: Path, previous: Path) -> None:
    """Give the present file a second name, so that it outlives its replacement. Costs no copy where links exist.

    Raises:
        StateError: The disk refused; both files are as they were.
    """
    link = beside(previous, ".new")
    try:
        if previous.exists() and previous.samefile(path):
            return  # a process was killed between this step and the replacement
        link.unlink(missing_ok=True)
        link.hardlink_to(path)
        link.replace(previous)
    except OSError:  # no hard links on this file system
        write_atomically(previous, [read_bytes(path) or b""])


def read_bytes(path: Path) -> bytes | None:
    """The bytes of a file, or None where there is none.

    Raises:
        StateError: It is there and cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(
            f"The file {path} cannot be read: {error.strerror or error}.",
            next_step="Correct its permissions, or name another state file with --state.",
        ) from error
