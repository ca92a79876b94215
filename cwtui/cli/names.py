"""Names beside ids, as far as the state knows them."""

from __future__ import annotations

from cwtui.domain.ids import SubscriptionId
from cwtui.engine.facade import Engine


def customer_of(engine: Engine, subscription: SubscriptionId) -> str:
    """The customer of a subscription by name, else by id; empty where it is not known."""
    name, number = engine.workbench.customer_of(subscription)
    return name or number
