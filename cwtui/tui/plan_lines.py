"""A task and its plan as lines of the detail pane: before → after, arithmetic, warnings, problems and their keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import partial

from cwtui.domain.addition_words import edit_text, label_of, values_shown
from cwtui.domain.ledger import Operation
from cwtui.domain.money import plain, price_text
from cwtui.domain.plans import Change, Plan
from cwtui.domain.problems import Problem
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.tui.names import BareIds, Names, named_value
from cwtui.tui.problems import key_for
from cwtui.tui.widgets.detail_pane import Line, block
from cwtui.tui.widgets.status_words import KIND_WORDS, STATUS_WORDS
from cwtui.tui.widgets.tone import Tone
from cwtui.wording.problems import sentence

_SYMBOLS = {Operation.CREATE: "+", Operation.UPDATE: "~", Operation.DELETE: "−"}


def task_lines(task: Task) -> list[Line]:
    """Who and what a task is about."""
    shown = STATUS_WORDS[task.status]
    ordered = f" of {task.order_created:%Y-%m-%d}" if task.order_created else ""
    lines = [
        Line(f"{task.customer_name} ({task.customer_id})", Tone.HEADING),
        Line(f"{task.subscription_name} ({task.subscription_id})"),
        Line(f"{shown} · {KIND_WORDS[task.kind]} order {task.order_number}{ordered}", shown.tone),
    ]
    if task.status is TaskStatus.WAITING:
        text = "An older task of this subscription comes first: sync that one, or skip it."
        lines.append(Line(text, Tone.ATTENTION))
    tone = Tone.BAD if task.status is TaskStatus.FAILED else Tone.MUTED
    lines += block(task.note, tone) if task.note else []
    return [*lines, *warning_lines(task)]


def warning_lines(task: Task) -> Iterator[Line]:
    """The warnings of its plan, or of the plan that was written, and who accepted them."""
    if not task.warnings:
        return
    given = task.acceptance
    if task.is_accepted and given is not None:
        who = f" by {given.who}" if given.who else ""
        yield Line(f"Warnings, accepted{who} on {given.at:%Y-%m-%d %H:%M} UTC", Tone.MUTED)
    elif task.is_warned:
        yield Line("Warnings that nobody accepted yet · key: v accepts them", Tone.ATTENTION)
    tone = Tone.ATTENTION if task.is_warned else Tone.MUTED
    yield from (Line(f"! {text}", tone, indent=2) for text in task.warnings)


def problem_lines(problems: Iterable[Problem]) -> Iterator[Line]:
    """The problems that keep a task from being ready, each with the key that fixes it."""
    for place, problem in enumerate(problems):
        if not place:
            yield Line("")
            yield Line("What keeps it from being ready", Tone.HEADING)
        yield Line(f"! {sentence(problem)}", Tone.ATTENTION)
        yield Line(f"{problem.code} · key: {key_for(problem)}", Tone.MUTED, indent=2)


def plan_lines(plan: Plan, names: Names | None = None, shown: Collection[str] = ()) -> list[Line]:
    """The changes of a plan with their reasons; without the warnings that are shown already."""
    known = names or BareIds()
    return [
        *problem_lines(plan.problems),
        *_head(plan, known),
        *_changes(plan.changes, plan.currency, known),
        *_remarks(plan, shown),
    ]


def _head(plan: Plan, names: Names) -> Iterator[Line]:
    yield Line("")
    yield Line("Plan", Tone.HEADING)
    if plan.agreement_id is not None:
        yield Line(f"Agreement {names.agreement(plan.agreement_id)}{f', {plan.currency}' if plan.currency else ''}")
    if plan.effective:
        standing = f", standing additions from {plan.standing_from}" if plan.standing_from else ""
        yield Line(f"Effective {plan.effective}{standing}")
    if not plan.changes:
        yield Line("Nothing to write." if plan.is_ready else "Nothing can be planned yet.", Tone.MUTED)


def _changes(changes: Iterable[Change], currency: str, names: Names) -> Iterator[Line]:
    for change in changes:
        yield Line("")
        yield Line(change_headline(change, currency), Tone.MUTED if change.left_out else Tone.HEADING)
        for text in _values(change, names):
            yield _field(text, Tone.MUTED if change.left_out else Tone.NORMAL)
        for place, step in enumerate(change.arithmetic):
            yield _field(f"{'' if place else 'arithmetic':<14}{step}", Tone.GOOD)
        if edited := edit_text(change):
            yield _field(f"{'edited':<14}{edited}", Tone.ATTENTION)
        for text in (change.source, change.rule):
            if text:
                yield Line(text.strip(), Tone.MUTED, indent=4)


def _field(text: str, tone: Tone) -> Line:
    return Line(text, tone, indent=4, hang=14)


def change_headline(change: Change, currency: str) -> str:
    """`+ create addition: recurring · 15 × 4.50 = 67.50 EUR`."""
    which = f" {change.addition_id}" if change.addition_id is not None else ""
    text = f"{_SYMBOLS[change.operation]} {change.operation} addition{which}: {change.charge}"
    values = change.after or (change.before.values if change.before else None)
    if values is not None:
        text += f" · {plain(values.quantity)} × {price_text(values.unit_price)}"
    if change.operation is not Operation.DELETE:
        text += f" = {price_text(change.amount)} {currency}".rstrip()
    if change.before and values is not None and values.cancelled != change.before.values.cancelled:
        text += f" · ends {values.cancelled}" if values.cancelled else " · no longer ends"
    return f"{text} (left out)" if change.left_out else text


def _values(change: Change, names: Names) -> Iterator[str]:
    for name, text in values_shown(change, partial(named_value, names)):
        mark = "  (edited)" if name in change.edited else ""
        yield f"{label_of(name):<14}{text}{mark}"


def _remarks(plan: Plan, shown: Collection[str]) -> Iterator[Line]:
    remarks = (
        ("Dropped edits", plan.dropped_edits, Tone.ATTENTION),
        ("Warnings", [text for text in plan.warnings if text not in shown], Tone.ATTENTION),
        ("Notes", plan.notes, Tone.NORMAL),
    )
    for title, texts, tone in remarks:
        if texts:
            yield Line("")
            yield Line(title, Tone.HEADING)
        for text in texts:
            yield Line(f"· {text}", tone)
