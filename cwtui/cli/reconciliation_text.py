"""A reconciliation as JSON (reconciling.md#reconcile), and as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from cwtui.cli.table import table
from cwtui.domain.money import plain, price_text
from cwtui.domain.periods import span_text
from cwtui.domain.plain_text import plain_text
from cwtui.domain.reconciliation import Reconciliation, ReconciliationRow, RowAmounts, RowStatus

Document = dict[str, Any]


def reconciliation_document(found: Sequence[Reconciliation]) -> Document:
    """A comparison as JSON (reconciling.md#reconcile); what agreements do not share stands with each row only."""
    one = found[0] if len(found) == 1 else None
    periods = [_period(each) for each in found]
    shared = periods[0] if periods and all(period == periods[0] for period in periods) else None
    return {
        "customer": found[0].customer_id if found else None,
        "customer_name": found[0].customer_name if found else None,
        "agreement": (one.agreement_id or None) if one else None,
        "agreement_name": one.agreement_name if one else None,
        "period": shared,
        "rows": [_row_document(each, row) for each in found for row in each.rows],
        "warnings": [text for each in found for text in (*each.warnings, *each.doubts)],
        "notes": [text for each in found for text in each.notes],
        "difference": sum((each.difference for each in found), start=Decimal(0)),
    }


def summary_document(found: Iterable[Reconciliation], skipped: Sequence[str]) -> Document:
    """Every customer's reconciliation, the largest difference first."""
    return {"reconciliations": [reconciliation_document([one]) for one in found], "skipped": list(skipped)}


def _period(found: Reconciliation) -> Document:
    return {"start": found.period.start.isoformat(), "end": found.period.end.isoformat(), "billed": found.billed}


def _row_document(found: Reconciliation, row: ReconciliationRow) -> Document:
    return {
        "status": row.status.value,
        "product": row.product_ids[0] if row.product_ids else None,
        "products": list(row.product_ids),
        "name": row.name,
        "catalog_item": {"id": row.catalog_item_id, "identifier": row.identifier},
        "expected": _amounts(row.expected),
        "actual": _amounts(row.actual),
        "difference": row.difference,
        "additions": [addition.id for addition in row.additions],
        "subscriptions": list(dict.fromkeys(wanted.subscription_id for wanted in row.wanted)),
        "adoptable": [proposal.addition.id for proposal in row.proposals],
        "agreement": found.agreement_id or None,
        "period": _period(found),
    }


def _amounts(side: RowAmounts | None) -> Document:
    """One side; nothing at all is a quantity of 0 without a price."""
    if side is None:
        return {"quantity": 0, "price": None, "cost": None}
    return {"quantity": side.quantity, "price": side.price, "cost": side.cost}


def reconciliation_text(found: Reconciliation, *, is_whole: bool = True) -> str:
    """One agreement's table, and what to know about it.

    Args:
        found: The comparison.
        is_whole: Everything the customer holds was compared; only then may there be nothing to do.
    """
    return "\n".join(_lines(found, is_whole=is_whole))


def _lines(found: Reconciliation, *, is_whole: bool) -> Iterator[str]:
    yield f"Customer   {plain_text(found.customer_name)} ({plain_text(found.customer_id)})"
    yield (
        f"Agreement  {plain_text(found.agreement_name)} ({found.agreement_id})"
        if found.agreement_id
        else f"Agreement  {found.agreement_name}"
    )
    billed = "billed already" if found.billed else "not billed yet"
    yield f"Period     {span_text(found.period.start, found.period.end)}, {billed}"
    if found.rows:
        headers = ("STATUS", "PRODUCT", "CATALOG ITEM", "EXPECTED", "ACTUAL", "DIFFERENCE", "ADDITIONS")
        yield ""
        yield table(headers, [_row_cells(row, found.currency) for row in found.rows], right={"DIFFERENCE"})
    for text in (*found.warnings, *found.notes):
        yield f"  - {plain_text(text)}"
    for proposal in found.proposals:
        wanted = proposal.wanted
        yield plain_text(
            f"  - Addition {proposal.addition.id} was made by hand and may bill this: cwtui adopt"
            f" {proposal.addition.id} --subscription {wanted.subscription_id} --product {wanted.product_id}"
        )
    if not found.differs and is_whole:
        yield "Nothing to do: everything matches." if found.rows else "Nothing to do: nothing to bill on either side."


def _row_cells(row: ReconciliationRow, currency: str) -> tuple[str, ...]:
    additions = " ".join(str(addition.id) for addition in row.additions)
    money = "" if row.status is RowStatus.MATCH else f"{price_text(row.difference)} {currency}".rstrip()
    sides = (_side(row.expected), _side(row.actual))
    return row.status.value, row.name, row.identifier or "(not mapped)", *sides, money, additions


def _side(side: RowAmounts | None) -> str:
    if side is None:
        return "none"
    price = "no price" if side.price is None else price_text(side.price)
    cost = "" if side.cost is None else f" (cost {price_text(side.cost)})"
    return f"{plain(side.quantity)} × {price}{cost}"


def summary_text(found: Sequence[Reconciliation]) -> str:
    """A line per customer and agreement, the largest difference in money first."""
    if not found:
        return "No mapped customer has a subscription on an agreement."
    headers = ("DIFFERENCE", "CURRENCY", "CUSTOMER", "ID", "AGREEMENT", "PERIOD", "ROWS THAT DIFFER")
    return table(headers, [_summary_cells(one) for one in found], right={"DIFFERENCE"})


def _summary_cells(found: Reconciliation) -> tuple[object, ...]:
    differing = [f"{row.status} {row.name}" for row in found.rows if row.status is not RowStatus.MATCH]
    period = f"{found.period.start} to {found.period.end}"
    where = f"{found.agreement_name} ({found.agreement_id})"
    names = (found.customer_name, found.customer_id, where, period)
    return price_text(found.difference), found.currency, *names, "; ".join(differing) or "none"
