"""Report: what each agreement bills in a month, what that costs, and how it differs from the month before.

Rule: report.md#contents-of-the-report.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from cwtui.domain.errors import CwtuiError
from cwtui.domain.ids import CustomerId
from cwtui.domain.money import price_text
from cwtui.domain.month_report import AgreementReport, MonthReport
from cwtui.domain.periods import add_months
from cwtui.tui.report.lines import agreement_lines, margin_text, report_lines
from cwtui.tui.screens.list_screen import ListScreen
from cwtui.tui.session import Session
from cwtui.tui.widgets.bars import bar
from cwtui.tui.widgets.columns import Column
from cwtui.tui.widgets.detail_pane import Line
from cwtui.tui.widgets.task_rows import signed
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.words import READ_S, counted

_BAR = 12


class ReportScreen(ListScreen[AgreementReport]):
    """Reads only; writes the files that the operator asks for."""

    HELP_TITLE = "Report"
    HELP = "What a month bills, what that costs, what changed since the month before, and why."
    COLUMNS = (
        Column("customer", "Customer", 14, share=3, widest=40),
        Column("agreement", "Agreement", 14, share=3, widest=40, rank=2),
        Column("before", "Before", 10, right=True, rank=4),
        Column("now", "Now", 10, right=True),
        Column("bar", "", _BAR, rank=1, toned=True),
        Column("change", "Change", 10, right=True),
        Column("cost", "Cost", 10, right=True, rank=5),
        Column("margin", "Margin", 7, right=True, rank=3),
        Column("currency", "Curr.", 5, rank=1),
    )
    EMPTY = "f adds up what the month bills."
    ABOUT = (
        "What a month bills",
        "Each agreement's invoices that begin in the month, beside the month before, with cost and margin.",
        "f reads the agreements and adds up. [ and ] go to the month before and after.",
        "w writes a page to print, X a workbook. Nothing is written to ConnectWise.",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "find", "Add up", id="report.find", tooltip="Read the agreements and add up"),
        Binding(
            "left_square_bracket",
            "month(-1)",
            "Earlier",
            key_display="[",
            id="report.before",
            tooltip="The month before this one",
        ),
        Binding(
            "right_square_bracket",
            "month(1)",
            "Later",
            key_display="]",
            id="report.after",
            tooltip="The month after this one",
        ),
        Binding("i", "next_invoice", "Next", id="report.next", tooltip="The next invoices, whatever month"),
        Binding("C", "customer", "Customer", show=False, id="report.customer", tooltip="This customer only, or all"),
        Binding("w", "write_page", "HTML", id="report.html", tooltip="Write a page to print"),
        Binding("X", "write_workbook", "Workbook", id="report.xlsx", tooltip="Write an .xlsx workbook"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._report: MonthReport | None = None
        self._month: date | None = session.engine.today.replace(day=1)
        self._customer: tuple[CustomerId, str] | None = None

    # reading

    @work(group="work")
    async def action_find(self) -> None:
        """Read the agreements and add up."""
        await self._find(self._month)

    @work(group="work")
    async def action_month(self, steps: int) -> None:
        """Another month; from the next invoices, this one."""
        today = self.session.engine.today.replace(day=1)
        await self._find(add_months(self._month, steps) if self._month else today)

    @work(group="work")
    async def action_next_invoice(self) -> None:
        """The next invoice of each agreement."""
        await self._find(None)

    @work(group="work")
    async def action_customer(self) -> None:
        """Only the customer of this row; or all of them again."""
        row = self.current
        former = self._customer
        if former is None and row is not None:
            line = next((line for line in row.lines if line.customer_id), None)
            if line is None:
                self.notify("No subscription explains what this agreement bills.", markup=False)
                return
            self._customer = (line.customer_id, line.customer_name)
        else:
            self._customer = None
        if not await self._find(self._month):
            self._customer = former

    async def _find(self, month: date | None) -> bool:
        reporter, customer = self.session.engine.reporter, self._customer[0] if self._customer else None

        async def job() -> str:
            self._report = await reporter.report(month, customer)
            self._month = month
            return f"{counted(len(self._report.agreements), 'agreement')} added up."

        if not await self.read("Adding up", job) or self._report is None:
            return False
        self.table.empty_text = "Nothing is billed in this month."
        self.show_rows(self._report.agreements)
        return True

    # showing

    def key_of(self, row: AgreementReport) -> str:
        """The agreement."""
        return str(row.agreement_id)

    def cells_of(self, row: AgreementReport) -> Sequence[str]:
        """One value per column."""
        now, before = row.now, row.before
        return (
            row.customer_name,
            row.name,
            price_text(before.price),
            price_text(now.price),
            bar(now.price, self._most(row.currency), _BAR),
            signed(now.price - before.price),
            price_text(now.cost),
            margin_text(now),
            row.currency,
        )

    def _most(self, currency: str) -> Decimal:
        found = self._report.agreements if self._report else ()
        return max((one.now.price for one in found if one.currency == currency), default=Decimal(0))

    def tone_of(self, row: AgreementReport) -> Tone:
        """What loses money stands out."""
        return Tone.BAD if row.now.margin < 0 else Tone.GOOD

    def lines_of(self, row: AgreementReport | None) -> Iterable[Line]:
        """One agreement, then all together."""
        if row is not None:
            yield from agreement_lines(row)
        if self._report is not None:
            yield from report_lines(self._report)

    @property
    def title_text(self) -> str:
        """Which month, whose."""
        month = f"{self._month:%Y-%m}" if self._month else "next invoices"
        whose = f" · {self._customer[1]} only" if self._customer else ""
        if self._report is None:
            return f"Report · {month} · not read yet: f"
        return f"Report · {month}{whose} · {counted(len(self._report.agreements), 'agreement')}"

    # files

    @work(group="work")
    async def action_write_page(self) -> None:
        """Ask for a file and write a page to print."""
        from cwtui.engine.reporting.report_html import report_html  # noqa: PLC0415  # made only where asked for

        await self._write("HTML page to write", "html", lambda found: report_html(found).encode())

    @work(group="work")
    async def action_write_workbook(self) -> None:
        """Ask for a file and write a workbook."""
        from cwtui.engine.reporting.report_xlsx import report_xlsx  # noqa: PLC0415  # made only where asked for

        await self._write("Workbook to write", "xlsx", report_xlsx)

    async def _write(self, question: str, ending: str, make: Callable[[MonthReport], bytes]) -> None:
        from cwtui.engine.whole_file import write_whole  # noqa: PLC0415  # made only where asked for

        found = self._report
        if found is None:
            self.notify("There is no report yet: f adds up.", markup=False)
            return
        path = await self.ask_path("Report", question, f"report-{found.title.replace(' ', '-')}.{ending}")
        if path is None:
            return
        if await asyncio.to_thread(path.exists) and not await self.confirmed(
            "This file exists", [Line(str(path), Tone.HEADING)], "Replace it?", "Replace"
        ):
            return
        try:
            await asyncio.to_thread(lambda: write_whole(path, make(found)))
        except CwtuiError as error:
            self.notify(str(error), title="Report", severity="error", timeout=READ_S, markup=False)
        else:
            self.notify(f"The report is written to {path}.", title="Report", markup=False)
