"""The command line: arguments in, an exit status out. Imports as little as can be: see the start-up tests.

Rule: commands.md#task-list.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NoReturn

import click

from cwtui import __version__
from cwtui.cli.answer import tell
from cwtui.cli.commands import Lazy, LazyGroup
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options, global_options, json_option, period
from cwtui.cli.streams import unwritten

_ROUND, _SETUP, _TRY = "The daily round", "Settings and connections", "Trying things out"

COMMANDS = {
    "check": Lazy("cwtui.cli.check:check", _ROUND, "Look for new orders and make their tasks."),
    "tasks": Lazy("cwtui.cli.tasks:tasks", _ROUND, "List, show, sync, skip, reopen and undo tasks."),
    "map": Lazy("cwtui.cli.mappings:mappings", _ROUND, "Customers, products and subscriptions to ConnectWise's."),
    "customers": Lazy("cwtui.cli.customers:customers", _ROUND, "ConnectWise companies into the marketplace."),
    "reconcile": Lazy("cwtui.cli.reconcile:reconcile", _ROUND, "Subscriptions beside what agreements bill; repairs."),
    "adopt": Lazy("cwtui.cli.reconcile:adopt", _ROUND, "Link an addition made by hand instead of doubling it."),
    "forecast": Lazy("cwtui.cli.forecast:forecast", _ROUND, "The next invoices, with alarms for doubles and gaps."),
    "report": Lazy("cwtui.cli.report:report", _ROUND, "What a month bills, costs and leaves; what changed and why."),
    "drift": Lazy("cwtui.cli.drift:drift", _ROUND, "What was edited or removed in ConnectWise since."),
    "intermedia": Lazy("cwtui.cli.intermedia:intermedia", _ROUND, "Intermedia's accounts, items and counts."),
    "usage": Lazy("cwtui.cli.usage:usage", _ROUND, "Counts from any vendor's usage file."),
    "why": Lazy("cwtui.cli.why:why", _ROUND, "Where an addition comes from: order, rule, numbers, answer."),
    "audit": Lazy("cwtui.cli.audit:audit", _ROUND, "Every write ever made: when, what, before, after."),
    "doctor": Lazy("cwtui.cli.doctor:doctor", _SETUP, "Test both connections and every permission."),
    "config": Lazy("cwtui.cli.config:config", _SETUP, "Where the settings are, what they are, a first file."),
    "state": Lazy("cwtui.cli.state:state", _SETUP, "Where the state is kept, and copying it elsewhere."),
    "web": Lazy("cwtui.cli.web:web", _TRY, "The terminal interface in a browser."),
    "sandbox": Lazy("cwtui.cli.sandbox:sandbox", _TRY, "A simulated marketplace and ConnectWise, on this machine."),
}

_HELP = """Keep ConnectWise agreements true to what customers bought on the marketplace.

Without a command, opens the terminal interface; it offers the setup screen where nothing is configured yet.

\b
Examples:
  cwtui --demo                    look around, without any credentials
  cwtui --auto --dry-run          show what would be written, write nothing
  cwtui --auto --every 1h         check and synchronise once an hour
  cwtui tasks list --status needs_action
"""
_EPILOG = """Exit status: 0 done and nothing waits for a person, 1 something failed, 2 wrong usage or settings,
3 finished, but tasks need action.

\b
Tab completion, once per shell:
  bash   eval "$(_CWTUI_COMPLETE=bash_source cwtui)"    in ~/.bashrc
  zsh    eval "$(_CWTUI_COMPLETE=zsh_source cwtui)"     in ~/.zshrc
  fish   _CWTUI_COMPLETE=fish_source cwtui | source     in ~/.config/fish/config.fish
