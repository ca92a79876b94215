"""The working set: every document of a state in memory, journalled as it changes, folded into the file in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cwtui.domain.errors import StateError, StateLocked
from cwtui.store.files import beside, keep_previous
from cwtui.store.journal import Journal, Op, Segment, apply, read_segment, records_after
from cwtui.store.layout import VERSION, Content, NotAState
from cwtui.store.lock import StateLock
from cwtui.store.migrations import migrated
from cwtui.store.recovery import damaged, keep_older, newer
from cwtui.store.storage import AtomicStorage
from cwtui.store.table import Document, Table, same_document

if TYPE_CHECKING:
    from cwtui.store.shared_flush import SharedFlush

_LEAST_FOLD = 4 * 1024 * 1024
"""Bytes of journal below which a run does not stop to fold; beyond, a quarter of the file, so folding stays rare."""
_READ_TRIES = 5


class Documents:
    """All tables of one state file. Not for use by several threads at once.

    Attributes:
        path: The state file.
        lock: Held while this process may write; None when it only reads.
        before_fold: Asked for documents that need not be kept any longer.
    """

    def __init__(self, path: Path, content: Content, journal: Journal, lock: StateLock | None, *, stale: bool) -> None:
        self.path, self.lock = path, lock
        self.before_fold: Callable[[], Iterable[Op]] = tuple
        self._content, self._journal, self._stale = content, journal, stale
        self._storage = AtomicStorage(path)
        self._pending: list[Op] = []
        self._undo: list[tuple[str, str, bytes | None]] = []
        self._depth = self._grouped = 0
        self._shared: SharedFlush | None = None
        self._is_open = True
        self.fold_after = self._fold_bound()

    @property
    def is_read_only(self) -> bool:
        """This process does not hold the lock."""
        return self.lock is None

    @property
    def seq(self) -> int:
        """Number of the last journal record."""
        return self._journal.seq

    def table(self, name: str) -> Table:
        """A table by name."""
        return self._content.table(name)

    def task_documents(self) -> Iterable[Document]:
        """Every task as it stands in the file, without making it."""
        return self.table("tasks").documents()

    def commit(self, ops: Iterable[Op], *, at_once: bool = False) -> None:
        """Put and drop documents: on disk when this returns, or at the end of the surrounding batch.

        Args:
            ops: What to put and drop; what is so already costs nothing.
            at_once: Do not wait for the end of a batch, nor stop to fold.

        Raises:
            StateLocked: Opened read-only.
            StateError: The disk refused; memory and disk are as they were.
        """
        self._require_lock()
        for table_name, key, document in ops:
            table = self.table(table_name)
            if document is None:
                if key not in table:
                    continue
                old = table.drop(key)
            elif same_document(table.rows.get(key), document):
                continue
            else:
                old = table.put(key, document)
            self._pending.append((table_name, key, document))
            self._undo.append((table_name, key, old))
        if at_once:
            self._flush()
        elif not self._depth:
            self._flush()
            self._fold_if_due()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Collect the commits of a block into one durable record, also of a block that fails: they happened."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                self._flush()
                self._fold_if_due()

    @contextmanager
    def grouped(self) -> Iterator[None]:
        """Within this block commits are only appended when they return: a flush they share with others follows.

        Whoever depends on one waits for `flushed`.

        Raises:
            StateError: The disk refused; what was noted last may be lost with the machine.
        """
        if self._shared is None:
            from cwtui.store.shared_flush import SharedFlush  # noqa: PLC0415  # loads asyncio, which a list needs not

            self._shared = SharedFlush(self._journal.flush)
        self._grouped += 1
        try:
            yield
        finally:
            self._grouped -= 1
        if not self._grouped:
            self._journal.flush()

    async def flushed(self) -> None:
        """Wait until everything committed so far is on the disk.

        Raises:
            StateError: The disk refused; what was noted last may be lost with the machine.
        """
        if not self._journal.is_flushed and self._shared is not None:
            await self._shared.done()

    def _require_lock(self) -> None:
        if self.lock is None:
            raise StateLocked(
                f"The state {self.path} is open for reading only.",
                next_step="Close the other cwtui that works on it, then start again.",
            )
        if not self._is_open:
            raise StateError(f"The state {self.path} is closed.", next_step="Start again; report this as a bug.")

    def _flush(self) -> None:
        if not self._pending:
            return
        before = self._journal.seq
        try:
            self._journal.append(self._pending, flushed=not self._grouped)
            if self._grouped and self._shared is not None:
                self._shared.begin()
        finally:
            if self._journal.seq == before:
                for table, key, row in reversed(self._undo):
                    self.table(table).restore(key, row)
            self._pending, self._undo = [], []

    def _fold_if_due(self) -> None:
        if self._journal.length <= self.fold_after:
            return
        try:
            self.fold()
        except StateError:
            # Every fact is safe in the journal, so the save that came by did succeed. Closing folds again, and raises.
            self.fold_after *= 2

    def _fold_bound(self) -> int:
        size = self.path.stat().st_size if self.path.exists() else 0
        return max(_LEAST_FOLD, size // 4)

    def fold(self) -> None:
        """Fold the journal into the file, in the steps that `recovery` gives the reasons for.

        Raises:
            StateError: The disk refused; file and journal still make up the whole state.
        """
        self._require_lock()
        self._drop_unneeded()
        if self.path.exists():
            keep_previous(self.path, beside(self.path, ".bak"))
        self._content.folded = self._journal.seq
        self._storage.replace(self._content)
        self._journal.rotate()
        self._stale = False
        self.fold_after = self._fold_bound()

    def _drop_unneeded(self) -> None:
        self._depth += 1  # no fold within the fold
        try:
            self.commit(self.before_fold())
        finally:
            self._depth -= 1
        self._flush()

    def close(self) -> None:
        """Fold what the journal holds and let the lock go, even if folding fails. A second call does nothing.

        Raises:
            StateError: The disk refused; file and journal still make up the whole state.
        """
        if not self._is_open:
            return
        try:
            if self.lock is not None:
                self._flush()
                if self._stale or self._journal.length:
                    self.fold()
        finally:
            self._is_open = False
            self._journal.close()
            if self.lock is not None:
                self.lock.release()


def open_documents(path: Path, *, read_only: bool = False, read_only_ok: bool = False) -> Documents:
    """Open a state file, or begin a new one.

    Args:
        path: The state file; its folder is made if need be.
        read_only: Do not try for the lock, and write nothing.
        read_only_ok: Open for reading if another process holds the lock.

    Raises:
        StateLocked: Another process holds the lock; says which.
        StateError: The state is damaged or from a newer version; it is kept, and what is left is offered.
    """
    path = path.expanduser().resolve()
    with ExitStack() as undo:
        lock = None if read_only else _locked(path, read_only_ok=read_only_ok)
        if lock is not None:
            undo.callback(lock.release)
        content, segment, older = _load(path, is_alone=lock is not None)
        journal = Journal(path, seq=content.folded, length=segment.good_length)
        documents = Documents(path, content, journal, lock, stale=older is not None)
        if lock is not None and older is not None:
            keep_older(path, older)
        if lock is not None and segment.length > segment.good_length:
            journal.cut_tail()
        if lock is not None and not (path.exists() and path.stat().st_size):
            AtomicStorage(path).replace(content)
        undo.pop_all()
    return documents


def _locked(path: Path, *, read_only_ok: bool) -> StateLock | None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(
            f"The folder {path.parent} could not be made: {error.strerror or error}.",
            next_step="Correct the permissions, or name another state file with --state.",
        ) from error
    lock = StateLock(path)
    try:
        lock.acquire()
    except StateLocked:
        if not read_only_ok:
            raise
        return None
    return lock


def _load(path: Path, *, is_alone: bool) -> tuple[Content, Segment, Content | None]:
    """File and journal; what an older version had made up of them last, where the file is still its.

    Without the lock, another process may fold between two looks: then look again.
    """
    tries = 1 if is_alone else _READ_TRIES
    while True:
        tries -= 1
        try:
            return _read(path)
        except (NotAState, LookupError) as error:
            if not tries:
                raise damaged(path, str(error)) from error


def _read(path: Path) -> tuple[Content, Segment, Content | None]:
    content = AtomicStorage(path).load()
    segment = read_segment(beside(path, ".journal"))
    if content is None:
        if segment.length or beside(path, ".bak").exists():
            raise NotAState("the file is missing or empty, but there is a journal or an earlier state of it")
        content = Content()
    if segment.damaged:
        lines = ", ".join(str(number) for number in segment.damaged)
        raise NotAState(f"its journal {beside(path, '.journal')} is altered in line {lines}, before its end")
    older = content if content.version < VERSION else None
    _check(path, content.version)
    segments = [segment]
    if segment.records and segment.records[0].seq > content.folded + 1:
        segments.insert(0, read_segment(beside(path, ".journal.1")))  # an earlier state was put back
    for record in records_after(content.folded, segments):
        _check(path, record.version)
        content = migrated(content, to=record.version)
        apply(record, content)
        content.folded = record.seq
        older = content if content.version < VERSION else older
    return migrated(content), segment, older


def _check(path: Path, version: int) -> None:
    if version > VERSION:
        raise newer(path, version)
