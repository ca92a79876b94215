"""The report as a workbook: typed numbers and dates, nothing that a spreadsheet computes from outside text.

Rule: report.md#report-files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING

import xlsxwriter

from cwtui.domain.lazily import dataclass
from cwtui.domain.month_report import MonthReport, TaskMention
from cwtui.domain.plain_text import plain_text

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook

_LONGEST = 60
"""Columns are never wider; longer text is cut by the program that shows it, not by us."""
_MONEY, _UNIT, _COUNT, _DAY = "#,##0.00", "#,##0.00######", "#,##0.######", "yyyy-mm-dd"
Cell = str | int | Decimal | date | datetime | None


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One sheet: its header row, how each column's numbers are shown, its rows."""

    name: str
    headers: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Cell]]


def report_xlsx(report: MonthReport) -> bytes:
    """The workbook: totals, agreements, additions, changes, warnings, what waits."""
    file = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, options) as book:
        styles = {shown: book.add_format({"num_format": shown}) for shown in (_MONEY, _UNIT, _COUNT, _DAY)}
        head = book.add_format({"bold": True, "bottom": 1})
        for sheet in _sheets(report):
            _write(book, sheet, styles, head)
    return file.getvalue()


def _write(book: Workbook, sheet: _Sheet, styles: dict[str, Format], head: Format) -> None:
    page = book.add_worksheet(sheet.name)
    widths = [len(name) + 2 for name, _ in sheet.headers]
    for column, (name, _) in enumerate(sheet.headers):
        page.write_string(0, column, name, head)
    for number, row in enumerate(sheet.rows, start=1):
        for column, cell in enumerate(row):
            style = styles.get(sheet.headers[column][1])
            if isinstance(cell, datetime):
                page.write_string(number, column, cell.isoformat(timespec="seconds"))
            elif isinstance(cell, date):
                page.write_datetime(number, column, datetime(cell.year, cell.month, cell.day), style)  # noqa: DTZ001  # a day has no zone
            elif isinstance(cell, Decimal | int):
                page.write_number(number, column, cell, style)
            elif cell is not None:
                page.write_string(number, column, plain_text(cell))
            widths[column] = max(widths[column], min(len(str(cell or "")) + 1, _LONGEST))
    for column, width in enumerate(widths):
        page.set_column(column, column, width)
    page.freeze_panes(1, 0)
    if sheet.rows:
        page.autofilter(0, 0, len(sheet.rows), len(sheet.headers) - 1)


def _sheets(report: MonthReport) -> Iterable[_Sheet]:
    sums = [("Billed", _MONEY), ("Cost", _MONEY), ("Margin", _MONEY), ("Billed before", _MONEY), ("Difference", _MONEY)]
    yield _Sheet(
        "Totals",
        [("Currency", ""), *sums],
        [
            [currency, now.price, now.cost, now.margin, before.price, now.price - before.price]
            for currency, (now, before) in report.totals.items()
        ],
    )
    yield _Sheet(
        "Agreements",
        [("Customer", ""), ("Agreement", ""), ("ID", "0"), ("From", _DAY), ("To", _DAY), ("Currency", ""), *sums],
        [
            [
                *(one.customer_name, one.name, one.agreement_id),
                one.periods[0].start if one.periods else None,
                one.periods[-1].end if one.periods else None,
                *(one.currency, one.now.price, one.now.cost, one.now.margin, one.before.price),
                one.now.price - one.before.price,
            ]
            for one in report.agreements
        ],
    )
    yield _additions(report, sums)
    yield _changes(report)
    yield _mentions("Warnings", report.warned, "Accepted")
    yield _mentions("Waiting", report.waiting, "")
    yield _Sheet("Not in this report", [("Why", "")], [[text] for text in report.skipped])


def _additions(report: MonthReport, sums: Sequence[tuple[str, str]]) -> _Sheet:
    headers = [
        *(("Customer", ""), ("Agreement", ""), ("Addition", "0"), ("Item", ""), ("Description", "")),
        *(("Quantity", _COUNT), ("Unit price", _UNIT), ("Unit cost", _UNIT), ("From", _DAY), ("To", _DAY)),
        *(("Currency", ""), *sums, ("Since the month before", "")),
    ]
    rows: list[list[Cell]] = []
    for one in report.agreements:
        for line in one.lines:
            held = line.addition.values
            rows.append(
                [
                    *(line.customer_name, one.name, line.addition.id, line.addition.catalog_item, held.description),
                    *(held.quantity, held.unit_price, held.unit_cost, held.effective, held.cancelled, one.currency),
                    *(line.now.price, line.now.cost, line.now.margin, line.before.price),
                    *(line.now.price - line.before.price, line.move.value),
                ]
            )
    return _Sheet("Additions", headers, rows)


def _changes(report: MonthReport) -> _Sheet:
    headers = ["Customer", "Agreement", "Addition", "Since", "When", "What", "Order", "Rule", "Arithmetic", "Who"]
    rows: list[list[Cell]] = []
    for one in report.agreements:
        for line in one.moved:
            whose: list[Cell] = [line.customer_name, one.name, line.addition.id, line.move.value]
            if not line.reasons:
                rows.append([*whose, None, "not written by cwtui", None, None, None, None])
            rows += [
                [*whose, why.at, why.what, why.order, why.rule, "; ".join(why.arithmetic), why.who]
                for why in line.reasons
            ]
    return _Sheet("Changes", [(name, "") for name in headers], rows)


def _mentions(name: str, mentions: Sequence[TaskMention], last: str) -> _Sheet:
    headers = ["Customer", "Subscription", "Order", "Task", "Status", "What", *([last] if last else [])]
    rows: list[list[Cell]] = []
    for one in mentions:
        end: list[Cell] = [one.accepted or "nobody yet"] if last else []
        whose = [one.customer_name, one.subscription_name, one.order_number, one.task_id, one.status]
        rows.append([*whose, "; ".join(one.texts), *end])
    return _Sheet(name, [(header, "") for header in headers], rows)
