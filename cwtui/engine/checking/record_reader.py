"""Reads single records of the marketplace for a check; notes those that cannot be read, keeps the others.

Rules: check.md#one-bad-record, check.md#a-check-resumes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field

from cwtui.domain.errors import NotFound
from cwtui.domain.ids import CustomerId, OrderId, SubscriptionId
from cwtui.domain.lazily import dataclass
from cwtui.domain.marketplace import Customer, Order, Subscription
from cwtui.engine.checking.ahead import HandedOn
from cwtui.engine.checking.progress_kept import KeptProgress
from cwtui.engine.concurrently import each
from cwtui.engine.planning.unread import UnreadRecords, customer_record, order_record, subscription_record
from cwtui.engine.protocols import Progress
from cwtui.engine.workspace import Feature

_FEW = 2
_PAGE = 100
"""About how many customers a page of the list holds."""
_MANY_CUSTOMERS = 100


@dataclass(slots=True)
class RecordReader(Feature):
    """Reads orders, subscriptions and customers.

    Attributes:
        unread: Takes note of what cannot be read.
        kept: Keeps what is read.
        failures: What is gone, one sentence each.
        unread_orders: Orders that could not be read.
        done, total: How many records of those asked for last are read.
    """

    unread: UnreadRecords
    kept: KeptProgress
    failures: list[str] = field(default_factory=list)
    unread_orders: set[OrderId] = field(default_factory=set)
    done: int = 0
    total: int = 0

    async def order(self, name: OrderId, *, is_listed: bool) -> Order | None:
        """One order; one that cannot be read is followed until it can, one that is gone is reported once."""
        try:
            answer = await self.unread.read(order_record(name), self._of_a_listed_order(name, is_listed=is_listed))
        except _Gone:
            self.unread.forget([order_record(name)])
            self.failures.append(f"Order {name} is gone from the marketplace; it makes no task.")
            return None
        if answer is None:
            self.unread_orders.add(name)
        return answer

    async def _of_a_listed_order(self, name: OrderId, *, is_listed: bool) -> Order:
        try:
            return await self.marketplace.order(name)
        except NotFound as error:
            if is_listed or self.unread.has(order_record(name)):
                raise
            raise _Gone from error

    async def subscriptions(
        self,
        ids: Sequence[SubscriptionId],
        kept: Mapping[SubscriptionId, Subscription],
        handed_on: HandedOn | None = None,
    ) -> dict[SubscriptionId, Subscription]:
        """Detailed subscriptions; those that cannot be read are left out, and noted (check.md#one-bad-record)."""

        async def ask(name: SubscriptionId) -> Subscription | None:
            answer = await self.unread.read(subscription_record(name), self.marketplace.subscription(name))
            if answer is not None:
                self.kept.keep_subscription(answer)
                if handed_on:
                    handed_on.read(answer)
            return answer

        rest = [name for name in ids if name not in kept]
        done = self.counting("Reading subscriptions", len(ids), before=len(ids) - len(rest))
        answers = await each(rest, ask, at_once=self.at_once, done=done)
        read = {answer.id: answer for answer in answers if answer is not None}
        return {name: found for name in ids if (found := kept.get(name) or read.get(name)) is not None}

    async def customers(self, wanted: Collection[CustomerId], count: int) -> dict[CustomerId, Customer]:
        """Customers not known yet: one by one, or by the list where that takes fewer requests.

        Args:
            wanted: Their ids.
            count: How many customers the marketplace has.
        """
        unknown = [customer for customer in wanted if customer and self.store.customer(customer) is None]
        pages = -(-count // _PAGE)
        listed: dict[CustomerId, Customer] = {}
        if len(unknown) > max(_FEW, pages):
            async for page in self.marketplace.customers():
                listed.update((customer.id, customer) for customer in page)
            unknown = [customer for customer in unknown if customer not in listed][:_MANY_CUSTOMERS]
        for name in unknown:
            answer = await self.unread.read(customer_record(name), self.marketplace.customer(name))
            if answer is not None:
                listed[name] = answer
        return listed

    async def read_again(self) -> None:
        """Try customers again that could not be read; a few at every check."""
        for name in self.unread.names("customer")[:_FEW]:
            known = CustomerId(name)
            answer = await self.unread.read(customer_record(known), self.marketplace.customer(known))
            if answer is not None:
                self.store.save_customers([answer])

    def counting(self, what: str, total: int, *, before: int = 0) -> Callable[[int], None]:
        """Begin to read so many records of a kind; returns a function that hears how many of them are read."""
        self.done, self.total = before, total

        def count(done: int) -> None:
            self.done = before + done
            self.listener.progress(Progress(what, self.done, total))

        return count


class _Gone(Exception):  # not an error: it says that an order is no longer there
    """An order that was followed is neither listed nor to be read."""
