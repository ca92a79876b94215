"""Customers import: ConnectWise companies without a customer, what each lacks, and their import.

Rule: reconciling.md#customers-import.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from cwtui.domain.accounts import REQUIRED
from cwtui.domain.ids import CompanyId
from cwtui.engine.importing.customers import ImportCandidate, ImportReport
from cwtui.tui.importing.form import GapsScreen, words
from cwtui.tui.screens.list_screen import ListScreen
from cwtui.tui.session import Session
from cwtui.tui.widgets.columns import Column
from cwtui.tui.widgets.detail_pane import Line
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.widgets.virtual_table import VirtualTable


class CustomersImportScreen(ListScreen[ImportCandidate]):
    """List, fill gaps, import."""

    HELP_TITLE = "Customers import"
    HELP = "ConnectWise companies that are no customers yet. `enter` fills the gaps of one, `i` imports complete ones."
    COLUMNS = (
        Column("state", "State", 11, toned=True),
        Column("name", "Company", 16, share=2, widest=50),
        Column("lacks", "Lacks", 24, share=3, toned=True),
        Column("identifier", "Identifier", 14, share=1, widest=24, rank=1),
    )
    EMPTY = "f lists the companies that are no customers yet."
    ABOUT = (
        "ConnectWise companies become marketplace customers",
        "f lists the companies that are no customers yet, and what each lacks for an account.",
        "enter fills the gaps of one, i imports it or those selected with space, I imports every complete one.",
        "An imported customer is mapped to its company at once.",
    )
    SELECTABLE = True
    WRITES = frozenset({"fill", "import_selected", "import_everything"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "find", "Find", id="customers.find", tooltip="Read the companies that are no customers yet"),
        Binding("e", "fill", "Fill gaps", id="customers.fill", tooltip="Fill what one company lacks, and import it"),
        Binding("i", "import_selected", "Import", id="customers.import", tooltip="Import the selected complete ones"),
        Binding("I", "import_everything", "All complete", id="customers.all", tooltip="Import every complete company"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._has_read = False
        self._refused: dict[CompanyId, str] = {}

    # rows

    @work(group="work")
    async def action_find(self) -> None:
        """Read the companies that are no customers yet."""
        self._refused.clear()
        await self._find()

    async def _find(self) -> None:
        customers = self.session.engine.customers
        found: Sequence[ImportCandidate] = ()

        async def job() -> str:
            nonlocal found
            found = await customers.candidates()
            return f"{len(found)} without a customer."

        if await self.read("Reading companies", job):
            self._has_read = True
            self.table.empty_text = "Every company is mapped to a customer."
            self.show_rows(found)

    def key_of(self, row: ImportCandidate) -> str:
        """The company."""
        return str(row.company.id)

    def cells_of(self, row: ImportCandidate) -> Sequence[str]:
        """One value per column."""
        refused = self._refused.get(row.company.id)
        state = "✗ refused" if refused else "! lacks" if row.account.lacks else "✓ complete"
        return (state, row.company.name, refused or words(row.account.lacks), row.company.identifier)

    def tone_of(self, row: ImportCandidate) -> Tone:
        """What is complete stands out."""
        if row.company.id in self._refused:
            return Tone.BAD
        return Tone.ATTENTION if row.account.lacks else Tone.GOOD

    def lines_of(self, row: ImportCandidate | None) -> Iterable[Line]:
        """The account it would become, gaps named."""
        if row is None:
            return
        yield from self._account_lines(row)
        yield Line("enter fills the gaps and imports it." if row.account.lacks else "i imports it.", Tone.MUTED)

    def _account_lines(self, row: ImportCandidate) -> Iterable[Line]:
        yield Line(f"{row.company.name} ({row.company.id})", Tone.HEADING)
        if refused := self._refused.get(row.company.id):
            yield Line(f"✗ Not imported. {refused}", Tone.BAD)
        for name in REQUIRED:
            value, lacks = getattr(row.account, name), name in row.account.lacks
            said = f"! {value or 'missing'}" if lacks else value
            yield Line(f"{name.replace('_', ' '):<14}{said}", Tone.ATTENTION if lacks else Tone.NORMAL)

    @property
    def title_text(self) -> str:
        """How many there are."""
        if not self._has_read:
            return "Customers import · not read yet: f"
        complete = sum(not one.account.lacks for one in self.rows.rows)
        chosen = f" · {len(self.rows.selected)} selected" if self.rows.selected else ""
        return f"Customers import · {len(self.rows.rows)} without a customer, {complete} complete{chosen}"

    @on(VirtualTable.SelectionToggled)
    def _toggle(self, event: VirtualTable.SelectionToggled) -> None:
        self.rows.selected ^= {event.key}
        self.table.row_changed(event.index)
        self.show_title()

    @on(VirtualTable.Opened)
    def open_row(self) -> None:
        """Fill its gaps."""
        if self.check_action("fill", ()):
            self.action_fill()

    # what is done with them

    @work(group="work")
    async def action_fill(self) -> None:
        """Ask for what the company lacks, then import it."""
        row = self.current
        if row is None:
            return
        filled: Mapping[str, str] | None = {}
        if row.account.lacks:
            filled = await self.ask(GapsScreen(row))
        elif not await self.confirmed(
            "Import", self._account_lines(row), "Import this company as a customer?", "Import"
        ):
            return
        if filled is not None:
            await self._import([row.company.id], filled)

    @work(group="work")
    async def action_import_selected(self) -> None:
        """Import the selected complete companies, or this one, after naming them."""
        chosen = [one for one in self.rows.rows if self.key_of(one) in self.rows.selected]
        if not chosen and self.current is not None:
            chosen = [self.current]
        await self._import_complete(chosen)

    @work(group="work")
    async def action_import_everything(self) -> None:
        """Import every complete company, after naming them."""
        await self._import_complete(self.rows.rows)

    async def _import_complete(self, chosen: Sequence[ImportCandidate]) -> None:
        complete = [one for one in chosen if not one.account.lacks]
        if not complete:
            self.notify("None of these is complete: enter fills the gaps of one.", title="Import", markup=False)
            return
        shown = [Line(f"{one.company.name} ({one.company.identifier})") for one in complete]
        if left := len(chosen) - len(complete):
            shown.append(Line(f"{left} of those chosen are not complete and stay.", Tone.ATTENTION))
        question = f"Import {len(complete)} into the marketplace, and map them?"
        if await self.confirmed("Import customers", shown, question, "Import"):
            await self._import([one.company.id for one in complete], {})

    async def _import(self, ids: Sequence[CompanyId], filled: Mapping[str, str]) -> None:
        customers = self.session.engine.customers

        async def job() -> str:
            report = await customers.import_some(ids, filled)
            self._refused |= {one.company_id: one.reason for one in report.failures}
            return report_text(report)

        if await self.do_work("Importing customers", job):
            self.rows.selected.clear()
            await self._find()


def report_text(report: ImportReport) -> str:
    """What was imported and what was not, the counts first."""
    lines = [f"{len(report.imported)} imported, {len(report.failures)} not."]
    for one in report.imported:
        how = "was a customer already" if one.adopted else "imported"
        lines.append(f"{one.company.name} ({one.company.id}): {how}, mapped to customer {one.customer.id}.")
    lines += [f"{one.name or 'Company'} ({one.company_id}): not imported. {one.reason}" for one in report.failures]
    return "\n".join(lines)
