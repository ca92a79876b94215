"""Work on a first check's subscriptions while the rest of them is still being read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import field
from typing import Protocol

from cwtui.domain.ids import INITIAL, CustomerId, SubscriptionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.marketplace import Customer, Subscription
from cwtui.domain.tasks import Task, TaskKind
from cwtui.engine.checking.new_task import new_task


class Ahead(Protocol):
    """Writes what is ready before the last subscription is read (synchronising.md#writing-ahead)."""

    @property
    def made(self) -> Sequence[TaskId]:
        """The tasks it saved, before the check saves the others."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Ends its work before the block ends; if the block fails, nothing more is begun."""

    def expect(self, tasks: Sequence[Task]) -> Sequence[SubscriptionId]:
        """Take note of all tasks that the check will make; gives the order in which to read their subscriptions."""

    def take(self, task: Task, subscription: Subscription, customer: Customer) -> None:
        """Hear that everything about one subscription is read."""


@dataclass(slots=True)
class HandedOn:
    """Hands subscriptions on as soon as both they and their customers are read."""

    ahead: Ahead
    _customers: Mapping[CustomerId, Customer] | None = None
    _waiting: list[Subscription] = field(default_factory=list)

    def expect(self, listed: Iterable[Subscription]) -> Sequence[SubscriptionId]:
        """Name the subscriptions that will be read; returns the best order."""
        return self.ahead.expect([initial_task(row, None) for row in listed])

    def read(self, subscription: Subscription) -> None:
        """Hear that a subscription was read."""
        if self._customers is None:
            self._waiting.append(subscription)
        elif (customer := self._customers.get(subscription.customer_id)) is not None:
            self.ahead.take(initial_task(subscription, customer), subscription, customer)

    def know(self, customers: Mapping[CustomerId, Customer]) -> None:
        """Hear that the customers were read; a subscription whose customer was not waits for the check's end."""
        self._customers = customers
        waiting, self._waiting = self._waiting, []
        for subscription in waiting:
            self.read(subscription)


def initial_task(subscription: Subscription, customer: Customer | None) -> Task:
    """The task that carries a subscription over as it is (check.md#first-check)."""
    return new_task(subscription, customer, kind=TaskKind.SALES_ORDER, order=INITIAL, number="initial", created=None)
