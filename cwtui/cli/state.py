"""`cwtui state …`: where the state is kept, and copying it elsewhere (hands.md#copying-a-state)."""

from __future__ import annotations

from dataclasses import replace

import click

from cwtui.cli.answer import answer, counted
from cwtui.cli.commands import Command, Group, examples
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options


@click.group("state", cls=Group)
def state() -> None:
    """Where the state is kept; copying it to another file or to PostgreSQL, and back."""


@state.command(
    "copy",
    cls=Command,
    epilog=examples(
        "cwtui state copy --to postgresql://cwtui@db.example.com/cwtui", "cwtui state copy --to /var/lib/cwtui/new.json"
    ),
)
@click.option("--to", "to", metavar="URL|PATH", required=True, help="A place where no state is kept yet.")
def copy(to: str) -> ExitStatus:
    """Copy the state of this profile: mappings, tasks, links, journal and audit, byte for byte.

    Stop every cwtui that works on it first. Then name the new place in the settings: state.url, or state.path.
    """
    from cwtui.composition import configured_state  # noqa: PLC0415  # not for the help
    from cwtui.store.copying import copy_state  # noqa: PLC0415

    chosen = current_options()
    with configured_state(replace(chosen.options(), read_only_ok=True)) as source:
        copied = copy_state(source, to, chosen.profile)
        answer(f"{counted(copied, 'document')} of {source.documents.name} copied. Name the new place in the settings.")
    return ExitStatus.DONE


@state.command("path", cls=Command)
def path() -> ExitStatus:
    """Print where the state of this profile is kept."""
    from cwtui.composition import configured_state  # noqa: PLC0415  # not for the help

    with configured_state(replace(current_options().options(), read_only_ok=True)) as source:
        answer(source.documents.name)
    return ExitStatus.DONE
