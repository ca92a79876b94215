"""The operator's edits laid over a computed plan (plans.md#edits)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from cwtui.domain.ledger import Operation
from cwtui.domain.money import price_text
from cwtui.domain.periods import ONE_DAY, day_text, span_text
from cwtui.domain.plans import ArithmeticLines, Change, Edit, Plan, PlanEdits, PriceSource, total_step
from cwtui.domain.psa import BillCustomer

_SOURCES = {PriceSource.MARKETPLACE: "the marketplace's", PriceSource.CONNECTWISE: "ConnectWise's"}

_PRICES_CHOSEN = "The prices of this task are "

DROPPED = "dropped"
"""The digest of edits that once no longer fitted their plan: they fit no later plan (plans.md#edits)."""


def with_edits(plan: Plan, edits: PlanEdits | None) -> Plan:
    """Lay the operator's edits over a computed plan; drop them, visibly, if the plan has changed (plans.md#edits)."""
    if edits is None:
        return plan
    if edits.price_source is not None:
        chosen = _SOURCES[edits.price_source]
        by = f", as {edits.by.who} chose on {edits.by.at:%Y-%m-%d %H:%M} UTC" if edits.by else ""
        plan = replace(plan, notes=(*plan.notes, f"{_PRICES_CHOSEN}{chosen}{by}."))
    if not edits.edits:
        return plan
    if edits.digest != plan.digest:
        dropped = tuple(f"An edit of {edit.key} was dropped: the plan has changed since." for edit in edits.edits)
        return replace(plan, dropped_edits=dropped)
    by_key = {edit.key: edit for edit in edits.edits}
    changes = tuple(edited_change(change, by_key.get(change.key)) for change in plan.changes)
    settled = {change.warning for change in changes if change.instead_of is Operation.DELETE}
    warnings = tuple(text for text in plan.warnings if text not in settled)
    return replace(plan, changes=changes, warnings=(*warnings, *_billed_beside(changes), *_billed_by_nobody(changes)))


def has_chosen_prices(notes: Iterable[str]) -> bool:
    """A person chose the price source of the whole task whose notes these are (plans.md#edits-stay-visible)."""
    return any(note.startswith(_PRICES_CHOSEN) for note in notes)


def _billed_beside(changes: Sequence[Change]) -> Iterator[str]:
    """Additions whose end was left out although their successor begins (plans.md#edits-stay-visible)."""
    for change in changes:
        is_ended = change.is_standing and change.instead_of is None and change.operation is not Operation.CREATE
        replaced = replaced_on(change, changes) if change.left_out and is_ended else None
        if replaced is not None:
            yield (
                f"Addition {change.addition_id} goes on, because its end is left out, and its replacement begins on"
                f" {replaced}: both are billed."
            )


def _billed_by_nobody(changes: Sequence[Change]) -> Iterator[str]:
    """Days that an edit leaves between additions that end and what takes their place.

    Rule: plans.md#edits-stay-visible.
    """
    standing = [change for change in changes if change.is_standing]
    for product in dict.fromkeys(change.product_id for change in standing):
        own = [change for change in standing if change.product_id == product]
        ends = [change for change in own if change.operation is not Operation.CREATE]
        begins = [change for change in own if change.operation is Operation.CREATE]
        free = [day for end in ends if (day := _free_from(end)) is not None]
        if not begins or not free or len(free) < len(ends):
            continue
        first, name = max(free), begins[0].after.description if begins[0].after else product
        starts = [change.after.effective for change in begins if change.after and not change.left_out]
        if not starts:
            yield (
                f"{name}: its additions end, and what takes their place is left out: nothing bills it from"
                f" {day_text(first)} on."
            )
        elif min(starts) > first:
            yield (
                f"{name}: its additions end before what takes their place begins: nobody is charged for"
                f" {span_text(first, min(starts) - ONE_DAY)}."
            )


def _free_from(change: Change) -> date | None:
    """The first day that an addition no longer bills; None if it goes on."""
    if change.left_out or change.before is None:
        return None
    if change.after is None:
        return change.before.values.effective
    return change.after.cancelled + ONE_DAY if change.after.cancelled else None


def replaced_on(change: Change, changes: Iterable[Change]) -> date | None:
    """The day on which the successor of a standing addition begins; None if there is none, or it is left out.

    Args:
        change: The end or the deletion of that addition.
        changes: Of its plan, as they are edited.
    """
    begins = [
        other.after.effective
        for other in changes
        if other.product_id == change.product_id
        and other.key != change.key
        and other.is_standing
        and not other.left_out
        and other.after is not None
        and _adds_units(other)
    ]
    return min([*begins, *([change.replaced_from] if change.replaced_from else [])], default=None)


def _adds_units(change: Change) -> bool:
    if change.operation is Operation.CREATE:
        return True
    is_raised = change.before and change.after and change.after.quantity > change.before.values.quantity
    return bool(is_raised and change.after and change.after.cancelled is None)


def edited_change(change: Change, edit: Edit | None) -> Change:
    """One computed change with the operator's edits; a deletion can only get a last day, which ends it instead.

    Rule: plans.md#an-end-in-place-of-a-deletion.
    """
    if edit is None:
        return change
    change = replace(change, left_out=edit.left_out, edited_by=edit.by)
    if change.operation is Operation.DELETE:
        last = edit.values.get("cancelled")
        return _ended_instead(change, last) if isinstance(last, date) else change
    if change.after is None:
        return change
    names = frozenset(edit.values) | ({"price_source"} if edit.price_source else set())
    if not edit.values:
        return replace(change, edited=names)
    after = replace(change.after, **edit.values)  # type: ignore[arg-type]  # names and types were checked on entry
    edited = replace(change, after=after, computed=change.computed or change.after, edited=names)
    return replace(edited, arithmetic=ArithmeticLines(partial(_edited_steps, edited)))


def _ended_instead(change: Change, last_day: date) -> Change:
    if change.before is None:
        raise AssertionError(f"{change.key} names no addition")
    edited = replace(
        change,
        operation=Operation.UPDATE,
        instead_of=Operation.DELETE,
        after=change.before.values.ending(last_day),
        edited=frozenset({"cancelled"}),
    )
    return replace(edited, arithmetic=ArithmeticLines(partial(_edited_steps, edited)))


_TOTAL = frozenset({"quantity", "unit_price", "bill"})
_DAYS = frozenset({"effective", "cancelled"})


def _edited_steps(change: Change) -> tuple[str, ...]:
    """The computed arithmetic, then that of the edited numbers; unchanged if no number was edited."""
    after, edited = change.after, change.edited
    if after is None:
        return tuple(change.arithmetic)
    steps = [f"cost {price_text(after.unit_cost)}"] if "unit_cost" in edited else []
    is_ended = change.operation is Operation.UPDATE and "cancelled" in edited
    if edited & _TOTAL or is_ended:
        charged = "" if after.bill is BillCustomer.BILLABLE else f", which is not charged ({after.bill})"
        steps.append(f"{total_step(after.quantity, after.unit_price)}{charged}")
    if is_ended:
        steps[-1] += f" a period; addition {change.addition_id} " + (
            f"ends on {after.cancelled}" if after.cancelled else "no longer ends"
        )
    elif edited & _DAYS:
        steps.append(f"from {after.effective}" + (f" to {after.cancelled}" if after.cancelled else ""))
    if not steps:
        return tuple(change.arithmetic)
    return (*(f"computed: {step}" for step in change.arithmetic), *(f"edited: {step}" for step in steps))
