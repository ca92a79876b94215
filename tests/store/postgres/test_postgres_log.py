"""A state in PostgreSQL: one truth for many processes on many machines (hands.md#beyond-one-machine)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import tinydb

from cwtui.domain.errors import ConfigError, StateError
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.store.author import Author
from cwtui.store.postgres_leases import PostgresLeases
from cwtui.store.state import State, open_database
from tests.postgres_server import Server, needs_postgres
from tests.store.conftest import LINK, TASK

pytestmark = [pytest.mark.postgres, needs_postgres]
ANN, BOB = Author("ann@one", 1), Author("bob@two", 2)


def key(number: int) -> MappingKey:
    return MappingKey(MappingKind.CUSTOMER, f"C{number}")


class Place:
    """One server and one profile; what was opened is closed behind the test."""

    def __init__(self, server: Server, profile: str) -> None:
        self.server, self.profile, self.address = server, profile, server.address
        self._open: list[State | PostgresLeases] = []

    def state(self, author: Author = ANN, profile: str = "") -> State:
        self._open.append(found := open_database(self.address, profile or self.profile, author=author))
        return found

    def leases(self, author: Author = ANN) -> PostgresLeases:
        self._open.append(found := PostgresLeases(self.address, self.profile, author))
        return found

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.address) as looking:
            cursor = looking.execute(query, {"profile": self.profile})
            return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        for one in self._open:
            one.close()


@pytest.fixture
def at(server: Server, profile: str) -> Iterator[Place]:
    place = Place(server, profile)
    yield place
    place.close()


def test_what_one_saves_another_sees_and_a_third_opens(at: Place) -> None:
    ann, bob = at.state(), at.state(BOB)
    ann.save_task(TASK)
    ann.save_link(LINK)
    deadline = time.monotonic() + 1
    while not bob.catch_up() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert bob.task(TASK.id) == TASK
    ann.close()
    bob.close()
    third = at.state()
    assert (third.task(TASK.id), third.link(LINK.addition_id)) == (TASK, LINK)
    third.close()


def test_profiles_are_apart(at: Place) -> None:
    one, other = at.state(), at.state(profile=f"{at.profile}-other")
    one.save_task(TASK)
    other.catch_up()
    assert other.task(TASK.id) is None
    one.close()
    other.close()


def test_folding_keeps_everything_and_stops_no_reader(at: Place) -> None:
    ann, bob = at.state(), at.state(BOB)
    for number in range(50):
        ann.save_mapping(Mapping(key(number), number))
    ann.fold()
    ann.save_mapping(Mapping(key(50), 50))
    bob.catch_up()
    assert len(bob.mappings()) == 51
    assert at.sql("select count(*) from cwtui.log where profile = %(profile)s") == [(1,)]
    ann.close()
    bob.close()
    assert len(at.state().mappings()) == 51


def test_a_server_that_crashes_between_two_changes_loses_nothing(at: Place) -> None:
    state = at.state()
    state.save_mapping(Mapping(key(1), 1))
    at.server.stop("immediate")
    at.server.start()
    state.save_mapping(Mapping(key(2), 2))
    state.close()
    assert len(at.state().mappings()) == 2


def test_a_connection_that_breaks_while_it_commits_is_looked_up(at: Place) -> None:
    """Committed, but the answer is lost: what was kept stays, and is noted once."""
    state = at.state()
    log = state.documents._log
    commit = log._connection.execute  # type: ignore[attr-defined]

    def lose_the_answer(query: object, *args: object, **kwargs: object) -> object:
        found = commit(query, *args, **kwargs)
        if query == "commit":
            log._connection.close()  # type: ignore[attr-defined]
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return found

    log._connection.execute = lose_the_answer  # type: ignore[attr-defined]
    state.save_mapping(Mapping(key(1), 1))
    state.save_mapping(Mapping(key(2), 2))
    state.close()
    again = at.state()
    assert len(again.mappings()) == 2
    assert again.documents.seq == 2


def test_a_commit_that_never_arrived_is_told_and_not_kept(at: Place) -> None:
    state = at.state()
    state.save_mapping(Mapping(key(1), 1))
    log = state.documents._log
    execute = log._connection.execute  # type: ignore[attr-defined]

    def break_first(query: object, *args: object, **kwargs: object) -> object:
        if query == "commit":
            log._connection.close()  # type: ignore[attr-defined]
            raise psycopg.OperationalError("connection lost")
        return execute(query, *args, **kwargs)

    log._connection.execute = break_first  # type: ignore[attr-defined]
    with pytest.raises(StateError, match="was not kept"):
        state.save_mapping(Mapping(key(2), 2))
    assert state.mappings().get(key(2)) is None
    state.save_mapping(Mapping(key(3), 3))
    state.close()
    assert sorted(row.connectwise_id for row in at.state().mappings()) == [1, 3]


_WRITER = """
import sys
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.store.author import Author
from cwtui.store.state import open_database
address, profile, name, many = sys.argv[1:]
state = open_database(address, profile, author=Author(name, 1))
for number in range(int(many)):
    state.save_mapping(Mapping(MappingKey(MappingKind.CUSTOMER, f"{name}-{number}"), number))
    print(number, flush=True)
