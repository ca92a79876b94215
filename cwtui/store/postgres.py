"""A connection to PostgreSQL for a state: opens it, translates its errors, and makes the schema.

libpq handles TLS and passwords (`sslmode`, `.pgpass`, a service file): an address with a password is refused.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from cwtui.domain.errors import ConfigError, StateError

SCHEMA_VERSION = 2
_LIMITS: Mapping[str, str | int] = {
    "client_encoding": "utf8",
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A connection that is cut off is noticed within half a minute, by both sides (see `_SESSION`)."""
_SESSION = (
    "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3;"
    " set tcp_user_timeout = 20000; set lock_timeout = '30s'; set idle_in_transaction_session_timeout = '60s';"
    " set synchronous_commit = on; set default_transaction_isolation = 'read committed';"
    " set client_min_messages = warning"
)
GONE = (psycopg.OperationalError, errors.IdleInTransactionSessionTimeout)
"""The connection is over, or should be: on a new one the same may succeed."""
_TABLES = """
create schema if not exists cwtui;
create table if not exists cwtui.schema_version (version integer not null);
create table if not exists cwtui.state (
    profile text primary key, version integer not null, folded bigint not null, last bigint not null,
    size bigint not null, pending bigint not null);
create table if not exists cwtui.part (
    profile text not null references cwtui.state on delete cascade, number integer not null, data bytea not null,
    primary key (profile, number));
create table if not exists cwtui.log (
    profile text not null references cwtui.state on delete cascade, seq bigint not null, version integer not null,
    session text not null, who text not null, pid integer not null, at text not null, ops bytea not null,
    primary key (profile, seq));
create table if not exists cwtui.lease (
    profile text not null, name text not null, place bigint not null, who text not null, pid integer not null,
    since text not null, primary key (profile, name));
insert into cwtui.schema_version select 1 where not exists (select from cwtui.schema_version);
"""
APPEND = "cwtui.append(text, bigint, integer, text, text, integer, text, bytea, bytea[], double precision)"
_FUNCTION = """
create or replace function cwtui.append(
    of_profile text, known bigint, of_version integer, of_session text, of_who text, of_pid integer, of_at text,
    of_ops bytea, watched bytea[], told_ago double precision)
returns table (seq bigint, ops bytea, who text, pid integer, at text, told boolean) language plpgsql volatile as $$
declare
    newest bigint;
    upto bigint;
    tells boolean;
begin
    select s.last, s.folded into newest, upto from cwtui.state s where s.profile = of_profile for update;
    if newest is null or newest < known or upto > known then
        return;
    end if;
    if newest > known then
        if exists (
            select from cwtui.log l where l.profile = of_profile and l.seq > known
            and (l.version <> of_version or l.session = 'not ' || of_session
                 or exists (select from unnest(watched) as w (piece) where position(w.piece in l.ops) > 0)))
        then
            return;
        end if;
        return query
            select l.seq, l.ops, l.who, l.pid, l.at, null::boolean from cwtui.log l
            where l.profile = of_profile and l.seq > known order by l.seq;
    end if;
    insert into cwtui.log values (of_profile, newest + 1, of_version, of_session, of_who, of_pid, of_at, of_ops);
    update cwtui.state s set last = newest + 1, pending = s.pending + length(of_ops), version = of_version
        where s.profile = of_profile;
    tells := told_ago + extract(epoch from clock_timestamp() - statement_timestamp()) >= 0.1;
    if tells then
        perform pg_notify('cwtui_state', of_profile);
    end if;
    return query select newest + 1, null::bytea, null::text, null::integer, null::text, tells;
end $$;
update cwtui.schema_version set version = 2 where version < 2;
"""
"""Appends one record behind what others appended, in one trip and with their records as the answer, the new one's
number last. It does nothing and answers nothing where what they appended holds a watched piece, is of another version
or folded already, or where the record was given up (`not` and its name). Each of its statements sees what was
committed when it began, so after the row's lock it sees everything.

A notification makes every commit of every profile wait for its own: so a session tells once in a tenth of a second, and
who was told asks again a little later (`postgres_log`).
"""
_SIGNATURE = "cwtui.session"
SIGNED = "current_setting(%s, true) is not distinct from %s"
"""In SQL, with `signed_by`: this is the session that was signed so."""
CLOCKS_APART_S = 120
logging.getLogger("psycopg").addHandler(logging.NullHandler())  # what it warns of is raised too, and said in words
_MIGRATING = 0x63777475  # an advisory lock of the program's own: two that start at once make the tables once


def checked_address(address: str) -> str:
    """The address of a database.

    Raises:
        ConfigError: It is none, or carries a password.
    """
    try:
        parts = conninfo_to_dict(address)
        has_password = bool(parts.get("password") or urlsplit(address).password)
    except (psycopg.ProgrammingError, ValueError) as error:
        raise ConfigError(
            f"state.url is no address of a database: {_first_line(error)}.",
            next_step="Write it as postgresql://user@host/database, with its options behind a question mark.",
        ) from error
    if has_password:
        raise ConfigError(
            "state.url carries a password, which would stand in the settings.",
            next_step="Take it out, and keep it where libpq looks: in ~/.pgpass (mode 0600), or in a service file.",
        )
    return address


