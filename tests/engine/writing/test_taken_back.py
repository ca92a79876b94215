"""What a person took back waits for a person, and what stays invoiced is not charged again.

Rules: synchronising.md#taken-back, examples.md.

Rules: examples.md#example-13.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cwtui.domain.ids import TaskId
from cwtui.domain.problems import ProblemCode
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.engine.writing.undo import Undo
from cwtui.sandbox.keeping import Keeping
from cwtui.sandbox.world import World
from tests.engine.upkeep_world import AGREEMENT, CUSTOMER, EXCHANGE_ITEM, MAIL, TODAY, Running, running, small_world

SOLD = date(2026, 11, 11)


@pytest.fixture
def world() -> World:
    world = small_world()
    world.marketplace["subscriptions"].remove(MAIL)
    return world


@pytest.fixture
async def at(world: World, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(world, tmp_path) as opened:
        yield opened


async def sold(at: Running, quantity: int = 10) -> TaskId:
    """The first check is over; then a sale of 11 November with a setup fee is carried over."""
    await at.engine.auto()
    at.world.add_subscription(CUSTOMER, [("P1", quantity)], id=MAIL)
    lines = [("recurring", "P1", quantity, "4.50"), ("setup", "P1", 1, "25.00")]
    at.world.add_order(MAIL, "sales", lines, created=TODAY, provisioned=SOLD)
    await at.engine.auto()
    (task,) = at.state.tasks()
    assert task.status is TaskStatus.SYNCED, task.problems
    assert at.held() == SALE
    return task.id


SALE = [
    (EXCHANGE_ITEM, "1", "25.00", "2026-12-01", "2026-12-31"),
    (EXCHANGE_ITEM, "10", "3.00", "2026-12-01", "2026-12-31"),
    (EXCHANGE_ITEM, "10", "4.50", "2026-12-01", None),
]
LEFT = [*SALE[:2], (EXCHANGE_ITEM, "10", "4.50", "2026-12-01", "2026-12-31")]
"""December was invoiced before the sale was taken back."""


def status(at: Running, name: TaskId) -> tuple[TaskStatus, list[ProblemCode]]:
    task: Task | None = at.state.task(name)
    assert task is not None
    return task.status, [problem.code for problem in task.problems]


async def test_it_waits_for_a_person(at: Running) -> None:
    name = await sold(at)
    assert (await at.engine.undo(name)).complete
    assert at.held() == []
    for _ in range(2):
        await at.engine.auto()
        assert status(at, name) == (TaskStatus.NEEDS_ACTION, [ProblemCode.TAKEN_BACK])
    await at.engine.sync([name], dry_run=True)
    assert at.held() == []
    await at.engine.sync([name])
    assert status(at, name) == (TaskStatus.SYNCED, [])
    assert at.held() == SALE  # nothing of it was invoiced, so all of it is charged


async def test_what_stays_invoiced_is_not_charged_again(at: Running) -> None:
    """Worked example 13."""
    name = await sold(at)
    at.world.advance_invoice(AGREEMENT, "2027-01-01")
    assert (await at.engine.undo(name)).complete
    await at.engine.auto()
    assert at.held() == LEFT
    await at.engine.sync([name])
    assert at.held() == sorted([*LEFT, (EXCHANGE_ITEM, "10", "4.50", "2027-01-01", None)], key=str)


async def test_what_was_invoiced_by_nobody_meanwhile_is_charged(at: Running) -> None:
    name = await sold(at)
    at.world.advance_invoice(AGREEMENT, "2027-01-01")
    await at.engine.undo(name)
    at.world.advance_invoice(AGREEMENT, "2027-03-01")  # January and February were invoiced without it
    await at.engine.sync([name])
    assert set(at.held()) - set(LEFT) == {
        (EXCHANGE_ITEM, "10", "9.00", "2027-03-01", "2027-03-31"),
        (EXCHANGE_ITEM, "10", "4.50", "2027-03-01", None),
    }


async def test_what_was_given_back_is_charged_again(at: Running) -> None:
    name = await sold(at)
    at.world.advance_invoice(AGREEMENT, "2027-01-01")
    report = await at.engine.undo(name, compensate=True)
    assert report.complete, report.lines
    before = at.held()
    assert sum(row[2].startswith("-") for row in before) == 3
    await at.engine.sync([name])
    again = list(at.held())
    for row in before:
        again.remove(row)
    assert sorted(again) == [
        (EXCHANGE_ITEM, "1", "25.00", "2027-01-01", "2027-01-31"),
        (EXCHANGE_ITEM, "10", "4.50", "2027-01-01", None),
        (EXCHANGE_ITEM, "10", "7.50", "2027-01-01", "2027-01-31"),
    ]
    task = at.state.task(name)
    assert task is not None
    assert task.warnings == ()  # what was billed before it was taken back is not what was sent now


async def test_taken_back_twice_it_still_charges_nothing_twice(at: Running) -> None:
    name = await sold(at)
    at.world.advance_invoice(AGREEMENT, "2027-01-01")
    await at.engine.undo(name)
    await at.engine.sync([name])
    await at.engine.undo(name)
    assert at.held() == LEFT
    assert status(at, name) == (TaskStatus.NEEDS_ACTION, [ProblemCode.TAKEN_BACK])
    await at.engine.sync([name])
    assert at.held() == sorted([*LEFT, (EXCHANGE_ITEM, "10", "4.50", "2027-01-01", None)], key=str)


async def test_a_change_that_stays_invoiced_is_not_charged_again(at: Running) -> None:
    await sold(at)
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], created=TODAY, provisioned=date(2026, 11, 21))
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    await at.engine.auto()
    name = next(task.id for task in at.state.tasks() if task.kind == "change_order")
    at.world.advance_invoice(AGREEMENT, "2027-01-01")
    await at.engine.undo(name)
    before = at.held()
    assert (EXCHANGE_ITEM, "10", "4.50", "2027-01-01", None) in before
    await at.engine.sync([name])
    assert set(at.held()) - set(before) == {(EXCHANGE_ITEM, "15", "4.50", "2027-01-01", None)}
    assert (EXCHANGE_ITEM, "10", "4.50", "2027-01-01", None) not in at.held()


async def written(at: Running, lines: list[tuple[str, str, int, str]], provisioned: date, **edits: str) -> TaskId:
    """A sale as it was written, its unit prices edited by the beginning of their keys."""
    await at.engine.auto()
    at.world.add_subscription(CUSTOMER, [("P1", 10, "4.5678")], id=MAIL)
    at.world.add_order(MAIL, "sales", lines, id="9", created=TODAY, provisioned=provisioned)
    await at.engine.check()
    name = TaskId(f"9.{MAIL}")
    editing = await at.engine.workbench.edit(name)
    for change in editing.changes:
        for begins, price in edits.items():
            if change.key.replace(":", "_").startswith(begins):
                editing.type(change.key, "unit_price", price)
    at.engine.workbench.save_edits(editing)
    await at.engine.auto()
    assert status(at, name) == (TaskStatus.SYNCED, [])
    return name


SEATS, FEE, SECOND_FEE = ("recurring", "P1", 10, "4.5678"), ("setup", "P1", 3, "25.1250"), ("setup", "P1", 1, "30.00")
IN_DECEMBER = date(2026, 12, 24)


@pytest.mark.parametrize(
    ("lines", "provisioned", "keeping", "edits", "warned"),
    [
        pytest.param([SEATS, FEE], SOLD, {"decimals": 2}, {}, 0, id="a fee that ConnectWise rounded"),
        pytest.param([SEATS, FEE], SOLD, {}, {"setup": "20.00"}, 1, id="a fee that was edited"),
        pytest.param([SEATS, FEE], SOLD, {}, {"setup": "0.00"}, 1, id="a fee that was waived"),
        pytest.param([SEATS, FEE, SECOND_FEE], SOLD, {}, {"setup_P1_25": "28.00"}, 1, id="one of two fees edited"),
        pytest.param([SEATS, FEE, SECOND_FEE], SOLD, {}, {"setup": "27.00"}, 2, id="both fees edited"),
        pytest.param([SEATS, FEE], IN_DECEMBER, {"decimals": 2}, {}, 0, id="days that ConnectWise rounded"),
        pytest.param([SEATS, FEE], IN_DECEMBER, {}, {"prorated": "1.00"}, 0, id="days that were edited"),
    ],
)
async def test_what_was_invoiced_at_another_amount_is_not_charged_again(
    lines: list[tuple[str, str, int, str]],
    provisioned: date,
    keeping: dict[str, Any],
    edits: dict[str, str],
    warned: int,
    at: Running,
) -> None:
    """(synchronising.md#taken-back) Edited, or kept otherwise by ConnectWise: a fee or a day is charged once."""
    at.sandbox.behaviour.keeping = Keeping(**keeping)
    name = await written(at, lines, provisioned, **edits)
    at.world.advance_invoice(AGREEMENT, "2027-01-01")
    invoiced = [row for row in at.held() if row[3] == "2026-12-01" and row[4]]
    assert (await at.engine.undo(name)).complete
    await at.engine.sync([name])
    assert status(at, name) == (TaskStatus.SYNCED, [])
    once = [row for row in at.held() if row[4] and row[1:3] != ("10", "4.57")]
    assert once == invoiced
    assert [row[3] for row in at.held() if not row[4]] == ["2027-01-01"]
    task = at.state.task(name)
    assert task is not None
    assert sum("is not billed again" in text for text in task.warnings) == warned


async def test_days_that_were_left_out_of_an_invoice_since_are_charged(at: Running) -> None:
    """The standing addition of January was deleted with the undo, and January invoiced without it."""
    name = await written(at, [SEATS], IN_DECEMBER)
    at.world.advance_invoice(AGREEMENT, "2027-01-01")
    before = at.held()
    await at.engine.undo(name)
    at.world.advance_invoice(AGREEMENT, "2027-02-01")
    await at.engine.sync([name])
    assert [row for row in at.held() if row not in before] == [
        (EXCHANGE_ITEM, "10", "4.57", "2027-02-01", "2027-02-28"),
        (EXCHANGE_ITEM, "10", "4.57", "2027-02-01", None),
    ]


async def test_a_sale_of_more_units_adds_them_again(at: Running) -> None:
    """(synchronising.md#taken-back) The ten that it replaced are not its own, though its undo created them again."""
    await sold(at)
    at.world.add_order(MAIL, "sales", [("recurring", "P1", 5, "4.50")], id="9", created=TODAY, provisioned=SOLD)
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    await at.engine.auto()
    written = at.held()
    name = TaskId(f"9.{MAIL}")
    assert [row[1] for row in written if row[4] is None] == ["15"]
    await at.engine.undo(name)
    assert [row[1] for row in at.held() if row[4] is None] == ["10"]
    await at.engine.sync([name])
    assert at.held() == written


@pytest.mark.parametrize("at_end", [False, True], ids=["before its link is let go", "before its answer is noted"])
async def test_what_a_killed_undo_gave_back_is_replaced_again(
    at: Running, at_end: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """(synchronising.md#taken-back) The ten ended by a sale of five more lost their end again; then it was killed."""
    await sold(at)
    at.world.advance_invoice(AGREEMENT, "2027-01-01")
    at.world.add_order(MAIL, "sales", [("recurring", "P1", 5, "4.50")], id="9", created=TODAY, provisioned="2026-12-05")
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    await at.engine.auto()
    written = at.held()
    name = TaskId(f"9.{MAIL}")
    done = at.engine.psa.update_addition

    async def unheard(*args: Any, **named: Any) -> None:
        await done(*args, **named)
        raise KeyboardInterrupt

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        if at_end:
            patched.setattr(at.engine.psa, "update_addition", unheard)
        else:
            patched.setattr(Undo, "_let_go", killed)
        with pytest.raises(KeyboardInterrupt):
            await at.engine.undo(name)
    assert (await at.engine.undo(name)).complete
    assert [row[1] for row in at.held() if row[4] is None] == ["10"]
    await at.engine.sync([name])
    assert at.held() == written
