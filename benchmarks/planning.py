"""Plans a second: ten thousand tasks of every kind, planned from facts in memory on one core."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from benchmarks.report import BenchmarkRow
from cwtui.domain.charges import Charge
from cwtui.domain.ids import (
    INITIAL,
    AdditionId,
    AgreementId,
    CatalogItemId,
    CompanyId,
    CustomerId,
    OrderId,
    ProductId,
    SubscriptionId,
    task_id,
)
from cwtui.domain.mappings import Link, Mapping, MappingKey, MappingKind, Mappings
from cwtui.domain.marketplace import (
    BillingModel,
    Duration,
    Order,
    OrderLine,
    OrderStatus,
    OrderType,
    Price,
    Product,
    ProductCost,
    Subscription,
    SubscriptionProduct,
    SubscriptionStatus,
)
from cwtui.domain.periods import BillingCycle
from cwtui.domain.planning import PlanningFacts, plan_task
from cwtui.domain.psa import Addition, AdditionValues, Agreement, CatalogItem, billed_through
from cwtui.domain.tasks import Task, TaskKind, TaskStatus

SIZES = (1_000, 10_000)
REACH = 20_000.0
_ROUNDS = 5
_PRODUCTS = 60
_TODAY = date(2026, 11, 23)
_FIRST = date(2026, 1, 1)
_CATALOGUE = {ProductId(f"PRD{n}"): n for n in range(_PRODUCTS)}
_MIX = (
    (TaskKind.SALES_ORDER, OrderType.SALES),
    (TaskKind.CHANGE_ORDER, OrderType.CHANGE),
    (TaskKind.CHANGE_ORDER, OrderType.CHANGE),
    (TaskKind.BILLING_ORDER, OrderType.UNKNOWN),
    (TaskKind.BILLING_ORDER, OrderType.UNKNOWN),
    (TaskKind.CANCELLATION_ORDER, OrderType.CANCELLATION),
    (TaskKind.RENEWAL_ORDER, OrderType.RENEWAL),
    (TaskKind.SALES_ORDER, None),
)
"""What a month brings, in eighths; the last is a task of the first check."""


def rows(sizes: Sequence[int] = SIZES) -> list[BenchmarkRow]:
    """Plans a second of one core's own time, at each size: the median of several rounds."""
    seconds = {size: _median_seconds(situations(size)) for size in sizes}
    rates = {size: size / taken for size, taken in seconds.items()}
    return [
        BenchmarkRow(
            what="plan 10,000 tasks",
            reference="—",
            measured=rates[max(sizes)],
            reach=REACH,
            unit="plans/s",
            sizes=rates,
            seconds=seconds,
            at_least=True,
        )
    ]


def _median_seconds(facts: Sequence[PlanningFacts]) -> float:
    taken = []
    for _ in range(_ROUNDS):
        gc.collect()
        begin = time.process_time()
        _plan_all(facts)
        taken.append(time.process_time() - begin)
    return statistics.median(taken)


def _plan_all(facts: Sequence[PlanningFacts]) -> None:
    """As the engine does: each plan is looked at and let go of before the next is made."""
    for each in facts:
        plan_task(each)


def situations(count: int) -> list[PlanningFacts]:
    """Tasks of every kind over as many subscriptions: two cycles, 700 prices, sixty products, any day."""
    mappings = Mappings()
    for product, n in _CATALOGUE.items():
        mappings.put(Mapping(MappingKey(MappingKind.PRODUCT, product), n))
    items = {CatalogItemId(n): CatalogItem(CatalogItemId(n), f"ITEM-{n}") for n in _CATALOGUE.values()}
    return [_situation(n, mappings, items) for n in range(count)]


def _situation(n: int, mappings: Mappings, items: dict[CatalogItemId, CatalogItem]) -> PlanningFacts:
    kind, order_type = _MIX[n % len(_MIX)]
    subscription = _subscription(n, uses=kind is TaskKind.BILLING_ORDER)
    agreement = Agreement(
        id=AgreementId(n % 2_500),
        name=f"Agreement {n % 2_500}",
        company_id=CompanyId(n % 500),
        cycle=BillingCycle.YEARLY if n % 7 == 0 else BillingCycle.MONTHLY,
        bill_start=_FIRST + timedelta(days=n % 28),
        next_invoice=date(2027, 1, 1) + timedelta(days=n % 28) if n % 7 == 0 else date(2026, 12, 1 + n % 28),
        currency="EUR",
        prorates=n % 11 == 0,
    )
    mappings.put(Mapping(MappingKey(MappingKind.CUSTOMER, subscription.customer_id), n % 500))
    mappings.put(Mapping(MappingKey(MappingKind.AGREEMENT, subscription.id), n % 2_500))
    order = _order(n, order_type, subscription) if order_type else None
    links = () if kind in {TaskKind.SALES_ORDER, TaskKind.BILLING_ORDER} else (_link(n, subscription, agreement),)
    product = subscription.products[0]
    return PlanningFacts(
        task=_task(kind, order, subscription),
        order=order,
        subscription=subscription,
        mappings=mappings,
        agreement=agreement,
        billed_through=billed_through(agreement, None),
        today=_TODAY,
        catalog_items=items,
        products={product.id: Product(product.id, product.name, costs=(ProductCost("setup", Price(_CENTS, "EUR")),))},
        links=links,
        additions={link.addition_id: Addition(link.addition_id, link.agreement_id, link.values) for link in links},
    )


