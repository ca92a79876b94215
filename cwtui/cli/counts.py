"""Counts of a vendor's report as the command line answers them: shared by `intermedia` and `usage`.

Rule: files.md#export-counts.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cwtui.cli.answer import answer, answer_json, counted, tell
from cwtui.cli.engine_access import with_composition
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import day, given
from cwtui.cli.problems import problem_words
from cwtui.cli.table import table
from cwtui.cli.vendor_documents import counts_document, needs_person, tell_refused
from cwtui.domain.plain_text import plain_text
from cwtui.domain.tasks import ProblemCode, Task
from cwtui.vendors.count_export import CountsReport

if TYPE_CHECKING:
    from cwtui.composition import Composition

DAY = click.option(
    "--dated",
    type=day,
    metavar="YYYY-MM-DD",
    help="When the report is from; else the day in its name, or its time.",
)
FORCE = click.option(
    "--force",
    is_flag=True,
    help="Take it although it is older than the last one, has far fewer rows, or counts nothing.",
)


ADOPT = click.option(
    "--adopt",
    is_flag=True,
    help="Link the additions that the file counts and that were made by hand: they are these accounts'.",
)


def make_counts(layout: str, file: Path, dated: date | None, *, force: bool, adopt: bool) -> ExitStatus:
    """Make the tasks of a report and say what came of them."""

    async def ask(composition: Composition) -> CountsReport:
        return await composition.vendor(layout).export_counts(file, day=dated, force=force, adopts=adopt)

    report = with_composition(ask)
    if given().json:
        answer_json(counts_document(report))
    else:
        _answer(report)
    tell_refused(report.refused)
    waits = report.refused or report.vanished or needs_person(report.tasks)
    return ExitStatus.NEEDS_ACTION if waits else ExitStatus.DONE


def _answer(report: CountsReport) -> None:
    superseded = f", {counted(len(report.superseded), 'older one')} superseded" if report.superseded else ""
    same = f"; {counted(len(report.unchanged), 'account')} as in the report before" if report.unchanged else ""
    answer(f"{plain_text(report.report)}: {counted(len(report.created), 'task')} made{superseded}{same}.")
    if report.adopted:
        answer(f"{counted(len(report.adopted), 'addition')} made by hand adopted.")
    if not report.is_dated:
        tell("Its day is not known: it is taken to be of the day the file was changed. Name it with --dated.")
    if report.numbers:
        answer(report.numbers)
    if report.left_out:
        left = ", ".join(f"{counted(number, 'row')} of {what}" for what, number in report.left_out.items())
        answer(plain_text(f"Not counted, as the profile says: {left}."))
    if report.tasks:
        answer(table(("TASK", "STATUS", "COMPANY", "A MONTH", "WHAT"), [_row(task) for task in report.tasks]))
    for one in report.vanished:
        tell(f"Left alone: {plain_text(str(one))}")
    if any(one.code is ProblemCode.LINK_MISSING for task in report.tasks for one in task.problems):
        answer("Additions made by hand are changed once somebody adopted them: give the file again with --adopt.")
    if report.tasks:
        answer("See a plan: cwtui tasks show TASK. Write one: cwtui tasks sync TASK; all that are ready: cwtui --auto")


def _row(task: Task) -> tuple[object, ...]:
    what = problem_words(task.problems[0]) if task.problems else task.note
    return task.id, task.status, task.customer_name, task.monthly_effect, what
