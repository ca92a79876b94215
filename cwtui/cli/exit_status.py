"""Exit statuses: a promise to schedulers (commands.md#exit-statuses)."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """What a run ended as."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NEEDS_ACTION = 3
