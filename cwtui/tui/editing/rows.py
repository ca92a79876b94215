"""The additions of a plan being edited, as a table's rows; its totals in words."""

from __future__ import annotations

from collections.abc import Sequence

from cwtui.domain.ledger import Operation
from cwtui.domain.money import plain, price_text
from cwtui.domain.next_invoice import totals_by_charge
from cwtui.domain.plans import Change
from cwtui.engine.planning.editing import PlanEditing
from cwtui.tui.widgets.columns import Column
from cwtui.tui.widgets.tone import Tone

COLUMNS = (
    Column("state", "Change", 11, toned=True),
    Column("charge", "Charge", 12),
    Column("description", "Invoice text", 14, share=3, widest=70),
    Column("quantity", "Quantity", 8, right=True, rank=1),
    Column("price", "Price", 9, right=True, rank=1),
    Column("effective", "First day", 10),
    Column("cancelled", "Last day", 10, rank=2),
    Column("amount", "Amount", 11, right=True),
)
_SYMBOLS = {Operation.CREATE: "+ create", Operation.UPDATE: "~ change", Operation.DELETE: "− delete"}


class EditedRows:
    """The changes of a plan being edited; the key of a row is its change's."""

    def __init__(self, editing: PlanEditing) -> None:
        self._editing = editing
        self.take()

    def take(self) -> None:
        """Look again, after something was edited."""
        self._changes = self._editing.changes
        self._places = {change.key: place for place, change in enumerate(self._changes)}

    @property
    def row_count(self) -> int:
        """How many changes there are."""
        return len(self._changes)

    def key(self, index: int) -> str:
        """The change's key."""
        return self._changes[index].key

    def index_of(self, key: str) -> int | None:
        """Where a change stands."""
        return self._places.get(key)

    def cells(self, index: int) -> Sequence[str]:
        """One value per column."""
        change = self._changes[index]
        values = change.after or (change.before.values if change.before else None)
        if values is None:
            return (self._state(change), change.charge, "", "", "", "", "", "")
        return (
            self._state(change),
            change.charge,
            values.description,
            plain(values.quantity),
            price_text(values.unit_price),
            values.effective.isoformat(),
            values.cancelled.isoformat() if values.cancelled else "",
            "" if change.left_out or change.after is None else price_text(change.amount),
        )

    def tone(self, index: int) -> Tone:
        """What is wrong, edited or left out."""
        change = self._changes[index]
        if change.left_out:
            return Tone.MUTED
        if self._editing.errors(change.key):
            return Tone.BAD
        return Tone.ATTENTION if self._editing.is_touched(change.key) else Tone.NORMAL

    def is_selected(self, index: int) -> bool:  # noqa: ARG002  # the protocol's shape
        """Rows are left out, not selected."""
        return False

    def _state(self, change: Change) -> str:
        if change.left_out:
            return "» left out"
        if self._editing.errors(change.key):
            return "✗ wrong"
        return "✎ edited" if self._editing.is_touched(change.key) else _SYMBOLS[change.operation]


def totals_text(editing: PlanEditing) -> str:
    """The plan's totals with the present edits: `recurring 135.00 · setup 25.00 EUR · 1 left out`."""
    changes = editing.changes
    currency = editing.plan.currency
    parts = [
        f"{charge} {price_text(amount)} {currency}".rstrip() for charge, amount in totals_by_charge(changes).items()
    ]
    ends = sum(1 for change in changes if change.operation is not Operation.CREATE and not change.left_out)
    left_out = sum(1 for change in changes if change.left_out)
    parts += [f"{ends} ended or deleted"] if ends else []
    parts += [f"{left_out} left out"] if left_out else []
    return "Totals: " + (" · ".join(parts) if parts else "nothing")
