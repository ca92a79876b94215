"""Forecast: each agreement's next invoice before and after the plans that are ready, alarms first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from cwtui.domain.forecasts import Forecast, totals
from cwtui.domain.money import price_text
from cwtui.domain.periods import span_text
from cwtui.engine.reporting.forecast import ForecastReport
from cwtui.tui.report.lines import bar_lines
from cwtui.tui.screens.list_screen import ListScreen
from cwtui.tui.session import Session
from cwtui.tui.widgets.columns import Column
from cwtui.tui.widgets.detail_pane import Line
from cwtui.tui.widgets.task_rows import signed
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.words import counted


class ForecastScreen(ListScreen[Forecast]):
    """Reads; writes nothing."""

    HELP_TITLE = "Forecast"
    HELP = "What the next invoices become once every ready plan is written; what would be billed twice or not at all."
    COLUMNS = (
        Column("alarms", "Alarms", 10, toned=True),
        Column("agreement", "Agreement", 16, share=3, widest=50),
        Column("customer", "Customer", 16, share=2, widest=50, rank=3),
        Column("before", "Before", 11, right=True),
        Column("after", "After", 11, right=True),
        Column("difference", "Difference", 11, right=True),
        Column("currency", "Curr.", 5, rank=1),
        Column("planned", "Changes", 7, right=True, rank=2),
    )
    EMPTY = "f forecasts the next invoice of every mapped agreement."
    ABOUT = (
        "What the next invoices become",
        "Each agreement's next invoice as it is now, as it is once every ready plan is written, and the difference.",
        "Alarms point out what would be billed twice, or to nobody.",
        "f reads the agreements and adds up. Nothing is written.",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "find", "Forecast", id="forecast.find", tooltip="Read the agreements and add up"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._report: ForecastReport | None = None
        self._customers: Mapping[int, str] = {}

    @work(group="work")
    async def action_find(self) -> None:
        """Read the agreements and add up."""
        forecasts = self.session.engine.forecaster

        async def job() -> str:
            self._report = await forecasts.forecast()
            self._customers = self.session.names.customers_billed()
            alarms = sum(len(one.alarms) for one in self._report.forecasts)
            return f"{counted(len(self._report.forecasts), 'next invoice')}, {counted(alarms, 'alarm')}."

        if await self.read("Forecasting", job) and self._report is not None:
            self.show_rows(sorted(self._report.forecasts, key=lambda one: (-len(one.alarms), one.agreement_name)))

    def key_of(self, row: Forecast) -> str:
        """The agreement."""
        return str(row.agreement_id)

    def cells_of(self, row: Forecast) -> Sequence[str]:
        """One value per column."""
        invoice = row.invoice
        alarms = f"! {counted(len(row.alarms), 'alarm')}" if row.alarms else "✓ none"
        sums = [price_text(amount) for amount in (invoice.before, invoice.after, invoice.difference)]
        return (alarms, row.agreement_name, self._customer(row), *sums, row.currency, str(row.planned))

    def _customer(self, row: Forecast) -> str:
        return self._customers.get(row.agreement_id, "")

    def tone_of(self, row: Forecast) -> Tone:
        """Alarms stand out."""
        return Tone.BAD if row.alarms else Tone.GOOD

    def lines_of(self, row: Forecast | None) -> Iterable[Line]:
        """The alarms, the arithmetic of one agreement, and the sums of all."""
        if row is not None:
            yield Line(f"{row.agreement_name} ({row.agreement_id})", Tone.HEADING)
            if customer := self._customer(row):
                yield Line(f"Customer {customer}")
            for alarm in row.alarms:
                yield Line(f"! {alarm.message}", Tone.BAD)
                if alarm.additions:
                    named = ", ".join(map(str, alarm.additions))
                    yield Line(f"{alarm.code} · additions {named}", Tone.MUTED, indent=2)
            invoice = row.invoice
            yield Line(f"Next billing period {span_text(invoice.period.start, invoice.period.end)}")
            if invoice.is_prorated:
                yield Line("Approximate: ConnectWise prorates this agreement by itself.", Tone.MUTED)
            rows = (
                ("before", invoice.before, Tone.MUTED),
                ("after", invoice.after, Tone.GOOD),
                ("cost", invoice.cost_after, Tone.ATTENTION),
                ("margin", invoice.margin_after, Tone.NORMAL),
            )
            yield from bar_lines(rows, row.currency)
            yield Line(f"{'change':<32}{signed(invoice.difference):>14} {row.currency}".rstrip())
            yield Line(f"With {counted(row.planned, 'planned change')}.")
            for note in row.notes:
                yield Line(f"· {note}")
        if self._report is None:
            return
        yield Line("")
        yield Line("All agreements", Tone.HEADING)
        for currency, (before, after) in totals(self._report.forecasts).items():
            yield Line(f"in {currency}" if currency else "without a currency", Tone.MUTED)
            yield from bar_lines((("before", before, Tone.MUTED), ("after", after, Tone.GOOD)), currency)
        for text in self._report.skipped:
            yield Line(f"! {text}", Tone.ATTENTION)

    @property
    def title_text(self) -> str:
        """How many alarms there are."""
        if self._report is None:
            return "Forecast · not read yet: f"
        alarms = sum(len(one.alarms) for one in self._report.forecasts)
        said = counted(alarms, "alarm") if alarms else "no alarms"
        return f"Forecast · {counted(len(self._report.forecasts), 'next invoice')} · {said}"
