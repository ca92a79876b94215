"""A run's report as a person reads it, and the exit status it means (commands.md#exit-statuses)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cwtui.cli.answer import answer, answer_json, counted, tell
from cwtui.cli.documents import report_document
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options
from cwtui.cli.problems import problem_words
from cwtui.domain.plain_text import plain_text
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.engine.reports import AutoReport

_SHOWN = (TaskStatus.FAILED, TaskStatus.NEEDS_ACTION)


def status_of(report: AutoReport) -> ExitStatus:
    """1 if something failed, else 3 if a person is needed, else 0."""
    if report.errors or report.failed:
        return ExitStatus.FAILED
    if report.needs_action or report.unread or any(written_with_warnings(report)):
        return ExitStatus.NEEDS_ACTION
    return ExitStatus.DONE


def written_with_warnings(report: AutoReport) -> Iterator[Task]:
    """Tasks that were written with warnings which nobody accepted yet (plans.md#warnings)."""
    return (task for task in report.tasks if task.status is TaskStatus.SYNCED and task.is_warned)


def answer_report(report: AutoReport) -> None:
    """The report on stdout, as text or JSON; what went wrong outside single tasks on stderr."""
    if current_options().json:
        answer_json(report_document(report))
    else:
        answer(report_text(report))
        if current_options().demo:
            answer("\nThis was the built-in sandbox. Look around in it: cwtui --demo")
    for message in report.errors:
        tell(plain_text(message))


def report_text(report: AutoReport) -> str:
    """Counts, then every task a person must look at, with its reasons."""
    return "\n".join(_lines(report))


def _lines(report: AutoReport) -> Iterator[str]:
    writes = report.writes
    yield f"As of {report.as_of}" + (" (dry run: nothing was written)" if report.dry_run else "")
    yield f"  {report.created:>6} created"
    yield (
        f"  {report.synced:>6} synced "
        f"({counted(writes.post, 'addition')} created, {writes.patch} changed, {writes.delete} deleted)"
    )
    if report.dry_run:
        ready = sum(task.status is TaskStatus.READY for task in report.tasks)
        yield f"  {ready:>6} ready to be written; see `cwtui tasks show ID`"
    for status, count in (("failed", report.failed), ("need action", report.needs_action)):
        yield f"  {count:>6} {status}"
    if report.warned:
        yield f"  {report.warned:>6} with warnings that nobody accepted yet"
    yield f"  {report.waiting:>6} waiting for an older task of their subscription"
    for status in _SHOWN:
        tasks = [task for task in report.tasks if task.status is status]
        if tasks:
            yield ""
            yield "Failed:" if status is TaskStatus.FAILED else "Need action:"
            for task in tasks:
                yield from _task_lines(task)
    yield from _warned_lines(list(written_with_warnings(report)))


def _warned_lines(tasks: Sequence[Task]) -> Iterator[str]:
    if tasks:
        yield ""
        yield "Written with warnings; see `cwtui tasks accept`:"
    for task in tasks:
        names = f"{plain_text(task.customer_name)}, {plain_text(task.subscription_name)}"
        yield f"  {plain_text(task.id)}  {names} ({task.kind})"
        for warning in task.warnings:
            yield f"      {plain_text(warning)}"


def _task_lines(task: Task) -> Iterator[str]:
    names = f"{plain_text(task.customer_name)}, {plain_text(task.subscription_name)}"
    yield f"  {plain_text(task.id)}  {names} ({task.kind})"
    for problem in task.problems:
        yield f"      {problem.code}: {plain_text(problem_words(problem))}"
    if task.note and not task.problems:
        yield f"      {plain_text(task.note)}"
