"""Check changes: from the marketplace's orders to tasks (check.md#later-checks)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cwtui.domain.errors import GuardError, NotFound, Unreadable
from cwtui.domain.ids import INITIAL, CustomerId, OrderId, SubscriptionId, TaskId, task_id
from cwtui.domain.marketplace import Customer, Order, OrderStatus, Subscription, SubscriptionStatus
from cwtui.domain.records import Cursor
from cwtui.domain.tasks import Task, TaskKind, TaskStatus, kind_of, subscriptions_of
from cwtui.engine.concurrently import in_turns
from cwtui.engine.protocols import Progress, Store
from cwtui.engine.reports import CheckReport
from cwtui.engine.workspace import Feature

OVERLAP = timedelta(days=1)
"""How far a check looks back behind the last one: clocks differ, and lists lag behind."""

FEEDS = ("customers", "subscriptions", "products")
_HISTORY = "check.history"
_OPEN_STATUSES = tuple(status for status in OrderStatus if status.is_open)
_FEW = 2
_PAGE = 100
"""About how many customers a page of the list holds."""
_MANY_CUSTOMERS = 100


@dataclass(slots=True)
class _History:
    """What earlier checks saw, so that no order makes two tasks and none is missed (check.md#later-checks).

    Attributes:
        real_moment: When the last check really ran, whatever its as-of day.
        first_since: Where the first check began to look; orders older than that had ended before it.
        ended_before: Orders that had ended before the first check.
        handled: Completed orders that made their tasks, as far back as the next check looks.
        states: The state that each open order was last seen in.
        follows_failed: Failed orders are followed since the first check; a state of an older version did not.
    """

    real_moment: datetime | None = None
    first_since: datetime | None = None
    ended_before: set[str] = field(default_factory=set)
    handled: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    follows_failed: bool = False

    @classmethod
    def read(cls, store: Store) -> _History:
        kept = store.fact(_HISTORY)
        if not isinstance(kept, dict):
            return cls()
        moments = {name: datetime.fromisoformat(kept[name]) for name in ("real_moment", "first_since")}
        return cls(
            ended_before=set(kept["ended_before"]),
            handled=dict(kept["handled"]),
            states=dict(kept.get("states", {})),
            follows_failed="states" in kept,
            **moments,
        )

    def note_open(self, orders: Iterable[Order]) -> None:
        """Remember in which state open orders were seen."""
        self.states.update((order.id, order.status.value) for order in orders if order.status.is_open)

    def may_be(self, order: OrderId, status: OrderStatus) -> bool:
        """An open order was last seen in that state, or it is not known in which."""
        return self.states.get(order, status) == status

    def save(self, store: Store, now: datetime, since: datetime, open_orders: Collection[OrderId]) -> None:
        handled = {
            order: created for order, created in self.handled.items() if datetime.fromisoformat(created) >= since
        }
        fact = {
            "real_moment": now.isoformat(),
            "first_since": (self.first_since or since).isoformat(),
            "ended_before": sorted(self.ended_before),
            "handled": handled,
            "states": {order: state for order, state in sorted(self.states.items()) if order in open_orders},
        }
        if fact != store.fact(_HISTORY):
            store.save_fact(_HISTORY, fact)

    def makes_no_task(self, order: Order) -> bool:
        """It made its tasks already, or had ended before the first check."""
        is_older = self.first_since is not None and order.created < self.first_since
        return is_older or order.id in self.ended_before or order.id in self.handled


@dataclass(slots=True)
class _Found:
    """Everything one check read, saved in one piece at its end."""

    tasks: dict[TaskId, Task] = field(default_factory=dict)
    customers: dict[CustomerId, Customer] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    subscriptions: dict[SubscriptionId, Subscription] = field(default_factory=dict)
    open_orders: set[OrderId] = field(default_factory=set)


@dataclass(slots=True)
class ChangeCheck(Feature):
    """One check of changes. Nothing is saved until everything is read: a check that fails is simply repeated."""

    _failures: list[str] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)
    _unread: list[SubscriptionId] = field(default_factory=list)

    async def run(self) -> CheckReport:
        """Read what changed and make its tasks (check.md#later-checks).

        Raises:
            GuardError: A list came back empty where the last one was not (plans.md#guards).
            ServiceError: The marketplace did not answer; nothing was saved.
        """
        self.marketplace.clear_unreadable()
        self._failures.clear()
        self._unread.clear()
        cursor, history = self.store.cursor(), _History.read(self.store)
        self._counts = counts = await self._feed_counts(cursor.last_counts or {})
        moment, now = self.clock.check_moment, self.clock.now()
        is_first = cursor.checked_at is None
        since = min(found for found in (cursor.checked_at, history.real_moment, moment, now) if found) - OVERLAP
        found = await (self._first(since, history) if is_first else self._later(since, cursor, history))
        self._failures.extend(self.marketplace.unreadable)
        found.open_orders.update(self.marketplace.unreadable_orders)
        checked_at = max(moment, cursor.checked_at or moment)
        # In one piece: a check that is remembered without its history would make tasks of orders long ended.
        with self.store.batch():
            self._save(found, Cursor(checked_at, frozenset(found.open_orders), counts))
            history.save(self.store, now, since, found.open_orders)
        for task in found.tasks.values():
            self.listener.task_changed(task)
        return CheckReport(tuple(found.tasks), tuple(self._failures))

    async def _feed_counts(self, last: Mapping[str, int]) -> dict[str, int]:
        """Refuse a list that came back empty where the last one was not (plans.md#guards)."""
        counts = {feed: await self.marketplace.total(feed) for feed in FEEDS}
        for feed, count in counts.items():
            if self.workspace.rules.guards_empty_feed and count == 0 and last.get(feed, 0) > 0:
                raise GuardError(
                    f"The marketplace's list of {feed} came back empty; the last one had {last[feed]}.",
                    changed="Nothing was changed, neither in ConnectWise nor in the state.",
                    next_step="Check the marketplace and its credentials, then run again;"
                    " if the list is rightly empty, set guard.empty_feed = false for one run.",
                )
        return counts

    async def _first(self, since: datetime, history: _History) -> _Found:
        """One sales_order task for every active subscription; open orders are followed (check.md#first-check)."""
        found = _Found()
        found.open_orders = await self._listed_as_open(None, history)
        async for page in self.marketplace.orders(created_from=since):
            found.open_orders.update(order.id for order in page if order.status.is_open)
            history.note_open(page)
            history.ended_before.update(order.id for order in page if not order.status.is_open)
        active: dict[SubscriptionId, Subscription] = {}
        async for rows in self.marketplace.subscriptions(status=SubscriptionStatus.ACTIVE):
            active.update((row.id, row) for row in rows if row.status is SubscriptionStatus.ACTIVE)
            self.listener.progress(Progress("Listing subscriptions", len(active), None))
        found.subscriptions = await self._subscriptions(list(active))
        # One that cannot be read makes its task all the same: nothing else would ever bring it up again.
        listed = found.subscriptions | {name: active[name] for name in self._unread}
        found.customers = await self._customers({row.customer_id for row in listed.values()})
        for subscription in listed.values():
            task = _initial_task(subscription, found.customers)
            found.tasks[task.id] = task
        return found

    async def _later(self, since: datetime, cursor: Cursor, history: _History) -> _Found:
        """Read the orders created since, and those followed until they end (check.md#following-orders)."""
        seen: dict[OrderId, Order] = {}
        async for page in self.marketplace.orders(created_from=since):
            seen.update((order.id, order) for order in page)
        history.note_open(seen.values())
        followed = sorted(order for order in cursor.open_orders if order not in seen)
        still_open = await self._listed_as_open(set(followed), history) if len(followed) > _FEW else set()
        completed = [order.id for order in seen.values() if self._is_due(order, cursor, history)]
        ended = [order for order in followed if order not in still_open]
        found = _Found(open_orders=still_open | {order.id for order in seen.values() if order.status.is_open})
        if not history.follows_failed:
            found.open_orders |= await self._failed_since(history)
        await self._add_orders(found, [*completed, *ended], history)
        history.handled.update((order.id, order.created.isoformat()) for order in found.orders)
        return found

    @staticmethod
    def _is_due(order: Order, cursor: Cursor, history: _History) -> bool:
        if order.status is not OrderStatus.COMPLETED:
            return False
        return order.id in cursor.open_orders or not history.makes_no_task(order)

    async def _failed_since(self, history: _History) -> set[OrderId]:
        """Failed orders that a state of an older version saw and let go."""
        failed: dict[OrderId, Order] = {}
        async for page in self.marketplace.orders(status=OrderStatus.ERROR):
            failed.update((order.id, order) for order in page if not history.makes_no_task(order))
        history.note_open(failed.values())
        return set(failed)

    async def _listed_as_open(self, wanted: set[OrderId] | None, history: _History) -> set[OrderId]:
        """Orders that are open now: all, or those wanted, which are looked for where they were seen last.

        One that moved on to another open state is missed here; its details say so then.
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

    async def _add_orders(self, found: _Found, ids: Sequence[OrderId], history: _History) -> None:
        """One task per (order, subscription); one that names none still waits for a person (check.md#later-checks)."""

        async def ask(order_id: OrderId) -> Order | None:
            try:
                return await self.marketplace.order(order_id)
            except NotFound:
                self._failures.append(f"Order {order_id} is gone from the marketplace; it makes no task.")
            except Unreadable as error:
                self._failures.append(str(error))
                found.open_orders.add(order_id)
            return None

        answers = await self.workspace.each(ids, ask, "Reading orders")
        orders = [order for order in answers if order is not None]
        found.open_orders.update(order.id for order in orders if order.status.is_open)
        history.note_open(orders)
        completed = [order for order in orders if order.status is OrderStatus.COMPLETED]
        found.orders = sorted(completed, key=lambda order: (order.created, order.id))  # so are their tasks listed
        pairs = [(order, named) for order in found.orders for named in subscriptions_of(order) or (SubscriptionId(""),)]
        found.subscriptions = await self._subscriptions(list(dict.fromkeys(named for _, named in pairs if named)))
        found.customers = await self._customers({order.customer_id for order in found.orders})
        async for order, named in in_turns(pairs):
            task = _order_task(order, named, found.subscriptions.get(named), self._customer(found, order.customer_id))
            found.tasks[task.id] = task

    async def _subscriptions(self, ids: Sequence[SubscriptionId]) -> dict[SubscriptionId, Subscription]:
        """Detailed subscriptions; one unknown to the marketplace or unreadable is left out (`subscription_missing`)."""

        async def ask(subscription_id: SubscriptionId) -> Subscription | None:
            try:
                return await self.marketplace.subscription(subscription_id)
            except NotFound:
                return None
            except Unreadable as error:
                self._failures.append(str(error))
                self._unread.append(subscription_id)
                return None

        answers = await self.workspace.each(ids, ask, "Reading subscriptions")
        return {answer.id: answer for answer in answers if answer is not None}

    async def _customers(self, wanted: Collection[CustomerId]) -> dict[CustomerId, Customer]:
        """Customers not known yet: one by one, or by the list where that takes fewer requests."""
        unknown = [customer for customer in wanted if customer and self.store.customer(customer) is None]
        pages = -(-self._counts.get("customers", 0) // _PAGE)
        if len(unknown) > max(_FEW, pages):
            listed: dict[CustomerId, Customer] = {}
            async for page in self.marketplace.customers():
                listed.update((customer.id, customer) for customer in page)
            unknown = [customer for customer in unknown if customer not in listed][:_MANY_CUSTOMERS]
        else:
            listed = {}
        for customer in unknown:
            try:
                listed[customer] = await self.marketplace.customer(customer)
            except NotFound:
                self._failures.append(f"The marketplace does not know customer {customer}, whom an order names.")
        return listed

    def _customer(self, found: _Found, customer_id: CustomerId) -> Customer | None:
        return found.customers.get(customer_id) or self.store.customer(customer_id)

    def _save(self, found: _Found, cursor: Cursor) -> None:
        found.tasks = {name: task for name, task in found.tasks.items() if self.store.task(name) is None}
        with self.store.batch():
            self.store.save_customers(found.customers.values())
            for order in found.orders:
                self.store.save_order(order)
            for subscription in found.subscriptions.values():
                self.store.save_subscription(subscription)
            for task in found.tasks.values():
                self.store.save_task(task)
                if task.is_initial and task.subscription_id in found.subscriptions:
                    self.store.save_snapshot(task.id, found.subscriptions[task.subscription_id])
            if cursor != self.store.cursor():
                self.store.save_cursor(cursor)


def _initial_task(subscription: Subscription, customers: Mapping[CustomerId, Customer]) -> Task:
    customer = customers.get(subscription.customer_id)
    return Task(
        id=task_id(INITIAL, subscription.id),
        kind=TaskKind.SALES_ORDER,
        status=TaskStatus.NEEDS_ACTION,
        customer_id=subscription.customer_id,
        customer_name=customer.name if customer else subscription.customer_id,
        subscription_id=subscription.id,
        subscription_name=subscription.name or subscription.id,
        order_id=INITIAL,
        order_number="initial",
        order_created=None,
    )


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
