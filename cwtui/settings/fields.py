"""The types of settings: how a text of a file or of the environment becomes a value, and what each allows in words."""

from __future__ import annotations

import re
from datetime import time, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from cwtui.domain.plain_text import plain_text
from cwtui.durations import parse_duration
from cwtui.settings.urls import checked_url, sendable

_LIST_SEPARATOR = re.compile(r"[\s,]+")
_IN_NO_ID = re.compile(r"[\x00-\x1f\x7f\"<>{}|\\^`]")
_LONGEST_ID = 200
_URL_SEPARATOR = re.compile(r"\s+|,\s*(?=[A-Za-z][A-Za-z0-9+]*://)")


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def time_of_day(value: object) -> object:
    """A time of day written as `06:00`; an empty text is none."""
    if not isinstance(value, str):
        return value
    if value == "":
        return None
    if not re.fullmatch(r"[0-2][0-9]:[0-5][0-9]", value, re.ASCII) or value >= "24:00":
        raise ValueError(f"{value!r} is not a time of day: write it as 06:00")
    return time.fromisoformat(value)


def listed(value: object) -> object:
    """A text of the environment as a list: parted by spaces and commas."""
    return [part for part in _LIST_SEPARATOR.split(value) if part] if isinstance(value, str) else value


def _listed_urls(value: object) -> object:
    return [part for part in _URL_SEPARATOR.split(value.strip()) if part] if isinstance(value, str) else value


def _pattern(value: object) -> object:
    if isinstance(value, str):
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"{value!r} is not a pattern ({error})") from error
    return value


def none_if_off(value: object) -> object:
    """`off` and an empty text mean that there is no limit."""
    return None if value in ("", "off") else value


def _customer_ids(ids: tuple[str, ...]) -> tuple[str, ...]:
    """A vendor's account, `vendor:account`, is a customer too."""
    for name in ids:
        if "://" in name or _IN_NO_ID.search(name) or not name.strip() or len(name) > _LONGEST_ID:
            raise ValueError(f"{plain_text(name, 60)!r} cannot be the id of a customer")
    return ids


Url = Annotated[str, BeforeValidator(checked_url)]
Sendable = Annotated[str, BeforeValidator(sendable)]
SendableSecret = Annotated[SecretStr, BeforeValidator(sendable)]
# strict: a bare number would be read as seconds, and nobody could tell from the file
Period = Annotated[timedelta, BeforeValidator(_duration), Field(strict=True)]
Pattern = Annotated[str, BeforeValidator(_pattern)]
Texts = Annotated[tuple[str, ...], BeforeValidator(listed)]
CustomerIds = Annotated[tuple[str, ...], BeforeValidator(listed), AfterValidator(_customer_ids)]
SecretTexts = Annotated[tuple[SecretStr, ...], BeforeValidator(_listed_urls)]
NO_SECRET = SecretStr("")
TEXT_FORM = "a text"
PATTERN_FORM = (
    "a regular expression, in single quotes; empty fits nothing of unsupported and one-time, all of recurring"
)
BOOL_FORM = "true or false"
URL_FORM = "an https:// address (plain http:// for this machine only), without user name, query and fragment"
LIST_FORM = 'a list of texts, ["a", "b"]; in the environment one text, a,b'


class Auth(StrEnum):
    """How the marketplace is signed in to (settings.md#sign-in)."""

    BASIC = "basic"
    OAUTH = "oauth"


class MapAuto(StrEnum):
    """Whether `--auto` maps on one unique exact match (mapping.md#automatic-mapping)."""

    OFF = "off"
    EXACT = "exact"


class NotifyOn(StrEnum):
    """What a notification may be about (settings.md#notifications)."""

    ERRORS = "errors"
    ACTION_NEEDED = "action_needed"
    CREATED = "created"
    SYNCED = "synced"


class Section(BaseModel):
    """One section of the settings."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        str_strip_whitespace=True,
        coerce_numbers_to_str=True,  # `company_id = 4711` is the text 4711
        allow_inf_nan=False,
        defer_build=True,  # once, with all of them
    )
