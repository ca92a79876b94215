"""Reconcile everything: a line per mapped customer and agreement, the largest difference in money first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from cwtui.domain.reconciliation import Reconciliation
from cwtui.engine.reconciling.csv import reconciliation_csv
from cwtui.engine.reconciling.reconcile import ReconcileReport
from cwtui.tui.reconcile.rows import SUMMARY_COLUMNS, cells, compared, report_lines, summary_cells, tone
from cwtui.tui.screens.list_screen import ListScreen
from cwtui.tui.session import Session
from cwtui.tui.widgets.detail_pane import Line
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.widgets.virtual_table import VirtualTable
from cwtui.tui.words import counted


class ReconcileAllScreen(ListScreen[Reconciliation]):
    """One pass over all mapped customers."""

    HELP_TITLE = "Reconcile everything"
    HELP = "Every mapped customer's subscriptions beside its agreements; `enter` opens one. Nothing is written."
    COLUMNS = SUMMARY_COLUMNS
    EMPTY = "No mapped customer has a subscription on an agreement."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("E", "export", "Export", id="reconcile_all.export", tooltip="Write every row to a CSV file"),
        Binding("escape,q", "leave", "Back", id="reconcile_all.leave", tooltip="Back to one customer"),
    ]

    def __init__(self, session: Session, opened: Callable[[Reconciliation], None]) -> None:
        super().__init__(session)
        self._opened = opened
        self._report: ReconcileReport | None = None

    def on_mount(self) -> None:
        """Compare at once."""
        super().on_mount()
        self._compare()

    @work(group="work")
    async def _compare(self) -> None:
        reconciler = self.session.engine.reconciler

        async def job() -> str:
            self._report = await reconciler.compare_all()
            differing = sum(one.differs for one in self._report.reconciliations)
            return f"{differing} of {len(self._report.reconciliations)} agreements differ."

        if await self.read("Reconciling everything", job) and self._report is not None:
            self.show_rows(self._report.reconciliations)

    def key_of(self, row: Reconciliation) -> str:
        """Customer and agreement."""
        return f"{row.customer_id}/{row.agreement_id}"

    def cells_of(self, row: Reconciliation) -> Sequence[str]:
        """One value per column."""
        return summary_cells(row)

    def tone_of(self, row: Reconciliation) -> Tone:
        """What differs stands out."""
        return Tone.ATTENTION if row.differs else Tone.GOOD

    def lines_of(self, row: Reconciliation | None) -> Iterable[Line]:
        """Its rows, and what to know about it; what could not be compared at the end."""
        skipped = self._report.skipped if self._report else ()
        if row is None:
            return report_lines((), skipped)
        lines = [Line(f"{row.customer_name} ({row.customer_id})", Tone.HEADING)]
        for one in compared([row]):
            status, name, expected, actual, difference, *_ = cells(one)
            lines.append(Line(f"{status}  {name}: {expected} → {actual}  {difference}".rstrip(), tone(one)))
        return [*lines, *report_lines([row], skipped)]

    @property
    def title_text(self) -> str:
        """How many differ."""
        if self._report is None:
            return "Reconcile everything"
        found = self._report.reconciliations
        differing = sum(one.differs for one in found)
        said = f"{differing} of {len(found)} agreements differ" if differing else "nothing to do: everything matches"
        return f"Reconcile everything · {said}"

    @on(VirtualTable.Opened)
    def open_row(self) -> None:
        """Back to the reconciliation, with this one."""
        row = self.current
        if row is not None:
            self.dismiss()
            self._opened(row)

    @work(group="work")
    async def action_export(self) -> None:
        """Write every row to a CSV file."""
        found = self.rows.rows
        await self.export("reconcile-all.csv", lambda: reconciliation_csv(found), counted(len(found), "agreement"))

    def action_leave(self) -> None:
        """Go back."""
        if self.working:
            self.action_stop()
        self.dismiss()
