"""A usage report: how many units of which SKU each account has (files.md#export-counts)."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

from cwtui.domain.errors import InputError
from cwtui.domain.money import ZERO, plain, price_text
from cwtui.engine.csv_cells import damage, is_total
from cwtui.engine.text_file import STANDARD_INPUT
from cwtui.vendors.doubts import Doubts
from cwtui.vendors.layouts import COUNT_COLUMNS, Layout
from cwtui.vendors.numbers import CellError, NumberRule
from cwtui.vendors.report_days import day_in, last_day
from cwtui.vendors.vendor_file import Candidates, Refusal, Row, Shape, VendorFile, read_vendor_file


@dataclass(frozen=True, slots=True)
class CountLine:
    """How many units of one SKU, at one unit cost where those are told apart, an account has.

    Attributes:
        item: The identifier of its catalog item.
        unit_cost, price: None where the file names none.
        lines: The rows it comes from; several are added up.
        is_apart: The SKU's other unit costs are other lines of the same catalog item.
    """

    item: str
    sku: str
    unit_cost: Decimal | None
    quantity: Decimal
    lines: tuple[int, ...]
    price: Decimal | None = None
    description: str = ""
    is_apart: bool = False

    @property
    def name(self) -> str:
        """What tells it from the account's other lines."""
        return f"{self.item} @ {plain(self.unit_cost)}" if self.is_apart and self.unit_cost is not None else self.item


@dataclass(frozen=True, slots=True)
class BillingReport:
    """One report.

    Attributes:
        name: The file.
        moment: When it is from: the day given, the day in its name or its period, or when the file was last changed.
        is_dated: Its day is known; else only the file's time is.
        row_count: Rows with anything in them.
        counts: Lines by account, in the file's order.
        doubts: What the refused rows could belong to: nothing of that is known.
        numbers: How its numbers were read, in words; empty where there is nothing to say.
        left_out: Rows that the profile does not count, by header and value.
    """

    name: str
    moment: datetime
    is_dated: bool
    row_count: int
    counts: Mapping[str, Sequence[CountLine]]
    refused: tuple[Refusal, ...] = ()
    doubts: Doubts = field(default_factory=Doubts)
    numbers: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_all_zero(self) -> bool:
        """It has lines, and not one unit."""
        lines = [line for lines in self.counts.values() for line in lines]
        return bool(lines) and all(line.quantity == ZERO for line in lines)

    def rows_of(self, account: str) -> tuple[int, ...]:
        """The lines of the file that are about an account."""
        return tuple(sorted(number for line in self.counts.get(account, ()) for number in line.lines))

    def spelt(self, spelling: Callable[[str], str]) -> BillingReport:
        """The same with its accounts named otherwise: as they were linked."""
        return replace(self, counts={spelling(account): lines for account, lines in self.counts.items()})


def shape_of(layout: Layout) -> Shape:
    """How a profile's files are read."""
    return Shape(layout.joined_by, layout.keep, layout.skip, layout.header_row, layout.sheet, layout.decimal_mark)


def read_counts(path: Path, layout: Layout) -> VendorFile:
    """The rows of a usage report.

    Raises:
        InputError: It is no such file.
    """
    needed = ["account_id"]
    columns = dict(layout.columns)
    if layout.sku_columns:
        needed += [f"sku:{header}" for header in layout.sku_columns]
        columns |= {f"sku:{header}": header for header in layout.sku_columns}
    else:
        needed += ["sku"] if layout.quantity is not None else ["sku", "quantity"]
    if layout.priced_names:
        needed.append("unit_cost")
    if layout.price_from_file:
        needed.append("price")
    needed += [name for name in COUNT_COLUMNS if name in layout.columns and name not in needed]
    if layout.sku_columns or layout.quantity is not None:
        needed = [name for name in needed if name != "quantity"]
    optional = [] if "unit_cost" in needed else ["unit_cost"]
    return read_vendor_file(path, "counts", needed=needed, optional=optional, columns=columns, shape=shape_of(layout))


def read_billing_report(path: Path, layout: Layout, day: date | None = None) -> BillingReport:
    """Read a report.

    Args:
        path: The file; `-` is standard input.
        layout: How it is laid out.
        day: When it is from; None takes the day in its name or its period, else when the file was last changed.

    Raises:
        InputError: It is no such file.
    """
    file = read_counts(path, layout)
    named = day or day_in(path.name) or _period(file.rows)
    moment = datetime.combine(named, time(), UTC) if named else _changed_at(path)
    name = "standard input" if path == STANDARD_INPUT else path.name
    found = report_of(
        file.rows,
        layout,
        name=name,
        moment=moment,
        is_dated=named is not None,
        refused=file.refused,
        numbers=file.numbers,
    )
    return replace(found, left_out=file.left_out)


