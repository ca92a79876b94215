"""Reconcile: compare subscriptions with agreements, and carry the repairs as tasks (reconciling.md#reconcile)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from cwtui.domain.errors import InputError
from cwtui.domain.ids import AgreementId, CustomerId, SubscriptionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import MappingKind
from cwtui.domain.reconciliation import Reconciliation, RowStatus, with_rows, without_agreement
from cwtui.domain.remedies import Action, Remedy
from cwtui.domain.repair_values import Repair
from cwtui.domain.repairs import RepairDraft, repair_start
from cwtui.domain.tasks import Task
from cwtui.engine.reconciling.reading import BothSides, Comparison, Holdings
from cwtui.engine.reconciling.repair_tasks import RepairTasks, waits_for_reconciling
from cwtui.engine.reports import AutoReport
from cwtui.engine.workspace import Feature
from cwtui.engine.writing.task_work import TaskWork


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """What one reconciliation found.

    Attributes:
        reconciliations: One per customer and agreement; of several customers the largest difference in money first.
        skipped: What could not be compared, or matches and is not charged, and why, one sentence each.
    """

    reconciliations: tuple[Reconciliation, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Some row of some agreement is not a match."""
        return any(found.differs for found in self.reconciliations)


@dataclass(frozen=True, slots=True)
class PreparedRepairs:
    """The repairs of one comparison as tasks, ready to be reviewed, edited and synchronised.

    Attributes:
        tasks: Planned; empty if there is nothing to do.
        blocked: What is not repaired, and why, one sentence each.
        report: The comparison they were made from.
    """

    tasks: tuple[Task, ...]
    blocked: tuple[str, ...]
    report: ReconcileReport


@dataclass(frozen=True, slots=True)
class RepairOutcome:
    """What applying the repairs did.

    Attributes:
        runs: What was synchronised; empty if there was nothing to do.
        after: The comparison, made afresh.
    """

    blocked: tuple[str, ...]
    runs: tuple[AutoReport, ...]
    after: ReconcileReport

    @property
    def failed(self) -> bool:
        """Something could not be written."""
        return any(run.errors or run.failed for run in self.runs)


