"""The state of one profile in the domain's words; it fits the engine's `Store` protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from cwtui.domain.errors import ConfigError, StateError
from cwtui.domain.ids import SubscriptionId, TaskId
from cwtui.domain.mappings import Mapping, MappingKey, Mappings
from cwtui.domain.plans import PlanEdits
from cwtui.domain.records import OthersChange
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.store import groups, schema
from cwtui.store.author import Author, this_author
from cwtui.store.documents import Documents
from cwtui.store.ledger import LedgerTables
from cwtui.store.log import Leases, Op, Record
from cwtui.store.marketplace import MarketplaceTables
from cwtui.store.opening import open_documents
from cwtui.store.repository import Repository
from cwtui.store.schema import json_field
from cwtui.store.table import encode
from cwtui.store.work import WorkTables

ANYTHING: Final = -1
"""In place of a ConnectWise id: whatever it was."""
NO_EDITS: Final = PlanEdits(TaskId(""), "")
"""In place of edits: whatever they were."""
_KEPT = 2048
"""Tasks kept as values: a run asks for the same ones again and again."""


class State(LedgerTables, MarketplaceTables, WorkTables):
    """Everything cwtui remembers, in memory and journalled: durable when a `save_…` returns, or its `batch()` ends.

    Values are made from documents when they are asked for, so opening costs nothing for what is not looked at.
    """

    def __init__(self, documents: Documents) -> None:
        LedgerTables.__init__(self, documents)
        MarketplaceTables.__init__(self, documents)
        WorkTables.__init__(self, documents)
        documents.before_fold = self._unneeded
        documents.moving.append(self._moved)
        documents.reloaded.append(self._reloaded)
        self._tasks = Repository(
            documents,
            schema.TASKS,
            kept=_KEPT,
            subscription=groups.subscription_of_task,
            openness=groups.openness,
        )
        self._mapping_rows = Repository(documents, schema.MAPPINGS)
        self._edits = Repository(documents, schema.EDITS)
        self._mappings: Mappings | None = None
        self._mapping_moves = 0

    @property
    def path(self) -> Path:
        """The state file; of a state in a database, nothing that exists."""
        return Path(self.documents.name)

    @property
    def is_read_only(self) -> bool:
        """This user may not write the state, or did not want to."""
        return self.documents.is_read_only

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Collect the saves of a block into one durable append."""
        try:
            with self.documents.batch():
                yield
        except StateError:
            self._mappings = None  # what was not saved is taken back
            raise

    def change(self, work: Callable[[], None], *, about: TaskId) -> None:
        """Do what saves something of one task, in one durable append; see `Documents.change`."""
        self.documents.change(work, about=[encode(about)])

    def catch_up(self) -> bool:
        """Take over what other processes changed; True where there was something."""
        return self.documents.catch_up()

    @property
    def leases(self) -> Leases:
        """Who works on what."""
        return self.documents.leases

    @property
    def notices(self) -> Sequence[str]:
        """What the operator should know of the state's files, in sentences."""
        return self.documents.notices

    def _moved(self, record: Record, table: str, key: str, old: bytes | None, new: bytes | None) -> None:
        """Another process changed a row."""
        self._hear_of_write(record, table, new or old)
        if table == self._mapping_rows.name:
            self._mapping_moves += 1
        if table == self._mapping_rows.name and self._mappings is not None:
            if new is not None:
                self._mappings.put(self._mapping_rows.value(new))
            elif old is not None:
                self._mappings.drop(self._mapping_rows.value(old).key)
        elif new is not None and table in {self._orders.name, self._subscriptions.name}:
            self._recent.add((table, key))

    async def changes(self, every_s: float = 0.25) -> AsyncIterator[OthersChange]:
        """What other processes change from now on, at most so many seconds later; ends with the loop it is asked in.

        Raises:
            StateError: The log is damaged, or was replaced by an earlier one.
        """
        import asyncio  # noqa: PLC0415  # start-up: `tasks list` opens a state and follows nothing

        heard: list[OthersChange] = []

        def hear(record: Record) -> None:
            heard.append(_change_of(record))

        def reloaded() -> None:
            heard.append(OthersChange("", None, {}, is_everything=True))

        self.documents.heard.append(hear)
        self.documents.reloaded.append(reloaded)
        try:
            while True:
                self.documents.catch_up()
                while heard:
                    yield heard.pop(0)
                await asyncio.sleep(every_s)
        finally:
            self.documents.heard.remove(hear)
            self.documents.reloaded.remove(reloaded)

    def _reloaded(self) -> None:
        self._mappings = None
        self._mapping_moves += 1

    def warming(self) -> Iterator[None]:
        """Do a little at a time what the first plan would have to wait for in a large state."""
        for repository in (self._tasks, self._mapping_rows, self._links):
            yield from repository.warming()
        mappings, moves = Mappings(follows=True), self._mapping_moves
        for mapping in self._mapping_rows.all() if self._mappings is None else ():
            mappings.put(mapping)
            yield
        if self._mappings is None and moves == self._mapping_moves:  # nobody asked for them, nor changed them
            self._mappings = mappings

    def grouped(self) -> AbstractContextManager[None]:
        """Within this block saves share their flushes; who depends on one waits for `flushed`."""
        return self.documents.grouped()

    async def flushed(self) -> None:
        """Wait until everything saved so far is on the disk."""
        await self.documents.flushed()

    def fold(self) -> None:
        """Fold the journal into the file now."""
        self.documents.fold()

    @property
    def position(self) -> int:
        """How far this process knows the log: grows with everything that is noted, by anybody."""
        return self.documents.seq

    def close(self) -> None:
        """Fold the journal into the file and let the lock go."""
        self.documents.close()

    # tasks

    def task(self, task_id: TaskId) -> Task | None:
        """A task by id."""
        return self._tasks.get(task_id)

    def tasks(self, statuses: Collection[TaskStatus] = ()) -> Iterable[Task]:
        """Every task, or those in these states, in the sequence they were first saved."""
        pieces = [json_field(Task, "status", status) for status in statuses]
        return (task for task in self._tasks.saying(pieces) if not statuses or task.status in statuses)

    def open_tasks(self) -> Iterable[Task]:
        """The tasks that are neither synced nor skipped."""
        return self._tasks.group("openness", groups.OPEN)

    def tasks_of(self, subscription_id: SubscriptionId) -> Sequence[Task]:
        """Tasks of one subscription, oldest first (check.md#order-of-tasks)."""
        return sorted(self._tasks.group("subscription", subscription_id), key=groups.age)

    def save_task(self, task: Task, *, was: Task | None = None) -> None:
        """Set one task.

        Args:
            task: As it shall be.
            was: What that was made from, where there was time for somebody else to change it.

        Raises:
            Outdated: Somebody else changed it meanwhile; says who.
        """

        def save() -> None:
            is_others = was is not None and self.documents.is_others(self._tasks.name, task.id)
            if is_others and self._tasks.get(task.id) != was:
                raise self.documents.outdated(f"Task {task.id}", self._tasks.name, task.id)
            self._tasks.save(task)

        self.documents.change(save)

    # mappings, edits

    def mappings(self) -> Mappings:
        """All mappings; a live view, to be changed by `save_mapping` and `drop_mapping` only."""
        if self._mappings is None:
            self._mappings = Mappings(self._mapping_rows.all())
        return self._mappings

    def save_mapping(self, mapping: Mapping, *, was: int | None = ANYTHING) -> None:
        """Set one mapping.

        Args:
            mapping: As it shall be.
            was: What it was when that was decided: a ConnectWise id, or None for unmapped.

        Raises:
            Outdated: Somebody else mapped it meanwhile; says who.
        """
        with self.batch():
            mappings = self.mappings()  # before the row is there: they are read from the rows when first asked for
            if was != ANYTHING and mappings.get(mapping.key) not in {was, mapping.connectwise_id}:
                raise self.documents.outdated(f"The mapping of {mapping.key}", "mappings", str(mapping.key))
            self._mapping_rows.save(mapping)
            mappings.put(mapping)

    def drop_mapping(self, key: MappingKey) -> bool:
        """Forget one mapping; True if there was one."""
        with self.batch():
            mappings = self.mappings()  # before the row goes, alike
            self.documents.commit([self._mapping_rows.drop(str(key))])
            return mappings.drop(key)

    def edits(self, task_id: TaskId) -> PlanEdits | None:
        """The operator's edits of a task's plan."""
        return self._edits.get(task_id)

    def save_edits(self, edits: PlanEdits, *, was: PlanEdits | None = NO_EDITS) -> None:
        """Set the edits of a task's plan.

        Args:
            edits: As they shall be.
            was: What they were when the editing began.

        Raises:
            Outdated: Somebody else edited it meanwhile; says who.
        """
        with self.documents.batch():
            if was is not NO_EDITS and self._edits.get(edits.task_id) != was:
                raise self.documents.outdated(f"The plan of task {edits.task_id}", "edits", edits.task_id)
            self._edits.save(edits)

    def drop_edits(self, task_id: TaskId) -> None:
        """Forget the edits of a task's plan."""
        self.documents.commit([self._edits.drop(task_id)])

    # folding

    def _unneeded(self) -> Iterable[Op]:
        """Drop orders and subscriptions that no open task refers to, except those saved since the last fold."""
        recent, self._recent = self._recent, set()
        if not len(self._orders.table) + len(self._subscriptions.table):
            return []
        tasks = self._tasks.table.rows
        open_rows = [tasks[key] for key in self._tasks.ids_in("openness", groups.OPEN)]
        return groups.unneeded(self._orders.table, self._subscriptions.table, open_rows, recent)


