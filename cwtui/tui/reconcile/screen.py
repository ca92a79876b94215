"""Reconcile: a customer's subscriptions beside an agreement, in a billing period; adopt and repair.

Rule: reconciling.md#reconcile.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from cwtui.domain.errors import CwtuiError
from cwtui.domain.ids import AgreementId, CustomerId
from cwtui.domain.mappings import MappingKind
from cwtui.domain.money import plain
from cwtui.domain.periods import ONE_DAY
from cwtui.domain.problems import ProblemCode
from cwtui.domain.reconciliation import Reconciliation
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.engine.reconciling.csv import reconciliation_csv
from cwtui.engine.reconciling.reconcile import PreparedRepairs, ReconcileReport
from cwtui.tui.plan_lines import plan_lines
from cwtui.tui.reconcile.all_customers import ReconcileAllScreen
from cwtui.tui.reconcile.rows import COLUMNS, ComparedRow, cells, compared, lines, report_lines, tone
from cwtui.tui.screens.list_screen import ListScreen
from cwtui.tui.session import Session
from cwtui.tui.tasks.screen import report_text
from cwtui.tui.widgets.detail_pane import Line, block
from cwtui.tui.widgets.fuzzy_picker import Entry
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.words import counted
from cwtui.wording.problems import sentence

_LINKS = {ProblemCode.LINK_MISSING, ProblemCode.LINK_CHANGED}
_WRITABLE = {TaskStatus.READY, TaskStatus.FAILED}


class ReconcileScreen(ListScreen[ComparedRow]):
    """Compare, adopt, repair."""

    HELP_TITLE = "Reconcile"
    HELP = "What a customer's subscriptions ask for beside what its agreement bills, in one billing period."
    COLUMNS = COLUMNS
    EMPTY = "c chooses a customer, * compares every customer."
    ABOUT = (
        "Both sides beside each other",
        "What a customer's subscriptions ask for, and what its agreements bill, in one billing period.",
        "c chooses a customer, * compares every customer; [ and ] go to the billing periods before and after.",
        "A adopts an addition that was made by hand; p plans the repairs and shows them before anything is written.",
    )
    WRITES = frozenset({"adopt", "repair"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "customer", "Customer", id="reconcile.customer", tooltip="Choose a customer"),
        Binding("a", "agreement", "Agreement", id="reconcile.agreement", tooltip="Choose one of its agreements"),
        Binding("left_square_bracket", "period(-1)", "Earlier", key_display="[", id="reconcile.earlier",
                tooltip="The billing period before"),
        Binding("right_square_bracket", "period(1)", "Later", key_display="]", id="reconcile.later",
                tooltip="The billing period after"),
        Binding("A", "adopt", "Adopt", id="reconcile.adopt", tooltip="Link the addition that was made by hand"),
        Binding("p", "repair", "Repair", id="reconcile.repair", tooltip="Plan the repairs, show them, write them"),
        Binding("asterisk", "everything", "All", key_display="*", id="reconcile.all",
                tooltip="Reconcile every mapped customer"),
        Binding("E", "export", "Export", show=False, id="reconcile.export", tooltip="Write these rows to a CSV file"),
        Binding("r", "again", "Again", show=False, id="reconcile.again", tooltip="Read both sides again"),
    ]  # fmt: skip

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._customer: CustomerId | None = None
        self._agreement: AgreementId | None = None
        self._day: date | None = None
        self._report = ReconcileReport()
        self._known: Sequence[Reconciliation] = ()
        self._said: Sequence[str] = ()

    # rows

    def key_of(self, row: ComparedRow) -> str:
        """Agreement and catalog item."""
        return row.key

    def cells_of(self, row: ComparedRow) -> Sequence[str]:
        """One value per column."""
        return cells(row)

    def tone_of(self, row: ComparedRow) -> Tone:
        """What differs stands out."""
        return tone(row)

    def lines_of(self, row: ComparedRow | None) -> Iterable[Line]:
        """The last message, the row, and the notes of the comparison."""
        said = [Line(f"! {text}", Tone.ATTENTION) for text in self._said]
        said += [Line("")] if said else []
        about = list(lines(row, self.session.names)) if row else []
        return [*said, *about, *report_lines(self._report.reconciliations, self._report.skipped)]

    @property
    def title_text(self) -> str:
        """Whose, which agreement, which period."""
        found = self._report.reconciliations
        if not found:
            return f"Reconcile · customer {self._customer}" if self._customer else "Reconcile · no customer chosen"
        one = found[0]
        where = one.agreement_name if len(found) == 1 else counted(len(found), "agreement")
        billed = " BILLED ALREADY" if one.billed else ""
        return f"Reconcile · {one.period.start} to {one.period.end}{billed} · {one.customer_name} · {where}"

    # what is compared

    def on_screen_resume(self) -> None:
        """Begin with the customer of the task in sight, if that task is to be reconciled here."""
        session = self.session
        task = None if session.task_in_sight is None else session.engine.known.task(session.task_in_sight)
        if task is None or session.working or task.customer_id == self._customer:
            return
        if task.kind is TaskKind.RECONCILIATION or _LINKS & {problem.code for problem in task.problems}:
            self.open_one(task.customer_id)

    @work(group="work")
    async def action_customer(self) -> None:
        """Choose one of the mapped customers."""
        found = [one for one in await self.session.engine.workbench.lines(MappingKind.CUSTOMER) if not one.is_missing]
        if not found:
            self.notify("No customer is mapped yet: 2 maps them.", markup=False)
            return
        entries = [Entry(one.name, one.key.marketplace_id) for one in found]
        place = await self.choose("Reconcile which customer?", entries)
        if place is not None:
            await self._compare(CustomerId(found[place].key.marketplace_id))
            if len(self._known) > 1:
                await self._choose_agreement()

    @work(group="work")
    async def action_agreement(self) -> None:
        """Choose one of the customer's agreements."""
        await self._choose_agreement()

    async def _choose_agreement(self) -> None:
        if self._customer is None or not self._known:
            self.notify("Choose a customer first: c.", markup=False)
            return
        entries = [Entry("All of them", counted(len(self._known), "agreement"))]
        entries += [Entry(one.agreement_name, str(one.agreement_id)) for one in self._known]
        place = await self.choose(f"Which agreement of {self._known[0].customer_name}?", entries)
        if place is not None:
            chosen = self._known[place - 1].agreement_id if place else None
            await self._compare(self._customer, chosen)

    @work(group="work")
    async def action_period(self, steps: int) -> None:
        """Compare the billing period before, or after."""
        found = self._report.reconciliations
        if self._customer is None or not found:
            return
        row = self.current
        period = (row.found if row else found[0]).period
        day = period.end + ONE_DAY if steps > 0 else period.start - ONE_DAY
        await self._compare(self._customer, self._agreement, day)

    @work(group="work")
    async def action_again(self) -> None:
        """Read both sides again."""
        if self._customer is not None:
            await self._compare(self._customer, self._agreement, self._day)

    def open_one(self, customer: CustomerId, agreement: AgreementId | None = None) -> None:
        """Show this customer's reconciliation."""
        self.run_worker(self._compare(customer, agreement), group="work")

    async def _compare(
        self, customer: CustomerId, agreement: AgreementId | None = None, day: date | None = None
    ) -> None:
        reconciler, found = self.session.engine.reconciler, ReconcileReport()

        async def job() -> str:
            nonlocal found
            found = await reconciler.compare(customer, agreement, day)
            differing = sum(row.status != "match" for one in found.reconciliations for row in one.rows)
            if differing:
                return f"{counted(differing, 'row')} to look at."
            return "Something is left to look at." if found.skipped else "Nothing to do: everything matches."

        self._said = ()
        done = await self.read("Reconciling", job)
        if not done and not self._trouble:
            return  # something else is going on
        self._known = found.reconciliations if agreement is None or customer != self._customer else self._known
        self._customer, self._agreement, self._day, self._report = customer, agreement, day, found
        self.table.columns = COLUMNS if len(found.reconciliations) > 1 else COLUMNS[:-1]  # the title names the only one
        self.show_rows(compared(found.reconciliations))

    @work(group="work")
    async def action_everything(self) -> None:
        """Reconcile every mapped customer."""
        self.app.push_screen(
            ReconcileAllScreen(self.session, lambda found: self.open_one(found.customer_id, found.agreement_id))
        )

    @work(group="work")
    async def action_export(self) -> None:
        """Write the rows in sight to a CSV file."""
        found = self._report.reconciliations
        if not found:
            self.notify("Choose a customer first: c.", markup=False)
            return
        await self.export("reconcile.csv", lambda: reconciliation_csv(found), counted(len(self.rows.rows), "row"))

    # what is done about it

    @work(group="work")
    async def action_adopt(self) -> None:
        """Link the additions proposed for this row, after naming them."""
        row = self.current
        proposals = [one for one in row.row.proposals if not one.wanted.blocked] if row else []
        if row is None or not proposals:
            self.notify("No addition is proposed for this row.", title="Adopt", markup=False)
            return
        shown = [Line(row.row.name, Tone.HEADING)]
        for one in proposals:
            owner = self.session.names.subscription(one.wanted.subscription_id)
            shown.append(Line(f"Addition {one.addition.id} ({plain(one.addition.values.quantity)}) → {owner}"))
        shown.append(Line("Nothing is written to ConnectWise; what it holds counts as agreed from now on."))
        if not await self.confirmed("Adopt", shown, "Link it to the subscription?", "Adopt"):
            return
        adoption = self.session.engine.adoption

        async def job() -> str:
            for one in proposals:
                await adoption.adopt(one.addition.id, one.wanted.subscription_id, one.wanted.product_id)
            return f"Adopted: {', '.join(f'addition {one.addition.id}' for one in proposals)}."

        if await self.do_work("Adopting", job) and self._customer is not None:
            await self._compare(self._customer, self._agreement, self._day)

    @work(group="work")
    async def action_repair(self) -> None:
        """Make tasks of the repairs, show their plans, write them."""
        customer, agreement, day = self._customer, self._agreement, self._day
        if customer is None:
            self.notify("Choose a customer first: c.", markup=False)
            return
        engine = self.session.engine
        prepared: PreparedRepairs | None = None

        async def prepare() -> str:
            nonlocal prepared
            prepared = await engine.reconciler.prepare(customer, agreement, day)
            if prepared.tasks:
                return f"{counted(len(prepared.tasks), 'repair')} planned."
            return "Nothing can be repaired yet." if prepared.blocked else "Nothing to do."

        if not await self.do_work("Planning repairs", prepare) or prepared is None:
            return
        ready = [task for task in prepared.tasks if task.status in _WRITABLE]
        if ready:
            shown = await self._repair_lines(prepared)
            asked = f"Write {counted(len(ready), 'repair')} to ConnectWise?"
            question = f"{asked} No keeps them in the task list, to be edited there."
            if await self.confirmed("Repair", shown, question, "Write"):
                await self.do_work("Repairing", lambda: self._sync(ready))
        await self._compare(customer, agreement, day)
        waiting = [sentence(problem) for task in prepared.tasks for problem in task.problems]
        self._said = [*prepared.blocked, *waiting]
        self.show_detail()

    async def _sync(self, tasks: Sequence[Task]) -> str:
        return report_text(await self.session.engine.sync([task.id for task in tasks]))

    async def _repair_lines(self, prepared: PreparedRepairs) -> list[Line]:
        shown = [Line(f"! {text}", Tone.ATTENTION) for text in prepared.blocked]
        for found in prepared.report.reconciliations:
            if found.billed:
                text = f"! {found.period.start} to {found.period.end} is billed already: the repair begins later."
                shown.append(Line(text, Tone.ATTENTION))
        for task in prepared.tasks:
            shown.append(Line(f"{task.customer_name} · {task.subscription_name}", Tone.HEADING))
            try:
                shown += [*plan_lines(await self.session.engine.preview(task.id), self.session.names), Line("")]
            except CwtuiError as error:
                shown += block(str(error), Tone.BAD)
        return shown
