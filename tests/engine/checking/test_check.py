"""Check changes (check.md#later-checks) on the sandbox, in one process.

Rules: check.md#first-check, check.md#a-check-resumes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cwtui.domain.errors import GuardError
from cwtui.domain.ids import SubscriptionId
from cwtui.domain.tasks import TaskStatus
from cwtui.sandbox.world import World
from tests.engine.upkeep_world import CUSTOMER, MAIL, TODAY, Running, running, small_world

LATER = TODAY + timedelta(days=9)


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
async def at(world: World, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(world, tmp_path) as opened:
        yield opened


def names(at: Running) -> list[str]:
    return sorted(task.id for task in at.state.tasks())


def order(world: World, name: str, kind: str = "change", **more: Any) -> None:
    arguments: dict[str, Any] = {"lines": [("recurring", "P1", 5, "4.50")], "created": TODAY} | more
    world.add_order(MAIL, kind, id=name, **arguments)


async def test_a_check_is_saved_in_one_piece(at: Running) -> None:
    """Remembered without its history, it would make tasks of orders that had ended before."""
    order(at.world, "1", created=TODAY)
    await at.engine.check()
    lines = at.state.path.with_name("state.json.journal").read_text().splitlines()
    saved = [line for line in lines if '["cursor"' in line]
    assert len(saved) == 1
    assert '["history",' in saved[0]
    assert f"initial.{MAIL}" in saved[0]


@pytest.mark.parametrize("feed", ["customers", "subscriptions", "products"])
async def test_a_list_that_comes_back_empty_is_an_error(feed: str, at: Running) -> None:
    await at.engine.check()
    cursor = at.state.cursor()
    at.world.marketplace[feed].rows.clear()
    at.world.marketplace[feed]._order.clear()
    at.world.marketplace[feed].touch()
    with pytest.raises(GuardError, match=f"list of {feed} came back empty; the last one had"):
        await at.engine.check()
    assert at.state.cursor() == cursor


async def test_an_empty_list_that_was_empty_before_is_none(tmp_path: Path) -> None:
    async with running(World.empty(TODAY), tmp_path) as at:
        for _ in range(2):
            assert (await at.engine.check()).created == ()


async def test_a_subscription_that_cannot_be_read_makes_its_task_and_is_read_later(at: Running) -> None:
    held = at.world.marketplace["subscriptions"].rows[MAIL]["products"][0]
    held["quantity"] = "NaN"
    at.world.add_subscription(CUSTOMER, [("P2", 3)], id="S2")
    report = await at.engine.auto()
    assert report.errors == ()
    assert any("NaN" in told for told in report.unread)
    assert {task.id: task.status for task in report.tasks} == {
        f"initial.{MAIL}": TaskStatus.NEEDS_ACTION,
        "initial.S2": TaskStatus.SYNCED,
    }
    held["quantity"] = 10
    again = await at.engine.auto()
    assert again.errors == ()
    assert {task.status for task in again.tasks} == {TaskStatus.SYNCED}
    assert ("10", "4.50") in [row[1:3] for row in at.held()]


async def test_an_order_that_cannot_be_read_is_followed_until_it_can(at: Running) -> None:
    await at.engine.check()
    order(at.world, "1")
    row = at.world.marketplace["orders"].rows["1"]
    row["customerId"] = None
    at.world.marketplace["orders"].touch()
    for _ in range(2):
        report = await at.engine.check()
        assert any("order 1" in told.lower() for told in report.unread), report
        assert report.failures == ()
        assert names(at) == [f"initial.{MAIL}"]
    row["customerId"] = CUSTOMER
    at.world.marketplace["orders"].touch()
    assert (await at.engine.check()).created == (f"1.{MAIL}",)
    assert (await at.engine.check()).created == ()


async def test_an_order_that_vanishes_says_so(at: Running) -> None:
    order(at.world, "1", status="processing")
    await at.engine.check()
    at.world.marketplace["orders"].remove("1")
    report = await at.engine.check()
    assert report.unread == ("Order 1 is gone from the marketplace; it makes no task.",)
    assert (await at.engine.check()).unread == ()


async def test_replaying_any_day_makes_no_new_task(world: World, tmp_path: Path) -> None:
    order(world, "0", created=TODAY - timedelta(days=40))
    for day in (TODAY, LATER, TODAY - timedelta(days=60), LATER + timedelta(days=60), LATER):
        async with running(world, tmp_path, day) as at:
            await at.engine.check()
            if day == TODAY:
                order(world, "1", created=TODAY + timedelta(days=1))
            assert names(at) == [f"initial.{MAIL}"] if day == TODAY else [f"1.{MAIL}", f"initial.{MAIL}"]


async def test_a_subscription_nobody_knows_waits_for_a_person(at: Running) -> None:
    await at.engine.check()
    lines = [("recurring", "P1", 5, "4.50")]
    at.world.add_order("S9", "change", lines, id="1", created=TODAY)["customerId"] = CUSTOMER
    await at.engine.check()
    (task,) = at.state.tasks_of(SubscriptionId("S9"))
    assert [problem.code for problem in task.problems] == ["subscription_missing", "agreement_unmapped"]
    at.world.add_subscription(CUSTOMER, [("P1", 5)], id="S9")
    await at.engine.check()
    (task,) = at.state.tasks_of(SubscriptionId("S9"))
    assert "subscription_missing" not in [problem.code for problem in task.problems]


@pytest.mark.parametrize(
    ("new", "lists", "details"), [(2, 0, 2), (6, 1, 0)], ids=["one by one if few", "by the list if many"]
)
async def test_new_customers_are_read_as_cheaply_as_can_be(new: int, lists: int, details: int, at: Running) -> None:
    await at.engine.check()
    for number in range(new):
        at.world.add_customer(f"New {number}", id=f"N{number}")
        at.world.add_subscription(f"N{number}", [("P1", 1)], id=f"SN{number}")
        at.world.add_order(f"SN{number}", "sales", [("recurring", "P1", 1, "4.50")], id=f"{number}", created=TODAY)
    at.sandbox.log.clear()
    assert len((await at.engine.check()).created) == new
    counts = at.sandbox.log.counts
    assert counts["marketplace GET /customers"] == lists + 1  # one says how many there are
    assert counts["marketplace GET /customers/{customerId}"] + counts["marketplace GET /customers/{id}"] == details
    assert {task.customer_name for task in at.state.tasks()} == {
        "Green Lane LLC",
        *(f"New {number}" for number in range(new)),
    }


async def test_no_order_is_missed_between_two_days_however_long(world: World, tmp_path: Path) -> None:
    async with running(world, tmp_path, date(2026, 1, 10)) as at:
        await at.engine.check()
    for month in range(1, 13):
        order(world, f"{month}", created=f"2026-{month:02}-28T23:59:59Z")
    async with running(world, tmp_path, date(2027, 1, 1)) as at:
        assert len((await at.engine.check()).created) == 12
