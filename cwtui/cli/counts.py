"""Counts of a vendor's report as the command line answers them: shared by `intermedia` and `usage`.

Rule: files.md#export-counts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, TypeVar, Unpack

import click

from cwtui.cli.answer import answer, answer_json, counted, tell, write_file
from cwtui.cli.engine_access import stoppable, with_composition
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options, day
from cwtui.cli.problems import problem_words
from cwtui.cli.table import table
from cwtui.cli.vendor_documents import counts_document, needs_person, reconciliation_document, tell_refused
from cwtui.domain.money import plain
from cwtui.domain.plain_text import plain_text
from cwtui.domain.problems import ProblemCase
from cwtui.domain.tasks import Task
from cwtui.vendors.count_export import CountsReport
from cwtui.vendors.count_reconcile import CountRow, count_rows_csv
from cwtui.vendors.exports import CountReconciliation

if TYPE_CHECKING:
    from cwtui.composition import Composition

_F = TypeVar("_F", bound=Callable[..., object])
_ADOPTED = frozenset({ProblemCase.COUNTED_OTHERWISE, ProblemCase.PRICED_OTHERWISE})

_DAY = click.option(
    "--dated",
    type=day,
    metavar="YYYY-MM-DD",
    help="When the report is from; else the day in its name, or its time.",
)
_FORCE = click.option(
    "--force",
    is_flag=True,
    help="Take it although it is older than the last one, has far fewer rows, or counts nothing.",
)
SHEET = click.option("--sheet", default="", metavar="NAME", help="Of a workbook; its first unless named.")
REFUSED = click.option(
    "--refused",
    "refused",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.csv",
    help="Write every refused row to a CSV file: line, subject, reason.",
)
_ADOPT = click.option(
    "--adopt",
    is_flag=True,
    help="Link the additions that the file counts and that were made by hand: they are these accounts'.",
)
_APPLY = click.option("--apply", "applies", is_flag=True, help="Make tasks of what differs, and write them.")
_CSV = click.option(
    "--csv", "out", type=click.Path(path_type=Path), metavar="OUT", help="Write a CSV file; `-` is stdout."
)


class ReportOptions(TypedDict):
    """How a report is read, from the command line."""

    dated: date | None
    force: bool
    sheet: str
    refused: Path | None


class CountOptions(ReportOptions):
    """The options of a command that makes tasks of a report."""

    adopt: bool


class ReconcileOptions(ReportOptions):
    """The options of a command that compares a report with the additions."""

    applies: bool
    out: Path | None


def count_options(command: _F) -> _F:
    """Give a command `CountOptions`."""
    return _DAY(_FORCE(_ADOPT(SHEET(REFUSED(command)))))


def reconcile_options(command: _F) -> _F:
    """Give a command `ReconcileOptions`."""
    return _APPLY(_CSV(_DAY(_FORCE(SHEET(REFUSED(command))))))


def make_counts(layout: str, file: Path, **options: Unpack[CountOptions]) -> ExitStatus:
    """Make the tasks of a report and print the result."""
    dated, force, adopt = options["dated"], options["force"], options["adopt"]

    async def ask(composition: Composition) -> CountsReport:
        exports = composition.vendor(layout).of_sheet(options["sheet"])
        return await exports.export_counts(file, day=dated, force=force, adopts=adopt)

    report = with_composition(ask)
    if current_options().json:
        answer_json(counts_document(report))
    else:
        _answer(report)
    tell_refused(report.refused, every=current_options().verbose, out=options["refused"])
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
    if any(one.case in _ADOPTED for task in report.tasks for one in task.problems):
        answer("Additions made by hand are changed once somebody adopted them: give the file again with --adopt.")
    if report.tasks:
        answer("See a plan: cwtui tasks show TASK. Write one: cwtui tasks sync TASK; all that are ready: cwtui --auto")


def _row(task: Task) -> tuple[object, ...]:
    what = problem_words(task.problems[0]) if task.problems else task.note
    return task.id, task.status, task.customer_name, task.monthly_effect, what


def reconcile_counts(layout: str, file: Path, **options: Unpack[ReconcileOptions]) -> ExitStatus:
    """Compare a report with the additions, repair the differences if asked, and print the result."""
    out, dated, applies, force = options["out"], options["dated"], options["applies"], options["force"]
    if out is not None and str(out) == "-" and current_options().json:
        raise click.UsageError("--csv - and --json exclude each other.")

    async def ask(composition: Composition) -> CountReconciliation:
        with stoppable(composition.engine):
            exports = composition.vendor(layout).of_sheet(options["sheet"])
            return await exports.reconcile(file, day=dated, apply=applies, force=force)

    found = with_composition(ask, only_reads=not applies)
    if out is not None and str(out) == "-":
        answer(count_rows_csv(found.rows), end="")
    elif out is not None:
        write_file(out, count_rows_csv(found.rows))
    if current_options().json:
        answer_json(reconciliation_document(found))
    elif str(out) != "-":
        _answer_rows(found, out)
    tell_refused(found.refused, every=current_options().verbose, out=options["refused"])
    for message in found.run.errors if found.run else ():
        tell(plain_text(message))
    if found.run and (found.run.errors or found.run.failed):
        return ExitStatus.FAILED
    return ExitStatus.NEEDS_ACTION if found.differs else ExitStatus.DONE


def _answer_rows(found: CountReconciliation, out: Path | None) -> None:
    differing = [row for row in found.rows if row.differs]
    if found.run is not None:
        writes = found.run.writes
        answer(f"{counted(writes.post, 'addition')} created, {writes.patch} changed, {writes.delete} deleted. Now:")
    if differing:
        headers = ("ACCOUNT", "COMPANY", "CATALOG ITEM", "STATUS", "REPORT", "ADDITIONS", "NOTE")
        answer(table(headers, [_compared_row(row) for row in differing], right={"REPORT", "ADDITIONS"}))
    matching = len(found.rows) - len(differing)
    answer(f"{matching} match, {len(differing)} differ." if differing else "Nothing to do: everything matches.")
    if out is not None:
        answer(f"{counted(len(found.rows), 'row')} listed in {out}.")


def _compared_row(row: CountRow) -> tuple[object, ...]:
    expected, actual = ("" if number is None else plain(number) for number in (row.expected, row.actual))
    return row.account, row.company, row.name, row.status, expected, actual, row.note
