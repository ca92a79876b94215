"""`cwtui web`: the terminal interface in a browser."""

from __future__ import annotations

import click

from cwtui.cli.commands import Command, examples
from cwtui.cli.global_options import given
from cwtui.domain.errors import ConfigError, InputError


@click.command(cls=Command, epilog=examples("cwtui web --demo", "cwtui web --host 10.0.0.5 --port 8100"))
@click.option("--port", default=8000, type=click.IntRange(1, 65535), show_default=True, help="The port to serve on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="An IP address; any but loopback asks a token.")
@click.option("--token", is_flag=True, help="Ask for a token on loopback too.")
def web(port: int, host: str, *, token: bool) -> None:
    """Serve the terminal interface to a browser until Ctrl-C.

    Needs the extra `web`: pip install 'cwtui[web]'.
    """
    try:
        from cwtui.web import serve  # noqa: PLC0415  # an extra of its own
    except ImportError as error:
        raise ConfigError(
            "The browser interface is not installed.",
            next_step="Install it with: pip install 'cwtui[web]' (pipx inject cwtui textual-serve).",
        ) from error
    try:
        serve(host, port, given().arguments(), with_token=token)
    except OSError as error:
        raise InputError(
            f"Port {port} on {host} cannot be taken: {error.strerror}.", next_step="Name another --port."
        ) from error