_CENTS = Decimal("0.75")


def _subscription(n: int, *, uses: bool) -> Subscription:
    held = SubscriptionProduct(
        ProductId(f"PRD{n % _PRODUCTS}"),
        f"Product {n % _PRODUCTS}",
        quantity=Decimal(15 + n % 40),
        unit_price=Price(_price(n), "EUR"),
        unit_cost=Price(_price(n) * Decimal("0.8"), "EUR"),
    )
    return Subscription(
        id=SubscriptionId(str(1_000_000 + n)),
        name=f"Subscription {n}",
        customer_id=CustomerId(f"C{n % 500}"),
        status=SubscriptionStatus.ACTIVE,
        billing_model=BillingModel.AFTER_BILLING_PERIOD if uses else BillingModel.BEFORE_BILLING_PERIOD,
        billing_period=Duration("year", Decimal(1)) if n % 7 == 0 else Duration("month", Decimal(1)),
        plan_id=str(n % 90),
        products=(held,),
        detailed=True,
    )


def _price(n: int) -> Decimal:
    return Decimal(450 + n % 700) / 100


def _order(n: int, order_type: OrderType, subscription: Subscription) -> Order:
    at = datetime(2026, 10, 1, 9, tzinfo=UTC) + timedelta(days=n % 61)
    held = subscription.products[0]
    return Order(
        id=OrderId(str(n)),
        number=f"{'BO' if order_type is OrderType.UNKNOWN else 'SO'}{n:06}",
        type=order_type,
        status=OrderStatus.COMPLETED,
        customer_id=subscription.customer_id,
        created=at,
        provisioned=at + timedelta(hours=1),
        lines=_lines(order_type, held),
        subscription_id=subscription.id,
        detailed=True,
    )


def _lines(order_type: OrderType, held: SubscriptionProduct) -> tuple[OrderLine, ...]:
    def line(kind: str, quantity: Decimal, price: Price | None) -> OrderLine:
        return OrderLine(kind, held.id, quantity=quantity, unit_price=price)

    quantity = held.quantity or Decimal(1)
    if order_type is OrderType.SALES:
        return (line("recurring", quantity, held.unit_price), line("setup", Decimal(1), Price(Decimal(25), "EUR")))
    if order_type is OrderType.CHANGE:
        return (line("recurring", Decimal(5), held.unit_price),)
    if order_type is OrderType.RENEWAL:
        return (line("renew", quantity, held.unit_price),)
    if order_type is OrderType.CANCELLATION:
        return ()
    return (
        line("recurring", Decimal(1), Price(Decimal(12), "EUR")),
        line("overuse", Decimal(30), Price(Decimal("0.08"), "EUR")),
    )


def _link(n: int, subscription: Subscription, agreement: Agreement) -> Link:
    held = subscription.products[0]
    values = AdditionValues(
        catalog_item_id=CatalogItemId(n % _PRODUCTS),
        quantity=(held.quantity or Decimal(0)) - 5,
        unit_price=_price(n),
        unit_cost=_price(n),
        effective=agreement.bill_start or _FIRST,
    )
    return Link(
        addition_id=AdditionId(n),
        agreement_id=agreement.id,
        subscription_id=subscription.id,
        product_id=held.id,
        charge=Charge.RECURRING,
        values=values,
        task_id=task_id(INITIAL, subscription.id),
        at=datetime(2026, 9, 1, tzinfo=UTC),
        is_standing=True,
    )


def _task(kind: TaskKind, order: Order | None, subscription: Subscription) -> Task:
    order_id = order.id if order else INITIAL
    return Task(
        id=task_id(order_id, subscription.id),
        kind=kind,
        status=TaskStatus.READY,
        customer_id=subscription.customer_id,
        customer_name="Green Lane LLC",
        subscription_id=subscription.id,
        subscription_name=subscription.name,
        order_id=order_id,
        order_number=order.number if order else "initial",
        order_created=order.created if order else None,
    )


if __name__ == "__main__":
    for row in rows():
        print({size: round(rate) for size, rate in row.sizes.items()}, row.unit, row.exponent)
