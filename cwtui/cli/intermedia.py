"""`cwtui intermedia …`: accounts, billable items and counts of an Intermedia partner (files.md#intermedia-files)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from cwtui.cli.answer import answer, answer_json, counted, tell
from cwtui.cli.commands import Command, Group, ListingCommand, examples
from cwtui.cli.counts import (
    REFUSED,
    SHEET,
    CountOptions,
    ReconcileOptions,
    count_options,
    make_counts,
    reconcile_counts,
    reconcile_options,
)
from cwtui.cli.engine_access import with_composition
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options
from cwtui.cli.table import table
from cwtui.cli.vendor_documents import (
    accounts_document,
    association_documents,
    checklist_document,
    tell_refused,
)
from cwtui.cli.vendor_items import create_items
from cwtui.domain.plain_text import plain_text
from cwtui.vendors.accounts import AccountLink, AccountsReport
from cwtui.vendors.cross_references import Association, AssociationState
from cwtui.vendors.layouts import INTERMEDIA
from cwtui.vendors.setup_tables import Checklist

if TYPE_CHECKING:
    from cwtui.composition import Composition

_FILE = click.argument("file", type=click.Path(path_type=Path), metavar="FILE")


@click.group("intermedia", cls=Group)
def intermedia() -> None:
    """Intermedia partners: accounts, billable items and counts, from the partner portal's files.

    In this order: setup, export-accounts, export-items, cross-reference, export-counts.
    """


@intermedia.command(cls=ListingCommand, epilog=examples("cwtui intermedia setup", "cwtui intermedia setup --apply"))
@click.option("--apply", "applies", is_flag=True, help="Create what is missing.")
def setup(*, applies: bool) -> ExitStatus:
    """Check the setup tables that Intermedia's items and counts need; exit status 3 while something is missing."""

    async def ask(composition: Composition) -> Checklist:
        return await composition.intermedia.setup(apply=applies)

    found = with_composition(ask, only_reads=not applies)
    if current_options().json:
        answer_json(checklist_document(found))
    else:
        rows = [(item.state, item.table, item.name, item.id, item.note) for item in found.items]
        answer(table(("STATE", "TABLE", "NAME", "ID", "NOTE"), rows))
        if not found.is_complete and not applies:
            answer("Create what is missing: cwtui intermedia setup --apply")
    return ExitStatus.DONE if found.is_complete else ExitStatus.NEEDS_ACTION


