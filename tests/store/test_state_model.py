"""The store beside a dictionary, through restarts, kills and folds in any order."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tinydb import TinyDB

from cwtui.domain.ids import AdditionId, AgreementId, CustomerId, OrderId, SubscriptionId, TaskId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.store.recovery import recover
from cwtui.store.state import open_state

names = st.sampled_from(["a", 'b"', "c\n", "d\\", "é"])
numbers = st.integers(0, 4)


def task_of(name: str, subscription: str, status: TaskStatus) -> Task:
    return Task(
        TaskId(name),
        TaskKind.SALES_ORDER,
        status,
        CustomerId("C1"),
        "Green",
        SubscriptionId(subscription),
        "s",
        OrderId("o"),
        "n",
        CREATED,
    )


CREATED = datetime(2026, 11, 21, tzinfo=UTC)


class StoreBesideADictionary(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "state.json"
        self.state = open_state(self.path)
        self.tasks: dict[str, Task] = {}
        self.mappings: dict[MappingKey, int] = {}
        self.facts: dict[str, object] = {}
        self.batch: ExitStack | None = None

    @rule(name=names, subscription=names, status=st.sampled_from(list(TaskStatus)))
    def save_task(self, name: str, subscription: str, status: TaskStatus) -> None:
        self.tasks[name] = task_of(name, subscription, status)
        self.state.save_task(self.tasks[name])

    @rule(name=names, target_id=numbers)
    def save_mapping(self, name: str, target_id: int) -> None:
        key = MappingKey(MappingKind.PRODUCT, name)
        self.mappings[key] = target_id
        self.state.save_mapping(Mapping(key, target_id))

    @rule(name=names)
    def drop_mapping(self, name: str) -> None:
        key = MappingKey(MappingKind.PRODUCT, name)
        assert self.state.drop_mapping(key) == (self.mappings.pop(key, None) is not None)

    @rule(name=names, value=st.none() | numbers | st.lists(names, max_size=2))
    def save_fact(self, name: str, value: object) -> None:
        self.facts[name] = value
        self.state.save_fact(name, value)

    @rule()
    def toggle_batch(self) -> None:
        if self.batch is None:
            self.batch = ExitStack()
            self.batch.enter_context(self.state.batch())
        else:
            self._end_batch()

    def _end_batch(self) -> None:
        if self.batch is not None:
            self.batch.close()
            self.batch = None

    @rule()
    def fold(self) -> None:
        self._end_batch()
        self.state.fold()

    @rule()
    def restart(self) -> None:
        self._end_batch()
        self.state.close()
        self.state = open_state(self.path)

    @rule(torn=st.binary(max_size=20).filter(lambda data: b"\n" not in data))
    def kill(self, torn: bytes) -> None:
        self._end_batch()
        self._abandon()
        journal = self.path.with_name("state.json.journal")
        if torn and journal.exists():
            with journal.open("ab") as file:
                file.write(torn)
        self.state = open_state(self.path)

    def _was_ever_saved(self) -> bool:
        return any(self.path.with_name(f"state.json{suffix}").exists() for suffix in (".journal", ".bak"))

    @precondition(_was_ever_saved)
    @rule()
    def lose_the_file(self) -> None:
        self._end_batch()
        self._abandon()
        kept = self.path.read_bytes()
        self.path.write_bytes(kept[:-3])
        recovered = recover(self.path)
        self.path.write_bytes(kept)
        other = open_state(recovered, read_only=True)
        assert {task.id: task for task in other.tasks()} == self.tasks
        recovered.unlink()
        self.state = open_state(self.path)

    def _abandon(self) -> None:
        self.state.documents.leases.close()
        self.state.documents._log.close()

    @invariant()
    def same(self) -> None:
        assert {task.id: task for task in self.state.tasks()} == self.tasks
        assert {task.id for task in self.state.open_tasks()} == {
            name for name, task in self.tasks.items() if task.status.is_open
        }
        for name in ("a", 'b"'):
            ours = {task.id for task in self.state.tasks_of(SubscriptionId(name))}
            assert ours == {key for key, task in self.tasks.items() if task.subscription_id == name}
        assert {mapping.key: mapping.connectwise_id for mapping in self.state.mappings()} == self.mappings
        assert all(self.state.fact(name) == value for name, value in self.facts.items())
        assert self.state.link(AdditionId(1)) is None
        assert not self.state.links_in(AgreementId(1))

    def teardown(self) -> None:
        if hasattr(self, "state"):
            self._end_batch()
            self.state.close()
            with TinyDB(self.path, access_mode="r") as db:
                assert {document["id"] for document in db.table("tasks")} == set(self.tasks)
            shutil.rmtree(self.folder)


TestStoreBesideADictionary = StoreBesideADictionary.TestCase
TestStoreBesideADictionary.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
