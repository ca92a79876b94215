"""How the TinyDB document lies in the file, so that it is read and written without decoding what is not needed.

The file is one JSON object of tables, each an object of documents by number: what TinyDB reads and writes. Within
that, every document stands on a line of its own and begins with its `id`:

    {"cwtui":{"1":{"id":"state","version":3,"folded":4711}}
    ,"tasks":{
    "1":{"id":"1000.2000","kind":"sales_order",…}
    ,"2":{…}
    }
    ,"seal":{"1":{"id":"seal","crc32":…,"tables":{"tasks":[69,9120]}}}}

The seal says where each table lies and that nothing was altered since, so a table is cut into rows only when it is
first asked for, and a document is decoded only when somebody looks. A row stays the bytes it was read as; writing
the file joins rows. A file without a seal (written by plain TinyDB) is parsed as a whole, once; one whose seal does
not fit is damaged, also where it parses.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

import orjson

from cwtui.domain.lazily import dataclass
from cwtui.store.table import Document, Table, encode

VERSION = 3
"""Of the documents' shape; see `migrations`."""
META, SEAL = "cwtui", "seal"
_TINY_DB = b'{"%b": {' % META.encode()
"""How a file begins that plain TinyDB wrote anew: with spaces, which no damage puts everywhere."""
TinyDocument = dict[str, dict[str, Document]]
"""The whole file as TinyDB sees it: table → number → document."""


class NotAState(ValueError):
    """The bytes are no state file: cut off, altered, or something else altogether; the message says which."""


@dataclass(slots=True)
class Content:
    """What a state file holds.

    Attributes:
        version: Of the documents' shape.
        folded: Sequence number of the last journal record that is part of it.
        tables: By name.
    """

    version: int = VERSION
    folded: int = 0
    tables: dict[str, Table] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        """A table by name; an empty one is made where there is none."""
        found = self.tables.get(name)
        return self.tables.setdefault(name, Table()) if found is None else found

    def document(self) -> TinyDocument:
        """All of it, decoded."""
        meta = {"1": {"id": "state", "version": self.version, "folded": self.folded}}
        decoded: TinyDocument = {META: meta}
        for name, table in self.tables.items():
            decoded[name] = orjson.loads(b"{%b}" % bytes(table.section()))
        return decoded


def render(content: Content) -> Iterator[bytes]:
    """The bytes of a state file, a table at a time."""
    meta = {"id": "state", "version": content.version, "folded": content.folded}
    chunk = b'{"%b":{"1":%b}' % (META.encode(), encode(meta))
    checksum, length, places = zlib.crc32(chunk), len(chunk), {}
    yield chunk
    for name, table in content.tables.items():
        head, section = _head(name), table.section()
        for chunk in (head, bytes(section), b"\n}"):
            checksum, length = zlib.crc32(chunk, checksum), length + len(chunk)
            yield chunk
        places[name] = [length - 2 - len(section), length - 2]
    yield _sealed_as(checksum, places)


def parse(data: bytes) -> Content:
    """Read the bytes of a state file.

    Raises:
        NotAState: They are damaged or no state file at all.
    """
    return _parse_sealed(data) or _parse_whole(data)


def _parse_sealed(data: bytes) -> Content | None:
    """The fast way, for bytes exactly as `render` made them; None for others."""
    end = data.rfind(b"\n")
    if not data.startswith(b'{"%b":' % META.encode()) or not data.startswith(b'\n,"%b":' % SEAL.encode(), end):
        return None
    view = memoryview(data)
    try:
        seal = orjson.loads(b"{%b" % data[end + 2 :])[SEAL]["1"]
        if seal["crc32"] != zlib.crc32(view[:end]) or _sealed_as(seal["crc32"], seal["tables"]) != data[end:]:
            return None
        head = data[: data.index(b"\n")]
        if not _lie_there(seal["tables"], view[:end], len(head)):
            return None
        meta = orjson.loads(head + b"}")[META]["1"]
        tables = {str(name): Table(view[first:last]) for name, (first, last) in seal["tables"].items()}
        return Content(meta["version"], meta["folded"], tables)
    except (ValueError, KeyError, TypeError):
        return None


def _sealed_as(checksum: int, places: Mapping[str, object]) -> bytes:
    seal = {"id": "seal", "crc32": checksum, "tables": places}
    return b'\n,"%b":{"1":%b}}' % (SEAL.encode(), encode(seal))


def _lie_there(places: Mapping[str, tuple[int, int]], data: memoryview, at: int) -> bool:
    """The tables stand where the seal says, by those names, and nothing else does: the seal itself has no checksum."""
    for name, (first, last) in places.items():
        head = _head(name)
        if (
            first != at + len(head)
            or last < first
            or bytes(data[at:first]) != head
            or bytes(data[last : last + 2]) != b"\n}"
        ):
            return False
        at = last + 2
    return at == len(data)


def _head(name: str) -> bytes:
    return b"\n,%b:{\n" % encode(name)


def _parse_whole(data: bytes) -> Content:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise NotAState(f"it is cut off or altered ({error})") from error
    content = content_of(document)
    if _is_sealed(document) and not data.startswith(_TINY_DB) and content.version <= VERSION:
        raise NotAState(
            "its seal does not fit: something in it was altered since cwtui wrote it (whoever altered it on purpose"
            f" takes the table {SEAL!r} out of it)"
        )
    return content


def _is_sealed(document: object) -> bool:
    """It was written by cwtui: it has a seal, perhaps under an altered name."""
    tables = document.items() if isinstance(document, dict) else ()
    for name, table in tables:
        rows = table.values() if isinstance(table, dict) else ()
        if name == SEAL or any(isinstance(row, dict) and row.get("id") == SEAL and "crc32" in row for row in rows):
            return True
    return False


def content_of(document: object) -> Content:
    """A state from a decoded TinyDB document.

    Raises:
        NotAState: The document has not the shape of one.
    """
    if not isinstance(document, dict) or not all(isinstance(table, dict) for table in document.values()):
        raise NotAState("it is not a document of tables")
    version, folded = _meta(document.get(META))
    tables = {}
    for name, documents in document.items():
        if name in {META, SEAL}:
            continue
        try:
            tables[name] = Table.of(documents)
        except ValueError as error:
            raise NotAState(f"in its table {name}, {error}") from error
    return Content(version, folded, tables)


def _meta(table: Mapping[str, Any] | None) -> tuple[int, int]:
    documents = list(table.values()) if table else []
    meta = documents[0] if len(documents) == 1 and isinstance(documents[0], dict) else {}
    version, folded = meta.get("version"), meta.get("folded")
    if type(version) is not int or type(folded) is not int:
        raise NotAState("it names no version of cwtui's state")
    return version, folded
