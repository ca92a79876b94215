"""The problems that keep a task waiting for a person, whatever its plan says."""

from __future__ import annotations

from collections.abc import Iterator

from cwtui.domain.ledger import Doubtful
from cwtui.domain.money import plain
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode, ProblemFacts
from cwtui.domain.remedies import Action, Remedy
from cwtui.domain.tasks import Task
from cwtui.engine.protocols import Store


def waiting_for_a_person(store: Store, task: Task) -> tuple[Problem, ...]:
    """Creates that a person has to decide about, and that the task was taken back.

    Rules: synchronising.md#the-candidate, synchronising.md#taken-back.
    """
    return tuple(_problems(store, task))


def _problems(store: Store, task: Task) -> Iterator[Problem]:
    for doubtful in store.doubtful(task.id):
        target = str(doubtful.candidates[0])
        remedy = Remedy(Action.RESOLVE, task.id)
        yield Problem(ProblemCode.OUTCOME_DOUBTFUL, _facts(store, doubtful), target, remedy, _case(store, doubtful))
    taken_back = store.taken_back(task.id)
    if taken_back is not None and taken_back.waits:
        yield Problem(ProblemCode.TAKEN_BACK, {}, task.id, Remedy(Action.SYNC_BY_NAME, task.id))


def _facts(store: Store, doubtful: Doubtful) -> ProblemFacts:
    intents = store.open_intents(doubtful.agreement_id)
    after = next((intent.change.after for intent in intents if intent.seq == doubtful.seq), None)
    return {
        "agreement": doubtful.agreement_id,
        "additions": tuple(map(str, doubtful.candidates)),
        "quantity": plain(after.quantity) if after else "",
        "price": plain(after.unit_price) if after else "",
        "effective": f"{after.effective}" if after else "",
    }


def _case(store: Store, doubtful: Doubtful) -> ProblemCase:
    if store.lost():
        return ProblemCase.RECORD_LOST
    return ProblemCase.ONE_NEW if len(doubtful.candidates) == 1 else ProblemCase.SEVERAL_NEW