state.close()
"""


def writer(at: Place, name: str, many: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _WRITER, at.address, at.profile, name, str(many)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own program


def test_four_processes_at_once_lose_no_update(at: Place) -> None:
    writers = [writer(at, f"w{number}", 100) for number in range(4)]
    for one in writers:
        one.communicate(timeout=200)
        assert one.returncode == 0
    assert len(at.state().mappings()) == 400


@pytest.mark.parametrize("round_", range(5))
def test_a_killed_writer_keeps_all_it_said_was_saved(at: Place, round_: int) -> None:
    with writer(at, "w", 10_000) as one:
        assert one.stdout is not None
        said = [one.stdout.readline() for _ in range(3 + round_ * 5)]
        one.send_signal(signal.SIGKILL)
        said += one.stdout.readlines()
    state = at.state()
    assert len(state.mappings()) >= len(said)
    state.save_mapping(Mapping(key(1), 1))  # nothing it held is in the way
    state.close()


def test_a_lease_is_given_back_at_once_when_its_holder_dies(at: Place) -> None:
    program = (
        "import sys, time; from cwtui.store.author import Author;"
        "from cwtui.store.postgres_leases import PostgresLeases;"
        "leases = PostgresLeases(sys.argv[1], sys.argv[2], Author('carl@three', 3));"
        "assert leases.take('agreement:101') is None; print('held', flush=True); time.sleep(600)"
    )
    at.state().close()
    with subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, "-c", program, at.address, at.profile], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        leases = at.leases()
        found = leases.take("agreement:101")
        assert found is not None
        assert (found.who, found.pid) == ("carl@three", 3)
        assert leases.take("agreement:102") is None
        os.kill(holder.pid, signal.SIGKILL)
        deadline = time.monotonic() + 1
        while leases.take("agreement:101") is not None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert set(leases.holders()) == {"agreement:101", "agreement:102"}
    leases.close()
    assert at.leases(BOB).holders() == {}


def test_a_lease_outlives_no_connection(at: Place) -> None:
    at.state().close()
    leases = at.leases()
    assert leases.take("check") is None
    at.server.stop("immediate")
    assert not leases.holds("check")
    at.server.start()
    assert at.leases(BOB).take("check") is None
    assert leases.take("check") is not None


@pytest.mark.parametrize(
    ("address", "says"),
    [
        pytest.param("postgresql://cwtui:secret@127.0.0.1/x", "carries a password", id="a password in the address"),
        pytest.param("postgresql://[", "no address", id="no address"),
        pytest.param("postgresql://cwtui@127.0.0.1/x?nonsense=1", "no address", id="an unknown option"),
    ],
)
def test_an_address_is_refused_before_anything_is_asked(address: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        open_database(address, "default")
    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_is_said_in_words() -> None:
    with pytest.raises(StateError, match=r"postgresql://127.0.0.1/x cannot be used") as caught:
        open_database("postgresql://cwtui@127.0.0.1:9/x", "default")
    assert "psql" in caught.value.next_step


def test_tables_of_a_newer_version_are_left_alone(at: Place) -> None:
    at.state().close()
    at.sql("update cwtui.schema_version set version = 99")
    try:
        with pytest.raises(StateError, match="newer cwtui"):
            at.state()
    finally:
        at.sql("update cwtui.schema_version set version = 1")


def test_a_record_that_is_missing_is_damage(at: Place) -> None:
    state = at.state()
    for number in range(3):
        state.save_task(replace(TASK, note=str(number)))
    at.sql("delete from cwtui.log where profile = %(profile)s and seq = 3")
    with pytest.raises(StateError, match="is damaged"):
        at.state()


def test_the_state_is_read_by_plain_sql_and_kept_in_one_piece(at: Place, tmp_path: Path) -> None:
    """What is folded is the very text a state file holds."""
    state = at.state()
    state.save_task(TASK)
    state.fold()
    parts = at.sql("select data from cwtui.part where profile = %(profile)s order by number")
    file = tmp_path / "state.json"
    file.write_bytes(b"".join(bytes(part) for (part,) in parts))
    with tinydb.TinyDB(file) as plain:
        assert [row["id"] for row in plain.table("tasks").all()] == [TASK.id]
