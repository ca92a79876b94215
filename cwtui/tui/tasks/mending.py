"""Leads from a problem to the place where it is mended, by one key (commands.md#words-for-people)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from cwtui.domain.ids import AdditionId, ProductId
from cwtui.domain.money import plain, price_text
from cwtui.domain.problems import ProblemCode
from cwtui.domain.psa import Addition
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.engine.facade import Engine
from cwtui.tui.problems import Way, mending_of


def way_of(task: Task) -> Way:
    """Where the task's first problem is mended; a failed task is tried again, any other is mapped."""
    if not task.problems:
        return Way.SYNC if task.status is TaskStatus.FAILED else Way.MAP
    return mending_of(task.problems[0]).way


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing a person can decide about an addition that exists already.

    Attributes:
        does: What it does, for the list.
        about: Which addition, in words.
        asks: What is to be known before it is confirmed.
        run: Does it; returns the task as it then stands.
    """

    does: str
    about: str
    asks: tuple[str, ...]
    run: Callable[[], Awaitable[object]]


async def decisions(engine: Engine, task: Task) -> Sequence[Decision]:
    """Everything that can be decided about a task's problems, the safest first."""
    plan = await engine.preview(task.id)
    held: dict[AdditionId, Addition] = {}
    if plan.agreement_id is not None:
        held = {one.id: one for one in await engine.additions(plan.agreement_id)}
    linked = {link.addition_id for link in engine.known.links()}
    free = [one for name, one in held.items() if name not in linked]
    found: list[Decision] = []
    for problem in task.problems:
        match problem.code:
            case ProblemCode.BILLED_BY_HAND | ProblemCode.OUTCOME_DOUBTFUL if problem.target.isdecimal():
                name = AdditionId(int(problem.target))
                about = addition_words(held[name]) if name in held else f"addition {name}"
                make = _doubtful if problem.code is ProblemCode.OUTCOME_DOUBTFUL else _by_hand
                found += make(engine, task, name, about)
            case ProblemCode.LINK_MISSING:
                found += _links(engine, task, free, ProductId(problem.target))
            case _:
                pass
    return found


def addition_words(one: Addition) -> str:
    """`addition 712: 40 × 20.60 Microsoft 365, from 2026-11-01`."""
    held = one.values
    name = held.description or one.catalog_item
    return f"addition {one.id}: {plain(held.quantity)} × {price_text(held.unit_price)} {name}, from {held.effective}"


def _by_hand(engine: Engine, task: Task, name: AdditionId, about: str) -> Iterator[Decision]:
    yield Decision(
        "Adopt it",
        about,
        ("It goes on as it is, and cwtui keeps it true from now on.", "Nothing is written to ConnectWise now."),
        lambda: engine.adopt_for(task.id, name),
    )
    yield Decision(
        "End it where the new one begins",
        about,
        ("When this task is written, this addition ends the day before the new one begins.",),
        lambda: engine.end_by_hand(task.id, name),
    )
    yield Decision(
        "Bill both",
        about,
        ("Both are billed: this one as it stands, and the one that the task creates.",),
        lambda: engine.bill_both(task.id, name),
    )


def _doubtful(engine: Engine, task: Task, name: AdditionId, about: str) -> Iterator[Decision]:
    yield Decision(
        "Adopt it: this task's create made it",
        about,
        ("The create counts as done, and nothing is sent again.", "Look at it in ConnectWise first."),
        lambda: engine.work.resolve(task.id, adopt=name),
    )
    yield Decision(
        "Send the create again: it is not this task's",
        about,
        ("If it was this task's after all, the customer is billed twice.", "Look at it in ConnectWise first."),
        lambda: engine.work.resolve(task.id, adopt=None),
    )


def _links(engine: Engine, task: Task, free: Iterable[Addition], product: ProductId) -> Iterator[Decision]:
    for one in free:
        yield Decision(
            f"Adopt it for product {product}",
            addition_words(one),
            ("cwtui keeps it true for this subscription from now on.", "Nothing is written to ConnectWise now."),
            lambda name=one.id: engine.adopt_for(task.id, name, product),  # type: ignore[misc]
        )
