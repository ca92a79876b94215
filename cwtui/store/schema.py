"""How records lie in the state: the dataclasses of `domain/` say it, field by field; nothing here spells them again.

A document begins with the `id` of its row. The record's fields follow under their own names: enumerations by value,
numbers as exact text, days and moments in ISO form. A field with a default may be missing from an older document.
A new field of a record, or a new table, is one line where it is declared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import is_dataclass, replace
from enum import Enum
from functools import cached_property
from inspect import get_annotations
from operator import attrgetter
from types import UnionType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson

from cwtui.domain.check_records import Beginning, History, LastComparison, ReadSoFar, TaskDifferences, Unread
from cwtui.domain.counts import ContactDue, LastReport, TaskCounts
from cwtui.domain.ledger import Doubt, Doubtful, ImportIntent, Lost, Owed, TakenBack
from cwtui.domain.mappings import Link, Mapping
from cwtui.domain.marketplace import Customer, Order, Product, Subscription
from cwtui.domain.plans import Change, Edit, Plan, PlanEdits
from cwtui.domain.psa import AdditionValues
from cwtui.domain.records import AuditRow, ConfirmedChange, Cursor, Fact, Intent, RecordWrite, Snapshot, Told
from cwtui.domain.repair_values import TaskRepair
from cwtui.domain.tasks import Task
from cwtui.store.table import Records, encode

if TYPE_CHECKING:
    import msgspec

Kept = TypeVar("Kept")
_ID = b'{"id":"'


class Schema(Generic[Kept]):
    """The records of one table.

    Attributes:
        name: Of the table.
        of: The records' dataclass.
    """

    def __init__(
        self,
        name: str,
        of: type[Kept],
        key: Callable[[Kept], object],
        *,
        finish: Callable[[Kept], Kept] | None = None,
    ) -> None:
        """Describe a table.

        Args:
            name: Of the table.
            of: The records' dataclass.
            key: Names a record within its table.
            finish: Makes of what a document says of itself what the record holds, where the types do not say it all.
        """
        self.name, self.of, self._key, self._finish = name, of, key, finish

    @cached_property
    def records(self) -> Records:
        """The fields that hold a record; what a document has under any other is replaced as a whole."""
        return _records_in(self.of)

    @cached_property
    def _decoder(self) -> msgspec.json.Decoder[Kept]:
        from msgspec.json import Decoder  # noqa: PLC0415  # a list of tasks needs none

        return Decoder(self.of)

    def key(self, record: Kept) -> str:
        """The id of a record's row."""
        return str(self._key(record))

    def encode(self, record: Kept, key: str | None = None) -> bytes:
        """The document of a record, under another id if one is given."""
        data = encode(record)
        if data.startswith(_ID):  # its own name is the row's
            return data if key is None else encode({**orjson.loads(data), "id": key})
        return b'{"id":%b,%b' % (encode(self.key(record) if key is None else key), data[1:])

    def decode(self, document: bytes) -> Kept:
        """The record of a document.

        Raises:
            ValueError: A field is missing, or holds what it cannot.
        """
        record = self._decoder.decode(document)
        return record if self._finish is None else self._finish(record)


def _records_in(of: type[Any]) -> Records:
    found = {}
    for name, hint in get_type_hints(of).items():
        for kind in get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,):
            if is_dataclass(kind) and isinstance(kind, type):
                found[name] = _records_in(kind)
    return found


def json_field(of: type[Any], field: str, value: Enum | str | int | None = None) -> bytes:
    """How a document says a field: up to its value, or the whole of it.

    A quote inside a JSON text is escaped, so what begins with one is always a key of the document.
    """
    if field not in get_annotations(of):
        raise LookupError(f"{of.__name__} has no {field}")
    return b'"%b":%b' % (field.encode(), b"" if value is None else encode(value))


def _edits(record: PlanEdits) -> PlanEdits:
    """Edits whose values have the types of the fields they stand for."""
    return replace(record, edits=tuple(map(_edit, record.edits)))


def _edit(edit: Edit) -> Edit:
    from msgspec import convert  # noqa: PLC0415  # loaded by now

    kinds = get_type_hints(AdditionValues)
    return replace(edit, values={name: convert(value, kinds.get(name, Any)) for name, value in edit.values.items()})


def _settled(change: Change) -> Change:
    return replace(change, arithmetic=tuple(change.arithmetic))


def _plan(plan: Plan) -> Plan:
    return replace(plan, changes=tuple(map(_settled, plan.changes)))


def _intent(intent: Intent) -> Intent:
    return replace(intent, change=_settled(intent.change))


TASKS = Schema("tasks", Task, attrgetter("id"))
LINKS = Schema("links", Link, attrgetter("addition_id"))
ORDERS = Schema("orders", Order, attrgetter("id"))
SUBSCRIPTIONS = Schema("subscriptions", Subscription, attrgetter("id"))
CUSTOMERS = Schema("customers", Customer, attrgetter("id"))
PRODUCTS = Schema("products", Product, attrgetter("id"))
MAPPINGS = Schema("mappings", Mapping, attrgetter("key"))
SNAPSHOTS = Schema("snapshots", Snapshot, attrgetter("task_id"))
PLANS = Schema("plans", Plan, attrgetter("task_id"), finish=_plan)
EDITS = Schema("edits", PlanEdits, attrgetter("task_id"), finish=_edits)
CURSOR = Schema("cursor", Cursor, lambda _: "cursor")
INTENTS = Schema("intents", Intent, attrgetter("seq"), finish=_intent)
AUDIT = Schema("audit", AuditRow, attrgetter("seq"))
WRITES = Schema("writes", RecordWrite, attrgetter("seq"))
DONE = Schema("done", ConfirmedChange, lambda done: f"{len(done.task_id)}:{done.task_id}:{done.key}")
DOUBTS = Schema("doubts", Doubt, attrgetter("seq"))
DOUBTFUL = Schema("doubtful", Doubtful, attrgetter("seq"))
LOST = Schema("lost", Lost, attrgetter("seq"))
TAKEN_BACK = Schema("taken_back", TakenBack, attrgetter("task_id"))
OWED = Schema("owed", Owed, lambda owed: f"{owed.seq}:{owed.task_id}")
IMPORTS = Schema("imports", ImportIntent, attrgetter("company_id"))
REPAIRS = Schema("repairs", TaskRepair, attrgetter("task_id"))
DIFFERENCES = Schema("differences", TaskDifferences, attrgetter("task_id"))
COUNTS = Schema("counts", TaskCounts, attrgetter("task_id"))
LAST_REPORTS = Schema("last_reports", LastReport, attrgetter("layout"))
CONTACTS_DUE = Schema("contacts_due", ContactDue, attrgetter("account"))
FACTS = Schema("facts", Fact, attrgetter("name"))

HISTORY = Schema("history", History, lambda _: "history")
BEGINNING = Schema("beginning", Beginning, lambda _: "beginning")
READ_SO_FAR = Schema("read_so_far", ReadSoFar, lambda _: "read_so_far")
COMPARISON = Schema("comparison", LastComparison, lambda _: "comparison")
UNREAD = Schema("unread", Unread, lambda _: "unread")
TOLD = Schema("told", Told, lambda _: "told")
NOTES: tuple[Schema[Any], ...] = (HISTORY, BEGINNING, READ_SO_FAR, COMPARISON, UNREAD, TOLD)
"""Of each there is one; its id is the table's name."""