"""


_ARGUMENTS, _VERBOSE = "cwtui.arguments", frozenset({"--verbose", "-v"})


class Root(LazyGroup):
    """The command itself: turns every way a run can end into an exit status and, on stderr, a reason."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own options, and the global ones, listed."""
        own = click.Command.get_params(self, ctx)
        return [*own[:-1], json_option(), *global_options(hidden=False), *own[-1:]]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what was typed: an eager option is answered before the others are known."""
        ctx.meta[_ARGUMENTS] = frozenset(args)
        return super().parse_args(ctx, args)

    def main(  # type: ignore[override]  # click's overloads promise a return value in other modes; this one ends
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run and exit."""
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(AttributeError, ValueError):  # a stream that is closed or no text file
                stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        extra["standalone_mode"] = False
        status = ended_as(lambda: super(Root, self).main(args, prog_name or "cwtui", **extra))
        if why := unwritten():
            tell(why)
            status = ExitStatus.FAILED if status in {ExitStatus.DONE, ExitStatus.NEEDS_ACTION} else status
        sys.exit(status)


def ended_as(run: Any) -> int:
    """Run something and return its exit status; the reason goes to stderr."""
    from cwtui.domain.errors import CwtuiError  # noqa: PLC0415

    try:
        return int(run() or ExitStatus.DONE)
    except click.ClickException as error:
        error.show()
        return ExitStatus.USAGE
    except click.Abort:
        tell("Interrupted. What was written until then is recorded. Start again to go on.")
        return ExitStatus.FAILED
    except CwtuiError as error:
        from cwtui.cli.refusal import exit_status_of, sentences  # noqa: PLC0415

        tell(sentences(error))
        return exit_status_of(error)


_VERSION = "cwtui.version"


def _version(context: click.Context) -> None:
    """Answer `--version` at once; if more is asked for, after the other options were read."""
    if _VERBOSE & context.meta[_ARGUMENTS]:
        context.meta[_VERSION] = True
        return
    click.echo(f"cwtui {__version__}")
    context.exit()


_NO_TERMINALS = frozenset({"dumb", "unknown"})


@click.group(
    "cwtui",
    cls=Root,
    lazy=COMMANDS,
    help=_HELP,
    epilog=_EPILOG,
    invoke_without_command=True,
    subcommand_metavar="[COMMAND] …",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option("--auto", is_flag=True, help="Check, then synchronise every task that is ready; needs no terminal.")
@click.option("--every", type=period, metavar="PERIOD", help="With --auto: again and again, such as 5m, 1h or 1d.")
@click.option("--all-profiles", is_flag=True, help="With --auto: every profile of the settings file, one report.")
@click.option("--dry-run", is_flag=True, help="With --auto: make every plan, write nothing.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, asked: _version(context) if asked else None,
    help="Show the version; with --verbose, what a bug report needs.",
)
@click.pass_context
def cli(
    context: click.Context, *, auto: bool, every: timedelta | None, all_profiles: bool, dry_run: bool
) -> int | None:
    """Run what stands without a sub-command."""
    if context.meta.get(_VERSION):
        from cwtui.cli.version import tell_versions  # noqa: PLC0415

        tell_versions()
        return None
    more = (("--every", every), ("--all-profiles", all_profiles), ("--dry-run", dry_run))
    if context.invoked_subcommand is not None:
        for name, used in (("--auto", auto), *more):
            if used:
                raise click.UsageError(f"{name} does not go with {context.invoked_subcommand}.", context)
        return None
    if auto and all_profiles:
        from cwtui.cli.auto_profiles import run_all_profiles  # noqa: PLC0415

        return run_all_profiles(every=every, dry_run=dry_run)
    if auto:
        from cwtui.cli.auto import run_auto  # noqa: PLC0415

        return run_auto(every=every, dry_run=dry_run)
    for name, used in (*more, ("--json", current_options().json)):
        if used:
            raise click.UsageError(f"{name} needs --auto.", context)
    return _open_screen()


def _open_screen() -> int:
    is_in_browser = "TEXTUAL_DRIVER" in os.environ
    if not is_in_browser and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("The terminal interface needs a terminal. Without one, use `cwtui --auto`.")
    if not is_in_browser and os.environ.get("TERM", "") in _NO_TERMINALS and sys.platform != "win32":
        raise click.UsageError(
            f"TERM={os.environ.get('TERM', '')} is no terminal that the interface can draw on. "
            "Use another one, or `cwtui --auto`."
        )
    from cwtui.terminal import run_terminal  # noqa: PLC0415  # start-up: the only place that loads the screen

    return int(run_terminal(current_options().options()) or ExitStatus.DONE)
