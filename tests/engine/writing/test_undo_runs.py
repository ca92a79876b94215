"""Undo of a task and of a whole run, also where it was invoiced or killed meanwhile (synchronising.md#undo).

Rules: synchronising.md#compensation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cwtui.domain.errors import InputError
from cwtui.domain.ids import AdditionId, CustomerId, ProductId, SubscriptionId, TaskId
from cwtui.domain.problems import ProblemCode
from cwtui.domain.tasks import TaskKind, TaskStatus
from cwtui.sandbox.world import World
from tests.engine.upkeep_world import AGREEMENT, CUSTOMER, EXCHANGE_ITEM, MAIL, TODAY, Running, running, small_world

DECEMBER = "2026-12-01"


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
async def at(world: World, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(world, tmp_path) as opened:
        yield opened


def buy_five_more(at: Running) -> None:
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], created=TODAY, provisioned=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 15})


async def test_a_run_over_several_tasks_of_one_subscription_is_taken_back(at: Running) -> None:
    """The change deleted what the first task created: it is created again, and then taken back under its new id."""
    await at.engine.check()
    buy_five_more(at)
    await at.engine.auto()
    assert len(at.held()) == 2
    (run,) = at.engine.runs.list()
    assert (run.writes.post, run.writes.delete, len(run.tasks)) == (3, 1, 2)
    report = await at.engine.runs.undo(run.run_id)
    assert report.complete, report.lines
    assert at.held() == []
    assert all(task.status.is_open for task in at.state.tasks())
    await at.engine.auto()
    assert at.held() == []  # what a person took back waits for a person
    await at.engine.sync([task.id for task in at.state.tasks()])
    assert [row[1] for row in at.held() if row[4] is None] == ["15"]


async def test_a_run_takes_back_nothing_that_a_later_one_wrote(at: Running) -> None:
    await at.engine.auto()
    (first,) = at.engine.runs.list()
    (task,) = at.state.tasks()
    assert (await at.engine.runs.undo(first.run_id)).complete
    again = await at.engine.runs.undo(first.run_id)
    assert again.lines == (f"{task.id}: it is taken back already.",)
    await at.engine.sync([task.id])
    held = at.held()
    report = await at.engine.runs.undo(first.run_id)
    assert report.complete
    assert "wrote since" in report.lines[0]
    assert at.held() == held


async def test_a_run_nobody_made(at: Running) -> None:
    with pytest.raises(InputError, match="No run"):
        await at.engine.runs.undo("yesterday")


@pytest.mark.parametrize("compensate", [False, True])
async def test_what_was_invoiced_meanwhile_is_given_back_once(at: Running, compensate: bool) -> None:
    await at.engine.auto()
    (task,) = at.state.tasks()
    at.world.advance_invoice(AGREEMENT, "2027-02-01")
    report = await at.engine.undo(task.id, compensate=compensate)
    assert report.complete
    ended = (EXCHANGE_ITEM, "10", "4.50", DECEMBER, "2027-01-31")
    credit = (EXCHANGE_ITEM, "10", "-9.00", "2027-02-01", "2027-02-28")
    assert at.held() == ([credit, ended] if compensate else [ended])
    assert any("10 × -9.00" in line for line in report.lines)


async def downgraded_and_invoiced(at: Running) -> TaskId:
    """Ten were billed through December, twelve through January; the change of quantity is to be taken back."""
    await at.engine.auto()
    at.world.advance_invoice(AGREEMENT, "2027-01-01")
    at.world.add_order(MAIL, "change", [("recurring", "P1", 2, "4.50")], created=TODAY, provisioned=date(2027, 1, 1))
    at.world.change_subscription(MAIL, quantities={"P1": 12})
    await at.engine.auto()
    at.world.advance_invoice(AGREEMENT, "2027-02-01")
    return next(task.id for task in at.state.tasks() if not task.is_initial)


EVENED_OUT = {
    (EXCHANGE_ITEM, "12", "-4.50", "2027-02-01", "2027-02-28"),
    (EXCHANGE_ITEM, "10", "4.50", "2027-02-01", "2027-02-28"),
}
"""January at twelve is given back, January at ten is billed: the difference is what the change had cost."""


async def test_what_would_have_been_invoiced_is_billed_and_what_was_is_given_back(at: Running) -> None:
    name = await downgraded_and_invoiced(at)
    report = await at.engine.undo(name, compensate=True)
    assert report.complete, report.lines
    assert {row for row in at.held() if row[3] == "2027-02-01"} == EVENED_OUT
    assert (EXCHANGE_ITEM, "10", "4.50", DECEMBER, None) in at.held()


async def test_what_an_undo_proposed_can_still_be_evened_out_once(at: Running) -> None:
    name = await downgraded_and_invoiced(at)
    proposed = await at.engine.undo(name)
    assert sum("--compensate" in line for line in proposed.lines) == 2
    assert not {row for row in at.held() if row[3] == "2027-02-01"}
    with pytest.raises(InputError, match="not synced"):
        await at.engine.undo(name)
    at.world.advance_invoice(AGREEMENT, "2027-03-01")  # ten were billed for February: they are not billed late
    report = await at.engine.undo(name, compensate=True)
    assert report.complete, report.lines
    march = {(item, quantity, price, "2027-03-01", "2027-03-31") for item, quantity, price, _, _ in EVENED_OUT}
    assert {row for row in at.held() if row[3] == "2027-03-01"} == march
    with pytest.raises(InputError, match="not synced"):
        await at.engine.undo(name, compensate=True)


async def test_a_killed_proposal_is_kept_whole(at: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    name = await downgraded_and_invoiced(at)
    done = at.engine.psa.update_addition

    async def unheard(*args: Any, **named: Any) -> None:
        await done(*args, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(at.engine.psa, "update_addition", unheard)
        with pytest.raises(KeyboardInterrupt):
            await at.engine.undo(name)
    assert (await at.engine.undo(name)).complete
    await at.engine.undo(name, compensate=True)
    assert {row for row in at.held() if row[3] == "2027-02-01"} == EVENED_OUT


async def test_a_deleted_addition_that_missed_an_invoice_is_billed_late(at: Running) -> None:
    await at.engine.auto()
    at.world.change_subscription(MAIL, status="terminated")
    at.world.add_order(MAIL, "cancellation", [], created=TODAY, provisioned=TODAY)
    await at.engine.auto()
    assert at.held() == []
    at.world.advance_invoice(AGREEMENT, "2027-02-01")
    name = next(task.id for task in at.state.tasks() if not task.is_initial)
    report = await at.engine.undo(name, compensate=True)
    assert report.complete, report.lines
    assert at.held() == [
        (EXCHANGE_ITEM, "10", "4.50", "2027-02-01", None),
        (EXCHANGE_ITEM, "10", "9.00", "2027-02-01", "2027-02-28"),
    ]


async def test_what_a_later_task_changed_names_that_task(at: Running) -> None:
    await at.engine.auto()
    buy_five_more(at)
    await at.engine.auto()
    first, change = at.state.tasks()
    report = await at.engine.undo(first.id)
    assert (report.complete, report.lines) == (
        False,
        (f"Addition 9001 was deleted by task {change.id} since: undo that first.",),
    )
    assert (await at.engine.undo(change.id)).complete
    assert (await at.engine.undo(first.id)).complete
    assert at.held() == []


async def test_a_repair_is_planned_again_when_it_is_taken_back(at: Running) -> None:
    await at.engine.auto()
    row = at.world.add_addition(AGREEMENT, EXCHANGE_ITEM, 3, "4.50", effective="2026-12-01")
    await at.engine.adoption.adopt(AdditionId(row["id"]), SubscriptionId(MAIL), ProductId("P1"))
    before = at.held()
    outcome = await at.engine.reconciler.apply(CustomerId(CUSTOMER))
    (repair,) = [task for task in at.state.tasks() if task.kind is TaskKind.RECONCILIATION]
    assert (outcome.failed, repair.status) == (False, TaskStatus.SYNCED)
    assert (await at.engine.undo(repair.id)).complete
    assert at.held() == before
    again = at.state.task(repair.id)
    assert again is not None
    assert again.status is TaskStatus.READY or again.problems


@pytest.mark.parametrize(
    "verb",
    [
        pytest.param("delete_addition", id="the deletion of a created one"),
        pytest.param("create_addition", id="the return of a deleted one"),
        pytest.param("additions", id="before it began"),
    ],
)
async def test_an_undo_that_heard_no_answer_goes_on(at: Running, verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await at.engine.auto()
    buy_five_more(at)
    await at.engine.auto()
    change = next(task for task in at.state.tasks() if not task.is_initial)
    done = getattr(at.engine.psa, verb)

    async def unheard(*args: object, **named: object) -> None:
        await done(*args, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(at.engine.psa, verb, unheard)
        with pytest.raises(KeyboardInterrupt):
            await at.engine.undo(change.id)
    report = await at.engine.undo(change.id)
    assert report.complete, report.lines
    assert at.held() == [(EXCHANGE_ITEM, "10", "4.50", DECEMBER, None)]
    await at.engine.check()
    again = at.state.task(change.id)
    assert again is not None
    assert again.status is TaskStatus.NEEDS_ACTION
    assert [problem.code for problem in again.problems] == [ProblemCode.TAKEN_BACK]
    held = {row["id"] for row in at.world.additions(AGREEMENT)}
    assert {link.addition_id for link in at.state.links_of(change.subscription_id)} == held


async def test_an_undo_repeated_after_its_last_write_says_so(at: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    await at.engine.auto()
    (task,) = at.state.tasks()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(at.state, "end_plan", killed, raising=True)
        with pytest.raises(KeyboardInterrupt):
            await at.engine.undo(task.id)
    assert at.held() == []
    report = await at.engine.undo(task.id)
    assert report.complete
    assert report.lines == ("Everything it wrote is taken back.",)
