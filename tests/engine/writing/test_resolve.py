"""A create without an answer that the additions do not settle waits for a person (synchronising.md#the-candidate)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from cwtui.domain.errors import InputError
from cwtui.domain.ids import AdditionId
from cwtui.domain.problems import ProblemCase, ProblemCode
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.engine.planning.waiting import waiting_for_a_person
from cwtui.sandbox.behaviour import Fault
from cwtui.sandbox.keeping import Keeping
from cwtui.sandbox.world import World
from cwtui.wording.problems import sentence
from tests.engine.upkeep_world import MAIL, Running, running, small_world


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Running]:
    world: World = small_world()
    world.change_subscription(MAIL, prices={"P1": "4.3333"})
    async with running(world, tmp_path) as opened:
        yield opened


async def doubtful(at: Running) -> tuple[Task, AdditionId]:
    """ConnectWise keeps one decimal, and its answer is lost."""
    at.sandbox.behaviour.keeping = Keeping(decimals=1)
    at.sandbox.behaviour.plan(Fault(status=504, when="after", service="psa", method="POST", path="additions"))
    for _ in range(3):
        await at.engine.auto()
        (row,) = at.world.additions()
    (task,) = at.state.tasks()
    assert task.status is TaskStatus.NEEDS_ACTION
    assert [(problem.code, problem.target) for problem in task.problems] == [
        (ProblemCode.OUTCOME_DOUBTFUL, str(row["id"]))
    ]
    return task, AdditionId(row["id"])


async def test_the_addition_is_adopted(at: Running) -> None:
    task, addition = await doubtful(at)
    with pytest.raises(InputError, match="not made by that create"):
        await at.engine.resolve(task.id, adopt=AdditionId(1))
    await at.engine.resolve(task.id, adopt=addition)
    await at.engine.auto()
    now = at.state.task(task.id)
    assert now is not None
    assert (now.status, len(at.world.additions())) == (TaskStatus.SYNCED, 1)
    assert not (await at.engine.drift.find()).found
    assert any("ConnectWise keeps the price" in text for text in now.warnings)


async def test_several_that_are_new_are_all_named(at: Running) -> None:
    task, addition = await doubtful(at)
    (kept,) = at.state.doubtful(task.id)
    at.state.save_doubtful(replace(kept, candidates=(addition, AdditionId(9999))))
    (one,), (several,) = task.problems, waiting_for_a_person(at.state, task)
    assert (one.case, several.case) == (ProblemCase.ONE_NEW, ProblemCase.SEVERAL_NEW)
    assert f"and addition {addition} is new in agreement" in sentence(one)
    assert f"and additions {addition}, 9999 are new in agreement" in sentence(several)
    assert f"the create of {one.facts['quantity']} × 4.3333 from {one.facts['effective']}, and" in sentence(several)


async def test_it_is_sent_again(at: Running) -> None:
    task, _ = await doubtful(at)
    at.sandbox.behaviour.keeping = Keeping()
    await at.engine.resolve(task.id, adopt=None)
    assert len(at.world.additions()) == 1
    await at.engine.auto()
    now = at.state.task(task.id)
    assert now is not None
    assert (now.status, len(at.world.additions())) == (TaskStatus.SYNCED, 2)


async def test_an_undo_says_that_it_has_to_be_settled_first(at: Running) -> None:
    task, _ = await doubtful(at)
    report = await at.engine.undo(task.id)
    assert not report.complete
    assert "Nothing was taken back" in report.lines[0]


async def test_nothing_else_is_settled(at: Running) -> None:
    await at.engine.auto()
    (task,) = at.state.tasks()
    with pytest.raises(InputError, match="in doubt"):
        await at.engine.resolve(task.id, adopt=None)
