"""All steps for one vendor's files, as the shells call them; each returns a value (files.md#intermedia-files)."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import date
from pathlib import Path

from cwtui.domain.lazily import dataclass
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.reconciling.adoption import Adoption
from cwtui.engine.reports import AutoReport
from cwtui.engine.turns import RECORDS, turn
from cwtui.engine.writing.create_once import CreateOnce
from cwtui.engine.writing.task_work import TaskWork
from cwtui.vendors.accounts import AccountExport, AccountsReport, read_accounts
from cwtui.vendors.billing_report import read_billing_report
from cwtui.vendors.count_export import CountExport, CountsReport
from cwtui.vendors.count_reconcile import CountRow, CountStatus, compare
from cwtui.vendors.count_source import CountSource
from cwtui.vendors.cross_references import Association, CrossReferences
from cwtui.vendors.items import ItemExport, ItemsReport
from cwtui.vendors.layouts import INTERMEDIA, Layout
from cwtui.vendors.protocols import IntermediaPsa
from cwtui.vendors.rows import Refusal
from cwtui.vendors.setup_tables import Checklist, VendorSetup
from cwtui.vendors.sku_sheet import SkuSheet, read_sku_sheet
from cwtui.vendors.usage_items import read_usage_items

_REPAIRED = {CountStatus.QUANTITY_DIFFERS, CountStatus.MISSING}


@dataclass(frozen=True, slots=True)
class CountReconciliation:
    """A report beside the additions.

    Attributes:
        rows: Per account and SKU.
        refused: Rows of the file that could not be compared; they are rows of status `unmapped` too.
        counts, run: What `apply` made and wrote.
    """

    rows: tuple[CountRow, ...]
    refused: tuple[Refusal, ...]
    counts: CountsReport | None = None
    run: AutoReport | None = None

    @property
    def differs(self) -> bool:
        """Some row is not a match."""
        return any(row.differs for row in self.rows)


@dataclass(slots=True)
class VendorExports:
    """One vendor's exports: setup, accounts, items, cross-references and counts, on the engine's state and services."""

    psa: IntermediaPsa
    desk: PlanningDesk
    layout: Layout
    source: CountSource
    once: CreateOnce
    work: TaskWork

    def of_sheet(self, sheet: str) -> VendorExports:
        """The same, reading this sheet of a workbook; empty means the profile's sheet, else the first."""
        return replace(self, layout=replace(self.layout, sheet=sheet)) if sheet else self

    async def setup(self, *, apply: bool = False) -> Checklist:
        """The checklist of setup tables; with `apply`, create missing entries."""
        if not apply:
            return await self._tables().checklist(apply=False)
        self.work.workspace.begin_run()
        async with self._turn():
            return await self._tables().checklist(apply=True)

    async def export_accounts(self, path: Path, *, manage_id: bool = False, dry_run: bool = False) -> AccountsReport:
        """Link or create the company of every account of a file; a dry run only says what it would do."""
        self.work.workspace.begin_run()
        file = read_accounts(path, self.layout)
        export = AccountExport(
            self.psa, self.desk.store, self.desk.listener, self.layout, self.once, at_once=self.desk.at_once
        )
        if dry_run:
            return await export.run(file, manage_id=manage_id, dry_run=True)
        async with self._turn():
            return await export.run(file, manage_id=manage_id, dry_run=False)

    async def compare_items(self, path: Path) -> tuple[ItemExport, ItemsReport]:
        """Compare a SKU sheet with the catalog: new, same and different items; `ItemExport.apply` writes."""
        self.work.workspace.begin_run()
        export = ItemExport(
            self.psa,
            self.desk.store,
            self.desk.listener,
            self.layout,
            self.once,
            self._tables(),
            at_once=self.desk.at_once,
        )
        return export, await export.compare(self._items(path))

    async def cross_references(self, *, apply: bool = False) -> tuple[Association, ...]:
        """Every exported SKU and whether it is associated; with `apply`, associate the others."""
        tables, store, listener = self._tables(), self.desk.store, self.desk.listener
        references = CrossReferences(self.psa, store, listener, self.layout, self.once, tables)
        if not apply:
            return await references.run(apply=False)
        self.work.workspace.begin_run()
        async with self._turn():
            return await references.run(apply=True)

    async def export_counts(
        self, path: Path, *, day: date | None = None, force: bool = False, adopts: bool = False
    ) -> CountsReport:
        """Make the `count_update` tasks of a report; with `adopts`, link the additions it counts first."""
        self.work.workspace.begin_run()
        return await self._counts().run(read_billing_report(path, self.layout, day), force=force, adopts=adopts)

    async def reconcile(
        self, path: Path, *, day: date | None = None, apply: bool = False, force: bool = False
    ) -> CountReconciliation:
        """Compare a report with the additions; with `apply`, make tasks of what differs and synchronise them.

        Raises:
            GuardError: With `apply`, as for `export_counts`.
        """
        report = read_billing_report(path, self.layout, day)
        export = self._counts()
        if apply:
            self.work.workspace.begin_run()
            export.check(report, force=force)
        accounts = await export.resolve(report)
        refused = export.refused
        rows = tuple(compare(accounts, self.layout, refused))
        wrong = {row.account for row in rows if row.status in _REPAIRED or row.moves_on}
        if not apply or not wrong:
            return CountReconciliation(rows, refused)
        counts = await export.make(report, [one for one in accounts if one.account in wrong], renewing=wrong)
        ready = [task.id for task in counts.tasks if task.status in {TaskStatus.READY, TaskStatus.FAILED}]
        run = await self.work.sync(ready)
        after = self._counts()
        rows = tuple(compare(await after.resolve(report), self.layout, after.refused))
        return CountReconciliation(rows, after.refused, counts, run)

    def _turn(self) -> AbstractAsyncContextManager[None]:
        return turn(self.work.workspace, RECORDS, "records in ConnectWise's setup")

    def _items(self, path: Path) -> SkuSheet:
        read = read_sku_sheet if self.layout.name == INTERMEDIA else read_usage_items
        return read(path, self.layout)

    def _tables(self) -> VendorSetup:
        return VendorSetup(self.psa, self.layout, self.once)

    def _counts(self) -> CountExport:
        return CountExport(
            self.psa,
            self.desk.store,
            self.desk,
            self.layout,
            self.source,
            Adoption(self.work.workspace, self.desk).link,
            at_once=self.desk.at_once,
        )
