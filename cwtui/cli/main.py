"""The installed command `cwtui`."""

from __future__ import annotations

import gc
import os
import sys

from cwtui.cli.streams import guard, unwritten

_COLLECTED_EVERY = 500_000
"""Garbage is collected after so many new objects; collecting them takes a tenth of a second."""


def prepare() -> None:
    """Prepare a fast start, before anything is loaded.

    Loaded modules are no garbage, and collecting again and again took a sixth of the start; a run that makes more
    objects than that is collected as usual. pydantic would search every installed package for plugins; cwtui has none.
    """
    gc.set_threshold(_COLLECTED_EVERY)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def main() -> None:
    """Run the command line and exit; `--version` alone is answered without loading the command line."""
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
        gc.freeze()  # no collection at exit: the system frees everything, and collecting took as long as three requests
        gc.disable()


if __name__ == "__main__":
    main()
