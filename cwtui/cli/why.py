"""`cwtui why`: where an addition comes from, in full, to be read or copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from decimal import Decimal

import click

from cwtui.cli.answer import answer, answer_json
from cwtui.cli.commands import ListingCommand, examples
from cwtui.cli.documents import as_json, values_document
from cwtui.cli.engine_access import with_engine
from cwtui.cli.global_options import current_options
from cwtui.domain.ids import AdditionId, TaskId
from cwtui.domain.money import plain
from cwtui.domain.plain_text import plain_text
from cwtui.domain.psa import AdditionValues
from cwtui.engine.facade import Engine
from cwtui.engine.writing.why import Explanation


@click.command(cls=ListingCommand, epilog=examples("cwtui why 9003", "cwtui why initial.1000048531 --json"))
@click.argument("what", metavar="ADDITION_ID|TASK_ID")
def why(what: str) -> None:
    """Explain an addition, or every change of a task, planned or written.

    Shows the order line, the rule, the formula with its numbers, the request, the answer, who and when.
    """

    async def ask(engine: Engine) -> Sequence[Explanation]:
        if what.isascii() and what.isdecimal():
            return await engine.explainer.why(AdditionId(int(what)))
        return await engine.explainer.why_task(TaskId(what))

    found = with_engine(ask, only_reads=True)
    if current_options().json:
        answer_json([_document(one) for one in found])
    else:
        answer("\n\n".join(map(explanation_text, found)) or "It wrote nothing, and nothing is planned.")


def _document(one: Explanation) -> dict[str, object]:
    document = {field.name: as_json(getattr(one, field.name)) for field in fields(one)}
    lists = {name: list(getattr(one, name)) for name in ("arithmetic", "edited", "warnings")}
    sides = {name: values_document(getattr(one, name)) for name in ("before", "after", "computed")}
    return {**document, **lists, **sides, "planned": one.is_planned}


def explanation_text(one: Explanation) -> str:
    """One change, a line per fact."""
    return "\n".join(_lines(one))


def _lines(one: Explanation) -> Iterator[str]:
    which = "a new addition" if one.addition_id is None else f"addition {one.addition_id}"
    yield f"{'Planned: ' if one.is_planned else ''}{one.what} {which} of agreement {one.agreement_id}"
    named = f"{one.product_name} ({one.product_id})" if one.product_name else one.product_id
    facts = {
        "Product": f"{named}, {one.charge}",
        "Subscription": f"{one.subscription_name} ({one.subscription_id})",
        "Order": ", ".join(filter(None, (one.order, one.kind.replace("_", " ")))),
        "Line": one.source,
        "Rule": one.rule,
        "Arithmetic": "; ".join(one.arithmetic),
        "Edited": one.edit,
        "Before": _values(one.before),
        "After": _values(one.after),
        "Request": one.request,
        "Answer": one.answer,
        "Task": one.task_id,
        "Who": f"{one.who}, run {one.run_id}" if one.who or one.run_id else "",
        "When": f"{one.at:%Y-%m-%d %H:%M:%S} UTC" if one.at else "",
    }
    for name, text in facts.items():
        if text:
            yield f"  {name:<14}{plain_text(text)}"
    for warning in one.warnings:
        yield f"  - {plain_text(warning)}"


def _values(values: AdditionValues | None) -> str:
    if values is None:
        return ""
    held = {field.name.replace("_", " "): getattr(values, field.name) for field in fields(values)}
    return ", ".join(f"{name} {_shown(value)}" for name, value in held.items() if value not in {None, ""})


def _shown(value: object) -> str:
    return plain(value) if isinstance(value, Decimal) else str(as_json(value))
