"""A state that an earlier version kept in PostgreSQL opens with everything in it."""

from __future__ import annotations

from pathlib import Path

import orjson
import psycopg
import pytest

from cwtui.store.author import Author
from cwtui.store.copying import copy_state
from cwtui.store.layout import VERSION
from cwtui.store.log import Moved
from cwtui.store.postgres_log import PostgresLog
from cwtui.store.state import open_database, open_state
from tests.postgres_server import Server, needs_postgres
from tests.store.older_states import FIXTURES
from tests.store.version_2 import holds_everything

pytestmark = [pytest.mark.postgres, needs_postgres]


def put(server: Server, profile: str, name: str) -> None:
    """Keep a state of version 2 in a database: its file as the folded state, its journal as the log."""
    open_database(server.address, profile).close()
    data, journal = (FIXTURES / f"{name}.json").read_bytes(), FIXTURES / f"{name}.journal"
    records = list(map(orjson.loads, journal.read_bytes().splitlines())) if journal.exists() else []
    folded = orjson.loads(data)["cwtui"]["1"]["folded"]
    with psycopg.connect(server.address) as connection:
        connection.execute("delete from cwtui.part where profile = %s", (profile,))
        connection.execute("insert into cwtui.part (profile, number, data) values (%s, 0, %s)", (profile, data))
        for one in records:
            who, pid = one["by"]
            connection.execute(
                "insert into cwtui.log (profile, seq, version, session, who, pid, at, ops)"
                " values (%s, %s, %s, 'an earlier one', %s, %s, %s, %s)",
                (profile, one["seq"], one["v"], who, pid, one["at"], orjson.dumps(one["ops"])),
            )
        last = max([folded, *(one["seq"] for one in records)])
        connection.execute(
            "update cwtui.state set version = 2, folded = %s, last = %s, size = %s where profile = %s",
            (folded, last, len(data), profile),
        )


@pytest.mark.parametrize("name", ["version_2", "version_2_running"])
def test_everything_in_it_is_there(server: Server, profile: str, name: str) -> None:
    put(server, profile, name)
    state = open_database(server.address, profile)
    holds_everything(state)
    state.close()
    with psycopg.connect(server.address) as connection:
        kept = connection.execute("select version from cwtui.state where profile = %s", (profile,)).fetchone()
    assert kept == (VERSION,)
    again = open_database(server.address, profile)
    holds_everything(again)
    again.close()


def test_it_is_copied_into_a_file(server: Server, profile: str, tmp_path: Path) -> None:
    put(server, profile, "version_2_running")
    source = open_database(server.address, profile)
    copy_state(source, str(tmp_path / "state.json"), profile)
    source.close()
    state = open_state(tmp_path / "state.json")
    holds_everything(state)
    state.close()


@pytest.mark.parametrize("name", ["version_2", "version_2_running"])
def test_an_earlier_cwtui_that_still_runs_notes_nothing_in_the_new_shape(
    server: Server, profile: str, name: str
) -> None:
    """It reads everything again before it appends, and finds a newer one's state."""
    put(server, profile, name)
    earlier = PostgresLog(server.address, profile, Author("ann", 1))
    earlier.load()
    open_database(server.address, profile).close()
    assert earlier.append_beside([("tasks", "1", None)], []) is None
    with pytest.raises(Moved), earlier.alone():
        earlier.news()
    earlier.close()
