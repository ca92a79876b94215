"""In the place of a service without credentials: says so when it is asked, not before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Never


class Unconfigured:
    """Any question raises the `ConfigError` that names what is missing."""

    def __init__(self, complain: Callable[[], None]) -> None:
        self._complain = complain

    def __getattr__(self, name: str) -> Never:
        """Raise what is missing; `AttributeError` for a name no service has, so that introspection works."""
        if name.startswith("__"):
            raise AttributeError(name)
        self._complain()
        raise AssertionError("both services are configured")
