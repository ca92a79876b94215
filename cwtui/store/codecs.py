"""Our own records as documents and back: tasks, mappings, links, edits, intents, audit rows, the cursor.

Every key is always written, so whatever else a document holds is somebody else's and is kept (`State`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cwtui.domain.charges import Charge
from cwtui.domain.ids import (
    AdditionId,
    AgreementId,
    CatalogItemId,
    CustomerId,
    OrderId,
    ProductId,
    SubscriptionId,
    TaskId,
)
from cwtui.domain.mappings import Link, MappingKey, MappingKind
from cwtui.domain.mappings import Mapping as MappingRow
from cwtui.domain.plans import Change, Edit, Operation, PlanEdits, PriceSource
from cwtui.domain.psa import Addition, AdditionValues, BillCustomer
from cwtui.domain.records import AuditRow, Cursor, Intent
from cwtui.domain.tasks import Problem, ProblemCode, Task, TaskKind, TaskStatus
from cwtui.store.marketplace_codecs import (
    day_value,
    moment_document,
    moment_value,
    number_document,
    number_value,
)
from cwtui.store.table import Document


def task_document(task: Task) -> Document:
    """A task in the shape of `tasks list --json` (SPEC 2), with its other fields after it."""
    return {
        "id": task.id,
        "kind": task.kind.value,
        "status": task.status.value,
        "problems": [{"code": p.code.value, "message": p.message, "target": p.target} for p in task.problems],
        "customer": {"id": task.customer_id, "name": task.customer_name},
        "subscription": {"id": task.subscription_id, "name": task.subscription_name},
        "order": {"id": task.order_id, "number": task.order_number, "created": moment_document(task.order_created)},
        "note": task.note,
        "effective": moment_document(task.effective),
        "monthly_effect": number_document(task.monthly_effect),
        "plan_digest": task.plan_digest,
        "confirmed_guard": task.confirmed_guard,
        "synced_at": moment_document(task.synced_at),
    }


def task_value(document: Document) -> Task:
    """The task of a document."""
    customer, subscription, order = document["customer"], document["subscription"], document["order"]
    return Task(
        id=TaskId(document["id"]),
        kind=TaskKind(document["kind"]),
        status=TaskStatus(document["status"]),
        customer_id=CustomerId(customer["id"]),
        customer_name=customer["name"],
        subscription_id=SubscriptionId(subscription["id"]),
        subscription_name=subscription["name"],
        order_id=OrderId(order["id"]),
        order_number=order["number"],
        order_created=moment_value(order["created"]),
        problems=tuple(Problem(ProblemCode(p["code"]), p["message"], p["target"]) for p in document["problems"]),
        note=document["note"],
        effective=day_value(document["effective"]),
        monthly_effect=number_value(document["monthly_effect"]),
        plan_digest=document["plan_digest"],
        confirmed_guard=document["confirmed_guard"],
        synced_at=moment_value(document["synced_at"]),
    )


def mapping_document(mapping: MappingRow) -> Document:
    """A mapping's document; its columns are those of the mapping CSV (SPEC 2)."""
    key = mapping.key
    return {
        "id": str(key),
        "kind": key.kind.value,
        "marketplace_id": key.marketplace_id,
        "charge": key.charge,
        "connectwise_id": mapping.connectwise_id,
    }


def mapping_value(document: Document) -> MappingRow:
    """The mapping of a document."""
    key = MappingKey(MappingKind(document["kind"]), document["marketplace_id"], document["charge"])
    return MappingRow(key, document["connectwise_id"])


def values_document(values: AdditionValues) -> Document:
    """What an addition bills, field by field."""
    return {
        "catalog_item_id": values.catalog_item_id,
        "quantity": str(values.quantity),
        "unit_price": str(values.unit_price),
        "unit_cost": str(values.unit_cost),
        "effective": values.effective.isoformat(),
        "cancelled": moment_document(values.cancelled),
        "bill": values.bill.value,
        "taxable": values.taxable,
        "description": values.description,
    }


