"""Exit statuses: a promise to schedulers (commands.md#exit-statuses)."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """How a run ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NEEDS_ACTION = 3