def connect(address: str, name: str) -> psycopg.Connection:
    """Open a connection in autocommit mode.

    Args:
        address: As `checked_address` gave it.
        name: Of the program and its operator, for the server's list of connections.

    Raises:
        StateError: The server cannot be reached, or does not let us in.
    """
    try:
        connection = psycopg.connect(address, autocommit=True, application_name=name[:63], **_LIMITS)  # type: ignore[arg-type]  # its stub names each option
    except psycopg.Error as error:
        raise unreachable(address, error) from error
    try:
        connection.execute(_SESSION)
    except psycopg.Error as error:
        connection.close()
        raise unreachable(address, error) from error
    return connection


def prepare(connection: psycopg.Connection, address: str) -> bool:
    """Make the tables where they are missing, and bring older ones up to date; whether `APPEND` may be used.

    Where its owner has not brought it up to date, and this user may not, version 1 does as well: only slower.

    Raises:
        StateError: This user may not make them, or a newer cwtui did.
    """
    try:
        found = connection.execute("select to_regclass('cwtui.schema_version')").fetchone()
        if found is None or found[0] is None:
            _make(connection, _TABLES + _FUNCTION)
        version = _version(connection)
        if version == 1:
            with suppress(errors.InsufficientPrivilege):
                _make(connection, _FUNCTION)
            version = _version(connection)
        may = connection.execute(
            "select has_function_privilege(to_regprocedure(%s)::oid, 'execute')", (APPEND,)
        ).fetchone()
    except psycopg.Error as error:
        raise unreachable(address, error) from error
    if version > SCHEMA_VERSION:
        raise StateError(
            f"The tables in {shown(address)} were made by a newer cwtui (version {version}, this one reads"
            f" {SCHEMA_VERSION}).",
            next_step="Upgrade cwtui, or name another state.url.",
        )
    return may == (True,)


def _make(connection: psycopg.Connection, statements: str) -> None:
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (_MIGRATING,))
        connection.execute(statements)


def _version(connection: psycopg.Connection) -> int:
    row = connection.execute("select version from cwtui.schema_version").fetchone()
    return row[0] if row else 0


def begin_session(connection: psycopg.Connection, address: str) -> str:
    """Sign a session that is to hold locks; returns the signature, which `is_signed` looks for.

    Raises:
        StateError: A pooler gives each transaction another session, or the clocks differ.
        psycopg.Error: The server cannot be used.
    """
    signature, asked_at = uuid4().hex, time.time()
    row = connection.execute(
        "select pg_backend_pid(), extract(epoch from clock_timestamp())::float8, set_config(%s, %s, false)",
        (_SIGNATURE, signature),
    ).fetchone()
    pid, server_s = (0, 0.0) if row is None else (row[0], row[1])
    _check_clock(asked_at, server_s, time.time(), address)
    if pid != connection.info.backend_pid:  # something stands between
        with closing(connect(address, "cwtui looks for a pooler")) as another:
            if another.execute(f"select {SIGNED}", (_SIGNATURE, signature)).fetchone() == (True,):
                raise shared_session(address)
    return signature


def _check_clock(asked_at: float, server_s: float, answered_at: float, address: str) -> None:
    """How old a write without an answer is, is judged by the clocks of two machines."""
    apart = max(asked_at - server_s, server_s - answered_at)
    if apart > CLOCKS_APART_S:
        raise StateError(
            f"The clock of this machine and that of {shown(address)} differ by {apart:,.0f} seconds.",
            next_step="Set both by a time server, then start again.",
        )


def signed_by(signature: str) -> tuple[str, str]:
    """The parameters of `SIGNED`."""
    return _SIGNATURE, signature


def shared_session(address: str) -> StateError:
    """The error for locks that would belong to no session in particular."""
    return StateError(
        f"A pooler between cwtui and {shown(address)} gives each transaction another session of the server, so that"
        " nobody can be kept away from an agreement.",
        changed="What was written before is noted; nothing more was sent.",
        next_step="Connect straight to the server, or through a pooler in session mode, then start again.",
    )


def shown(address: str) -> str:
    """The address as messages show it; a password is never part of it."""
    try:
        parts = conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        return "the database of state.url"
    host = parts.get("host") or parts.get("service") or "localhost"
    return f"postgresql://{host}/{parts.get('dbname') or ''}"


def unreachable(address: str, error: BaseException, *, changed: str = "Nothing was changed.") -> StateError:
    """The error for a server that does not answer, or says no."""
    return StateError(
        f"The state in {shown(address)} cannot be used: {_first_line(error)}.",
        changed=changed,
        next_step="Check that the server runs and lets this user in (psql with the same address tells), then start"
        " again.",
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
