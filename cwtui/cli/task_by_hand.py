"""`cwtui tasks adopt`, `end` and `bill-both`: what stands in the agreement already (plans.md#billed-by-hand)."""

from __future__ import annotations

import click

from cwtui.cli.answer import answer
from cwtui.cli.commands import Command, examples
from cwtui.cli.engine_access import with_engine
from cwtui.domain.ids import AdditionId, ProductId, TaskId
from cwtui.domain.plain_text import plain_text
from cwtui.domain.tasks import Task
from cwtui.engine.facade import Engine
from cwtui.wording.problems import sentence

_TASK = click.argument("task_id", metavar="ID")
_ADDITION = click.argument("addition_id", metavar="ADDITION_ID", type=click.IntRange(min=1))


@click.command(cls=Command, epilog=examples("cwtui tasks adopt initial.1000048531 8150"))
@_TASK
@_ADDITION
@click.option("--product", metavar="PRODUCT_ID", help="What it bills, where the task leaves a choice.")
def adopt(task_id: str, addition_id: int, product: str | None) -> None:
    """Link an addition that exists to a task, in place of the one that the task misses or would create.

    The addition goes on as it is, and cwtui keeps it true from now on. Nothing is written to ConnectWise.
    """

    async def ask(engine: Engine) -> Task:
        chosen = ProductId(product) if product else None
        return await engine.adopt_for(TaskId(task_id), AdditionId(addition_id), chosen)

    _tell(with_engine(ask), f"addition {addition_id} is adopted")


@click.command(cls=Command, epilog=examples("cwtui tasks end initial.1000048531 8150"))
@_TASK
@_ADDITION
def end(task_id: str, addition_id: int) -> None:
    """Let an addition that was made by hand end where the task's new one begins.

    Its end becomes part of the task's plan, and is written and taken back with the rest of it.
    """

    async def ask(engine: Engine) -> Task:
        return await engine.end_by_hand(TaskId(task_id), AdditionId(addition_id))

    _tell(with_engine(ask), f"addition {addition_id} will end when the task is written")


@click.command("bill-both", cls=Command, epilog=examples("cwtui tasks bill-both initial.1000048531 8150"))
@_TASK
@_ADDITION
def bill_both(task_id: str, addition_id: int) -> None:
    """Let an addition that was made by hand stand beside the one that the task makes, as long as it bills the same."""

    async def ask(engine: Engine) -> Task:
        return await engine.bill_both(TaskId(task_id), AdditionId(addition_id))

    _tell(with_engine(ask), f"addition {addition_id} stays beside the new one")


def _tell(task: Task, what: str) -> None:
    answer(f"{plain_text(task.id)}  {task.status}  {what}")
    for problem in task.problems:
        answer(f"  {problem.code}: {plain_text(sentence(problem))}")
