"""`python -m benchmarks [NAME…] [--quick] [--save]`: measure, and print the results table.

Each benchmark runs in a fresh interpreter, one after the other. `--quick` takes sizes so small that the figures say
little: it shows that everything still runs. `--save` puts the table into `benchmarks/README.md`, keeping the lines of
benchmarks that were not run.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import click

from benchmarks.catalogue import BENCHMARKS
from benchmarks.report import table

README = Path(__file__).with_name("README.md")


@click.command(help=__doc__)
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)), metavar="[NAME]…")
@click.option("--quick", is_flag=True, help="Tiny sizes, in a minute.")
@click.option("--save", is_flag=True, help="Put the table into benchmarks/README.md.")
def main(names: Sequence[str], *, quick: bool, save: bool) -> None:
    """Measure what is named, or everything."""
    for name in names or BENCHMARKS:
        click.echo(f"{name} …", err=True)
        with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
            found = fresh.submit(BENCHMARKS[name].rows, quick=quick).result()
        written = table(found)
        click.echo(f"\n{name}\n{written}")
        if save:
            README.write_text(with_section(README.read_text(encoding="utf-8"), name, written), encoding="utf-8")


def with_section(text: str, name: str, written: str) -> str:
    """The document with one benchmark's table in the place of its former one."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = text.partition(begin)
    return f"{before}{begin}{written}\n{end}{rest.partition(end)[2]}"


if __name__ == "__main__":
    sys.exit(main())
