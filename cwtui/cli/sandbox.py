"""`cwtui sandbox serve`: the simulated marketplace and ConnectWise for another process (commands.md#task-list)."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from cwtui.cli.answer import answer
from cwtui.cli.commands import Command, Group, examples
from cwtui.cli.global_options import current_options
from cwtui.domain.errors import InputError


@click.group(cls=Group)
def sandbox() -> None:
    """A simulated marketplace and ConnectWise with believable data, on this machine only."""


@sandbox.command(cls=Command, epilog=examples("cwtui sandbox serve --port 8765"))
@click.option("--port", default=0, type=click.IntRange(0, 65535), show_default=True, help="0 takes a free port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option("--behave", "behave", metavar="JSON", help='What it does: {"psa_version": "2025.8"}.')
@click.option("--empty", is_flag=True, help="Without any customers, orders and agreements.")
@click.option("--calls-per-minute", default=0, type=click.IntRange(0), help="Of the marketplace's gateway; 0 is all.")
@click.option("--calls-per-day", default=0, type=click.IntRange(0), help="Of the marketplace's gateway; 0 is all.")
@click.option("--day-seconds", default=86_400, type=click.IntRange(1), show_default=True, help="A day of the gateway.")
def serve(
    port: int,
    host: str,
    behave: str | None,
    *,
    empty: bool,
    calls_per_minute: int,
    calls_per_day: int,
    day_seconds: int,
) -> None:
    """Serve until Ctrl-C. Prints one line of JSON: addresses and credentials, shaped like the settings."""
    from cwtui.sandbox import exact_json  # noqa: PLC0415
    from cwtui.sandbox.behaviour import Behaviour  # noqa: PLC0415  # loads the server; the help does without
    from cwtui.sandbox.serve import serve as serve_world  # noqa: PLC0415
    from cwtui.sandbox.world import World  # noqa: PLC0415

    today = current_options().as_of or datetime.now(UTC).date()
    world = World.empty(today) if empty else World.seeded(today)
    behaviour = Behaviour(calls_per_minute=calls_per_minute, calls_per_day=calls_per_day, day_s=day_seconds)
    try:
        behaviour.change(exact_json.loads(behave.encode()) if behave else {})
    except (ValueError, TypeError, AttributeError) as error:
        raise click.BadParameter(f"--behave takes a JSON object of behaviours: {str(error).rstrip('.')}.") from error
    try:
        serve_world(host, port, world, behaviour, announce=answer)
    except ValueError as error:
        raise click.BadParameter(f"{host!r} is not a loopback address, such as 127.0.0.1.") from error
    except OSError as error:
        raise InputError(
            f"Port {port} on {host} cannot be taken: {error.strerror}.",
            next_step="Name another --port; 0 takes a free one.",
        ) from error
