"""Once a day: compares the subscriptions with what was carried over (check.md#what-no-order-explains)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, date, datetime, timedelta
from zlib import crc32

from cwtui.domain.carried import (
    ENDED,
    Carried,
    CarriedRules,
    differences,
    differences_of_a_missing_one,
    ending_later,
    open_ended,
    unit_prices,
)
from cwtui.domain.check_records import Compared, Difference, ExplainingOrder, LastComparison
from cwtui.domain.errors import NotFound, ServiceError, Stopped
from cwtui.domain.ids import AgreementId, CompanyId, OrderId, SubscriptionId, task_id
from cwtui.domain.lazily import dataclass
from cwtui.domain.marketplace import Order, OrderStatus, Subscription, SubscriptionStatus
from cwtui.domain.plans import PriceSource
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.engine.checking.difference_tasks import DifferenceTasks
from cwtui.engine.concurrently import in_turns
from cwtui.engine.planning.held_records import HeldRecords
from cwtui.engine.planning.unread import UnreadRecords, is_the_records_fault, subscription_record
from cwtui.engine.protocols import Progress
from cwtui.engine.workspace import Feature

_FAILED_FOR_GOOD_DAYS = 31
"""An order that failed so many days ago explains nothing any more: its subscription's difference is reported."""
_TURNS = 30
GONE = "The marketplace no longer lists the subscription. The task comes back if it is listed again."


