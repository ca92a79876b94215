"""Keeps what a check read before it was cut off, so that the next reads only the rest (check.md#a-check-resumes)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from cwtui.domain.check_records import Beginning, History, ReadSoFar
from cwtui.domain.ids import INITIAL, OrderId, SubscriptionId, task_id
from cwtui.domain.lazily import dataclass
from cwtui.domain.marketplace import Order, OrderStatus, Subscription
from cwtui.engine.protocols import Store

_AT_ONCE = 100
"""Records saved together: each save costs an entry in the journal."""


@dataclass(slots=True)
class KeptProgress:
    """Keeps what a check reads while it reads it."""

    store: Store
    _subscriptions: list[Subscription] = field(default_factory=list)
    _orders: list[Order] = field(default_factory=list)
    _read: set[SubscriptionId] = field(default_factory=set)
    _is_first: bool = False

    # a first check

    def beginning(self) -> Beginning | None:
        """How the first check began that was cut off."""
        return self.store.note(Beginning)

    def begin(self, beginning: Beginning) -> None:
        """Remember how the first check began."""
        self.store.save_note(beginning)

    def snapshot(self, row: Subscription) -> Subscription | None:
        """The details of a listed subscription, if an attempt before read them and the list shows no change since."""
        self._is_first = True
        kept = self.store.snapshot(task_id(INITIAL, row.id))
        if kept is None or (kept.modified, kept.status, kept.customer_id) != (
            row.modified,
            row.status,
            row.customer_id,
        ):
            return None
        return kept

    def save_snapshots(self, subscriptions: Iterable[Subscription]) -> None:
        """Keep what the first tasks are planned by, except where one was written, or begun, by an earlier attempt."""
        for subscription in subscriptions:
            name = task_id(INITIAL, subscription.id)
            task = self.store.task(name)
            is_planned_anew = task is None or (task.status.is_open and self.store.plan_begun(name) is None)
            if is_planned_anew and self.store.snapshot(name) != subscription:
                self.store.save_snapshot(name, subscription)

    def carries(self, subscription: Subscription) -> bool:
        """Its first task carries it over as it is now; False if it changed after an earlier attempt had written it."""
        return self.store.snapshot(task_id(INITIAL, subscription.id)) == subscription

    # a later check

    def order(self, name: OrderId) -> Order | None:
        """A completed order that an attempt before read: it cannot change any more."""
        kept = self.store.order(name)
        return kept if kept is not None and kept.detailed and kept.status is OrderStatus.COMPLETED else None

    def subscription(self, name: SubscriptionId) -> Subscription | None:
        """A subscription that an attempt before read."""
        kept = self.store.note(ReadSoFar)
        return self.store.subscription(name) if kept is not None and name in kept.subscriptions else None

    # both

    def keep_subscription(self, subscription: Subscription) -> None:
        """Keep what was just read; a few are saved together."""
        self._subscriptions.append(subscription)
        if len(self._subscriptions) >= _AT_ONCE:
            self.flush()

    def keep_order(self, order: Order) -> None:
        """Likewise."""
        self._orders.append(order)
        if len(self._orders) >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Save what was read since the last time."""
        if not self._subscriptions and not self._orders:
            return
        with self.store.batch():
            for order in self._orders:
                self.store.save_order(order)
            for subscription in self._subscriptions:
                if not self._is_first:
                    self.store.save_subscription(subscription)
            if self._is_first:
                self.save_snapshots(self._subscriptions)
            if self._subscriptions and not self._is_first:
                self._read |= {subscription.id for subscription in self._subscriptions}
                kept = self.store.note(ReadSoFar)
                read = self._read | kept.subscriptions if kept else self._read
                self.store.save_note(ReadSoFar(frozenset(read)))
        self._subscriptions.clear()
        self._orders.clear()

    def count(self) -> int:
        """How many subscriptions earlier attempts read, and this one so far."""
        self.flush()
        read = self.store.note(ReadSoFar)
        if read is not None:
            return len(read.subscriptions)
        return 0 if self.beginning() is None else self.store.snapshots_kept()

    def end(self) -> None:
        """Forget all of it: the check ended and saved everything itself."""
        self._subscriptions.clear()
        self._orders.clear()
        self.store.drop_note(Beginning)
        self.store.drop_note(ReadSoFar)


def history_of(beginning: Beginning) -> History:
    """The history of a first check that goes on."""
    return History(None, None, ended_before=set(beginning.ended_before), states=dict(beginning.states))
