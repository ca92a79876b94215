"""The problems that keep a task waiting for a person, whatever its plan says."""

from __future__ import annotations

from collections.abc import Iterator

from cwtui.domain.ledger import Doubtful
from cwtui.domain.money import plain, price_text
from cwtui.domain.remedies import Action, Remedy
from cwtui.domain.tasks import Problem, ProblemCode, Task
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
        yield Problem(ProblemCode.OUTCOME_DOUBTFUL, _doubtful_text(store, doubtful), target, remedy)
    taken_back = store.taken_back(task.id)
    if taken_back is not None and taken_back.waits:
        text = "It was taken back, so it is written again only if a person says so."
        yield Problem(ProblemCode.TAKEN_BACK, text, task.id, Remedy(Action.SYNC_BY_NAME, task.id))


def _doubtful_text(store: Store, doubtful: Doubtful) -> str:
    intents = store.open_intents(doubtful.agreement_id)
    after = next((intent.change.after for intent in intents if intent.seq == doubtful.seq), None)
    what = f" of {plain(after.quantity)} × {price_text(after.unit_price)} from {after.effective}" if after else ""
    names = ", ".join(map(str, doubtful.candidates))
    if store.lost():
        return (
            f"A record of the journal that may tell of the create{what} cannot be read, or ConnectWise did not answer"
            f" it, and addition {names} in agreement {doubtful.agreement_id} may be what it made. Nothing more is sent"
            " until somebody looked at it in ConnectWise."
        )
    which = f"addition {names} is" if len(doubtful.candidates) == 1 else f"additions {names} are"
    return (
        f"ConnectWise did not answer the create{what}, and {which} new in agreement {doubtful.agreement_id}, but not"
        " quite what was asked for. Nothing more is sent until somebody looked at it in ConnectWise."
    )