def values_value(document: Document) -> AdditionValues:
    """What an addition bills."""
    return AdditionValues(
        CatalogItemId(document["catalog_item_id"]),
        Decimal(document["quantity"]),
        Decimal(document["unit_price"]),
        Decimal(document["unit_cost"]),
        date.fromisoformat(document["effective"]),
        day_value(document["cancelled"]),
        BillCustomer(document["bill"]),
        document["taxable"],
        document["description"],
    )


def _optional_values_document(values: AdditionValues | None) -> Document | None:
    return None if values is None else values_document(values)


def _optional_values_value(document: Document | None) -> AdditionValues | None:
    return None if document is None else values_value(document)


def link_document(link: Link) -> Document:
    """A link's document; its `id` is the addition's."""
    return {
        "id": str(link.addition_id),
        "agreement_id": link.agreement_id,
        "subscription_id": link.subscription_id,
        "product_id": link.product_id,
        "charge": link.charge.value,
        "values": values_document(link.values),
        "task_id": link.task_id,
        "at": link.at.isoformat(),
        "adopted": link.adopted,
    }


def link_value(document: Document) -> Link:
    """The link of a document."""
    return Link(
        AdditionId(int(document["id"])),
        AgreementId(document["agreement_id"]),
        SubscriptionId(document["subscription_id"]),
        ProductId(document["product_id"]),
        Charge(document["charge"]),
        values_value(document["values"]),
        TaskId(document["task_id"]),
        datetime.fromisoformat(document["at"]),
        document["adopted"],
    )


_EDITED: Mapping[str, Callable[[Any], object]] = {
    "quantity": Decimal,
    "unit_price": Decimal,
    "unit_cost": Decimal,
    "effective": date.fromisoformat,
    "cancelled": day_value,
    "bill": BillCustomer,
}
"""How a field of `AdditionValues` is read from a document, where it is not what JSON gives."""


