"""The fields of an addition as people read them, on the screens and in the commands alike.

Rule: plans.md#what-an-addition-carries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from decimal import Decimal

from cwtui.domain.ledger import Operation
from cwtui.domain.money import plain, price_text
from cwtui.domain.plans import Change, PriceSource
from cwtui.domain.psa import AdditionValues

_LABELS = {
    "catalog_item_id": "catalog item",
    "unit_price": "unit price",
    "unit_cost": "unit cost",
    "effective": "first day",
    "cancelled": "last day",
    "bill": "bill customer",
    "description": "invoice text",
}
_PRICES = {"unit_price", "unit_cost"}


def label_of(name: str) -> str:
    """The word for a field of `AdditionValues`."""
    return _LABELS.get(name, name)


def value_text(name: str, value: object) -> str:
    """A field's value in words; text from outside as it came."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return price_text(value) if name in _PRICES else plain(value)
    return str(value)


def values_shown(change: Change, say: Callable[[str, object], str] = value_text) -> Iterator[tuple[str, str]]:
    """Field by field what a change does: `(name, "before → after")`, or the values of what is created or deleted.

    Args:
        change: Fields it leaves as they are, or never sets, are left out.
        say: A field's name and value in words.
    """
    before, after = change.before.values if change.before else None, change.after
    for field in fields(AdditionValues):
        old, new = (None if held is None else getattr(held, field.name) for held in (before, after))
        if (before and after and old == new) or (old is None and new is None):
            continue
        shown = [old, new] if before and after else [old if before else new]
        yield field.name, " → ".join(say(field.name, value) for value in shown)


_FROM = {PriceSource.MARKETPLACE: "the marketplace", PriceSource.CONNECTWISE: "ConnectWise"}


def edit_text(change: Change) -> str:
    """The operator's edit of a change and who made it: `quantity 8 in place of 6, by ann on …`; empty if none.

    Rule: plans.md#edits-stay-visible.
    """
    by = change.edited_by
    signed = f" by {by.who} on {by.at:%Y-%m-%d %H:%M} UTC" if by else ""
    if change.left_out:
        return f"left out{signed}; nothing of it is written"
    parts = list(_edits_shown(change))
    return f"{', '.join(parts)},{signed}" if parts and signed else ", ".join(parts)


def _edits_shown(change: Change) -> Iterator[str]:
    after, computed = change.after, change.computed
    if change.instead_of is Operation.DELETE and after is not None:
        yield f"it ends on {after.cancelled} in place of being deleted"
        return
    for field in fields(AdditionValues):
        if field.name in change.edited and after is not None and computed is not None:
            new, old = (value_text(field.name, getattr(values, field.name)) for values in (after, computed))
            yield f"{label_of(field.name)} {new} in place of {old}"
        elif field.name in change.edited:  # a row of an older version, which did not keep the computed values
            yield label_of(field.name)
    if "price_source" in change.edited:
        yield f"prices from {_FROM[change.price_source]}"
