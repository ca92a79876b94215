"""Commands that know the global options, and groups that load their commands when one is asked for.

Rule: commands.md#global-options.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib import import_module

import click

from cwtui.cli.global_options import global_options, json_option
from cwtui.domain.lazily import dataclass

_GLOBALS = ("--profile", "--config", "--state", "--as-of", "--demo", "--verbose")


def examples(*lines: str) -> str:
    """An epilog that shows whole command lines, each on its own."""
    return "\n  ".join(["\b\nExamples:", *lines])


class Command(click.Command):
    """A command that takes the global options too, without listing them again.

    Attributes:
        lists: It takes `--json`.
    """

    lists = False

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own parameters, and the global ones, hidden; one of the same name is its own here."""
        own = super().get_params(ctx)
        names = {name for parameter in own for name in parameter.opts}
        others = [*([json_option()] if self.lists else []), *global_options(hidden=True)]
        return [*own, *(one for one in others if names.isdisjoint(one.opts))]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Its examples, and that the global options may follow."""
        super().format_epilog(ctx, formatter)
        _write_globals_note(formatter, {name for one in self.params for name in one.opts})


def _write_globals_note(formatter: click.HelpFormatter, own: Collection[str] = ()) -> None:
    formatter.write_paragraph()
    formatter.write_text(f"Also: {', '.join(name for name in _GLOBALS if name not in own)}; see `cwtui --help`.")


class ListingCommand(Command):
    """A command whose answer may also be asked for as JSON."""

    lists = True


class Group(click.Group):
    """A group of such commands."""

    command_class = Command
    group_class = type

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own parameters, and the global ones, hidden."""
        return [*super().get_params(ctx), *global_options(hidden=True)]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """That the global options may follow; the root lists them itself."""
        super().format_epilog(ctx, formatter)
        if ctx.parent is not None:
            _write_globals_note(formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command named, or a usage error that names the nearest one."""
        name = args[0]
        known = self.list_commands(ctx)
        if name not in known and not name.startswith("-") and not ctx.resilient_parsing:
            import difflib  # noqa: PLC0415  # start-up: only for a mistake

            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
            raise click.UsageError(f"There is no command {name!r}. {hint}", ctx)
        return super().resolve_command(ctx, args)


@dataclass(frozen=True, slots=True)
class Lazy:
    """A command that is imported when it is used.

    Attributes:
        where: `module:attribute`.
        section: The heading it stands under in the help.
        help: One line for that help.
    """

    where: str
    section: str
    help: str

    def load(self) -> click.Command:
        """Import it."""
        module, _, attribute = self.where.partition(":")
        found = getattr(import_module(module), attribute)
        if not isinstance(found, click.Command):
            raise TypeError(f"{self.where} is not a command")
        return found


class LazyGroup(Group):
    """A group whose commands stand in a table, grouped by section in its help."""

    def __init__(self, *args: object, lazy: Mapping[str, Lazy], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed through as click's decorator gives them
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """In the table's order."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now."""
        return self.lazy[cmd_name].load() if cmd_name in self.lazy else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """One block per section, from the table alone: nothing is imported for the help."""
        for section in dict.fromkeys(command.section for command in self.lazy.values()):
            rows = [(name, command.help) for name, command in self.lazy.items() if command.section == section]
            with formatter.section(section):
                formatter.write_dl(rows)