@intermedia.command(
    "export-accounts",
    cls=ListingCommand,
    epilog=examples(
        "cwtui intermedia export-accounts accounts.csv", "cwtui intermedia export-accounts a.csv --manage-id"
    ),
)
@_FILE
@click.option("--manage-id", is_flag=True, help="Find companies by their Manage ID for Intermedia too, and write it.")
@click.option("--dry-run", is_flag=True, help="Show which companies would be linked or created; write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@SHEET
@REFUSED
def export_accounts(
    file: Path, *, manage_id: bool, dry_run: bool, yes: bool, sheet: str, refused: Path | None
) -> ExitStatus:
    """Link each account to its company for good, or create the company.

    A company whose Company ID or account number is the account id is linked by ConnectWise's internal id. On a
    terminal, cwtui shows the names of new companies and asks before it creates them.
    """

    async def ask(composition: Composition) -> AccountsReport:
        export = composition.intermedia.of_sheet(sheet).export_accounts
        asks = not yes and sys.stdin.isatty()
        if dry_run or asks:
            found = await export(file, manage_id=manage_id, dry_run=True)
            if dry_run or not _may_create(found):
                return found
        return await export(file, manage_id=manage_id)

    report = with_composition(ask)
    if current_options().json:
        answer_json(accounts_document(report))
    else:
        answer(
            table(("LINE", "ACCOUNT", "COMPANY", "NAME", "BY", "MANAGE ID"), [_link_row(link) for link in report.links])
        )
        created, left_out = len(report.created), len(report.refused)
        made = "would be created" if any(link.company.id == 0 for link in report.created) else "created"
        answer(f"{len(report.links) - created} linked, {created} {made}, {left_out} refused.")
    tell_refused(report.refused, out=refused)
    for one in report.namesakes:
        tell(f"Look: {one}")
    for one in report.without_contact:
        tell(f"Without a contact: {one} Export the accounts again, or add it in ConnectWise.")
    for one in report.failures:
        tell(f"Failed: {one} Export the accounts again.")
    if report.failures:
        return ExitStatus.FAILED
    return ExitStatus.NEEDS_ACTION if report.refused or report.without_contact else ExitStatus.DONE


def _may_create(found: AccountsReport) -> bool:
    if not found.created:
        return True
    for one in found.namesakes:
        tell(f"Look: {one}")
    for link in found.created:
        tell(f"New: {plain_text(link.company.name)} ({plain_text(link.account)})")
    return click.confirm(f"Create these {len(found.created)} in ConnectWise?", err=True)


def _link_row(link: AccountLink) -> tuple[object, ...]:
    written = "written" if link.manage_id_written else ""
    return link.line, link.account, link.company.id, link.company.name, link.by, written


@intermedia.command(
    "export-items",
    cls=ListingCommand,
    epilog=examples(
        "cwtui intermedia export-items skus.csv", "cwtui intermedia export-items skus.csv --reset --dry-run"
    ),
)
@_FILE
@click.option("--reset", is_flag=True, help="Put the sheet's values back where an operator edited them; shown first.")
@click.option("--yes", is_flag=True, help="With --reset: do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be created or reset, write nothing.")
@SHEET
@REFUSED
def export_items(file: Path, *, reset: bool, yes: bool, dry_run: bool, sheet: str, refused: Path | None) -> ExitStatus:
    """Create a catalog item for each SKU and unit cost, named SKU_PRICE, once.

    Items that exist are left as they are, edited or not. --reset undoes every difference; it shows each first, and on a
    terminal asks.
    """
    return create_items(INTERMEDIA, file, reset=reset, dry_run=dry_run, yes=yes, sheet=sheet, refused=refused)


@intermedia.command("cross-reference", cls=ListingCommand, epilog=examples("cwtui intermedia cross-reference --apply"))
@click.option("--apply", "applies", is_flag=True, help="Associate those that are not.")
def cross_reference(*, applies: bool) -> ExitStatus:
    """List exported SKUs that are not associated with the managed solution and the agreement type."""

    async def ask(composition: Composition) -> tuple[Association, ...]:
        return await composition.intermedia.cross_references(apply=applies)

    found = with_composition(ask, only_reads=not applies)
    missing = [one for one in found if one.state is AssociationState.MISSING]
    created = [one for one in found if one.state is AssociationState.CREATED]
    failed = [one for one in found if one.state is AssociationState.FAILED]
    if current_options().json:
        answer_json(association_documents(found))
    elif not found:
        answer("No SKU was exported yet: cwtui intermedia export-items FILE")
    else:
        shown = [(one.item, one.catalog_item_id, one.state) for one in found if one.state is not AssociationState.THERE]
        if shown:
            answer(table(("CATALOG ITEM", "ID", "STATE"), shown))
        answer(f"{counted(len(found), 'SKU')}: {len(created)} associated now, {len(missing)} not associated.")
    for one in failed:
        tell(f"Failed: {plain_text(one.item)}: {plain_text(one.note)}")
    if failed:
        return ExitStatus.FAILED
    return ExitStatus.NEEDS_ACTION if missing else ExitStatus.DONE


@intermedia.command(
    "export-counts",
    cls=ListingCommand,
    epilog=examples("cwtui intermedia export-counts billing_report.csv --dated 2026-11-30"),
)
@_FILE
@count_options
def export_counts(file: Path, **options: Unpack[CountOptions]) -> ExitStatus:
    """Make a count_update task for each linked account of a billing report. Nothing is written to ConnectWise yet."""
    return make_counts(INTERMEDIA, file, **options)


@intermedia.command(
    cls=ListingCommand,
    epilog=examples("cwtui intermedia reconcile billing_report.csv", "cwtui intermedia reconcile r.csv --csv out.csv"),
)
@_FILE
@reconcile_options
def reconcile(file: Path, **options: Unpack[ReconcileOptions]) -> ExitStatus:
    """Compare a billing report with the additions, per account and SKU; exit status 3 when a row differs."""
    return reconcile_counts(INTERMEDIA, file, **options)


@intermedia.command("demo-files", cls=Command, epilog=examples("cwtui intermedia demo-files ./demo"))
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
def demo_files(folder: Path) -> None:
    """Write the partner-portal files that fit the built-in sandbox, to try the steps with --demo."""
    from cwtui.sandbox.demo_files import copy_demo_files  # noqa: PLC0415  # the sandbox is loaded for a demo only

    for path in copy_demo_files(folder):
        answer(str(path))
