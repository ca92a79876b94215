"""Synchronising many tasks: in order within an agreement, side by side across agreements.

Rule: synchronising.md#one-writer-an-agreement.

Rules: synchronising.md#queue-of-a-subscription, synchronising.md#synced-means-all-of-it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cwtui.domain.errors import StateError
from cwtui.domain.ids import SubscriptionId, TaskId
from cwtui.domain.tasks import TaskStatus
from cwtui.sandbox.behaviour import Fault
from cwtui.sandbox.world import World
from cwtui.store.state import State
from tests.engine.upkeep_world import (
    AGREEMENT,
    CUSTOMER,
    EXCHANGE_ITEM,
    MAIL,
    OFFICE_ITEM,
    TODAY,
    Running,
    running,
    small_world,
)

INITIAL = TaskId(f"initial.{MAIL}")
ADDITIONS = "/additions"


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
async def at(world: World, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(world, tmp_path) as opened:
        yield opened


def change(at: Running, name: str, quantity: int, held: int, subscription: str = MAIL, **more: Any) -> TaskId:
    at.world.add_order(subscription, "change", [("recurring", "P1", quantity, "4.50")], id=name, created=TODAY, **more)
    at.world.change_subscription(subscription, quantities={"P1": held})
    return TaskId(f"{name}.{subscription}")


def status(at: Running, task: TaskId) -> TaskStatus:
    found = at.state.task(task)
    assert found is not None
    return found.status


async def test_writes_are_sequential_within_an_agreement_and_parallel_across(tmp_path: Path) -> None:
    world = World.sized(customers=4, subscriptions=40, agreements=8, today=TODAY)
    async with running(world, tmp_path) as at:
        at.sandbox.behaviour.latency_ms = 3
        report = await at.engine.auto()
        assert (report.synced, report.writes.post) == (40, 40)
        assert at.sandbox.log.peak_writes == 1
        assert at.sandbox.log.peak["psa"] >= 6


async def test_no_more_requests_at_once_than_the_settings_allow(tmp_path: Path) -> None:
    world = World.sized(customers=4, subscriptions=40, agreements=20, today=TODAY)
    async with running(world, tmp_path, concurrency=3) as at:
        at.sandbox.behaviour.latency_ms = 3
        assert (await at.engine.auto()).synced == 40
        assert at.sandbox.log.peak["psa"] <= 3


async def test_a_refused_task_keeps_only_its_own_subscription(at: Running) -> None:
    at.world.add_subscription(CUSTOMER, [("P2", 3)], id="S2")
    await at.engine.check()
    later = change(at, "1", 5, 15)
    at.sandbox.behaviour.plan(Fault(status=400, service="psa", method="POST", path=ADDITIONS))
    report = await at.engine.auto()
    states = Counter(task.status for task in report.tasks)
    assert states == {TaskStatus.FAILED: 1, TaskStatus.SYNCED: 1, TaskStatus.WAITING: 1}
    assert len(report.errors) == 1
    assert (await at.engine.auto()).failed == 0
    assert status(at, later) is TaskStatus.SYNCED


async def test_a_plan_of_which_nothing_was_written_is_made_anew(at: Running) -> None:
    """ConnectWise refused it because an invoice was made meanwhile: what is planned next takes that in."""
    at.sandbox.behaviour.plan(Fault(status=400, service="psa", method="POST", path=ADDITIONS))
    assert (await at.engine.auto()).failed == 1
    assert at.state.plan_begun(INITIAL) is None
    at.world.advance_invoice(AGREEMENT, "2027-02-01")
    assert (await at.engine.auto()).synced == 1
    assert at.held() == [(EXCHANGE_ITEM, "10", "4.50", "2027-02-01", None)]


async def test_a_part_done_task_goes_on_with_the_plan_it_began(at: Running) -> None:
    await at.engine.auto()
    task = change(at, "1", 5, 15, provisioned=TODAY - timedelta(days=2))
    # the new ones are written, then the deletion of the old one is refused
    at.sandbox.behaviour.plan(Fault(status=400, service="psa", method="DELETE", path=ADDITIONS))
    report = await at.engine.auto()
    assert report.failed == 1
    failed = at.state.task(task)
    assert failed is not None
    assert "This change was not made. Written before it: 2 of the task's 3 changes" in failed.note
    assert report.errors == (failed.note,)
    begun = at.state.plan_begun(task)
    assert begun is not None
    at.world.change_subscription(MAIL, prices={"P1": "9.99"}, quantities={"P1": 99})
    assert (await at.engine.plan(task)).changes == begun.changes
    assert (await at.engine.auto()).synced == 1
    assert [row[1:3] for row in at.held() if row[4] is None] == [("15", "4.50")]
    assert len(at.held()) == 2


async def test_a_refused_create_leaves_the_old_addition_billing(at: Running) -> None:
    await at.engine.auto()
    held = at.held()
    task = change(at, "1", 5, 15, provisioned=TODAY - timedelta(days=2))
    at.sandbox.behaviour.plan(Fault(status=400, service="psa", method="POST", path=ADDITIONS))
    assert (await at.engine.auto()).failed == 1
    assert at.held() == held
    assert at.state.plan_begun(task) is None  # nothing of it was written, so it is planned anew
    (mapping,) = [one for one in at.state.mappings() if one.key.marketplace_id == "P1"]
    await at.engine.set_mapping(replace(mapping, connectwise_id=OFFICE_ITEM))
    assert (await at.engine.auto()).synced == 1
    assert [row[:2] for row in at.held() if row[4] is None] == [(OFFICE_ITEM, "15")]


async def test_a_begun_plan_follows_a_mapping_that_was_corrected(at: Running) -> None:
    await at.engine.auto()
    task = change(at, "1", 5, 15, provisioned=TODAY - timedelta(days=2))
    at.sandbox.behaviour.plan(
        Fault(kind="delay", delay_s=0, service="psa", method="POST", path=ADDITIONS),
        Fault(status=400, service="psa", method="POST", path=ADDITIONS),
    )
    assert (await at.engine.auto()).failed == 1
    assert at.state.plan_begun(task) is not None
    (mapping,) = [one for one in at.state.mappings() if one.key.marketplace_id == "P1"]
    await at.engine.set_mapping(replace(mapping, connectwise_id=OFFICE_ITEM))
    assert (await at.engine.auto()).synced == 1
    assert sorted(row[0] for row in at.held()) == [EXCHANGE_ITEM, OFFICE_ITEM]


async def test_refused_credentials_stop_the_run(tmp_path: Path) -> None:
    world = World.sized(customers=2, subscriptions=12, agreements=6, today=TODAY)
    async with running(world, tmp_path) as at:
        at.sandbox.behaviour.lacks = {("Finance", "Agreements", "Add")}
        report = await at.engine.auto()
        assert report.failed >= 1
        assert report.synced == 0
        assert at.sandbox.log.counts["psa POST /finance/agreements/{parentId}/additions"] <= 6
        at.sandbox.behaviour.lacks = set()
        assert (await at.engine.auto()).synced == 12


async def test_a_state_that_cannot_be_written_stops_between_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World.sized(customers=2, subscriptions=12, agreements=6, today=TODAY)
    async with running(world, tmp_path) as at:
        conclude = State.conclude
        concluded: list[tuple[Any, ...]] = []

        def full(self: State, *args: Any, **more: Any) -> None:
            if len(concluded) == 3:
                raise StateError("The disk is full.", next_step="Free some space.")
            concluded.append(args)
            conclude(self, *args, **more)

        monkeypatch.setattr(State, "conclude", full)
        with pytest.raises(StateError, match="disk is full"):
            await at.engine.auto()
        monkeypatch.undo()
        written = len(world.additions())
        assert written < 12
        await at.engine.auto()
        assert len(world.additions()) == 12


async def test_stopping_ends_before_the_next_write(tmp_path: Path) -> None:
    world = World.sized(customers=1, subscriptions=10, agreements=1, today=TODAY)
    async with running(world, tmp_path) as at:
        written = at.listener.written

        def stop(row: Any) -> None:
            written(row)
            at.engine.stop()

        at.listener.written = stop  # type: ignore[method-assign]
        report = await at.engine.auto()
        assert (report.synced, len(world.additions())) == (1, 1)
        assert all(task.status in {TaskStatus.SYNCED, TaskStatus.READY} for task in report.tasks)
        del at.listener.written
        assert (await at.engine.auto()).synced == 9


async def test_an_edited_addition_stops_its_task_and_nothing_else(at: Running) -> None:
    at.world.add_subscription(CUSTOMER, [("P2", 3)], id="S2")
    await at.engine.auto()
    (ours,) = [row for row in at.world.additions() if row["product"]["id"] == EXCHANGE_ITEM]
    ours["quantity"] = 11
    first = change(at, "1", 5, 15)
    at.world.add_order("S2", "change", [("recurring", "P2", 1, "12.10")], id="2", created=TODAY)
    at.world.change_subscription("S2", quantities={"P2": 4})
    report = await at.engine.auto()
    assert report.synced == 1
    stopped = at.state.task(first)
    assert stopped is not None
    assert [problem.code for problem in stopped.problems] == ["link_changed"]
    ours["quantity"] = 10
    assert (await at.engine.auto()).synced == 1


async def test_an_addition_that_goes_under_its_task_is_named_by_the_problem(at: Running) -> None:
    await at.engine.auto()
    (link,) = at.state.links()
    at.world.advance_invoice(AGREEMENT, "2027-01-01")
    task = change(at, "1", 5, 15)
    at.sandbox.behaviour.plan(Fault(status=404, service="psa", method="PATCH", path=ADDITIONS))
    assert (await at.engine.auto()).needs_action == 1
    stopped = at.state.task(task)
    assert stopped is not None
    assert [(one.code, one.target) for one in stopped.problems] == [("link_changed", str(link.addition_id))]


async def test_a_subscription_mapped_to_two_agreements_over_time_keeps_its_begun_plan(at: Running) -> None:
    await at.engine.auto()
    task = change(at, "1", 5, 15, provisioned=TODAY)
    at.sandbox.behaviour.plan(Fault(status=400, service="psa", method="DELETE", path=ADDITIONS))
    assert (await at.engine.auto()).failed == 1
    other = at.world.add_agreement(251, name="Other", bill_start="2026-01-01", next_invoice="2026-12-01")["id"]
    (mapping,) = [one for one in at.state.mappings() if one.key.marketplace_id == MAIL]
    await at.engine.set_mapping(replace(mapping, connectwise_id=other))
    assert (await at.engine.auto()).synced == 1
    assert at.held(other) == []
    assert status(at, task) is TaskStatus.SYNCED
    assert at.state.links_of(SubscriptionId(MAIL))


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/finance/agreements"), ("GET", ADDITIONS), ("DELETE", ADDITIONS)],
    ids=["while its agreement is read", "while its additions are read", "while it is written"],
)
async def test_a_task_is_not_failed_by_the_end_of_the_run(world: World, tmp_path: Path, method: str, path: str) -> None:
    """What was cut off is no failure; the next run writes it (synchronising.md#stopping)."""
    async with running(world, tmp_path) as at:
        await at.engine.auto()
        task = change(at, "1", 5, 15, provisioned=TODAY - timedelta(days=2))
        at.sandbox.behaviour.plan(Fault("delay", delay_s=4, service="psa", method=method, path=path))
        run = asyncio.create_task(at.engine.auto())
        async with asyncio.timeout(20):
            while at.sandbox.behaviour.script:  # noqa: ASYNC110  # the sandbox tells nobody when a fault strikes
                await asyncio.sleep(0.01)
        at.engine.end()
        report = await run
        assert (report.failed, set(report.errors) - {report.stopped}) == (0, set())
        assert status(at, task) is not TaskStatus.FAILED
    async with running(world, tmp_path) as at:
        assert (await at.engine.auto()).synced == 1
        assert [row[1] for row in at.held() if row[-1] is None] == ["15"]
