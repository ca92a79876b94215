"""A reconciliation as CSV, for the command line and the screen (reconciling.md#reconcile)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from decimal import Decimal

from cwtui.domain.money import plain
from cwtui.domain.reconciliation import Reconciliation, ReconciliationRow, RowAmounts
from cwtui.engine.csv_cells import safe_cell

_CSV = (
    "customer", "customer_name", "agreement", "agreement_name", "period_start", "period_end", "billed", "status",
    "product", "product_name", "catalog_item", "identifier", "expected_quantity", "expected_price", "expected_cost",
    "actual_quantity", "actual_price", "actual_cost", "difference", "additions",
)  # fmt: skip


def reconciliation_csv(found: Iterable[Reconciliation]) -> str:
    """A header and a line per row, nothing a spreadsheet would compute.

    Lines end as spreadsheets write them, so that a line break of either kind inside a name is quoted.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_CSV)
    for one in found:
        for row in one.rows:
            writer.writerow([safe_cell(cell) for cell in _csv_cells(one, row)])
    return out.getvalue()


def _csv_cells(found: Reconciliation, row: ReconciliationRow) -> list[str]:
    sides = [amount for side in (row.expected, row.actual) for amount in _cells_of(side)]
    return [
        found.customer_id,
        found.customer_name,
        str(found.agreement_id or ""),
        found.agreement_name,
        found.period.start.isoformat(),
        found.period.end.isoformat(),
        "true" if found.billed else "false",
        row.status.value,
        " ".join(row.product_ids),
        row.name,
        "" if row.catalog_item_id is None else str(row.catalog_item_id),
        row.identifier,
        *sides,
        plain(row.difference),
        " ".join(str(addition.id) for addition in row.additions),
    ]


def _cells_of(side: RowAmounts | None) -> tuple[str, str, str]:
    if side is None:
        return "", "", ""
    return plain(side.quantity), _plain(side.price), _plain(side.cost)


def _plain(amount: Decimal | None) -> str:
    return "" if amount is None else plain(amount)
