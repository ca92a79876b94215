"""A person's word on a task's plan: the warnings are accepted, a change that a guard stopped is confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cwtui.domain.errors import InputError
from cwtui.domain.problems import ProblemCode
from cwtui.domain.tasks import Acceptance, Task
from cwtui.engine.concurrently import in_turns
from cwtui.engine.planning.desk import PlanningDesk


def accept(desk: PlanningDesk, tasks: Sequence[Task], who: str) -> list[Task]:
    """Keep that a person has seen the warnings of these tasks, all or none (plans.md#warnings).

    Returns:
        The tasks as they then stand. One that was accepted before keeps who accepted it first.

    Raises:
        InputError: One of them warns of nothing.
    """
    for task in tasks:
        if not task.warnings:
            raise InputError(
                f"Task {task.id} has no warnings.",
                changed="Nothing was accepted.",
                next_step="Name the tasks that have some.",
            )
    at = desk.clock.now()
    accepted = [
        task if task.is_accepted else replace(task, acceptance=Acceptance(who, at, task.warnings)) for task in tasks
    ]
    with desk.store.batch():
        for before, task in zip(tasks, accepted, strict=True):
            if task != before:
                desk.store.save_task(task)
                desk.listener.task_changed(task)
    return accepted


async def confirm_guards(desk: PlanningDesk, tasks: Sequence[Task]) -> None:
    """Confirm what a guard stopped in open tasks, with the numbers that were shown (plans.md#guards).

    Called before anything is read again: numbers that move meanwhile are stopped like any others.
    """
    stopped = [task async for task in in_turns(tasks) if task.status.is_open and _is_stopped(task)]
    if not stopped:
        return
    await desk.load(stopped)
    with desk.store.grouped():
        async for task in in_turns(stopped):
            confirmed = desk.plan(task).beyond_guard
            if confirmed != task.confirmed:
                desk.store.save_task(replace(task, confirmed=confirmed))


def _is_stopped(task: Task) -> bool:
    return any(problem.code is ProblemCode.GUARD for problem in task.problems)
