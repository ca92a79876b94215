"""`cwtui web`: the terminal interface in a browser."""

from __future__ import annotations

import click

from cwtui.cli.commands import Command, examples
from cwtui.cli.global_options import current_options
from cwtui.domain.errors import ConfigError, InputError


@click.command(
    cls=Command,
    epilog=examples(
        "cwtui web --demo", "cwtui web --host 10.0.0.5 --port 8100", "cwtui web --public-name billing.example.com"
    ),
)
@click.option("--port", default=8000, type=click.IntRange(1, 65535), show_default=True, help="The port to serve on.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="An IP address (0.0.0.0: all of this host's); any but loopback asks a token.",
)
@click.option("--token", is_flag=True, help="Ask for a token on loopback too.")
@click.option(
    "--public-name",
    "public_names",
    multiple=True,
    metavar="NAME",
    help="What a proxy with TLS in front of it is called, such as billing.example.com. May be given several times.",
)
@click.option("--most", default=16, type=click.IntRange(1), show_default=True, help="Terminals open at once.")
def web(port: int, host: str, public_names: tuple[str, ...], most: int, *, token: bool) -> None:
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
        serve(host, port, current_options().arguments(), with_token=token, public_names=public_names, most=most)
    except OSError as error:
        raise InputError(
            f"Port {port} on {host} cannot be taken: {error.strerror}.", next_step="Name another --port."
        ) from error
