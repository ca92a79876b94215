"""Settings from environment, file and keyring, in this order, each value with its source.

Rule: settings.md#where-settings-come-from.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from cwtui.domain.errors import ConfigError
from cwtui.domain.lazily import dataclass
from cwtui.locations import checked_profile, config_path
from cwtui.options import DEFAULT_PROFILE
from cwtui.settings.fields import Auth
from cwtui.settings.file import PROFILES, UNTOUCHED, TomlTable, profile_table, read_file
from cwtui.settings.keyring_secrets import read_secret, service_name
from cwtui.settings.model import (
    ALLOWED,
    ENV_DELIMITER,
    ENV_PREFIX,
    HALF_SHOWN_KEYS,
    SECRET_KEYS,
    SECTIONS,
    Origin,
    Settings,
    environment_name,
)

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_SECTIONS = tuple(SECTIONS)
_MOST_NAMED = 5


def load_settings(config: Path | None = None, profile: str = DEFAULT_PROFILE) -> Settings:
    """Read the settings of one profile.

    Args:
        config: The settings file, which must then exist; None for the platform's place, where it may be missing.
        profile: `[profiles.NAME]`, or `default` for the file's top level.

    Returns:
        Settings that may still lack credentials: see `Settings.missing` and `require_connections`.

    Raises:
        ConfigError: For an unreadable or unsafe file, a wrong key, or a wrong value.
    """
    path = config_path(config)
    document = read_file(path, required=config is not None)
    table = {} if document is None else profile_table(document, checked_profile(profile), path)
    return settings_from(table, path=path, profile=profile, exists=document is not None)


def profile_names(config: Path | None = None) -> tuple[str, ...]:
    """Every profile of the settings file: `default` where its top level says something, then the others by name.

    Raises:
        ConfigError: The file is missing, or wrong.
    """
    path = config_path(config)
    document = read_file(path, required=True) or {}
    tables = document.get(PROFILES, {})
    named = sorted(checked_profile(name) for name in tables) if isinstance(tables, dict) else []
    has_top = any(name != PROFILES for name in document)
    return (*([DEFAULT_PROFILE] if has_top and DEFAULT_PROFILE not in named else []), *named)


def settings_from(table: TomlTable, *, path: Path, profile: str, exists: bool = True) -> Settings:
    """Lay the environment over a profile's table, and the keyring under it."""
    layers = [
        _Layer(_from_environment(), "environment {name}"),
        _Layer(table, f"file {path}" + ("" if profile == DEFAULT_PROFILE else f" [profiles.{profile}]")),
    ]
    kept, failure = _from_keyring(profile, layers)
    layers.append(_Layer(kept, f"keyring {service_name(profile)}"))
    sources = {key: layer.source(key) for layer in reversed(layers) for key in layer.dotted()}
    for key, source in sources.items():
        if key.split(".")[0] not in _SECTIONS:  # before pydantic sees them: it has keywords of its own
            raise _unknown_key(key, source.removeprefix("file "))
    merged: dict[str, Any] = {}
    for layer in reversed(layers):
        merged = _laid_over(merged, layer.values)
    settings = _validated(merged, sources, path)
    settings.remember(Origin(profile, path, exists, sources, failure))
    return settings


def _validated(merged: Mapping[str, Any], sources: Mapping[str, str], path: Path) -> Settings:
    """Check section by section: what reads one that nobody filled in is not built, which takes as long as a request."""
    sections: dict[str, Any] = {}
    wrong: list[ErrorDetails] = []
    for name, model in SECTIONS.items():
        try:
            sections[name] = model.model_validate(merged[name]) if name in merged else model.model_construct()
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=True)
            wrong.extend({**detail, "loc": (name, *detail["loc"])} for detail in found)
    if wrong:
        raise _as_config_error(wrong, sources, path)
    return Settings.model_construct(**sections)


@dataclass(frozen=True, slots=True)
class _Layer:
    values: TomlTable
    name: str

    def dotted(self) -> Iterator[str]:
        for section, value in self.values.items():
            if isinstance(value, dict) and value:
                yield from (f"{section}.{name}" for name in value)
            else:
                yield section

    def source(self, key: str) -> str:
        return self.name.format(name=environment_name(key)) if "{name}" in self.name else self.name


def _laid_over(below: TomlTable, above: TomlTable) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name, {})
        if not isinstance(value, dict):
            merged[name] = value
        elif isinstance(old, dict):  # else it is wrong, and is told
            merged[name] = _laid_over(old, value)
    return merged


