"""Plans, their edits and their writes, as documents and back. Every key is always written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cwtui.domain.charges import Charge
from cwtui.domain.ids import AdditionId, AgreementId, ProductId, SubscriptionId, TaskId
from cwtui.domain.ledger import Operation, Outcome, Purpose, Why
from cwtui.domain.plans import Change, Edit, Plan, PlanEdits, PriceSource
from cwtui.domain.psa import Addition, AdditionValues, BillCustomer, new_values
from cwtui.domain.records import AuditRow, Intent
from cwtui.domain.tasks import Problem, ProblemCode
from cwtui.store.marketplace_codecs import day_value, moment_document
from cwtui.store.migrations import typed_audit_row, typed_change
from cwtui.store.table import Document

_BILLS = {bill.value: bill for bill in BillCustomer}


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
    return new_values(
        document["catalog_item_id"],
        Decimal(document["quantity"]),
        Decimal(document["unit_price"]),
        Decimal(document["unit_cost"]),
        date.fromisoformat(document["effective"]),
        day_value(document["cancelled"]),
        _BILLS[document["bill"]],
        document["taxable"],
        document["description"],
    )


def _optional_values_document(values: AdditionValues | None) -> Document | None:
    return None if values is None else values_document(values)


def _optional_values_value(document: Document | None) -> AdditionValues | None:
    return None if document is None else values_value(document)


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
        "is_standing": change.is_standing,
        "purpose": change.purpose.value,
        "refers_to": change.refers_to,
    }


def _change_value(document: Document) -> Change:
    document = typed_change(document)
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
        is_standing=document["is_standing"],
        purpose=Purpose(document["purpose"]),
        refers_to=document["refers_to"],
    )


def problems_document(problems: tuple[Problem, ...]) -> list[Document]:
    """Problems in the shape of `tasks list --json` (commands.md#task-list)."""
    return [{"code": problem.code.value, "message": problem.message, "target": problem.target} for problem in problems]


def problems_value(documents: list[Document]) -> tuple[Problem, ...]:
    """The problems of a document."""
    return tuple(Problem(ProblemCode(each["code"]), each["message"], each["target"]) for each in documents)


def plan_document(plan: Plan) -> Document:
    """A plan whose writing has begun; the document's `id` is the task's."""
    return {
        "id": plan.task_id,
        "subscription_id": plan.subscription_id,
        "agreement_id": plan.agreement_id,
        "changes": [_change_document(change) for change in plan.changes],
        "warnings": list(plan.warnings),
        "notes": list(plan.notes),
        "problems": problems_document(plan.problems),
        "effective": moment_document(plan.effective),
        "standing_from": moment_document(plan.standing_from),
        "currency": plan.currency,
        "dropped_edits": list(plan.dropped_edits),
    }


def plan_value(document: Document) -> Plan:
    """The plan of a document."""
    agreement_id = document["agreement_id"]
    return Plan(
        task_id=TaskId(document["id"]),
        subscription_id=SubscriptionId(document["subscription_id"]),
        agreement_id=None if agreement_id is None else AgreementId(agreement_id),
        changes=tuple(_change_value(change) for change in document["changes"]),
        warnings=tuple(document["warnings"]),
        notes=tuple(document["notes"]),
        problems=problems_value(document["problems"]),
        effective=day_value(document["effective"]),
        standing_from=day_value(document["standing_from"]),
        currency=document["currency"],
        dropped_edits=tuple(document["dropped_edits"]),
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
        "operation": row.operation.value,
        "agreement_id": row.agreement_id,
        "addition_id": row.addition_id,
        "subscription_id": row.subscription_id,
        "product_id": row.product_id,
        "charge": row.charge.value,
        "before": _optional_values_document(row.before),
        "after": _optional_values_document(row.after),
        "outcome": row.outcome.value,
        "reason": row.reason,
        "key": row.key,
        "purpose": row.purpose.value,
        "refers_to": row.refers_to,
        "is_standing": row.is_standing,
        "why": {
            "rule": row.why.rule,
            "source": row.why.source,
            "arithmetic": list(row.why.arithmetic),
            "edited": list(row.why.edited),
            "request": row.why.request,
            "stored_otherwise": dict(row.why.stored_otherwise),
        },
    }


def audit_value(document: Document) -> AuditRow:
    """The audit row of a document."""
    document = typed_audit_row(document)
    why = document["why"]
    addition_id = document["addition_id"]
    return AuditRow(
        seq=document["seq"],
        at=datetime.fromisoformat(document["at"]),
        run_id=document["run_id"],
        who=document["who"],
        task_id=TaskId(document["task_id"]),
        operation=Operation(document["operation"]),
        agreement_id=AgreementId(document["agreement_id"]),
        addition_id=None if addition_id is None else AdditionId(addition_id),
        subscription_id=SubscriptionId(document["subscription_id"]),
        product_id=ProductId(document["product_id"]),
        charge=Charge(document["charge"]),
        before=_optional_values_value(document["before"]),
        after=_optional_values_value(document["after"]),
        outcome=Outcome(document["outcome"]),
        reason=document["reason"],
        key=document["key"],
        purpose=Purpose(document["purpose"]),
        refers_to=document["refers_to"],
        is_standing=document["is_standing"],
        why=Why(
            rule=why.get("rule", ""),
            source=why.get("source", ""),
            arithmetic=tuple(why.get("arithmetic", ())),
            edited=tuple(why.get("edited", ())),
            request=why.get("request", ""),
            stored_otherwise=why.get("stored_otherwise", {}),
        ),
    )
