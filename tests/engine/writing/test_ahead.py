"""Writing during the first check what no subscription that is still to be read can change.

Rules: synchronising.md#writing-ahead, check.md#a-check-resumes.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cwtui.domain.check_records import LastComparison
from cwtui.domain.ids import SubscriptionId, TaskId
from cwtui.domain.problems import ProblemCode
from cwtui.domain.records import AuditRow
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.engine.reports import AutoReport
from cwtui.engine.writing import reading_ahead
from cwtui.engine.writing.ahead import WritingAhead
from cwtui.sandbox.behaviour import Fault
from cwtui.sandbox.world import World
from tests.engine.upkeep_world import TODAY, Running, running

COMPANIES, AGREEMENTS, SUBSCRIPTIONS, PRODUCTS = 3, 5, 14, 4
TOMORROW = TODAY + timedelta(days=1)
LAST = "S99"


@dataclass
class Scene:
    """A world by chance, the same for the same seed, with what goes wrong in it."""

    world: World
    faults: list[Fault]
    dice: random.Random

    @classmethod
    def drawn(cls, seed: int) -> Scene:
        dice = random.Random(seed)  # noqa: S311  # repeatable, not secret
        scene = cls(World.empty(TODAY), [], dice)
        items = [scene.product(number) for number in range(PRODUCTS)]
        companies = [scene.customer(number) for number in range(COMPANIES)]
        held_in = [scene.agreement(companies[number % COMPANIES], items) for number in range(AGREEMENTS)]
        for number in range(SUBSCRIPTIONS):
            scene.subscription(f"S{number}", held_in)
        for _ in range(3):
            scene.order("processing", TODAY - timedelta(days=3))
        if dice.random() < 0.5:
            path = f"/agreements/{dice.choice(held_in)}/additions"
            method = dice.choice(["GET", "POST"])
            scene.faults = [Fault(status=400, service="psa", method=method, path=path, times=0)]
        return scene

    def product(self, number: int) -> int:
        self.world.add_product(f"P{number}", f"Product {number}", mpn=f"M{number}", price="4.50", cost="3.60")
        more = {"inactiveFlag": True} if self.dice.random() < 0.1 else {}
        item = self.world.add_catalog_item(f"I{number}", f"Item {number}", price="5", cost="4", **more)["id"]
        self.map("product", f"P{number}", item)
        return int(item)

    def customer(self, number: int) -> int:
        self.world.add_customer(f"Customer {number}", id=f"C{number}")
        company = self.world.add_company(f"Customer {number}", identifier=f"C{number}")["id"]
        self.map("customer", f"C{number}", company)
        return int(company)

    def agreement(self, company: int, items: list[int]) -> int:
        day, currency = self.dice.choice(["2026-12-01", "2027-01-01"]), self.dice.choice(["EUR", "EUR", "EUR", "USD"])
        row = self.world.add_agreement(company, bill_start="2026-01-01", next_invoice=day, currency=currency)
        if self.dice.random() < 0.3:  # made by hand
            self.world.add_addition(row["id"], self.dice.choice(items), self.dice.randint(1, 9))
        return int(row["id"])

    def subscription(self, name: str, held_in: list[int]) -> None:
        at = self.dice.randrange(AGREEMENTS)
        products = self.dice.sample(range(PRODUCTS), self.dice.randint(1, 3))
        held = [(f"P{product}", self.dice.randint(1, 20)) for product in products]
        row = self.world.add_subscription(f"C{at % COMPANIES}", held, id=name)
        self.map("agreement", name, held_in[at])
        if self.dice.random() < 0.1:
            row["products"][0]["quantity"] = "NaN"  # cannot be read

    def map(self, kind: str, name: str, target: int) -> None:
        """Most are mapped."""
        if self.dice.random() < 0.9:
            self.world.mappings.append((kind, name, "", str(target)))

    def order(self, status: str, created: Any) -> None:
        """An order for one seat more of what a subscription holds already."""
        name = f"S{self.dice.randrange(SUBSCRIPTIONS)}"
        subscription = self.world.marketplace["subscriptions"].rows[name]
        product = subscription["products"][0]
        number = str(7_000 + len(self.world.marketplace["orders"]))
        lines = [("recurring", product["id"], 1, "4.50")]
        self.world.add_order(name, "change", lines, id=number, created=created, status=status)
        if status == "completed" and product["quantity"] != "NaN":
            self.world.change_subscription(name, quantities={product["id"]: int(product["quantity"]) + 1})

    def go_on(self) -> None:
        """What happens until the next day."""
        for row in list(self.world.marketplace["orders"]):
            if row["status"] == "processing":
                self.world.complete_order(row["id"])
        for _ in range(4):
            self.order("completed", TOMORROW)


def described(task: Task) -> tuple[Any, ...]:
    """A task without what counts up or tells the time."""
    codes = [problem.code for problem in task.problems]
    return task.id, task.status, codes, task.warnings, task.notes, task.effective, task.monthly_effect, bool(task.note)


def end_of(at: Running, report: AutoReport) -> tuple[Any, ...]:
    """What a run left behind, without ids that ConnectWise counts up."""
    billed = sorted(
        (row["agreementId"], row["product"]["id"], str(row["quantity"]), str(row["unitPrice"]), row["effectiveDate"])
        for row in at.world.additions()
    )
    links = sorted(
        (str(one.agreement_id), one.subscription_id, one.product_id, str(one.values)) for one in at.state.links()
    )
    counts = report.created, report.synced, report.failed, report.needs_action, report.waiting, report.writes
    compared = at.state.note(LastComparison)
    cursor = replace(at.state.cursor(), checked_at=None)
    tasks = sorted(map(described, at.state.tasks()))
    return billed, links, counts, compared, cursor, tasks, sorted(report.errors), sorted(report.unread)


async def two_days(seed: int, folder: Path) -> list[tuple[Any, ...]]:
    scene, ends = Scene.drawn(seed), []
    folder.mkdir()
    for day in (TODAY, TOMORROW):
        async with running(scene.world, folder, day, concurrency=4) as at:
            at.sandbox.behaviour.plan(*scene.faults)
            at.sandbox.behaviour.latency_ms = 1
            ends.append(end_of(at, await at.engine.auto()))
        scene.go_on()
    return ends


@pytest.mark.parametrize("seed", range(12))
async def test_it_ends_as_if_the_whole_check_had_come_first(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Additions, links, tasks, counts, what was said and what the next checks go by: all the same, on both days."""
    made: list[int] = []
    saved = WritingAhead._saved

    def counted(self: WritingAhead, read: Any) -> list[Task]:
        made.append(len(read))
        return saved(self, read)

    monkeypatch.setattr(WritingAhead, "_saved", counted)
    ahead = await two_days(seed, tmp_path / "ahead")
    assert sum(made) > 0
    monkeypatch.setattr(WritingAhead, "_may_begin", lambda _: False)
    assert await two_days(seed, tmp_path / "whole") == ahead


