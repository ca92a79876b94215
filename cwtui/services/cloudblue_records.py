"""The marketplace's records and the domain values they become (CloudBlue SimpleAPI 1.15)."""

from __future__ import annotations

from cwtui.domain.ids import CustomerId, Mpn, OrderId, ProductId, SubscriptionId
from cwtui.domain.marketplace import (
    Address,
    BillingModel,
    Customer,
    Duration,
    Order,
    OrderLine,
    OrderProduct,
    OrderStatus,
    OrderType,
    Price,
    Product,
    ProductCost,
    Subscription,
    SubscriptionProduct,
    SubscriptionStatus,
)
from cwtui.services.reading import Amount, Day, Moment, Reader, Text, WireRecord, needed

# A look-up, not a call: calling an enum costs more than the rest of reading a row.
_ORDER_TYPES = {member.value: member for member in OrderType}
_ORDER_STATUSES = {member.value: member for member in OrderStatus}
_SUBSCRIPTION_STATUSES = {member.value: member for member in SubscriptionStatus}
_BILLING_MODELS = {member.value: member for member in BillingModel}


class _Money(WireRecord):
    amount: Amount = None
    currency: Text = None

    def price(self) -> Price | None:
        return None if self.amount is None else Price(self.amount, self.currency or "")


def _price(money: _Money | None) -> Price | None:
    return None if money is None else money.price()


class _Period(WireRecord):
    type: Text = None
    duration: Amount = None


def _duration(period: _Period | None) -> Duration | None:
    if period is None or not period.type or period.duration is None:
        return None
    return Duration(period.type, period.duration)


class _Address(WireRecord):
    street_address: Text = None
    address_extension: Text = None
    postal_code: Text = None
    city: Text = None
    state: Text = None
    country_code: Text = None


class _Person(WireRecord):
    email: Text = None


class _Customer(WireRecord):
    id: Text = None
    name: Text = None
    external_id: Text = None
    status: Text = None
    address: _Address | None = None
    contact_persons: list[_Person | None] | None = None


def _customer(row: _Customer) -> Customer:
    at = row.address or _Address()
    emails = [person.email for person in row.contact_persons or () if person and person.email]
    return Customer(
        id=CustomerId(needed(row.id, "id")),
        name=row.name or "",
        external_id=row.external_id or "",
        status=row.status or "active",
        address=Address(
            street=at.street_address or "",
            extension=at.address_extension or "",
            postal_code=at.postal_code or "",
            city=at.city or "",
            state=at.state or "",
            country_code=at.country_code or "",
        ),
        emails=tuple(dict.fromkeys(emails)),
    )


class _Cost(_Money):
    type: Text = None


class _Product(WireRecord):
    id: Text = None
    name: Text = None
    mpn: Text = None
    vendor: Text = None
    costs: list[_Cost] | None = None


def _product(row: _Product) -> Product:
    costs = [(cost.type or "", cost.price()) for cost in row.costs or ()]
    return Product(
        id=ProductId(needed(row.id, "id")),
        name=row.name or "",
        mpn=Mpn(row.mpn or ""),
        vendor=row.vendor or "",
        costs=tuple(ProductCost(charge, price) for charge, price in costs if price is not None),
    )


class _SubscriptionProduct(WireRecord):
    id: Text = None
    name: Text = None
    mpn: Text = None
    quantity: Amount = None
    unit_price: _Money | None = None
    unit_cost: _Money | None = None


class _Subscription(WireRecord):
    id: Text = None
    name: Text = None
    customer_id: Text = None
    status: Text = None
    billing_model: Text = None
    billing_period: _Period | None = None
    expiration_date: Day = None
    creation_date: Day = None
    last_modified_date: Day = None
    plan_id: Text = None
    products: list[_SubscriptionProduct] | None = None


def _subscription(row: _Subscription, *, detailed: bool = False) -> Subscription:
    return Subscription(
        id=SubscriptionId(needed(row.id, "id")),
        name=row.name or "",
        customer_id=CustomerId(needed(row.customer_id, "customerId")),
        status=_SUBSCRIPTION_STATUSES.get(row.status or "", SubscriptionStatus.UNKNOWN),
        billing_model=_BILLING_MODELS.get(row.billing_model or "", BillingModel.UNKNOWN),
        billing_period=_duration(row.billing_period),
        expiration=row.expiration_date,
        created=row.creation_date,
        plan_id=row.plan_id or "",
        products=tuple(_subscription_product(product) for product in row.products or ()),
        detailed=detailed,
        modified=row.last_modified_date,
    )


def _subscription_product(row: _SubscriptionProduct) -> SubscriptionProduct:
    return SubscriptionProduct(
        id=ProductId(needed(row.id, "products.id")),
        name=row.name or "",
        mpn=Mpn(row.mpn or ""),
        quantity=row.quantity,
        unit_price=_price(row.unit_price),
        unit_cost=_price(row.unit_cost),
    )


class _OrderLine(WireRecord):
    type: Text = None
    product_id: Text = None
    mpn: Text = None
    description: Text = None
    quantity: Amount = None
    unit_price: _Money | None = None
    extended_price: _Money | None = None


class _OrderProduct(WireRecord):
    id: Text = None
    name: Text = None
    subscription_id: Text = None
    target_subscription_id: Text = None


class _Order(WireRecord):
    id: Text = None
    order_number: Text = None
    type: Text = None
    status: Text = None
    customer_id: Text = None
    creation_date: Moment = None
    provisioning_date: Moment = None
    details: list[_OrderLine] | None = None
    products: list[_OrderProduct] | None = None
    subscription_id: Text = None
    target_subscription_id: Text = None


def _order(row: _Order, *, detailed: bool = False) -> Order:
    if row.creation_date is None:
        raise ValueError("creationDate: missing")
    status = _ORDER_STATUSES.get(needed(row.status, "status"))
    if status is None:
        raise ValueError(f"status: {row.status!r} is not one of {', '.join(_ORDER_STATUSES)}")
    return Order(
        id=OrderId(needed(row.id, "id")),
        number=row.order_number or "",
        type=_ORDER_TYPES.get(row.type or "", OrderType.UNKNOWN),
        status=status,
        customer_id=CustomerId(needed(row.customer_id, "customerId")),
        created=row.creation_date,
        provisioned=row.provisioning_date,
        lines=tuple(_order_line(line) for line in row.details or ()),
        products=tuple(_order_product(product) for product in row.products or ()),
        subscription_id=SubscriptionId(row.subscription_id or ""),
        detailed=detailed,
        target_id=SubscriptionId(row.target_subscription_id or ""),
    )


def _order_line(row: _OrderLine) -> OrderLine:
    return OrderLine(
        type=row.type or "unknown",
        product_id=ProductId(row.product_id or ""),
        mpn=Mpn(row.mpn or ""),
        description=row.description or "",
        quantity=row.quantity,
        unit_price=_price(row.unit_price),
        extended=_price(row.extended_price),
    )


def _order_product(row: _OrderProduct) -> OrderProduct:
    return OrderProduct(
        ProductId(row.id or ""),
        row.name or "",
        SubscriptionId(row.subscription_id or ""),
        SubscriptionId(row.target_subscription_id or ""),
    )


CUSTOMERS = Reader(_Customer, _customer)
PRODUCTS = Reader(_Product, _product)
SUBSCRIPTIONS = Reader(_Subscription, _subscription)
ORDERS = Reader(_Order, _order)
SUBSCRIPTION_DETAILS = Reader(_Subscription, lambda row: _subscription(row, detailed=True))
ORDER_DETAILS = Reader(_Order, lambda row: _order(row, detailed=True))
