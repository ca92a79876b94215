"""What the note of a task says after its plan was written, or was not."""

from __future__ import annotations

from cwtui.domain.errors import NOTHING_CHANGED, ServiceError
from cwtui.domain.plans import Plan


def failure_note(error: ServiceError, written: int, of: int) -> str:
    """The error in words; for a plan that was begun, also how much of it was changed.

    Rule: synchronising.md#what-a-failure-says.
    """
    if not written:
        return str(error)
    changed = error.changed if error.changed != NOTHING_CHANGED else "This change was not made."
    part = f"Written before it: {written} of the task's {of} changes; the next try goes on there."
    return f"{error.happened} {changed} {part} {error.next_step}"


def written_note(plan: Plan) -> str:
    """How many changes were written, edited and left out."""
    if not plan.changes:
        return "Nothing to write."
    left_out = len(plan.changes) - len(plan.to_write)
    count, edited = len(plan.to_write), sum(bool(change.edited) for change in plan.to_write)
    written = "1 change written" if count == 1 else f"{count} changes written"
    written += f", {edited} of them edited" if edited else ""
    return f"{written}, {left_out} left out." if left_out else f"{written}."
