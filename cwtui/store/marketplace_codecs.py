"""What the marketplace said, as documents and back. Every key is always written: what else a document holds is kept."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

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
from cwtui.store.table import Document


def number_document(number: Decimal | None) -> str | None:
    """A number as exact text."""
    return None if number is None else str(number)


def number_value(text: str | None) -> Decimal | None:
    """The number of an exact text."""
    return None if text is None else Decimal(text)


def moment_document(moment: date | datetime | None) -> str | None:
    """A day or a moment in ISO form."""
    return None if moment is None else moment.isoformat()


def day_value(text: str | None) -> date | None:
    """The day of an ISO text."""
    return None if text is None else date.fromisoformat(text)


def moment_value(text: str | None) -> datetime | None:
    """The moment of an ISO text."""
    return None if text is None else datetime.fromisoformat(text)


def _price_document(price: Price | None) -> list[str] | None:
    return None if price is None else [str(price.amount), price.currency]


def _price_value(pair: list[str] | None) -> Price | None:
    return None if pair is None else Price(Decimal(pair[0]), pair[1])


def customer_document(customer: Customer) -> Document:
    """A customer's document; the address is street, extension, postal code, city, state, country code."""
    address = customer.address
    return {
        "id": customer.id,
        "name": customer.name,
        "external_id": customer.external_id,
        "status": customer.status,
        "address": [
            address.street,
            address.extension,
            address.postal_code,
            address.city,
            address.state,
            address.country_code,
        ],
        "emails": list(customer.emails),
    }


def customer_value(document: Document) -> Customer:
    """The customer of a document."""
    return Customer(
        CustomerId(document["id"]),
        document["name"],
        document["external_id"],
        document["status"],
        Address(*document["address"]),
        tuple(document["emails"]),
    )


def product_document(product: Product) -> Document:
    """A catalogue product's document."""
    return {
        "id": product.id,
        "name": product.name,
        "mpn": product.mpn,
        "vendor": product.vendor,
        "costs": [[cost.charge, *(_price_document(cost.cost) or ())] for cost in product.costs],
    }


def product_value(document: Document) -> Product:
    """The catalogue product of a document."""
    costs = tuple(ProductCost(charge, Price(Decimal(cost), code)) for charge, cost, code in document["costs"])
    return Product(ProductId(document["id"]), document["name"], Mpn(document["mpn"]), document["vendor"], costs)


def subscription_document(subscription: Subscription) -> Document:
    """A subscription's document."""
    period = subscription.billing_period
    return {
        "id": subscription.id,
        "name": subscription.name,
        "customer_id": subscription.customer_id,
        "status": subscription.status.value,
        "billing_model": subscription.billing_model.value,
        "billing_period": None if period is None else [period.type, str(period.length)],
        "expiration": moment_document(subscription.expiration),
        "created": moment_document(subscription.created),
        "plan_id": subscription.plan_id,
        "products": [
            {
                "id": product.id,
                "name": product.name,
                "mpn": product.mpn,
                "quantity": number_document(product.quantity),
                "unit_price": _price_document(product.unit_price),
                "unit_cost": _price_document(product.unit_cost),
            }
            for product in subscription.products
        ],
        "detailed": subscription.detailed,
        "modified": moment_document(subscription.modified),
    }


def subscription_value(document: Document) -> Subscription:
    """The subscription of a document."""
    period = document["billing_period"]
    return Subscription(
        id=SubscriptionId(document["id"]),
        name=document["name"],
        customer_id=CustomerId(document["customer_id"]),
        status=SubscriptionStatus(document["status"]),
        billing_model=BillingModel(document["billing_model"]),
        billing_period=None if period is None else Duration(period[0], Decimal(period[1])),
        expiration=day_value(document["expiration"]),
        created=day_value(document["created"]),
        plan_id=document["plan_id"],
        products=tuple(_subscription_product(product) for product in document["products"]),
        detailed=document["detailed"],
        modified=day_value(document.get("modified")),
    )


def _subscription_product(document: dict[str, Any]) -> SubscriptionProduct:
    return SubscriptionProduct(
        ProductId(document["id"]),
        document["name"],
        Mpn(document["mpn"]),
        number_value(document["quantity"]),
        _price_value(document["unit_price"]),
        _price_value(document["unit_cost"]),
    )


def order_document(order: Order) -> Document:
    """An order's document."""
    return {
        "id": order.id,
        "number": order.number,
        "type": order.type.value,
        "status": order.status.value,
        "customer_id": order.customer_id,
        "created": order.created.isoformat(),
        "provisioned": moment_document(order.provisioned),
        "lines": [_line_document(line) for line in order.lines],
        "products": [
            [product.id, product.name, product.subscription_id, product.target_id] for product in order.products
        ],
        "subscription_id": order.subscription_id,
        "detailed": order.detailed,
        "target_id": order.target_id,
    }


def _line_document(line: OrderLine) -> Document:
    return {
        "type": line.type,
        "product_id": line.product_id,
        "mpn": line.mpn,
        "description": line.description,
        "quantity": number_document(line.quantity),
        "unit_price": _price_document(line.unit_price),
        "extended": _price_document(line.extended),
    }


def order_value(document: Document) -> Order:
    """The order of a document."""
    return Order(
        id=OrderId(document["id"]),
        number=document["number"],
        type=OrderType(document["type"]),
        status=OrderStatus(document["status"]),
        customer_id=CustomerId(document["customer_id"]),
        created=datetime.fromisoformat(document["created"]),
        provisioned=moment_value(document["provisioned"]),
        lines=tuple(_line(line) for line in document["lines"]),
        products=tuple(
            OrderProduct(ProductId(product), name, *map(SubscriptionId, subscriptions))
            for product, name, *subscriptions in document["products"]
        ),
        subscription_id=SubscriptionId(document["subscription_id"]),
        detailed=document["detailed"],
        target_id=SubscriptionId(document.get("target_id", "")),
    )


def _line(document: dict[str, Any]) -> OrderLine:
    return OrderLine(
        document["type"],
        ProductId(document["product_id"]),
        Mpn(document["mpn"]),
        document["description"],
        number_value(document["quantity"]),
        _price_value(document["unit_price"]),
        _price_value(document["extended"]),
    )
