"""A report becomes `count_update` tasks, one per linked account; nothing is written to ConnectWise.

Rule: files.md#export-counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta

from cwtui.domain.charges import Charge
from cwtui.domain.counts import LastReport
from cwtui.domain.errors import GuardError
from cwtui.domain.ids import (
    OrderId,
    ProductId,
    SubscriptionId,
    TaskId,
    task_id,
)
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import Link
from cwtui.domain.money import plain
from cwtui.domain.psa import Addition
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.protocols import Store
from cwtui.vendors.billing_report import BillingReport
from cwtui.vendors.count_facts import Vanished
from cwtui.vendors.count_source import CountSource
from cwtui.vendors.counted_accounts import AccountCounts, CountedAccounts
from cwtui.vendors.counting import proposals, vanished
from cwtui.vendors.layouts import Layout
from cwtui.vendors.protocols import IntermediaPsa
from cwtui.vendors.rows import Refusal

_SECOND = timedelta(seconds=1)
_RECORDS_KEPT = 3
"""Ended tasks of an account whose lines are kept: they may be undone or reopened."""


@dataclass(frozen=True, slots=True)
class CountsReport:
    """The result of a report.

    Attributes:
        created: Tasks made now; `unchanged`: accounts whose newest task carries the same counts already.
        superseded: Older open tasks that this report made pointless; they are skipped, with a note.
        tasks: Created and unchanged ones, as they stand now.
        vanished: Additions whose account or SKU the report does not name; they are left alone.
        is_dated: Its day was given or is known from the file; else `moment` is when the file was changed.
        numbers: How its numbers were read, in words.
        adopted: Additions linked now, because a person confirmed that the report counts them.
        left_out: Rows that the profile does not count, by header and value.
    """

    report: str
    moment: datetime
    created: tuple[TaskId, ...] = ()
    unchanged: tuple[TaskId, ...] = ()
    superseded: tuple[TaskId, ...] = ()
    tasks: tuple[Task, ...] = ()
    vanished: tuple[Vanished, ...] = ()
    refused: tuple[Refusal, ...] = ()
    is_dated: bool = True
    numbers: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)
    adopted: tuple[Link, ...] = ()


@dataclass(slots=True)
class CountExport:
    """Turns reports into tasks."""

    psa: IntermediaPsa
    store: Store
    desk: PlanningDesk
    layout: Layout
    source: CountSource
    adopt: Callable[[Addition, SubscriptionId, ProductId, Charge], Link]
    at_once: int = 16
    _accounts: CountedAccounts = field(init=False)

    def __post_init__(self) -> None:
        self._accounts = CountedAccounts(self.psa, self.store, self.desk.listener, self.layout, self.at_once)

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """Every row refused so far, by line."""
        return self._accounts.refused

    async def resolve(self, report: BillingReport) -> list[AccountCounts]:
        """The linked accounts of a report, their items and agreements; the rows of others are refused."""
        return await self._accounts.resolve(report)

    async def run(self, report: BillingReport, *, force: bool = False, adopts: bool = False) -> CountsReport:
        """Make the tasks of a report, all of them or none, and plan them.

        Args:
            report: As read; rows refused there are carried over.
            adopts: Link the unlinked additions that the report counts; a person confirmed it.
            force: Take a report that is older than the last one, or suspiciously small.

        Raises:
            GuardError: It is empty, or (without `force`) older, shrunken or all zero.
            ServiceError: ConnectWise could not be read; nothing was changed then.
        """
        self.check(report, force=force)
        accounts = await self.resolve(report)
        return await self.make(report, accounts, adopts=adopts)

    def check(self, report: BillingReport, *, force: bool) -> None:
        """Stop an implausible report (plans.md#guards)."""
        if not report.row_count:
            raise _guarded(f"{report.name} has a header and no rows: an empty report ends nothing", "the right file")
        last = self.store.last_report(self.layout.name)
        if force:
            return
        if report.is_all_zero:
            raise _guarded(f"Every count in {report.name} is 0", "the right file, or add --force if it is right")
        if last is None:
            return
        if report.moment < last.moment:
            raise _guarded(
                f"{report.name} is of {_when(report.moment)}, older than the last one applied, {last.name} of"
                f" {_when(last.moment)}",
                "the newest report, or add --force to go back to this one",
            )
        most = self.layout.most_shrunk
        if most is not None and report.row_count * 100 < last.row_count * (100 - most):
            raise _guarded(
                f"{report.name} has {report.row_count} rows, the last one, {last.name}, had {last.row_count}: more than"
                f" {plain(most)} % fewer",
                "the whole report, or add --force if it is right",
            )

    async def make(
        self,
        report: BillingReport,
        accounts: Sequence[AccountCounts],
        *,
        renewing: Collection[str] = (),
        adopts: bool = False,
    ) -> CountsReport:
        """Save the tasks, in one piece, and plan them.

        Args:
            report: The report.
            accounts: Its accounts, resolved.
            adopts: As `run` has it.
            renewing: Accounts that get a new task even if their newest carries the same counts (reconcile).
        """
        made = self._saved(report, accounts, renewing)
        tasks = await self._planned([*made.created, *made.unchanged])
        adopted = self._adopt(tasks) if adopts else ()
        if adopted:
            tasks = await self._planned([*made.created, *made.unchanged])
        gone = [one for task in tasks for one in self._vanished(task)]
        gone += await self._gone_accounts(report, {one.account.casefold() for one in accounts})
        return replace(made, tasks=tuple(tasks), vanished=tuple(gone), refused=self.refused, adopted=adopted)

    def _saved(
        self, report: BillingReport, accounts: Sequence[AccountCounts], renewing: Collection[str]
    ) -> CountsReport:
        """Save the tasks; the report about them lacks what their plans say."""
        created: list[TaskId] = []
        unchanged: list[TaskId] = []
        superseded: list[TaskId] = []
        with self.store.batch():
            for one in accounts:
                task, is_new = self._task(report, one, renew=one.account in renewing)
                self.store.save_counts(task.id, one.record)
                (created if is_new else unchanged).append(task.id)
                if is_new:
                    superseded += self._supersede(task, report)
                    self.store.save_task(task)
            if accounts:
                last = LastReport(self.layout.name, report.name, report.moment, report.row_count)
                self.store.save_last_report(last)
        return CountsReport(
            report.name,
            report.moment,
            tuple(created),
            tuple(unchanged),
            tuple(superseded),
            is_dated=report.is_dated,
            numbers=report.numbers,
            left_out=report.left_out,
        )

    def _task(self, report: BillingReport, one: AccountCounts, *, renew: bool) -> tuple[Task, bool]:
        """The account's task for this report, and whether it is new: the same report twice makes one task."""
        subscription = self.layout.subscription(one.account)
        older = self.store.tasks_of(subscription)
        newest = next((task for task in reversed(older) if task.status is not TaskStatus.SKIPPED), None)
        if newest is not None and (newest.status.is_open or not renew):
            record = self.store.counts(newest.id)
            same_day = record is not None and (one.record.day is None or record.day == one.record.day)
            if record is not None and record.digest == one.record.digest and same_day:
                return newest, False
        created = report.moment
        if older and older[-1].order_created is not None:
            created = max(created, older[-1].order_created + _SECOND)
        day = f"{report.moment:%Y-%m-%d}"
        order = OrderId(f"counts-{created:%Y%m%dT%H%M%S}-{one.record.digest}")
        return (
            Task(
                id=task_id(order, subscription),
                kind=TaskKind.COUNT_UPDATE,
                status=TaskStatus.NEEDS_ACTION,
                customer_id=self.layout.customer(one.account),
                customer_name=one.company.name,
                subscription_id=subscription,
                subscription_name=f"{self.layout.agreement_type} {one.account}",
                order_id=order,
                order_number=f"counts of {day}",
                order_created=created,
            ),
            True,
        )

    def _supersede(self, task: Task, report: BillingReport) -> list[TaskId]:
        """Skip older open tasks of the account, except one that is partly written: it is finished first."""
        older = list(self.store.tasks_of(task.subscription_id))
        skipped = []
        for other in older:
            if other.status.is_open and self.store.plan_begun(other.id) is None:
                note = f"Superseded by {report.name} of {_when(report.moment)}."
                self.store.save_task(other.standing_at(TaskStatus.SKIPPED, note=note))
                skipped.append(other.id)
        ended = [other for other in older if not other.status.is_open or other.id in skipped]
        for other in ended[:-_RECORDS_KEPT]:
            self.store.drop_counts(other.id)
        return skipped

    async def _planned(self, names: Sequence[TaskId]) -> list[Task]:
        self.desk.forget()
        found = [task for name in names if (task := self.store.task(name)) is not None]
        await self.desk.load(found)
        return await self.desk.replan(found)

    def _adopt(self, tasks: Sequence[Task]) -> tuple[Link, ...]:
        adopted = []
        for task in tasks:
            if record := self.store.counts(task.id):
                facts = self.source.facts(self.desk, task, record, record.seen, self.layout)
                for one in proposals(facts):
                    adopted.append(self.adopt(one.addition, task.subscription_id, one.product_id, one.charge))  # noqa: PERF401
        return tuple(adopted)

    def _vanished(self, task: Task) -> list[Vanished]:
        record = self.store.counts(task.id)
        return vanished(self.source.facts(self.desk, task, record, record.seen, self.layout)) if record else []

    async def _gone_accounts(self, report: BillingReport, named: Collection[str]) -> list[Vanished]:
        """The additions of accounts that an earlier report named and this one does not."""
        named = {*named, *map(str.casefold, report.counts), *report.doubts.by_account}
        gone = [account for account in self._accounts.links.accounts() if account.casefold() not in named]
        tasks = {
            account: tasks[-1] for account in gone if (tasks := self.store.tasks_of(self.layout.subscription(account)))
        }
        await self.desk.load(list(tasks.values()))
        found: list[Vanished] = []
        for account, task in tasks.items():
            record = self.store.counts(task.id)
            if record is None or (agreement := self.source.agreement_of(task)) is None:
                continue
            held = await self.psa.additions(agreement)
            nothing = replace(record, items=(), doubts={}, anywhere={}, known=self._accounts.known(account))
            facts = self.source.facts(self.desk, task, nothing, held, self.layout)
            found += [replace(one, company=task.customer_name, is_account=True) for one in vanished(facts)]
        return found


def _guarded(happened: str, give: str) -> GuardError:
    return GuardError(f"{happened}.", changed="No task was made and nothing was changed.", next_step=f"Give {give}.")


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}" if moment.time() == datetime.min.time() else f"{moment:%Y-%m-%d %H:%M} UTC"
