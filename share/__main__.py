"""`python -m share` makes man pages and completions from the commands; `--check` fails on a stale one."""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import get_completion_class
from click_man.core import generate_man_page  # type: ignore[import-untyped]  # it has no types

from cwtui import __version__
from cwtui.cli.root import cli

HERE = Path(__file__).parent
_COMPLETIONS = {
    "bash": "bash-completion/completions/cwtui",
    "zsh": "zsh/site-functions/_cwtui",
    "fish": "fish/vendor_completions.d/cwtui.fish",
}
_UNDATED = "released"


def files() -> dict[str, str]:
    """Path below this folder → content, of everything that is installed."""
    made = {f"man/man1/{name}.1": page for name, page in _man_pages(cli, None, "cwtui")}
    for shell, path in _COMPLETIONS.items():
        kind = get_completion_class(shell)
        if kind is None:
            raise LookupError(f"click completes nothing in {shell}")
        made[path] = kind(cli, {}, "cwtui", "_CWTUI_COMPLETE").source().rstrip() + "\n"
    return made


def _man_pages(command: click.Command, parent: click.Context | None, name: str) -> Iterator[tuple[str, str]]:
    context = click.Context(command, info_name=name, parent=parent)
    page, shown = _page(context, ""), copy.copy(command)
    paragraphs = (command.help or "").split("\n\n")
    shown.help = "\n\n".join(each for each in paragraphs if not each.startswith("\b"))
    listed = [one for one in command.get_params(context) if isinstance(one, click.Option) and one not in command.params]
    shown.params = [*command.params, *(one for one in listed if not one.hidden)]
    lines = [generate_man_page(click.Context(shown, info_name=name, parent=parent), version=__version__, date=_UNDATED)]
    if isinstance(command, click.Group):
        lines.append(".SH COMMANDS")
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            if found is not None and not found.hidden:
                lines += [".TP", f"\\fB{_page(context, sub)}(1)\\fP", found.get_short_help_str(100)]
                yield from _man_pages(found, context, sub)
    literal = [
        each.removeprefix("\b\n") for each in [*paragraphs, *(command.epilog or "").split("\n\n")] if each.strip()
    ]
    literal = [each for each in literal if each not in paragraphs]
    if literal:
        text = "\n\n".join(literal).replace("\\", "\\e")
        lines += [".SH NOTES", ".nf", *(f"\\&{line}" for line in text.splitlines()), ".fi"]
    yield page, "\n".join(line.rstrip() for line in lines) + "\n"


def _page(context: click.Context, sub: str) -> str:
    return "-".join([*context.command_path.split(), *([sub] if sub else [])])


def main() -> int:
    """Write the files, or say which differ."""
    os.environ["COLUMNS"] = "100"
    made, stale = files(), []
    kept = (path for path in HERE.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"})
    there = {str(path.relative_to(HERE)) for path in kept}
    for path, content in made.items():
        target = HERE / path
        if "--check" in sys.argv[1:]:
            stale += [path] if path not in there or target.read_text(encoding="utf-8") != content else []
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
    stale += sorted(there - made.keys())
    if stale:
        sys.stderr.write("Stale, make them anew with python -m share: " + ", ".join(stale) + "\n")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