def _period(rows: Sequence[Row]) -> date | None:
    if not rows:
        return None
    for column in ("period_end", "period_start"):
        if column in rows[0].places and (found := last_day(row[column] for row in rows)):
            return found
    return None


def report_of(
    rows: Sequence[Row],
    layout: Layout,
    *,
    name: str,
    moment: datetime,
    is_dated: bool = False,
    refused: Sequence[Refusal] = (),
    numbers: NumberRule | None = None,
) -> BillingReport:
    """Add up rows by account and SKU (and unit cost, where that is told apart); what cannot be counted is refused.

    Accounts and SKUs are the same in capitals; an account is named as its first row spells it.
    """
    rule = numbers or NumberRule()
    counting = _Counting(layout, rule)
    counting.refused += refused
    for group in _groups(rows, layout):
        counting.take(group)
    counts = counting.lines()
    refusals = tuple(sorted(counting.refused, key=lambda one: one.line))
    return BillingReport(
        name,
        moment,
        is_dated,
        len(rows) + len(refused),
        counts,
        refusals,
        Doubts.of_refused(refusals),
        str(rule),
    )


@dataclass(slots=True)
class _Group:
    """Rows that say the same but for their quantity: they are looked at once."""

    account: str
    sku: str
    cost: str
    price: str
    description: str
    rows: list[tuple[int, str]] = field(default_factory=list)

    @property
    def subject(self) -> str:
        return ", ".join(filter(None, (self.account, self.sku)))

    def refused(self, error: CellError, rows: Iterable[tuple[int, str]], could_be: Candidates) -> Iterator[Refusal]:
        subject = self.subject
        return (Refusal(line, subject, error.reason, error.value, could_be) for line, _ in rows)


def _groups(rows: Sequence[Row], layout: Layout) -> Iterable[_Group]:
    if not rows:
        return ()
    places = rows[0].places
    none = len(rows[0].values)
    at = [places.get(column, none) for column in ("account_id", "sku", "unit_cost", "price", "description")]
    account_at, sku_at, cost_at, price_at, text_at = at
    found: dict[tuple[str, str, str, str], _Group] = {}
    units = "1" if layout.quantity is not None else ""
    columns = [(sku, places[f"sku:{header}"]) for header, sku in layout.sku_columns.items()]
    quantity_at = places.get("quantity", none)
    for row in rows:
        values = (*row.values, "")
        for sku, quantity in (
            [(sku, values[place]) for sku, place in columns if values[place]]
            if columns
            else [(values[sku_at], units or values[quantity_at])]
        ):
            key = (values[account_at], sku, values[cost_at], values[price_at])
            group = found.get(key)
            if group is None:
                group = found[key] = _Group(*key, values[text_at])
            group.rows.append((row.line, quantity))
    return found.values()


