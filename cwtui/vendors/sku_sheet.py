"""The SKU sheet: one catalog item per SKU and unit cost, its retail price as its price (files.md#export-items)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from cwtui.domain.lazily import dataclass
from cwtui.domain.money import ZERO, price_text
from cwtui.engine.csv_cells import damage
from cwtui.vendors.layouts import Layout
from cwtui.vendors.numbers import CellError, NumberRule
from cwtui.vendors.rows import Refusal, Row
from cwtui.vendors.vendor_file import FileShape, read_vendor_file

LONGEST_IDENTIFIER, LONGEST_DESCRIPTION = 60, 60
"""ConnectWise's shortest known limits for a catalog item's texts."""


@dataclass(frozen=True, slots=True)
class SheetItem:
    """One catalog item that the sheet asks for.

    Attributes:
        name: Its identifier, `<SKU>_<UNIT_PRICE>`.
        lines: The rows it comes from.
        price: The retail price; None where the sheet names none.
    """

    name: str
    sku: str
    description: str
    cost: Decimal
    price: Decimal | None
    is_one_time: bool
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SkuSheet:
    """The items of a sheet, and its refused rows."""

    items: tuple[SheetItem, ...] = ()
    refused: tuple[Refusal, ...] = ()


def read_sku_sheet(path: Path, layout: Layout) -> SkuSheet:
    """Read a SKU sheet.

    Raises:
        InputError: It is no such file.
    """
    file = read_vendor_file(
        path,
        "SKUs",
        needed=("sku", "unit_cost"),
        optional=("description", "retail_price"),
        columns=layout.columns,
        shape=FileShape(sheet=layout.sheet),
    )
    return sheet_of(file.rows, layout, file.refused, file.numbers)


def sheet_of(
    rows: Sequence[Row], layout: Layout, refused: Sequence[Refusal] = (), numbers: NumberRule | None = None
) -> SkuSheet:
    """Group rows into items; rows that ask for two retail prices of one item are refused, all of them."""
    rule = numbers or NumberRule()
    refusals = list(refused)
    groups: dict[str, list[tuple[Row, SheetItem]]] = defaultdict(list)
    for row in rows:
        try:
            item = _item(row, layout, rule)
        except CellError as error:
            refusals.append(Refusal(row.line, row["sku"], error.reason, error.value))
        else:
            groups[item.name.casefold()].append((row, item))
    items = []
    for group in groups.values():
        prices = {item.price for _, item in group if item.price is not None}
        if len(prices) > 1:
            refusals += _two_prices(group)
        else:
            items.append(_merged([item for _, item in group], next(iter(prices), None)))
    return SkuSheet(tuple(items), tuple(sorted(refusals, key=lambda one: one.line)))


def _item(row: Row, layout: Layout, numbers: NumberRule) -> SheetItem:
    sku = row["sku"]
    if reason := damage(sku):
        raise CellError("its SKU {} " + reason, sku)
    if reason := layout.refusal_of(sku):
        raise CellError(reason)
    cost = _price(row, "unit_cost", numbers)
    if cost is None:
        raise CellError("its unit cost is empty")
    name = layout.item_name(sku, cost)
    if len(name) > LONGEST_IDENTIFIER:
        raise CellError(f"its name {name} is longer than the {LONGEST_IDENTIFIER} characters of a Product ID")
    description = row["description"] or sku
    price = _price(row, "retail_price", numbers)
    return SheetItem(name, sku, description, cost, price, layout.is_one_time(sku), (row.line,))


def _price(row: Row, column: str, numbers: NumberRule) -> Decimal | None:
    if not row[column]:
        return None
    what = column.replace("_", " ")
    try:
        amount = numbers.read(row[column])
    except CellError as error:
        raise CellError(f"its {what} {error.reason}", error.value) from error
    if amount < 0:
        raise CellError(f"its {what} {{}} is below zero", row[column])
    return amount


def _two_prices(group: Sequence[tuple[Row, SheetItem]]) -> list[Refusal]:
    named = [f"line {row.line}: {price_text(item.price)}" for row, item in group if item.price is not None]
    reason = f"{group[0][1].name} has different retail prices ({', '.join(named)}); leave one of them"
    return [row.refused(reason, "sku") for row, _ in group]


def _merged(items: Sequence[SheetItem], price: Decimal | None) -> SheetItem:
    first = items[0]
    lines = tuple(line for item in items for line in item.lines)
    return SheetItem(first.name, first.sku, first.description, first.cost, price, first.is_one_time, lines)


def price_or_zero(item: SheetItem) -> Decimal:
    """The price its catalog item is created with (files.md#export-items)."""
    return ZERO if item.price is None else item.price
