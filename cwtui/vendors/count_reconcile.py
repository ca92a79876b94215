"""A report beside the additions, per account and SKU (files.md#reconcile-counts)."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from enum import StrEnum

from cwtui.domain.counts import CountedItem
from cwtui.domain.ids import CatalogItemId
from cwtui.domain.lazily import dataclass
from cwtui.domain.money import ZERO, plain
from cwtui.domain.psa import Addition
from cwtui.engine.csv_cells import safe_cell
from cwtui.vendors.counted_accounts import AccountCounts
from cwtui.vendors.doubts import concerns
from cwtui.vendors.layouts import Layout
from cwtui.vendors.rows import Refusal

COLUMNS = (
    "account", "company", "agreement", "sku", "catalog_item", "status", "expected_quantity", "actual_quantity",
    "actual_price", "actual_cost", "line", "note",
)  # fmt: skip
_MOVES_ON = "Its units are reported at another price: it ends where that takes over."
_LEFT_ALONE = "It is not in the report; it is left alone."


class CountStatus(StrEnum):
    """How a line of the report compares with the additions."""

    MATCH = "match"
    QUANTITY_DIFFERS = "quantity_differs"
    MISSING = "missing"
    EXTRA = "extra"
    UNMAPPED = "unmapped"


@dataclass(frozen=True, slots=True)
class CountRow:
    """One account and SKU.

    Attributes:
        name: The catalog item's, `<SKU>_<UNIT_PRICE>`.
        expected: The report's count; None where the report does not name it.
        actual: What the additions hold together; None where there is none.
        price, cost: Of one unit, where all its additions agree.
        lines: Of the file.
        moves_on: An addition whose units the report has at another price: a repair ends it.
    """

    status: CountStatus
    account: str
    company: str
    agreement_id: int | None
    sku: str
    name: str
    catalog_item_id: CatalogItemId | None
    expected: Decimal | None
    actual: Decimal | None
    price: Decimal | None = None
    cost: Decimal | None = None
    lines: tuple[int, ...] = ()
    note: str = ""
    moves_on: bool = False

    @property
    def differs(self) -> bool:
        """A person, or `--apply`, has something to do."""
        return self.status is not CountStatus.MATCH


def compare(accounts: Iterable[AccountCounts], layout: Layout, refused: Sequence[Refusal]) -> list[CountRow]:
    """Rows for every line of the report, every addition of a SKU that it does not name, and what cannot be compared."""
    rows: list[CountRow] = []
    for one in accounts:
        rows += _account_rows(one, layout)
    rows += [
        CountRow(CountStatus.UNMAPPED, *_subject(one), None, None, None, lines=(one.line,), note=one.reason)
        for one in refused
    ]
    return rows


def _subject(refusal: Refusal) -> tuple[str, str, None, str, str]:
    account, _, sku = refusal.subject.partition(", ")
    return account, "", None, sku, sku


def _account_rows(one: AccountCounts, layout: Layout) -> list[CountRow]:
    record = one.record
    reported = {item.catalog_item_id for item in record.items}
    extra = [
        held
        for held in record.seen
        if held.values.cancelled is None
        and held.values.catalog_item_id not in reported
        and (
            held.values.catalog_item_id in record.known
            or (layout.priced_names and layout.sku_of(held.catalog_item) != held.catalog_item)
        )
        and not concerns(record.doubts, layout.sku_of(held.catalog_item))
    ]
    rows = [
        _row(one, item, _of(item, record.seen, layout))
        for item in record.items
        if not concerns(record.doubts, item.sku) and not concerns(record.anywhere, item.sku)
    ]
    more = {
        row.sku.casefold()
        for row in rows
        if row.expected is not None and (row.actual is None or row.expected > row.actual)
    }
    return rows + [_extra(one, held, layout, more) for held in extra]


def _of(item: CountedItem, seen: Sequence[Addition], layout: Layout) -> list[Addition]:
    found = [held for held in seen if held.values.catalog_item_id == item.catalog_item_id]
    if item.is_apart:
        found = [held for held in found if held.values.unit_cost == item.unit_cost]
    endless = [held for held in found if held.values.cancelled is None]
    return endless if endless or not layout.is_one_time(item.sku) else found[-1:]


def _row(one: AccountCounts, item: CountedItem, held: Sequence[Addition]) -> CountRow:
    actual = sum((addition.values.quantity for addition in held), start=ZERO) if held else None
    status = CountStatus.MATCH
    if one.record.agreement_id is None:
        status = CountStatus.UNMAPPED
    elif actual is None:
        status = CountStatus.MISSING if item.quantity else CountStatus.MATCH
    elif actual != item.quantity:
        status = CountStatus.QUANTITY_DIFFERS
    return CountRow(
        status,
        one.account,
        one.company.name,
        one.record.agreement_id,
        item.sku,
        item.name,
        item.catalog_item_id,
        item.quantity,
        actual,
        _agreed({addition.values.unit_price for addition in held}),
        _agreed({addition.values.unit_cost for addition in held}),
        item.lines,
        one.record.lacking,
    )


def _extra(one: AccountCounts, held: Addition, layout: Layout, more: Collection[str]) -> CountRow:
    sku = layout.sku_of(held.catalog_item)
    moves_on = layout.priced_names and sku.casefold() in more
    return CountRow(
        CountStatus.EXTRA,
        one.account,
        one.company.name,
        one.record.agreement_id,
        sku,
        held.catalog_item,
        held.values.catalog_item_id,
        None,
        held.values.quantity,
        held.values.unit_price,
        held.values.unit_cost,
        note=_MOVES_ON if moves_on else _LEFT_ALONE,
        moves_on=moves_on,
    )


def _agreed(amounts: set[Decimal]) -> Decimal | None:
    return next(iter(amounts)) if len(amounts) == 1 else None


def count_rows_csv(rows: Iterable[CountRow]) -> str:
    """The comparison as CSV, without cells that a spreadsheet would compute."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        cells = (
            row.account, row.company, row.agreement_id, row.sku, row.name, row.status.value, row.expected, row.actual,
            row.price, row.cost, " ".join(map(str, row.lines)), row.note,
        )  # fmt: skip
        writer.writerow([safe_cell(_cell(cell)) for cell in cells])
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    return plain(value) if isinstance(value, Decimal) else str(value)
