"""Opens a state: checks its path, its owner, and the files that belong to it."""

from __future__ import annotations

import errno
import grp
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from cwtui.domain.errors import StateError
from cwtui.store.author import Author, this_author
from cwtui.store.documents import Documents
from cwtui.store.file_log import FileLog
from cwtui.store.files import PRIVATE, SHARED, beside
from cwtui.store.leases import FileLeases

_UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}
_SUFFIXES = ("", ".journal", ".journal.1", ".bak", ".lock", ".leases")
_SHARED_FOLDER = 0o2770
_GROUP, _GROUP_WRITES, _OTHERS = 0o070, 0o060, 0o007
_ELSEWHERE = "Name another state file with --state."


def open_documents(
    path: Path,
    *,
    read_only: bool = False,
    read_only_ok: bool = False,
    author: Author | None = None,
    group: str | None = None,
) -> Documents:
    """Open a state file, or begin a new one.

    Args:
        path: The state file; its folder is made if need be.
        read_only: Write nothing, whatever is asked.
        read_only_ok: A state that this user may not write is opened for reading only.
        author: Who signs what is written; the person at this process, if not given.
        group: The group of users that share it.

    Raises:
        StateError: The state is damaged or from a newer version (it is kept, and what is left is offered); something
            else stands at the path; it may not be read, or not be written.
    """
    path = checked_path(path)
    author = this_author() if author is None else author
    with ExitStack() as undo:
        log = FileLog(path, author, is_read_only=read_only)
        undo.callback(log.close)
        if not read_only:
            log.is_read_only = not _made_ready(path, log, group, read_only_ok=read_only_ok)
        documents = Documents(log, FileLeases(path, author), is_read_only=log.is_read_only)
        documents.only_reads = read_only_ok
        documents.notices += _notices(path, group)
        undo.pop_all()
    return documents


def checked_path(path: Path) -> Path:
    """The real path of a state, which may not exist yet.

    Raises:
        StateError: What stands there can be no state file (a device, a pipe, a folder), or no file can be named so.
    """
    try:
        found = path.expanduser().resolve()
        mode = _mode(found)
        _mode(beside(found, ".recovered.json.00000000.new"))  # the longest name beside it
    except (OSError, RuntimeError, ValueError) as error:  # too long, a loop of links, a NUL
        why = getattr(error, "strerror", None) or str(error)
        raise StateError(f"{str(path)!r:.200} cannot be a state file: {why}.", next_step=_ELSEWHERE) from error
    if mode is not None and not stat.S_ISREG(mode):
        raise StateError(f"{found} cannot be a state file: it is {_kind(mode)}.", next_step=_ELSEWHERE)
    return found


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return None  # opening it says so in full


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((name for is_kind, name in kinds if is_kind(mode)), "a device")


def _made_ready(path: Path, log: FileLog, group: str | None, *, read_only_ok: bool) -> bool:
    """Make folder, lock and state where they are missing; False where this user may only read."""
    gid = None if group is None else _group_id(group)
    try:
        _make_folder(path.parent, gid)
        log.open_lock()
        _refuse_unwritable(path)
    except OSError as error:
        if read_only_ok and error.errno in _UNWRITABLE and path.exists():
            return False
        if not path.parent.is_dir():
            raise StateError(
                f"The folder {path.parent} could not be made: {error.strerror or error}.",
                next_step="Correct the permissions, or name another state file with --state.",
            ) from error
        raise StateError(
            f"The state {path} may not be written by this user: {error.strerror or error}.",
            next_step="Correct the permissions of it and of the files and the folder it is in, or name another state"
            " file with --state.",
        ) from error
    log.begin(SHARED if gid is not None else PRIVATE, gid)
    return True


def _refuse_unwritable(path: Path) -> None:
    """The state and its journal, where they are, and the folder, which files are renamed in."""
    for place in (path.parent, path, beside(path, ".journal")):
        if place.exists() and not os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))


def _make_folder(folder: Path, gid: int | None) -> None:
    if folder.is_dir():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if gid is not None:
        os.chown(folder, -1, gid)
        folder.chmod(_SHARED_FOLDER)


def _group_id(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise StateError(
            f"There is no group {group!r} on this machine, which state.group names.",
            next_step="Create it and add its members, or correct state.group.",
        ) from None


def _notices(path: Path, group: str | None) -> Iterator[str]:
    """Notices of files that other users may open than those the state is meant for."""
    gid = None if group is None else _group_id(group)
    yield from _folder_notices(path.parent, group, gid)
    for suffix in _SUFFIXES:
        file = beside(path, suffix)
        try:
            found = file.stat()
        except OSError:
            continue
        mode = stat.S_IMODE(found.st_mode)
        if mode & _OTHERS:
            yield f"{file} may be opened by every user of this machine (mode {mode:04o}): chmod o= it."
        elif gid is None and mode & _GROUP and mode & _GROUP_WRITES != _GROUP_WRITES:
            yield f"{file} may be read by its group, but not written (mode {mode:04o}): chmod 600 it, or 660."
        elif gid is not None and found.st_gid != gid:
            yield f"{file} does not belong to the group {group}, so that others of it cannot work: chgrp {group} it."
        elif gid is not None and mode & _GROUP_WRITES != _GROUP_WRITES:
            yield f"{file} is closed to the group {group} (mode {mode:04o}): chmod 660 it."


def _folder_notices(folder: Path, group: str | None, gid: int | None) -> Iterator[str]:
    """Whoever may write in the folder can put another state in the place of this one, whatever the files' modes."""
    try:
        found = folder.stat()
    except OSError:
        return
    mode = stat.S_IMODE(found.st_mode)
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        yield f"Every user of this machine may replace files in {folder} (mode {mode:04o}): chmod o= it."
    elif gid is not None and found.st_gid != gid:
        yield f"{folder} does not belong to the group {group}, so that others of it cannot work: chgrp {group} it."
    elif gid is not None and mode & stat.S_IRWXG != stat.S_IRWXG:
        yield f"{folder} is closed to the group {group} (mode {mode:04o}): chmod 2770 it."
