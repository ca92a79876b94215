"""Names beside ids, as far as the state knows them."""

from __future__ import annotations

from cwtui.domain.ids import SubscriptionId
from cwtui.engine.facade import Engine


def customer_of(engine: Engine, subscription: SubscriptionId) -> str:
    """The customer of a subscription by name, else by id; empty where it is not known."""
    for task in engine.store.tasks_of(subscription)[:1]:
        return task.customer_name
    held = engine.workbench.subscription(subscription)
    customer = engine.store.customer(held.customer_id) if held else None
    return customer.name if customer else held.customer_id if held else ""
