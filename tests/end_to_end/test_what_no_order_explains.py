"""What no order explains (check.md#what-no-order-explains), on the sandbox, in one process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cwtui.domain.check_records import LastComparison
from cwtui.domain.ids import CustomerId, SubscriptionId, TaskId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.problems import ProblemCode
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.sandbox.world import World
from cwtui.wording.problems import sentence
from tests.engine.upkeep_world import AGREEMENT, CUSTOMER, MAIL, TODAY, Running, running, small_world
from tests.store.older_states import laid_out

NEXT = TODAY + timedelta(days=1)
MOVED = "2026-11-24"
OTHER = "1000012"


@pytest.fixture
def world() -> World:
    return small_world()


def change(world: World, subscription: str = MAIL, **changes: Any) -> None:
    world.change_subscription(subscription, **{"lastModifiedDate": MOVED, **changes})


def difference(at: Running, name: str = MAIL) -> Task | None:
    tasks = [task for task in at.state.tasks_of(SubscriptionId(name)) if task.order_id.startswith("difference-")]
    assert len([task for task in tasks if task.status.is_open]) <= 1
    return tasks[-1] if tasks else None


def words(task: Task | None) -> str:
    assert task is not None
    (problem,) = task.problems
    assert (problem.code, task.kind) == (ProblemCode.NOT_CARRIED_OVER, TaskKind.RECONCILIATION)
    assert task.status is TaskStatus.NEEDS_ACTION
    return sentence(problem)


def end_additions(world: World, day: str = "2026-11-20") -> None:
    for row in world.additions(AGREEMENT):
        row["cancelledDate"] = f"{day}T00:00:00Z"


async def carried(world: World, folder: Path) -> None:
    """The first check, with its task synced."""
    async with running(world, folder) as at:
        report = await at.engine.auto()
        assert [task.status for task in report.tasks] == [TaskStatus.SYNCED]


def another_customer(world: World) -> None:
    world.add_customer("Blue Field Ltd", id=OTHER)
    change(world, customerId=OTHER)


def delist(world: World) -> None:
    world.add_subscription(CUSTOMER, [("P2", 3)], id="S2", status="pending")
    world.marketplace["subscriptions"].remove(MAIL)


DIFFERENT: list[Any] = [
    pytest.param(
        lambda w: change(w, quantities={"P1": 6}), "holds 6 of Exchange Online, its additions bill 10", id="6"
    ),
    pytest.param(
        lambda w: change(w, quantities={"P1": 0}), "holds 0 of Exchange Online, its additions bill 10", id="0"
    ),
    pytest.param(
        lambda w: change(w, quantities={"P1": 15}), "holds 15 of Exchange Online, its additions bill 10", id="15"
    ),
    pytest.param(lambda w: change(w, products=[]), "holds none of Exchange Online, its additions bill 10", id="gone"),
    pytest.param(
        lambda w: change(w, prices={"P1": "5.10"}),
        "Exchange Online costs 5.10 a unit, its additions bill 4.50",
        id="price",
    ),
    pytest.param(
        lambda w: change(w, status="terminated"), "It is terminated, while its additions go on", id="terminated"
    ),
    pytest.param(lambda w: change(w, status="removed"), "It is removed, while its additions go on", id="removed"),
    pytest.param(another_customer, "It belongs to customer 1000012 now, it was 1000011's", id="another customer"),
    pytest.param(delist, "no longer on the marketplace, while", id="not listed"),
]
ALIKE: list[Any] = [
    pytest.param(lambda w: change(w), id="touched, but as before"),
    pytest.param(lambda w: change(w, status="hold"), id="suspended"),
    pytest.param(lambda w: change(w, name="Renamed"), id="renamed"),
    pytest.param(lambda w: change(w, quantities={"P1": 6}, lastModifiedDate=str(TODAY)), id="no change is shown"),
    pytest.param(lambda w: change(w, prices={"P1": "4.5000"}), id="the same price, more zeros"),
    pytest.param(lambda w: change(w, prices={"P1": "4.50004"}), id="a price that rounds to it"),
]


@pytest.mark.parametrize(("happens", "said"), DIFFERENT)
async def test_what_no_order_explains_waits_for_a_person(
    happens: Callable[[World], object], said: str, world: World, tmp_path: Path
) -> None:
    await carried(world, tmp_path)
    happens(world)
    async with running(world, tmp_path, NEXT) as at:
        report = await at.engine.auto()
        assert said in words(difference(at))
        assert (report.errors, report.needs_action, report.writes.post) == ((), 1, 0)
        assert [task.id for task in report.tasks if task.status is TaskStatus.SYNCED] == [f"initial.{MAIL}"]
    async with running(world, tmp_path, NEXT + timedelta(days=1)) as at:
        assert (await at.engine.auto()).created == 0
        assert said in words(difference(at))


@pytest.mark.parametrize("happens", ALIKE)
async def test_what_is_billed_as_it_is_held_makes_no_task(
    happens: Callable[[World], object], world: World, tmp_path: Path
) -> None:
    await carried(world, tmp_path)
    happens(world)
    async with running(world, tmp_path, NEXT) as at:
        await at.engine.auto()
        assert difference(at) is None


async def test_active_again_while_its_additions_ended(world: World, tmp_path: Path) -> None:
    """A completed cancellation that is cancelled afterwards."""
    await carried(world, tmp_path)
    world.advance_invoice(AGREEMENT, "2027-01-01")
    row = world.add_order(MAIL, "cancellation", [], id="1", created="2026-12-05", provisioned="2026-12-05")
    change(world, status="terminated", lastModifiedDate="2026-12-05")
    async with running(world, tmp_path, date(2026, 12, 6)) as at:
        assert (await at.engine.auto()).synced == 1
    row["status"] = "cancelled"
    world.marketplace["orders"].touch()
    change(world, status="active", lastModifiedDate="2026-12-07")
    async with running(world, tmp_path, date(2026, 12, 8)) as at:
        await at.engine.auto()
        assert "It is active, while its additions ended" in words(difference(at))


@pytest.mark.parametrize("mapped", [True, False], ids=["mapped", "mapped to no agreement"])
@pytest.mark.parametrize("model", ["chargeBeforeBillingPeriod", "chargeAfterBillingPeriod"], ids=["ahead", "usage"])
async def test_active_and_never_carried(mapped: bool, model: str, world: World, tmp_path: Path) -> None:
    await carried(world, tmp_path)
    name = "S2" if mapped else "S9"
    world.add_subscription(CUSTOMER, [("P2", 3)], id=name, billing_model=model)
    world.add_subscription(CUSTOMER, [("P2", 3)], id="S3", status="pending")
    world.add_subscription(CUSTOMER, [("P2", 3)], id="S4", status="terminated")
    async with running(world, tmp_path, NEXT) as at:
        await at.engine.auto()
        assert "no task ever carried it over" in words(difference(at, name))
        assert (difference(at, "S3"), difference(at, "S4"), difference(at)) == (None, None, None)


@pytest.mark.parametrize("ends", ["the marketplace", "an adoption and repair"])
async def test_a_difference_that_is_gone_settles_itself(ends: str, world: World, tmp_path: Path) -> None:
    await carried(world, tmp_path)
    change(world, quantities={"P1": 6})
    async with running(world, tmp_path, NEXT) as at:
        await at.engine.auto()
        if ends == "the marketplace":
            change(world, quantities={"P1": 10}, lastModifiedDate="2026-11-25")
            assert (await at.engine.check()).created == ()  # compared today already
            assert words(difference(at))
            await at.engine.check(watch=True)
        else:
            outcome = await at.engine.reconciler.apply(CustomerId(CUSTOMER))
            assert not outcome.after.differs
        task = difference(at)
        assert task is not None
        assert task.status is TaskStatus.SYNCED
        assert task.note
    async with running(world, tmp_path, NEXT + timedelta(days=1)) as at:
        report = await at.engine.auto()
        assert (report.needs_action, report.created) == (0, 0)


@pytest.mark.parametrize("status", ["submitted", "processing", "error"])
@pytest.mark.parametrize("known", [True, False], ids=["known", "new"])
async def test_an_open_order_explains_it_and_is_asked_for_once(
    status: str, known: bool, world: World, tmp_path: Path
) -> None:
    await carried(world, tmp_path)
    name = MAIL if known else "S2"
    if known:
        change(world, quantities={"P1": 12})
    else:
        world.add_subscription(CUSTOMER, [("P2", 12)], id=name)
    world.add_order(name, "change", [("recurring", "P1", 2, "4.50")], id="1", status=status, created=NEXT)
    for day in range(1, 4):
        async with running(world, tmp_path, TODAY + timedelta(days=day)) as at:
            await at.engine.auto()
            assert difference(at, name) is None
            asked = at.sandbox.log.counts["marketplace GET /subscriptions/{id}"]
            assert asked == (1 if day == 1 else 0)


async def test_an_order_that_failed_for_good_explains_nothing(world: World, tmp_path: Path) -> None:
    await carried(world, tmp_path)
    change(world, quantities={"P1": 12})
    world.add_order(MAIL, "change", [("recurring", "P1", 2, "4.50")], id="1", status="error", created=NEXT)
    async with running(world, tmp_path, NEXT + timedelta(days=31)) as at:
        await at.engine.auto()
        assert difference(at) is None
    async with running(world, tmp_path, NEXT + timedelta(days=32)) as at:
        await at.engine.auto()
        assert "holds 12" in words(difference(at))


async def test_an_order_that_comes_later_takes_the_place_of_the_difference(world: World, tmp_path: Path) -> None:
    await carried(world, tmp_path)
    change(world, quantities={"P1": 15})
    async with running(world, tmp_path, NEXT) as at:
        await at.engine.auto()
        assert words(difference(at))
        world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], id="1", created=NEXT)
        report = await at.engine.auto()
        assert {task.id: task.status for task in report.tasks}[TaskId(f"1.{MAIL}")] is TaskStatus.SYNCED
        task = difference(at)
        assert task is not None
        assert (task.status, "order" in task.note) == (TaskStatus.SYNCED, True)
    async with running(world, tmp_path, NEXT + timedelta(days=1)) as at:
        assert (await at.engine.auto()).needs_action == 0


async def test_what_a_person_skipped_is_not_told_again_until_it_changes(world: World, tmp_path: Path) -> None:
    await carried(world, tmp_path)
    world.add_subscription(CUSTOMER, [("P2", 3)], id="S2")
    change(world, quantities={"P1": 6})
    async with running(world, tmp_path, NEXT) as at:
        await at.engine.auto()
        await at.engine.skip([task.id for task in at.state.open_tasks()])
        for _ in range(2):
            assert (await at.engine.check(watch=True)).created == ()
        change(world, quantities={"P1": 5}, lastModifiedDate="2026-11-26")
        assert len((await at.engine.check(watch=True)).created) == 1
        assert "holds 5" in words(difference(at))


@pytest.mark.parametrize("is_noted", [True, False], ids=["noted as accepted", "skipped since the last check"])
async def test_what_was_skipped_while_differences_were_kept_in_words_is_not_told_again(
    is_noted: bool, world: World, tmp_path: Path
) -> None:
    """The state of an earlier program: S1 and S2 are skipped, S3 is open."""
    world.add_subscription(CUSTOMER, [("P2", 3)], id="S2")
    world.add_subscription(CUSTOMER, [("P2", 3)], id="S3")
    change(world, quantities={"P1": 6}, lastModifiedDate="2026-11-26")
    laid_out("version_3_differences", tmp_path / "state.json")
    async with running(world, tmp_path, NEXT) as at:
        if not is_noted:
            noted = at.state.note(LastComparison)
            assert noted is not None
            nothing = {name: replace(one, skipped=TaskId(""), accepted="") for name, one in noted.subscriptions.items()}
            at.state.save_note(replace(noted, subscriptions=nothing))
        assert "holds 3 of Business Standard" in words(difference(at, "S3"))
        assert [one.text != "" for one in at.state.differences(TaskId("difference-20261124.S3"))] == [True]
        assert (await at.engine.check(watch=True)).created == ()
        assert "holds 3 of Business Standard" in words(difference(at, "S3"))
        assert [one.text for one in at.state.differences(TaskId("difference-20261124.S3"))] == [""]
        change(world, quantities={"P1": 5}, lastModifiedDate="2026-11-27")
        assert len((await at.engine.check(watch=True)).created) == 1
        assert "holds 5" in words(difference(at))


async def test_a_skipped_first_task_is_a_decision(world: World, tmp_path: Path) -> None:
    async with running(world, tmp_path) as at:
        await at.engine.check()
        await at.engine.skip([task.id for task in at.state.open_tasks()])
        assert (await at.engine.check(watch=True)).created == ()


async def test_nothing_new_costs_a_page_and_what_changed_a_request(world: World, tmp_path: Path) -> None:
    for number in range(2, 121):
        world.add_subscription(CUSTOMER, [("P1", 1)], id=f"S{number}")
    world.mappings += [("agreement", f"S{number}", "", str(AGREEMENT)) for number in range(3, 121)]
    async with running(world, tmp_path) as at:
        assert (await at.engine.auto()).synced == 120
    for number in (2, 3):
        change(world, f"S{number}", quantities={"P1": 2})
    async with running(world, tmp_path, NEXT) as at:
        await at.engine.auto()
        counts = dict(at.sandbox.log.counts)
        assert (counts["marketplace GET /subscriptions"], counts["marketplace GET /subscriptions/{id}"]) == (3, 2)
        at.sandbox.log.clear()
        await at.engine.auto()
        assert sum(at.sandbox.log.counts.values()) <= 10
    async with running(world, tmp_path, NEXT + timedelta(days=1)) as at:
        await at.engine.auto()
        assert sum(at.sandbox.log.counts.values()) <= 10 + 2


async def test_an_operators_price_is_no_difference(world: World, tmp_path: Path) -> None:
    """What a person decided stays, until the marketplace's own price moves."""
    world.change_subscription(MAIL, lastModifiedDate="2026-11-01")
    async with running(world, tmp_path) as at:
        await at.engine.check()
        editing = await at.engine.workbench.edit(TaskId(f"initial.{MAIL}"))
        editing.type(editing.changes[0].key, "unit_price", "5.00")
        at.engine.workbench.save_edits(editing)
        assert (await at.engine.auto()).synced == 1
    change(world)
    async with running(world, tmp_path, NEXT) as at:
        await at.engine.auto()
        assert difference(at) is None
        change(world, prices={"P1": "4.80"}, lastModifiedDate="2026-11-26")
        await at.engine.check(watch=True)
        assert "costs 4.80 a unit, its additions bill 5.00" in words(difference(at))


async def test_with_the_catalogs_prices_the_marketplaces_are_not_compared(world: World, tmp_path: Path) -> None:
    async with running(world, tmp_path, price_source="connectwise") as at:
        assert (await at.engine.auto()).synced == 1
    change(world, prices={"P1": "9.99"})
    async with running(world, tmp_path, NEXT, price_source="connectwise") as at:
        await at.engine.auto()
        assert difference(at) is None


async def test_a_subscription_moved_to_a_customer_of_the_same_company_is_in_order(world: World, tmp_path: Path) -> None:
    await carried(world, tmp_path)
    another_customer(world)
    async with running(world, tmp_path, NEXT) as at:
        company = at.state.mappings().company(CustomerId(CUSTOMER))
        assert company is not None
        at.state.save_mapping(Mapping(MappingKey(MappingKind.CUSTOMER, OTHER), company))
        await at.engine.auto()
        assert difference(at) is None
