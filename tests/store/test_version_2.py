"""A state that version 2 wrote opens with everything in it, and its tasks are planned as that version planned them.

Rules: files.md#export-counts, reconciling.md#repairs, check.md#what-no-order-explains.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from cwtui.cli.documents import kept_task_document
from cwtui.domain.check_records import (
    Beginning,
    DifferenceKind,
    LastComparison,
    ReadSoFar,
)
from cwtui.domain.errors import StateError
from cwtui.domain.ids import OrderId, TaskId
from cwtui.domain.marketplace import OrderStatus
from cwtui.domain.problems import ProblemCase
from cwtui.sandbox.world import World
from cwtui.store import schema
from cwtui.store.files import beside
from cwtui.store.layout import VERSION
from cwtui.store.schema import Schema
from cwtui.store.state import open_state
from cwtui.store.storage import AtomicStorage
from cwtui.store.version_2 import to_version_3
from cwtui.wording.problems import sentence
from tests.engine.upkeep_world import running
from tests.store.older_states import FIXTURES, laid_out
from tests.store.version_2 import DIFFERENCE, PLANNED_ON, described, holds_everything


@pytest.fixture(params=["version_2", "version_2_running"], ids=["folded", "half of it in the journal"])
def old(request: pytest.FixtureRequest, path: Path) -> Path:
    """A state file of version 2, with the journal it may have."""
    return laid_out(request.param, path)


def test_everything_in_it_is_there(old: Path) -> None:
    state = open_state(old)
    holds_everything(state)
    state.close()
    again = open_state(old)
    holds_everything(again)
    again.close()
    assert {fact["id"] for fact in orjson.loads(old.read_bytes())["facts"].values()} == {"names", "planning.basis"}


def test_it_can_be_read_without_being_altered(old: Path) -> None:
    before = {one.name: one.read_bytes() for one in old.parent.iterdir()}
    state = open_state(old, read_only=True)
    holds_everything(state)
    state.close()
    assert {one.name: one.read_bytes() for one in old.parent.iterdir()} == before


def test_it_is_kept_whole_beside_the_new_one(old: Path) -> None:
    open_state(old).close()
    kept = orjson.loads(beside(old, ".v2").read_bytes())
    assert (kept["cwtui"]["1"]["version"], orjson.loads(old.read_bytes())["cwtui"]["1"]["version"]) == (2, VERSION)
    expected = orjson.loads((FIXTURES / "version_2.json").read_bytes())
    assert {row["id"] for row in kept["facts"].values()} == {row["id"] for row in expected["facts"].values()}


REWORDED = ("What subscription S1 holds is not what", "Subscription S1 differs from what")
"""A sentence of version 2, and how it is worded now."""


def told_then() -> dict[str, list[tuple[str, str, str]]]:
    """The problems of each task that version 2 kept, in its words."""
    rows = orjson.loads((FIXTURES / "version_2.json").read_bytes())["tasks"].values()
    return {
        row["id"]: [(one["code"], one["target"], one["message"]) for one in row["problems"]]
        for row in rows
        if row["problems"]
    }


def test_problems_say_what_they_said(old: Path) -> None:
    """commands.md#words-for-people."""
    state = open_state(old)
    kept = {task.id: task.problems for task in state.tasks() if task.problems}
    assert {
        name: [(one.code.value, one.target, sentence(one)) for one in problems] for name, problems in kept.items()
    } == told_then()
    assert {one.case for problems in kept.values() for one in problems} == {ProblemCase.IN_WORDS}
    shown = [kept_task_document(document) for document in state.documents.task_documents()]
    state.close()
    messages = {row["id"]: [one["message"] for one in row["problems"]] for row in shown if row["problems"]}
    assert messages.keys() == told_then().keys()
    for name, problems in told_then().items():
        assert all(now.startswith(then) for now, (_, _, then) in zip(messages[name], problems, strict=True))


async def test_problems_say_the_same_from_their_facts(old: Path) -> None:
    """Planned again, no problem is told in other words, but for one that was worded anew."""
    world = World.from_json((FIXTURES / "version_2_world.json").read_bytes())
    async with running(world, old.parent, PLANNED_ON) as at:
        plans = [await at.engine.plan(TaskId(name)) for name in told_then()]
    now = {one.task_id: [(p.code.value, p.target, sentence(p)) for p in one.problems] for one in plans}
    assert now == {
        name: [(code, target, said.replace(*REWORDED)) for code, target, said in problems]
        for name, problems in told_then().items()
    }
    assert {p.case for one in plans for p in one.problems} >= {ProblemCase.CUSTOMER, ProblemCase.SUBSCRIPTION}


async def test_every_task_is_planned_as_before(old: Path) -> None:
    """Repairs, counts and differences; from what ConnectWise held then."""
    world = World.from_json((FIXTURES / "version_2_world.json").read_bytes())
    before = json.loads((FIXTURES / "version_2_plans.json").read_text(encoding="utf-8"))
    async with running(world, old.parent, PLANNED_ON) as at:
        planned = [described(await at.engine.plan(task.id)) for task in at.state.tasks() if task.status.is_open]
    assert {one["task"].partition(".")[0].partition("-")[0] for one in planned} == {
        "initial", "difference", "reconcile", "counts",
    }  # fmt: skip
    assert sum(len(one["changes"]) for one in planned) >= 5
    assert planned == before


async def test_the_next_check_goes_on_where_that_version_ended(old: Path) -> None:
    """Nothing is told anew, no order makes a second task, and what a person skipped stays skipped."""
    world = World.from_json((FIXTURES / "version_2_world.json").read_bytes())
    async with running(world, old.parent, PLANNED_ON) as at:
        before = {task.id for task in at.state.tasks()}
        compared = at.state.note(LastComparison)
        await at.engine.check()
        assert {task.id for task in at.state.tasks()} == before
        assert at.state.note(LastComparison) == compared


