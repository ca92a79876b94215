"""`cwtui check` (check.md#later-checks)."""

from __future__ import annotations

import click

from cwtui.cli.answer import answer, answer_json, counted, tell
from cwtui.cli.commands import ListingCommand, examples
from cwtui.cli.drift import drift_document, drift_text
from cwtui.cli.engine_access import with_engine
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options
from cwtui.domain.plain_text import plain_text
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.facade import Engine
from cwtui.engine.reports import CheckReport
from cwtui.engine.writing.drift import DriftReport

LOOKED_AT_UNASKED = 100
"""A check reads the additions of up to so many agreements without being asked: one request each."""


@click.command(cls=ListingCommand, epilog=examples("cwtui check", "cwtui check --json", "cwtui check --no-drift"))
@click.option(
    "--drift/--no-drift",
    "looks",
    default=None,
    help=f"Read every linked addition too, one request per agreement. Done unasked up to {LOOKED_AT_UNASKED} of them.",
)
@click.option(
    "--watch", is_flag=True, help="Compare what subscriptions hold with what was carried over, even if done today."
)
def check(*, looks: bool | None, watch: bool) -> ExitStatus:
    """Look for new and ended orders on the marketplace and make their tasks.

    Once in a UTC day, and with --watch, it also compares the subscriptions with what cwtui carried over. A difference
    that no order explains becomes a task that waits for a person; the task settles itself when the difference is gone.
    Notices linked additions that were edited, ended or removed in ConnectWise since cwtui wrote them. Nothing is
    written to ConnectWise or to the marketplace.
    """

    async def ask(engine: Engine) -> tuple[CheckReport, int, DriftReport | int, str]:
        report = await engine.check(watch=watch)
        drift = engine.drift
        count = drift.agreements
        looked = await drift.find(mark=True) if looks or (looks is None and count <= LOOKED_AT_UNASKED) else count
        text = drift_text(engine, looked) if isinstance(looked, DriftReport) else ""
        return report, len(await engine.tasks([TaskStatus.NEEDS_ACTION])), looked, text

    report, needing, looked, text = with_engine(ask)
    drift = looked if isinstance(looked, DriftReport) else DriftReport()
    failures = [*report.failures, *drift.failures]
    if current_options().json:
        document = {"created": list(report.created), "failures": failures, "unread": list(report.unread)}
        document["needs_action"] = needing
        drifted = None if isinstance(looked, int) else [drift_document(one) for one in looked.found]
        answer_json({**document, "drift": drifted})
    else:
        answer(f"{counted(len(report.created), 'new task')}; {needing} waiting for a person.")
        for task_id in report.created:
            answer(f"  {plain_text(task_id)}")
        if drift.found or (looks and isinstance(looked, DriftReport)):
            answer(text)
    if looks is None and isinstance(looked, int):
        tell(f"Not looked for drift: {looked} agreements have linked additions. `cwtui check --drift` reads them all.")
    for failure in failures:
        tell(plain_text(failure))
    if failures:
        return ExitStatus.FAILED
    return ExitStatus.NEEDS_ACTION if needing or drift.found or report.unread else ExitStatus.DONE
