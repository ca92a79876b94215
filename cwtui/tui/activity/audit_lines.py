"""A write in words, as the activity shows it: one line for the list, all of it for the pane."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from cwtui.domain.addition_words import edit_text, label_of
from cwtui.domain.psa import AdditionValues
from cwtui.domain.records import AuditRow, RecordWrite
from cwtui.tui.names import BareIds, Names, named_value

DONE = {"create": "created", "update": "changed", "delete": "deleted"}
"""What an operation did, in a word."""


def audit_headline(row: AuditRow, names: Names | None = None) -> str:
    """`created addition 4711 in agreement Müller Cloud (105): confirmed`."""
    which = f" {row.addition_id}" if row.addition_id is not None else ""
    where = (names or BareIds()).agreement(row.agreement_id)
    if row.is_left_out:
        return f"left out: {row.operation} addition{which} in agreement {where}"
    return f"{DONE.get(row.operation, row.operation)} addition{which} in agreement {where}: {row.result}"


def audit_text(row: AuditRow, names: Names | None = None) -> str:
    """Everything known about a write, a line each."""
    return "\n".join(_lines(row, names or BareIds()))


def record_headline(row: RecordWrite) -> str:
    """`created company IM100201 (274): confirmed`."""
    which = f"{row.name} ({row.record_id})" if row.record_id else row.name
    return f"{DONE.get(row.operation, row.operation)} {row.record} {which}: {row.result}"


def record_text(row: RecordWrite) -> str:
    """Everything known about a write of another record, a line each."""
    sides = [(title, values) for title, values in (("before", row.before), ("after", row.after)) if values]
    lines = [f"service       {row.service}", f"by            {row.who}, run {row.run_id}"]
    for title, values in sides:
        lines += ["", title, *(f"  {name.replace('_', ' '):<14}{_plain(value)}" for name, value in values.items())]
    return "\n".join(lines)


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_plain(inner)}" for name, inner in value.items())
    return ", ".join(map(_plain, value)) if isinstance(value, list | tuple) else str(value)


def _lines(row: AuditRow, names: Names) -> Iterator[str]:
    if customer := names.customer_of(row.subscription_id):
        yield f"customer      {customer}"
    yield f"subscription  {names.subscription(row.subscription_id)}"
    yield f"product       {names.product(row.product_id, row.subscription_id)}, {row.charge}"
    yield f"task          {row.task_id}"
    yield f"by            {row.who}, run {row.run_id}"
    for title, values in (("before", row.before), ("after", row.after)):
        if values is not None:
            yield ""
            yield title
            yield from _values(values, names)
    edited = edit_text(row.change)
    why = [*row.why.shown().items(), *([("edited", edited)] if edited else [])]
    if why:
        yield ""
        yield "why"
    for name, value in why:
        parts = value if isinstance(value, list | tuple) else [value]
        yield from (f"  {name}: {part}" for part in parts)


def _values(values: AdditionValues, names: Names) -> Iterator[str]:
    for one in fields(AdditionValues):
        value = getattr(values, one.name)
        if value is not None:
            yield f"  {label_of(one.name):<14}{named_value(names, one.name, value)}"
