"""Undo of a task and of a whole run, also where it was invoiced or killed meanwhile (SPEC 7)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwtui.domain.errors import InputError
from cwtui.sandbox.world import World
from tests.engine.upkeep_world import AGREEMENT, EXCHANGE_ITEM, MAIL, TODAY, Running, running, small_world

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
    (run,) = at.engine.upkeep.runs.list()
    assert (run.writes.post, run.writes.delete, len(run.tasks)) == (3, 1, 2)
    report = await at.engine.upkeep.runs.undo(run.run_id)
    assert report.complete, report.lines
    assert at.held() == []
    assert all(task.status.is_open for task in at.state.tasks())
    await at.engine.auto()
    assert [row[1] for row in at.held() if row[4] is None] == ["15"]


async def test_a_run_nobody_made(at: Running) -> None:
    with pytest.raises(InputError, match="No run"):
        await at.engine.upkeep.runs.undo("yesterday")


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

    async def unheard(*args: object) -> None:
        await done(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(at.engine.psa, verb, unheard)
        with pytest.raises(KeyboardInterrupt):
            await at.engine.undo(change.id)
    report = await at.engine.undo(change.id)
    assert report.complete, report.lines
    assert at.held() == [(EXCHANGE_ITEM, "10", "4.50", DECEMBER, None)]
    again = at.state.task(change.id)
    assert again is not None
    assert again.status.is_open


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
