"""Identifiers as types, so that mypy stops one from being used for another (README.md)."""

from __future__ import annotations

from typing import NewType

CustomerId = NewType("CustomerId", str)
"""A marketplace account."""
ProductId = NewType("ProductId", str)
"""A marketplace product; `plan:<planId>` for a plan's own fee (plans.md#charges)."""
Mpn = NewType("Mpn", str)
SubscriptionId = NewType("SubscriptionId", str)
OrderId = NewType("OrderId", str)
"""A marketplace order, or `initial` (check.md#first-check)."""
TaskId = NewType("TaskId", str)

CompanyId = NewType("CompanyId", int)
CatalogItemId = NewType("CatalogItemId", int)
AgreementId = NewType("AgreementId", int)
AdditionId = NewType("AdditionId", int)

INITIAL = OrderId("initial")


def task_id(order: OrderId, subscription: SubscriptionId) -> TaskId:
    """Name the task of one (order, subscription) pair; the same pair always has the same name."""
    return TaskId(f"{order}.{subscription}")
