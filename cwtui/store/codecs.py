"""Our own records as documents and back: tasks, mappings, links, the cursor, small facts.

Every key is always written, so whatever else a document holds is somebody else's and is kept (`State`).
"""

from __future__ import annotations

from datetime import date, datetime

from cwtui.domain.charges import Charge
from cwtui.domain.ids import (
    AdditionId,
    AgreementId,
    CompanyId,
    CustomerId,
    OrderId,
    ProductId,
    SubscriptionId,
    TaskId,
)
from cwtui.domain.ledger import Doubt, ImportIntent, Operation, Outcome, Owed, TakenBack
from cwtui.domain.mappings import Link, MappingKind, new_mapping, new_mapping_key
from cwtui.domain.mappings import Mapping as MappingRow
from cwtui.domain.marketplace import Subscription
from cwtui.domain.quick import quickly
from cwtui.domain.records import Cursor, RecordWrite
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.store.marketplace_codecs import (
    day_value,
    moment_document,
    moment_value,
    number_document,
    number_value,
    subscription_document,
    subscription_value,
)
from cwtui.store.migrations import typed_audit_row
from cwtui.store.plan_codecs import problems_document, problems_value, values_document, values_value
from cwtui.store.table import Document

# Looked up and filled by the hundred thousand.
_new_task, _new_link = quickly(Task), quickly(Link)
_CHARGES = {charge.value: charge for charge in Charge}
_TASK_KINDS = {kind.value: kind for kind in TaskKind}
_STATUSES = {status.value: status for status in TaskStatus}
_MAPPING_KINDS = {kind.value: kind for kind in MappingKind}


def task_document(task: Task) -> Document:
    """A task in the shape of `tasks list --json` (commands.md#task-list), with its other fields after it."""
    return {
        "id": task.id,
        "kind": task.kind.value,
        "status": task.status.value,
        "problems": problems_document(task.problems),
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
    return _new_task(
        id=document["id"],
        kind=_TASK_KINDS[document["kind"]],
        status=_STATUSES[document["status"]],
        customer_id=customer["id"],
        customer_name=customer["name"],
        subscription_id=subscription["id"],
        subscription_name=subscription["name"],
        order_id=order["id"],
        order_number=order["number"],
        order_created=moment_value(order["created"]),
        problems=problems_value(document["problems"]),
        note=document["note"],
        effective=day_value(document["effective"]),
        monthly_effect=number_value(document["monthly_effect"]),
        plan_digest=document["plan_digest"],
        confirmed_guard=document["confirmed_guard"],
        synced_at=moment_value(document["synced_at"]),
    )


def mapping_document(mapping: MappingRow) -> Document:
    """A mapping's document; its columns are those of the mapping CSV (mapping.md#mapping-csv)."""
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
    match document:
        case {
            "kind": kind,
            "marketplace_id": str(marketplace_id),
            "charge": str(charge),
            "connectwise_id": int(target),
        }:
            return new_mapping(new_mapping_key(_MAPPING_KINDS[kind], marketplace_id, charge), target)
        case _:
            raise ValueError("it lacks a column, or one has the wrong type")


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
        "is_standing": link.is_standing,
        "adopted": link.adopted,
        "tolerated": None if link.tolerated is None else values_document(link.tolerated),
    }


