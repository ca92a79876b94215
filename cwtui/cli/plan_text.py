"""A task and its plan as a person reads them: each change before → after, with its arithmetic (SPEC 2, 6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from decimal import Decimal

from cwtui.domain.money import plain, price_text
from cwtui.domain.plain_text import plain_text
from cwtui.domain.plans import Change, Operation, Plan
from cwtui.domain.psa import AdditionValues
from cwtui.domain.tasks import Problem, Task

_LABELS = {
    "catalog_item_id": "catalog item",
    "unit_price": "unit price",
    "unit_cost": "unit cost",
    "effective": "first day",
    "cancelled": "last day",
    "bill": "bill customer",
    "description": "invoice text",
}
_PRICES = {"unit_price", "unit_cost"}


def task_text(task: Task, plan: Plan) -> str:
    """Everything there is to know before syncing."""
    return "\n".join(_task_lines(task, plan))


def _task_lines(task: Task, plan: Plan) -> Iterator[str]:
    ordered = f", {task.order_created:%Y-%m-%d}" if task.order_created else ""
    yield f"Task          {plain_text(task.id)}  {task.status}"
    yield f"Customer      {plain_text(task.customer_name)} ({plain_text(task.customer_id)})"
    yield f"Subscription  {plain_text(task.subscription_name)} ({plain_text(task.subscription_id)})"
    yield f"Order         {plain_text(task.order_number)}, {task.kind}{ordered}"
    yield f"Agreement     {plan.agreement_id or 'not known yet'}"
    if plan.effective:
        standing = f"; standing additions from {plan.standing_from}" if plan.standing_from else ""
        yield f"Effective     {plan.effective}{standing}"
    if task.note:
        yield f"Note          {plain_text(task.note)}"
    yield ""
    if not plan.changes:
        yield "No changes." if plan.is_ready else "No changes can be planned yet."
    for number, change in enumerate(plan.changes, 1):
        yield from _change_lines(number, change, plan.currency)
    yield from _block("Dropped edits", plan.dropped_edits)
    yield from _block("Warnings", plan.warnings)
    yield from _block("Notes", plan.notes)
    yield from _block("Problems", map(_problem_text, plan.problems))


def _problem_text(problem: Problem) -> str:
    return f"{problem.code}: {problem.message}"


def _block(title: str, lines: Iterable[str]) -> Iterator[str]:
    shown = [f"  - {plain_text(line)}" for line in lines]
    if shown:
        yield from ("", f"{title}:", *shown)


def _change_lines(number: int, change: Change, currency: str) -> Iterator[str]:
    which = "" if change.addition_id is None else f" {change.addition_id}"
    left_out = "  (left out by the operator)" if change.left_out else ""
    yield f"{number}. {change.operation} addition{which}: {plain_text(change.product_id)}, {change.charge}{left_out}"
    before = change.before.values if change.before else None
    yield from _values_lines(before, change.after, change.edited)
    if change.operation is not Operation.DELETE:
        yield f"     {'amount':<15}{price_text(change.amount)} {plain_text(currency)}".rstrip()
    for step in change.arithmetic:
        yield f"     = {plain_text(step)}"
    if change.source:
        yield f"     from {plain_text(change.source)}"
    if change.rule:
        yield f"     because {plain_text(change.rule)}"


def _values_lines(before: AdditionValues | None, after: AdditionValues | None, edited: Iterable[str]) -> Iterator[str]:
    """One line per value: what is changed as before → after, what is created or deleted as it is."""
    for field in fields(AdditionValues):
        old, new = (None if values is None else getattr(values, field.name) for values in (before, after))
        if before and after and old == new:
            continue
        if old is None and new is None:
            continue
        shown = [_shown(field.name, value) for value in ([old, new] if before and after else [old if before else new])]
        mark = "  (edited)" if field.name in edited else ""
        yield f"     {_LABELS.get(field.name, field.name):<15}{' → '.join(shown)}{mark}"


def _shown(name: str, value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return price_text(value) if name in _PRICES else plain(value)
    return plain_text(value)
