"""The settings file: read whole, refused when others could read the secrets in it (settings.md#secrets)."""

from __future__ import annotations

import os
import shlex
import stat
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from cwtui.domain.errors import ConfigError
from cwtui.options import DEFAULT_PROFILE
from cwtui.settings.model import SECRET_KEYS

UNTOUCHED = "No service was contacted and nothing was changed."
PROFILES = "profiles"
TomlTable = Mapping[str, object]


def read_file(path: Path, *, required: bool) -> dict[str, object] | None:
    """The whole document, or None if there is no such file and none is required.

    Raises:
        ConfigError: If it cannot be read, is not TOML, or holds a secret that others can read.
    """
    try:
        with path.open("rb") as file:
            raw, about = file.read(), os.fstat(file.fileno())
    except FileNotFoundError:
        if not required:
            return None
        raise ConfigError(
            f"There is no settings file {path}.",
            changed=UNTOUCHED,
            next_step=f"Check the path, or make one with `cwtui --config {shlex.quote(str(path))} config init`.",
        ) from None
    except OSError as error:
        raise ConfigError(
            f"The settings file {path} cannot be read: {error.strerror}.",
            changed=UNTOUCHED,
            next_step="Make it a file that you can read, or name another one with --config.",
        ) from error
    document = parse_document(raw, path)
    _refuse_shared_secrets(document, path, about)
    return document


def parse_document(raw: bytes, path: Path) -> dict[str, object]:
    """TOML to plain values, numbers as `Decimal`; `ConfigError` names the line that is wrong."""
    try:
        return tomllib.loads(raw.decode("utf-8-sig"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        what = f"line {line} is not UTF-8 text"
    except tomllib.TOMLDecodeError as error:
        what = str(error).rstrip(".").split(": ")[0]
    raise ConfigError(
        f"The settings file {path} is not valid TOML: {what}.",
        changed=UNTOUCHED,
        next_step='Correct that place: texts stand in quotes, as in base_url = "https://…".',
    ) from None


def _refuse_shared_secrets(document: TomlTable, path: Path, about: os.stat_result) -> None:
    """Refuse secrets that others can read; the members of a group that shares the state may."""
    shared = stat.S_IRWXG | stat.S_IRWXO
    if _is_of_group(document, about.st_gid):
        shared &= ~stat.S_IRGRP
    if os.name != "posix" or not about.st_mode & shared:
        return
    holding = [key for table in _all_profiles(document) for key in secrets_in(table)]
    if holding and not about.st_mode & stat.S_IRWXO and (missing := _missing_groups(document)):
        raise ConfigError(
            f"There is no group {missing[0]!r} on this machine, which state.group names: nobody else may read"
            f" the settings file {path}, which holds a secret ({holding[0]}).",
            changed=UNTOUCHED,
            next_step="Create it and add its members, or correct state.group;"
            f" or run: chmod 600 {shlex.quote(str(path))}",
        )
    if holding:
        raise ConfigError(
            f"The settings file {path} holds a secret ({holding[0]}) and other users can read it.",
            changed=UNTOUCHED,
            next_step=f"Run: chmod 600 {shlex.quote(str(path))}",
        )


def _is_of_group(document: TomlTable, gid: int) -> bool:
    """Every profile's state belongs to that group."""
    named = _groups(document)
    return os.name == "posix" and len(named) == 1 and _gid(str(named.pop())) == gid


def _groups(document: TomlTable) -> set[object]:
    """The group of each profile's state, None where it has none."""
    states = [table.get("state") for table in _all_profiles(document) if table.keys() - {PROFILES}]
    return {state.get("group") or None if isinstance(state, dict) else None for state in states}


def _missing_groups(document: TomlTable) -> list[str]:
    return sorted(name for name in _groups(document) if isinstance(name, str) and _gid(name) is None)


def _gid(group: str) -> int | None:
    import grp  # noqa: PLC0415  # there is none elsewhere

    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None


def secrets_in(table: TomlTable) -> list[str]:
    """The secret keys that have a value in a profile's table."""
    pairs = ((key, *key.split(".")) for key in sorted(SECRET_KEYS))
    return [key for key, section, name in pairs if isinstance(inner := table.get(section), dict) and inner.get(name)]


def _all_profiles(document: TomlTable) -> Iterator[TomlTable]:
    yield document
    profiles = document.get(PROFILES)
    yield from (table for table in (profiles if isinstance(profiles, dict) else {}).values() if isinstance(table, dict))


def profile_table(document: TomlTable, profile: str, path: Path) -> TomlTable:
    """The table of one profile, which stands alone: it takes nothing from the top level or other profiles.

    Raises:
        ConfigError: If the file has no such profile, or defines `default` twice.
    """
    top = {name: value for name, value in document.items() if name != PROFILES}
    profiles = document.get(PROFILES, {})
    if not isinstance(profiles, dict) or not all(isinstance(table, dict) for table in profiles.values()):
        raise ConfigError(
            f"In {path}, profiles must be tables.",
            changed=UNTOUCHED,
            next_step="Write each one as [profiles.NAME.connectwise], [profiles.NAME.sync] and so on.",
        )
    if profile in profiles:
        if profile == DEFAULT_PROFILE and top:
            raise ConfigError(
                f"{path} sets profile {profile} twice: at its top level and as [profiles.{profile}].",
                changed=UNTOUCHED,
                next_step="Remove one of the two.",
            )
        found: TomlTable = profiles[profile]
        return found
    if profile == DEFAULT_PROFILE:
        return top
    import difflib  # noqa: PLC0415  # start-up: only for a mistake

    near = difflib.get_close_matches(profile, profiles, n=1)
    known = ", ".join(sorted([*profiles, DEFAULT_PROFILE]))
    raise ConfigError(
        f"{path} has no profile {profile}; it has {known}.",
        changed=UNTOUCHED,
        next_step=f"Did you mean --profile {near[0]}?" if near else f"Add [profiles.{profile}] to it, or name another.",
    )