@dataclass(slots=True)
class _Line:
    """What was added up so far, exactly as the file counts."""

    sku: str
    unit_cost: Decimal | None
    price: Decimal | None
    description: str
    quantity: Decimal = ZERO
    rows: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Counting:
    """Groups of rows become the lines of accounts."""

    layout: Layout
    numbers: NumberRule
    refused: list[Refusal] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)
    _quantities: dict[str, Decimal] = field(default_factory=dict)
    _reasons: dict[str, str] = field(default_factory=dict)
    _found: dict[str, dict[tuple[str, Decimal | None, Decimal | None], _Line]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def take(self, group: _Group) -> None:
        try:
            self._check_names(group)
        except CellError as error:
            self.refused += group.refused(error, group.rows, self._could_be(group))
            return
        could_be = ((group.account, group.sku),)
        reason = self._reasons.get(group.sku)
        if reason is None:
            reason = self._reasons[group.sku] = self.layout.refusal_of(group.sku)
        if reason:
            self.refused += group.refused(CellError(reason), group.rows, could_be if self._may_bill(group.sku) else ())
            return
        try:
            cost = self._amount(group.cost, "unit cost", is_needed=self.layout.priced_names)
            price = self._amount(group.price, "price", is_needed=self.layout.price_from_file)
        except CellError as error:
            self.refused += group.refused(error, group.rows, could_be)
            return
        self._add(group, cost, price, could_be)

    def _check_names(self, group: _Group) -> None:
        if is_total(group.account) or (not group.account and is_total(group.sku)):
            raise CellError("it is a line of totals")
        if not group.account:
            raise CellError("it has no account" if self.layout.by_name else "it has no account id")
        if reason := damage(group.account):
            raise CellError("its account {} " + reason, group.account)
        if not group.sku:
            raise CellError("its SKU is empty")
        if reason := damage(group.sku):
            raise CellError("its SKU {} " + reason, group.sku)

    def _could_be(self, group: _Group) -> Candidates:
        """What a row could belong to whose account or SKU is none."""
        if is_total(group.account) or (not group.account and is_total(group.sku)):
            return ()
        account, sku = ("" if damage(text) else text for text in (group.account, group.sku))
        return ((account, sku),)

    def _may_bill(self, sku: str) -> bool:
        return not self.layout.is_unsupported(sku)

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

    def _add(self, group: _Group, cost: Decimal | None, price: Decimal | None, could_be: Candidates) -> None:
        account = self._names.setdefault(group.account.casefold(), group.account)
        line: _Line | None = None
        for row in group.rows:
            try:
                quantity = self._quantity(row[1])
            except CellError as error:
                self.refused += group.refused(error, (row,), could_be)
                continue
            if line is None:
                key = (group.sku.casefold(), cost, price if self.layout.price_from_file else None)
                line = self._found[account].setdefault(key, _Line(group.sku, cost, price, group.description))
            line.quantity += quantity
            line.rows.append(row[0])

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

    def lines(self) -> dict[str, tuple[CountLine, ...]]:
        """The lines of every account of which something could be counted."""
        found = {account: tuple(self._lines_of(account, lines)) for account, lines in self._found.items()}
        return {account: lines for account, lines in found.items() if lines}

    def _lines_of(
        self, account: str, lines: Mapping[tuple[str, Decimal | None, Decimal | None], _Line]
    ) -> Iterator[CountLine]:
        by_item: dict[str, list[_Line]] = defaultdict(list)
        for line in lines.values():
            by_item[self.layout.item_name(line.sku, line.unit_cost).casefold()].append(line)
        for of_item in by_item.values():
            if len(of_item) == 1:
                (only,) = of_item
                yield from self._line(account, of_item, only.unit_cost, only.price)
            else:
                yield from self._lines_of_item(account, of_item)

    def _lines_of_item(self, account: str, lines: Sequence[_Line]) -> Iterator[CountLine]:
        costs = {line.unit_cost for line in lines if line.unit_cost is not None}
        prices = {line.price for line in lines if line.price is not None}
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
                yield from self._line(account, [line], line.unit_cost, line.price, is_apart=True)
        else:
            yield from self._line(account, lines, next(iter(costs), None), next(iter(prices), None))

    def _line(
        self,
        account: str,
        lines: Sequence[_Line],
        cost: Decimal | None,
        price: Decimal | None,
        *,
        is_apart: bool = False,
    ) -> Iterator[CountLine]:
        first = lines[0]
        exact = first.quantity if len(lines) == 1 else sum((line.quantity for line in lines), start=ZERO)
        quantity = exact if self.layout.is_exact else self.layout.billed(exact)
        if quantity is None:
            self._refuse(account, lines, f"its quantity comes to {plain(exact)}, which is no whole number of units")
            return
        rows = tuple(sorted(row for line in lines for row in line.rows))
        item = self.layout.item_name(first.sku, cost)
        cost, price = self._a_unit(cost), self._a_unit(price)
        yield CountLine(
            item, first.sku, cost, quantity.normalize() + ZERO, rows, price, first.description, is_apart=is_apart
        )

    def _a_unit(self, amount: Decimal | None) -> Decimal | None:
        """What a billed unit costs, of what one the file counts does."""
        if amount is None or self.layout.multiply_by == self.layout.divide_by:
            return amount
        return amount * self.layout.divide_by / self.layout.multiply_by

    def _refuse(self, account: str, lines: Sequence[_Line], reason: str) -> None:
        for line in lines:
            could_be = ((account, line.sku),)
            self.refused += (Refusal(row, f"{account}, {line.sku}", reason, "", could_be) for row in line.rows)


def digest_of(counts: Iterable[tuple[str, Decimal]]) -> str:
    """Fingerprint of an account's counts by item, whatever their sequence, encoding or spelling in the file."""
    parts = sorted(f"{item.casefold()}|{plain(quantity)}" for item, quantity in counts)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _changed_at(path: Path) -> datetime:
    if path == STANDARD_INPUT:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise InputError(
            f"The file {path} cannot be read: {error.strerror}.", next_step="Check its name and permissions."
        ) from error