def _from_environment() -> TomlTable:
    for name in sorted(os.environ):
        section, delimiter, _ = name.upper().removeprefix(ENV_PREFIX).partition(ENV_DELIMITER)
        if name.upper().startswith(ENV_PREFIX) and delimiter and section.lower() not in _SECTIONS:
            raise _unknown_key(section.lower() + "." + name.upper().partition(ENV_DELIMITER)[2].lower(), name)
    found: dict[str, Any] = {}
    for name, value in sorted(os.environ.items(), reverse=True):  # CWTUI_SYNC__EVERY before CWTUI_SYNC
        *path, last = name.upper().removeprefix(ENV_PREFIX).lower().split(ENV_DELIMITER)
        if not name.upper().startswith(ENV_PREFIX) or not value or (path or [last])[0] not in _SECTIONS:
            continue
        table = found
        for part in path:
            table = table.setdefault(part, {})
        table.setdefault(last, value)
    return found


def _from_keyring(profile: str, layers: list[_Layer]) -> tuple[TomlTable, str]:
    """Secrets that no other source gives, of sections in use: a newcomer need not unlock a keyring."""
    given = {key for layer in layers for key in layer.dotted()}
    begun = {section for layer in layers for section in layer.values}
    found: dict[str, dict[str, str]] = {}
    failure = ""
    for key in sorted(SECRET_KEYS - given - {_unused_secret(layers)}):
        section, name = key.split(".")
        if section not in begun or failure:
            continue
        secret, failure = read_secret(profile, key)
        if secret:
            found.setdefault(section, {})[name] = secret
    return found, failure


def _unused_secret(layers: list[_Layer]) -> str:
    """The secret of the sign-in method that is not used."""
    sections = [section for layer in layers if isinstance(section := layer.values.get("marketplace"), dict)]
    auth = next((section["auth"] for section in sections if "auth" in section), Auth.BASIC)
    return "marketplace.password" if auth == Auth.OAUTH else "marketplace.client_secret"


def _as_config_error(details: Sequence[ErrorDetails], sources: Mapping[str, str], path: Path) -> ConfigError:
    for detail in details:
        key = ".".join(str(part) for part in detail["loc"][:2])
        if detail["type"] == "extra_forbidden" and key not in ALLOWED:
            return _unknown_key(key, _where(key, sources, path))
    wrong = list(dict.fromkeys(_wrong_value(detail, sources, path) for detail in details))
    happened = "; ".join(wrong[:_MOST_NAMED])
    allowed = dict.fromkeys(".".join(str(part) for part in detail["loc"][:2]) for detail in details)
    return ConfigError(
        f"{happened}.",
        changed=UNTOUCHED,
        next_step="Allowed: " + "; ".join(f"{key}: {_allowed(key)}" for key in list(allowed)[:_MOST_NAMED]) + ".",
    )


def _allowed(key: str) -> str:
    return ALLOWED.get(key, f"a table, [{key}]")


def _wrong_value(detail: ErrorDetails, sources: Mapping[str, str], path: Path) -> str:
    key = ".".join(str(part) for part in detail["loc"][:2])
    where = _where(key, sources, path)
    if detail["type"] == "value_error" and "ctx" in detail:
        return f"{key} in {where} is wrong: {detail['ctx']['error']}"
    printable = key in ALLOWED and key not in SECRET_KEYS | HALF_SHOWN_KEYS and isinstance(detail["input"], str | int)
    shown = repr(detail["input"]) if printable else "its value"
    return f"{key} in {where} is wrong: {shown} is not allowed"


def _where(key: str, sources: Mapping[str, str], path: Path) -> str:
    source = sources.get(key) or sources.get(key.split(".")[0]) or str(path)
    return source.removeprefix("file ")


def _unknown_key(key: str, where: str) -> ConfigError:
    near = nearest_key(key)
    in_environment = ENV_PREFIX in where.upper()
    meant = environment_name(near) if in_environment else near
    return ConfigError(
        f"There is no setting {key} ({where}).",
        changed=UNTOUCHED,
        next_step=f"Did you mean {meant}?" if near else f"Known keys: {', '.join(ALLOWED)}.",
    )


def nearest_key(key: str) -> str:
    """The key that was probably meant, or an empty text."""
    import difflib  # noqa: PLC0415  # start-up: only for a mistake

    by_whole = difflib.get_close_matches(key, list(ALLOWED), n=1, cutoff=0.75)
    if by_whole:
        return by_whole[0]
    by_name = {known.split(".")[1]: known for known in reversed(list(ALLOWED))}
    found = difflib.get_close_matches(key.rsplit(".", 1)[-1], list(by_name), n=1)
    if found:
        return by_name[found[0]]
    in_section = difflib.get_close_matches(key.split(".")[0], _SECTIONS, n=1)
    return next((known for known in ALLOWED if in_section and known.startswith(in_section[0])), "")
