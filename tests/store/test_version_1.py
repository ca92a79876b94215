"""A state that an earlier version wrote opens with everything in it, and stays where it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from cwtui.domain.check_records import History
from cwtui.domain.errors import StateError
from cwtui.domain.ids import AdditionId, TaskId
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.store.files import beside
from cwtui.store.layout import VERSION
from cwtui.store.opening import open_documents
from cwtui.store.state import State, open_state
from cwtui.store.storage import AtomicStorage
from tests.store import version_1
from tests.store.older_states import FIXTURES, laid_out


@pytest.fixture(params=["version_1", "version_1_running"], ids=["folded", "half of it in the journal"])
def old(request: pytest.FixtureRequest, path: Path) -> Path:
    """A state file of version 1, with the journal it may have."""
    return laid_out(request.param, path)


def holds_everything(state: State, *, folded: bool = False) -> None:
    """All of version 1; but for orders and subscriptions that no open task needs, once it was `folded`."""
    tasks: Sequence[Task] = [version_1.SYNCED if task.id == "1000.2000" else task for task in version_1.TASKS]
    assert list(state.tasks()) == tasks
    needed = version_1.ORDERS[1:] if folded else version_1.ORDERS
    assert [state.order(order.id) for order in needed] == list(needed)
    subscriptions = version_1.SUBSCRIPTIONS[:1] if folded else version_1.SUBSCRIPTIONS
    assert [state.subscription(one.id) for one in subscriptions] == list(subscriptions)
    assert tuple(state.customers()) == version_1.CUSTOMERS
    assert tuple(state.products()) == version_1.PRODUCTS
    assert set(state.mappings()) == set(version_1.MAPPINGS)
    assert state.snapshot(TaskId("initial.2000")) == version_1.SUBSCRIPTION
    assert sorted(state.links(), key=lambda link: link.addition_id) == list(version_1.LINKS)
    assert state.plan_begun(TaskId("1000.2000")) == version_1.PLAN
    assert state.plan_begun(TaskId("1001.2000")) == version_1.BARE_PLAN
    assert state.edits(TaskId("1000.2000")) == version_1.EDITS
    assert state.edits(TaskId("1001.2000")) == version_1.BARE_EDITS
    assert state.cursor() == version_1.CURSOR
    assert [intent.change for intent in state.open_intents()] == [version_1.CREATE, version_1.UPDATE, version_1.DELETE]
    assert {(intent.present, intent.run_id, intent.at) for intent in state.open_intents()} == {
        (version_1.PRESENT, "run-3", version_1.MOMENT)
    }
    assert state.done_keys(TaskId("1000.2000")) == set(version_1.DONE)
    assert tuple(state.audit()) == version_1.AUDIT
    assert tuple(state.record_writes()) == version_1.WRITES
    assert state.doubts(version_1.AGREEMENT) == [version_1.DOUBT]
    assert state.taken_back(version_1.TAKEN_BACK.task_id) == version_1.TAKEN_BACK
    assert state.owed(version_1.OWED.task_id) == (version_1.OWED,)
    assert tuple(state.import_intent(one.company_id) for one in version_1.IMPORTS) == version_1.IMPORTS
    assert state.counts(version_1.COUNTED) == version_1.COUNTS
    assert state.last_report("intermedia") == version_1.LAST_REPORT
    assert state.is_contact_due(version_1.CONTACT_DUE)
    assert state.note(History) == version_1.HISTORY
    assert state.repair(version_1.REPAIRED) == version_1.REPAIR
    assert {name: state.fact(name) for name in version_1.FACTS} == version_1.FACTS


def finds_everything(state: State) -> None:
    """What is read from the bytes of a row is found in the new ones."""
    task = TaskId("1000.2000")
    assert {one.id for one in state.open_tasks()} == {
        one.id for one in version_1.TASKS if one.status.is_open and one.id != task
    }
    assert [one.id for one in state.tasks([TaskStatus.FAILED])] == ["1004.2000"]
    assert len(state.tasks_of(version_1.SUBSCRIPTION.id)) == len(version_1.TASKS)
    assert (
        len(state.links_in(version_1.AGREEMENT))
        == len(version_1.LINKS)
        == len(state.links_of(version_1.LINKS[0].subscription_id))
    )
    assert len(state.open_intents(version_1.AGREEMENT)) == 3
    assert [row.seq for row in state.replacements()] == [2]
    assert [row.seq for row in state.audit(addition_id=AdditionId(815), run_id="run-2")] == [2]
    assert [row.seq for row in state.audit(task_id=TaskId("1001.2000"))] == [3]


def test_everything_in_it_is_there(old: Path) -> None:
    state = open_state(old)
    holds_everything(state)
    finds_everything(state)
    state.close()
    again = open_state(old)
    holds_everything(again, folded=True)
    finds_everything(again)
    again.close()


def test_it_can_be_read_without_being_altered(old: Path) -> None:
    before = {one.name: one.read_bytes() for one in old.parent.iterdir()}
    state = open_state(old, read_only=True)
    holds_everything(state)
    finds_everything(state)
    state.close()
    assert {one.name: one.read_bytes() for one in old.parent.iterdir()} == before


def test_it_is_kept_whole_beside_the_new_one(old: Path) -> None:
    open_state(old).close()
    kept = orjson.loads(beside(old, ".v1").read_bytes())
    assert orjson.loads(old.read_bytes())["cwtui"]["1"]["version"] == VERSION
    assert kept["cwtui"]["1"]["version"] == 1
    expected = orjson.loads((FIXTURES / "version_1.json").read_bytes())
    by_id = {name: {row["id"]: row for row in table.values()} for name, table in kept.items()}
    for name, table in expected.items():
        if name not in {"cwtui", "seal", "intents"}:  # intents are named by the journal's numbers
            assert by_id[name] == {row["id"]: row for row in table.values()}
    assert len(kept["intents"]) == len(expected["intents"])


def test_what_is_kept_is_not_written_over(old: Path) -> None:
    beside(old, ".v1").write_text("mine")
    open_state(old).close()
    assert beside(old, ".v1").read_text() == "mine"


def test_a_process_that_dies_before_the_first_fold_loses_nothing(old: Path) -> None:
    state = open_state(old)
    changed = replace(version_1.TASKS[2], note="of the new version")
    state.save_task(changed)
    state.documents.leases.close()
    state.documents._log.close()  # as a killed process does
    again = open_state(old)
    assert again.task(changed.id) == changed
    again.save_task(version_1.TASKS[2])
    holds_everything(again)
    again.close()
    assert orjson.loads(beside(old, ".v1").read_bytes())["cwtui"]["1"]["version"] == 1


def test_what_somebody_else_wrote_survives(old: Path) -> None:
    with_colour = open_state(old)
    with_colour.save_customers([replace(version_1.CUSTOMERS[0], name="New name")])
    with_colour.save_task(replace(version_1.SYNCED, note="changed"))
    with_colour.close()
    state = orjson.loads(old.read_bytes())
    assert state["customers"]["1"]["colour"] == "blue"
    assert state["customers"]["1"]["name"] == "New name"
    (task,) = (row for row in state["tasks"].values() if row["id"] == "1000.2000")
    assert task["order"] == {"colour": "blue"}
    assert task["note"] == "changed"
    assert state["someone"] == {"1": {"id": "x", "colour": "blue"}}


def test_a_document_that_somebody_broke_harms_no_other(old: Path) -> None:
    content = AtomicStorage(old).read()
    assert content is not None
    del content["orders"]["2"]["customer_id"]
    AtomicStorage(old).write(content)
    state = open_state(old)
    assert state.order(version_1.ORDERS[0].id) == version_1.ORDERS[0]
    with pytest.raises(StateError, match="1001"):
        state.order(version_1.ORDERS[1].id)
    state.close()


def test_what_keeps_a_create_from_being_sent_twice_is_not_passed_over(old: Path) -> None:
    content = AtomicStorage(old).read()
    assert content is not None
    content.setdefault("facts", {})["99"] = {"id": "doubts", "value": [{"seq": 1, "likeness": "7|1"}]}
    AtomicStorage(old).write(content)
    beside(old, ".journal").unlink(missing_ok=True)
    before = old.read_bytes()
    with pytest.raises(StateError, match="damaged"):
        open_state(old)
    assert old.read_bytes() == before


def test_its_tasks_can_be_listed_without_the_lock(old: Path) -> None:
    listed = list(open_documents(old, read_only=True).task_documents())
    assert [document["id"] for document in listed] == [task.id for task in version_1.TASKS]
