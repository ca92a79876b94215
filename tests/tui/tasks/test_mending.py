"""One key to the remedy: whatever the problem, `m` leads to where it is mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cwtui.domain.problems import Problem, ProblemCase, ProblemCode
from cwtui.domain.tasks import Acceptance, Task, TaskStatus
from cwtui.tui.drift.screen import DriftScreen
from cwtui.tui.mapping.wizard import WizardScreen
from cwtui.tui.plan_lines import warning_lines
from cwtui.tui.problems import Way, key_for
from cwtui.tui.reconcile.screen import ReconcileScreen
from cwtui.tui.tasks.mending import way_of
from cwtui.tui.tasks.screen import TasksScreen
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.fuzzy_picker import FuzzyPicker
from cwtui.tui.widgets.virtual_table import VirtualTable
from cwtui.wording.problems import reason_of
from tests.tui.demo_app import Demo, demo

CODES = [pytest.param(code, id=code) for code in ProblemCode]


async def standing(app: Demo, *problems: Problem, warnings: tuple[str, ...] = ()) -> Task:
    """The first ready task, made to wait; the cursor is on it."""
    task = (await app.engine.tasks([TaskStatus.READY]))[0]
    status = TaskStatus.NEEDS_ACTION if problems else TaskStatus.SYNCED
    changed = replace(task, status=status, problems=problems, warnings=warnings, acceptance=None)
    app.engine.open_tasks.save(changed)
    app.app.session.listener.task_changed(changed)
    await app.settle()
    table = app.screen.query_one("#tasks", VirtualTable)
    table.cursor = table.source.index_of(task.id) or 0
    await app.settle()
    return changed


def in_words(code: ProblemCode, target: str = "") -> Problem:
    return Problem(code, {"words": "…"}, target, case=ProblemCase.IN_WORDS)


@pytest.mark.parametrize("code", CODES)
def test_every_problem_has_a_reason_in_a_word_and_a_key(code: ProblemCode) -> None:
    problem = in_words(code)
    assert len(reason_of(code)) <= 22
    assert reason_of(code) != str(code)
    assert key_for(problem).split()[0] in {"m", "s", "x"}


@pytest.mark.parametrize(
    ("code", "way"),
    [
        pytest.param(ProblemCode.CUSTOMER_UNMAPPED, Way.MAP, id="a mapping is missing"),
        pytest.param(ProblemCode.LINK_MISSING, Way.DECIDE, id="no addition is linked: adopt one"),
        pytest.param(ProblemCode.BILLED_BY_HAND, Way.DECIDE, id="billed by hand: adopt, end or bill both"),
        pytest.param(ProblemCode.OUTCOME_DOUBTFUL, Way.DECIDE, id="doubtful: adopt, or send again"),
        pytest.param(ProblemCode.LINK_CHANGED, Way.DRIFT, id="edited in ConnectWise"),
        pytest.param(ProblemCode.GUARD, Way.SYNC, id="a large change is confirmed by its plan"),
        pytest.param(ProblemCode.TAKEN_BACK, Way.SYNC, id="taken back: written again by name"),
        pytest.param(ProblemCode.UNKNOWN_ORDER_TYPE, Way.SKIP, id="nothing can be planned"),
    ],
)
async def test_where_a_problem_is_mended(tmp_path: Path, code: ProblemCode, way: Way) -> None:
    async with demo(tmp_path) as app:
        task = await standing(app, in_words(code, "1"))
        assert way_of(task) is way


@pytest.mark.parametrize(
    ("code", "screen"),
    [
        pytest.param(ProblemCode.AGREEMENT_ENDED, WizardScreen, id="the wizard"),
        pytest.param(ProblemCode.LINK_CHANGED, DriftScreen, id="the drift"),
        pytest.param(ProblemCode.TAKEN_BACK, ConfirmScreen, id="its plan, and the question"),
        pytest.param(ProblemCode.LINK_MISSING, FuzzyPicker, id="the additions that could bill it"),
    ],
)
async def test_the_key_leads_there(tmp_path: Path, code: ProblemCode, screen: type) -> None:
    async with demo(tmp_path) as app:
        await standing(app, in_words(code, "1"))
        await app.press("m")
        await app.until(screen)


async def test_both_sides_can_be_compared_instead(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await standing(app, in_words(ProblemCode.LINK_MISSING, "PRD1"))
        await app.press("m")
        await app.until(FuzzyPicker)
        await app.type("compare")
        await app.press("enter")
        await app.until(ReconcileScreen)


async def test_n_goes_to_the_next_that_needs_a_person(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        seen = set()
        for _ in range(3):
            await app.press("n")
            row = app.rows()[app.screen.query_one("#tasks", VirtualTable).cursor]
            assert "needs action" in row[0]
            seen.add(tuple(row))
        assert len(seen) == 3


async def test_warnings_are_marked_shown_and_accepted(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        task = await standing(app, warnings=("The price is below the cost.",))
        table = app.screen.query_one("#tasks", VirtualTable)
        assert app.rows()[table.cursor][0] == "✓ synced (!)"
        assert "Warnings that nobody accepted yet · key: v accepts them" in app.detail
        await app.press("v")
        await app.until(ConfirmScreen)
        assert "The price is below the cost." in app.detail
        await app.press("y")
        await app.until_idle()
        assert isinstance(app.screen, TasksScreen)
        assert (await app.engine.task(task.id)).is_accepted
        assert app.rows()[table.cursor][0] == "✓ synced"


async def test_only_those_with_warnings(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await standing(app, warnings=("The price is below the cost.",))
        await app.press("f")
        await app.until(FuzzyPicker)
        await app.type("warnings")
        await app.press("enter")
        assert [row[0] for row in app.rows()] == ["✓ synced (!)"]
        await app.press("escape", "v", "escape")


async def test_who_accepted_stays_in_sight(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        task = await standing(app, warnings=("One.",))
        given = Acceptance("ann@host", datetime(2026, 11, 23, 9, 30, tzinfo=UTC), ("One.",))
        shown = [line.text for line in warning_lines(replace(task, acceptance=given))]
        assert shown == ["Warnings, accepted by ann@host on 2026-11-23 09:30 UTC", "! One."]
        again = [line.text for line in warning_lines(replace(task, acceptance=given, warnings=("One.", "Two.")))]
        assert again[0].startswith("Warnings that nobody accepted yet")
