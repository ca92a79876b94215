"""The tables of a state in memory, kept in step with a log that others append to as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cwtui.domain.errors import Outdated, StateError
from cwtui.store.layout import VERSION
from cwtui.store.log import Log, Moved, Record, replaced_by_earlier
from cwtui.store.table import Document, Table, document_of, encode

Moving = Callable[[Record, str, str, bytes | None, bytes | None], None]
"""Told of a row of a table that another process changed: by which record, table, id, the row before and after."""


class Following:
    """All tables of one state as far as they are known here.

    Attributes:
        name: What messages call the state: its path, or its address.
        moving: Told of what others change, row by row; by a record that says nothing where all was read again, of
            which `reloaded` is told then.
        heard: Told of every record of another process, after its rows were taken over.
    """

    def __init__(self, log: Log) -> None:
        self.name = log.name
        self.moving: list[Moving] = []
        self.reloaded: list[Callable[[], None]] = []
        self.heard: list[Callable[[Record], None]] = []
        self._log = log
        self._content, self._stale = log.load()
        self._by: dict[tuple[str, str], Record] = {}
        self._lost: StateError | None = None

    @property
    def seq(self) -> int:
        """Number of the last record of the log that is known here."""
        return self._log.seq

    def table(self, name: str) -> Table:
        """A table by name."""
        return self._content.table(name)

    def task_documents(self) -> Iterable[Document]:
        """Every task as it stands in the file, without making it."""
        return self.table("tasks").documents()

    # what others do

    def catch_up(self) -> bool:
        """Take over what others appended; True where there was something.

        Raises:
            StateError: The log is damaged, or was replaced by an earlier one.
        """
        if self._lost is not None:
            raise self._lost
        try:
            records = self._log.news()
        except Moved:
            self._reload()
            return True
        for record in records:
            if record.version != VERSION:
                self._reload()
                return True
            self._follow(record)
        return bool(records)

    def _follow(self, record: Record) -> None:
        for name, change in record.ops:
            table = self.table(name)
            key = change if isinstance(change, str) else change["id"]
            old = table.drop(key) if isinstance(change, str) else table.put(key, encode(change))
            self._by[name, key] = record
            for told in self.moving:
                told(record, name, key, old, table.rows.get(key))
        for heard in self.heard:
            heard(record)

    def _reload(self) -> None:
        """Read everything again, because the changes are not known record by record."""
        before, seq = self._content, self._log.seq
        content, self._stale = self._log.load()
        if self._log.seq < seq - 1:
            self._lost = replaced_by_earlier(self.name)
            raise self._lost
        self._content = content
        for name in {*before.tables, *content.tables}:
            self._note_changed(name, before.table(name), self.table(name))
        for name, table in before.tables.items():
            self.table(name).take_indices(table)
        for told in self.reloaded:
            told()

    def _note_changed(self, name: str, before: Table, now: Table) -> None:
        """Rows that changed since they were read here, by an unknown author."""
        somebody = Record(self._log.seq, VERSION, ())
        for key in before.rows.keys() | now.rows.keys():
            old, new = before.rows.get(key), now.rows.get(key)
            if old == new or (old is not None and new is not None and document_of(old) == document_of(new)):
                continue
            self._by[name, key] = somebody
            for told in self.moving:
                told(somebody, name, key, old, new)

    def is_others(self, table: str, key: str) -> bool:
        """The last change of a row since this process opened the state is another process's."""
        return (table, key) in self._by

    def outdated(self, what: str, table: str, key: str) -> Outdated:
        """The refusal of a change that is based on what another process changed meanwhile."""
        by = self._by.get((table, key))
        return Outdated(what, who="" if by is None else by.who, at="" if by is None else by.at)
