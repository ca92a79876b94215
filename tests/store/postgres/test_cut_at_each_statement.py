"""Two writers whose connections break at any byte: what was acknowledged is there once, in its order.

Rule: hands.md#killed-at-any-instant.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import psycopg
import pytest

from cwtui.domain.errors import Outdated, StateError
from cwtui.domain.ids import TaskId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.tasks import Task
from cwtui.store import postgres_log
from cwtui.store.author import Author
from cwtui.store.state import State, open_database
from tests.postgres_server import Server, needs_postgres
from tests.store.conftest import TASK
from tests.store.postgres.cutting_relay import CuttingRelay, cutting
from tests.store.postgres.test_appending_beside import answered, rows
from tests.store.postgres.test_postgres_trouble import within_a_second
from tests.store.test_shared_log import intend

pytestmark = [pytest.mark.postgres, needs_postgres]
FAULTS = 320
COUNTED = TaskId("counted by both")


@dataclass
class Writer:
    """Notes one thing after the other, and keeps account of what it was told."""

    name: str
    address: str
    profile: str
    relay: CuttingRelay
    kept: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    counted: int = 0
    perhaps: int = 0
    numbers: list[int] = field(default_factory=list)
    failed: BaseException | None = None
    seen: list[tuple[str, str, bytes]] = field(default_factory=list)

    def run(self) -> None:
        try:
            self._run()
        except BaseException as error:  # noqa: BLE001  # the test shows it
            self.failed = error

    def _run(self) -> None:
        chance, state, number = random.Random(self.name), self._opened(), 0  # noqa: S311  # no secret
        while self.relay.left > 0 or number < 30:
            number += 1
            token = f"{self.name}.{number}."
            try:
                chance.choice((self._task, self._task, self._mapping, self._write, self._count, self._two))(
                    state, token
                )
            except StateError as error:
                (self.unknown if "not known" in str(error) else self.lost).append(token)
        state.save_task(replace(TASK, id=TaskId(f"{self.name} ended")))
        state.catch_up()
        self.seen = rows(state)
        state.close()

    def _opened(self) -> State:
        while True:
            try:
                state = open_database(self.address, self.profile, author=Author(self.name, 1))
            except StateError:
                continue
            state.documents.only_reads = True
            state.documents._should_fold = lambda: False  # type: ignore[method-assign]  # the test reads every record
            return state

    def _task(self, state: State, token: str) -> None:
        state.save_task(replace(TASK, id=TaskId(token)))
        self.kept.append(token)

    def _mapping(self, state: State, token: str) -> None:
        state.save_mapping(Mapping(MappingKey(MappingKind.CUSTOMER, token), 1))
        self.kept.append(token)

    def _two(self, state: State, token: str) -> None:
        with state.batch():
            state.save_task(replace(TASK, id=TaskId(token)))
            state.save_task(replace(TASK, id=TaskId(f"beside {self.name}"), note=token))
        self.kept.append(token)

    def _write(self, state: State, token: str) -> None:  # noqa: ARG002
        intent = intend(state, state.position, agreement=len(self.name))
        self.numbers.append(intent.seq)
        state.conclude(intent, answered(intent))

    def _count(self, state: State, token: str) -> None:  # noqa: ARG002
        """A change that is based on what was there: none is lost, none is made twice."""
        try:
            state.catch_up()
            was = state.task(COUNTED) or replace(TASK, id=COUNTED, note="0")
            state.save_task(replace(was, note=str(int(was.note) + 1)), was=was)
        except Outdated:
            return
        except StateError as error:
            self.perhaps += "not known" in str(error)
            raise
        self.counted += 1


@pytest.fixture
def records(server: Server, profile: str) -> Iterator[psycopg.Connection]:
    open_database(server.address, profile, author=Author("owner", 1)).close()
    with psycopg.connect(server.address, autocommit=True) as connection:
        yield connection


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who connects again makes no long pauses."""
    pausing = SimpleNamespace(sleep=lambda seconds: time.sleep(seconds / 50), monotonic=time.monotonic)
    monkeypatch.setattr(postgres_log, "time", pausing)


@pytest.mark.parametrize("seed", [1])
def test_what_is_acknowledged_is_there_once(
    seed: int, server: Server, profile: str, records: psycopg.Connection
) -> None:
    owner = open_database(server.address, profile, author=Author("owner", 1))
    owner.save_task(replace(TASK, id=COUNTED, note="0"))
    with cutting(server.port, seed=seed, faults=FAULTS) as relay:
        address = f"postgresql://cwtui@127.0.0.1:{relay.port}/postgres?sslmode=disable&gssencmode=disable"
        writers = [Writer(name, address, profile, relay) for name in ("ann", "robert")]
        threads = [threading.Thread(target=writer.run, daemon=True) for writer in writers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
    for writer in writers:
        if writer.failed is not None:
            raise writer.failed
    assert relay.done.total() == FAULTS

    query = "select seq, ops from cwtui.log where profile = %s order by seq"
    log = [(seq, bytes(ops).decode()) for seq, ops in records.execute(query, (profile,)).fetchall()]
    assert [seq for seq, _ in log] == list(range(1, len(log) + 1))
    for writer in writers:
        places = {token: [seq for seq, ops in log if f'{token}"' in ops] for token in writer.kept + writer.lost}
        assert {token: len(found) for token, found in places.items()} == {
            **dict.fromkeys(writer.lost, 0),
            **dict.fromkeys(writer.kept, 1),
        }
        order = [places[token][0] for token in writer.kept]
        assert order == sorted(order)
    numbers = [number for writer in writers for number in writer.numbers]
    assert len(set(numbers)) == len(numbers)
    counted, perhaps = sum(writer.counted for writer in writers), sum(writer.perhaps for writer in writers)
    assert within_a_second(lambda: owner.catch_up() or owner.position == log[-1][0])
    task: Task | None = owner.task(COUNTED)
    assert task is not None
    assert counted <= int(task.note) <= counted + perhaps
    loaded = open_database(server.address, profile, author=Author("owner", 1))
    assert rows(owner) == rows(loaded)
    for state in (owner, loaded):
        state.close()
