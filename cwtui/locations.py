"""Where files live: the settings file and the state file of a profile (settings.md#the-state-file). Cheap to import."""

from __future__ import annotations

import re
from pathlib import Path

from cwtui.domain.errors import ConfigError
from cwtui.options import DEFAULT_PROFILE

_PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def checked_profile(name: str) -> str:
    """A profile's name, which is also a file's name; `ConfigError` if it could lead out of its folder."""
    if not _PROFILE_NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot be the name of a profile.",
            next_step="Use letters, digits, '-', '_' and '.', beginning with a letter or digit.",
        )
    return name


def config_path(given: Path | None = None) -> Path:
    """The settings file: the one given, else `config.toml` in the platform's config folder."""
    if given is not None:
        return given.expanduser()
    from platformdirs import user_config_path  # noqa: PLC0415  # start-up: not needed where a path is given

    return user_config_path("cwtui", appauthor=False) / "config.toml"


def state_path(given: Path | None = None, profile: str = DEFAULT_PROFILE) -> Path:
    """The state file: the one given, else `<profile>.json` in the platform's data folder."""
    if given is not None:
        return given.expanduser()
    from platformdirs import user_data_path  # noqa: PLC0415  # start-up: not needed where a path is given

    return user_data_path("cwtui", appauthor=False) / f"{checked_profile(profile)}.json"
