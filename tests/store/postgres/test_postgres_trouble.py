"""What may be wrong with a database, or go wrong in mid-run: it ends in a sentence, and nothing is kept twice.

Rule: hands.md#beyond-one-machine.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import shake_256
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from cwtui.domain.errors import StateError
from cwtui.domain.mappings import Mapping
from cwtui.store import postgres_log
from cwtui.store.author import Author
from cwtui.store.copying import copy_state
from cwtui.store.postgres_leases import PostgresLeases
from cwtui.store.postgres_log import PostgresLog
from cwtui.store.state import State, open_database
from tests.postgres_server import Server, needs_postgres
from tests.store.postgres.test_postgres_log import ANN, BOB, Place, key, writer
from tests.store.postgres.transaction_pooler import pooled

pytestmark = [pytest.mark.postgres, needs_postgres]
LUKASZ = Author("Łukasz@świnoujście", 3)


@pytest.fixture
def at(server: Server, profile: str) -> Iterator[Place]:
    place = Place(server, profile)
    yield place
    with suppress(StateError):  # what is damaged cannot be folded
        place.close()


def order(server: Server, *statements: str) -> None:
    """As the server's administrator."""
    with psycopg.connect(server.address, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@contextmanager
def database(server: Server, name: str, options: str = "") -> Iterator[str]:
    order(server, f"create database {name} {options}")
    try:
        yield server.address.removesuffix("postgres") + name
    finally:
        order(server, f"drop database {name} with (force)")


def disconnect(server: Server) -> None:
    order(server, "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'cwtui%'")


def log_of(state: State) -> PostgresLog:
    log = state.documents._log
    assert isinstance(log, PostgresLog)
    return log


def mapped(state: State) -> list[int]:
    return sorted(row.connectwise_id for row in state.mappings())


def within_a_second(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 1
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return holds()


# poolers


def test_a_pooler_in_transaction_mode_is_noticed_and_refused(at: Place) -> None:
    """Leases are locks of a session: behind it nobody has one."""
    with pooled(at.server.port) as pooler:
        leases = PostgresLeases(f"postgresql://cwtui@127.0.0.1:{pooler.port}/postgres", at.profile, ANN)
        for _ in range(2):
            with pytest.raises(StateError, match="gives each transaction another session") as caught:
                leases.take("agreement/1")
            assert "session mode" in caught.value.next_step
        leases.close()


def test_a_lease_whose_session_is_anothers_is_not_held(at: Place) -> None:
    at.state().close()
    leases = at.leases()
    assert leases.take("agreement/1") is None
    assert leases._connection is not None
    leases._connection.execute("set cwtui.session = 'of another worker'")
    with pytest.raises(StateError, match="another session"):
        leases.holds("agreement/1")
    assert not leases.holds("agreement/1")
    assert at.leases(BOB).take("agreement/1") is None


# clocks, letters, names


@pytest.mark.parametrize("by_s", [300, -300])
def test_clocks_that_differ_are_told(by_s: int, at: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    at.state().close()
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + by_s)
    with pytest.raises(StateError, match=r"differ by 300 seconds"):
        at.leases().take("check")


@pytest.mark.parametrize(
    ("options", "query"),
    [
        pytest.param("", "?client_encoding=latin1", id="an address that asks for other letters"),
        pytest.param("encoding 'SQL_ASCII' template template0", "", id="a database without letters"),
        pytest.param("", "?options=-c%20default_transaction_isolation%3Dserializable", id="an isolation"),
        pytest.param("", "?application_name=x&connect_timeout=1&sslmode=prefer", id="options of its own"),
    ],
)
def test_any_letters_through_any_address(options: str, query: str, server: Server) -> None:
    with database(server, "letters", options) as address:
        state = open_database(address + query, "zażółć", author=LUKASZ)
        state.save_mapping(Mapping(key(1), 1))
        assert state.leases.take("check") is None
        assert state.leases.holders()["check"].who == LUKASZ.who
        state.close()
        again = open_database(address, "zażółć")
        assert mapped(again) == [1]
        again.close()


def test_letters_that_a_database_does_not_know_are_told(server: Server) -> None:
    with (
        database(server, "latin", "encoding 'LATIN1' template template0") as address,
        pytest.raises(StateError, match=r"cannot be used: .*LATIN1"),
    ):
        open_database(address, "zażółć", author=LUKASZ)


def test_a_name_that_is_too_long_is_told(at: Place) -> None:
    with pytest.raises(StateError, match="cannot be used: index row"):
        at.state(profile=shake_256(b"a name that cannot be made shorter").hexdigest(4500))


# rights


def test_a_user_without_rights_is_told(at: Place) -> None:
    at.state().close()
    order(at.server, "create role stranger login", "create role reader login")
    order(at.server, "grant usage on schema cwtui to reader", "grant select on all tables in schema cwtui to reader")
    for name in ("stranger", "reader"):
        address = f"postgresql://{name}@127.0.0.1:{at.server.port}/postgres"
        with pytest.raises(StateError, match="cannot be used: permission denied"):
            open_database(address, at.profile)
        with pytest.raises(StateError, match="cannot be used: permission denied"):
            PostgresLeases(address, at.profile, ANN).take("check")
    order(at.server, "drop owned by reader", "drop role reader", "drop role stranger")


def test_a_server_that_takes_no_writes_is_told_and_worked_on_when_it_does_again(at: Place) -> None:
    state = at.state()
    state.save_mapping(Mapping(key(1), 1))
    order(at.server, "alter database postgres set default_transaction_read_only = on")
    try:
        disconnect(at.server)
        for _ in range(2):
            with pytest.raises(StateError, match=r"cannot be used: .*read-only"):
                state.save_mapping(Mapping(key(2), 2))
        with pytest.raises(StateError, match="read-only"):
            state.leases.take("check")
        with pytest.raises(StateError, match="read-only"):
            at.state(BOB)
    finally:
        with psycopg.connect(at.server.address, autocommit=True) as connection:
            connection.execute("set default_transaction_read_only = off")
            connection.execute("alter database postgres reset default_transaction_read_only")
    disconnect(at.server)
    state.save_mapping(Mapping(key(3), 3))
    assert mapped(state) == [1, 3]
    state.close()
    assert mapped(at.state()) == [1, 3]


# at once


def test_many_who_begin_at_once_make_the_tables_once(server: Server) -> None:
    with database(server, "fresh") as address:
        states: list[Any] = []

        def begin(number: int) -> None:
            try:
                states.append(open_database(address, f"p{number % 2}", author=ANN))
            except Exception as error:  # noqa: BLE001  # the assertion shows it
                states.append(error)

        threads = [threading.Thread(target=begin, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert [type(state) for state in states] == [State] * 8
        for number, state in enumerate(states):
            state.save_mapping(Mapping(key(number), number))
        for state in states:
            state.close()


def test_no_update_is_lost_where_transactions_are_serializable(at: Place) -> None:
    order(at.server, "alter database postgres set default_transaction_isolation = 'serializable'")
    try:
        writers = [writer(at, f"w{number}", 30) for number in range(3)]
        for one in writers:
            one.communicate(timeout=200)
            assert one.returncode == 0
        assert len(at.state().mappings()) == 90
    finally:
        order(at.server, "alter database postgres reset default_transaction_isolation")


def test_two_who_fold_at_once_keep_everything(at: Place) -> None:
    ann, bob = at.state(), at.state(BOB)
    for number in range(10):
        (ann if number % 2 else bob).save_mapping(Mapping(key(number), number))
    threads = [threading.Thread(target=state.fold) for state in (ann, bob)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    ann.save_mapping(Mapping(key(10), 10))
    bob.catch_up()
    ann.close()
    bob.close()
    assert mapped(at.state()) == list(range(11))


def test_what_another_folded_at_once_is_seen(at: Place) -> None:
    ann, bob = at.state(), at.state(BOB)
    bob.save_mapping(Mapping(key(1), 1))
    bob.close()
    assert within_a_second(lambda: ann.catch_up() or mapped(ann) == [1])
    assert mapped(ann) == [1]


def test_a_state_that_somebody_works_on_is_not_copied(at: Place) -> None:
    ann, bob = at.state(), at.state(BOB)
    ann.save_mapping(Mapping(key(1), 1))
    assert ann.leases.take("agreement/7") is None
    with pytest.raises(StateError, match=r"ann@one \(process 1, .*\) works on the state .* \(agreement 7\)"):
        copy_state(bob, at.address, f"{at.profile}-copy")
    ann.leases.give_back("agreement/7")
    assert copy_state(bob, at.address, f"{at.profile}-copy") == 1


# connections


def test_what_others_did_while_a_connection_was_gone_is_seen(at: Place) -> None:
    ann, bob = at.state(), at.state(BOB)
    ann.save_mapping(Mapping(key(1), 1))
    disconnect(at.server)
    bob.save_mapping(Mapping(key(2), 2))
    assert within_a_second(lambda: ann.catch_up() or mapped(ann) == [1, 2])
    assert mapped(ann) == [1, 2]
    disconnect(at.server)
    bob.save_mapping(Mapping(key(3), 3))
    ann.save_mapping(Mapping(key(4), 4))
    assert mapped(ann) == [1, 2, 3, 4]


def test_whoever_takes_a_lease_knows_then_what_was_done(at: Place) -> None:
    """Also where the server has not told it yet."""
    ann, bob = at.state(), at.state(BOB)
    log_of(ann)._connection.execute("unlisten *")
    bob.save_mapping(Mapping(key(1), 1))
    assert not ann.catch_up()
    assert ann.leases.take("agreement/1") is None
    assert ann.catch_up()
    assert mapped(ann) == [1]


def test_one_that_is_stopped_while_it_keeps_the_others_out_is_not_waited_for(
    at: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_log, "_STOPPED_S", 1)
    ann, bob = at.state(), at.state(BOB)
    with ann.documents._log.alone():
        begun = time.monotonic()
        bob.save_mapping(Mapping(key(1), 1))
        assert 0.5 < time.monotonic() - begun < 20
    ann.save_mapping(Mapping(key(2), 2))
    assert mapped(ann) == mapped(at.state()) == [1, 2]


def test_a_commit_that_the_server_is_still_at_is_waited_for(at: Place) -> None:
    state = at.state()
    log = log_of(state)
    stale = log._connection
    execute = stale.execute
    ending = threading.Timer(0.5, lambda: execute("commit"))

    def lose_the_connection(query: Any, *args: Any, **kwargs: Any) -> Any:
        if query == "commit":
            ending.start()
            raise psycopg.OperationalError("connection lost")
        return execute(query, *args, **kwargs)

    stale.execute = lose_the_connection  # type: ignore[method-assign]
    stale.close = lambda: None  # type: ignore[method-assign]
    state.save_mapping(Mapping(key(1), 1))
    ending.join()
    state.save_mapping(Mapping(key(2), 2))
    assert mapped(state) == mapped(at.state()) == [1, 2]
    assert state.position == 2
    psycopg.Connection.close(stale)


def test_a_commit_that_is_lost_is_told_although_others_share_a_flush(at: Place) -> None:
    """What it noted would be taken for durable, once the next one is."""
    state = at.state()

    async def write() -> None:
        connection = log_of(state)._connection
        execute = connection.execute

        def break_at_the_end(query: Any, *args: Any, **kwargs: Any) -> Any:
            if query == "commit":
                connection.close()
                raise psycopg.OperationalError("connection lost")
            return execute(query, *args, **kwargs)

        connection.execute = break_at_the_end  # type: ignore[method-assign]
        with state.grouped():
            with pytest.raises(StateError, match="was not kept"):
                state.save_mapping(Mapping(key(1), 1))
            state.save_mapping(Mapping(key(2), 2))
            await state.flushed()

    asyncio.run(write())
    assert mapped(state) == mapped(at.state()) == [2]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("delete from cwtui.state where profile = %(profile)s", id="deleted"),
        pytest.param(
            "with gone as (delete from cwtui.log where profile = %(profile)s and seq = 2)"
            " update cwtui.state set last = 1 where profile = %(profile)s",
            id="one record short, as after a failover",
        ),
    ],
)
def test_an_earlier_state_in_its_place_is_not_gone_on_with(damage: str, at: Place) -> None:
    state = at.state()
    for number in range(2):
        state.save_mapping(Mapping(key(number), number))
    at.sql(damage)
    for number in range(2, 4):
        with pytest.raises(StateError, match="An earlier state was put in the place"):
            state.save_mapping(Mapping(key(number), number))


def test_tables_that_go_away_are_told(server: Server) -> None:
    with database(server, "dropped") as address:
        state = open_database(address, "default", author=ANN)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("drop schema cwtui cascade")
        with pytest.raises(StateError, match=r"cannot be used: relation .* does not exist"):
            state.save_mapping(Mapping(key(1), 1))
        with pytest.raises(StateError, match="cannot be used"):
            state.leases.take("check")
        state.close()


def test_a_server_without_places_is_told(at: Place) -> None:
    at.state().close()
    with database(at.server, "crowded", "connection limit 0") as address:
        order(at.server, "create role plain login")
        try:
            with pytest.raises(StateError, match=r"cannot be used: .*too many connections"):
                open_database(address.replace("cwtui@", f"{quote('plain')}@"), "default")
        finally:
            order(at.server, "drop role plain")


def test_a_server_whose_disk_is_full_is_told_in_one_sentence(at: Place, capfd: pytest.CaptureFixture[str]) -> None:
    """As an error of the server in the midst of an append."""
    state = at.state()
    state.save_mapping(Mapping(key(1), 1))
    order(
        at.server,
        "create function cwtui.full_disk() returns trigger language plpgsql as"
        " $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$",
        "create trigger full_disk before insert on cwtui.log for each row execute function cwtui.full_disk()",
    )
    try:
        for _ in range(2):
            with pytest.raises(StateError, match="No space left on device") as caught:
                state.save_mapping(Mapping(key(2), 2))
            assert "What was noted before is kept, the last change is not" in str(caught.value)
            assert mapped(state) == [1]
    finally:
        order(at.server, "drop trigger full_disk on cwtui.log", "drop function cwtui.full_disk()")
    state.save_mapping(Mapping(key(3), 3))
    assert mapped(state) == mapped(at.state()) == [1, 3]
    assert capfd.readouterr().err == ""
