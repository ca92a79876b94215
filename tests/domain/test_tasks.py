"""check.md: which subscription a line belongs to, which kind a task is, which comes first.

Rules: check.md#order-kinds, check.md#order-of-tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from cwtui.domain.charges import Charge, charge_of
from cwtui.domain.ids import INITIAL, CustomerId, OrderId, ProductId, SubscriptionId, task_id
from cwtui.domain.marketplace import Order, OrderLine, OrderProduct, OrderStatus, OrderType, Price
from cwtui.domain.tasks import (
    Task,
    TaskKind,
    TaskStatus,
    kind_of,
    lines_of,
    stray_lines,
    subscription_of,
    subscriptions_of,
)

ONE, TWO = SubscriptionId("S1"), SubscriptionId("S2")


def order(kind: OrderType = OrderType.SALES, *types: str, number: str = "SO1", subscription: str = "") -> Order:
    return Order(
        OrderId("1"),
        number,
        kind,
        OrderStatus.COMPLETED,
        CustomerId("C1"),
        datetime(2026, 11, 1, tzinfo=UTC),
        lines=tuple(OrderLine(each, ProductId(f"P{n}")) for n, each in enumerate(types)),
        subscription_id=SubscriptionId(subscription),
        products=(OrderProduct(ProductId("P0"), "", ONE), OrderProduct(ProductId("P1"), "", TWO)),
    )


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        pytest.param(order(OrderType.SALES), TaskKind.SALES_ORDER, id="sales"),
        pytest.param(order(OrderType.CHANGE), TaskKind.CHANGE_ORDER, id="change"),
        pytest.param(order(OrderType.CANCELLATION), TaskKind.CANCELLATION_ORDER, id="cancellation"),
        pytest.param(order(OrderType.RENEWAL), TaskKind.RENEWAL_ORDER, id="renewal"),
        pytest.param(order(OrderType.MIGRATION), TaskKind.RECONCILIATION, id="migration"),
        pytest.param(order(OrderType.UNKNOWN, "setup", number="BO12"), TaskKind.BILLING_ORDER, id="unknown, BO…"),
        pytest.param(
            order(OrderType.UNKNOWN, "recurring", "overuse", "billRecord"),
            TaskKind.BILLING_ORDER,
            id="unknown, use only",
        ),
        pytest.param(order(OrderType.UNKNOWN, "recurring", "setup"), None, id="unknown, with a setup fee"),
        pytest.param(order(OrderType.UNKNOWN), None, id="unknown, without lines"),
        pytest.param(order(OrderType.SALES, "overuse", number="BO1"), TaskKind.SALES_ORDER, id="a sale named BO…"),
    ],
)
def test_kind_of_an_order(made: Order, kind: TaskKind | None) -> None:
    assert kind_of(made) is kind


def test_a_line_belongs_to_the_orders_subscription_else_to_its_products() -> None:
    several = order(OrderType.SALES, "setup", "recurring", "setup")
    assert [subscription_of(each, several) for each in several.lines] == [ONE, TWO, None]
    assert subscriptions_of(several) == (ONE, TWO)
    assert lines_of(several, TWO) == several.lines[1:2]
    own = replace(several, subscription_id=TWO)
    assert [subscription_of(each, own) for each in own.lines] == [TWO, TWO, TWO]
    assert subscriptions_of(own) == (TWO,)
    assert (lines_of(own, TWO), lines_of(own, ONE)) == (own.lines, ())


def test_lines_of_several_subscriptions_that_name_none_are_strays_if_they_charge() -> None:
    several = order(OrderType.SALES, "setup", "recurring", "setup", "transfer")
    free = replace(several.lines[2], extended=Price(Decimal(0), "EUR"))
    paid = several.lines[3]
    several = replace(several, lines=(*several.lines[:2], free, paid))
    assert stray_lines(several) == (paid,)
    assert stray_lines(replace(several, subscription_id=ONE)) == ()
    single = replace(several, products=several.products[:1])
    assert (stray_lines(single), lines_of(single, ONE)) == ((), single.lines)


A, B = SubscriptionId("A"), SubscriptionId("B")
MOVES = [
    pytest.param(A, B, (), (A, B), A, id="named on the order"),
    pytest.param("", "", [(A, B)], (A, B), A, id="named on its product"),
    pytest.param("", B, [(A, "")], (A, B), A, id="the source on the product, the target on the order"),
    pytest.param("", "", [(A, B), (A, B)], (A, B), A, id="two products that move alike"),
    pytest.param("", B, [("", "")], (B,), B, id="only the target named"),
    pytest.param(A, A, (), (A,), A, id="within one subscription"),
]


@pytest.mark.parametrize(("own", "target", "products", "touched", "billed"), MOVES)
def test_an_order_that_moves_units_touches_both_ends_and_bills_one(
    own: SubscriptionId,
    target: SubscriptionId,
    products: Sequence[tuple[SubscriptionId, SubscriptionId]],
    touched: tuple[SubscriptionId, ...],
    billed: SubscriptionId,
) -> None:
    """(check.md#moved-seats)"""
    named = tuple(OrderProduct(ProductId(f"P{at}"), "", *ends) for at, ends in enumerate(products))
    made = replace(order(OrderType.CHANGE, "recurring"), subscription_id=own, target_id=target, products=named)
    assert subscriptions_of(made) == touched
    assert {name: bool(lines_of(made, name)) for name in touched} == {name: name == billed for name in touched}
    assert stray_lines(made) == ()


@pytest.mark.parametrize(
    ("line_type", "charge"),
    [
        ("setup", Charge.SETUP),
        ("recurring", Charge.RECURRING),
        ("overuse", Charge.OVERUSE),
        ("cancellation", Charge.CANCELLATION),
        ("recurringRefund", Charge.CREDIT),
        ("downgrade", Charge.CREDIT),
        ("setupRefund", Charge.CREDIT),
        ("renew", Charge.RECURRING),
        ("billRecord", Charge.USAGE),
        ("transfer", Charge.OTHER),
        ("handlingFee", Charge.OTHER),
        ("switch", Charge.OTHER),
        ("nonProvisioningItem", Charge.OTHER),
        ("adjustment", Charge.OTHER),
        ("discount", Charge.OTHER),
        ("Setup", None),
        ("", None),
    ],
)
def test_charge_of_a_line_type(line_type: str, charge: Charge | None) -> None:
    assert charge_of(line_type) is charge


def test_tasks_run_oldest_first_and_initial_before_all() -> None:
    noon = datetime(2026, 11, 1, 12, tzinfo=UTC)
    east = noon.astimezone(timezone(timedelta(hours=13)))

    def task(name: str, created: datetime | None) -> Task:
        order_id = OrderId(name)
        kind, status, customer = TaskKind.SALES_ORDER, TaskStatus.READY, CustomerId("C")
        return Task(task_id(order_id, ONE), kind, status, customer, "", ONE, "", order_id, name, created)

    tasks = [task("10", noon), task("9", east), task("3", noon + timedelta(1)), task(INITIAL, None), task("SO-1", noon)]
    ordered = [each.order_id for each in sorted(tasks, key=lambda each: each.queue_key)]
    assert ordered == [INITIAL, "9", "10", "SO-1", "3"]


def test_only_synced_and_skipped_tasks_let_the_next_go_on() -> None:
    assert {status for status in TaskStatus if not status.is_open} == {TaskStatus.SYNCED, TaskStatus.SKIPPED}
