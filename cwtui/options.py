"""The global options of the command line, as every shell hands them to the composition root.

Rule: commands.md#global-options.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from cwtui.domain.lazily import dataclass

DEFAULT_PROFILE = "default"
WAIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Options:
    """Which settings, which state, which day.

    Attributes:
        profile: Selects `[profiles.NAME]`; `default` is the file's own top level unless it names a profile so.
        config: The settings file; None for the platform's place.
        state: The state file; None for the platform's place (with `demo`, a throw-away folder).
        as_of: The day that counts as today; None for the UTC date.
        demo: Work on the built-in sandbox instead of the configured services.
        read_only_ok: Open a state that this user may not write for reading, instead of refusing.
        wait_s: How long to wait for another process that works on the same.
    """

    profile: str = DEFAULT_PROFILE
    config: Path | None = None
    state: Path | None = None
    as_of: date | None = None
    demo: bool = False
    read_only_ok: bool = False
    wait_s: float = WAIT_S
