"""Settings as typed texts: shows them, checks them, and applies changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import Enum
from typing import Any

from pydantic import SecretStr, ValidationError

from cwtui.domain.errors import ConfigError
from cwtui.durations import duration_text
from cwtui.settings.file import UNTOUCHED
from cwtui.settings.model import ALLOWED, HALF_SHOWN_KEYS, SECRET_KEYS, Settings
from cwtui.settings.saving import Value, unknown_address
from cwtui.vendors.profiles import is_shipped

MASK = "••••••••"
"""Stands for a secret that is set."""
_LETTERS_SHOWN = 4
_SWITCHES = {"true": True, "false": False}

_USAGE_NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}")


def text_of(settings: Settings, key: str) -> str:
    """A setting as one would type it; a mask for a secret, the last letters of a half-shown key."""
    value = settings.value(key)
    if key in SECRET_KEYS:
        return MASK if _is_set(value) else ""
    text = _text(value)
    return f"{MASK}{text[-_LETTERS_SHOWN:]}" if text and key in HALF_SHOWN_KEYS else text


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case timedelta():
            return duration_text(value)
        case Enum():
            return str(value.value)
        case frozenset():
            kinds: set[type[Enum]] = {type(part) for part in value}
            return ", ".join(_text(part) for kind in kinds for part in kind if part in value)
        case tuple():
            return ", ".join(map(_text, value))
        case _:
            return "" if value is None else str(value)


def _is_set(value: object) -> bool:
    return bool(value.get_secret_value()) if isinstance(value, SecretStr) else bool(value)


def value_of(key: str, text: str) -> Value:
    """A typed text as the settings file holds it; None takes the setting out."""
    text = text.strip()
    if not text:
        return None
    default = Settings.model_construct().value(key)
    if isinstance(default, bool):
        return _SWITCHES.get(text, text)
    if isinstance(default, tuple | frozenset):
        return _parts(key, text)
    return text


def _parts(key: str, text: str) -> Value:
    """The parts of a list, split as in the environment."""
    section, name = key.split(".")
    try:
        value = getattr(getattr(Settings.model_validate({section: {name: text}}), section), name)
    except ValidationError:
        return text
    parts: Iterable[object] = value
    return [part.get_secret_value() if isinstance(part, SecretStr) else str(part) for part in parts]


def problem_with(key: str, text: str) -> str:
    """What is wrong with a typed text, in words; empty if it is allowed. Never repeats a secret."""
    value = value_of(key, text)
    if value is None:
        return ""
    section, name = key.split(".")
    try:
        Settings.model_validate({section: {name: value}})
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        said = str(detail["ctx"]["error"]) if detail["type"] == "value_error" and "ctx" in detail else "not allowed"
        return f"{said}. Allowed: {ALLOWED[key]}."
    return unknown_address(value) if key == "notify.urls" else ""


def with_changes(settings: Settings, changes: Mapping[str, str]) -> Settings:
    """The settings as they would be with typed texts in their places; an empty text is the default again.

    Raises:
        ConfigError: A text is not allowed.
    """
    merged = _sections(settings)
    for key, text in changes.items():
        if problem := problem_with(key, text):
            raise ConfigError(f"{key} is wrong: {problem}", changed=UNTOUCHED, next_step="Correct it, then try again.")
        section, name = key.split(".")
        value = value_of(key, text)
        if value is None:
            merged[section].pop(name, None)
        else:
            merged[section][name] = value
    return _of_sections(merged, settings)


def with_usage(settings: Settings, name: str, layout: Mapping[str, object]) -> Settings:
    """The settings as they would be with one more column profile.

    Raises:
        ConfigError: The name is taken, or name or layout is not allowed.
    """
    if not _USAGE_NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot be the name of a column profile.",
            changed=UNTOUCHED,
            next_step="Use small letters, digits, '-' and '_', beginning with a letter.",
        )
    if name in settings.usage.layouts or name == "intermedia" or is_shipped(name):
        raise ConfigError(
            f"There is a column profile {name} already.", changed=UNTOUCHED, next_step="Choose another name."
        )
    merged = _sections(settings)
    merged["usage"] = {**merged["usage"], name: dict(layout)}
    try:
        return _of_sections(merged, settings)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        raise ConfigError(
            f"The column profile {name} is wrong: {detail['msg']}.",
            changed=UNTOUCHED,
            next_step="Correct it, then try again.",
        ) from error


def _sections(settings: Settings) -> dict[str, dict[str, Any]]:
    return {section: getattr(settings, section).model_dump() for section in Settings.model_fields}


def _of_sections(sections: Mapping[str, Mapping[str, object]], former: Settings) -> Settings:
    """Settings with these values, from the same place as the former ones."""
    changed = Settings.model_validate(sections)
    changed.remember(former.origin)
    return changed
