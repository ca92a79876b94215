"""`cwtui --auto`: headless, once or on a period (commands.md#auto)."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from cwtui.cli.answer import answer_json, tell
from cwtui.cli.documents import report_document
from cwtui.cli.engine_access import stoppable, with_engine
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options
from cwtui.cli.refusal import exit_status_of, sentences
from cwtui.cli.run_text import answer_report, status_of
from cwtui.domain.errors import CwtuiError, GuardError, ServiceError, Stopped
from cwtui.domain.plain_text import plain_text
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.facade import Engine
from cwtui.engine.reports import AutoReport
from cwtui.engine.schedule import next_round

_DAY = timedelta(days=1)
_LOOK_S = 20.0
_LAST_WORDS_S = 1.0
"""Seconds that a notification may still take after the run was told to end."""


def run_auto(*, every: timedelta | None, dry_run: bool) -> ExitStatus:
    """Run once, or until a signal; the status of the last round."""

    async def rounds(engine: Engine) -> ExitStatus:
        status, last = ExitStatus.DONE, None if every is None or every % _DAY else engine.last_check
        with stoppable(engine) as stop:
            while every is None or await _is_due(stop, last, every, engine.round_at):
                last = datetime.now(UTC)
                status = await _round(engine, stop, dry_run=dry_run, goes_on=every is not None)
                if every is None or stop.is_set():
                    break
                gc.collect()  # free what the round used before the next one begins
        return status

    return with_engine(rounds)


async def _is_due(stop: asyncio.Event, last: datetime | None, every: timedelta, at: time | None) -> bool:
    """Wait for the next round by the wall clock, which runs on while a machine sleeps; False if the run shall end."""
    while (left := next_round(last, every, at, now := datetime.now(UTC)) - now) > timedelta(0):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(left.total_seconds(), _LOOK_S)):
                await stop.wait()
                return False
    return not stop.is_set()


async def _round(engine: Engine, stop: asyncio.Event, *, dry_run: bool, goes_on: bool) -> ExitStatus:
    try:
        report = await engine.auto(dry_run=dry_run)
    except CwtuiError as error:
        stopped = AutoReport(today(), dry_run=dry_run, errors=(str(error),))
        came_before_any_write = isinstance(error, ServiceError | GuardError)
        if current_options().json and came_before_any_write:
            answer_json(report_document(await _with_tasks(engine, stopped)))
        if not isinstance(error, Stopped):
            await notify_of(engine, stopped, stop)
        elif goes_on:
            return ExitStatus.DONE  # what ends a service is no failure of it
        if not (goes_on and came_before_any_write):
            raise
        tell(sentences(error))
        return exit_status_of(error)
    answer_report(report)
    if report.stopped:
        errors = tuple(error for error in report.errors if error != report.stopped)
        return status_of(replace(report, errors=errors)) if goes_on else status_of(report)  # as above
    await notify_of(engine, report, stop)
    return status_of(report)


async def _with_tasks(engine: Engine, report: AutoReport) -> AutoReport:
    """Add the tasks as they are now to the report of a stopped run, so that --json still prints a whole document."""
    try:
        tasks = tuple(await engine.tasks())
    except CwtuiError:  # what stopped the run is what counts
        return report
    count = [task.status for task in tasks].count
    return replace(
        report,
        failed=count(TaskStatus.FAILED),
        needs_action=count(TaskStatus.NEEDS_ACTION),
        waiting=count(TaskStatus.WAITING),
        tasks=tasks,
    )


async def notify_of(engine: Engine, report: AutoReport, stop: asyncio.Event) -> None:
    """Send the notifications that a report calls for; a failure is reported on stderr and changes nothing else."""
    if report.dry_run:
        return  # somebody who tries a dry run is looking at the screen
    try:
        failures = await _unless_stopped(engine.notify(report), stop)
    except Exception as error:  # noqa: BLE001  # whatever it is, a notification hides neither the run nor its status
        failures = [f"The notification failed: {type(error).__name__}. The run itself is not affected."]
    for failure in failures:
        tell(plain_text(failure))


async def _unless_stopped(telling: Coroutine[object, object, Sequence[str]], stop: asyncio.Event) -> Sequence[str]:
    """The failures of a notification; stops waiting for a slow server once the run shall end."""
    task, stopping = asyncio.create_task(telling), asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait({task}, timeout=_LAST_WORDS_S)
    stopping.cancel()
    if task.done():
        return task.result()
    task.cancel()
    return ("The notification was not waited for, because the run was stopped.",)


def today() -> date:
    """The day that counts as today."""
    return current_options().as_of or datetime.now(UTC).date()
