"""`cwtui check` (SPEC 4)."""

from __future__ import annotations

import click

from cwtui.cli.answer import answer, answer_json, counted, tell
from cwtui.cli.commands import ListingCommand, examples
from cwtui.cli.engine_access import with_engine
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.given import given
from cwtui.domain.plain_text import plain_text
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.facade import CheckReport, Engine


@click.command(cls=ListingCommand, epilog=examples("cwtui check", "cwtui check --json"))
def check() -> ExitStatus:
    """Look for new and ended orders on the marketplace and make their tasks.

    Nothing is written to ConnectWise or to the marketplace.
    """

    async def ask(engine: Engine) -> tuple[CheckReport, int]:
        return await engine.check(), len(await engine.tasks([TaskStatus.NEEDS_ACTION]))

    report, needing = with_engine(ask)
    if given().json:
        answer_json({"created": list(report.created), "failures": list(report.failures), "needs_action": needing})
    else:
        answer(f"{counted(len(report.created), 'new task')}; {needing} waiting for a person.")
        for task_id in report.created:
            answer(f"  {plain_text(task_id)}")
    for failure in report.failures:
        tell(plain_text(failure))
    if report.failures:
        return ExitStatus.FAILED
    return ExitStatus.NEEDS_ACTION if needing else ExitStatus.DONE
