"""Looks at the agreements of first plans before a run begins, and reports what they hold (plans.md#billed-by-hand)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from cwtui.domain.errors import NotFound, Unreadable
from cwtui.domain.ids import AdditionId, AgreementId
from cwtui.domain.psa import Addition
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.engine.concurrently import in_turns
from cwtui.engine.planning.desk import PlanningDesk


async def look_at_agreements(desk: PlanningDesk, tasks: Iterable[Task]) -> None:
    """Read the agreements that first plans write to, each once for a task; they are read again before a write."""
    first: dict[AgreementId, list[Task]] = defaultdict(list)
    async for task in in_turns(tasks):
        agreement = desk.agreement_of(task) if task.status is TaskStatus.READY else None
        if agreement is not None and task.looked_at != agreement and desk.is_first_plan(task):
            first[agreement].append(task)

    async def ask(name: AgreementId) -> dict[AdditionId, Addition] | None:
        try:
            return {held.id: held for held in await desk.psa.additions(name)}
        except (NotFound, Unreadable):  # the write reports it
            return None

    names = sorted(first)
    answers = await desk.workspace.each(names, ask, "Reading additions")
    with desk.store.grouped():
        for name, additions in zip(names, answers, strict=True):
            for task in first[name] if additions is not None else ():
                now = desk.evaluate(task, desk.plan(task, additions))
                desk.save(replace(now, looked_at=name), task)
        await desk.store.flushed()
