"""Warnings stay until a person accepts them, and confirmations hold for their numbers (plans.md#warnings, #guards).

Rules: synchronising.md#confirmations-hold-for-their-numbers.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cwtui.domain.tasks import Acceptance, Task, TaskStatus
from tests.domain.planning.situations import facts

WARNED = replace(facts(None).task, warnings=("10 were ordered, 8 are held",), status=TaskStatus.SYNCED)


@pytest.mark.parametrize(
    ("accepted", "status", "warned"),
    [
        pytest.param(None, TaskStatus.SYNCED, True, id="nobody accepted"),
        pytest.param(WARNED.warnings, TaskStatus.SYNCED, False, id="accepted"),
        pytest.param((*WARNED.warnings, "another"), TaskStatus.SYNCED, False, id="accepted, and one is gone since"),
        pytest.param(("10 were ordered, 9 are held",), TaskStatus.SYNCED, True, id="other numbers were accepted"),
        pytest.param(None, TaskStatus.READY, True, id="not written yet"),
        pytest.param(None, TaskStatus.SKIPPED, False, id="set aside"),
    ],
)
def test_an_acceptance_names_what_it_was_given_for(
    accepted: tuple[str, ...] | None, status: TaskStatus, warned: bool
) -> None:
    given = None if accepted is None else Acceptance("sam", datetime(2026, 11, 23, tzinfo=UTC), accepted)
    task: Task = replace(WARNED, status=status, acceptance=given)
    assert task.is_warned is warned


def test_what_warns_of_nothing_is_not_warned() -> None:
    assert not replace(WARNED, warnings=()).is_warned
