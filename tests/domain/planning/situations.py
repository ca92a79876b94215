"""The agreement and product of examples.md, and short ways to say what happens to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ids import (
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
    Subscription,
    SubscriptionProduct,
    SubscriptionStatus,
)
from cwtui.domain.periods import BillingCycle
from cwtui.domain.planning import PlanningFacts, PlanningRules
from cwtui.domain.plans import Plan
from cwtui.domain.psa import Addition, AdditionValues, Agreement, CatalogItem, billed_through
from cwtui.domain.tasks import Task, TaskKind, TaskStatus

PRODUCT = ProductId("PRD1")
SUBSCRIPTION = SubscriptionId("1000048531")
AGREEMENT = Agreement(
    id=AgreementId(7),
    name="Green Lane monthly",
    company_id=CompanyId(3),
    cycle=BillingCycle.MONTHLY,
    start=date(2026, 1, 1),
    bill_start=date(2026, 1, 1),
    next_invoice=date(2026, 12, 1),
    currency="EUR",
)
ITEM = CatalogItem(id=CatalogItemId(11), identifier="EXO-P1", price=Decimal("5.00"), cost=Decimal("4.00"), taxable=True)
MAPPINGS = Mappings(
    [
        Mapping(MappingKey(MappingKind.CUSTOMER, "C1"), 3),
        Mapping(MappingKey(MappingKind.PRODUCT, PRODUCT), 11),
        Mapping(MappingKey(MappingKind.AGREEMENT, SUBSCRIPTION), 7),
    ]
)


def eur(amount: str) -> Price:
    return Price(Decimal(amount), "EUR")


def line(
    kind: str,
    quantity: str | None,
    price: str | None = "4.50",
    *,
    extended: str | None = None,
    product: str = PRODUCT,
) -> OrderLine:
    return OrderLine(
        type=kind,
        product_id=ProductId(product),
        quantity=None if quantity is None else Decimal(quantity),
        unit_price=None if price is None else eur(price),
        extended=None if extended is None else eur(extended),
    )


def order(kind: OrderType, *lines: OrderLine, provisioned: date | None = None, created: date | None = None) -> Order:
    at = created or provisioned or date(2026, 11, 11)
    return Order(
        id=OrderId("500"),
        number="SO000500",
        type=kind,
        status=OrderStatus.COMPLETED,
        customer_id=CustomerId("C1"),
        created=datetime(at.year, at.month, at.day, 9, tzinfo=UTC),
        provisioned=None
        if provisioned is None
        else datetime(provisioned.year, provisioned.month, provisioned.day, 10, tzinfo=UTC),
        lines=lines,
        subscription_id=SUBSCRIPTION,
        detailed=True,
    )


def subscription(
    quantity: str = "10",
    *,
    model: BillingModel = BillingModel.BEFORE_BILLING_PERIOD,
    expiration: date | None = None,
    price: str = "4.50",
) -> Subscription:
    held = SubscriptionProduct(
        PRODUCT, "Exchange Online (Plan 1)", quantity=Decimal(quantity), unit_price=eur(price), unit_cost=eur("3.60")
    )
    return Subscription(
        id=SUBSCRIPTION,
        name="Exchange Online",
        customer_id=CustomerId("C1"),
        status=SubscriptionStatus.ACTIVE,
        billing_model=model,
        billing_period=Duration("month", Decimal(1)),
        expiration=expiration,
        plan_id="10005",
        products=(held,),
        detailed=True,
    )


def standing(
    quantity: str,
    effective: date,
    *,
    addition: int = 90,
    price: str = "4.50",
    until: date | None = None,
    product: str = PRODUCT,
    task: str = "1",
) -> Link:
    values = AdditionValues(
        catalog_item_id=ITEM.id,
        quantity=Decimal(quantity),
        unit_price=Decimal(price),
        unit_cost=Decimal("3.60"),
        effective=effective,
        cancelled=until,
        taxable=True,
        description="Exchange Online (Plan 1)",
    )
    return Link(
        addition_id=AdditionId(addition),
        agreement_id=AGREEMENT.id,
        subscription_id=SUBSCRIPTION,
        product_id=ProductId(product),
        charge=Charge.RECURRING,
        values=values,
        task_id=task_id(OrderId(task), SUBSCRIPTION),
        at=datetime(2026, 11, 1, tzinfo=UTC),
        is_standing=True,
    )


_KINDS = {
    OrderType.SALES: TaskKind.SALES_ORDER,
    OrderType.CHANGE: TaskKind.CHANGE_ORDER,
    OrderType.CANCELLATION: TaskKind.CANCELLATION_ORDER,
    OrderType.RENEWAL: TaskKind.RENEWAL_ORDER,
    OrderType.MIGRATION: TaskKind.RECONCILIATION,
    OrderType.UNKNOWN: TaskKind.BILLING_ORDER,
}


def facts(
    made: Order | None,
    held: Subscription | None = None,
    *,
    agreement: Agreement | None = AGREEMENT,
    links: tuple[Link, ...] = (),
    mappings: Mappings = MAPPINGS,
    rules: PlanningRules | None = None,
    today: date = date(2026, 11, 23),
    is_newest: bool = True,
    items: tuple[CatalogItem, ...] = (ITEM,),
) -> PlanningFacts:
    kind = _KINDS[made.type] if made else TaskKind.SALES_ORDER
    task = Task(
        id=task_id(made.id if made else OrderId("initial"), SUBSCRIPTION),
        kind=kind,
        status=TaskStatus.READY,
        customer_id=CustomerId("C1"),
        customer_name="Green Lane LLC",
        subscription_id=SUBSCRIPTION,
        subscription_name="Exchange Online",
        order_id=made.id if made else OrderId("initial"),
        order_number=made.number if made else "initial",
        order_created=made.created if made else None,
    )
    additions = {link.addition_id: Addition(link.addition_id, link.agreement_id, link.values) for link in links}
    return PlanningFacts(
        task=task,
        order=made,
        subscription=held or subscription(),
        mappings=mappings,
        agreement=agreement,
        billed_through=billed_through(agreement, None) if agreement else None,
        today=today,
        rules=rules or PlanningRules(),
        catalog_items={item.id: item for item in items},
        links=links,
        additions=additions,
        is_newest=is_newest,
    )


def codes(plan: Plan) -> list[str]:
    """The problems of a plan, by code."""
    return [problem.code.value for problem in plan.problems]


def descriptions(plan: Plan) -> list[str]:
    """What the invoice will say of each created addition."""
    return [change.after.description for change in plan.changes if change.after and change.before is None]


def next_invoice(day: date, **changes: object) -> Agreement:
    return replace(AGREEMENT, next_invoice=day, **changes)  # type: ignore[arg-type]


def written(plan: Plan) -> list[str]:
    """A plan in one line per change, as the tables of these tests say it."""
    rows = []
    for change in plan.changes:
        after, before = change.after, change.before
        if after is None:
            assert before is not None
            rows.append(f"delete {before.values.quantity}")
        elif before is not None:
            rows.append(f"end {before.values.quantity} on {after.cancelled}")
        else:
            until = f" to {after.cancelled}" if after.cancelled else ""
            money = f"{_short(after.unit_price)} (cost {_short(after.unit_cost)})"
            rows.append(f"{after.quantity} × {money} from {after.effective}{until}")
    return rows


def _short(amount: Decimal) -> str:
    return f"{amount.normalize():f}" if amount != amount.to_integral() else f"{amount.quantize(Decimal(1)):f}"