def _change_of(record: Record) -> OthersChange:
    rows: dict[str, set[str]] = {}
    for table, change in record.ops:
        rows.setdefault(table, set()).add(change if isinstance(change, str) else change["id"])
    at = datetime.fromisoformat(record.at) if record.at else None
    return OthersChange(record.who, at, {table: frozenset(ids) for table, ids in rows.items()})


def open_state(
    path: Path,
    *,
    read_only: bool = False,
    read_only_ok: bool = False,
    author: Author | None = None,
    group: str | None = None,
) -> State:
    """Open the state of one profile, or begin a new one; see `open_documents`."""
    return State(open_documents(path, read_only=read_only, read_only_ok=read_only_ok, author=author, group=group))


def open_database(address: str, profile: str, *, read_only_ok: bool = False, author: Author | None = None) -> State:
    """Open the state of one profile in PostgreSQL, or begin a new one.

    Args:
        address: `postgresql://user@host/database`, without a password.
        profile: Which of the states there.
        read_only_ok: Nothing is to be written, so closing does not fold what others wrote.
        author: Who signs what is written; the person at this process, if not given.

    Raises:
        ConfigError: The address is none, or the extra is not installed.
        StateError: The server cannot be used, or holds what a newer cwtui wrote.
    """
    try:
        from cwtui.store.postgres import checked_address  # noqa: PLC0415  # an extra of its own
        from cwtui.store.postgres_leases import PostgresLeases  # noqa: PLC0415
        from cwtui.store.postgres_log import PostgresLog  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "state.url names a PostgreSQL database, and what speaks to one is not installed.",
            next_step="Install it with: pip install 'cwtui[postgres]'.",
        ) from error
    address = checked_address(address)
    author = this_author() if author is None else author
    log = PostgresLog(address, profile, author)
    try:
        documents = Documents(log, PostgresLeases(address, profile, author, taken=log.look), is_read_only=False)
    except BaseException:
        log.close()
        raise
    documents.only_reads = read_only_ok
    return State(documents)
