"""The installed command `cwtui`."""

from __future__ import annotations

import gc
import os
import sys

from cwtui.cli.streams import guard, unwritten

_COLLECTED_EVERY = 500_000
"""Objects made and not given back; looking through so many takes a tenth of a second."""


def prepare() -> None:
    """Set what a start is quick by, before anything is loaded.

    What is loaded is no garbage, and to look through it again and again took a sixth of the start; a run that makes
    more than that is looked through as ever. pydantic searches every installed package for plugins; here are none.
    """
    gc.set_threshold(_COLLECTED_EVERY)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def main() -> None:
    """Run the command line and exit; the version alone is answered without loading any of it."""
    guard()
    if sys.argv[1:] == ["--version"]:
        from cwtui import __version__  # noqa: PLC0415

        sys.stdout.write(f"cwtui {__version__}\n")
        sys.exit(1 if unwritten() else 0)
    prepare()
    from cwtui.cli.root import cli  # noqa: PLC0415

    try:
        cli.main(prog_name="cwtui")
    finally:
        gc.freeze()  # the system takes all of it back: looking through it first took as long as three requests
        gc.disable()


if __name__ == "__main__":
    main()