def agreements(*names: str, **more: Any) -> World:
    """Each subscription alone in an agreement."""
    world = World.empty(TODAY)
    world.add_customer("Green Lane LLC", id="C1")
    world.add_product("P1", "Exchange Online", mpn="MPN1", price="4.50", cost="3.60")
    item = world.add_catalog_item("EXO-P1", "Exchange Online", price="5.00", cost="4.00")
    company = world.add_company("Green Lane LLC")
    world.mappings += [("customer", "C1", "", str(company["id"])), ("product", "P1", "", str(item["id"]))]
    for name in names or ("S1", LAST):
        agreement = world.add_agreement(company["id"], bill_start="2026-01-01", next_invoice="2026-12-01")
        world.add_subscription("C1", [("P1", 10)], id=name, **more)
        world.mappings.append(("agreement", name, "", str(agreement["id"])))
    return world


def asked(at: Running) -> list[str]:
    return [f"{method} {path.partition('?')[0]}" for _, method, path, _ in at.sandbox.log.recent]


SLOW = Fault("delay", delay_s=0.5, service="marketplace", path=f"/subscriptions/{LAST}")
BROKEN = Fault(status=429, retry_after="4000", service="marketplace", path=f"/subscriptions/{LAST}", times=0)
MANY = (*(f"S{number}" for number in range(1, 15)), LAST)
WRITTEN = "POST /finance/agreements/101/additions"


async def test_an_agreement_is_written_while_another_ones_subscription_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(agreements(), tmp_path) as at:
        at.sandbox.behaviour.plan(SLOW)
        unanswered: list[int] = []

        def written(_: AuditRow) -> None:
            recent = at.sandbox.log.recent
            unanswered.append(sum(LAST in path and not answered for _, _, path, answered in recent))

        monkeypatch.setattr(at.listener, "written", written)
        report = await at.engine.auto()
        assert (report.created, report.synced, report.writes.post) == (2, 2, 2)
        assert unanswered == [1, 0]


