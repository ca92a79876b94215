"""Days and fees that a task had invoiced before it was taken back: they are not charged again.

Rule: synchronising.md#taken-back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.mappings import Link
from cwtui.domain.money import CENT, ZERO, line_total, plain, price_text
from cwtui.domain.periods import ONE_DAY, span_text
from cwtui.domain.planning.draft import Draft
from cwtui.domain.plans import Change
from cwtui.domain.psa import AdditionValues

Days = tuple[date, date]
"""A first day, and the day after the last."""


def unpaid_days(draft: Draft, product: ProductId, charge: Charge) -> list[Days]:
    """The days from e to the day before s that this task charged on no invoice, or that were given back since."""
    dates = draft.dates
    if dates is None:
        return []
    whole = dates.effective, dates.start
    paid = sorted(_paid(draft, product, charge))
    if not paid:
        return [whole]
    left = list(_without(whole, paid))
    for first, before in paid:
        draft.notes.append(
            f"{draft.name_of(product)}: {span_text(first, before - ONE_DAY)} were invoiced before this task was taken"
            " back, so they are not charged again."
        )
    return left


def _paid(draft: Draft, product: ProductId, charge: Charge) -> Iterable[Days]:
    """Days invoiced by additions of this very task, which were ended when it was taken back."""
    additions, dates = draft.facts.additions, draft.dates
    if dates is None:
        return
    own = [
        link
        for link in draft.facts.links
        if link.task_id == draft.facts.task.id
        and link.product_id == product
        and not link.is_given_back
        and (additions is None or link.addition_id in additions)
    ]
    begun: list[date] = []
    for link in own:
        last = link.values.cancelled
        if link.is_standing and last is not None and last < dates.start:
            begun.append(link.values.effective)
            yield link.values.effective, last + ONE_DAY
    before = [link.values for link in own if link.charge is charge and not link.is_standing]
    if not before:
        return
    began = min(begun) if begun else min(_standing_began(values, dates.effective) for values in before)
    if began > dates.effective:
        yield dates.effective, began


def _standing_began(once: AdditionValues, effective: date) -> date:
    """s, as it was when the days before it were charged: a deleted addition left nothing else to tell it by.

    The one-time addition fills the period that begins with s, or the one that contains e and ends before s.
    """
    if once.effective > effective or once.cancelled is None:
        return once.effective
    return once.cancelled + ONE_DAY


def _without(whole: Days, paid: Iterable[Days]) -> Iterable[Days]:
    """Some days without others; the others are in order."""
    first, end = whole
    for begin, before in paid:
        if first < min(begin, end):
            yield first, min(begin, end)
        first = max(first, before)
    if first < end:
        yield first, end


def leave_out_what_was_charged(draft: Draft) -> None:
    """Fees that this task charged before at another amount (somebody edited it) are not charged again.

    Of several such fees of one product each takes the addition whose amount is nearest.
    """
    changes = [change for change in draft.changes if change.key in draft.once]
    pairs = [
        (abs(_total(link.values) - _total(change.after)), change.key, link.addition_id, change, link)
        for change in changes
        if change.after is not None
        for link in draft.created_before(change.product_id, change.charge)
    ]
    for difference, _, _, change, link in sorted(pairs, key=lambda pair: pair[:3]):
        if link.addition_id in draft.recalled or change not in draft.changes:
            continue
        draft.recalled.add(link.addition_id)
        draft.changes.remove(change)
        (draft.warnings if difference > CENT else draft.notes).append(_charged_otherwise(change, link))


def _charged_otherwise(change: Change, link: Link) -> str:
    values, after = link.values, change.after
    computed = f"{plain(after.quantity)} × {price_text(after.unit_price)}" if after else ""
    return (
        f"{values.description}: this task billed {plain(values.quantity)} × {price_text(values.unit_price)} before, in"
        f" addition {link.addition_id}; {computed} is not billed again."
    )


def _total(values: AdditionValues | None) -> Decimal:
    return line_total(values.quantity, values.unit_price) if values is not None else ZERO
