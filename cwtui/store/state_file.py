"""The state file: read and replaced as a whole, its documents undecoded."""

from __future__ import annotations

from pathlib import Path

from cwtui.store.files import read_bytes, write_atomically
from cwtui.store.layout import Content, parse, render


class StateFile:
    """A file that is never half written: a sibling (mode 0600) is written, synced and renamed over it."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def load(self) -> Content | None:
        """What is in the file; None where there is no file or an empty one.

        Raises:
            NotAState: It is damaged or something else.
            StateError: It cannot be read.
        """
        data = read_bytes(self.path)
        return parse(data) if data else None

    def replace(self, content: Content) -> None:
        """Write the file.

        Raises:
            StateError: The disk refused; the old file is as it was.
        """
        write_atomically(self.path, render(content))
