"""What earlier checks saw, so that no order makes two tasks and none is missed (check.md#following-orders)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, Self

from cwtui.domain.ids import OrderId
from cwtui.domain.lazily import dataclass
from cwtui.domain.marketplace import Order, OrderStatus
from cwtui.engine.protocols import Store

_HISTORY = "check.history"


@dataclass(slots=True)
class History:
    """What earlier checks saw.

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
    def read(cls, store: Store) -> Self:
        """The history of a state; an empty one before its first check."""
        kept = store.fact(_HISTORY)
        return cls._of(kept) if isinstance(kept, dict) else cls()

    @classmethod
    def _of(cls, kept: Mapping[str, Any]) -> Self:
        return cls(
            real_moment=datetime.fromisoformat(kept["real_moment"]),
            first_since=datetime.fromisoformat(kept["first_since"]),
            ended_before=set(kept["ended_before"]),
            handled=dict(kept["handled"]),
            states=dict(kept.get("states", {})),
            follows_failed="states" in kept,
        )

    def note_open(self, orders: Iterable[Order]) -> None:
        """Remember in which state open orders were seen."""
        self.states.update((order.id, order.status.value) for order in orders if order.status.is_open)

    def may_be(self, order: OrderId, status: OrderStatus) -> bool:
        """An open order was last seen in that state, or it is not known in which."""
        return self.states.get(order, status) == status

    def note_handled(self, orders: Iterable[Order]) -> None:
        """These made their tasks."""
        self.handled.update((order.id, order.created.isoformat()) for order in orders)

    def makes_no_task(self, order: Order) -> bool:
        """It made its tasks already, or had ended before the first check."""
        is_older = self.first_since is not None and order.created < self.first_since
        return is_older or order.id in self.ended_before or order.id in self.handled

    def save(self, store: Store, now: datetime, since: datetime, open_orders: Collection[OrderId]) -> None:
        """Keep it for the next check, which looks back to `since`."""
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
