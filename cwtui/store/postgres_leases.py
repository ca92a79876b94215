"""Leases in PostgreSQL: session advisory locks of one connection, which the server gives back when it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import blake2b

import psycopg

from cwtui.domain.errors import StateError
from cwtui.store.author import Author
from cwtui.store.log import Holder
from cwtui.store.postgres import GONE, SIGNED, begin_session, connect, shared_session, signed_by, unreachable

_HELD = (
    "select name, who, pid, since from cwtui.lease where profile = %s and exists (select from pg_locks"
    " where locktype = 'advisory' and granted and objsubid = 1 and database = (select oid from pg_database"
    " where datname = current_database())"
    " and classid::bigint = (place >> 32) & 4294967295 and objid::bigint = place & 4294967295)"
)

_TAKE = (
    f"with asked as materialized (select case when {SIGNED} then pg_try_advisory_lock(%s) end as is_ours),"  # noqa: S608  # constants
    " noted as (insert into cwtui.lease select %s, %s, %s, %s, %s, %s from asked where is_ours"
    " on conflict (profile, name) do update"
    " set place = excluded.place, who = excluded.who, pid = excluded.pid, since = excluded.since)"
    " select is_ours from asked"
)
"""One trip: the lock is asked for once, and who holds it is noted where it was given."""


class PostgresLeases:
    """Fits `Leases`, for one profile and one process."""

    def __init__(self, address: str, profile: str, author: Author, *, taken: Callable[[], None] = lambda: None) -> None:
        """Connect when the first one is asked for.

        Args:
            address: As `checked_address` gave it.
            profile: Whose state it is.
            author: Who takes them.
            taken: Called for each that was taken.
        """
        self._address, self._profile, self._author, self._taken = address, profile, author, taken
        self._signature = ""
        self._connection: psycopg.Connection | None = None
        self._mine: dict[str, Holder] = {}

    def take(self, name: str) -> Holder | None:
        """Take a lease at once or not at all: None when it is ours now, else who holds it (perhaps we ourselves).

        Raises:
            StateError: The server cannot be used.
        """
        if self.holds(name):
            return self._mine[name]
        try:
            return self._take(name)
        except GONE:
            self._lose()
        except psycopg.Error as error:
            self._lose()
            raise unreachable(self._address, error) from error
        try:
            return self._take(name)
        except psycopg.Error as error:
            self._lose()
            raise unreachable(self._address, error) from error

    def _take(self, name: str) -> Holder | None:
        connection, place = self._opened(), self._place_of(name)
        mine = Holder(self._author.who, self._author.pid, datetime.now(UTC).isoformat(sep=" ", timespec="seconds"))
        values = (*signed_by(self._signature), place, self._profile, name, place, mine.who, mine.pid, mine.since)
        row = connection.execute(_TAKE, values, prepare=True).fetchone()
        if row is None or row[0] is None:
            raise self._shared()
        if not row[0]:
            return self.holders().get(name) or Holder("somebody else", 0, "a moment ago")
        self._mine[name] = mine
        self._taken()
        return None

    def give_back(self, name: str) -> None:
        """Let others have it."""
        if self._mine.pop(name, None) is None or self._connection is None:
            return
        try:
            self._connection.execute("select pg_advisory_unlock(%s)", (self._place_of(name),))
        except psycopg.Error:
            self._lose()  # the server gives back what a lost connection held

    def holds(self, name: str) -> bool:
        """It is still ours: the session that holds it answers.

        Raises:
            StateError: Another session answers: a pooler stands between.
        """
        if name not in self._mine or self._connection is None:
            return False
        try:
            row = self._connection.execute(f"select {SIGNED}", signed_by(self._signature)).fetchone()
        except psycopg.Error:
            self._lose()
            return False
        if row != (True,):
            raise self._shared()
        return True

    def _shared(self) -> StateError:
        self._lose()
        return shared_session(self._address)

    @property
    def may_be_lost(self) -> bool:
        """The server gives them back when it misses the connection, also of a process that is only stopped."""
        return True

    def holders(self) -> Mapping[str, Holder]:
        """Everything that is held now, by anybody.

        Raises:
            StateError: The server cannot be used.
        """
        try:
            rows = self._opened().execute(_HELD, (self._profile,)).fetchall()
        except psycopg.Error as error:
            self._lose()
            raise unreachable(self._address, error) from error
        return {name: Holder(who, pid, since) for name, who, pid, since in rows}

    def close(self) -> None:
        """Give everything back."""
        self._lose()

    def _opened(self) -> psycopg.Connection:
        if self._connection is None:
            connection = connect(self._address, f"cwtui leases {self._author}")
            try:
                self._signature = begin_session(connection, self._address)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _lose(self) -> None:
        """A connection that failed holds nothing any more."""
        self._mine.clear()
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
        self._connection = None

    def _place_of(self, name: str) -> int:
        digest = blake2b(f"{self._profile}\0{name}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, signed=True)
