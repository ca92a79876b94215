"""Vendor files: the steps of one vendor, in order, each with its key, its file and its report.

Rule: files.md#intermedia-files, files.md#profiles.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from cwtui.domain.errors import CwtuiError, GuardError
from cwtui.tui.screens.list_screen import ListScreen
from cwtui.tui.session import Session
from cwtui.tui.vendors import lines as shown
from cwtui.tui.vendors.access import Vendors
from cwtui.tui.vendors.new_profile import new_vendor, vendor_entries
from cwtui.tui.vendors.sheets import chosen_sheet
from cwtui.tui.vendors.steps import INTERMEDIA_ONLY, STEPS, TITLES, USAGE_STEPS, VendorStep
from cwtui.tui.widgets.columns import Column
from cwtui.tui.widgets.detail_pane import Line, block
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.widgets.virtual_table import VirtualTable
from cwtui.tui.words import counted
from cwtui.vendors.accounts import read_accounts
from cwtui.vendors.count_reconcile import count_rows_csv
from cwtui.vendors.cross_references import AssociationState
from cwtui.vendors.exports import CountReconciliation, VendorExports
from cwtui.vendors.items import ItemState
from cwtui.vendors.layouts import INTERMEDIA


class VendorFilesScreen(ListScreen[VendorStep]):
    """Runs the steps; each result stays until the step is run again."""

    HELP_TITLE = "Vendor files"
    HELP = "Run the steps from top to bottom; `enter` runs the one under the cursor. Each shows first what it writes."
    COLUMNS = (
        Column("key", "Key", 3),
        Column("title", "Step", 16, share=1, widest=24),
        Column("state", "State", 20, share=2, toned=True),
        Column("file", "File", 18, share=2, rank=1),
    )
    WRITES = frozenset({"setup", "accounts", "items", "cross_reference", "counts", "compare", "vendor"})
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(one.key, one.name, one.short, id=f"intermedia.{one.name}", tooltip=one.what) for one in STEPS),
        Binding("v", "vendor", "Vendor", id="intermedia.vendor",
                tooltip="Another vendor's files; a profile is proposed for one that is not known yet"),
        Binding("m", "toggle_manage", "Manage IDs", show=False, id="intermedia.manage",
                tooltip="Accounts: link by Manage ID too, and write it"),
        Binding("t", "toggle_reset", "Reset edited", show=False, id="intermedia.reset",
                tooltip="Items: put the sheet's values back where an operator edited them"),
        Binding("E", "export", "Export", show=False, id="intermedia.export", tooltip="Write the comparison to a file"),
    ]  # fmt: skip

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._vendor = INTERMEDIA
        self._steps: tuple[VendorStep, ...] = STEPS
        self._files: dict[str, str] = {}
        self._sheets: dict[str, str] = {}
        self._states: dict[str, tuple[str, Tone]] = {}
        self._reports: dict[str, list[Line]] = {}
        self._manage = self._reset = False
        self._compared: CountReconciliation | None = None

    def on_mount(self) -> None:
        """Show the steps."""
        super().on_mount()
        self.show_rows(self._steps)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only Intermedia has accounts to create, setup tables and cross-references."""
        if action in INTERMEDIA_ONLY and self._vendor != INTERMEDIA:
            return False
        return super().check_action(action, parameters)

    # whose files

    @work(group="work")
    async def action_vendor(self) -> None:
        """Choose whose files these are."""
        vendors = self._vendors
        entries = vendor_entries(vendors)
        place = await self.choose("Whose files?", entries)
        if place is None:
            return
        if place < len(entries) - 1:
            self._turn_to(entries[place].label)
        elif (found := await new_vendor(self, vendors)) is not None:
            self._turn_to(found.name, found.path)

    def _turn_to(self, vendor: str, path: Path | None = None) -> None:
        """Show a vendor's steps, none of them run yet."""
        self._vendor = vendor
        self._steps = STEPS if vendor == INTERMEDIA else USAGE_STEPS
        self._files = {step.name: str(path) for step in self._steps} if path else {}
        self._sheets, self._states, self._reports, self._compared = {}, {}, {}, None
        self.show_rows(self._steps)
        self.table.cursor = 0
        self.refresh_bindings()

    # rows

    def key_of(self, row: VendorStep) -> str:
        """The step."""
        return row.name

    def cells_of(self, row: VendorStep) -> Sequence[str]:
        """One value per column."""
        state, _ = self._states.get(row.name, ("· not run yet", Tone.MUTED))
        file, sheet = Path(self._files.get(row.name, row.file)).name, self._sheets.get(row.name, "")
        return (row.key, row.title, state, f"{file} · {sheet}" if sheet else file)

    def tone_of(self, row: VendorStep) -> Tone:
        """How it went."""
        return self._states.get(row.name, ("", Tone.NORMAL))[1]

    def lines_of(self, row: VendorStep | None) -> Iterable[Line]:
        """What the step does and what it found last."""
        if row is None:
            return
        yield Line(row.title, Tone.HEADING)
        yield Line(row.what)
        if row.name == "accounts":
            yield Line(f"m: Manage IDs are {'used and written' if self._manage else 'left alone'}.", Tone.MUTED)
        if row.name == "items":
            yield Line(f"t: edited items are {'put back' if self._reset else 'left alone'}.", Tone.MUTED)
        yield Line(f"{row.key} or enter runs it.", Tone.MUTED)
        if report := self._reports.get(row.name):
            yield from (Line(""), *report)

    @property
    def title_text(self) -> str:
        """How many steps are done."""
        done = sum(tone is Tone.GOOD for _, tone in self._states.values())
        return f"{TITLES.get(self._vendor, self._vendor)} · {done} of {len(self._steps)} steps done"

    @on(VirtualTable.Opened)
    def open_row(self) -> None:
        """Run the step under the cursor."""
        row = self.current
        if row is not None and self.check_action(row.name, ()):
            self.call_later(self.run_action, row.name)

    # running one

    @property
    def _exports(self) -> VendorExports:
        return self._vendors.steps(self._vendor)

    def _exports_of(self, name: str) -> VendorExports:
        """For the file of a step, of which this sheet was chosen."""
        return self._exports.of_sheet(self._sheets.get(name, ""))

    @property
    def _vendors(self) -> Vendors:
        if self.session.vendors is None:
            raise AssertionError("nobody gave the session its vendors")
        return self.session.vendors

    async def _run(self, name: str, job: Callable[[], Awaitable[str]], *, writes: bool = True) -> CwtuiError | None:
        """Run a part of a step; returns the error that stopped it, for its report."""
        step = self._step(name)
        self.table.cursor = self._steps.index(step)
        failed: list[CwtuiError] = []

        async def watched() -> str:
            try:
                return await job()
            except CwtuiError as error:
                failed.append(error)
                raise

        done = await self.do_work(step.title, watched, only_reads=not writes)
        if failed:
            self._report(name, "✗ failed", Tone.BAD, block(str(failed[0]), Tone.BAD))
        elif not done:
            return GuardError("Something else is going on.", changed="Nothing was changed.", next_step="Try again.")
        return failed[0] if failed else None

    def _report(self, name: str, state: str, tone: Tone, lines: Iterable[Line]) -> None:
        self._states[name], self._reports[name] = (state, tone), list(lines)
        self.show_rows(self._steps)

    def _step(self, name: str) -> VendorStep:
        return next(one for one in self._steps if one.name == name)

    async def _ask_file(self, name: str) -> Path | None:
        step = self._step(name)
        example = self.session.examples / step.file if self.session.examples and step.file else step.file
        what = "CSV file of the partner portal" if self._vendor == INTERMEDIA else "Usage file: CSV or .xlsx"
        path = await self.ask_path(step.title, what, self._files.get(name, str(example)))
        if path is None:
            return None
        last = self._sheets.get(name, "") if self._files.get(name) == str(path) else ""
        sheet = await chosen_sheet(self, path, profile=self._exports.layout.sheet, last=last)
        if sheet is None:
            return None
        self._files[name], self._sheets[name] = str(path), sheet
        return path

    @work(group="work")
    async def action_setup(self) -> None:
        """Look at the setup tables; create what is missing, after showing it."""
        exports = self._exports
        for apply in (False, True):

            async def job(apply: bool = apply) -> str:
                found = await exports.setup(apply=apply)
                complete = found.is_complete
                state = ("✓ complete", Tone.GOOD) if complete else ("! something is missing", Tone.ATTENTION)
                self._report("setup", *state, shown.setup_lines(found))
                return state[0][2:].capitalize() + "."

            if await self._run("setup", job, writes=apply) or self._states["setup"][1] is Tone.GOOD:
                return
            if not apply and not await self.confirmed(
                "Setup tables", self._reports["setup"], "Create what is missing in ConnectWise?", "Create"
            ):
                return

    @work(group="work")
    async def action_accounts(self) -> None:
        """Link the accounts of a file to companies; create missing ones."""
        path, exports, manage = await self._ask_file("accounts"), self._exports_of("accounts"), self._manage
        if path is None:
            return
        before: list[Line] = []

        async def read() -> str:
            before[:] = shown.accounts_before(read_accounts(path, exports.layout))
            return f"{path.name} is read."

        if await self._run("accounts", read, writes=False):
            return
        question = f"Link or create these companies{', with their Manage IDs' if manage else ''}?"
        if not await self.confirmed("Accounts", before, question, "Export"):
            return

        async def job() -> str:
            report = await exports.export_accounts(path, manage_id=manage)
            bad = len(report.refused) + len(report.failures)
            lines = list(shown.accounts_lines(report))
            self._report("accounts", *_state(bad), lines)
            return lines[0].text

        await self._run("accounts", job)

    @work(group="work")
    async def action_items(self) -> None:
        """Create the catalog items of a SKU sheet, after showing them."""
        path, exports, reset = await self._ask_file("items"), self._exports_of("items"), self._reset
        if path is None:
            return
        export, found = None, None

        async def compare() -> str:
            nonlocal export, found
            export, found = await exports.compare_items(path)
            self._report("items", *_state(len(found.refused)), shown.items_lines(found))
            return f"{len(found.of(ItemState.NEW))} new, {len(found.of(ItemState.DIFFERS))} edited since."

        if await self._run("items", compare, writes=False) or export is None or found is None:
            return
        writes = found.of(ItemState.NEW, *([ItemState.DIFFERS] if reset else []))
        question = f"Write {len(writes)} catalog items to ConnectWise{', edited ones too' if reset else ''}?"
        if not writes or not await self.confirmed("Billable items", self._reports["items"], question, "Export"):
            return

        async def job() -> str:
            report = await export.apply(found, reset=reset)
            lines = list(shown.items_lines(report))
            self._report("items", *_state(len(report.refused) + len(report.of(ItemState.FAILED))), lines)
            return lines[0].text

        await self._run("items", job)

    @work(group="work")
    async def action_cross_reference(self) -> None:
        """List what is not associated; associate it, after showing it."""
        exports = self._exports
        for apply in (False, True):

            async def job(apply: bool = apply) -> str:
                found = await exports.cross_references(apply=apply)
                bad = sum(one.state in {AssociationState.MISSING, AssociationState.FAILED} for one in found)
                lines = list(shown.association_lines(found))
                tone = Tone.GOOD if found and not bad else Tone.ATTENTION
                self._report("cross_reference", f"! {bad} not associated" if bad else "✓ associated", tone, lines)
                return lines[0].text

            if await self._run("cross_reference", job, writes=apply):
                return
            if not self._states["cross_reference"][0].startswith("!") or apply:
                return
            if not await self.confirmed(
                "Cross-reference", self._reports["cross_reference"], "Associate them in ConnectWise?", "Associate"
            ):
                return

    @work(group="work")
    async def action_counts(self) -> None:
        """Make the tasks of a report; asks before it takes one that a guard stopped."""
        path, exports = await self._ask_file("counts"), self._exports_of("counts")
        if path is None:
            return
        for force in (False, True):

            async def job(force: bool = force) -> str:
                report = await exports.export_counts(path, force=force)
                lines = list(shown.counts_lines(report))
                self._report("counts", *_state(len(report.refused)), lines)
                return lines[0].text

            error = await self._run("counts", job)
            if force or not isinstance(error, GuardError) or not await self.confirmed(
                "Product counts", block(str(error), Tone.BAD), "Take this report nevertheless?", "Take it"
            ):  # fmt: skip
                return

    @work(group="work")
    async def action_compare(self) -> None:
        """Compare a report with the additions; repair what differs, after showing it."""
        path, exports = await self._ask_file("compare"), self._exports_of("compare")
        if path is None:
            return
        for apply in (False, True):

            async def job(apply: bool = apply) -> str:
                found = self._compared = await exports.reconcile(path, apply=apply)
                differ = sum(row.differs for row in found.rows)
                state = (f"! {differ} differ", Tone.ATTENTION) if differ else ("✓ everything matches", Tone.GOOD)
                lines = list(shown.comparison_lines(found))
                self._report("compare", *state, lines)
                return lines[0].text

            if (
                await self._run("compare", job, writes=apply)
                or apply
                or not (self._compared and self._compared.differs)
            ):
                return
            question = "Make tasks of what differs, and write them to ConnectWise?"
            if not await self.confirmed("Reconcile", self._reports["compare"], question, "Write"):
                return

    @work(group="work")
    async def action_export(self) -> None:
        """Write the last comparison to a CSV file."""
        found = self._compared
        if found is None:
            self.notify("r compares a report first.", title="Export", markup=False)
            return
        await self.export(f"{self._vendor}.csv", lambda: count_rows_csv(found.rows), counted(len(found.rows), "row"))

    def action_toggle_manage(self) -> None:
        """Use Manage IDs, or leave them alone."""
        self._manage = not self._manage
        self.show_detail()

    def action_toggle_reset(self) -> None:
        """Put edited items back, or leave them alone."""
        self._reset = not self._reset
        self.show_detail()


def _state(bad: int) -> tuple[str, Tone]:
    return (f"! {bad} refused", Tone.ATTENTION) if bad else ("✓ done", Tone.GOOD)
