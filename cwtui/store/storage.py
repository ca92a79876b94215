"""TinyDB on a file that is replaced as a whole: the storage class behind the state file."""

from __future__ import annotations

from pathlib import Path

import orjson
from tinydb.storages import Storage

from cwtui.store.files import read_bytes, write_atomically
from cwtui.store.layout import SEAL, Content, NotAState, TinyDocument, content_of, parse, render
from cwtui.store.table import encode


class AtomicStorage(Storage):
    """A TinyDB storage (`TinyDB(path, storage=AtomicStorage)`) that never leaves half a file.

    TinyDB's own JSON storage writes into the open file, so a kill at the wrong moment leaves the new text followed by
    the rest of the old. This one writes a sibling (mode 0600), syncs it and renames it over the file. The state uses
    `load` and `replace`, which leave documents undecoded; TinyDB uses `read` and `write`, on any document.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.path = Path(path)

    def load(self) -> Content | None:
        """The state file, its documents undecoded; None where there is no file or an empty one.

        Raises:
            NotAState: It is damaged or something else.
            StateError: It cannot be read.
        """
        data = read_bytes(self.path)
        return parse(data) if data else None

    def replace(self, content: Content) -> None:
        """Write the state file.

        Raises:
            StateError: The disk refused; the old file is as it was.
        """
        write_atomically(self.path, render(content))

    def read(self) -> TinyDocument | None:
        """Everything in the file, decoded (TinyDB's protocol)."""
        data = read_bytes(self.path)
        return orjson.loads(data) if data else None

    def write(self, data: TinyDocument) -> None:
        """Write a whole document (TinyDB's protocol), sealed if it is a state."""
        by_text = {name: {str(number): dict(row) for number, row in table.items()} for name, table in data.items()}
        try:
            content = content_of({name: table for name, table in by_text.items() if name != SEAL})
        except NotAState:
            write_atomically(self.path, [encode(by_text)])
        else:
            self.replace(content)
