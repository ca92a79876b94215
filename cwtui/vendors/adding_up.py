"""Rows of a usage report become the lines of accounts (files.md#export-counts).

A report has hundreds of thousands of rows and few different SKUs, amounts and quantities, so each is parsed once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from decimal import Decimal

from cwtui.domain.lazily import dataclass
from cwtui.domain.money import ZERO, plain, price_text
from cwtui.engine.csv_cells import damage, is_total
from cwtui.vendors.count_lines import CountLine
from cwtui.vendors.layouts import Layout
from cwtui.vendors.numbers import CellError, NumberRule
from cwtui.vendors.rows import Candidates, Refusal, Row


@dataclass(slots=True)
class _Kind:
    """The common part of rows with the same spelling of SKU, unit cost and price.

    Attributes:
        sku: As it is spelt.
        error: Why none of them is counted.
        may_bill: Refused rows of it could belong to a billed item.
        key: The same for every spelling.
        unit_cost, price: Of what one the file counts.
        item: The catalog item's identifier.
        folded: The same in any case.
        billed_cost, billed_price: Of a billed unit.
    """

    sku: str
    error: CellError | None = None
    may_bill: bool = True
    key: int = 0
    unit_cost: Decimal | None = None
    price: Decimal | None = None
    item: str = ""
    folded: str = ""
    billed_cost: Decimal | None = None
    billed_price: Decimal | None = None


class _Line:
    """What was added up so far, exactly as the file counts; of the kind that its first row is of."""

    __slots__ = ("description", "kind", "quantity", "rows")

    def __init__(self, kind: _Kind, description: str, quantity: Decimal, row: int) -> None:
        self.kind, self.description, self.quantity, self.rows = kind, description, quantity, [row]


_Lines = dict[int, _Line]
"""Of one account, by the key of their kind."""


@dataclass(slots=True)
class Counting:
    """Adds up rows by account and kind; `refused` are those that cannot be counted."""

    layout: Layout
    numbers: NumberRule
    refused: list[Refusal] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)
    _found: dict[str, _Lines] = field(default_factory=dict)
    _spelt: dict[str, _Lines] = field(default_factory=dict)
    _kinds: dict[tuple[str, str, str], _Kind] = field(default_factory=dict)
    _keys: dict[tuple[str, Decimal | None, Decimal | None], int] = field(default_factory=dict)
    _quantities: dict[str, Decimal] = field(default_factory=dict)
    _billed: dict[Decimal, Decimal | None] = field(default_factory=dict)

    def take(self, rows: Sequence[Row]) -> None:
        """Count the rows of a file."""
        if not rows:
            return
        places, none, add = rows[0].places, len(rows[0].values), self._add
        columns = ("account_id", "sku", "unit_cost", "price", "description", "quantity")
        account_at, sku_at, cost_at, price_at, text_at, quantity_at = (places.get(one, none) for one in columns)
        units = "1" if self.layout.quantity is not None else ""
        by_column = [(sku, places[f"sku:{header}"]) for header, sku in self.layout.sku_columns.items()]
        for row in rows:
            values = (*row.values, "")  # the last stands for the columns that the file lacks
            account, cost, price, text = values[account_at], values[cost_at], values[price_at], values[text_at]
            if not by_column:
                add(row.line, account, (values[sku_at], cost, price), text, units or values[quantity_at])
                continue
            for sku, at in by_column:
                if values[at]:
                    add(row.line, account, (sku, cost, price), text, values[at])

    def _add(self, row: int, account: str, cells: tuple[str, str, str], description: str, text: str) -> None:
        lines, kind, quantity = self._spelt.get(account), self._kinds.get(cells), self._quantities.get(text)
        if lines is None or kind is None or quantity is None or kind.error is not None:
            kind = kind or self._kind(cells)
            found = self._understood(row, account, kind, text)
            if found is None:
                return
            lines, quantity = found
        line = lines.get(kind.key)
        if line is None:
            lines[kind.key] = _Line(kind, description, quantity, row)
            return
        line.quantity += quantity
        line.rows.append(row)

    # values that are seen for the first time

    def _understood(self, row: int, account: str, kind: _Kind, text: str) -> tuple[_Lines, Decimal] | None:
        """The account's lines and the quantity; None if the row is refused."""
        could_be: Candidates = ((account, kind.sku),)
        try:
            try:
                _check_names(account, kind.sku, by_name=self.layout.by_name)
            except CellError:
                could_be = _could_be(account, kind.sku)
                raise
            if kind.error is not None:
                could_be = could_be if kind.may_bill else ()
                raise kind.error
            name = self._names.setdefault(account.casefold(), account)
            quantity = self._quantity(text)
        except CellError as error:
            subject = ", ".join(filter(None, (account, kind.sku)))
            self.refused.append(Refusal(row, subject, error.reason, error.value, could_be))
            return None
        lines = self._spelt[account] = self._found.setdefault(name, {})
        return lines, quantity

    def _kind(self, cells: tuple[str, str, str]) -> _Kind:
        kind = self._kinds[cells] = self._kind_of(*cells)
        return kind

    def _kind_of(self, sku: str, cost_text: str, price_text: str) -> _Kind:
        if reason := _sku_fault(sku):
            return _Kind(sku, CellError(reason, sku))
        if reason := self.layout.refusal_of(sku):
            return _Kind(sku, CellError(reason), not self.layout.is_unsupported(sku))
        try:
            cost = self._amount(cost_text, "unit cost", is_needed=self.layout.priced_names)
            price = self._amount(price_text, "price", is_needed=self.layout.price_from_file)
        except CellError as error:
            return _Kind(sku, error)
        told_apart = (sku.casefold(), cost, price if self.layout.price_from_file else None)
        key = self._keys.setdefault(told_apart, len(self._keys))
        item = self.layout.item_name(sku, cost)
        billed = self._a_unit(cost), self._a_unit(price)
        return _Kind(sku, None, True, key, cost, price, item, item.casefold(), *billed)

    def _amount(self, text: str, what: str, *, is_needed: bool) -> Decimal | None:
        if not text and is_needed:
            raise CellError(f"its {what} is empty")
        if not text:
            return None
        try:
            amount = self.numbers.read(text)
        except CellError as error:
            raise CellError(f"its {what} {error.reason}", error.value) from error
        if amount < 0:
            raise CellError(f"its {what} {{}} is below zero", text)
        return amount

    def _quantity(self, text: str) -> Decimal:
        known = self._quantities.get(text)
        if known is None:
            known = self._quantities[text] = self._counted(text)
        return known

    def _counted(self, text: str) -> Decimal:
        if not text:
            raise CellError("its quantity is empty")
        try:
            quantity = self.numbers.read(text) * self.layout.sign
        except CellError as error:
            raise CellError(f"its quantity {error.reason}", error.value) from error
        if self.layout.quantity is not None:
            quantity = self.layout.quantity
        if self.layout.is_exact and self.layout.billed(quantity) is None:
            raise CellError("its quantity {} is not a whole number of units", text)
        if quantity < 0:
            raise CellError("its quantity {} is below zero", text)
        return quantity

    # lines

    def lines(self) -> dict[str, tuple[CountLine, ...]]:
        """The lines of every account with counted rows; the sums are dropped."""
        found = {}
        for account, lines in self._found.items():
            if counted := tuple(self._lines_of(account, lines)):
                found[account] = counted
            lines.clear()
        return found

    def _lines_of(self, account: str, lines: _Lines) -> list[CountLine]:
        by_item: dict[str, list[_Line]] = {}
        for line in lines.values():
            by_item.setdefault(line.kind.folded, []).append(line)
        found: list[CountLine | None] = []
        for of_item in by_item.values():
            if len(of_item) == 1:
                kind = of_item[0].kind
                found.append(self._line(account, of_item, kind.item, kind.billed_cost, kind.billed_price))
            else:
                found += self._lines_of_item(account, of_item)
        return [line for line in found if line is not None]

    def _lines_of_item(self, account: str, lines: Sequence[_Line]) -> Iterator[CountLine | None]:
        costs = {line.kind.unit_cost: line.kind.billed_cost for line in lines if line.kind.unit_cost is not None}
        prices = {line.kind.price: line.kind.billed_price for line in lines if line.kind.price is not None}
        apart = self.layout.splits_sku and len(costs) > 1
        if apart and len(costs) < len(lines):
            self._refuse(account, lines, "some rows of its SKU have the same unit cost and others none, or two prices")
        elif len(costs) > 1 and not apart and not self.layout.priced_names:
            shown = ", ".join(map(price_text, sorted(costs)))
            self._refuse(account, lines, f"the rows of its SKU have different unit costs ({shown})")
        elif len(prices) > 1 and not apart and self.layout.price_from_file:
            shown = ", ".join(map(price_text, sorted(prices)))
            self._refuse(account, lines, f"the rows of its SKU have different prices ({shown})")
        elif apart:
            for line in lines:
                kind = line.kind
                yield self._line(account, [line], kind.item, kind.billed_cost, kind.billed_price, is_apart=True)
        else:
            cost, price = next(iter(costs), None), next(iter(prices), None)
            item = self.layout.item_name(lines[0].kind.sku, cost)
            yield self._line(account, lines, item, self._a_unit(cost), self._a_unit(price))

    def _line(
        self,
        account: str,
        lines: Sequence[_Line],
        item: str,
        cost: Decimal | None,
        price: Decimal | None,
        *,
        is_apart: bool = False,
    ) -> CountLine | None:
        first = lines[0]
        exact = first.quantity if len(lines) == 1 else sum((line.quantity for line in lines), start=ZERO)
        quantity = self._billed_of(exact)
        if quantity is None:
            self._refuse(account, lines, f"its quantity comes to {plain(exact)}, which is no whole number of units")
            return None
        rows = first.rows if len(lines) == 1 else sorted(row for line in lines for row in line.rows)
        return CountLine(item, first.kind.sku, cost, quantity, tuple(rows), price, first.description, is_apart)

    def _billed_of(self, exact: Decimal) -> Decimal | None:
        if exact not in self._billed:
            quantity = exact if self.layout.is_exact else self.layout.billed(exact)
            self._billed[exact] = None if quantity is None else quantity.normalize() + ZERO
        return self._billed[exact]

    def _a_unit(self, amount: Decimal | None) -> Decimal | None:
        """The amount for a billed unit, from the amount for a unit that the file counts."""
        if amount is None or self.layout.multiply_by == self.layout.divide_by:
            return amount
        return amount * self.layout.divide_by / self.layout.multiply_by

    def _refuse(self, account: str, lines: Sequence[_Line], reason: str) -> None:
        for line in lines:
            sku = line.kind.sku
            could_be = ((account, sku),)
            self.refused += (Refusal(row, f"{account}, {sku}", reason, "", could_be) for row in line.rows)


def _check_names(account: str, sku: str, *, by_name: bool) -> None:
    if _is_total(account, sku):
        raise CellError("it is a line of totals")
    if not account:
        raise CellError("it has no account" if by_name else "it has no account id")
    if reason := damage(account):
        raise CellError("its account {} " + reason, account)
    if reason := _sku_fault(sku):
        raise CellError(reason, sku)


def _sku_fault(sku: str) -> str:
    if not sku:
        return "its SKU is empty"
    reason = damage(sku)
    return "its SKU {} " + reason if reason else ""


def _is_total(account: str, sku: str) -> bool:
    return is_total(account) or (not account and is_total(sku))


def _could_be(account: str, sku: str) -> Candidates:
    """The accounts and SKUs that a row could belong to if its own cannot be read."""
    if _is_total(account, sku):
        return ()
    account, sku = ("" if damage(text) else text for text in (account, sku))
    return ((account, sku),)
