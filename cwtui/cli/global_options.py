"""The global options, accepted before the sub-command and after it (commands.md#global-options)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import click

from cwtui.domain.lazily import dataclass
from cwtui.options import DEFAULT_PROFILE, WAIT_S, Options

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(slots=True)
class GlobalOptions:
    """The global options read so far; one after the sub-command overrules the same one before it."""

    profile: str = DEFAULT_PROFILE
    config: Path | None = None
    state: Path | None = None
    as_of: date | None = None
    demo: bool = False
    json: bool = False
    verbose: bool = False
    wait: float = WAIT_S

    def options(self) -> Options:
        """The options in the form that the composition root takes."""
        return Options(self.profile, self.config, self.state, self.as_of, self.demo, wait_s=self.wait)

    def arguments(self) -> list[str]:
        """The same options as arguments, for a command that starts another one."""
        named = {"--profile": self.profile, "--config": self.config, "--state": self.state, "--as-of": self.as_of}
        found = [part for name, value in named.items() if value is not None for part in (name, str(value))]
        return [*found, "--demo"] if self.demo else found


def current_options() -> GlobalOptions:
    """The options of the running command."""
    return _options_of(click.get_current_context())


def _options_of(context: click.Context) -> GlobalOptions:
    found = context.find_root().ensure_object(GlobalOptions)
    if not isinstance(found, GlobalOptions):
        raise TypeError(f"{found!r} was put in the place of the global options")
    return found


def _set_option(context: click.Context, parameter: click.Parameter, value: object) -> None:
    if value is not None and value is not False and parameter.name:
        setattr(_options_of(context), parameter.name, value)


def day(text: str) -> date:
    """A calendar day; a usage error for anything but YYYY-MM-DD."""
    try:
        return date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a day: write YYYY-MM-DD, such as 2026-11-30.") from None


def period(text: str) -> timedelta:
    """A period such as 5m or 1d; a usage error for any other form."""
    from cwtui.durations import parse_duration  # noqa: PLC0415  # start-up

    try:
        return parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None


def _option(name: str, text: str, *, hidden: bool, **more: object) -> click.Option:
    return click.Option([name], expose_value=False, callback=_set_option, help=text, hidden=hidden, **more)  # type: ignore[arg-type]  # click types each keyword by itself


def global_options(*, hidden: bool) -> list[click.Parameter]:
    """The options every command takes; a sub-command does not repeat them in its help."""
    return [
        _option("--profile", "Which settings: [profiles.NAME] of the settings file.", hidden=hidden, metavar="NAME"),
        _option("--config", "Which settings file.", hidden=hidden, metavar="PATH", type=click.Path(path_type=Path)),
        _option("--state", "Which state file.", hidden=hidden, metavar="PATH", type=click.Path(path_type=Path)),
        _option("--as-of", "Which day counts as today.", hidden=hidden, metavar="YYYY-MM-DD", type=day),
        _option("--demo", "Work on the built-in sandbox: no credentials, no network.", hidden=hidden, is_flag=True),
        _option(
            "--wait",
            f"How long to wait for another cwtui that works on the same (default {WAIT_S:.0f}).",
            hidden=hidden,
            metavar="SECONDS",
            type=click.FloatRange(min=0),
        ),
        click.Option(
            ["--verbose", "-v"],
            is_flag=True,
            expose_value=False,
            callback=_set_option,
            hidden=hidden,
            help="Log requests (never their contents) on stderr.",
        ),
    ]


def json_option(*, hidden: bool = False) -> click.Option:
    """`--json`, for everything that lists."""
    return _option("--json", "One JSON document on stdout.", hidden=hidden, is_flag=True)
