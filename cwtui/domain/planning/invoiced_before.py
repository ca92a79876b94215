"""Days that a task had invoiced before it was taken back: they are not charged again.

Rule: synchronising.md#taken-back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.periods import ONE_DAY, span_text
from cwtui.domain.planning.draft import Draft

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
    begun = []
    for link in own:
        last = link.values.cancelled
        if link.is_standing and last is not None and last < dates.start:
            begun.append(link.values.effective)
            yield link.values.effective, last + ONE_DAY
    has_days_before = any(link.charge is charge and not link.is_standing for link in own)
    if begun and has_days_before and min(begun) > dates.effective:
        yield dates.effective, min(begun)


def _without(whole: Days, paid: Iterable[Days]) -> Iterable[Days]:
    """Some days without others; the others are in order."""
    first, end = whole
    for begin, before in paid:
        if first < min(begin, end):
            yield first, min(begin, end)
        first = max(first, before)
    if first < end:
        yield first, end
