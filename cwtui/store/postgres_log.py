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

import orjson
import psycopg
from psycopg import Notify, errors

from cwtui.domain.errors import StateError, StateLocked
from cwtui.store.author import Author
from cwtui.store.journal import apply
from cwtui.store.layout import VERSION, Content, NotAState, parse, render
from cwtui.store.log import Moved, Op, Record
from cwtui.store.migrations import migrated
from cwtui.store.postgres import GONE, connect, prepare, shown, unreachable
from cwtui.store.postgres_records import News, Row, begin, news, written

_PART = 1 << 22
_PATIENCE_S = 30.0
_STOPPED_S = 20
"""Who keeps the others out and says nothing for so long is stopped or cut off; others have more patience than that."""
_AS_NOTED = "What was noted before is kept, the last change is not; nothing more is sent."
_NOT_KNOWN = "Whether the last change was kept is not known; nothing more is noted, and nothing is sent."
_LATER_S = (0.3, 1.0, 3.0)
"""After others were told of something they ask again: what follows at once is not told, and may be long in coming."""
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
        self._is_given_up = False
        self._appended: Row | None = None
        self._before = 0
        self._why: BaseException | None = None
        self._said: News | None = None
        self._may_append_beside = False
        self._is_astray = self._should_look = self._is_told = False
        self._again_at: list[float] = []
        self._told_at = 0.0
        self._connection = self._connected()

    def _connected(self) -> psycopg.Connection:
        connection = connect(self._address, f"cwtui {self._author}")
        try:
            self._may_append_beside = prepare(connection, self._address)
            connection.execute(
                "insert into cwtui.state values (%s, %s, 0, 0, 0, 0) on conflict do nothing", (self._profile, VERSION)
            )
            self._server_process = connection.info.backend_pid
            connection.add_notify_handler(self._hear)
            connection.execute("listen cwtui_state")
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
        row = self._connection.execute(
            "select version, folded, last, size, pending from cwtui.state where profile = %s", (self._profile,)
        ).fetchone()
        version, folded, last, size, pending = row or (VERSION, 0, 0, 0, 0)
        self._refuse_earlier(last)
        self._refuse_newer(version)
        parts = self._connection.execute(
            "select data from cwtui.part where profile = %s order by number", (self._profile,)
        ).fetchall()
        try:
            content = parse(b"".join(bytes(part) for (part,) in parts)) if parts else Content()
            is_older = content.version < VERSION
            for record in self._records(folded):
                self._refuse_newer(record.version)
                content = migrated(content, to=record.version)
                apply(record, content)
                content.folded = record.seq
                is_older = is_older or record.version < VERSION
            content = migrated(content)
        except (NotAState, ValueError, LookupError) as error:
            raise StateError(
                f"The state {self.name} is damaged: {error}.",
                changed="It was left as it is; nothing was sent to a service.",
                next_step="Restore the schema cwtui of that database from its last backup.",
            ) from error
        if content.folded != last:
            raise StateError(
                f"The state {self.name} is damaged: records {content.folded + 1} to {last} are missing.",
                changed="It was left as it is; nothing was sent to a service.",
                next_step="Restore the schema cwtui of that database from its last backup.",
            )
        self._seq, self._size, self._pending = last, size, pending
        self._is_astray = self._should_look = False
        return content, is_older

    def _refuse_earlier(self, last: int) -> None:
        if last < self._seq:
            raise StateError(
                f"An earlier state was put in the place of {self.name} while cwtui worked on it.",
                changed="Nothing more was noted, and nothing more is sent.",
                next_step="Start again: what stands there now is what counts then.",
            )

    def _records(self, after: int) -> Iterator[Record]:
        rows = self._connection.execute(
            "select seq, version, ops, who, pid, at from cwtui.log where profile = %s and seq > %s order by seq",
            (self._profile, after),
        ).fetchall()
        for seq, version, ops, who, pid, at in rows:
            yield Record(seq, version, orjson.loads(ops), who, pid, at)

    def _refuse_newer(self, version: int) -> None:
        if version > VERSION:
            raise StateError(
                f"The state {self.name} was written by a newer cwtui (version {version} of its format, this one reads"
                f" {VERSION}).",
                changed="It was left as it is; nothing was sent to a service.",
                next_step="Upgrade cwtui, or name another state.url.",
            )

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
            if not self._has_heard() and not self._depth and not self._should_look:
                return []
            said, self._said = self._said or news(self._connection, self._profile, self._seq), None
        self._should_look = False
        if (said.records[0].seq != self._seq + 1) if said.records else (said.last != self._seq):
            raise Moved
        if said.records:
            self._seq = said.records[-1].seq
        return said.records

    def _has_heard(self) -> bool:
        """The server said that another process appended, or did so a little ago: it does not say so each time."""
        server, now = self._connection.pgconn, time.monotonic()
        server.consume_input()
        while note := server.notifies():
            self._hear(Notify("", note.extra.decode(), note.be_pid))
        is_told, self._is_told = self._is_told, False
        if is_told:
            self._again_at = [now + later for later in _LATER_S]
        elif self._again_at and now >= self._again_at[0]:
            del self._again_at[0]
            return True
        return is_told

    def _hear(self, note: Notify) -> None:
        if note.payload == self._profile and note.pid != self._server_process:
            self._is_told = True

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

        Raises:
            StateError: The server cannot be used; what was there stays.
        """
        data = b"".join(render(content))
        parts = [data[start : start + _PART] for start in range(0, len(data), _PART)]
        with self._translated():
            self._connection.execute("delete from cwtui.part where profile = %s", (self._profile,))
            with self._connection.cursor() as cursor:
                cursor.executemany(
                    "insert into cwtui.part values (%s, %s, %s)",
                    [(self._profile, number, part) for number, part in enumerate(parts)],
                )
            self._connection.execute(
                "delete from cwtui.log where profile = %s and seq <= %s", (self._profile, content.folded)
            )
            self._connection.execute(
                "update cwtui.state set folded = %s, last = greatest(last, %s), size = %s, pending = 0, version = %s"
                " where profile = %s",
                (content.folded, content.folded, len(data), content.version, self._profile),
            )
        self._seq = max(self._seq, content.folded)
        self._size, self._pending = len(data), 0

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
