"""A vendor's steps as text and as JSON; one refused row is one line on stderr (files.md#intermedia-files)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cwtui.cli.answer import counted, tell
from cwtui.cli.documents import report_document, task_document
from cwtui.domain.plain_text import plain_text
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.vendors.accounts import AccountLink, AccountsReport
from cwtui.vendors.count_export import CountsReport
from cwtui.vendors.count_facts import Vanished
from cwtui.vendors.count_reconcile import CountRow
from cwtui.vendors.cross_references import Association
from cwtui.vendors.exports import CountReconciliation
from cwtui.vendors.items import ExportedItem, ItemsReport, ItemState
from cwtui.vendors.refused_rows import write_refused
from cwtui.vendors.rows import Refusal
from cwtui.vendors.setup_tables import Checklist
from cwtui.vendors.sku_sheet import price_or_zero

Document = dict[str, Any]


_FEW = 20
"""Up to so many refused rows are named one by one; more are summed up by reason and account."""


def tell_refused(refused: Sequence[Refusal], *, every: bool = True, out: Path | None = None) -> None:
    """Name each refused row; many of them summed up, unless `every` is asked for. A file gets all of them."""
    if out is not None:
        write_refused(out, refused)
    if every or len(refused) <= _FEW:
        for one in refused:
            tell(f"Refused: {one}")
        return
    alike: dict[tuple[str, str], list[int]] = {}
    for one in refused:
        alike.setdefault((one.kind, one.subject.partition(", ")[0]), []).append(one.line)
    by_reason: dict[str, list[tuple[str, list[int]]]] = {}
    for (kind, account), lines in alike.items():
        by_reason.setdefault(kind, []).append((account, lines))
    for kind, accounts in by_reason.items():
        number = sum(len(lines) for _, lines in accounts)
        where = "; ".join(f"{account or 'no account'}: {_shown(lines)}" for account, lines in accounts[:_FEW])
        more = f"; and {counted(len(accounts) - _FEW, 'account')} more" if len(accounts) > _FEW else ""
        tell(plain_text(f"Refused: {counted(number, 'row')}, {kind} ({where}{more})."))


def _shown(lines: Sequence[int]) -> str:
    few = ", ".join(map(str, lines[:_SOME]))
    return f"line {few}" if len(lines) == 1 else f"lines {few}{' …' if len(lines) > _SOME else ''}"


_SOME = 5


def refusal_documents(refused: Iterable[Refusal]) -> list[Document]:
    """Refused rows."""
    return [{"line": one.line, "subject": one.subject, "reason": one.reason} for one in refused]


def checklist_document(checklist: Checklist) -> Document:
    """The setup tables."""
    rows = [
        {"key": item.key, "table": item.table, "name": item.name, "state": item.state.value, "id": item.id}
        | ({"note": item.note} if item.note else {})
        for item in checklist.items
    ]
    return {"complete": checklist.is_complete, "items": rows}


def accounts_document(report: AccountsReport) -> Document:
    """An export of accounts."""
    created = set(report.created)
    return {
        "linked": [_link_document(link) for link in report.links if link not in created],
        "created": [_link_document(link) for link in report.created],
        "namesakes": refusal_documents(report.namesakes),
        "refused": refusal_documents(report.refused),
        "failed": refusal_documents(report.failures),
        "without_contact": refusal_documents(report.without_contact),
    }


def _link_document(link: AccountLink) -> Document:
    company = link.company
    return {
        "line": link.line,
        "account": link.account,
        "company": {"id": company.id, "identifier": company.identifier, "name": company.name},
        "by": link.by.value,
        "manage_id_written": link.manage_id_written,
    }


def items_document(report: ItemsReport) -> Document:
    """An export of items."""
    return {
        "created": [_item_document(item) for item in report.of(ItemState.CREATED)],
        "new": [_item_document(item) for item in report.of(ItemState.NEW)],
        "reset": [_item_document(item) for item in report.of(ItemState.RESET)],
        "differs": [_item_document(item) for item in report.of(ItemState.DIFFERS)],
        "same": [_item_document(item) for item in report.of(ItemState.SAME)],
        "failed": [_item_document(item) for item in report.of(ItemState.FAILED)],
        "refused": refusal_documents(report.refused),
    }


def _item_document(item: ExportedItem) -> Document:
    return {
        "name": item.item.name,
        "sku": item.item.sku,
        "id": item.held.id if item.held else None,
        "price": price_or_zero(item.item),
        "cost": item.item.cost,
        "one_time": item.item.is_one_time,
        "lines": list(item.item.lines),
        "differences": [{"field": one.field, "held": one.held, "sheet": one.sheet} for one in item.differences],
        "note": item.note,
    }


def association_documents(found: Iterable[Association]) -> list[Document]:
    """Exported SKUs and whether they are associated."""
    return [
        {
            "item": one.item,
            "vendor_type": one.vendor_type,
            "vendor_level": one.vendor_level,
            "catalog_item": one.catalog_item_id,
            "state": one.state.value,
            "note": one.note,
        }
        for one in found
    ]


def counts_document(report: CountsReport) -> Document:
    """The result of reading a report."""
    return {
        "report": report.report,
        "dated": report.moment.isoformat(),
        "created": list(report.created),
        "unchanged": list(report.unchanged),
        "superseded": list(report.superseded),
        "tasks": [task_document(task) for task in report.tasks],
        "is_dated": report.is_dated,
        "numbers": report.numbers,
        "left_out": dict(report.left_out),
        "adopted": [link.addition_id for link in report.adopted],
        "vanished": [_vanished_document(one) for one in report.vanished],
        "refused": refusal_documents(report.refused),
    }


def _vanished_document(one: Vanished) -> Document:
    values = one.addition.values
    return {
        "account": one.account,
        "company": one.company,
        "is_account": one.is_account,
        "item": one.name,
        "addition": one.addition.id,
        "agreement": one.addition.agreement_id,
        "quantity": values.quantity,
        "price": values.unit_price,
    }


def reconciliation_document(found: CountReconciliation) -> Document:
    """A report beside the additions."""
    return {
        "rows": [_row_document(row) for row in found.rows],
        "refused": refusal_documents(found.refused),
        "tasks": list(found.counts.created) if found.counts else [],
        "run": report_document(found.run) if found.run else None,
    }


def _row_document(row: CountRow) -> Document:
    return {
        "status": row.status.value,
        "account": row.account,
        "company": row.company,
        "agreement": row.agreement_id,
        "sku": row.sku,
        "catalog_item": {"id": row.catalog_item_id, "identifier": row.name},
        "expected": None if row.expected is None else {"quantity": row.expected},
        "actual": None if row.actual is None else {"quantity": row.actual, "price": row.price, "cost": row.cost},
        "lines": list(row.lines),
        "note": row.note,
    }


def needs_person(tasks: Iterable[Task]) -> bool:
    """Some task waits for a person."""
    return any(task.status is TaskStatus.NEEDS_ACTION for task in tasks)