@dataclass(slots=True)
class DailyComparison(Feature):
    """Finds what no order explains. It reads; only `conclude` saves, within the check's own batch.

    Attributes:
        unread: Takes note of subscriptions that cannot be read.
        failures: What kept a part from being compared, one sentence each.
        was_made: There is something to conclude.
    """

    tasks: DifferenceTasks
    unread: UnreadRecords
    failures: list[str] = field(default_factory=list)
    _rows: dict[SubscriptionId, Subscription] = field(default_factory=dict)
    _known: dict[SubscriptionId, Compared] = field(default_factory=dict)
    _found: dict[SubscriptionId, tuple[Difference, ...]] = field(default_factory=dict)
    _read: dict[SubscriptionId, Subscription] = field(default_factory=dict)
    _gone: set[SubscriptionId] = field(default_factory=set)
    _companies: dict[AgreementId, CompanyId] = field(default_factory=dict)
    _billed: Mapping[AgreementId, date | None] = field(default_factory=dict)
    was_made: bool = False
    _since: datetime = datetime.max.replace(tzinfo=UTC)
    _open_orders: frozenset[OrderId] = frozenset()

    @property
    def is_due(self) -> bool:
        """Nothing was compared yet on this day."""
        last = self.store.note(LastComparison)
        return last is None or last.day != self.clock.today

    async def list_subscriptions(self) -> None:
        """Read the list before the orders, so that no later order is taken for a difference."""
        self._rows.clear()
        async for page in self.marketplace.subscriptions():
            self._rows.update((row.id, row) for row in page)
            self.listener.progress(Progress("Listing subscriptions", len(self._rows), None))

    async def compare(self, touched: Iterable[SubscriptionId], open_orders: Iterable[OrderId], since: datetime) -> None:
        """Compare what was listed, except subscriptions that orders of this check touch.

        Args:
            touched: Subscriptions that get tasks in this check.
            open_orders: Every order that is followed.
            since: Completed orders that were created before it have had their tasks.
        """
        self._known, self._since, self._open_orders = self._kept(), since, frozenset(open_orders)
        self._billed = {}
        skipped = set(touched)
        due = [row async for row in in_turns(self._rows.values()) if row.id not in skipped and self._may_differ(row)]
        await self._read_companies(due)
        await self._read_billed(row.id for row in due if row.status in ENDED)
        changed = [row for row in due if self._has_to_be_read(row)]
        unexplained = [row for row in changed if not self._is_explained_already(row)]
        answers = await self.workspace.each(unexplained, self._details, "Reading changed subscriptions")
        self._read = {answer.id: answer for answer in answers if answer is not None}
        for row in due:
            if row not in changed or row.id in self._read:
                self._judge(self._read.get(row.id) or self._stored(row) or row)
        await self._look_for_missing(skipped)
        candidates = [name for name, found in self._found.items() if found and self._is_news(name, found)]
        explained = await self.workspace.each(candidates, self._explaining_orders, "Reading their orders")
        for name, orders in zip(candidates, explained, strict=True):
            if orders:
                listed = self._rows.get(name)
                kept = self._known.setdefault(name, Compared())
                kept.modified, kept.orders = listed.modified if listed else None, orders
                del self._found[name]
        self.was_made = True

    def conclude(self) -> list[Task]:
        """Save the new tasks, the tasks that settle, and what was seen; returns the new tasks."""
        made: list[Task] = []
        for name, found in self._found.items():
            subscription = self._read.get(name) or self._rows.get(name)
            if not found:
                self.tasks.settle(name)
                if subscription is not None and (name in self._read or name not in self._known):
                    self._known[name] = _in_order(subscription)
                continue
            if self.tasks.update(name, found):
                self._keep(name)
                continue
            if self._is_accepted(name, found):
                continue
            task = self.tasks.make(subscription or self._lost(name), found)
            self._keep(name)
            made.append(task)
        self._settle_gone()
        self.store.save_note(LastComparison(self.clock.today, dict(sorted(self._known.items()))))
        return made

    def remember(self, subscriptions: Iterable[Subscription]) -> None:
        """Remember what the first check carried over: the next comparison reads a subscription only if it changed."""
        self.store.save_note(LastComparison(None, {each.id: _in_order(each) for each in subscriptions}))

    @property
    def _rules(self) -> CarriedRules:
        planning = self.workspace.planning_rules
        return CarriedRules(planning.price_source is PriceSource.MARKETPLACE, planning.price_decimals)

    # which may differ

    def _may_differ(self, row: Subscription) -> bool:
        """No open task of it explains everything."""
        tasks = self.store.tasks_of(row.id)
        if not tasks and row.status is not SubscriptionStatus.ACTIVE:
            return False
        return not any(task.status.is_open and not self.tasks.is_waiting(task) for task in tasks)

    def _has_to_be_read(self, row: Subscription) -> bool:
        """Its details may have changed since they were last compared."""
        if row.status in ENDED or row.billing_model.is_usage_based or row.status is SubscriptionStatus.PENDING:
            return False
        if self.tasks.open_of(row.id) is not None:
            return self._stored(row) is None
        known = self._known.get(row.id)
        if known is None or known.orders or known.modified != row.modified:
            return True
        return row.modified is None and _has_its_turn(row.id, self.clock.today)

    def _stored(self, row: Subscription) -> Subscription | None:
        """The subscription as it was read for its open difference, if the list shows it unchanged."""
        if self.tasks.open_of(row.id) is None:
            return None
        stored = self.store.subscription(row.id)
        if stored is None or not stored.detailed or row.status in ENDED or row.status is not stored.status:
            return None
        return stored if stored.customer_id == row.customer_id and stored.modified == row.modified else None

    def _is_explained_already(self, row: Subscription) -> bool:
        known = self._known.get(row.id)
        if known is None or not known.orders or known.modified != row.modified:
            return False
        today = self.clock.today
        return any(
            one.order_id in self._open_orders and (one.until is None or today <= one.until) for one in known.orders
        )

    # what differs

    async def _details(self, row: Subscription) -> Subscription | None:
        return await self.unread.read(subscription_record(row.id), self.marketplace.subscription(row.id))

    def _judge(self, subscription: Subscription) -> None:
        self._found[subscription.id] = differences(
            subscription, self._carried(subscription), self.clock.today, self._rules
        )

    def _carried(self, subscription: Subscription) -> Carried:
        links = self.store.links_of(subscription.id)
        synced = [task for task in self.store.tasks_of(subscription.id) if self.tasks.carried(task)]
        customer = synced[-1].customer_id if synced else subscription.customer_id
        known = self._known.get(subscription.id)
        return Carried(
            links=links,
            is_known=bool(synced or links),
            customer_id=customer,
            is_foreign=customer != subscription.customer_id and self._is_foreign(subscription),
            agreement_id=self.store.mappings().agreement(subscription.id),
            prices=known.prices if known else {},
            billed=self._billed,
        )

    def _is_foreign(self, subscription: Subscription) -> bool:
        company = self.store.mappings().company(subscription.customer_id)
        return any(self._companies.get(name, company) != company for name in self._agreements_of(subscription.id))

    def _agreements_of(self, name: SubscriptionId) -> set[AgreementId]:
        """The agreements of its additions; if it has none, the one where they would be created."""
        found = {link.agreement_id for link in open_ended(self.store.links_of(name))}
        mapped = self.store.mappings().agreement(name)
        return found or ({mapped} if mapped is not None else set())

    async def _read_companies(self, rows: Iterable[Subscription]) -> None:
        """Read the companies of the agreements of subscriptions that changed hands."""
        wanted: set[AgreementId] = set()
        async for row in in_turns(rows):
            synced = [task for task in self.store.tasks_of(row.id) if self.tasks.carried(task)]
            if synced and synced[-1].customer_id != row.customer_id:
                wanted |= self._agreements_of(row.id)
        if not wanted:
            return
        try:
            async for page in self.psa.agreements(wanted):
                self._companies.update((agreement.id, agreement.company_id) for agreement in page)
        except Stopped:
            raise
        except ServiceError as error:  # the rest is compared all the same
            self.failures.append(str(error))

    async def _read_billed(self, names: Iterable[SubscriptionId]) -> None:
        """Read through when the agreements are billed in which additions of ended subscriptions end on a later day."""
        links = [link for name in names for link in ending_later(self.store.links_of(name), self.clock.today)]
        held = HeldRecords(self.workspace)
        try:
            await held.load_agreements({link.agreement_id for link in links} - self._billed.keys())
        except Stopped:
            raise
        except ServiceError as error:  # the rest is compared all the same
            self.failures.append(str(error))
        self._billed = {**self._billed, **held.billed}

    # what is gone

    async def _look_for_missing(self, skipped: set[SubscriptionId]) -> None:
        """Ask for subscriptions that additions or open tasks name and the list lacks: they may be gone."""
        today = self.clock.today
        linked = {
            link.subscription_id
            async for link in in_turns(self.store.links())
            if open_ended([link]) or ending_later([link], today)
        }
        waiting = {task.subscription_id for task in self.store.open_tasks() if task.is_initial}
        names = [
            name
            for name in sorted(linked | waiting)
            if name and name not in self._rows and name not in skipped and self._is_of_the_marketplace(name)
        ]
        gone = await self.workspace.each(names, self._is_gone, "Reading subscriptions that are not listed")
        lost = [name for name, is_gone in zip(names, gone, strict=True) if is_gone]
        self._gone.update(lost)
        await self._read_billed(lost)
        for name in lost:
            if not any(task.status.is_open and not self.tasks.is_waiting(task) for task in self.store.tasks_of(name)):
                carried = Carried(self.store.links_of(name), is_known=True, billed=self._billed)
                self._found[name] = differences_of_a_missing_one(carried, today)

    def _is_of_the_marketplace(self, name: SubscriptionId) -> bool:
        """It belongs to the marketplace, not to a vendor's file."""
        tasks = self.store.tasks_of(name)
        return bool(tasks) and not all(task.kind is TaskKind.COUNT_UPDATE for task in tasks)

    async def _is_gone(self, name: SubscriptionId) -> bool:
        try:
            await self.marketplace.subscription(name)
        except NotFound:
            return True
        except ServiceError as error:
            if not is_the_records_fault(error):
                raise
        return False

    def _settle_gone(self) -> None:
        """An `initial` task of a subscription that is gone ends; one whose subscription is back comes back."""
        for name in self._gone:
            self.unread.forget([subscription_record(name)])
            for task in self.store.tasks_of(name):
                if task.is_initial and task.status.is_open and self.store.plan_begun(task.id) is None:
                    self._save(task.standing_at(TaskStatus.SKIPPED, note=GONE))
        for task in [one for one in self.store.tasks([TaskStatus.SKIPPED]) if one.note == GONE]:
            row = self._rows.get(task.subscription_id)
            if row is not None and row.status is SubscriptionStatus.ACTIVE:
                self._save(task.standing_at(TaskStatus.NEEDS_ACTION))

    def _save(self, task: Task) -> None:
        self.store.save_task(task)
        self.listener.task_changed(task)

    # what explains it

    def _is_news(self, name: SubscriptionId, found: Sequence[Difference]) -> bool:
        return self.tasks.open_of(name) is None and not self._is_accepted(name, found)

    def _is_accepted(self, name: SubscriptionId, found: Sequence[Difference]) -> bool:
        """A person skipped its newest task, and there is no difference that was not there then."""
        tasks = [task for task in self.store.tasks_of(name) if task.kind is not TaskKind.COUNT_UPDATE]
        newest = tasks[-1] if tasks else None
        if newest is None or newest.status is not TaskStatus.SKIPPED or newest.note == GONE:
            return False
        known = self._known.setdefault(name, Compared())
        marks = [one.mark for one in found]
        if known.skipped != newest.id:
            known.skipped, known.accepted = newest.id, _digest(self.tasks.marks_of(newest) or marks)
        if known.accepted != _digest(marks) and known.accepted != _digest_in_words(found):
            return False
        self._keep(name)
        return True

    def _keep(self, name: SubscriptionId) -> None:
        """Remember its details, which need not be read again until they change."""
        read = self._read.get(name)
        if read is not None:
            known = self._known.setdefault(name, Compared())
            known.modified, known.orders = read.modified, ()

    async def _explaining_orders(self, name: SubscriptionId) -> tuple[ExplainingOrder, ...]:
        """Orders of a subscription that are open, or completed without a task yet."""
        row = self._rows.get(name)
        orders: dict[OrderId, Order] = {}
        try:
            async for page in self.marketplace.orders(subscription_id=name):
                orders.update((order.id, order) for order in page)
        except ServiceError as error:
            if not is_the_records_fault(error):
                raise
        mine = (order for order in orders.values() if row is None or order.customer_id == row.customer_id)
        explaining = sorted((order for order in mine if self._explains(order, name)), key=lambda order: order.id)
        return tuple(ExplainingOrder(order.id, _last_day(order)) for order in explaining)

    def _explains(self, order: Order, name: SubscriptionId) -> bool:
        if order.status is OrderStatus.ERROR:
            return self.clock.today <= _ends_explaining(order)
        if order.status is OrderStatus.COMPLETED:  # it completed while this check was under way
            is_new = order.created >= self._since or order.id in self._open_orders
            return is_new and self.store.task(task_id(order.id, name)) is None
        return order.status.is_open

    # remembering

    def _kept(self) -> dict[SubscriptionId, Compared]:
        last = self.store.note(LastComparison)
        return {name: known for name, known in last.subscriptions.items() if name in self._rows} if last else {}

    def _lost(self, name: SubscriptionId) -> Subscription:
        """A subscription that is gone, made of what its tasks know."""
        task = self.store.tasks_of(name)[-1]
        return Subscription(name, task.subscription_name, task.customer_id, SubscriptionStatus.REMOVED)


def _has_its_turn(name: SubscriptionId, today: date) -> bool:
    """Whether it is read again today: once in so many days, if the marketplace names no last change."""
    return crc32(name.encode()) % _TURNS == today.toordinal() % _TURNS


def _last_day(order: Order) -> date | None:
    """The last day an order can explain a difference; None while nothing but its end counts."""
    return _ends_explaining(order) if order.status is OrderStatus.ERROR else None


def _ends_explaining(failed: Order) -> date:
    return failed.created.date() + timedelta(days=_FAILED_FOR_GOOD_DAYS)


def _in_order(subscription: Subscription) -> Compared:
    """A subscription that is in order as it was just read."""
    return Compared(subscription.modified, unit_prices(subscription))


def _digest_in_words(found: Iterable[Difference]) -> str:
    """What earlier programs kept of accepted differences."""
    from cwtui.wording.differences import mark_in_words  # noqa: PLC0415  # start-up: few differences were skipped

    return _digest(map(mark_in_words, found))


def _digest(words: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]
