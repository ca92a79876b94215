"""A task that a check makes of a subscription itself, not of one of its orders."""

from __future__ import annotations

from datetime import datetime

from cwtui.domain.ids import OrderId, task_id
from cwtui.domain.marketplace import Customer, Subscription
from cwtui.domain.tasks import Task, TaskKind, TaskStatus


def new_task(
    subscription: Subscription,
    customer: Customer | None,
    *,
    kind: TaskKind,
    order: OrderId,
    number: str,
    created: datetime | None,
) -> Task:
    """The task, not planned yet.

    Args:
        subscription: Whose task it is.
        customer: Its customer, where it is known by name.
        kind: How it is planned.
        order: What stands for an order in its id.
        number: The same for people.
        created: When it takes its place behind the subscription's other tasks; None before all of them.
    """
    return Task(
        id=task_id(order, subscription.id),
        kind=kind,
        status=TaskStatus.NEEDS_ACTION,
        customer_id=subscription.customer_id,
        customer_name=customer.name if customer else subscription.customer_id,
        subscription_id=subscription.id,
        subscription_name=subscription.name or subscription.id,
        order_id=order,
        order_number=number,
        order_created=created,
    )