HELD_BACK = [
    pytest.param({"maps_exact": True}, id="what is mapped by itself"),
    pytest.param({"creates_items": True}, id="items that are created"),
    pytest.param({"only_customers": frozenset({"C1"})}, id="some customers only"),
]


@pytest.mark.parametrize("rules", HELD_BACK)
async def test_the_whole_check_comes_first_where_settings_may_change_what_is_planned(
    rules: dict[str, Any], tmp_path: Path
) -> None:
    async with running(agreements(), tmp_path) as at:
        at.work_by(**rules)
        at.sandbox.behaviour.plan(SLOW)
        assert (await at.engine.auto()).synced == 2
        requests = asked(at)
        assert requests.index(WRITTEN) > requests.index(f"GET /subscriptions/{LAST}") + 1
        assert "GET /finance/agreements" in requests[requests.index(f"GET /subscriptions/{LAST}") :]


async def test_a_check_that_is_cut_off_says_what_was_written_and_is_resumed(tmp_path: Path) -> None:
    async with running(agreements(*MANY), tmp_path, concurrency=1) as at:
        at.sandbox.behaviour.latency_ms = 3
        at.sandbox.behaviour.plan(BROKEN)
        report = await at.engine.auto()
        early = report.created
        assert 1 <= early < len(MANY)
        written = report.synced
        assert 1 <= written <= early
        assert report.writes.post == len(at.world.additions()) == written
        assert f"{early} tasks were made before" in report.errors[0]
        assert at.state.cursor().checked_at is None
    async with running(at.world, tmp_path) as again:
        report = await again.engine.auto()
        assert (report.created, report.synced, report.errors) == (len(MANY) - early, len(MANY) - written, ())
        assert len(again.world.additions()) == len(MANY)
        assert {task.customer_name for task in again.state.tasks()} == {"Green Lane LLC"}


async def test_what_changed_after_it_was_written_by_a_check_that_was_cut_off_is_told(tmp_path: Path) -> None:
    """The next attempt reads it as it is now; the next comparison must not take that for carried over."""
    world = agreements(*MANY)
    async with running(world, tmp_path, concurrency=1) as at:
        at.sandbox.behaviour.latency_ms = 3
        at.sandbox.behaviour.plan(BROKEN)
        early = (await at.engine.auto()).synced
        assert early >= 1
    world.change_subscription("S1", quantities={"P1": 12})
    world.marketplace["subscriptions"].rows["S1"]["lastModifiedDate"] = str(TOMORROW)
    async with running(world, tmp_path, TOMORROW) as at:
        assert (await at.engine.auto()).synced == len(MANY) - early
    async with running(world, tmp_path, TOMORROW + timedelta(days=1)) as at:
        report = await at.engine.auto()
        told = [task for task in report.tasks if task.status is TaskStatus.NEEDS_ACTION]
        assert [(task.subscription_id, task.problems[0].code) for task in told] == [
            (SubscriptionId("S1"), ProblemCode.NOT_CARRIED_OVER)
        ]


async def test_a_task_that_fails_ahead_is_tried_once_a_run(tmp_path: Path) -> None:
    async with running(agreements(), tmp_path) as at:
        at.sandbox.behaviour.plan(Fault(status=400, service="psa", method="POST", path="/101/additions", times=0), SLOW)
        report = await at.engine.auto()
        assert (report.synced, report.failed, len(report.errors)) == (1, 1, 1)
        assert asked(at).count(WRITTEN) == 1
        failed = at.state.task(TaskId("initial.S1"))
        assert failed is not None
        assert failed.status is TaskStatus.FAILED


async def test_wrong_credentials_are_not_tried_for_every_agreement(tmp_path: Path) -> None:
    async with running(agreements(*MANY), tmp_path) as at:
        at.sandbox.behaviour.plan(Fault(status=401, service="psa", times=0))
        report = await at.engine.auto()
        assert report.synced == 0
        assert report.errors
        assert at.sandbox.log.total("psa") <= 10


async def test_a_reading_that_is_old_is_taken_again_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_ahead, "FRESH_S", -1.0)
    world = agreements()
    async with running(world, tmp_path) as at:
        at.sandbox.behaviour.plan(SLOW)
        assert (await at.engine.auto()).synced == 2
        assert asked(at).count("GET /finance/agreements/101/additions") == 2
        assert asked(at).count(WRITTEN) == 1
