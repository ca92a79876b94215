"""`cwtui usage …`: any vendor's usage file, by a column profile of the settings (files.md#profiles)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from cwtui.cli.commands import Group, ListingCommand, examples
from cwtui.cli.counts import ADOPT, DAY, FORCE, make_counts
from cwtui.cli.exit_status import ExitStatus
from cwtui.vendors.layouts import INTERMEDIA


@click.group("usage", cls=Group)
def usage() -> None:
    """Counts from any vendor's usage file, as `[usage.NAME]` of the settings lays it out."""


@usage.command(
    "import",
    cls=ListingCommand,
    epilog=examples(
        "cwtui usage import backup-2026-11.csv --profile backup",
        "cwtui --profile west usage import backup-2026-11.csv --profile backup --json",
    ),
)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--profile",
    "--layout",
    "layout",
    default=INTERMEDIA,
    show_default=True,
    metavar="NAME",
    help="Which column profile: [usage.NAME] of the settings. The --profile of the settings stands before `usage`.",
)
@DAY
@FORCE
@ADOPT
def import_(file: Path, layout: str, dated: date | None, *, force: bool, adopt: bool) -> ExitStatus:
    """Make a count_update task for each account of a usage file. Nothing is written to ConnectWise yet.

    Needs the columns account_id, sku and quantity, by those names or as the column profile names them. An account is
    linked to the company whose Company ID or account number is its id; a SKU is billed by the catalog item of its
    name.
    """
    return make_counts(layout, file, dated, force=force, adopt=adopt)
