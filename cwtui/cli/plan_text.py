"""A task and its plan as a person reads them: each change before → after, with its arithmetic.

Rule: commands.md#json-answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from cwtui.cli.problems import problem_words
from cwtui.domain.addition_words import edit_text, label_of, value_text, values_shown
from cwtui.domain.ledger import Operation
from cwtui.domain.mappings import MappingKind
from cwtui.domain.money import price_text
from cwtui.domain.plain_text import plain_text
from cwtui.domain.plans import Change, Plan
from cwtui.domain.problems import Problem
from cwtui.domain.tasks import Task

Named = Callable[[MappingKind, object], str]
"""Gives name and id of a ConnectWise record or a product; the id alone while the name is not known."""


def task_text(task: Task, plan: Plan, named: Named) -> str:
    """Everything there is to know before syncing."""
    return "\n".join(_task_lines(task, plan, named))


def _task_lines(task: Task, plan: Plan, named: Named) -> Iterator[str]:
    ordered = f", {task.order_created:%Y-%m-%d}" if task.order_created else ""
    yield f"Task          {plain_text(task.id)}  {task.status}"
    yield f"Customer      {plain_text(task.customer_name)} ({plain_text(task.customer_id)})"
    yield f"Subscription  {plain_text(task.subscription_name)} ({plain_text(task.subscription_id)})"
    yield f"Order         {plain_text(task.order_number)}, {task.kind}{ordered}"
    if plan.agreement_id or task.status.is_open:
        agreement = named(MappingKind.AGREEMENT, plan.agreement_id) if plan.agreement_id else "not known yet"
        yield f"Agreement     {plain_text(agreement)}"
    if plan.effective:
        standing = f"; standing additions from {plan.standing_from}" if plan.standing_from else ""
        yield f"Effective     {plan.effective}{standing}"
    if task.note:
        yield f"Note          {plain_text(task.note)}"
    yield ""
    if not plan.changes:
        yield "No changes." if plan.is_ready else "No changes can be planned yet."
    for number, change in enumerate(plan.changes, 1):
        yield from _change_lines(number, change, plan.currency, named)
    yield from _block("Dropped edits", plan.dropped_edits)
    yield from _block("Warnings", plan.warnings)
    if plan.warnings and task.acceptance is not None and task.is_accepted:
        yield f"  Accepted by {plain_text(task.acceptance.who)} on {task.acceptance.at:%Y-%m-%d %H:%M} UTC."
    yield from _block("Notes", plan.notes)
    yield from _block("Problems", map(_problem_text, plan.problems))


def _problem_text(problem: Problem) -> str:
    return f"{problem.code}: {problem_words(problem)}"


def _block(title: str, lines: Iterable[str]) -> Iterator[str]:
    shown = [f"  - {plain_text(line)}" for line in lines]
    if shown:
        yield from ("", f"{title}:", *shown)


def _change_lines(number: int, change: Change, currency: str, named: Named) -> Iterator[str]:
    def say(name: str, value: object) -> str:
        is_item = name == "catalog_item_id" and value is not None
        return named(MappingKind.PRODUCT, value) if is_item else value_text(name, value)

    product = plain_text(named(MappingKind.PRODUCT, change.product_id))
    which = "" if change.addition_id is None else f" {change.addition_id}"
    left_out = "  (left out by the operator)" if change.left_out else ""
    yield f"{number}. {change.operation} addition{which}: {product}, {change.charge}{left_out}"
    for name, text in values_shown(change, say):
        mark = "  (edited)" if name in change.edited else ""
        yield f"     {label_of(name):<15}{plain_text(text)}{mark}"
    if change.operation is not Operation.DELETE:
        yield f"     {'amount':<15}{price_text(change.amount)} {plain_text(currency)}".rstrip()
    for step in change.arithmetic:
        yield f"     = {plain_text(step)}"
    if edited := edit_text(change):
        yield f"     edited: {plain_text(edited)}"
    if change.source:
        yield f"     from {plain_text(change.source)}"
    if change.rule:
        yield f"     because {plain_text(change.rule)}"
