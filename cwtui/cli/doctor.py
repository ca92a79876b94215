"""`cwtui doctor`: both connections and the permission table (reconciling.md#permissions)."""

from __future__ import annotations

from dataclasses import asdict

import click

from cwtui.cli.answer import answer, answer_json, counted
from cwtui.cli.commands import ListingCommand, examples
from cwtui.cli.engine_access import with_engine
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options
from cwtui.cli.table import table
from cwtui.engine.facade import Engine
from cwtui.engine.reports import DoctorReport

_GRANTED = {True: "yes", False: "MISSING", None: "not known"}


@click.command(cls=ListingCommand, epilog=examples("cwtui doctor", "cwtui --profile west doctor --json"))
def doctor() -> ExitStatus:
    """Test both connections and every permission cwtui needs. Nothing is changed anywhere.

    Exit status: 0 all well, 3 a permission is missing, 1 a service is unreachable or refuses the credentials.
    """

    async def ask(engine: Engine) -> DoctorReport:
        return await engine.doctor()

    report = with_engine(ask, only_reads=True)
    if current_options().json:
        answer_json(asdict(report))
    else:
        answer(_text(report))
    if not all(service.ok for service in report.services):
        return ExitStatus.FAILED
    granted = all(permission.granted is not False for permission in report.permissions)
    return ExitStatus.DONE if granted else ExitStatus.NEEDS_ACTION


def _text(report: DoctorReport) -> str:
    services = [(one.title, "ok" if one.ok else "FAILED", one.version, one.message) for one in report.services]
    blocks = [table(("SERVICE", "", "VERSION", ""), services)]
    if report.permissions:
        rows = [(one.module, one.permission, one.level, _GRANTED[one.granted]) for one in report.permissions]
        blocks.append(table(("MODULE", "PERMISSION", "LEVEL", "GRANTED"), rows))
        missing = sum(one.granted is False for one in report.permissions)
        if missing:
            blocks.append(
                f"{counted(missing, 'permission')} missing. In ConnectWise, under System > Security Roles, grant what\n"
                "is missing to the role of the API member, then run `cwtui doctor` again."
            )
    return "\n\n".join(blocks)
