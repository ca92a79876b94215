"""A create whose note cannot be read any more is looked for before the like is sent.

Rule: synchronising.md#damaged-state.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cwtui.domain.errors import StateError
from cwtui.domain.ids import AdditionId, AgreementId, TaskId
from cwtui.domain.problems import ProblemCode
from cwtui.domain.psa import Addition, AdditionValues
from cwtui.domain.tasks import TaskStatus
from cwtui.sandbox.world import World
from cwtui.store.recovery import recover
from cwtui.store.state import open_state
from cwtui.wording.problems import sentence
from tests.engine.upkeep_world import (
    AGREEMENT,
    CUSTOMER,
    EXCHANGE_ITEM,
    MAIL,
    OFFICE,
    OFFICE_ITEM,
    TODAY,
    running,
    small_world,
)

DECEMBER = "2026-12-01"
BOTH = [(EXCHANGE_ITEM, "10", "4.50", DECEMBER, None), (OFFICE_ITEM, "5", "12.10", DECEMBER, None)]
Changes = Callable[[World], None]


@pytest.fixture
def world() -> World:
    world = small_world()
    world.add_subscription(CUSTOMER, [("P2", 5)], id=OFFICE)
    return world


class Killed:
    """What a killed process left: a folder, and what ConnectWise holds."""

    def __init__(self, world: World, folder: Path, into: Path) -> None:
        self.world, self.folder, self.into, self.number = world, folder, into, 0

    def lines(self) -> list[bytes]:
        return (self.folder / "state.json.journal").read_bytes().splitlines(keepends=True)

    def damaged(self, alter: Callable[[list[bytes]], list[bytes]]) -> tuple[World, Path]:
        """A copy whose journal was altered; its recovered state stands in place of it."""
        self.number += 1
        folder = self.into / str(self.number)
        shutil.copytree(self.folder, folder)
        (folder / "state.json.journal").write_bytes(b"".join(alter(self.lines())))
        path = folder / "state.json"
        with pytest.raises(StateError, match="is damaged"):
            open_state(path)
        recovered = recover(path)
        for file in folder.iterdir():
            if file != recovered:
                file.unlink()
        recovered.rename(path)
        return copy.deepcopy(self.world), folder


@pytest.fixture
async def left(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Killed:
    """As if the process was killed when ConnectWise had committed its last create, and it had not heard of it."""
    folder = tmp_path / "state"
    folder.mkdir()
    seen: list[Killed] = []
    async with running(world, folder, concurrency=1) as at:
        create = at.engine.workspace.psa.create_addition

        async def create_and_look(agreement: AgreementId, values: AdditionValues, **more: Any) -> Addition:
            made = await create(agreement, values, **more)
            copied = tmp_path / f"killed at {len(seen)}"
            shutil.copytree(folder, copied)
            seen.append(Killed(copy.deepcopy(world), copied, tmp_path))
            return made

        monkeypatch.setattr(at.engine.workspace.psa, "create_addition", create_and_look)
        await at.engine.auto()
    assert len(seen) == 2
    return seen[-1]


def flipped(line: int, at: float, bit: int = 0) -> Callable[[list[bytes]], list[bytes]]:
    """One bit of a line, so far along it."""

    def alter(lines: list[bytes]) -> list[bytes]:
        altered = bytearray(lines[line])
        altered[int(at * (len(altered) - 1))] ^= 1 << bit
        return [bytes(altered) if one is lines[line] else one for one in lines]

    return alter


async def test_the_last_line_noted_the_create_that_was_killed(left: Killed) -> None:
    assert b'"intents"' in left.lines()[-1]
    assert sorted(row["quantity"] for row in left.world.additions(AGREEMENT)) == [5, 10]


@pytest.mark.parametrize("bit", [0, 3, 6])
async def test_any_byte_of_the_note_may_be_altered(left: Killed, bit: int) -> None:
    for step in range(25):
        world, folder = left.damaged(flipped(-1, step / 24, bit))
        async with running(world, folder) as at:
            await at.engine.auto()
            assert at.held() == BOTH, step
            assert {task.status for task in at.state.tasks()} == {TaskStatus.SYNCED}
            warned = [task for task in at.state.tasks() if any("and not again" in one for one in task.warnings)]
            assert [task.subscription_id for task in warned] == [OFFICE]
            assert any("and not again" in row.reason for row in at.state.audit(task_id=warned[0].id))
            assert not (await at.engine.drift.find()).found


async def test_any_line_may_be_altered(left: Killed) -> None:
    """Of each line: what it noted is done as if undisturbed, or a person is asked; nothing stands twice."""
    for line in range(len(left.lines())):
        world, folder = left.damaged(flipped(line, 0.6))
        async with running(world, folder) as at:
            for _ in range(3):
                report = await at.engine.auto()
            assert at.held() == BOTH, line
            is_done = {task.status for task in at.state.tasks()} == {TaskStatus.SYNCED}
            assert is_done or report.needs_action, line


@pytest.mark.parametrize("count", [2, 3, 4, 6])
async def test_several_lines_may_be_gone(left: Killed, count: int) -> None:
    world, folder = left.damaged(lambda lines: [*lines[:-count], *(b"#" + line[1:] for line in lines[-count:])])
    async with running(world, folder) as at:
        for _ in range(3):
            report = await at.engine.auto()
        assert at.held() == BOTH
        assert {task.status for task in at.state.tasks()} == {TaskStatus.SYNCED} or report.needs_action


@pytest.mark.parametrize("says", ["it is the one", "send it again"])
async def test_one_that_is_not_quite_it_is_asked_about(left: Killed, says: str) -> None:
    (row,) = (row for row in left.world.additions(AGREEMENT) if row["product"]["id"] == OFFICE_ITEM)
    row["unitPrice"] = Decimal("11.00")
    world, folder = left.damaged(flipped(-1, 0.5))
    async with running(world, folder) as at:
        for _ in range(3):
            await at.engine.auto()
            assert len(at.held()) == 2
        (task,) = at.state.open_tasks()
        (problem,) = task.problems
        assert (problem.code, problem.target) == (ProblemCode.OUTCOME_DOUBTFUL, str(row["id"]))
        assert "cannot be read" in sentence(problem)
        adopt = AdditionId(row["id"]) if says == "it is the one" else None
        await at.engine.resolve(TaskId(task.id), adopt=adopt)
        await at.engine.auto()
        assert not list(at.state.open_tasks())
        assert len(at.held()) == (2 if adopt else 3)


async def test_without_an_addition_it_is_sent(left: Killed) -> None:
    rows: dict[str, Any] = {str(row["product"]["id"]): row for row in left.world.additions(AGREEMENT)}
    left.world.children["additions"][AGREEMENT].remove(rows[str(OFFICE_ITEM)]["id"])
    world, folder = left.damaged(flipped(-1, 0.5))
    async with running(world, folder) as at:
        await at.engine.auto()
        assert at.held() == BOTH


async def test_what_a_check_noted_is_read_again(tmp_path: Path) -> None:
    """The note of a new order is lost, that of how far the check came is not."""
    world = small_world()
    folder = tmp_path / "state"
    folder.mkdir()
    async with running(world, folder) as at:
        await at.engine.auto()
        world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], created=TODAY, provisioned=TODAY)
        world.change_subscription(MAIL, quantities={"P1": 15})
        begins = len((folder / "state.json.journal").read_bytes().splitlines())
        await at.engine.check()
        shutil.copytree(folder, tmp_path / "killed")
    after = Killed(world, tmp_path / "killed", tmp_path)
    lines = after.lines()
    assert len(lines) > begins
    for line in range(begins, len(lines)):
        world_now, copied = after.damaged(flipped(line, 0.5))
        async with running(world_now, copied) as at:
            await at.engine.auto()
            await at.engine.auto()
            assert [row[1] for row in at.held() if row[4] is None] == ["15"], line