def link_value(document: Document) -> Link:
    """The link of a document."""
    return _new_link(
        addition_id=AdditionId(int(document["id"])),
        agreement_id=document["agreement_id"],
        subscription_id=document["subscription_id"],
        product_id=document["product_id"],
        charge=_CHARGES[document["charge"]],
        values=values_value(document["values"]),
        task_id=document["task_id"],
        at=datetime.fromisoformat(document["at"]),
        is_standing=document["is_standing"],
        adopted=document["adopted"],
        tolerated=None if (tolerated := document.get("tolerated")) is None else values_value(tolerated),
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


def record_write_document(write: RecordWrite) -> Document:
    """A write of a record that is no addition."""
    return {
        "id": str(write.seq),
        "at": write.at.isoformat(),
        "run_id": write.run_id,
        "who": write.who,
        "operation": write.operation.value,
        "service": write.service,
        "record": write.record,
        "record_id": write.record_id,
        "name": write.name,
        "value": {"before": write.before, "after": write.after},
        "outcome": write.outcome.value,
        "reason": write.reason,
    }


def record_write_value(document: Document) -> RecordWrite:
    """A write of a record that is no addition."""
    document = typed_audit_row(document)
    return RecordWrite(
        seq=int(document["id"]),
        at=datetime.fromisoformat(document["at"]),
        run_id=document["run_id"],
        who=document["who"],
        operation=Operation(document["operation"]),
        service=document["service"],
        record=document["record"],
        record_id=document["record_id"],
        name=document["name"],
        before=document["value"]["before"],
        after=document["value"]["after"],
        outcome=Outcome(document["outcome"]),
        reason=document["reason"],
    )


def snapshot_document(snapshot: tuple[TaskId, Subscription]) -> Document:
    """A subscription as the first check saw it, by the `initial` task that carries it over."""
    return {"id": snapshot[0], "subscription": subscription_document(snapshot[1])}


def snapshot_value(document: Document) -> tuple[TaskId, Subscription]:
    """A subscription as the first check saw it."""
    return TaskId(document["id"]), subscription_value(document["subscription"])


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


def doubt_document(doubt: Doubt) -> Document:
    """A create that was given up; the document's `id` is its intent's."""
    return {
        "id": str(doubt.seq),
        "at": doubt.at.isoformat(),
        "agreement_id": doubt.agreement_id,
        "task_id": doubt.task_id,
        "subscription_id": doubt.subscription_id,
        "product_id": doubt.product_id,
        "charge": doubt.charge.value,
        "key": doubt.key,
        "present": sorted(doubt.present),
        "values": values_document(doubt.values),
    }


def doubt_value(document: Document) -> Doubt:
    """A create that was given up."""
    return Doubt(
        seq=int(document["id"]),
        at=datetime.fromisoformat(document["at"]),
        agreement_id=AgreementId(document["agreement_id"]),
        task_id=TaskId(document["task_id"]),
        subscription_id=SubscriptionId(document["subscription_id"]),
        product_id=ProductId(document["product_id"]),
        charge=Charge(document["charge"]),
        key=document["key"],
        present=frozenset(map(AdditionId, document["present"])),
        values=values_value(document["values"]),
    )


def taken_back_document(taken_back: TakenBack) -> Document:
    """A task that was taken back."""
    return {"id": taken_back.task_id, "through_seq": taken_back.through_seq}


def taken_back_value(document: Document) -> TakenBack:
    """A task that was taken back."""
    return TakenBack(TaskId(document["id"]), document["through_seq"])


def owed_document(owed: Owed) -> Document:
    """A write that was taken back and not evened out."""
    return {
        "id": f"{owed.seq}:{owed.task_id}",
        "task_id": owed.task_id,
        "seq": owed.seq,
        "through": owed.through.isoformat(),
    }


def owed_value(document: Document) -> Owed:
    """A write that was taken back and not evened out."""
    return Owed(TaskId(document["task_id"]), document["seq"], date.fromisoformat(document["through"]))


def import_document(intent: ImportIntent) -> Document:
    """A company that is about to become a customer, or is one."""
    return {
        "id": str(intent.company_id),
        "identifier": intent.identifier,
        "at": moment_document(intent.at),
        "customer_id": intent.customer_id,
    }


def import_value(document: Document) -> ImportIntent:
    """A company that is about to become a customer, or is one."""
    customer = document["customer_id"]
    return ImportIntent(
        CompanyId(int(document["id"])),
        document["identifier"],
        moment_value(document["at"]),
        None if customer is None else CustomerId(customer),
    )
