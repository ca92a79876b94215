"""The installed command `cwtui`."""

from __future__ import annotations

import sys

from cwtui.cli.streams import guard, unwritten


def main() -> None:
    """Run the command line and exit; the version alone is answered without loading any of it."""
    guard()
    if sys.argv[1:] == ["--version"]:
        from cwtui import __version__  # noqa: PLC0415

        sys.stdout.write(f"cwtui {__version__}\n")
        sys.exit(1 if unwritten() else 0)
    from cwtui.cli.root import cli  # noqa: PLC0415

    cli.main(prog_name="cwtui")


if __name__ == "__main__":
    main()
