"""One operator's preferences on the screen: theme, closed hints, used actions. None affects what is billed."""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Preferences:
    """Kept in a small file beside the settings; a file that is missing or damaged means the defaults.

    Attributes:
        path: Where it is kept; None for this session only.
        theme: The theme's name; empty for the first one.
        hints_closed: The demo's hints were closed for good.
        used: How often each action was started from the palette, by the id of its binding.
    """

    path: Path | None = None
    theme: str = ""
    hints_closed: bool = False
    used: Counter[str] = field(default_factory=Counter)

    @classmethod
    def read(cls, path: Path | None) -> Preferences:
        """Those that were kept."""
        found = cls(path)
        if path is None:
            return found
        document: object = None
        with contextlib.suppress(OSError, ValueError):  # a damaged preference is no reason to ask: take the defaults
            document = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(document, dict):
            found.theme = str(document.get("theme", ""))
            found.hints_closed = document.get("hints_closed") is True
            used = document.get("used")
            for name, times in used.items() if isinstance(used, dict) else ():
                if isinstance(times, int) and times > 0:
                    found.used[str(name)] = times
        return found

    def keep(self) -> str:
        """Keep them for the next start; returns why that failed, or nothing."""
        if self.path is None:
            return ""
        document = {"theme": self.theme, "hints_closed": self.hints_closed, "used": dict(self.used)}
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(json.dumps(document, indent=1), encoding="utf-8")
            new.replace(self.path)
        except OSError as error:
            return f"It is kept for this session only: {self.path} cannot be written ({error.strerror})."
        return ""
