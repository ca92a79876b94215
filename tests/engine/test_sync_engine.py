"""What the shells ask of the engine (commands.md#auto), on the sandbox in one process.

Rules: mapping.md#unmapping-a-customer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cwtui.domain.errors import InputError, StateError
from cwtui.domain.ids import SubscriptionId, TaskId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.tasks import TaskStatus
from cwtui.sandbox.behaviour import Fault
from cwtui.sandbox.world import World
from cwtui.store.state import open_state
from cwtui.wording.problems import sentence
from tests.engine.upkeep_world import AGREEMENT, CUSTOMER, MAIL, TODAY, Running, running, small_world

INITIAL = TaskId(f"initial.{MAIL}")


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
async def at(world: World, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(world, tmp_path) as opened:
        yield opened


def unmap(at: Running, kind: MappingKind, name: str) -> None:
    assert at.state.drop_mapping(MappingKey(kind, name))


def posted(at: Running, what: str = "") -> int:
    return sum(count for key, count in at.sandbox.log.counts.items() if key.startswith(f"psa POST {what}"))


async def test_exact_matches_are_mapped_and_written_in_the_same_run(at: Running) -> None:
    at.world.psa["catalog"].rows[501]["manufacturerPartNumber"] = "MPN1"
    at.work_by(maps_exact=True)
    for kind, name in ((MappingKind.CUSTOMER, CUSTOMER), (MappingKind.PRODUCT, "P1"), (MappingKind.AGREEMENT, MAIL)):
        unmap(at, kind, name)
    assert (await at.engine.auto()).synced == 1


async def test_nothing_is_mapped_unless_it_is_asked_for(at: Running) -> None:
    unmap(at, MappingKind.CUSTOMER, CUSTOMER)
    report = await at.engine.auto()
    assert (report.synced, report.needs_action) == (0, 1)
    assert report.tasks[0].note.startswith("Failed auto-sync. Customer Green Lane LLC")


@pytest.mark.parametrize("dry_run", [True, False], ids=["a dry run", "a run"])
async def test_catalog_items_are_created_where_that_is_allowed(dry_run: bool, at: Running) -> None:
    at.world.add_product("P9", "Something quite new", mpn="ZZZ-9", price="3.00", cost="2.00")
    at.world.add_subscription(CUSTOMER, [("P9", 4)], id="S9")
    at.state.save_mapping(Mapping(MappingKey(MappingKind.AGREEMENT, "S9"), AGREEMENT))
    at.work_by(creates_items=True)
    report = await at.engine.auto(dry_run=dry_run)
    assert posted(at, "/procurement/catalog") == (0 if dry_run else 1)
    assert (report.synced, posted(at, "/finance")) == ((0, 0) if dry_run else (2, 2))


async def test_what_cannot_be_mapped_does_not_stop_what_is(at: Running) -> None:
    at.work_by(maps_exact=True)
    at.world.add_customer("Stranger", id="C9")
    at.world.add_subscription("C9", [("P1", 1)], id="S9")
    at.sandbox.behaviour.plan(*[Fault(status=400, service="psa", path="/company/companies", times=0)])
    report = await at.engine.auto()
    assert (report.synced, len(report.errors)) == (1, 1)


async def test_a_dry_run_says_what_would_be_written_and_writes_nothing(at: Running) -> None:
    report = await at.engine.auto(dry_run=True)
    assert (report.dry_run, report.created, report.synced) == (True, 1, 0)
    assert report.tasks[0].status is TaskStatus.READY
    assert report.tasks[0].monthly_effect == Decimal("45.00")
    assert posted(at) == 0
    assert len((await at.engine.plan(INITIAL)).to_write) == 1


async def test_only_some_customers_are_synchronised_by_themselves(at: Running) -> None:
    at.work_by(only_customers=frozenset({"somebody else"}))
    report = await at.engine.auto()
    assert (report.synced, report.tasks[0].status) == (0, TaskStatus.READY)
    assert (await at.engine.sync([INITIAL])).synced == 1


async def test_naming_a_task_confirms_its_guard(at: Running) -> None:
    at.plan_by(max_quantity_change=Decimal(10))
    await at.engine.auto()
    at.world.add_order(MAIL, "change", [("recurring", "P1", 90, "4.50")], id="1", created=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 100})
    report = await at.engine.auto()
    assert [problem.code for task in report.tasks for problem in task.problems] == ["guard"]
    dry = await at.engine.sync([TaskId(f"1.{MAIL}")], dry_run=True)
    assert [problem.code for task in dry.tasks for problem in task.problems] == ["guard"]
    assert (await at.engine.sync([TaskId(f"1.{MAIL}")])).synced == 1


async def test_unmapping_a_customer_puts_its_open_tasks_back_and_leaves_the_rest(at: Running) -> None:
    await at.engine.check()
    assert await at.engine.unset_mapping(MappingKey(MappingKind.CUSTOMER, CUSTOMER))
    (task,) = at.state.tasks()
    assert [problem.code for problem in task.problems] == ["customer_unmapped"]
    assert {mapping.key.kind for mapping in at.state.mappings()} == {MappingKind.PRODUCT, MappingKind.AGREEMENT}
    assert not await at.engine.unset_mapping(MappingKey(MappingKind.CUSTOMER, CUSTOMER))


async def test_a_mapping_that_could_not_be_planned_with_is_planned_with_by_the_next_check(at: Running) -> None:
    unmap(at, MappingKind.AGREEMENT, MAIL)
    await at.engine.check()
    fault = Fault(status=400, service="psa", path="/finance/agreements", times=0)
    at.engine.desk.forget()
    at.sandbox.behaviour.plan(fault)
    await at.engine.import_mappings([Mapping(MappingKey(MappingKind.AGREEMENT, MAIL), AGREEMENT)])
    assert "planned anew by the next check" in at.listener.problems[0]
    assert [task.status for task in at.state.tasks()] == [TaskStatus.NEEDS_ACTION]
    at.sandbox.behaviour.script.clear()
    await at.engine.check()
    assert [task.status for task in at.state.tasks()] == [TaskStatus.READY]


async def test_tasks_made_while_the_psa_was_away_are_told_and_planned_by_the_next_check(at: Running) -> None:
    at.sandbox.behaviour.plan(Fault(status=400, service="psa", path="/finance/agreements", times=0))
    report = await at.engine.auto()
    assert (report.created, report.synced, len(report.errors)) == (1, 0, 1)
    assert posted(at) == 0
    at.sandbox.behaviour.script.clear()
    again = await at.engine.auto()
    assert (again.created, again.synced, again.errors) == (0, 1, ())


@pytest.mark.parametrize("doing", ["skip", "reopen", "undo"])
async def test_a_task_in_another_state_is_refused(doing: str, at: Running) -> None:
    await at.engine.check()
    if doing == "skip":
        await at.engine.sync([INITIAL])
        refused: Any = at.engine.skip([INITIAL])
    else:
        refused = at.engine.reopen([INITIAL]) if doing == "reopen" else at.engine.undo(INITIAL)
    with pytest.raises(InputError, match=f"Task {INITIAL} is (synced|ready), not"):
        await refused


async def test_a_begun_task_is_not_skipped(at: Running) -> None:
    await at.engine.auto()
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], id="1", created=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    at.sandbox.behaviour.plan(Fault(status=400, service="psa", method="DELETE"))  # the create comes first, and is done
    assert (await at.engine.auto()).failed == 1
    with pytest.raises(InputError, match="sync it to its end, or undo it first"):
        await at.engine.skip([TaskId(f"1.{MAIL}")])
    assert (await at.engine.undo(TaskId(f"1.{MAIL}"))).complete
    assert [row[1] for row in at.held()] == ["10"]
    (skipped,) = await at.engine.skip([TaskId(f"1.{MAIL}")], "billed by hand")
    assert (skipped.status, skipped.note) == (TaskStatus.SKIPPED, "billed by hand")


async def test_what_a_killed_run_wrote_unheard_is_taken_back_too(world: World, tmp_path: Path) -> None:
    """The create was committed, its answer was not: undo finds it before it decides."""
    async with running(world, tmp_path) as at:
        await at.engine.check()
        plan = await at.engine.plan(INITIAL)
        at.state.begin_plan(plan)
        at.state.intend(
            at=at.engine.clock.now(),
            run_id="killed",
            task_id=INITIAL,
            subscription_id=SubscriptionId(MAIL),
            change=plan.changes[0],
            present=frozenset(),
        )
        values = plan.changes[0].after
        assert values is not None
        await at.engine.psa.create_addition(plan.changes[0].agreement_id, values)
        report = await at.engine.undo(INITIAL)
        assert report.complete
        assert at.held() == []
        assert at.state.plan_begun(INITIAL) is None


async def test_an_undone_task_is_billed_by_the_agreement_it_wrote_to(at: Running) -> None:
    """Mapped to another agreement since, it is still that one's invoice that counts."""
    await at.engine.auto()
    other = at.world.add_agreement(251, name="Other", bill_start="2026-01-01", next_invoice="2026-12-01")["id"]
    await at.engine.set_mapping(Mapping(MappingKey(MappingKind.AGREEMENT, MAIL), other))
    at.world.advance_invoice(AGREEMENT, "2027-01-01")
    report = await at.engine.undo(INITIAL)
    assert "it ends on that day instead of being deleted" in " ".join(report.lines)
    assert [row[4] for row in at.held()] == ["2026-12-31"]


