"""The catalog items that a usage report needs: one a SKU, from the file's own columns (files.md#profiles)."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from cwtui.domain.money import ZERO, price_text
from cwtui.engine.csv_cells import damage, is_total
from cwtui.vendors.billing_report import read_counts
from cwtui.vendors.layouts import Layout
from cwtui.vendors.numbers import CellError, NumberRule
from cwtui.vendors.rows import Refusal, Row
from cwtui.vendors.sku_sheet import LONGEST_IDENTIFIER, SheetItem, SkuSheet


def read_usage_items(path: Path, layout: Layout) -> SkuSheet:
    """The SKUs of a usage report as catalog items; a SKU of several costs or prices is refused.

    Raises:
        InputError: It is no such file.
    """
    file = read_counts(path, layout)
    refused = list(file.refused)
    found: dict[str, list[SheetItem]] = defaultdict(list)
    for row in file.rows:
        for sku in layout.sku_columns.values() or (row["sku"],):
            try:
                item = _item(row, sku, layout, file.numbers)
            except CellError as error:
                refused.append(Refusal(row.line, sku, error.reason, error.value))
            else:
                found[item.name.casefold()].append(item)
    items = []
    for alike in found.values():
        if reason := _differing(alike):
            refused += (Refusal(item.lines[0], item.sku, reason) for item in alike)
        else:
            items.append(_merged(alike))
    return SkuSheet(tuple(items), tuple(sorted(refused, key=lambda one: one.line)))


def _item(row: Row, sku: str, layout: Layout, numbers: NumberRule) -> SheetItem:
    if is_total(row["account_id"]):
        raise CellError("it is a line of totals")
    if reason := damage(sku):
        raise CellError("its SKU {} " + reason, sku)
    if reason := layout.refusal_of(sku):
        raise CellError(reason)
    cost = _amount(row, "unit_cost", numbers, layout)
    name = layout.item_name(sku, cost)
    if len(name) > LONGEST_IDENTIFIER:
        raise CellError(f"its name {name} is longer than the {LONGEST_IDENTIFIER} characters of a Product ID")
    price = _amount(row, "price", numbers, layout)
    return SheetItem(name, sku, row["description"] or sku, cost or ZERO, price, layout.is_one_time(sku), (row.line,))


def _amount(row: Row, column: str, numbers: NumberRule, layout: Layout) -> Decimal | None:
    if not row[column]:
        return None
    try:
        amount = numbers.read(row[column])
    except CellError as error:
        raise CellError(f"its {column.replace('_', ' ')} {error.reason}", error.value) from error
    if amount < 0:
        raise CellError(f"its {column.replace('_', ' ')} {{}} is below zero", row[column])
    return amount * layout.divide_by / layout.multiply_by


def _differing(alike: list[SheetItem]) -> str:
    for what, amounts in (
        ("unit costs", {item.cost for item in alike}),
        ("prices", {item.price for item in alike if item.price is not None}),
    ):
        if len(amounts) > 1:
            shown = ", ".join(price_text(amount) for amount in sorted(amounts))
            return f"the rows of its SKU have different {what} ({shown}); create it by hand, or correct the file"
    return ""


def _merged(alike: list[SheetItem]) -> SheetItem:
    first = alike[0]
    price = next((item.price for item in alike if item.price is not None), None)
    lines = tuple(line for item in alike for line in item.lines)
    return SheetItem(first.name, first.sku, first.description, first.cost, price, first.is_one_time, lines)
