"""The part of a state that holds what the marketplace said: orders, subscriptions, customers, products."""

from __future__ import annotations

from collections.abc import Iterable

from cwtui.domain.ids import CustomerId, OrderId, ProductId, SubscriptionId, TaskId
from cwtui.domain.marketplace import Customer, Order, Product, Subscription
from cwtui.domain.records import Cursor, Snapshot
from cwtui.store import schema
from cwtui.store.documents import Documents
from cwtui.store.repository import Repository

_KEPT = 2048
"""Subscriptions kept as values: a run asks for the same ones again and again."""


class MarketplaceTables:
    """What was read, as long as it is needed."""

    def __init__(self, documents: Documents) -> None:
        self._orders = Repository(documents, schema.ORDERS)
        self._subscriptions = Repository(documents, schema.SUBSCRIPTIONS, kept=_KEPT)
        self._customers = Repository(documents, schema.CUSTOMERS)
        self._products = Repository(documents, schema.PRODUCTS)
        self._snapshots = Repository(documents, schema.SNAPSHOTS, kept=_KEPT)
        self._cursor = Repository(documents, schema.CURSOR)
        self._recent: set[tuple[str, str]] = set()

    def order(self, order_id: OrderId) -> Order | None:
        """An order, kept while an open task needs it."""
        return self._orders.get(order_id)

    def save_order(self, order: Order) -> None:
        """Keep an order for its tasks."""
        self._recent.add((self._orders.name, order.id))
        self._orders.save(order)

    def subscription(self, subscription_id: SubscriptionId) -> Subscription | None:
        """A subscription, kept while an open task needs it."""
        return self._subscriptions.get(subscription_id)

    def save_subscription(self, subscription: Subscription) -> None:
        """Keep a subscription for its tasks."""
        self._recent.add((self._subscriptions.name, subscription.id))
        self._subscriptions.save(subscription)

    def snapshot(self, task_id: TaskId) -> Subscription | None:
        """The subscription as the first check saw it, for the `initial` task that carries it over.

        Kept for good: the marketplace cannot say it again, and an undone task needs it.
        """
        found = self._snapshots.get(task_id)
        return None if found is None else found.subscription

    def save_snapshot(self, task_id: TaskId, subscription: Subscription) -> None:
        """Keep a subscription as the first check saw it."""
        self._snapshots.save(Snapshot(task_id, subscription))

    def snapshots_kept(self) -> int:
        """How many subscriptions are kept as the first check saw them."""
        return len(self._snapshots.table.rows)

    def customer(self, customer_id: CustomerId) -> Customer | None:
        """A customer by id."""
        return self._customers.get(customer_id)

    def customers(self) -> Iterable[Customer]:
        """Every customer known."""
        return self._customers.all()

    def save_customers(self, customers: Iterable[Customer]) -> None:
        """Set customers; what is so already costs nothing."""
        self._customers.save(*customers)

    def product(self, product_id: ProductId) -> Product | None:
        """A catalogue product by id."""
        return self._products.get(product_id)

    def products(self) -> Iterable[Product]:
        """Every catalogue product known."""
        return self._products.all()

    def save_products(self, products: Iterable[Product]) -> None:
        """Set catalogue products; what is so already costs nothing."""
        self._products.save(*products)

    def cursor(self) -> Cursor:
        """How far check changes has come."""
        return self._cursor.get("cursor") or Cursor()

    def save_cursor(self, cursor: Cursor) -> None:
        """Note how far check changes has come."""
        self._cursor.save(cursor)