@dataclass(slots=True)
class Reconciler(Feature):
    """Compares a customer's subscriptions with agreements, and repairs."""

    sides: BothSides
    tasks: RepairTasks
    work: TaskWork

    async def compare(
        self, customer: CustomerId, agreement: AgreementId | None = None, period_day: date | None = None
    ) -> ReconcileReport:
        """Compare one customer's subscriptions with one agreement, or with each they are mapped to. Changes nothing.

        Args:
            customer: A marketplace account.
            agreement: Only this one; subscriptions mapped to none are then compared with it too.
            period_day: A day of the billing period; None is the first period ConnectWise has not billed.

        Raises:
            InputError: There is no such customer, or nothing to compare.
        """
        holdings, comparisons, skipped = await self._read(customer, agreement, period_day)
        return self._whole_report([holdings], comparisons, skipped, agreement)

    async def compare_all(self, period_day: date | None = None) -> ReconcileReport:
        """Compare every mapped customer, the largest difference in money first. Changes nothing."""
        self.sides.desk.forget()
        mapped = self.store.mappings().of_kind(MappingKind.CUSTOMER)
        customers = [CustomerId(row.key.marketplace_id) for row in mapped]
        holdings = await self.sides.all_holdings(customers)
        pairs = [(one, name) for one in holdings for name in self.sides.agreements_of(one, None)]
        comparisons, skipped = await self.sides.compare(pairs, None, period_day)
        comparisons.sort(key=lambda one: (-one.found.difference, one.found.customer_name))
        return self._whole_report(holdings, comparisons, skipped, None)

    async def prepare(
        self, customer: CustomerId, agreement: AgreementId | None = None, period_day: date | None = None
    ) -> PreparedRepairs:
        """Make a task of each repair. Writes nothing to the PSA, and adopts nothing (reconciling.md#adoption).

        A repair whose writing has begun is left as it is; its task is among those returned.
        """
        self.workspace.require_writable()
        comparisons, skipped = await self._comparisons(customer, agreement, period_day)
        prepared: list[Task] = []
        blocked: list[str] = [*skipped, *self._unmapped(comparisons[0].holdings, agreement)]
        for one in comparisons:
            made, refused = self._tasks_of(one)
            prepared += made
            blocked += refused
        await self.sides.desk.load(prepared)
        planned = await self.sides.desk.replan(prepared)
        return PreparedRepairs(tuple(planned), tuple(blocked), _report(comparisons, skipped))

    async def apply(
        self, customer: CustomerId, agreement: AgreementId | None = None, period_day: date | None = None
    ) -> RepairOutcome:
        """Repair: end begun repairs, synchronise first tasks, then even out the rest."""
        self.workspace.require_writable()
        runs = []
        comparisons, _ = await self._comparisons(customer, agreement, period_day)
        left = {link.agreement_id for link in self.sides.behind.get(customer, ())}
        if len(comparisons) == 1 and comparisons[0].found.agreement_id in left:
            agreement = comparisons[0].found.agreement_id  # once it is repaired nothing leads to it any more
        if first := self._first_tasks(comparisons):
            runs.append(await self.work.sync(first))
        prepared = await self.prepare(customer, agreement, period_day)
        if prepared.tasks:
            runs.append(await self.work.sync([task.id for task in prepared.tasks]))
            if left and not runs[-1].failed:  # what was left behind has ended: it may be billed where it is now
                prepared = await self.prepare(customer, agreement, period_day)
                runs += [await self.work.sync([task.id for task in prepared.tasks])] if prepared.tasks else []
        after = await self.compare(customer, agreement, period_day)
        return RepairOutcome(prepared.blocked, tuple(runs), after)

    async def _comparisons(
        self, customer: CustomerId, agreement: AgreementId | None, period_day: date | None
    ) -> tuple[list[Comparison], list[str]]:
        holdings, comparisons, skipped = await self._read(customer, agreement, period_day)
        if not comparisons:
            reason = " ".join(skipped) or f"No subscription of customer {holdings.name} is mapped to an agreement."
            raise InputError(reason, next_step=Remedy(Action.FIND_MAPPING, kind="agreement"))
        return comparisons, skipped

    def _whole_report(
        self,
        holdings: Iterable[Holdings],
        comparisons: Iterable[Comparison],
        skipped: Iterable[str],
        chosen: AgreementId | None,
    ) -> ReconcileReport:
        """Everything the customers hold, also what no agreement bills.

        Raises:
            InputError: There is nothing at all to compare.
        """
        found = [one.found for one in comparisons]
        for one in holdings:
            if not (rows := self.sides.unmapped_rows(one, chosen)):
                continue
            place = next((at for at, known in enumerate(found) if known.customer_id == one.customer_id), None)
            if place is None:
                found.append(without_agreement(one.customer_id, one.name, self.clock.today, rows))
            else:
                found[place] = with_rows(found[place], rows)
        return ReconcileReport(tuple(found), (*skipped, *(text for one in found for text in one.doubts)))

    async def _read(
        self, customer: CustomerId, agreement: AgreementId | None, period_day: date | None
    ) -> tuple[Holdings, list[Comparison], list[str]]:
        self.sides.desk.forget()
        agreement = agreement or None  # what is mapped to none is compared with the rest
        holdings = await self.sides.holdings(customer)
        pairs = [(holdings, one) for one in self.sides.agreements_of(holdings, agreement)]
        comparisons, skipped = await self.sides.compare(pairs, agreement, period_day)
        holds_unmapped = bool(self.sides.unmapped_rows(holdings, agreement))
        if not comparisons and not holds_unmapped:
            reason = " ".join(skipped) or f"No subscription of customer {holdings.name} is mapped to an agreement."
            raise InputError(reason, next_step=Remedy(Action.FIND_MAPPING, kind="agreement"))
        return holdings, comparisons, skipped

    def _unmapped(self, holdings: Holdings, agreement: AgreementId | None) -> Iterable[str]:
        """A sentence for each product that no repair can bill (reconciling.md#everything-is-compared)."""
        for row in self.sides.unmapped_rows(holdings, agreement or None):
            for wanted in row.wanted:
                yield f"{row.name} ({wanted.subscription_id}) is not repaired: {wanted.blocked}"

    def _first_tasks(self, comparisons: Iterable[Comparison]) -> list[TaskId]:
        """Repairs already begun, and the compared subscriptions' `initial` tasks: they ask for the same additions."""
        found: dict[TaskId, None] = {}
        for one in comparisons:
            begun = self.tasks.open_in(one.found.agreement_id, one.holdings.ids)
            found.update((task.id, None) for task in begun if self.store.plan_begun(task.id) is not None)
            for name in {wanted.subscription_id for wanted in one.facts.wanted if not wanted.blocked}:
                queue = [task for task in self.store.tasks_of(name) if task.status.is_open]
                found.update((task.id, None) for task in queue[:1] if task.is_initial)
        return list(found)

    def _tasks_of(self, comparison: Comparison) -> tuple[list[Task], list[str]]:
        """The open tasks that carry one comparison's repairs, and why others could not be made."""
        made: list[Task] = []
        asked_for, left_alone = comparison.repairs(self.clock.today)
        blocked = [*left_alone, *_not_repaired(asked_for)]
        open_before = self.tasks.open_in(comparison.found.agreement_id, comparison.holdings.ids)
        repairs = (one for one in asked_for if self._asks_for_something(comparison, one))
        for repair in [*repairs, *self._settled(comparison)]:
            name = comparison.holdings.name_of(repair.subscription_id) or comparison.found.agreement_name
            customer = comparison.holdings
            task = self.tasks.carrier(repair, customer.customer_id, customer.name, name)
            if isinstance(task, str):
                blocked.append(task)
                continue
            made.append(task)
            if self.store.plan_begun(task.id) is None:
                self._let_go_of_deleted(comparison, repair)
                self.tasks.save(task, repair)
        carried = {task.id for task in made}
        for task in open_before:
            if task.id in carried:
                continue
            if self.store.plan_begun(task.id) is not None:
                made.append(task)
            else:
                self.tasks.drop(task)
        return [self.store.task(task.id) or task for task in made], blocked

    def _let_go_of_deleted(self, comparison: Comparison, repair: Repair) -> None:
        """Drop the links of additions that ConnectWise no longer has, so that they are created anew."""
        for link in comparison.facts.links.values():
            is_gone = link.is_standing and link.addition_id not in comparison.facts.additions
            if is_gone and link.subscription_id == repair.subscription_id:
                self.store.drop_link(link.addition_id)

    def _asks_for_something(self, comparison: Comparison, repair: Repair) -> bool:
        """Whether its repair changes anything: a row may differ because of another subscription.

        A migrated one's task is carried out all the same: that ends it.
        """
        if not repair.extras and all(target.wanted.blocked for target in repair.targets):
            return False
        queue = [task for task in self.store.tasks_of(repair.subscription_id) if task.status.is_open]
        if repair.subscription_id and queue and waits_for_reconciling(queue[0]):
            return True
        facts = comparison.facts
        start = repair_start(comparison.dates, self.clock.today, repair.day)
        by_hand = self.tasks.decided_by_hand(repair)
        items = self.sides.desk.items
        draft = RepairDraft(repair, comparison.dates, start, facts.additions, items, facts.links, by_hand)
        draft.make()
        return bool(draft.changes or draft.problems)

    def _settled(self, comparison: Comparison) -> list[Repair]:
        """Migrated subscriptions of which nothing differs: a person has reconciled them, so their tasks may end."""
        start = comparison.dates.initial_effective(self.clock.today)
        differing = _differing(comparison.found)
        found = []
        for name in dict.fromkeys(wanted.subscription_id for wanted in comparison.facts.wanted):
            queue = [task for task in self.store.tasks_of(name) if task.status.is_open]
            if queue and waits_for_reconciling(queue[0]) and name not in differing:
                found.append(Repair(comparison.found.agreement_id, name, start))
        return found


def _not_repaired(repairs: Iterable[Repair]) -> Iterable[str]:
    for repair in repairs:
        for wanted in (target.wanted for target in repair.targets):
            if wanted.blocked:
                yield f"{wanted.name} ({wanted.subscription_id}) is not repaired: {wanted.blocked}"


def _differing(found: Reconciliation) -> Collection[SubscriptionId]:
    rows = (row for row in found.rows if row.status is not RowStatus.MATCH)
    return {wanted.subscription_id for row in rows for wanted in row.wanted}


def _report(comparisons: Iterable[Comparison], skipped: Iterable[str]) -> ReconcileReport:
    return ReconcileReport(tuple(one.found for one in comparisons), tuple(skipped))
