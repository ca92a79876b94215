"""`cwtui reconcile` and `cwtui adopt` (reconciling.md#reconcile)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from cwtui.cli.answer import answer, answer_json, counted, tell, write_file
from cwtui.cli.commands import Command, ListingCommand, examples
from cwtui.cli.documents import report_document
from cwtui.cli.engine_access import stoppable, with_engine
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options, day
from cwtui.cli.problems import problem_words
from cwtui.cli.reconciliation_text import (
    reconciliation_document,
    reconciliation_text,
    summary_document,
    summary_text,
)
from cwtui.domain.charges import Charge
from cwtui.domain.ids import AdditionId, AgreementId, CustomerId, ProductId, SubscriptionId
from cwtui.domain.mappings import Link
from cwtui.domain.plain_text import plain_text
from cwtui.domain.reconciliation import Reconciliation
from cwtui.engine.facade import Engine
from cwtui.engine.reconciling.csv import reconciliation_csv
from cwtui.engine.reconciling.reconcile import ReconcileReport, RepairOutcome


@click.command(
    cls=ListingCommand,
    epilog=examples(
        "cwtui reconcile --customer 1000011", "cwtui reconcile --customer 1000011 --apply",
        "cwtui reconcile --all --csv differences.csv",
    ),
)  # fmt: skip
@click.option("--customer", metavar="ID", help="The marketplace customer to compare.")
@click.option("--all", "everybody", is_flag=True, help="Every mapped customer, the largest difference in money first.")
@click.option("--agreement", type=click.IntRange(1), metavar="ID", help="Only this agreement.")
@click.option(
    "--period", type=day, metavar="YYYY-MM-DD", help="The billing period with this day; else the first unbilled one."
)
@click.option("--apply", "applies", is_flag=True, help="Repair what differs; adopt first what was made by hand.")
@click.option("--csv", "file", type=click.Path(path_type=Path), metavar="FILE", help="Write a CSV file; `-` is stdout.")
def reconcile(
    *,
    customer: str | None,
    everybody: bool,
    agreement: int | None,
    period: date | None,
    applies: bool,
    file: Path | None,
) -> ExitStatus:
    """Compare a customer's subscriptions with what its agreements bill, and repair on demand.

    Per catalog item: what the subscriptions hold beside the standing additions of the period. Exit status 3 when a
    row differs. Without --apply nothing is changed.
    """
    if (customer is None) is not everybody:
        raise click.UsageError("Name a customer with --customer ID, or take every one with --all.")
    if everybody and (applies or agreement is not None):
        raise click.UsageError("--apply and --agreement go with --customer only: repairs are reviewed one by one.")
    if file is not None and str(file) == "-" and current_options().json:
        raise click.UsageError("--csv - and --json exclude each other.")
    chosen = None if agreement is None else AgreementId(agreement)
    if customer is None:
        return _compare_all(period, file)
    if applies:
        return _apply(CustomerId(customer), chosen, period, file)

    async def ask(engine: Engine) -> ReconcileReport:
        return await engine.reconciler.compare(CustomerId(customer), chosen, period)

    report = with_engine(ask, only_reads=True)
    _answer(report, file)
    if report.differs and not current_options().json and str(file) != "-":
        answer("Repair it with --apply, or plan the repairs on the screen.")
    return ExitStatus.NEEDS_ACTION if report.differs or report.skipped else ExitStatus.DONE


def _compare_all(period: date | None, file: Path | None) -> ExitStatus:
    async def ask(engine: Engine) -> ReconcileReport:
        return await engine.reconciler.compare_all(period)

    report = with_engine(ask, only_reads=True)
    found = report.reconciliations
    written = _write_csv(found, file)
    if current_options().json:
        answer_json(summary_document(found, report.skipped))
    elif not written:
        answer(summary_text(found))
    _tell_all(report.skipped)
    return ExitStatus.NEEDS_ACTION if report.differs or report.skipped else ExitStatus.DONE


def _apply(customer: CustomerId, agreement: AgreementId | None, period: date | None, file: Path | None) -> ExitStatus:
    async def ask(engine: Engine) -> RepairOutcome:
        with stoppable(engine):
            return await engine.reconciler.apply(customer, agreement, period)

    outcome = with_engine(ask)
    if current_options().json:
        _write_csv(outcome.after.reconciliations, file)
        answer_json(
            {
                **reconciliation_document(outcome.after.reconciliations),
                "blocked": list(outcome.blocked),
                "runs": [report_document(run) for run in outcome.runs],
            }
        )
    else:
        answer(_written(outcome))
        _answer(outcome.after, file)
    _tell_all(outcome.blocked)
    for run in outcome.runs:
        _tell_all(run.errors)
        _tell_all([f"{task.id}: {problem_words(problem)}" for task in run.tasks for problem in task.problems])
    if outcome.failed:
        return ExitStatus.FAILED
    after = outcome.after
    waits = after.differs or bool(after.skipped) or any(run.needs_action for run in outcome.runs)
    return ExitStatus.NEEDS_ACTION if waits else ExitStatus.DONE


def _written(outcome: RepairOutcome) -> str:
    writes = [run.writes for run in outcome.runs]
    post, patch, delete = (sum(getattr(one, name) for one in writes) for name in ("post", "patch", "delete"))
    if not post + patch + delete:
        return "Nothing was written to ConnectWise."
    return f"{counted(post, 'addition')} created, {patch} changed, {delete} deleted. Now:"


def _answer(report: ReconcileReport, file: Path | None) -> None:
    found = report.reconciliations
    written = _write_csv(found, file)
    if current_options().json:
        answer_json(reconciliation_document(found))
    elif not written:
        answer("\n\n".join(reconciliation_text(one, is_whole=not report.skipped) for one in found))
    _tell_all(report.skipped)


def _write_csv(found: Sequence[Reconciliation], file: Path | None) -> bool:
    """Write the rows where asked for; True if that is the answer, so that no table follows."""
    if file is None:
        return False
    if str(file) == "-":
        answer(reconciliation_csv(found), end="")
        return True
    write_file(file, reconciliation_csv(found))
    return False


def _tell_all(lines: Sequence[str]) -> None:
    for line in dict.fromkeys(lines):
        tell(plain_text(line))


@click.command(cls=Command, epilog=examples("cwtui adopt 9001 --subscription 1000048531 --product PRD100101"))
@click.argument("addition_id", metavar="ADDITION_ID", type=click.IntRange(1))
@click.option("--subscription", required=True, metavar="ID", help="The subscription it bills.")
@click.option("--product", required=True, metavar="ID", help="The marketplace product it bills.")
@click.option(
    "--charge",
    type=click.Choice([charge.value for charge in Charge]),
    default=Charge.RECURRING.value,
    metavar="CHARGE",
    help="What it bills; recurring unless named.",
)
def adopt(addition_id: int, subscription: str, product: str, charge: str) -> None:
    """Link an addition made by hand to a subscription instead of writing a second one.

    Nothing is written to ConnectWise; what it holds counts as agreed from now on.
    """

    async def ask(engine: Engine) -> Link:
        return await engine.adoption.adopt(
            AdditionId(addition_id), SubscriptionId(subscription), ProductId(product), Charge(charge)
        )

    link = with_engine(ask)
    answer(
        plain_text(
            f"Addition {link.addition_id} of agreement {link.agreement_id} is linked to subscription"
            f" {link.subscription_id}, product {link.product_id}, {link.charge}."
        )
    )
