"""Every write of a record that is no addition goes into the audit too (commands.md#audit).

Companies, contacts, catalog items, setup tables and the like have natural keys and need no plan, so they are created
and changed where they are needed. `RecordedMarketplace` and `RecordedPsa` stand in front of the services: they note
each such write on the disk before it is sent, and its answer after. A create without an answer stays `unknown` until
its record is seen in a list.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import field, fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import TypeVar

from cwtui.domain.errors import OutcomeUnknown, ServiceError
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Operation, Outcome
from cwtui.domain.management import CrossReference, ManageId, ManagementSolution
from cwtui.domain.marketplace import Customer
from cwtui.domain.money import plain
from cwtui.domain.psa import CatalogItem, Company, Contact, NewContact, TableEntry
from cwtui.domain.records import RecordWrite
from cwtui.engine.protocols import Clock, Store
from cwtui.engine.workspace import CurrentRun

Value = TypeVar("Value")
_ENDED = "the program ended before an answer came"
_PSA = "PSA"
MARKETPLACE = "marketplace"


@dataclass(slots=True)
class RecordLog:
    """Notes every write of a record.

    Attributes:
        run: The run that writes belong to.
        who: The operator.
    """

    store: Store
    clock: Clock
    run: CurrentRun
    who: str
    _open: dict[tuple[str, str], RecordWrite] | None = field(default=None)

    async def create(
        self, record: str, name: str, intended: object, send: Callable[[], Awaitable[Value]], service: str = _PSA
    ) -> Value:
        """Note a create, send it, and note how it ended. The caller looked for the record before sending it again."""
        earlier = self._waiting().pop((record, name.casefold()), None)
        if earlier is not None:
            reason = "it was not there when it was looked for, and is sent again"
            self._ended(earlier, Outcome.FAILED, reason)
        row = self._begin(Operation.CREATE, service, record, name, None, intended)
        return await self._sent(row, send)

    async def update(
        self, record: str, name: str, before: object, after: object, send: Callable[[], Awaitable[Value]]
    ) -> Value:
        """Note a change, send it, and note how it ended."""
        row = self._begin(Operation.UPDATE, _PSA, record, name, before, after)
        return await self._sent(row, send)

    def seen(self, record: str, values: Iterable[object]) -> None:
        """Hear records of a list: a create of unknown outcome whose record is among them was done."""
        waiting = {} if self.store.is_read_only else self._waiting()
        if not any(kind == record for kind, _ in waiting):
            return
        for value in values:
            row = waiting.pop((record, name_of(value).casefold()), None)
            if row is not None:
                self.store.save_record_write(
                    replace(row, outcome=Outcome.ADOPTED, reason="", record_id=_id_of(value), after=values_of(value))
                )

    def _waiting(self) -> dict[tuple[str, str], RecordWrite]:
        if self._open is None:
            rows = [row for row in self.store.record_writes() if row.outcome is Outcome.UNKNOWN]
            self._open = {(row.record, row.name.casefold()): row for row in rows if row.operation is Operation.CREATE}
        return self._open

    def _begin(
        self, operation: Operation, service: str, record: str, name: str, before: object, after: object
    ) -> RecordWrite:
        row = RecordWrite(
            seq=0,
            at=self.clock.now(),
            run_id=self.run.id,
            who=self.who,
            operation=operation,
            service=service,
            record=record,
            record_id=_id_of(before),
            name=name,
            before=values_of(before),
            after=values_of(after),
            outcome=Outcome.UNKNOWN,
            reason=_ENDED,
        )
        row = self.store.save_record_write(row)
        if operation is Operation.CREATE:
            self._waiting()[record, name.casefold()] = row
        return row

    async def _sent(self, row: RecordWrite, send: Callable[[], Awaitable[Value]]) -> Value:
        try:
            held = await send()
        except OutcomeUnknown as error:
            self._waiting()[row.record, row.name.casefold()] = self._ended(row, Outcome.UNKNOWN, error.happened)
            raise
        except ServiceError as error:
            self._waiting().pop((row.record, row.name.casefold()), None)
            self._ended(row, Outcome.FAILED, error.happened)
            raise
        self._waiting().pop((row.record, row.name.casefold()), None)
        self.store.save_record_write(
            replace(
                row,
                outcome=Outcome.CONFIRMED,
                reason="",
                record_id=_id_of(held) or row.record_id,
                after=values_of(held),
            )
        )
        return held

    def _ended(self, row: RecordWrite, outcome: Outcome, reason: str) -> RecordWrite:
        return self.store.save_record_write(replace(row, outcome=outcome, reason=reason))

    async def pages(self, record: str, pages: AsyncIterator[Sequence[Value]]) -> AsyncIterator[Sequence[Value]]:
        """The pages of a list, each seen."""
        async for page in pages:
            self.seen(record, page)
            yield page


_NATURAL_KEYS: Mapping[type, tuple[str, ...]] = {
    Company: ("identifier",),
    CatalogItem: ("identifier",),
    Customer: ("external_id",),
    ManagementSolution: ("solution_name",),
    CrossReference: ("vendor_type", "vendor_level"),
    ManageId: ("group_identifier",),
    Contact: ("first_name", "last_name"),
    NewContact: ("first_name", "last_name"),
    TableEntry: ("name",),
}


def name_of(value: object) -> str:
    """The natural key that identifies a record."""
    return " ".join(str(getattr(value, name)) for name in _NATURAL_KEYS.get(type(value), ())).strip()


def values_of(value: object) -> Mapping[str, object] | None:
    """A record's values by name, JSON-shaped, amounts as exact text; what is empty is left out."""
    if value is None:
        return None
    if is_dataclass(value):
        named = {one.name: getattr(value, one.name) for one in fields(value)}
    else:
        named = dict(value) if isinstance(value, Mapping) else {"value": value}
    plainly = {name: _plain(inner) for name, inner in named.items()}
    return {name: inner for name, inner in plainly.items() if inner not in (None, "", [], {})}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping) or is_dataclass(value):
        return values_of(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    return value


def _id_of(value: object) -> str:
    found = value.get("id") if isinstance(value, Mapping) else getattr(value, "id", None)
    return "" if found is None else str(found)
