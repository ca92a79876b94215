"""The report's page and workbook, read back (report.md#report-files, report.md#report-totals)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape
from io import BytesIO

import openpyxl
import pytest

from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, CustomerId, TaskId
from cwtui.domain.month_report import AgreementReport, BilledAmounts, MonthReport, Reason, ReportLine, TaskMention
from cwtui.domain.periods import BillingPeriod
from cwtui.domain.psa import Addition, AdditionValues
from cwtui.engine.reporting.report_html import report_html
from cwtui.engine.reporting.report_xlsx import report_xlsx

HOSTILE = '=HYPERLINK("http://x")<script>alert(1)</script>\x1b[31m\n'
WHY = Reason(
    datetime(2026, 11, 23, 9, tzinfo=UTC), "create", "SO-1", "sales order", ("4.50 × (30 − 10) ÷ 30",), "ann@desk"
)


def _line(number: int, name: str, price: str, now: BilledAmounts, before: BilledAmounts) -> ReportLine:
    values = AdditionValues(
        CatalogItemId(501), Decimal("0.125"), Decimal(price), Decimal("3.6"), date(2026, 12, 1), description=name
    )
    return ReportLine(
        Addition(AdditionId(number), AgreementId(101), values, "EXO-P1"), CustomerId("1"), name, now, before, (WHY,)
    )


def _report(name: str = "Green Lane") -> MonthReport:
    lines = (
        _line(1, name, "1234.5678", BilledAmounts(Decimal("154.32"), Decimal("0.45")), BilledAmounts()),
        _line(
            2,
            name,
            "-20.90",
            BilledAmounts(Decimal("-20.90"), Decimal("-1.10")),
            BilledAmounts(Decimal("10.01"), Decimal(1)),
        ),
    )
    period = BillingPeriod(date(2026, 12, 1), date(2026, 12, 31))
    one = AgreementReport(AgreementId(101), name, name, "EUR", (period,), lines, (AdditionId(9),), is_prorated=True)
    task = TaskMention(TaskId("1.2"), CustomerId("1"), name, name, "SO-2", "needs_action", (name,))
    return MonthReport(
        date(2026, 12, 1), date(2026, 11, 23), (one, replace(one, currency="USD")), (task,), (task,), (name,)
    )


def test_the_workbook_holds_typed_numbers_and_dates() -> None:
    book = openpyxl.load_workbook(BytesIO(report_xlsx(_report())))
    page = book["Additions"]
    header = [cell.value for cell in page[1]]
    first = dict(zip(header, (cell.value for cell in page[2]), strict=True))
    assert first["From"] == datetime(2026, 12, 1)  # noqa: DTZ001  # a workbook's days have no zone
    assert (first["Quantity"], first["Unit price"], first["Billed"]) == (0.125, 1234.5678, 154.32)
    assert (page.freeze_panes, page.auto_filter.ref) == ("A2", f"A1:{page.dimensions.split(':')[1]}")


def test_the_workbook_adds_up_to_the_cent() -> None:
    report = _report()
    book = openpyxl.load_workbook(BytesIO(report_xlsx(report)))

    def sum_of(sheet: str, column: str) -> Decimal:
        rows = list(book[sheet].values)
        place = rows[0].index(column)
        return sum((Decimal(str(row[place])) for row in rows[1:]), start=Decimal(0))

    expected = sum((now.price for now, _ in report.totals.values()), start=Decimal(0))
    assert {sum_of(sheet, "Billed") for sheet in ("Totals", "Agreements", "Additions")} == {expected}
    costs = sum((now.cost for now, _ in report.totals.values()), start=Decimal(0))
    assert {sum_of(sheet, "Cost") for sheet in ("Totals", "Agreements", "Additions")} == {costs}


def test_nothing_in_the_workbook_is_computed_from_outside_text() -> None:
    book = openpyxl.load_workbook(BytesIO(report_xlsx(_report(HOSTILE))))
    cells = [cell for page in book for row in page.iter_rows() for cell in row if cell.value is not None]
    assert any(str(cell.value).startswith("=HYPERLINK") for cell in cells)
    assert not [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink]
    assert not [cell.coordinate for cell in cells if "\x1b" in str(cell.value)]


def test_the_page_stands_alone_and_executes_nothing() -> None:
    page = report_html(_report(HOSTILE))
    assert "<script" not in page
    assert "\x1b" not in page
    assert not re.search(r"""(src|href)\s*=|url\(|@import|https?://(?!x\b)""", unescape(page).replace(HOSTILE[:-5], ""))
    assert "default-src 'none'" in page


def test_the_page_adds_up_to_the_cent() -> None:
    report = _report()
    page = report_html(report)
    foot = re.findall(r"<tfoot>.*?</tfoot>", page, re.DOTALL)
    assert len(foot) == len(report.agreements)
    assert all("133.42" in each for each in foot)  # 154.32 − 20.90
    assert "4.50 × (30 − 10) ÷ 30" in unescape(page)


@pytest.mark.parametrize("amount", ["0", "-5.00"])
def test_a_bar_of_nothing_or_of_a_credit_has_no_length(amount: str) -> None:
    line = _line(1, "x", "1", BilledAmounts(Decimal(amount), Decimal(0)), BilledAmounts())
    one = AgreementReport(AgreementId(1), "a", "c", "EUR", (), (line,))
    assert 'class="is" y="14" height="10" width="0' in report_html(MonthReport(None, date(2026, 12, 1), (one,)))


def test_an_empty_report_says_so() -> None:
    page = report_html(MonthReport(None, date(2026, 12, 1)))
    assert "Nothing is billed." in page
    assert openpyxl.load_workbook(BytesIO(report_xlsx(MonthReport(None, date(2026, 12, 1))))).sheetnames[0] == "Totals"
