"""A task and its plan as a person reads them: each change before → after, with its arithmetic.

Rule: commands.md#json-answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cwtui.cli.problems import problem_words
from cwtui.domain.addition_words import label_of, values_shown
from cwtui.domain.ledger import Operation
from cwtui.domain.money import price_text
from cwtui.domain.plain_text import plain_text
from cwtui.domain.plans import Change, Plan
from cwtui.domain.tasks import Problem, Task


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


def _change_lines(number: int, change: Change, currency: str) -> Iterator[str]:
    which = "" if change.addition_id is None else f" {change.addition_id}"
    left_out = "  (left out by the operator)" if change.left_out else ""
    yield f"{number}. {change.operation} addition{which}: {plain_text(change.product_id)}, {change.charge}{left_out}"
    for name, text in values_shown(change):
        mark = "  (edited)" if name in change.edited else ""
        yield f"     {label_of(name):<15}{plain_text(text)}{mark}"
    if change.operation is not Operation.DELETE:
        yield f"     {'amount':<15}{price_text(change.amount)} {plain_text(currency)}".rstrip()
    for step in change.arithmetic:
        yield f"     = {plain_text(step)}"
    if change.source:
        yield f"     from {plain_text(change.source)}"
    if change.rule:
        yield f"     because {plain_text(change.rule)}"
