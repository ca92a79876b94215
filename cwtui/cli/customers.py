"""`cwtui customers import`: ConnectWise companies into the marketplace (reconciling.md#customers-import)."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import click

from cwtui.cli.answer import answer, answer_json, counted
from cwtui.cli.commands import Group, ListingCommand, examples
from cwtui.cli.engine_access import stoppable, with_engine
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options
from cwtui.cli.table import table
from cwtui.domain.accounts import SETTABLE
from cwtui.domain.ids import CompanyId
from cwtui.domain.plain_text import plain_text
from cwtui.engine.facade import Engine
from cwtui.engine.importing.customers import ImportCandidate, ImportReport


@click.group(cls=Group)
def customers() -> None:
    """Marketplace customers."""


@customers.command(
    "import",
    cls=ListingCommand,
    epilog=examples(
        "cwtui customers import", "cwtui customers import --all",
        'cwtui customers import 118 --set phone="+1 813 555 0101" --set postal_code=33602',
    ),
)  # fmt: skip
@click.argument("company_ids", metavar="[COMPANY_ID]…", nargs=-1, type=click.IntRange(1))
@click.option("--all", "everything", is_flag=True, help="Every complete company; the others are listed.")
@click.option("--set", "fills", multiple=True, metavar="FIELD=VALUE", help="Fill a gap of the one company named.")
@click.option("--new", "anew", is_flag=True, help="Import the companies named although customers have their names.")
@click.option("--language", default="", metavar="CODE", help="Language of their notifications; en unless named.")
def import_(
    *, company_ids: tuple[int, ...], everything: bool, fills: tuple[str, ...], anew: bool, language: str
) -> ExitStatus:
    """Bring ConnectWise companies into the marketplace as customers, and map them at once.

    Without a selection, lists the companies that are no customers yet, and what each lacks. A company is mapped to a
    customer that exists, not created again, if its identifier is the customer's external id, or if it alone has the
    name of a customer without a mapping. On a terminal, the gaps of one company are asked for.
    """
    if everything and company_ids:
        raise click.UsageError("Name companies, or take --all; not both.")
    if anew and not company_ids:
        raise click.UsageError("--new goes with companies that are named.")
    fill = _fill(fills)
    if fill and len(company_ids) != 1:
        raise click.UsageError("--set goes with exactly one company.")
    if not everything and not company_ids:
        return _list()
    ids = [CompanyId(name) for name in dict.fromkeys(company_ids)]

    async def ask(engine: Engine) -> ImportReport:
        with stoppable(engine):
            imports = engine.customers
            if everything:
                return await imports.import_all(language=language)
            asked = dict(fill)
            if len(ids) == 1 and sys.stdin.isatty() and not current_options().json:
                asked |= _ask_for_gaps(await imports.candidates(ids), fill)
            return await imports.import_some(ids, asked, language=language, anew=anew)

    report = with_engine(ask)
    if current_options().json:
        answer_json(_report_document(report))
    else:
        answer(_report_text(report))
    if any(one.failed for one in report.failures):
        return ExitStatus.FAILED
    return ExitStatus.NEEDS_ACTION if report.failures else ExitStatus.DONE


def _fill(given_fills: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in given_fills:
        name, sign, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not sign or name not in SETTABLE:
            raise click.UsageError(f"--set {text!r}: write FIELD=VALUE, with one of {', '.join(SETTABLE)}.")
        found[name] = value
    return found


def _ask_for_gaps(candidates: Sequence[ImportCandidate], fill: Mapping[str, str]) -> dict[str, str]:
    """Ask on the terminal for what a company lacks; what is left empty stays lacking."""
    asked = {}
    for candidate in candidates:
        for name in candidate.account.filled(fill).lacks:
            label = f"{plain_text(candidate.company.name)}: {name.replace('_', ' ')}"
            asked[name] = click.prompt(label, default=getattr(candidate.account, name), err=True)
    return asked


def _list() -> ExitStatus:
    async def ask(engine: Engine) -> Sequence[ImportCandidate]:
        return await engine.customers.candidates()

    found = with_engine(ask, only_reads=True)
    if current_options().json:
        answer_json([_candidate_document(one) for one in found])
    elif found:
        headers = ("COMPANY", "IDENTIFIER", "NAME", "LACKS")
        answer(table(headers, [_cells(one) for one in found]))
        complete = sum(not one.account.lacks for one in found)
        answer(f"{counted(len(found), 'company').replace('companys', 'companies')}, {complete} complete.")
    else:
        answer("Every company is mapped to a customer.")
    return ExitStatus.DONE


def _cells(one: ImportCandidate) -> tuple[object, ...]:
    lacks = ", ".join(name.replace("_", " ") for name in one.account.lacks)
    return one.company.id, one.company.identifier, one.company.name, lacks or "nothing"


def _candidate_document(one: ImportCandidate) -> dict[str, object]:
    company = {"id": one.company.id, "identifier": one.company.identifier, "name": one.company.name}
    return {"company": company, "lacks": list(one.account.lacks), "account": asdict(one.account)}


def _report_document(report: ImportReport) -> dict[str, object]:
    return {
        "imported": [
            {
                "company": {"id": one.company.id, "identifier": one.company.identifier, "name": one.company.name},
                "customer": {"id": one.customer.id, "name": one.customer.name},
                "adopted": one.adopted,
            }
            for one in report.imported
        ],
        "failures": [
            {"company": one.company_id, "name": one.name, "reason": one.reason, "lacks": list(one.lacks)}
            for one in report.failures
        ],
    }


def _report_text(report: ImportReport) -> str:
    lines = []
    for one in report.imported:
        how = "was a customer already" if one.adopted else "imported"
        lines.append(f"{one.company.name} ({one.company.id}): {how}, mapped to customer {one.customer.id}.")
    lines += [f"{one.name or 'Company'} ({one.company_id}): not imported. {one.reason}" for one in report.failures]
    lines.append(f"{len(report.imported)} imported, {len(report.failures)} not.")
    return "\n".join(map(plain_text, lines))
