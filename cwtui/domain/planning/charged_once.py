"""One-time additions of an order's other lines, the same for every kind of task (SPEC 6)."""

from __future__ import annotations

from collections.abc import Iterable

from cwtui.domain.charges import Charge
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.lines import ChargedLine
from cwtui.domain.tasks import ProblemCode

_SUFFIX = {Charge.SETUP: " - setup fee", Charge.CANCELLATION: " - cancellation fee", Charge.OTHER: ""}


def plan_once(draft: Draft, lines: Iterable[ChargedLine], *, rule: str) -> None:
    """Bill each line once, in full, over f; overuse and usage name the period they bill."""
    for line in lines:
        draft.one_time(line, rule=rule, suffix=_suffix(draft, line))


def unexpected(draft: Draft, line: ChargedLine, kind: str) -> None:
    """A line that this kind of order has no rule for waits for a person: it is never dropped silently (SPEC 6)."""
    draft.problem(
        ProblemCode.UNKNOWN_CHARGE_TYPE,
        f"{line.product_id}:{line.types[0]}",
        f"A {line.types[0]} line of {draft.name_of(line.product_id)} has no rule in a {kind}."
        " Bill it by hand, then skip this task.",
    )


def _suffix(draft: Draft, line: ChargedLine) -> str:
    if line.charge in {Charge.OVERUSE, Charge.USAGE, Charge.RECURRING}:
        word = "overuse" if line.charge is Charge.OVERUSE else "usage"
        return f" - {word} {draft.billed_span()}" if draft.billed_span() else f" - {word}"
    if line.charge is Charge.CREDIT:
        return " - credit setup fee" if line.is_setup_refund else " - credit"
    return _SUFFIX.get(line.charge, "")
