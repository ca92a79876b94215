"""Stands in for a service without credentials, and reports that only when it is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Never


class Unconfigured:
    """Every call raises the `ConfigError` that names what is missing."""

    def __init__(self, complain: Callable[[], None]) -> None:
        self._complain = complain

    def __getattr__(self, name: str) -> Never:
        """Raise what is missing; `AttributeError` for a name no service has, so that introspection works."""
        if name.startswith("__"):
            raise AttributeError(name)
        self._complain()
        raise AssertionError("both services are configured")
