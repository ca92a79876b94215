"""`cwtui usage …`: any vendor's usage file, by a column profile (files.md#profiles)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from cwtui.cli.answer import answer, answer_json, tell
from cwtui.cli.commands import Group, ListingCommand, examples
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
from cwtui.cli.vendor_items import create_items
from cwtui.domain.plain_text import plain_text
from cwtui.vendors.layouts import INTERMEDIA

if TYPE_CHECKING:
    from cwtui.composition import Composition
    from cwtui.vendors.proposal import ProfileProposal

_FILE = click.argument("file", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE")
_PROFILE = click.option(
    "--profile",
    "--layout",
    "layout",
    metavar="NAME",
    help="Which column profile: [usage.NAME] of the settings, or one that comes with cwtui. The --profile of the"
    " settings stands before `usage`.",
)


@click.group("usage", cls=Group)
def usage() -> None:
    """Counts from any vendor's usage file, as a column profile lays it out.

    In this order: profile (once), items, import. A file is CSV or .xlsx, packed as .gz or not; `-` is standard input.
    """


def chosen(layout: str | None) -> str:
    """The profile that was named, else the only one of the settings, else Intermedia's; prints which one it took."""
    if layout is not None:
        return layout

    async def ask(composition: Composition) -> tuple[list[str], list[str]]:
        from cwtui.vendors.profiles import shipped_names  # noqa: PLC0415  # only where none was named

        return sorted(composition.settings.usage.layouts), list(shipped_names())

    own, shipped = with_composition(ask, only_reads=True)
    assumed = own[0] if len(own) == 1 else INTERMEDIA
    there = ", ".join(dict.fromkeys([*own, INTERMEDIA, *shipped]))
    tell(f"No column profile was named: {plain_text(assumed)} is assumed. There is {plain_text(there)}.")
    return assumed


@usage.command(
    "import",
    cls=ListingCommand,
    epilog=examples(
        "cwtui usage import backup-2026-11.csv --profile backup",
        "cwtui --profile west usage import backup-2026-11.csv --profile backup --json",
    ),
)
@_FILE
@_PROFILE
@count_options
def import_(file: Path, layout: str | None, **options: Unpack[CountOptions]) -> ExitStatus:
    """Make a count_update task for each account of a usage file. Nothing is written to ConnectWise yet.

    Needs the columns account_id, sku and quantity, by those names or as the column profile names them. An account is
    linked to the company whose Company ID or account number is its id; a SKU is billed by the catalog item of its
    name.
    """
    return make_counts(chosen(layout), file, **options)


@usage.command("reconcile", cls=ListingCommand, epilog=examples("cwtui usage reconcile u.csv --profile backup"))
@_FILE
@_PROFILE
@reconcile_options
def reconcile(file: Path, layout: str | None, **options: Unpack[ReconcileOptions]) -> ExitStatus:
    """Compare a usage file with the additions, per account and SKU; exit status 3 when a row differs."""
    return reconcile_counts(chosen(layout), file, **options)


@usage.command("items", cls=ListingCommand, epilog=examples("cwtui usage items u.csv --profile backup --dry-run"))
@_FILE
@_PROFILE
@click.option("--reset", is_flag=True, help="Put the file's values back where an operator edited them; shown first.")
@click.option("--dry-run", is_flag=True, help="Show what would be created or changed; write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@SHEET
@REFUSED
def items(
    file: Path, layout: str | None, *, reset: bool, dry_run: bool, yes: bool, sheet: str, refused: Path | None
) -> ExitStatus:
    """Create a catalog item for each SKU of a usage file, once; asks on a terminal, with the names.

    Where one of that name exists, it is used and left as it is.
    """
    return create_items(chosen(layout), file, reset=reset, dry_run=dry_run, yes=yes, sheet=sheet, refused=refused)


@usage.command("profile", cls=ListingCommand, epilog=examples("cwtui usage profile backup-2026-11.xlsx"))
@_FILE
@SHEET
def profile(file: Path, sheet: str) -> ExitStatus:
    """Show a file's columns, propose a column profile for it, and preview its first rows. Nothing is saved."""
    from cwtui.vendors.proposal import propose  # noqa: PLC0415  # only here

    found = propose(file, sheet=sheet)
    if current_options().json:
        answer_json(
            {
                "headers": list(found.headers),
                "header_row": found.line,
                "columns": dict(found.columns),
                "lacks": list(found.lacks),
                "shipped": found.shipped,
                "rows": [list(row) for row in found.rows],
            }
        )
    else:
        _answer_profile(file, found)
    return ExitStatus.NEEDS_ACTION if found.lacks and not found.shipped else ExitStatus.DONE


def _answer_profile(file: Path, found: ProfileProposal) -> None:
    answer(f"The header is line {found.line}: {plain_text(', '.join(found.headers))}.")
    if found.shipped:
        answer(
            f"It looks like a file of the profile {found.shipped}, which comes with cwtui: --profile {found.shipped}"
        )
    else:
        name = "".join(char for char in file.stem.split(".")[0].casefold() if char.isalpha()) or "vendor"
        answer(f'\nProposed for the settings file:\n\n[usage.{name}]\nagreement_type = "…"\n')
        answer(f"[usage.{name}.columns]")
        for column, header in found.columns.items():
            answer(f"{column} = {_quoted(header)}")
        if found.lacks:
            tell(f"No header looks like {', '.join(found.lacks)}: name it yourself.")
    columns = [column for column in found.columns if found.columns[column] in found.headers]
    places = [found.headers.index(found.columns[column]) for column in columns]
    rows = [[row[at] if at < len(row) else "" for at in places] for row in found.rows]
    if rows and columns:
        answer("\nIts first rows would be read as:\n")
        answer(table(tuple(column.upper() for column in columns), rows))


def _quoted(text: str) -> str:
    return '"' + plain_text(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