async def test_a_synced_task_shows_what_it_wrote_since_it_was_last_opened(at: Running) -> None:
    await at.engine.auto()
    assert (await at.engine.undo(INITIAL)).complete
    await at.engine.auto()
    plan = await at.engine.plan(INITIAL)
    assert [(change.operation, change.arithmetic != ()) for change in plan.changes] == [("create", True)]


async def test_nothing_is_written_to_a_state_one_may_not_write(world: World, tmp_path: Path) -> None:
    async with running(world, tmp_path) as at:
        await at.engine.check()
        second = open_state(at.state.path, read_only=True)
        try:
            engine = at.engine_on(second)
            for doing in (engine.auto(), engine.check(), engine.sync([INITIAL]), engine.skip([INITIAL])):
                with pytest.raises(StateError):
                    await doing
            assert posted(at) == 0
        finally:
            second.close()


async def test_an_order_the_marketplace_no_longer_shows_is_not_taken_for_an_empty_one(at: Running) -> None:
    await at.engine.auto()
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], id="1", created=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    await at.engine.auto()
    await at.engine.undo(TaskId(f"1.{MAIL}"))
    at.state.documents.commit([("orders", "1", None)])
    at.world.marketplace["orders"].remove("1")
    report = await at.engine.auto()
    task = at.state.task(TaskId(f"1.{MAIL}"))
    assert task is not None
    assert report.synced == 0
    assert "no longer shows order" in sentence(task.problems[0])
