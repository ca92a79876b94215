"""`cwtui config …`: where the settings are, what they are, and a first file (commands.md#task-list)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import click
from pydantic import SecretStr

from cwtui.cli.answer import answer, answer_json, counted, tell
from cwtui.cli.commands import Command, Group, ListingCommand, examples
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options
from cwtui.cli.table import table
from cwtui.domain.errors import ConfigError
from cwtui.domain.plain_text import plain_text
from cwtui.durations import duration_text
from cwtui.locations import config_path
from cwtui.settings import ALLOWED, Settings, load_settings
from cwtui.settings.model import HALF_SHOWN_KEYS
from cwtui.settings.saving import write_template

_MASK = "********"
_LEAST_HALF_SHOWN = 8


@click.group(cls=Group)
def config() -> None:
    """Where the settings are, what they are, and a first file to fill in."""


@config.command(cls=Command, epilog=examples("cwtui config path"))
def path() -> None:
    """Print the path of the settings file, whether or not it exists."""
    answer(str(config_path(current_options().config)))


@config.command(cls=ListingCommand, epilog=examples("cwtui config show", "cwtui --profile west config show --json"))
def show() -> None:
    """Show every setting of the profile, secrets masked, and where each value comes from."""
    settings = load_settings(current_options().config, current_options().profile)
    rows = [(key, shown(settings, key), settings.source(key)) for key in ALLOWED]
    if current_options().json:
        answer_json([{"key": key, "value": value, "source": source} for key, value, source in rows])
    else:
        answer(table(("SETTING", "VALUE", "FROM"), rows))


@config.command(cls=Command, epilog=examples("cwtui config init", "cwtui --config ./test.toml config init"))
def init() -> None:
    """Write a commented settings file to fill in. Never overwrites one."""
    target = config_path(current_options().config)
    write_template(target)
    answer(f"Wrote {target}. Fill it in, then run `cwtui doctor`.")


@config.command("notify-test", cls=Command, epilog=examples("cwtui config notify-test"))
def notify_test() -> ExitStatus:
    """Send a test notification to every address of `notify.urls`.

    Exit status: 0 every address took it, 1 one did not.
    """
    settings = load_settings(current_options().config, current_options().profile)
    if not settings.notify.urls:
        raise ConfigError("notify.urls is empty, so nobody can be told.", next_step="Add an Apprise address to it.")
    from cwtui.notifying import send_test  # noqa: PLC0415  # loads the services

    failures, told = asyncio.run(send_test(settings))
    for failure in failures:
        tell(plain_text(failure))
    answer(f"{counted(told, 'server')} took the test.")
    return ExitStatus.FAILED if failures else ExitStatus.DONE


def shown(settings: Settings, key: str) -> str:
    """A value as text; of secrets, only whether they are set."""
    value = settings.value(key)
    if key in HALF_SHOWN_KEYS:
        text = str(value)
        return f"{_MASK}{text[-4:]}" if len(text) > _LEAST_HALF_SHOWN else _MASK if text else ""
    return _text(value)


def _text(value: object) -> str:
    text = str(value)
    match value:
        case SecretStr():
            text = _MASK if value.get_secret_value() else ""
        case timedelta():
            text = duration_text(value)
        case bool():
            text = "true" if value else "false"
        case None:
            text = "off"
        case Mapping():
            text = ", ".join(f"{name} = {_text(part)}" for name, part in value.items())
        case frozenset():
            text = ", ".join(sorted(map(_text, value)))
        case tuple():
            text = ", ".join(map(_text, value))
        case _:
            pass
    return text