def _edited_document(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def edits_document(edits: PlanEdits) -> Document:
    """All edits of one task; the document's `id` is the task's."""
    return {
        "id": edits.task_id,
        "digest": edits.digest,
        "edits": [
            {
                "key": edit.key,
                "values": {name: _edited_document(value) for name, value in edit.values.items()},
                "left_out": edit.left_out,
                "price_source": edit.price_source,
            }
            for edit in edits.edits
        ],
        "price_source": edits.price_source,
    }


def _price_source(text: str | None) -> PriceSource | None:
    return None if text is None else PriceSource(text)


def edits_value(document: Document) -> PlanEdits:
    """The edits of a document."""
    edits = tuple(
        Edit(
            edit["key"],
            {name: _EDITED.get(name, _as_it_is)(value) for name, value in edit["values"].items()},
            edit["left_out"],
            _price_source(edit["price_source"]),
        )
        for edit in document["edits"]
    )
    return PlanEdits(TaskId(document["id"]), document["digest"], edits, _price_source(document["price_source"]))


def _as_it_is(value: object) -> object:
    return value


def _change_document(change: Change) -> Document:
    before = change.before
    return {
        "key": change.key,
        "operation": change.operation.value,
        "agreement_id": change.agreement_id,
        "product_id": change.product_id,
        "charge": change.charge.value,
        "before": None
        if before is None
        else {
            "id": before.id,
            "agreement_id": before.agreement_id,
            "values": values_document(before.values),
            "catalog_item": before.catalog_item,
        },
        "after": _optional_values_document(change.after),
        "arithmetic": list(change.arithmetic),
        "source": change.source,
        "rule": change.rule,
        "edited": sorted(change.edited),
        "computed": _optional_values_document(change.computed),
        "left_out": change.left_out,
        "price_source": change.price_source.value,
    }


def _change_value(document: Document) -> Change:
    before = document["before"]
    return Change(
        key=document["key"],
        operation=Operation(document["operation"]),
        agreement_id=AgreementId(document["agreement_id"]),
        product_id=ProductId(document["product_id"]),
        charge=Charge(document["charge"]),
        before=None
        if before is None
        else Addition(
            AdditionId(before["id"]),
            AgreementId(before["agreement_id"]),
            values_value(before["values"]),
            before["catalog_item"],
        ),
        after=_optional_values_value(document["after"]),
        arithmetic=tuple(document["arithmetic"]),
        source=document["source"],
        rule=document["rule"],
        edited=frozenset(document["edited"]),
        computed=_optional_values_value(document["computed"]),
        left_out=document["left_out"],
        price_source=PriceSource(document["price_source"]),
    )


def intent_document(intent: Intent) -> Document:
    """A write about to be sent; the document's `id` is its `seq`."""
    return {
        "id": str(intent.seq),
        "at": intent.at.isoformat(),
        "task_id": intent.task_id,
        "change": _change_document(intent.change),
        "subscription_id": intent.subscription_id,
        "present": sorted(intent.present),
        "run_id": intent.run_id,
    }


def intent_value(document: Document) -> Intent:
    """The intent of a document."""
    return Intent(
        int(document["id"]),
        datetime.fromisoformat(document["at"]),
        TaskId(document["task_id"]),
        _change_value(document["change"]),
        SubscriptionId(document["subscription_id"]),
        frozenset(map(AdditionId, document["present"])),
        document["run_id"],
    )


def audit_document(row: AuditRow) -> Document:
    """An audit row's document."""
    return {
        "id": str(row.seq),
        "seq": row.seq,
        "at": row.at.isoformat(),
        "run_id": row.run_id,
        "who": row.who,
        "task_id": row.task_id,
        "operation": row.operation,
        "agreement_id": row.agreement_id,
        "addition_id": row.addition_id,
        "subscription_id": row.subscription_id,
        "product_id": row.product_id,
        "charge": row.charge,
        "before": _optional_values_document(row.before),
        "after": _optional_values_document(row.after),
        "outcome": row.outcome,
        "why": dict(row.why),
    }


def audit_value(document: Document) -> AuditRow:
    """The audit row of a document."""
    addition_id = document["addition_id"]
    return AuditRow(
        seq=document["seq"],
        at=datetime.fromisoformat(document["at"]),
        run_id=document["run_id"],
        who=document["who"],
        task_id=TaskId(document["task_id"]),
        operation=document["operation"],
        agreement_id=AgreementId(document["agreement_id"]),
        addition_id=None if addition_id is None else AdditionId(addition_id),
        subscription_id=SubscriptionId(document["subscription_id"]),
        product_id=ProductId(document["product_id"]),
        charge=document["charge"],
        before=_optional_values_value(document["before"]),
        after=_optional_values_value(document["after"]),
        outcome=document["outcome"],
        why=document["why"],
    )


def cursor_document(cursor: Cursor) -> Document:
    """How far check changes has come."""
    return {
        "id": "cursor",
        "checked_at": moment_document(cursor.checked_at),
        "open_orders": sorted(cursor.open_orders),
        "last_counts": None if cursor.last_counts is None else dict(cursor.last_counts),
    }


def cursor_value(document: Document) -> Cursor:
    """How far check changes has come."""
    open_orders = frozenset(map(OrderId, document["open_orders"]))
    return Cursor(moment_value(document["checked_at"]), open_orders, document["last_counts"])


def done_document(done: tuple[TaskId, str]) -> Document:
    """A change of a task that was confirmed: task id and the change's key."""
    task, key = done
    return {"id": f"{len(task)}:{task}:{key}", "task_id": task, "key": key}


def done_value(document: Document) -> tuple[TaskId, str]:
    """A change of a task that was confirmed."""
    return TaskId(document["task_id"]), document["key"]


def fact_document(fact: tuple[str, object]) -> Document:
    """A small settled fact: its name and a JSON-shaped value."""
    return {"id": fact[0], "value": fact[1]}


def fact_value(document: Document) -> tuple[str, object]:
    """A small settled fact."""
    return document["id"], document["value"]
