"""The working set: every document of a state in memory, kept in step with a log that others append to as well."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from cwtui.domain.errors import Outdated, StateError, StateLocked, StateReadOnly
from cwtui.store.following import Following
from cwtui.store.layout import Content
from cwtui.store.log import Leases, Log, Op, Record
from cwtui.store.table import same_document

if TYPE_CHECKING:
    from cwtui.store.shared_flush import SharedFlush

_LEAST_FOLD = 4 * 1024 * 1024
"""Bytes of journal below which a run does not stop to fold; beyond, a quarter of the file, so folding stays rare."""
_CLOSING_PATIENCE_S = 2.0
_FEW = 64
"""Rows of a change that records of others are looked through for."""
_PLAIN = re.compile(r"[ !#-\[\]-~]+")
"""An id that JSON spells in one way only."""

T = TypeVar("T")
RowsBefore = list[tuple[str, str, bytes | None, Record | None]]
"""Table, id, the row before, and by which record of another process it was made."""


class _NotBeside(Exception):  # no error of anybody's
    """A change has to be done alone; nothing of it is left."""


class Documents(Following):
    """All tables of one state, to be changed. Not for use by several threads at once.

    Attributes:
        leases: Who works on what.
        notices: What the operator should know of the state's files, in sentences.
        only_reads: Nothing is to be written, so closing does not fold what others wrote.
        before_fold: Asked for documents that need not be kept any longer.
    """

    def __init__(self, log: Log, leases: Leases, *, is_read_only: bool) -> None:
        super().__init__(log)
        self.leases, self.is_read_only = leases, is_read_only
        self.before_fold: Callable[[], Iterable[Op]] = tuple
        self.notices: list[str] = []
        self.only_reads = False
        self._pending: list[Op] = []
        self._undo: RowsBefore = []
        self._left: list[str] | None = None
        self._depth = self._grouped = 0
        self._shared: SharedFlush | None = None
        self._is_open = True
        self._wrote = False
        self.fold_after = self._fold_bound()

    @property
    def appends_beside(self) -> bool:
        """Each record costs a trip to a server."""
        return self._log.appends_beside

    def catch_up(self) -> bool:
        """Take over what others appended, unless something is about to be appended; True where there was something.

        Raises:
            StateError: The log is damaged, or was replaced by an earlier one.
        """
        return self._is_open and not self._pending and super().catch_up()

    # changes

    def commit(self, ops: Sequence[Op] | Callable[[], Iterable[Op]]) -> None:
        """Put and drop documents: on disk when this returns, or at the end of the surrounding batch.

        Args:
            ops: What to put and drop; an unchanged document costs nothing. A generator is read as `change` reads one.

        Raises:
            StateReadOnly: This state may not be written.
            StateError: The disk refused; memory and disk are as they were.
        """
        self.change(lambda: self._put(ops() if callable(ops) else ops))

    def change(self, work: Callable[[], T], *, about: Iterable[bytes] = (), at_once: bool = False) -> T:
        """Do what commits something, as within `alone`: it becomes one durable record.

        Where each turn with the log costs trips to a server, it is done first on what is known here, and appended
        behind what others appended meanwhile. It is done again, alone, where one of their records is about the same.

        Args:
            work: It waits for nothing, asks nothing of the state but rows it commits and what is `about`, and may be
                done twice.
            about: Pieces of JSON that every record holds which would alter what it does.
            at_once: As for `alone`; and do not stop to fold.

        Raises:
            StateReadOnly: This state may not be written.
            StateLocked: Another process does not let go.
            StateError: The disk or the server refused; memory and state are as they were.
        """
        try:
            done = self._change_beside(work, list(about))
        except _NotBeside:
            with self.alone(at_once=at_once):
                done = work()
        if not at_once and not self._depth:
            self._fold_if_due()
        return done

    def _change_beside(self, work: Callable[[], T], watched: list[bytes]) -> T:
        if self._depth or not self.appends_beside or self.is_read_only or not self._is_open or self._lost:
            raise _NotBeside
        if any(b"\\" in piece for piece in watched):  # a dropped id may be spelled otherwise
            raise _NotBeside
        self._depth, self._left = 1, []
        try:
            done = work()
            watched += self._pieces()
        except Exception as error:  # it knew too little, perhaps
            self._put_back(self._undo)
            raise _NotBeside from error
        except BaseException:
            self._put_back(self._undo)
            raise
        finally:
            ops, undo, self._depth, self._left = self._pending, self._undo, 0, None
            self._pending, self._undo = [], []
        missed = None
        try:
            missed = self._log.append_beside(ops, watched)
        finally:
            if missed is None or missed:
                self._put_back(undo)
        if missed is None:
            raise _NotBeside
        self._wrote = True
        if missed:  # they come before it
            for record in missed:
                self._follow(record)
            self._put(ops)
            self._pending, self._undo = [], []
        return done

    def _pieces(self) -> list[bytes]:
        """What every record holds that is about a row which was just put, or dropped, or was so already."""
        keys = {*(key for _, key, _ in self._pending), *(self._left or ())}
        if not self._pending or len(keys) > _FEW or not all(map(_PLAIN.fullmatch, keys)):
            raise _NotBeside
        return [b'"%b"' % key.encode() for key in keys]

    @contextmanager
    def alone(self, *, at_once: bool = False) -> Iterator[None]:
        """Take over others' changes, and keep others from changing more until the block ends, which must not wait.

        What is committed within becomes one durable record, also if the block fails: it happened. Only a change that
        came too late (`Outdated`) takes back the whole block.

        Args:
            at_once: Within another block, do not wait for the end of that.

        Raises:
            StateReadOnly: This state may not be written.
            StateLocked: Another process does not let go.
            StateError: The disk refused; memory and disk are as they were.
        """
        if self._depth:
            if at_once and self._left is not None:
                raise _NotBeside
            yield
            if at_once:
                self._settle(self._append())
            return
        if self.is_read_only:  # as long as nothing is put
            yield
            return
        self._require_writable()
        appended: RowsBefore = []
        try:
            with self._log.alone():
                self.catch_up()
                self._depth = 1
                try:
                    yield
                except Outdated:
                    self._let_go()
                    raise
                finally:
                    self._depth = 0
                    appended = self._append()
        finally:
            self._settle(appended)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Like `alone`, and fold at the end if that is due."""
        with self.alone():
            yield
        if not self._depth:
            self._fold_if_due()

    def _put(self, ops: Iterable[Op]) -> None:
        for name, key, document in ops:
            self._require_writable()
            table = self.table(name)
            if key not in table if document is None else same_document(table.rows.get(key), document):
                if self._left is not None:
                    self._left.append(key)
                continue
            old = table.drop(key) if document is None else table.put(key, document)
            by = self._by.pop((name, key), None) if self._by else None
            self._pending.append((name, key, document))
            self._undo.append((name, key, old, by))

    def _append(self) -> RowsBefore:
        """Append what is pending; returns what takes it back."""
        if not self._pending:
            return []
        before, undo = self._log.seq, self._undo
        try:
            self._log.append(self._pending)
            self._wrote = True
        finally:
            if self._log.seq == before:
                self._put_back(undo)
            self._pending, self._undo = [], []
        return undo

    def _let_go(self) -> None:
        """Take back what is pending."""
        self._put_back(self._undo)
        self._pending, self._undo = [], []

    def _settle(self, appended: RowsBefore) -> None:
        """Make durable what was appended, or take it back."""
        if not appended:
            return
        if self._grouped and self._shared is not None and self._log.flushes_later:
            self._shared.begin()
            return
        try:
            self._log.flush()
        except BaseException:  # the disk refused, or the keyboard interrupts
            with self._log.alone():
                if self._log.take_back():
                    self._put_back(appended)
            raise

    def _put_back(self, undo: RowsBefore) -> None:
        for table, key, row, by in reversed(undo):
            self.table(table).restore(key, row)
            if by is not None:
                self._by[table, key] = by

    @contextmanager
    def grouped(self) -> Iterator[None]:
        """Within this block commits are appended but not yet flushed when they return; they share a later flush.

        Await `flushed` to be sure of one.

        Raises:
            StateError: The disk refused; what was noted last may be lost with the machine.
        """
        if self._shared is None:
            from cwtui.store.shared_flush import SharedFlush  # noqa: PLC0415  # loads asyncio, which a list needs not

            self._shared = SharedFlush(self._log.flush)
        self._grouped += 1
        try:
            yield
        finally:
            self._grouped -= 1
        if not self._grouped:
            self._log.flush()

    async def flushed(self) -> None:
        """Wait until everything committed so far is on the disk.

        Raises:
            StateError: The disk refused; what was noted last may be lost with the machine.
        """
        if not self._log.is_flushed and self._shared is not None:
            await self._shared.done()

    def _require_writable(self) -> None:
        if self.is_read_only:
            raise StateReadOnly(
                f"The state {self.name} is open for reading only: this user may not write it.",
                next_step="Ask its owner for the right to write it, or name another state file with --state.",
            )
        if not self._is_open:
            raise StateError(f"The state {self.name} is closed.", next_step="Start again; report this as a bug.")

    # copying

    @property
    def is_empty(self) -> bool:
        """Nothing was ever kept here."""
        return self._log.seq == 0 and not any(len(table) for table in self._content.tables.values())

    def whole(self) -> Content:
        """Everything up to now, to be copied; not to be changed."""
        self.catch_up()
        self._content.folded = self._log.seq
        return self._content

    def require_empty(self) -> None:
        """Do nothing.

        Raises:
            StateError: Something is kept here.
        """
        if not self.is_empty:
            raise StateError(
                f"The state {self.name} is not empty.", next_step="Name a place where no state is kept yet."
            )

    def take_whole(self, content: Content) -> None:
        """Begin an empty state with everything another one holds.

        Raises:
            StateError: This one is not empty; or the disk or the server refused.
        """
        self._require_writable()
        with self._log.alone():
            self.catch_up()
            self.require_empty()
            self._log.fold(content)
        self._content, self._stale = self._log.load()

    def rows(self) -> Iterator[tuple[str, str, bytes]]:
        """Table, id and bytes of every document."""
        for name, table in sorted(self._content.tables.items()):
            for key, row in sorted(table.rows.items()):
                yield name, key, row

    # folding and closing

    def _fold_if_due(self) -> None:
        if self._log.length <= self.fold_after:
            return
        try:
            self.fold(is_due=True)
        except StateError:
            # Every fact is safe in the journal, so the save that came by did succeed. Closing folds again, and raises.
            self.fold_after *= 2

    def _fold_bound(self) -> int:
        return max(_LEAST_FOLD, self._log.size // 4)

    def fold(self, *, is_due: bool = False, wait_s: float | None = None) -> None:
        """Fold the journal into the state; with `is_due`, unless somebody else just did.

        Raises:
            StateError: The disk refused; file and journal still make up the whole state.
        """
        self._require_writable()
        with self._log.alone(wait_s):
            self.catch_up()
            if not is_due or self._log.length > self.fold_after:
                self._fold()

    def _fold(self) -> None:
        self._put(self.before_fold())
        self._append()
        self._content.folded = self._log.seq
        self._log.fold(self._content)
        self._stale = False
        self.fold_after = self._fold_bound()

    def close(self) -> None:
        """Fold what the journal holds and give everything back, even if folding fails. A second call does nothing.

        Raises:
            StateError: The disk refused; file and journal still make up the whole state.
        """
        if not self._is_open:
            return
        try:
            if self._should_fold():
                self.fold(wait_s=_CLOSING_PATIENCE_S)
        except StateLocked:
            pass  # another process folds; the journal holds everything
        finally:
            self._is_open = False
            self.leases.close()
            self._log.close()

    def _should_fold(self) -> bool:
        may = not self.is_read_only and self._lost is None and (self._wrote or not self.only_reads)
        return may and (self._stale or self._log.length > 0)
