"""What customers bought: the marketplace's customers, products, subscriptions and orders (README.md)."""

from __future__ import annotations

from dataclasses import field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from cwtui.domain.ids import CustomerId, Mpn, OrderId, ProductId, SubscriptionId
from cwtui.domain.lazily import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """An amount in a currency."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address, as far as it is known; empty texts where it is not."""

    street: str = ""
    extension: str = ""
    postal_code: str = ""
    city: str = ""
    state: str = ""
    country_code: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """A marketplace account."""

    id: CustomerId
    name: str
    external_id: str = ""
    status: str = "active"
    address: Address = Address()
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductCost:
    """One entry of a product's `costs` in the catalogue; `charge` is recurring, setup or overuse."""

    charge: str
    cost: Price


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the marketplace's catalogue."""

    id: ProductId
    name: str
    mpn: Mpn = Mpn("")
    vendor: str = ""
    costs: tuple[ProductCost, ...] = ()


class BillingModel(StrEnum):
    """When the marketplace charges for a subscription (check.md#billed-before-the-period)."""

    BEFORE_BILLING_PERIOD = "chargeBeforeBillingPeriod"
    AFTER_BILLING_PERIOD = "chargeAfterBillingPeriod"
    BEFORE_SUBSCRIPTION_PERIOD = "chargeBeforeSubscriptionPeriod"
    EXTERNAL_RATING = "chargeExternalRating"
    UNKNOWN = "unknown"

    @property
    def is_usage_based(self) -> bool:
        """Usage-based subscriptions have no standing additions (plans.md#usage-based-subscriptions)."""
        return self in {BillingModel.AFTER_BILLING_PERIOD, BillingModel.EXTERNAL_RATING}

    @property
    def bills_ahead(self) -> bool:
        """The standing addition already bills the recurring lines of a billing order.

        Rule: check.md#billed-before-the-period.
        """
        return self in {BillingModel.BEFORE_BILLING_PERIOD, BillingModel.BEFORE_SUBSCRIPTION_PERIOD}


@dataclass(frozen=True, slots=True)
class Duration:
    """A period length in the marketplace's words: `type` is day, month, year, statement_day or unknown."""

    type: str
    length: Decimal


@dataclass(frozen=True, slots=True)
class SubscriptionProduct:
    """How much of a product a subscription holds now, and at which price."""

    id: ProductId
    name: str
    mpn: Mpn = Mpn("")
    quantity: Decimal | None = None
    unit_price: Price | None = None
    unit_cost: Price | None = None


class SubscriptionStatus(StrEnum):
    """The marketplace's states of a subscription."""

    PENDING = "pending"
    ACTIVE = "active"
    HOLD = "hold"
    TERMINATED = "terminated"
    REMOVED = "removed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription; `products` and `plan_id` are known only from its detailed form (`detailed`).

    Attributes:
        modified: The day of its last change on the marketplace; None where the marketplace does not say.
    """

    id: SubscriptionId
    name: str
    customer_id: CustomerId
    status: SubscriptionStatus
    billing_model: BillingModel = BillingModel.UNKNOWN
    billing_period: Duration | None = None
    expiration: date | None = None
    created: date | None = None
    plan_id: str = ""
    products: tuple[SubscriptionProduct, ...] = ()
    detailed: bool = False
    modified: date | None = None

    def product(self, product_id: ProductId) -> SubscriptionProduct | None:
        """The product of that id, or None."""
        return next((product for product in self.products if product.id == product_id), None)


class OrderType(StrEnum):
    """The marketplace's order types."""

    SALES = "sales"
    CHANGE = "change"
    RENEWAL = "renewal"
    CANCELLATION = "cancellation"
    MIGRATION = "migration"
    UNKNOWN = "unknown"


class OrderStatus(StrEnum):
    """The marketplace's order states (check.md#following-orders)."""

    SUBMITTED = "submitted"
    PROCESSING = "processing"
    ERROR = "error"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """The order may still complete, however long that takes: one that failed is often submitted again."""
        return self in {OrderStatus.SUBMITTED, OrderStatus.PROCESSING, OrderStatus.ERROR}


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One detail line of an order.

    Attributes:
        type: The marketplace's line type (`recurring`, `setup`, …), as it was sent.
        product_id: Empty for a line that is the plan's own fee (plans.md#charges).
        quantity: None if the line names none.
        extended: What the marketplace charged on this line.
    """

    type: str
    product_id: ProductId = ProductId("")
    mpn: Mpn = Mpn("")
    description: str = ""
    quantity: Decimal | None = None
    unit_price: Price | None = None
    extended: Price | None = None


@dataclass(frozen=True, slots=True)
class OrderProduct:
    """A product of a detailed order: names the subscription its lines belong to (check.md#subscription-of-a-line).

    Attributes:
        target_id: The subscription that units are moved to; empty where nothing is moved.
    """

    id: ProductId
    name: str = ""
    subscription_id: SubscriptionId = SubscriptionId("")
    target_id: SubscriptionId = SubscriptionId("")


@dataclass(frozen=True, slots=True)
class Order:
    """An order; `products` and `subscription_id` are known only from its detailed form (`detailed`).

    `created` and `provisioned` are aware UTC moments.

    Attributes:
        target_id: The subscription that the order moves something to; empty where it moves nothing.
    """

    id: OrderId
    number: str
    type: OrderType
    status: OrderStatus
    customer_id: CustomerId
    created: datetime
    provisioned: datetime | None = None
    lines: tuple[OrderLine, ...] = ()
    products: tuple[OrderProduct, ...] = field(default=())
    subscription_id: SubscriptionId = SubscriptionId("")
    detailed: bool = False
    target_id: SubscriptionId = SubscriptionId("")

    @property
    def effective(self) -> date:
        """e: the provisioning date, else the creation date, in UTC (plans.md#effective-date)."""
        return (self.provisioned or self.created).date()
