"""Column profiles that come with the program, one TOML file each: published layouts as data (files.md#profiles)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def shipped_names() -> tuple[str, ...]:
    """Every profile that comes with the program, by name."""
    found = (entry.name.removesuffix(".toml") for entry in resources.files(__name__).iterdir())
    return tuple(sorted(name for name in found if not name.startswith("__")))


def is_shipped(name: str) -> bool:
    """A profile of that name comes with the program."""
    return name in shipped_names()


def shipped_profile(name: str) -> dict[str, Any]:
    """The keys of a profile, as `[usage.NAME]` of the settings would have them."""
    return tomllib.loads((resources.files(__name__) / f"{name}.toml").read_text(encoding="utf-8"))
