"""`cwtui check` (SPEC 4)."""

from __future__ import annotations

import click

from cwtui.cli.answer import answer, answer_json, counted, tell
from cwtui.cli.commands import ListingCommand, examples
from cwtui.cli.drift import drift_document, drift_text
from cwtui.cli.engine_access import with_engine
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.given import given
from cwtui.domain.plain_text import plain_text
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.drift import DriftReport
from cwtui.engine.facade import CheckReport, Engine


@click.command(cls=ListingCommand, epilog=examples("cwtui check", "cwtui check --json", "cwtui check --drift"))
@click.option("--drift", "reads_all", is_flag=True, help="Read every linked addition too: one request per agreement.")
def check(*, reads_all: bool) -> ExitStatus:
    """Look for new and ended orders on the marketplace and make their tasks.

    Nothing is written to ConnectWise or to the marketplace.
    """

    async def ask(engine: Engine) -> tuple[CheckReport, int, DriftReport]:
        report = await engine.check()
        drift = await engine.upkeep.drift.find(mark=True) if reads_all else DriftReport()
        return report, len(await engine.tasks([TaskStatus.NEEDS_ACTION])), drift

    report, needing, drift = with_engine(ask)
    failures = [*report.failures, *drift.failures]
    if given().json:
        document = {"created": list(report.created), "failures": failures, "needs_action": needing}
        answer_json({**document, "drift": [drift_document(one) for one in drift.found]} if reads_all else document)
    else:
        answer(f"{counted(len(report.created), 'new task')}; {needing} waiting for a person.")
        for task_id in report.created:
            answer(f"  {plain_text(task_id)}")
        if reads_all:
            answer(drift_text(drift))
    for failure in failures:
        tell(plain_text(failure))
    if failures:
        return ExitStatus.FAILED
    return ExitStatus.NEEDS_ACTION if needing or drift.found else ExitStatus.DONE
