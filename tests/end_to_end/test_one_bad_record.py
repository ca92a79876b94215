"""One bad record stops nobody else, and a check that is cut off resumes (check.md), on the sandbox.

Rules: check.md#one-bad-record.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cwtui.domain.errors import CheckCutOff, ServiceError
from cwtui.domain.ids import SubscriptionId
from cwtui.domain.problems import ProblemCode
from cwtui.domain.tasks import TaskStatus
from cwtui.sandbox.behaviour import Fault
from cwtui.sandbox.world import World
from cwtui.wording.problems import sentence
from tests.engine.upkeep_world import AGREEMENT, CUSTOMER, MAIL, TODAY, Running, running, small_world

NEXT = TODAY + timedelta(days=1)
BAD: list[Any] = [
    pytest.param({"status": 400}, ProblemCode.RECORD_UNREADABLE, id="400"),
    pytest.param({"status": 403}, ProblemCode.RECORD_UNREADABLE, id="403"),
    pytest.param({"status": 404}, ProblemCode.SUBSCRIPTION_MISSING, id="404"),
    pytest.param({"status": 500}, ProblemCode.RECORD_UNREADABLE, id="500, however often it is tried"),
    pytest.param({"kind": "html", "status": 200}, ProblemCode.RECORD_UNREADABLE, id="a web page"),
]


@pytest.fixture
def world() -> World:
    world = small_world()
    world.add_subscription(CUSTOMER, [("P2", 3)], id="S2")
    return world


def breaks(at: Running, path: str, **fault: Any) -> None:
    at.sandbox.behaviour.plan(Fault(service="marketplace", method="GET", path=path, times=0, **fault))


def mended(at: Running) -> None:
    at.sandbox.behaviour.script.clear()


def states(at: Running) -> dict[str, tuple[TaskStatus, list[str]]]:
    return {task.id: (task.status, [one.code.value for one in task.problems]) for task in at.state.tasks()}


@pytest.mark.parametrize(("fault", "code"), BAD)
async def test_a_listed_subscription_keeps_its_task_until_it_can_be_read(
    fault: dict[str, Any], code: ProblemCode, world: World, tmp_path: Path
) -> None:
    async with running(world, tmp_path) as at:
        breaks(at, "/subscriptions/S2", **fault)
        for _ in range(2):
            report = await at.engine.auto()
            assert (report.errors, report.needs_action) == ((), 1)
            assert states(at)[f"initial.{MAIL}"] == (TaskStatus.SYNCED, [])
            status, codes = states(at)["initial.S2"]
            assert (status, codes[0]) == (TaskStatus.NEEDS_ACTION, code.value)
        (task,) = at.state.tasks_of(SubscriptionId("S2"))
        assert "S2" in sentence(task.problems[0])
        assert str(fault["status"]) in sentence(task.problems[0]) or fault.get("kind") == "html"
        mended(at)
        again = await at.engine.auto()
        assert (again.synced, again.needs_action) == (1, 0)


async def test_a_subscription_that_could_not_be_read_and_is_gone_keeps_no_task(world: World, tmp_path: Path) -> None:
    async with running(world, tmp_path) as at:
        breaks(at, "/subscriptions/S2", status=404)
        await at.engine.auto()
    row = world.marketplace["subscriptions"].rows["S2"]
    world.marketplace["subscriptions"].remove("S2")
    async with running(world, tmp_path, NEXT) as at:
        assert (await at.engine.auto()).needs_action == 0
        assert states(at)["initial.S2"][0] is TaskStatus.SKIPPED
    world.marketplace["subscriptions"].add(row)
    async with running(world, tmp_path, NEXT + timedelta(days=1)) as at:
        assert (await at.engine.auto()).synced == 1
        assert states(at)["initial.S2"][0] is TaskStatus.SYNCED


@pytest.mark.parametrize(("fault", "code"), BAD)
async def test_the_subscription_of_an_order_is_read_again_before_anything_is_written(
    fault: dict[str, Any], code: ProblemCode, world: World, tmp_path: Path
) -> None:
    async with running(world, tmp_path) as at:
        await at.engine.auto()
        world.change_subscription("S2", quantities={"P2": 5})
        world.change_subscription(MAIL, quantities={"P1": 12})
        world.add_order("S2", "change", [("recurring", "P2", 2, "12.10")], id="1", created=TODAY)
        world.add_order(MAIL, "change", [("recurring", "P1", 2, "4.50")], id="2", created=TODAY)
        breaks(at, "/subscriptions/S2", **fault)
        report = await at.engine.auto()
        assert (report.errors, report.synced) == ((), 1)
        assert states(at)["1.S2"][1][0] == code.value
        mended(at)
        assert (await at.engine.auto()).synced == 1


@pytest.mark.parametrize("fault", [case.values[0] for case in BAD], ids=[str(case.id) for case in BAD])
async def test_an_order_that_is_listed_and_cannot_be_read_waits_and_is_taken_later(
    fault: dict[str, Any], world: World, tmp_path: Path
) -> None:
    async with running(world, tmp_path) as at:
        await at.engine.auto()
        world.change_subscription("S2", quantities={"P2": 5})
        world.add_order("S2", "change", [("recurring", "P2", 2, "12.10")], id="1", created=TODAY)
        world.add_order(MAIL, "change", [("recurring", "P1", 2, "4.50")], id="2", created=TODAY)
        breaks(at, "/orders/1", **fault)
        for _ in range(2):
            report = await at.engine.auto()
            assert report.errors == ()
            assert states(at)["1."] == (TaskStatus.NEEDS_ACTION, ["record_unreadable"])
            assert states(at)[f"2.{MAIL}"][0] is TaskStatus.SYNCED
        mended(at)
        again = await at.engine.auto()
        assert (again.synced, again.needs_action) == (1, 0)
        assert (states(at)["1."][0], states(at)["1.S2"][0]) == (TaskStatus.SYNCED, TaskStatus.SYNCED)


async def test_a_customer_that_cannot_be_read_keeps_its_tasks_waiting(world: World, tmp_path: Path) -> None:
    async with running(world, tmp_path) as at:
        breaks(at, f"/customers/{CUSTOMER}", status=400)
        report = await at.engine.auto()
        assert (report.errors, report.synced) == ((), 0)
        assert states(at)[f"initial.{MAIL}"] == (TaskStatus.NEEDS_ACTION, ["record_unreadable"])
        mended(at)
        await at.engine.auto()
        assert (await at.engine.auto()).needs_action == 0


async def test_what_fails_for_every_record_is_no_records_fault(tmp_path: Path) -> None:
    world = small_world()
    for number in range(40):
        world.add_subscription(CUSTOMER, [("P2", 1)], id=f"T{number}")
    async with running(world, tmp_path) as at:
        breaks(at, "/subscriptions/", status=403)
        with pytest.raises(ServiceError, match="403"):
            await at.engine.check()
        assert states(at) == {}
        mended(at)
        assert len((await at.engine.check()).created) == 41


CUTS: list[Any] = [
    pytest.param(lambda _: None, 0, id="the first attempt"),
    pytest.param(
        lambda at: at.world.change_subscription("T3", quantities={"P1": 9}, lastModifiedDate="2026-11-30"),
        1,
        id="one changed since",
    ),
    pytest.param(lambda at: at.world.change_subscription("T3", status="terminated"), -1, id="one ended since"),
]


@pytest.mark.parametrize(("meanwhile", "more"), CUTS)
async def test_a_first_check_that_is_cut_off_asks_only_for_the_rest(
    meanwhile: Callable[[Running], object], more: int, tmp_path: Path
) -> None:
    world = small_world()
    for number in range(59):
        world.add_subscription(CUSTOMER, [("P1", 1)], id=f"T{number}")
    async with running(world, tmp_path, concurrency=4) as at:
        at.sandbox.behaviour.plan(
            Fault(service="marketplace", path="/subscriptions/T40", status=401, times=0),
        )
        with pytest.raises(CheckCutOff) as cut:
            await at.engine.check()
        read = at.sandbox.log.counts["marketplace GET /subscriptions/{id}"]
        assert states(at) == {}
    assert "of 60" in cut.value.happened
    assert "asks only for the rest" in cut.value.changed
    async with running(world, tmp_path, NEXT, concurrency=4) as at:
        meanwhile(at)
        report = await at.engine.check()
        assert len(report.created) == 60 + min(more, 0)
        asked = at.sandbox.log.counts["marketplace GET /subscriptions/{id}"]
        assert asked + 40 <= 60 + more
        assert at.sandbox.log.counts["marketplace GET /orders"] == 0
        held = at.state.snapshot(next(task.id for task in at.state.tasks() if task.subscription_id == "T4"))
        assert held is not None
        if more == 1:
            changed = at.state.snapshot(next(task.id for task in at.state.tasks() if task.subscription_id == "T3"))
            assert changed is not None
            assert changed.products[0].quantity == 9
    assert read


async def test_a_later_check_that_is_cut_off_asks_only_for_the_rest(tmp_path: Path) -> None:
    world = small_world()
    names = [f"T{number}" for number in range(20)]
    for name in names:
        world.add_subscription(CUSTOMER, [("P1", 1)], id=name)
    world.mappings += [("agreement", name, "", str(AGREEMENT)) for name in names]
    async with running(world, tmp_path) as at:
        assert (await at.engine.auto()).synced == 21
    for number, name in enumerate(names):
        world.change_subscription(name, quantities={"P1": 3})
        world.add_order(name, "change", [("recurring", "P1", 2, "4.50")], id=f"{number}", created=TODAY)
    async with running(world, tmp_path, concurrency=2) as at:
        breaks(at, "/subscriptions/T9", status=401)
        with pytest.raises(CheckCutOff):
            await at.engine.check()
        assert at.sandbox.log.counts["marketplace GET /orders/{id}"] == 20
    async with running(world, tmp_path, concurrency=2) as at:
        assert len((await at.engine.check()).created) == 20
        assert at.sandbox.log.counts["marketplace GET /orders/{id}"] == 0
        assert at.sandbox.log.counts["marketplace GET /subscriptions/{id}"] <= 12
        assert (await at.engine.auto()).synced == 20
