"""`cwtui tasks show`, `sync`, `skip`, `reopen` and `undo` (commands.md#task-list)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import click

from cwtui.cli.answer import answer, answer_json, tell
from cwtui.cli.commands import Command, ListingCommand, examples
from cwtui.cli.documents import plan_document, task_document
from cwtui.cli.engine_access import stoppable, with_engine
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options
from cwtui.cli.plan_text import task_text
from cwtui.cli.run_text import answer_report, status_of
from cwtui.domain.ids import AdditionId, ProductId, TaskId
from cwtui.domain.mappings import MappingKind
from cwtui.domain.plain_text import plain_text
from cwtui.domain.plans import Plan
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.engine.facade import Engine
from cwtui.engine.reports import AutoReport, UndoReport


@click.command(cls=ListingCommand, epilog=examples("cwtui tasks show initial.1000048531"))
@click.argument("task_id", metavar="ID")
def show(task_id: str) -> None:
    """Show one task and its plan: every change before and after, the arithmetic, and what is in the way."""

    async def ask(engine: Engine) -> tuple[Task, Plan, str]:
        plan = await engine.plan(TaskId(task_id))
        task = await engine.task(TaskId(task_id))
        return task, plan, task_text(task, plan, partial(_name_of, engine, task))

    task, plan, text = with_engine(ask, only_reads=True)
    if current_options().json:
        answer_json({**task_document(task), "plan": plan_document(plan)})
    else:
        answer(text)


def _name_of(engine: Engine, task: Task, kind: MappingKind, which: object) -> str:
    """An agreement, a catalog item (its number) or a product (its id), by name where that is known."""
    if isinstance(which, int):
        return engine.workbench.named(kind, which)
    return engine.workbench.product_named(ProductId(str(which)), task.subscription_id)


@click.command(cls=ListingCommand, epilog=examples("cwtui tasks sync initial.1000048531 SO-77.1000047883"))
@click.argument("task_ids", metavar="ID…", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Make the plans, write nothing.")
def sync(task_ids: tuple[str, ...], *, dry_run: bool) -> ExitStatus:
    """Write the plans of these tasks to ConnectWise."""

    async def ask(engine: Engine) -> AutoReport:
        with stoppable(engine):
            return await engine.sync(_named(task_ids), dry_run=dry_run)

    report = with_engine(ask)
    answer_report(report)
    for task in report.tasks:
        if task.status is TaskStatus.SKIPPED:
            tell(f"{plain_text(task.id)} is skipped. Take it up again: cwtui tasks reopen {plain_text(task.id)}.")
    status = status_of(report)
    # A task that was named and still waits has an older task before it, which needs a person.
    still_waits = report.waiting > 0 and not dry_run
    return ExitStatus.NEEDS_ACTION if status is ExitStatus.DONE and still_waits else status


@click.command(cls=Command, epilog=examples("cwtui tasks accept initial.1000048531", "cwtui tasks accept --all"))
@click.argument("task_ids", metavar="[ID…]", nargs=-1)
@click.option("--all", "all_warned", is_flag=True, help="Every task with warnings that nobody accepted yet.")
def accept(task_ids: tuple[str, ...], *, all_warned: bool) -> None:
    """Accept the warnings of tasks: they are not shown again, unless others appear.

    cwtui keeps who accepted them and when. Nothing is written to ConnectWise.
    """
    if bool(task_ids) is all_warned:
        raise click.UsageError("Name tasks, or all of them with --all.")

    async def ask(engine: Engine) -> Sequence[Task]:
        named = [task.id for task in await engine.tasks() if task.is_warned] if all_warned else _named(task_ids)
        return await engine.accept(named)

    for task in with_engine(ask):
        count = "1 warning" if len(task.warnings) == 1 else f"{len(task.warnings)} warnings"
        answer(f"{plain_text(task.id)}  {task.status}  {count} accepted")


@click.command(cls=Command, epilog=examples('cwtui tasks skip SO-77.1000047883 --reason "billed by hand in March"'))
@click.argument("task_ids", metavar="ID…", nargs=-1, required=True)
@click.option("--reason", default="", help="Why, for a later reader.")
def skip(task_ids: tuple[str, ...], reason: str) -> None:
    """Set tasks aside: they are not written, and the next task of their subscription goes on."""

    async def ask(engine: Engine) -> Sequence[Task]:
        return await engine.skip(_named(task_ids), reason)

    _answer_tasks(with_engine(ask))


@click.command(cls=Command, epilog=examples("cwtui tasks reopen SO-77.1000047883"))
@click.argument("task_ids", metavar="ID…", nargs=-1, required=True)
def reopen(task_ids: tuple[str, ...]) -> None:
    """Take skipped or failed tasks up again."""

    async def ask(engine: Engine) -> Sequence[Task]:
        return await engine.reopen(_named(task_ids))

    _answer_tasks(with_engine(ask))


@click.command(
    cls=Command,
    epilog=examples("cwtui tasks undo SO-77.1000047883", "cwtui tasks undo --run 20261122T093000.000001 --compensate"),
)
@click.argument("task_id", metavar="ID", required=False)
@click.option("--run", "run_id", metavar="RUN_ID", help="Every task of this run, the last first: see audit --runs.")
@click.option("--compensate", is_flag=True, help="Give back what was invoiced meanwhile, on the next invoice.")
def undo(task_id: str | None, run_id: str | None, *, compensate: bool) -> ExitStatus:
    """Take a synced task back, as far as ConnectWise still holds what cwtui wrote.

    Created additions are deleted, or ended if they are already billed; changed ones get their former values; deleted
    ones are created again. The task is open afterwards.
    """
    if (task_id is None) is (run_id is None):
        raise click.UsageError("Name a task, or a run with --run.")

    async def ask(engine: Engine) -> UndoReport:
        with stoppable(engine):
            if run_id is not None:
                return await engine.runs.undo(run_id, compensate=compensate)
            more = {"compensate": True} if compensate else {}
            return await engine.undo(TaskId(task_id or ""), **more)

    report = with_engine(ask)
    for line in report.lines:
        answer(plain_text(line))
    return ExitStatus.DONE if report.complete else ExitStatus.FAILED


@click.command(
    cls=Command,
    epilog=examples(
        "cwtui tasks resolve SO-77.1000047883 --adopt 4711", "cwtui tasks resolve SO-77.1000047883 --send-again"
    ),
)
@click.argument("task_id", metavar="ID")
@click.option("--adopt", type=int, metavar="ADDITION", help="This addition is what the create made.")
@click.option("--send-again", is_flag=True, help="None of them is: the next synchronisation sends the create again.")
def resolve(task_id: str, adopt: int | None, *, send_again: bool) -> None:
    """Settle a create that ConnectWise did not answer (outcome_doubtful).

    Look at the additions that the task names first: a create that arrived and is sent again is billed twice.
    """
    if (adopt is not None) is send_again:
        raise click.UsageError("Name the addition with --adopt, or give --send-again.")

    async def ask(engine: Engine) -> Task | None:
        return await engine.resolve(TaskId(task_id), adopt=None if adopt is None else AdditionId(adopt))

    task = with_engine(ask)
    _answer_tasks([task] if task is not None else [])


def _named(task_ids: Iterable[str]) -> list[TaskId]:
    """Each once, in the order given."""
    return [TaskId(name) for name in dict.fromkeys(task_ids)]


def _answer_tasks(tasks: Iterable[Task]) -> None:
    for task in tasks:
        answer(f"{plain_text(task.id)}  {task.status}")
