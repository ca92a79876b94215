"""TinyDB on the state file: a storage class for opening a state with TinyDB. A run of cwtui does not use it."""

from __future__ import annotations

import orjson
from tinydb.storages import Storage

from cwtui.store.files import read_bytes, write_atomically
from cwtui.store.layout import SEAL, NotAState, TinyDocument, content_of
from cwtui.store.state_file import StateFile
from cwtui.store.table import encode


class AtomicStorage(StateFile, Storage):
    """A TinyDB storage (`TinyDB(path, storage=AtomicStorage)`) that never leaves half a file.

    TinyDB's own JSON storage writes into the open file, so a kill at the wrong moment leaves the new text followed by
    the rest of the old. This one replaces the file. It reads and writes any document, not states alone.
    """

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
