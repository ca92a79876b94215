"""Check changes: from the marketplace's orders to tasks (check.md)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from cwtui.domain.check_records import Beginning, History
from cwtui.domain.errors import CheckCutOff, GuardError, ServiceError, Stopped
from cwtui.domain.ids import CustomerId, OrderId, SubscriptionId, TaskId, task_id
from cwtui.domain.lazily import dataclass
from cwtui.domain.marketplace import Customer, Order, OrderStatus, Subscription, SubscriptionStatus
from cwtui.domain.records import Cursor
from cwtui.domain.tasks import Task, TaskKind, TaskStatus, kind_of, subscriptions_of
from cwtui.engine.checking.ahead import Ahead, HandedOn, initial_task
from cwtui.engine.checking.comparison import DailyComparison
from cwtui.engine.checking.difference_tasks import EXPLAINED, DifferenceTasks
from cwtui.engine.checking.progress_kept import KeptProgress, history_of
from cwtui.engine.checking.record_reader import RecordReader
from cwtui.engine.concurrently import each, in_turns, together
from cwtui.engine.planning.unread import UnreadRecords
from cwtui.engine.protocols import Progress
from cwtui.engine.reports import CheckReport
from cwtui.engine.workspace import Feature

OVERLAP = timedelta(days=1)
"""How far a check looks back behind the last one: clocks differ, and lists lag behind."""

FEEDS = ("customers", "subscriptions", "products")
_OPEN_STATUSES = tuple(status for status in OrderStatus if status.is_open)
_FEW = 2


@dataclass(slots=True)
class _Found:
    """What one check found, saved in one piece at its end."""

    tasks: dict[TaskId, Task] = field(default_factory=dict)
    customers: dict[CustomerId, Customer] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    subscriptions: dict[SubscriptionId, Subscription] = field(default_factory=dict)
    open_orders: set[OrderId] = field(default_factory=set)
    reused: set[SubscriptionId] = field(default_factory=set)


@dataclass(slots=True)
class ChangeCheck(Feature):
    """One check of changes. Its tasks are saved in one piece at its end; what it read is kept as it is read.

    Attributes:
        watches: Compare what subscriptions hold with what was carried over, whatever was compared today.
        ahead: Goes on with what a first check has read while the rest of it is being read.
    """

    watches: bool = False
    ahead: Ahead | None = None
    _counts: Mapping[str, int] = field(default_factory=dict)
    _unread: UnreadRecords = field(init=False)
    _kept: KeptProgress = field(init=False)
    _reader: RecordReader = field(init=False)
    _differences: DifferenceTasks = field(init=False)
    _comparison: DailyComparison = field(init=False)

    def __post_init__(self) -> None:
        self._unread = UnreadRecords(self.store)
        self._kept = KeptProgress(self.store)
        self._reader = RecordReader(self.workspace, self._unread, self._kept)
        self._differences = DifferenceTasks(self.workspace)
        self._comparison = DailyComparison(self.workspace, self._differences, self._unread)

    async def run(self) -> CheckReport:
        """Read what changed and make its tasks (check.md#later-checks).

        Raises:
            GuardError: A list came back empty where the last one was not (plans.md#guards).
            CheckCutOff: The marketplace did not answer to the end; what was read is kept.
        """
        self.marketplace.clear_unreadable()
        try:
            return await self._run()
        except Stopped as error:  # a person or a signal ended it, which is no failure
            if not self._made_ahead:
                raise
            raise Stopped(
                error.happened, service=error.service, changed=self._made_ahead, next_step=error.next_step
            ) from error
        except ServiceError as error:
            raise self._cut_off(error) from error
        finally:
            self._kept.flush()

    async def _run(self) -> CheckReport:
        cursor, history = self.store.cursor(), self.store.note(History) or History(None, None)
        is_first, beginning = cursor.checked_at is None, self._kept.beginning()
        moment, now = self.clock.check_moment, self.clock.now()
        since = min(found for found in (cursor.checked_at, history.real_moment, moment, now) if found) - OVERLAP
        if is_first and beginning is not None:
            history, moment, since = history_of(beginning), beginning.moment, beginning.since
        if is_first:
            found = await self._first(since, moment, history, beginning)
        else:
            found = await self._later(since, cursor, history)
        found.open_orders.update(self.marketplace.unreadable_orders)
        checked_at = max(moment, cursor.checked_at or moment)
        # In one piece: a saved check without its history would make tasks of orders that ended long ago.
        with self.store.batch():
            self._save(found, Cursor(checked_at, frozenset(found.open_orders), dict(self._counts)), is_first=is_first)
            self.store.save_note(history.for_the_next(now, since, found.open_orders))
            self._conclude_comparison(found, is_first=is_first)
            self._kept.end()
        for task in found.tasks.values():
            self.listener.task_changed(task)
        made = (*(self.ahead.made if self.ahead else ()), *found.tasks)
        unread = dict.fromkeys([*self._reader.failures, *self.marketplace.unreadable, *self._unread.noted])
        fresh = {task.subscription_id for task in found.tasks.values()} - found.reused
        return CheckReport(made, tuple(self._comparison.failures), unread=tuple(unread), fresh=frozenset(fresh))

    @property
    def _made_ahead(self) -> str:
        made = len(self.ahead.made) if self.ahead else 0
        return f"{made} tasks were made before; what was written for them is in the audit." if made else ""

    def _cut_off(self, error: ServiceError) -> CheckCutOff:
        done, total = self._reader.done, self._reader.total
        read = f"The check was cut off after {done} of {total} records. " if total else ""
        if not total and (done := self._kept.count()):  # an earlier one came further
            read = f"The check was cut off; records kept of an earlier one: {done}. "
        kept = "What was read is kept: the next check asks only for the rest." if done else ""
        tasks = self._made_ahead or "No task was made."
        return CheckCutOff(
            f"{read or 'The check was cut off. '}{error.happened}",
            service=error.service,
            status=error.status,
            code=error.code,
            changed=f"{tasks} {kept}".strip(),
            next_step=error.next_step,
        )

    async def _count_feeds(self, last: Mapping[str, int]) -> None:
        """Refuse a list that came back empty where the last one was not (plans.md#guards)."""
        counts: dict[str, int] = {}

        async def count(feed: str) -> None:
            counts[feed] = await self.marketplace.total(feed)

        await together(*map(count, FEEDS))
        self._counts = {feed: counts[feed] for feed in FEEDS}
        for feed in FEEDS:
            if self.workspace.rules.guards_empty_feed and counts[feed] == 0 and last.get(feed, 0) > 0:
                raise GuardError(
                    f"The marketplace's list of {feed} came back empty; the last one had {last[feed]}.",
                    changed="Nothing was changed, neither in ConnectWise nor in the state.",
                    next_step="Check the marketplace and its credentials, then run again;"
                    " if the list is rightly empty, set guard.empty_feed = false for one run.",
                )

    # the first check

    async def _first(self, since: datetime, moment: datetime, history: History, beginning: Beginning | None) -> _Found:
        """One sales_order task for every active subscription; open orders are followed (check.md#first-check)."""
        found = _Found()
        if beginning is None:
            await together(self._count_feeds({}), self._orders_before(found, since, history))
            opened = found.open_orders | set(self.marketplace.unreadable_orders)
            ended = frozenset(history.ended_before)
            self._kept.begin(Beginning(moment, since, self._counts, frozenset(opened), ended, history.states))
        else:
            self._counts, found.open_orders = beginning.counts, set(beginning.open_orders)
        active: dict[SubscriptionId, Subscription] = {}
        async for rows in self.marketplace.subscriptions(status=SubscriptionStatus.ACTIVE):
            active.update((row.id, row) for row in rows if row.status is SubscriptionStatus.ACTIVE)
            self.listener.progress(Progress("Listing subscriptions", len(active), None))
        await self._read_first(found, active)
        # A subscription that cannot be read gets its task all the same: nothing else would ever bring it up again.
        listed = {**active, **found.subscriptions}
        moved = {row.customer_id for row in found.subscriptions.values()} - found.customers.keys()
        found.customers |= await self._customers(moved)
        for subscription in listed.values():
            task = initial_task(subscription, self._customer(found, subscription.customer_id))
            found.tasks[task.id] = task
        return found

    async def _orders_before(self, found: _Found, since: datetime, history: History) -> None:
        """The open orders. They are read before the subscriptions, which then show the effect of the completed ones."""

        async def still_open() -> None:
            found.open_orders |= await self._listed_as_open(None, history)

        async def late() -> None:
            async for page in self.marketplace.orders(created_from=since):
                found.open_orders.update(order.id for order in page if order.status.is_open)
                history.note_open(page)
                history.ended_before.update(order.id for order in page if not order.status.is_open)

        await together(still_open(), late())

    async def _read_first(self, found: _Found, active: Mapping[SubscriptionId, Subscription]) -> None:
        """The details of the active subscriptions and their customers, side by side."""
        handed_on = HandedOn(self.ahead) if self.ahead else None
        kept = {name: snapshot for name, row in active.items() if (snapshot := self._kept.snapshot(row)) is not None}
        names = handed_on.expect(active.values()) if handed_on else list(active)
        if handed_on:
            for snapshot in kept.values():
                handed_on.read(snapshot)

        async def details() -> None:
            found.subscriptions = await self._reader.subscriptions(names, kept, handed_on)

        async def customers() -> None:
            wanted = {row.customer_id for row in active.values()}
            found.customers = await self._customers(wanted)
            if handed_on:
                known = {name: self._customer(found, name) for name in wanted}
                handed_on.know({name: customer for name, customer in known.items() if customer is not None})

        await together(details(), customers())

    # later checks

    async def _later(self, since: datetime, cursor: Cursor, history: History) -> _Found:
        """Read the orders created since, and those followed until they end (check.md#following-orders)."""
        compares = self.watches or self._comparison.is_due
        seen: dict[OrderId, Order] = {}

        async def look() -> None:
            if compares:
                await self._comparison.list_subscriptions()
            async for page in self.marketplace.orders(created_from=since):
                seen.update((order.id, order) for order in page)

        await together(self._count_feeds(cursor.last_counts or {}), look())
        history.note_open(seen.values())
        followed = sorted(order for order in cursor.open_orders if order not in seen)
        still_open = await self._listed_as_open(set(followed), history) if len(followed) > _FEW else set()
        completed = [order.id for order in seen.values() if self._is_due(order, cursor, history)]
        ended = [order for order in followed if order not in still_open]
        found = _Found(open_orders=still_open | {order.id for order in seen.values() if order.status.is_open})
        if not history.follows_failed:
            found.open_orders |= await self._failed_since(history)
        await self._add_orders(found, [*completed, *ended], history, seen)
        history.note_handled(found.orders)
        await self._reader.read_again()
        if compares:
            touched = {task.subscription_id for task in found.tasks.values()}
            await self._comparison.compare(touched, found.open_orders, since)
        return found

    @staticmethod
    def _is_due(order: Order, cursor: Cursor, history: History) -> bool:
        if order.status is not OrderStatus.COMPLETED:
            return False
        return order.id in cursor.open_orders or not history.makes_no_task(order)

    async def _failed_since(self, history: History) -> set[OrderId]:
        """Failed orders that a state of an older version saw and let go."""
        failed: dict[OrderId, Order] = {}
        async for page in self.marketplace.orders(status=OrderStatus.ERROR):
            failed.update((order.id, order) for order in page if not history.makes_no_task(order))
        history.note_open(failed.values())
        return set(failed)

    async def _listed_as_open(self, wanted: set[OrderId] | None, history: History) -> set[OrderId]:
        """Orders that are open now: all, or those wanted, which are looked for where they were seen last.

        An order that moved on to another open state is missed here; its details show the state.
        """
        listed: dict[OrderId, Order] = {}
        for status in _OPEN_STATUSES:
            if wanted is not None and not any(history.may_be(order, status) for order in wanted - listed.keys()):
                continue
            async for page in self.marketplace.orders(status=status):
                listed.update((order.id, order) for order in page if order.status.is_open)
        found = listed.keys() if wanted is None else listed.keys() & wanted
        history.note_open(listed[order] for order in found)
        return set(found)

    async def _add_orders(
        self, found: _Found, ids: Sequence[OrderId], history: History, seen: Mapping[OrderId, Order]
    ) -> None:
        """One task per (order, subscription); one that names none still waits for a person (check.md#later-checks)."""
        unread: list[Order] = []

        async def ask(name: OrderId) -> Order | None:
            kept = self._kept.order(name)
            if kept is not None:
                return kept
            answer = await self._reader.order(name, is_listed=name in seen)
            if answer is None and name in seen:
                unread.append(seen[name])
            if answer is not None and answer.status is OrderStatus.COMPLETED:
                self._kept.keep_order(answer)
            return answer

        answers = await each(ids, ask, at_once=self.at_once, done=self._reader.counting("Reading orders", len(ids)))
        orders = [order for order in answers if order is not None]
        found.open_orders.update(order.id for order in orders if order.status.is_open)
        found.open_orders |= self._reader.unread_orders
        history.note_open(orders)
        completed = [order for order in orders if order.status is OrderStatus.COMPLETED]
        found.orders = sorted(completed, key=lambda order: (order.created, order.id))  # so are their tasks listed
        pairs = [(order, named) for order in found.orders for named in subscriptions_of(order) or (SubscriptionId(""),)]
        names = list(dict.fromkeys(named for _, named in pairs if named))
        kept = {name: subscription for name in names if (subscription := self._kept.subscription(name)) is not None}
        found.reused = set(kept)
        found.subscriptions = await self._reader.subscriptions(names, kept)
        found.customers = await self._customers({order.customer_id for order in [*found.orders, *unread]})
        pairs += [(order, SubscriptionId("")) for order in unread]
        async for order, named in in_turns(pairs):
            task = _order_task(order, named, found.subscriptions.get(named), self._customer(found, order.customer_id))
            found.tasks[task.id] = task

    async def _customers(self, wanted: Collection[CustomerId]) -> dict[CustomerId, Customer]:
        return await self._reader.customers(wanted, self._counts.get("customers", 0))

    def _customer(self, found: _Found, customer_id: CustomerId) -> Customer | None:
        return found.customers.get(customer_id) or self.store.customer(customer_id)

    # saving

    def _save(self, found: _Found, cursor: Cursor, *, is_first: bool) -> None:
        found.tasks = {name: task for name, task in found.tasks.items() if self.store.task(name) is None}
        self.store.save_customers(found.customers.values())
        for order in found.orders:
            self.store.save_order(order)
        for subscription in found.subscriptions.values():
            self.store.save_subscription(subscription)
        for task in found.tasks.values():
            self.store.save_task(task)
        if is_first:
            self._kept.save_snapshots(found.subscriptions.values())
        self._settle(found)
        if cursor != self.store.cursor():
            self.store.save_cursor(cursor)

    def _settle(self, found: _Found) -> None:
        """End the tasks of differences that an order explains now, and of orders that can be read at last."""
        for order in found.orders:
            stand_in = self.store.task(task_id(order.id, SubscriptionId("")))
            if stand_in is not None and stand_in.status.is_open and subscriptions_of(order):
                ended = stand_in.standing_at(TaskStatus.SYNCED, note="Settled by itself: the order can be read now.")
                self.store.save_task(ended)
                self.listener.task_changed(ended)
        for task in found.tasks.values():
            if not task.is_initial and task.subscription_id:
                self._differences.settle(task.subscription_id, EXPLAINED)

    def _conclude_comparison(self, found: _Found, *, is_first: bool) -> None:
        if is_first:
            self._comparison.remember(filter(self._kept.carries, found.subscriptions.values()))
        elif self._comparison.was_made:
            found.tasks.update((task.id, task) for task in self._comparison.conclude())


def _order_task(
    order: Order, named: SubscriptionId, subscription: Subscription | None, customer: Customer | None
) -> Task:
    """An order of a type nobody knows is listed as a billing order; its plan says `unknown_order_type`."""
    return Task(
        id=task_id(order.id, named),
        kind=kind_of(order) or TaskKind.BILLING_ORDER,
        status=TaskStatus.NEEDS_ACTION,
        customer_id=order.customer_id,
        customer_name=customer.name if customer else order.customer_id,
        subscription_id=named,
        subscription_name=subscription.name if subscription else named,
        order_id=order.id,
        order_number=order.number,
        order_created=order.created,
    )
