"""Records as rows of PostgreSQL: written in one trip, read, looked for on a new connection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import orjson
import psycopg
from psycopg import sql

from cwtui.domain.lazily import dataclass
from cwtui.store.author import Author
from cwtui.store.layout import VERSION
from cwtui.store.log import Op, Record

_GIVEN_UP = "not "
"""Before the name of a record that nobody may append any more (`postgres.APPEND` looks for it)."""
_APPEND = "select * from cwtui.append(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_SINCE = (
    "select s.last, s.folded, l.seq, l.version, l.ops, l.who, l.pid, l.at from cwtui.state s"
    " left join cwtui.log l on l.profile = s.profile and l.seq > {known} where s.profile = {profile} order by l.seq"
)
_BEGIN = (
    "begin isolation level read committed; set local lock_timeout = {wait_ms};"
    " set local idle_in_transaction_session_timeout = {stopped_ms};"
    " select from cwtui.state where profile = {profile} for update; " + _SINCE
)


@dataclass(frozen=True, slots=True)
class NewRecords:
    """What the server holds beyond a record; `last` is -1 where it holds no state at all."""

    last: int
    folded: int
    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class Beside:
    """What became of a record: its number, what others appended before it, and whether they were told of it."""

    seq: int
    missed: Sequence[Record]
    has_told: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A record to be appended; `name` is its own, in all the world."""

    profile: str
    name: str
    author: Author
    data: bytes

    def beside(
        self, connection: psycopg.Connection, known: int, watched: Sequence[bytes], *, told_ago: float
    ) -> Beside | None:
        """Append it in one trip; None where it was not appended.

        Args:
            connection: To the server.
            known: The last record that is known here.
            watched: See `PostgresLog.append_beside`.
            told_ago: Seconds since others were told that there is something.
        """
        author, at = self.author, _now()
        values = (
            self.profile,
            known,
            VERSION,
            self.name,
            author.who,
            author.pid,
            at,
            self.data,
            list(watched),
            told_ago,
        )
        rows = connection.execute(_APPEND, values, prepare=True, binary=True).fetchall()
        if not rows:
            return None
        missed = [Record(seq, VERSION, orjson.loads(ops), who, pid, at) for seq, ops, who, pid, at, _ in rows[:-1]]
        return Beside(rows[-1][0], missed, has_told=rows[-1][5])

    def after(self, connection: psycopg.Connection, known: int) -> None:
        """Append it while others are kept out, and everything of theirs is known."""
        author = self.author
        with connection.pipeline():
            connection.execute(
                "insert into cwtui.log values (%s, %s, %s, %s, %s, %s, %s, %s)",
                (self.profile, known + 1, VERSION, self.name, author.who, author.pid, _now(), self.data),
            )
            connection.execute(
                "update cwtui.state set last = %s, pending = pending + %s, version = %s where profile = %s",
                (known + 1, len(self.data), VERSION, self.profile),
            )
            connection.execute("select pg_notify('cwtui_state', %s)", (self.profile,))

    def is_there(self, connection: psycopg.Connection, known: int, *, gives_up: bool) -> bool:
        """Whether it was appended after a known record, asked on a new connection.

        Args:
            connection: The new one.
            known: The record that was known before.
            gives_up: Where it was not, see to it that a server process that is still to hear of it will not append it:
                an empty record says so.
        """
        with connection.transaction():
            connection.execute("select from cwtui.state where profile = %s for update", (self.profile,))
            row = connection.execute(
                "select s.last, exists (select from cwtui.log l where l.profile = s.profile and l.seq > %s"
                " and l.session = %s) from cwtui.state s where s.profile = %s",
                (known, self.name, self.profile),
            ).fetchone()
            last, is_there = row or (None, False)
            if gives_up and not is_there and last is not None:
                Row(self.profile, _GIVEN_UP + self.name, self.author, b"[]").after(connection, last)
        return bool(is_there)


def written(ops: Iterable[Op]) -> bytes:
    """Operations as a record holds them."""
    pieces = [
        b"[%b,%b]" % (orjson.dumps(table), orjson.dumps(key) if document is None else document)
        for table, key, document in ops
    ]
    return b"[%b]" % b",".join(pieces)


def begin(connection: psycopg.Connection, profile: str, known: int, *, wait_s: float, stopped_s: float) -> NewRecords:
    """Begin a transaction that keeps others out, in one trip: the server has heard all of it before it begins.

    Raises:
        LockNotAvailable: Somebody keeps us out for longer.
    """
    cursor = connection.execute(
        sql.SQL(_BEGIN).format(
            wait_ms=max(1, int(wait_s * 1000)), stopped_ms=int(stopped_s * 1000), profile=profile, known=known
        ),
        prepare=False,
    )
    while cursor.nextset():
        pass
    return _news(cursor.fetchall())


def news(connection: psycopg.Connection, profile: str, known: int) -> NewRecords:
    """Ask what there is beyond a record."""
    query = sql.SQL(_SINCE).format(known=sql.Placeholder("known"), profile=sql.Placeholder("profile"))
    return _news(connection.execute(query, {"known": known, "profile": profile}).fetchall())


def _news(rows: Sequence[tuple[int, int, int | None, int, bytes, str, int, str]]) -> NewRecords:
    if not rows:
        return NewRecords(-1, 0, ())
    records = [
        Record(seq, version, orjson.loads(ops), who, pid, at)
        for _, _, seq, version, ops, who, pid, at in rows
        if seq is not None
    ]
    return NewRecords(rows[0][0], rows[0][1], records)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
