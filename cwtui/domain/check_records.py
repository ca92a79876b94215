"""What checks remember from one to the next: orders seen, subscriptions compared, records that could not be read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from cwtui.domain.ids import OrderId, ProductId, SubscriptionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.marketplace import Order, OrderStatus
from cwtui.domain.problems import InnerValue, ProblemCode


@dataclass(slots=True)
class History:
    """What earlier checks saw, so that no order makes two tasks and none is missed (check.md#following-orders).

    Attributes:
        real_moment: When the last check really ran, whatever its as-of day; None before the first one.
        first_since: Where the first check began to look; orders older than that had ended before it.
        ended_before: Orders that had ended before the first check.
        handled: Completed orders that made their tasks, as far back as the next check looks, and when each was created.
        states: The state that each open order was last seen in.
        follows_failed: Failed orders are followed since the first check; a state of an older version did not.
    """

    real_moment: datetime | None
    first_since: datetime | None
    ended_before: set[OrderId] = field(default_factory=set)
    handled: dict[OrderId, datetime] = field(default_factory=dict)
    states: dict[OrderId, OrderStatus] = field(default_factory=dict)
    follows_failed: bool = False

    def note_open(self, orders: Iterable[Order]) -> None:
        """Remember in which state open orders were seen."""
        self.states.update((order.id, order.status) for order in orders if order.status.is_open)

    def may_be(self, order: OrderId, status: OrderStatus) -> bool:
        """An open order was last seen in that state, or it is not known in which."""
        return self.states.get(order, status) is status

    def note_handled(self, orders: Iterable[Order]) -> None:
        """Remember orders that made their tasks."""
        self.handled.update((order.id, order.created) for order in orders)

    def makes_no_task(self, order: Order) -> bool:
        """It made its tasks already, or had ended before the first check."""
        is_older = self.first_since is not None and order.created < self.first_since
        return is_older or order.id in self.ended_before or order.id in self.handled

    def for_the_next(self, now: datetime, since: datetime, open_orders: Collection[OrderId]) -> History:
        """The part that the next check needs, which looks back to `since`."""
        return History(
            real_moment=now,
            first_since=self.first_since or since,
            ended_before=self.ended_before,
            handled={order: created for order, created in self.handled.items() if created >= since},
            states={order: state for order, state in sorted(self.states.items()) if order in open_orders},
            follows_failed=True,
        )


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a first check began: what it read before the subscriptions, which no later attempt reads again.

    Attributes:
        moment: The moment it counts as begun.
        since: From when on the next check looks at orders.
        counts: Rows of the lists, by list name.
        open_orders: Orders that were open then.
        ended_before: Orders that had ended before.
        states: The state each open order was in.
    """

    moment: datetime
    since: datetime
    counts: Mapping[str, int]
    open_orders: frozenset[OrderId]
    ended_before: frozenset[OrderId]
    states: Mapping[OrderId, OrderStatus]


@dataclass(frozen=True, slots=True)
class ReadSoFar:
    """Subscriptions whose details a later check had read when it was cut off."""

    subscriptions: frozenset[SubscriptionId]


@dataclass(frozen=True, slots=True)
class ExplainingOrder:
    """An order that explains a difference, and the last day on which it can; None while the order is open."""

    order_id: OrderId
    until: date | None = None


@dataclass(slots=True)
class Compared:
    """What the last comparison remembers of a subscription.

    Attributes:
        modified: The day of its last change when it was last read; None if the marketplace names none.
        prices: Unit prices at that time.
        skipped: The skipped task; empty if none was.
        accepted: A digest of the differences that a person skipped with it.
        orders: Orders that explained its difference.
    """

    modified: date | None = None
    prices: Mapping[ProductId, Decimal] = field(default_factory=dict)
    skipped: TaskId = TaskId("")
    accepted: str = ""
    orders: tuple[ExplainingOrder, ...] = ()


@dataclass(frozen=True, slots=True)
class LastComparison:
    """The last comparison (check.md#what-no-order-explains).

    Attributes:
        day: When it was made; None if only the first check is remembered.
        subscriptions: What it remembers of each.
    """

    day: date | None
    subscriptions: Mapping[SubscriptionId, Compared]


class DifferenceKind(StrEnum):
    """What may differ without an order that says so."""

    QUANTITY = "quantity"
    PRICE = "price"
    NEVER_CARRIED = "never_carried"
    GOES_ON = "goes_on"
    ACTIVE_AGAIN = "active_again"
    CUSTOMER = "customer"
    AGREEMENT = "agreement"


DifferenceFacts = Mapping[str, InnerValue]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: its kind with its facts; `wording/differences.py` has the words.

    Attributes:
        facts: Names, ids and exact amounts, by name. Units are rows: quantity, product, and an agreement or a last day.
        text: The sentence, of a difference that an earlier program kept in words alone.
    """

    kind: DifferenceKind
    facts: DifferenceFacts = field(default_factory=dict)
    text: str = ""

    @property
    def mark(self) -> str:
        """Identifies the difference, however much of the subscription was read."""
        if self.kind is DifferenceKind.NEVER_CARRIED:
            return self.kind.value
        return self.text or f"{self.kind.value} {dict(sorted(self.facts.items()))}"

    @property
    def fact(self) -> str | DifferenceFacts:
        """The difference as a fact of the problem that tells of it."""
        return self.text or {"kind": self.kind.value, **self.facts}


@dataclass(frozen=True, slots=True)
class TaskDifferences:
    """The differences a task tells of."""

    task_id: TaskId
    found: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class UnreadRecord:
    """A record of the marketplace that could not be read: the problem it makes, and what the marketplace said."""

    code: ProblemCode
    words: str


@dataclass(frozen=True, slots=True)
class Unread:
    """Which records could not be read, by name (`subscription S1`)."""

    records: Mapping[str, UnreadRecord]
