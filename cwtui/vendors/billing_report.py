"""A usage report: how many units of which SKU each account has (files.md#export-counts)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

from cwtui.domain.errors import InputError
from cwtui.domain.lazily import dataclass
from cwtui.domain.money import ZERO, plain
from cwtui.engine.collector import collector_paused
from cwtui.engine.text_file import STANDARD_INPUT
from cwtui.vendors.adding_up import Counting
from cwtui.vendors.count_lines import CountLine
from cwtui.vendors.doubts import Doubts
from cwtui.vendors.layouts import COUNT_COLUMNS, Layout
from cwtui.vendors.numbers import NumberRule
from cwtui.vendors.report_days import day_in, last_day
from cwtui.vendors.rows import Refusal, Row
from cwtui.vendors.vendor_file import FileShape, VendorFile, read_vendor_file


@dataclass(frozen=True, slots=True)
class BillingReport:
    """One report.

    Attributes:
        name: The file.
        moment: When it is from: the day given, the day in its name or its period, or when the file was last changed.
        is_dated: Its day is known; else only the file's time is.
        row_count: Rows with anything in them.
        counts: Lines by account, in the file's order.
        doubts: The accounts and SKUs that refused rows could belong to: their counts are not known.
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
        """It has lines, but all count zero."""
        lines = [line for lines in self.counts.values() for line in lines]
        return bool(lines) and all(line.quantity == ZERO for line in lines)

    def rows_of(self, account: str) -> tuple[int, ...]:
        """The lines of the file that are about an account."""
        return tuple(sorted(number for line in self.counts.get(account, ()) for number in line.lines))

    def spelt(self, spelling: Callable[[str], str]) -> BillingReport:
        """The same with its accounts in the spelling under which they were linked."""
        return replace(self, counts={spelling(account): lines for account, lines in self.counts.items()})


def shape_of(layout: Layout) -> FileShape:
    """How a profile's files are read."""
    return FileShape(layout.joined_by, layout.keep, layout.skip, layout.header_row, layout.sheet, layout.decimal_mark)


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


@collector_paused()
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
    """Add up rows by account and SKU (and unit cost, if the profile separates it); refuse rows that cannot be counted.

    Accounts and SKUs are the same in capitals; an account is named as its first row spells it.
    """
    rule = numbers or NumberRule()
    counting = Counting(layout, rule)
    counting.refused += refused
    counting.take(rows)
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
