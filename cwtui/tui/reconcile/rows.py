"""Rows of a reconciliation, and of the summary over all customers, as the screens show them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cwtui.domain.money import plain, price_text
from cwtui.domain.periods import span_text
from cwtui.domain.reconciliation import Reconciliation, ReconciliationRow, RowAmounts, RowStatus
from cwtui.tui.names import Names
from cwtui.tui.widgets.columns import Column
from cwtui.tui.widgets.detail_pane import Line
from cwtui.tui.widgets.tone import Tone

COLUMNS = (
    Column("status", "Status", 18, toned=True),
    Column("name", "Product", 14, share=3, widest=50),
    Column("expected", "Expected", 12, share=1, widest=18),
    Column("actual", "Actual", 12, share=1, widest=18),
    Column("difference", "Difference", 10, right=True),
    Column("item", "Catalog item", 12, share=1, widest=24, rank=1),
    Column("agreement", "Agreement", 12, share=1, widest=30, rank=2),
)
SUMMARY_COLUMNS = (
    Column("status", "Status", 10, toned=True),
    Column("difference", "Difference", 14, right=True),
    Column("customer", "Customer", 14, share=2, widest=40),
    Column("agreement", "Agreement", 14, share=2, widest=40),
    Column("rows", "Rows that differ", 16, share=3, rank=1),
)
_TONES = {RowStatus.MATCH: Tone.GOOD, RowStatus.MISSING: Tone.BAD, RowStatus.UNMAPPED: Tone.MUTED}
_MEANING = {
    RowStatus.MATCH: "Both sides say the same.",
    RowStatus.QUANTITY_DIFFERS: "The additions bill another quantity than the subscriptions hold.",
    RowStatus.PRICE_DIFFERS: "The additions bill another price or cost than the marketplace names.",
    RowStatus.MISSING: "The subscriptions hold it, no addition bills it.",
    RowStatus.EXTRA: "An addition bills it, no subscription holds it.",
    RowStatus.UNMAPPED: "The product is mapped to no catalog item: 2 maps it.",
}


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One row of one agreement's comparison."""

    found: Reconciliation
    row: ReconciliationRow

    @property
    def key(self) -> str:
        """What names it."""
        what = self.row.catalog_item_id if self.row.catalog_item_id is not None else ",".join(self.row.product_ids)
        owners = ",".join(dict.fromkeys(wanted.subscription_id for wanted in self.row.wanted))
        return f"{self.found.agreement_id}/{what}/{'' if self.row.catalog_item_id is not None else owners}"


def compared(found: Sequence[Reconciliation]) -> list[ComparedRow]:
    """Every row, those that differ first."""
    rows = [ComparedRow(one, row) for one in found for row in one.rows]
    return sorted(rows, key=lambda one: one.row.status is RowStatus.MATCH)


def cells(one: ComparedRow) -> Sequence[str]:
    """One value per column."""
    row = one.row
    symbol = "✓" if row.status is RowStatus.MATCH else "!"
    return (
        f"{symbol} {row.status}",
        row.name,
        side_text(row.expected),
        side_text(row.actual),
        "" if row.status is RowStatus.MATCH else price_text(row.difference),
        row.identifier or "(not mapped)",
        one.found.agreement_name,
    )


def tone(one: ComparedRow) -> Tone:
    """What its colour says."""
    return _TONES.get(one.row.status, Tone.ATTENTION)


def side_text(side: RowAmounts | None) -> str:
    """`15 × 4.50`."""
    if side is None:
        return "none"
    return f"{plain(side.quantity)} × {'no price' if side.price is None else price_text(side.price)}"


def lines(one: ComparedRow, names: Names) -> Iterator[Line]:
    """All about one row, for the pane."""
    row, currency = one.row, one.found.currency
    yield Line(row.name, Tone.HEADING)
    yield Line(f"{row.status}: {_MEANING[row.status]}", tone(one))
    number = f" ({row.catalog_item_id})" if row.catalog_item_id is not None else ""
    yield Line(f"Catalog item {row.identifier or 'none'}{number}")
    for name, side in (("Expected", row.expected), ("Actual", row.actual)):
        cost = "" if side is None or side.cost is None else f", cost {price_text(side.cost)}"
        yield Line(f"{name:<10}{side_text(side)}{cost}")
    if row.difference:
        more = "more" if row.difference > 0 else "less"
        yield Line(f"Billed {price_text(abs(row.difference))} {currency} {more} per period than asked for.".strip())
    for wanted in row.wanted:
        owner = names.subscription(wanted.subscription_id)
        yield Line(f"· {plain(wanted.quantity)} of {wanted.name} ({wanted.product_id}) in subscription {owner}")
        if wanted.blocked:
            yield Line(wanted.blocked, Tone.ATTENTION, indent=2)
    for word, additions in (("bills", row.additions), ("does not bill that day", row.others)):
        for addition in additions:
            values = addition.values
            ends = f" to {values.cancelled}" if values.cancelled else ""
            text = f"{plain(values.quantity)} × {price_text(values.unit_price)} from {values.effective}{ends}"
            shade = Tone.MUTED if addition in row.others else Tone.NORMAL
            yield Line(f"· addition {addition.id} {word}: {text}", shade)
    for proposal in row.proposals:
        text = f"Addition {proposal.addition.id} was made by hand and may bill this: A adopts it."
        yield Line(text, Tone.ATTENTION)


def report_lines(found: Sequence[Reconciliation], skipped: Sequence[str]) -> Iterator[Line]:
    """What to know about each agreement's comparison."""
    for one in found:
        yield Line("")
        heading = f"{one.agreement_name} ({one.agreement_id})" if one.agreement_id else one.agreement_name
        yield Line(heading, Tone.HEADING)
        yield Line(f"Billing period {span_text(one.period.start, one.period.end)}")
        if one.billed:
            yield Line("! This period is billed already: a repair begins later.", Tone.ATTENTION)
        for text in one.warnings:
            yield Line(f"! {text}", Tone.ATTENTION)
        for text in one.notes:
            yield Line(f"· {text}")
        if not one.differs and not skipped:
            matches = "everything matches" if one.rows else "nothing to bill on either side"
            yield Line(f"✓ Nothing to do: {matches}.", Tone.GOOD)
    for text in skipped:
        yield Line(f"! {text}", Tone.ATTENTION)


def summary_cells(found: Reconciliation) -> Sequence[str]:
    """One value per column of the summary."""
    differing = [f"{row.status} {row.name}" for row in found.rows if row.status is not RowStatus.MATCH]
    return (
        "! differs" if differing else "✓ match",
        f"{price_text(found.difference)} {found.currency}".rstrip(),
        found.customer_name,
        found.agreement_name,
        "; ".join(differing) or "none",
    )
