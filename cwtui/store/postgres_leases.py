"""Leases in PostgreSQL: session advisory locks of one connection, which the server gives back when it ends."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import blake2b

import psycopg

from cwtui.store.author import Author
from cwtui.store.log import Holder
from cwtui.store.postgres import connect, unreachable

_HELD = (
    "select name, who, pid, since from cwtui.lease where profile = %s and exists (select from pg_locks"
    " where locktype = 'advisory' and granted and objsubid = 1 and database = (select oid from pg_database"
    " where datname = current_database())"
    " and classid::bigint = (place >> 32) & 4294967295 and objid::bigint = place & 4294967295)"
)


class PostgresLeases:
    """Fits `Leases`, for one profile and one process."""

    def __init__(self, address: str, profile: str, author: Author) -> None:
        self._address, self._profile, self._author = address, profile, author
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
        except psycopg.OperationalError:
            self._lose()
        try:
            return self._take(name)
        except psycopg.Error as error:
            self._lose()
            raise unreachable(self._address, error) from error

    def _take(self, name: str) -> Holder | None:
        connection, place = self._opened(), self._place_of(name)
        row = connection.execute("select pg_try_advisory_lock(%s)", (place,)).fetchone()
        if row is None or not row[0]:
            return self.holders().get(name) or Holder("somebody else", 0, "a moment ago")
        mine = Holder(self._author.who, self._author.pid, datetime.now(UTC).isoformat(sep=" ", timespec="seconds"))
        connection.execute(
            "insert into cwtui.lease values (%s, %s, %s, %s, %s, %s) on conflict (profile, name) do update"
            " set place = excluded.place, who = excluded.who, pid = excluded.pid, since = excluded.since",
            (self._profile, name, place, mine.who, mine.pid, mine.since),
        )
        self._mine[name] = mine
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
        """It is still ours: the connection that holds it answers."""
        if name not in self._mine or self._connection is None:
            return False
        try:
            self._connection.execute("select 1")
        except psycopg.Error:
            self._lose()
            return False
        return True

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
            self._connection = connect(self._address, f"cwtui leases {self._author}")
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
