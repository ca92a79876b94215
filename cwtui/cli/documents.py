"""The JSON shapes of commands.md#json-answers; decimals are written as exact numbers."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from cwtui.cli.problems import kept_problem
from cwtui.store.table import as_document

if TYPE_CHECKING:
    from cwtui.domain.plans import Change, Plan
    from cwtui.domain.problems import Problem
    from cwtui.domain.psa import AdditionValues
    from cwtui.domain.records import AuditRow, RecordWrite
    from cwtui.domain.tasks import Task
    from cwtui.engine.reports import AutoReport

Document = dict[str, Any]


def task_document(task: Task) -> Document:
    """A task as `tasks list --json` shows it."""
    return kept_task_document(as_document(task))


def kept_task_document(kept: Document) -> Document:
    """The same document, made from the task's row in the state file without building a `Task`."""
    effect = kept.get("monthly_effect")
    warnings: list[str] = kept.get("warnings", [])
    acceptance: Document = kept.get("acceptance") or {}
    return {
        **{name: kept[name] for name in ("id", "kind", "status")},
        "problems": [kept_problem(problem) for problem in kept["problems"]],
        **{thing: {"id": kept[f"{thing}_id"], "name": kept[f"{thing}_name"]} for thing in ("customer", "subscription")},
        "order": {name: kept[f"order_{name}"] for name in ("id", "number", "created")},
        "warnings": warnings,
        "accepted": bool(acceptance) and set(warnings) <= set(acceptance["warnings"]),
        "acceptance": {name: acceptance[name] for name in ("who", "at")} if acceptance else None,
        "notes": kept.get("notes", []),
        "note": kept["note"],
        "effective": kept.get("effective"),
        "monthly_effect": None if effect is None else Decimal(effect),
        "synced_at": kept.get("synced_at"),
    }


def problem_document(problem: Problem) -> Document:
    """A problem."""
    return kept_problem(as_document(problem))


def report_document(report: AutoReport) -> Document:
    """A run as `--auto --json` shows it.

    `errors` is what went wrong outside single tasks, `unread` which records could not be read.
    """
    return {
        "as_of": report.as_of.isoformat(),
        "dry_run": report.dry_run,
        "created": report.created,
        "synced": report.synced,
        "failed": report.failed,
        "needs_action": report.needs_action,
        "waiting": report.waiting,
        "writes": asdict(report.writes),
        "tasks": [task_document(task) for task in report.tasks],
        "warned": report.warned,
        "errors": list(report.errors),
        "unread": list(report.unread),
    }


def plan_document(plan: Plan) -> Document:
    """A plan with its arithmetic."""
    return {
        "agreement": plan.agreement_id,
        "currency": plan.currency,
        "effective": _iso(plan.effective),
        "standing_from": _iso(plan.standing_from),
        "changes": [_change_document(change) for change in plan.changes],
        "warnings": list(plan.warnings),
        "notes": list(plan.notes),
        "problems": [problem_document(problem) for problem in plan.problems],
        "dropped_edits": list(plan.dropped_edits),
    }


def _change_document(change: Change) -> Document:
    return {
        "key": change.key,
        "operation": change.operation.value,
        "addition": change.addition_id,
        "product": change.product_id,
        "charge": change.charge.value,
        "before": values_document(change.before.values if change.before else None),
        "after": values_document(change.after),
        "amount": change.amount,
        "arithmetic": list(change.arithmetic),
        "source": change.source,
        "rule": change.rule,
        "price_source": change.price_source.value,
        "edited": sorted(change.edited),
        "left_out": change.left_out,
        "instead_of": change.instead_of,
        "computed": values_document(change.computed),
        "edited_by": change.edited_by,
    }


def values_document(values: AdditionValues | None) -> Document | None:
    """What an addition bills."""
    return None if values is None else {field.name: as_json(getattr(values, field.name)) for field in fields(values)}


def audit_document(row: AuditRow | RecordWrite) -> Document:
    """One write of an addition or of another record; the fields that only additions have are null for the others."""
    from cwtui.domain.records import AuditRow as Row  # noqa: PLC0415  # start-up

    document: Document = {field.name: None for field in fields(Row)}
    document |= {field.name: as_json(getattr(row, field.name)) for field in fields(row)}
    if isinstance(row, Row):
        document |= {"before": values_document(row.before), "after": values_document(row.after)}
        document |= {"service": "PSA", "record": "addition", "record_id": row.addition_id and str(row.addition_id)}
    return document


def as_json(value: object) -> object:
    """Enumerations by value, days and moments in ISO form, everything else as it is."""
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def _iso(moment: date | datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