BROKEN: list[Any] = [
    pytest.param(schema.REPAIRS, "repair:T", {"agreement": 1}, id="a repair"),
    pytest.param(schema.COUNTS, "counts:T", {"items": 5}, id="counts"),
    pytest.param(schema.DIFFERENCES, "difference:T", ["x"], id="differences"),
    pytest.param(schema.HISTORY, "check.history", {"handled": []}, id="a history"),
    pytest.param(schema.COMPARISON, "check.compared", {"day": "", "subscriptions": {"S": []}}, id="a comparison"),
]


def migrated(facts: Mapping[str, object]) -> dict[str, list[Any]]:
    """The rows of every table that those facts become."""
    rows = enumerate(facts.items(), 1)
    document = to_version_3(
        {"facts": {str(number): {"id": name, "name": name, "value": value} for number, (name, value) in rows}}
    )
    return {name: list(table.values()) for name, table in document.items()}


@pytest.mark.parametrize(("table", "name", "value"), BROKEN)
def test_what_somebody_broke_is_kept_and_told_when_it_is_read(table: Schema[Any], name: str, value: object) -> None:
    (row,) = migrated({name: value})[table.name]
    assert row["value"] == value
    with pytest.raises(ValueError, match="missing required field"):
        table.decode(orjson.dumps(row))


def test_a_broken_repair_stops_its_task_and_no_other(old: Path) -> None:
    content = AtomicStorage(old).read()
    assert content is not None
    beside(old, ".journal").unlink(missing_ok=True)
    content["facts"]["99"] = {"id": f"repair:{DIFFERENCE}", "name": f"repair:{DIFFERENCE}", "value": {"agreement": 1}}
    AtomicStorage(old).write(content)
    state = open_state(old)
    with pytest.raises(StateError, match="repairs"):
        state.repair(DIFFERENCE)
    assert state.differences(DIFFERENCE)
    state.close()


@pytest.mark.parametrize("kept", [5, {}, {"at": "never", "marks": []}, {"at": 1, "marks": "x"}])
def test_a_memory_of_what_was_told_that_cannot_be_read_is_none(kept: object) -> None:
    assert migrated({"notify.told": kept}) == {"facts": []}


@pytest.mark.parametrize(
    ("value", "table", "note"),
    [
        pytest.param({}, None, None, id="the last check ended"),
        pytest.param({"read": ["S2", "S1"]}, schema.READ_SO_FAR, ReadSoFar(frozenset({"S1", "S2"})), id="a later one"),  # type: ignore[arg-type]
        pytest.param(
            {
                "moment": "2026-11-23T12:00:00+00:00",
                "since": "2026-11-22T12:00:00+00:00",
                "counts": {"orders": 3},
                "open_orders": ["7001"],
                "ended_before": ["6999"],
                "states": {"7001": "processing"},
            },
            schema.BEGINNING,
            Beginning(
                datetime(2026, 11, 23, 12, tzinfo=UTC),
                datetime(2026, 11, 22, 12, tzinfo=UTC),
                {"orders": 3},
                frozenset({OrderId("7001")}),
                frozenset({OrderId("6999")}),
                {OrderId("7001"): OrderStatus.PROCESSING},
            ),
            id="the first one",
        ),
    ],
)
def test_a_check_that_was_cut_off_goes_on(value: object, table: Schema[Any] | None, note: object) -> None:
    """check.md#a-check-resumes."""
    tables = migrated({"check.begun": value})
    assert tables.pop("facts") == []
    if table is None:
        assert tables == {}
    else:
        (row,) = tables[table.name]
        assert table.decode(orjson.dumps(row)) == note


@pytest.mark.parametrize(
    ("mark", "text", "kind"),
    [
        ("never_carried", "It is active, and no task ever carried it over.", DifferenceKind.NEVER_CARRIED),
        ("", "It belongs to customer C2 now. Its additions stand in …", DifferenceKind.CUSTOMER),
        ("", "It is terminated, while its additions go on: 3 of A.", DifferenceKind.GOES_ON),
        ("", "It is active, while its additions ended.", DifferenceKind.ACTIVE_AGAIN),
        ("", "A costs 5.10 a unit, its additions bill 4.50.", DifferenceKind.PRICE),
        ("", "It holds none of A, its additions bill 3.", DifferenceKind.QUANTITY),
    ],
)
def test_a_difference_is_of_the_kind_its_words_say(mark: str, text: str, kind: DifferenceKind) -> None:
    """So its mark, by which it was skipped, is the same as before."""
    (row,) = migrated({"difference:T": [[mark or text, text]]})["differences"]
    (one,) = schema.DIFFERENCES.decode(orjson.dumps(row)).found
    assert (one.kind, one.mark) == (kind, mark or text)


def test_what_was_let_go_stays_gone() -> None:
    assert migrated({"counts:T": None, "contact_due:a": None, "contact_due:b": False, "names": {"a": "b"}}) == {
        "facts": [{"id": "names", "name": "names", "value": {"a": "b"}}]
    }


def test_nothing_of_an_earlier_report_stays_in_what_a_task_counts(path: Path) -> None:
    """An SKU that is doubted no more, or a catalog item known no more, is gone with the next record."""
    laid_out("version_2", path)
    state = open_state(path)
    name, record = next((task.id, one) for task in state.tasks() if (one := state.counts(task.id)) and one.doubts)
    bare = replace(record, doubts={}, known={}, anywhere={})
    state.save_counts(name, bare)
    assert state.counts(name) == bare
    state.close()
