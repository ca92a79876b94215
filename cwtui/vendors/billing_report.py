"""The Exportable Billing Report: how many units of which SKU each account has (files.md#export-counts)."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

from cwtui.domain.errors import InputError
from cwtui.domain.money import ZERO, plain
from cwtui.vendors.layouts import Layout
from cwtui.vendors.vendor_file import Refusal, Row, read_count, read_price, read_vendor_file

_DAY_IN_NAME = re.compile(r"(?<!\d)(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class CountLine:
    """How many units of one SKU at one unit cost an account has.

    Attributes:
        item: The identifier of its catalog item.
        unit_cost: None where the file names none.
        lines: The rows it comes from; several are added up.
    """

    item: str
    sku: str
    unit_cost: Decimal | None
    quantity: Decimal
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BillingReport:
    """One report.

    Attributes:
        name: The file.
        moment: When it is from: the day given, the day in the file's name, or when the file was last changed.
        is_dated: Its day was given or is in its name; else only the file's time is known.
        row_count: Rows with anything in them.
        counts: Lines by account, in the file's order.
        unsure: SKUs by account of which a row was refused: what is not reported of them is not known.
    """

    name: str
    moment: datetime
    is_dated: bool
    row_count: int
    counts: Mapping[str, Sequence[CountLine]]
    unsure: Mapping[str, frozenset[str]]
    refused: tuple[Refusal, ...] = ()

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
        return replace(
            self,
            counts={spelling(account): lines for account, lines in self.counts.items()},
            unsure={spelling(account): skus for account, skus in self.unsure.items()},
        )


def read_billing_report(path: Path, layout: Layout, day: date | None = None) -> BillingReport:
    """Read a report.

    Args:
        path: The file.
        layout: How it is laid out.
        day: When it is from; None takes the day in the file's name, else when the file was last changed.

    Raises:
        InputError: It is no such file.
    """
    optional = () if layout.priced_names else ("unit_cost",)
    needed = ("account_id", "sku", "quantity", *(("unit_cost",) if layout.priced_names else ()))
    file = read_vendor_file(path, "counts", needed=needed, optional=optional, columns=layout.columns)
    named = day or _day_in(path.name)
    moment = datetime.combine(named, time(), UTC) if named else _changed_at(path)
    return report_of(file.rows, layout, name=path.name, moment=moment, is_dated=named is not None, refused=file.refused)


def report_of(
    rows: Sequence[Row],
    layout: Layout,
    *,
    name: str,
    moment: datetime,
    is_dated: bool = False,
    refused: Sequence[Refusal] = (),
) -> BillingReport:
    """Add up rows by account, SKU and unit cost; each that cannot be counted is refused.

    Accounts and SKUs are the same in capitals; an account is named as its first row spells it.
    """
    refusals = list(refused)
    names: dict[str, str] = {}
    counts: dict[str, dict[str, CountLine]] = defaultdict(dict)
    unsure: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        account = names.setdefault(row["account_id"].casefold(), row["account_id"])
        try:
            line = _line(row, layout)
        except ValueError as error:
            refusals.append(row.refused(str(error), "account_id", "sku"))
            unsure[account].add(row["sku"])
            continue
        of_account, key = counts[account], line.item.casefold()
        earlier = of_account.get(key)
        of_account[key] = line if earlier is None else _added(earlier, line)
    return BillingReport(
        name,
        moment,
        is_dated,
        len(rows) + len(refused),
        {account: tuple(lines.values()) for account, lines in counts.items()},
        {account: frozenset(skus) for account, skus in unsure.items()},
        tuple(sorted(refusals, key=lambda one: one.line)),
    )


def _line(row: Row, layout: Layout) -> CountLine:
    if not row["account_id"]:
        raise ValueError("it has no account id")
    if reason := layout.refusal_of(row["sku"]):
        raise ValueError(reason)
    quantity = _read(row, "quantity")
    if quantity is None:
        raise ValueError("its quantity is empty")
    cost = _read(row, "unit_cost")
    if cost is None and layout.priced_names:
        raise ValueError("its unit cost is empty")
    return CountLine(layout.item_name(row["sku"], cost), row["sku"], cost, quantity, (row.line,))


def _read(row: Row, column: str) -> Decimal | None:
    read = read_count if column == "quantity" else read_price
    try:
        return read(row.amount(column)) if row[column] else None
    except ValueError as error:
        raise ValueError(f"its {column.replace('_', ' ')} {error}") from error


def _added(one: CountLine, other: CountLine) -> CountLine:
    return CountLine(one.item, one.sku, one.unit_cost, one.quantity + other.quantity, one.lines + other.lines)


def digest_of(counts: Iterable[tuple[str, Decimal]]) -> str:
    """Fingerprint of an account's counts by item, whatever their sequence, encoding or spelling in the file."""
    parts = sorted(f"{item.casefold()}|{plain(quantity)}" for item, quantity in counts)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _day_in(name: str) -> date | None:
    """The one day that a file's name carries (`billing-2026-11-30.csv`, `billing_20261130.csv`)."""
    found = set()
    for year, month, day in _DAY_IN_NAME.findall(name):
        try:
            found.add(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return found.pop() if len(found) == 1 else None


def _changed_at(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise InputError(
            f"The file {path} cannot be read: {error.strerror}.", next_step="Check its name and permissions."
        ) from error
