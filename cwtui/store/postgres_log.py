"""The log in PostgreSQL: the folded state in parts, the records after it as rows, one row to keep others out.

A record is durable when `append_beside` returns, or when `alone` ends: its transaction is committed then, and `flush`
has nothing left to do. Where the connection breaks while that is asked for, the log looks on a new one whether the
record is there.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from uuid import uuid4

import psycopg
from psycopg import errors

from cwtui.domain.errors import StateError, StateLocked
from cwtui.store.author import Author
from cwtui.store.layout import VERSION, Content
from cwtui.store.log import Moved, Op, Record
from cwtui.store.postgres import GONE, connect, prepare, shown, unreachable
from cwtui.store.postgres_records import NewRecords, Row, begin, news, written
from cwtui.store.postgres_told import Told
from cwtui.store.postgres_whole import read, write

_PATIENCE_S = 30.0
_STOPPED_S = 20
"""A process that keeps others out and is silent for so long is stopped or cut off; others wait longer than that."""
_AS_NOTED = "What was noted before is kept, the last change is not; nothing more is sent."
_NOT_KNOWN = "Whether the last change was kept is not known; nothing more is noted, and nothing is sent."
_AGAIN_S = 60.0
"""How long a lost connection is tried again before work stops."""


class PostgresLog:
    """Fits `Log`, for one profile's state."""

    def __init__(self, address: str, profile: str, author: Author) -> None:
        """Connect, and make what is missing.

        Raises:
            StateError: The server cannot be used.
        """
        self._address, self._profile, self._author = address, profile, author
        self._session, self._number = uuid4().hex, 0
        self._depth = 0
        self._seq = self._pending = self._size = 0
        self._kept = True
        self._is_given_up = self._is_older = False
        self._appended: Row | None = None
        self._before = 0
        self._why: BaseException | None = None
        self._said: NewRecords | None = None
        self._may_append_beside = False
        self._is_astray = self._should_look = False
        self._told, self._told_at = Told(profile), 0.0
        self._connection = self._connected()

    def _connected(self) -> psycopg.Connection:
        connection = connect(self._address, f"cwtui {self._author}")
        try:
            self._may_append_beside = prepare(connection, self._address)
            connection.execute(
                "insert into cwtui.state values (%s, %s, 0, 0, 0, 0) on conflict do nothing", (self._profile, VERSION)
            )
            self._told.listen(connection)
        except BaseException as error:
            connection.close()
            if isinstance(error, psycopg.Error):
                raise unreachable(self._address, error) from error
            raise
        return connection

    @property
    def name(self) -> str:
        """The address without a password, and the profile."""
        return f"{shown(self._address)} ({self._profile})"

    @property
    def seq(self) -> int:
        """Number of the last record known here."""
        return self._seq

    @property
    def length(self) -> int:
        """Bytes of the records that are not folded yet."""
        return self._pending

    @property
    def size(self) -> int:
        """Bytes of the folded state."""
        return self._size

    @property
    def is_flushed(self) -> bool:
        """Nothing is left to be made durable."""
        return self._kept

    @property
    def flushes_later(self) -> bool:
        """A record is durable, or lost, when `alone` ends."""
        return False

    # reading

    def load(self) -> tuple[Content, bool]:
        """The whole state up to `seq`, and whether it is kept in an older shape.

        Raises:
            StateError: It is damaged or from a newer version, or the server cannot be used.
        """
        if self._depth:
            with self._translated():
                return self._loaded()
        for number in count():
            try:
                with self._connection.transaction():
                    self._connection.execute("set transaction isolation level repeatable read read only")
                    return self._loaded()
            except GONE as error:
                self._reconnect(error, number)
            except psycopg.Error as error:
                raise unreachable(self._address, error) from error
        raise AssertionError("count() has no end")

    def _loaded(self) -> tuple[Content, bool]:
        whole = read(self._connection, self._profile, self._seq, self.name)
        self._seq, self._size, self._pending = whole.content.folded, whole.size, whole.pending
        self._is_older = whole.is_older
        self._is_astray = self._should_look = False
        return whole.content, whole.is_older

    def look(self) -> None:
        """Ask the server for news the next time, whatever it said: the turn of another has just ended."""
        self._should_look = True

    def news(self) -> Sequence[Record]:
        """What others appended since. Outside of `alone` the server is asked only where it said that there is any.

        Raises:
            Moved: What was appended since is folded already, or the connection is another one.
            StateError: The server cannot be used.
        """
        with self._translated():
            if self._is_astray:
                self._said = None
                raise Moved
            if not self._told.is_due(self._connection) and not self._depth and not self._should_look:
                return []
            said, self._said = self._said or news(self._connection, self._profile, self._seq), None
        self._should_look = False
        if (said.records[0].seq != self._seq + 1) if said.records else (said.last != self._seq):
            raise Moved
        if said.records:
            self._seq = said.records[-1].seq
        return said.records

    # writing

    @contextmanager
    def alone(self, wait_s: float | None = None) -> Iterator[None]:
        """Keep every other process from appending and folding, for a moment: one transaction.

        Raises:
            StateLocked: Somebody keeps it longer than that.
            StateError: The server cannot be used; whether the last record was kept is known by `flush`.
        """
        if self._depth:
            yield
            return
        self._begin(_PATIENCE_S if wait_s is None else wait_s)
        self._depth = 1
        try:
            yield
        except BaseException as error:
            if self._appended is None or isinstance(error, psycopg.Error):
                self._roll_back()
                raise
            self._commit()
            raise
        else:
            self._commit()
        finally:
            self._depth, self._said = 0, None

    def _begin(self, wait_s: float) -> None:
        self._appended = None
        for number in count():
            try:
                self._said = begin(self._connection, self._profile, self._seq, wait_s=wait_s, stopped_s=_STOPPED_S)
            except errors.LockNotAvailable as error:
                self._connection.execute("rollback")
                raise self._locked(wait_s) from error
            except GONE as error:
                self._reconnect(error, number)
            except psycopg.Error as error:
                self._roll_back()
                raise unreachable(self._address, error, changed=_AS_NOTED) from error
            else:
                return

    def append(self, ops: Iterable[Op]) -> int:
        """Append one record, while `alone` and after `news`. It is durable when `alone` ends.

        Raises:
            StateError: The server cannot be used; nothing was appended.
        """
        row = self._row(ops)
        self._said = None
        with self._translated():
            row.after(self._connection, self._seq)
        if self._appended is None:
            self._before = self._seq
        self._appended = row
        self._seq += 1
        self._pending += len(row.data)
        return self._seq

    def _row(self, ops: Iterable[Op]) -> Row:
        self._number += 1
        return Row(self._profile, f"{self._session}/{self._number}", self._author, written(ops))

    @property
    def appends_beside(self) -> bool:
        """`append_beside` is worth trying."""
        return self._may_append_beside and not self._is_astray

    def append_beside(self, ops: Iterable[Op], watched: Sequence[bytes]) -> Sequence[Record] | None:
        """Append one record in one trip, durably; says what others had appended before it.

        None where it was not appended: what others appended holds a watched piece of JSON, or cannot be told.

        Raises:
            StateLocked: Another process keeps the log for long.
            StateError: The server cannot be used; says whether the record was kept.
        """
        row, began = self._row(ops), time.monotonic()
        try:
            found = row.beside(self._connection, self._seq, watched, told_ago=began - self._told_at)
        except errors.LockNotAvailable as error:
            raise self._locked(_PATIENCE_S) from error
        except (errors.UndefinedFunction, errors.InsufficientPrivilege):
            self._may_append_beside = False
            return None
        except GONE as error:
            if not self._connection.closed and _is_refusal(error):
                raise unreachable(self._address, error, changed=_AS_NOTED) from error
            return () if self._is_there(error, row, self._seq, gives_up=True) else None
        except psycopg.Error as error:
            raise unreachable(self._address, error, changed=_AS_NOTED) from error
        if found is None:
            return None
        self._seq = found.seq
        self._pending += len(row.data)
        if found.has_told:
            self._told_at = began
        return found.missed

    def _commit(self) -> None:
        """End the transaction; where no answer says that it was committed, look on a new connection."""
        try:
            done = self._connection.execute("commit").statusmessage
        except psycopg.Error as error:
            if self._appended is not None:
                self._kept = self._is_there(error, self._appended, self._before)
        else:
            self._kept = self._appended is None or done == "COMMIT"
        if not self._kept:
            self._seq, self._is_astray = self._before, True

    def _is_there(self, error: psycopg.Error, row: Row, known: int, *, gives_up: bool = False) -> bool:
        """A record was kept after a known one; what others appended meanwhile is to be read again.

        The server may still be at it: so whoever looks waits until that has ended, or gives the record up.
        """
        for number in count():
            self._reconnect(error, number)
            try:
                return row.is_there(self._connection, known, gives_up=gives_up)
            except psycopg.OperationalError:
                continue
            except psycopg.Error as refused:
                raise unreachable(self._address, refused, changed=_NOT_KNOWN) from refused
        raise AssertionError("count() has no end")

    def _locked(self, wait_s: float) -> StateLocked:
        return StateLocked(
            f"Another process keeps the state {self.name} longer than {wait_s:.0f} seconds.",
            next_step="Wait until it is done, then start again.",
        )

    def _roll_back(self) -> None:
        if self._appended is not None:
            self._seq, self._appended = self._before, None
        with suppress(psycopg.Error):  # a connection that is gone has rolled back
            self._connection.execute("rollback")

    def flush(self) -> None:
        """Say whether the last record was kept.

        Raises:
            StateError: It was not; `take_back` forgets it.
        """
        if not self._kept:
            raise StateError(
                f"The connection to the state {self.name} broke, and the last change was not kept.",
                next_step="Start again.",
            )

    def take_back(self) -> bool:
        """Forget the last record, while `alone`: it was not kept. False where it was."""
        was_kept, self._kept = self._kept, True
        return not was_kept

    def fold(self, content: Content) -> None:
        """Keep this as the whole state, while `alone` and after `news`.

        In a new shape it counts as one record more: an earlier program that still runs has to read everything again
        before it appends, and finds that it is too old.

        Raises:
            StateError: The server cannot be used; what was there stays.
        """
        if self._is_older:
            content.folded = self.append(())
        with self._translated():
            self._size = write(self._connection, self._profile, content)
        self._seq, self._pending = max(self._seq, content.folded), 0
        self._is_older = False

    # the connection

    def _reconnect(self, error: psycopg.Error, tries: int) -> None:
        """Connect again after a growing pause; once it stayed away for long, it is tried once each time.

        Raises:
            StateError: It stayed away; or the server says no, which it will say again.
        """
        with suppress(psycopg.Error):
            self._connection.close()
        pause = min(0.2 * 2**tries, 5.0)
        self._is_given_up = self._is_given_up or pause * tries > _AGAIN_S
        if tries and self._is_given_up:
            raise unreachable(
                self._address,
                self._why or error,
                changed=_NOT_KNOWN,
            ) from error
        if tries:
            time.sleep(pause)
        try:
            self._connection = self._connected()
        except StateError as refused:
            self._why = refused.__cause__
            if not isinstance(self._why, psycopg.OperationalError):
                raise
        else:  # nobody told this one what came before it
            self._why, self._is_given_up, self._is_astray = None, False, True

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except GONE as error:
            if self._depth:
                raise unreachable(self._address, error, changed=_AS_NOTED) from error
            self._reconnect(error, 0)
            raise Moved from error
        except psycopg.Error as error:
            raise unreachable(self._address, error, changed=_AS_NOTED) from error

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()


def _is_refusal(error: psycopg.Error) -> bool:
    """The server answered, and goes on: nothing was kept of what it was asked."""
    return error.sqlstate is not None and not error.sqlstate.startswith(("08", "57P"))
