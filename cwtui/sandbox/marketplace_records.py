"""Short ways to put customers, products, subscriptions and orders into a world."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from cwtui.sandbox.records import Day, Records, moment
from cwtui.sandbox.table import Row

Line = Sequence[Any]
"""An order line: type, product id (empty for the plan's own fee), quantity, unit price, and a description if any."""

FIRST_IDS = {"customers": 1_000_000, "subscriptions": 1_000_040_000, "orders": 2_000_000}


class MarketplaceRecords(Records):
    """Adds to the marketplace. Amounts are text (`"4.50"`); every helper answers the record as kept."""

    def add_customer(self, name: str, *, id: str = "", country: str = "US", **fields: Any) -> Row:  # noqa: A002  # the field's name
        """A customer account with an address and an admin contact."""
        short = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum()) or "customer"
        row = {
            "id": id or self._marketplace_id("customers"),
            "status": "active",
            "name": name,
            "address": {
                "streetAddress": "12 Market Street",
                "postalCode": "10115",
                "city": "Springfield",
                "countryCode": country,
            },
            "contactPersons": [
                {
                    "type": "admin",
                    "firstName": "Alex",
                    "lastName": "Morgan",
                    "email": f"alex.morgan@{short}.example",
                    "phoneNumber": "1#555#0100#",
                }
            ],
            "language": "en",
            "resellerId": "1000001",
            **fields,
        }
        return self.marketplace["customers"].add(row)

    def add_product(
        self,
        id: str,  # noqa: A002  # the field's name
        name: str,
        *,
        mpn: str,
        price: str,
        cost: str,
        currency: str = "EUR",
        setup: tuple[str, str] | None = None,
        overuse: tuple[str, str] | None = None,
        billing_model: str = "chargeBeforeBillingPeriod",
        period: tuple[str, int] = ("month", 1),
        vendor: str = "Contoso",
    ) -> Row:
        """A product of the catalogue; `setup` and `overuse` are (price, cost) of those charges."""
        charges = {"recurring": (price, cost), "setup": setup, "overuse": overuse}
        offered = {kind: pair for kind, pair in charges.items() if pair}
        row = {
            "id": id,
            "mpn": mpn,
            "vendor": vendor,
            "serviceName": name,
            "name": name,
            "minimumQuantity": "1",
            "maximumQuantity": "10000",
            "prices": [
                {"type": kind, "model": "FLAT", "currency": currency, "amount": pair[0]}
                for kind, pair in offered.items()
            ],
            "costs": [
                {"type": kind, "model": "FLAT", "currency": currency, "amount": pair[1]}
                for kind, pair in offered.items()
            ],
            "billingPeriod": {"type": period[0], "duration": period[1]},
            "subscriptionPeriod": {"type": "year", "duration": 1},
            "billingModel": billing_model,
        }
        return self.marketplace["products"].add(row)

    def add_plan(self, id: str, name: str, *, period: tuple[str, int] = ("month", 1)) -> Row:  # noqa: A002  # the field's name
        """A service plan."""
        row = {
            "id": id,
            "name": name,
            "shortDescription": name,
            "published": True,
            "subscriptionPeriods": [{"type": "year", "duration": 1, "trial": False, "active": True}],
            "billingPeriod": {"type": period[0], "duration": period[1]},
            "billingModel": "chargeBeforeBillingPeriod",
        }
        return self.marketplace["plans"].add(row)

    def add_subscription(
        self,
        customer_id: str,
        products: Sequence[Sequence[Any]],
        *,
        id: str = "",  # noqa: A002  # the field's name
        name: str = "",
        status: str = "active",
        created: Day | None = None,
        expires: Day | None = None,
        period: tuple[str, int] | Sequence[Any] | None = None,
        billing_model: str = "",
        plan_id: int = 10005,
        currency: str = "",
    ) -> Row:
        """A subscription of (product id, quantity[, unit price, unit cost]); the catalogue gives what is left out."""
        rows = [self._subscribed(currency, *product) for product in products]
        first = self.marketplace["products"].get(products[0][0]) if products else None
        kind, duration = period or (
            (first["billingPeriod"]["type"], first["billingPeriod"]["duration"]) if first else ("month", 1)
        )
        begun = str(created or self.today)[:10]
        total = sum((Decimal(row["unitPrice"]["amount"]) * row["quantity"] for row in rows), Decimal(0))
        money = rows[0]["unitPrice"]["currency"] if rows else currency or "EUR"
        row: Row = {
            "id": id or self._marketplace_id("subscriptions"),
            "name": name or (rows[0]["name"] if rows else "Subscription"),
            "customerId": customer_id,
            "status": status,
            "renewalStatus": True,
            "creationDate": begun,
            "lastModifiedDate": begun,
            "billingModel": billing_model or (first["billingModel"] if first else "chargeBeforeBillingPeriod"),
            "billingPeriod": {"type": kind, "duration": duration},
            "subscriptionPeriod": {"type": "year", "duration": 1},
            "totalPrice": {"currency": money, "amount": str(total)},
            "products": rows,
            "planId": plan_id,
        }
        if expires:
            row["expirationDate"] = str(expires)[:10]
        return self.marketplace["subscriptions"].add(row)

    def add_order(
        self,
        subscription_id: str,
        kind: str,
        lines: Sequence[Line],
        *,
        id: str = "",  # noqa: A002  # the field's name
        number: str = "",
        status: str = "completed",
        created: Day | None = None,
        provisioned: Day | None = None,
        by_product: bool = False,
        currency: str = "EUR",
        target: str = "",
    ) -> Row:
        """An order of one subscription.

        Args:
            subscription_id: Named on the order itself, or with `by_product` on each of its products.
            kind: The order's type (`sales`, `change`, …).
            lines: See `Line`.
            id: The next free one if empty.
            number: `SO…` with the id if empty.
            status: An order that is not `completed` has no provisioning date unless one is given.
            created: Noon of `today` if not given; a whole timestamp is kept as it is.
            provisioned: The creation date if not given.
            by_product: See `subscription_id`.
            currency: Of every line.
            target: The subscription it moves units to, named beside `subscription_id`.
        """
        key = id or self._marketplace_id("orders")
        begun = moment(created or self.today, "09:30:00Z")
        details = [self._line(currency, *line) for line in lines]
        subscription = self.marketplace["subscriptions"].get(subscription_id) or {}
        total = sum((Decimal(each["extendedPrice"]["amount"]) for each in details), Decimal(0))
        row: Row = {
            "id": key,
            "orderNumber": number or f"SO{key}",
            "type": kind,
            "customerId": subscription.get("customerId", ""),
            "creationDate": begun,
            "status": status,
            "statusCode": "CP" if status == "completed" else "PR",
            "total": {"currency": currency, "amount": str(total)},
            "details": details,
        }
        if provisioned or status == "completed":
            row["provisioningDate"] = moment(provisioned or begun, "10:00:00Z")
        named = {str(line[1]): line for line in lines if line[1]}
        moves = {"subscriptionId": subscription_id, **({"targetSubscriptionId": target} if target else {})}
        row["products"] = [
            {"id": product, "quantity": line[2], **(moves if by_product else {})} for product, line in named.items()
        ]
        if not by_product:
            row |= moves
        return self.marketplace["orders"].add(row)

    def _marketplace_id(self, name: str) -> str:
        table = self.marketplace[name]
        number = FIRST_IDS[name] + len(table) + 1
        while table.get(str(number)) is not None:
            number += 1
        return str(number)

    def _subscribed(self, currency: str, product_id: str, quantity: int, price: str = "", cost: str = "") -> Row:
        product = self.marketplace["products"].get(product_id) or {"prices": [], "costs": []}
        money = currency or next((each["currency"] for each in product["prices"]), "EUR")
        unit_price = price or next((each["amount"] for each in product["prices"]), "0.00")
        unit_cost = cost or next((each["amount"] for each in product["costs"]), unit_price)
        row = {
            "id": product_id,
            "mpn": product.get("mpn", product_id),
            "vendor": product.get("vendor", "Contoso"),
            "quantity": quantity,
            "name": product.get("name", product_id),
            "unitPrice": {"currency": money, "amount": unit_price},
            "unitCost": {"currency": money, "amount": unit_cost},
        }
        return row | {"extendedPrice": {"currency": money, "amount": str(Decimal(unit_price) * quantity)}}

    def _line(self, currency: str, kind: str, product_id: str, quantity: Any, price: str, description: str = "") -> Row:
        product = self.marketplace["products"].get(product_id) or {}
        row: Row = {
            "type": kind,
            "description": description or f"{kind.capitalize()} for {product.get('name', 'the plan')}",
            "quantity": quantity,
            "unitPrice": {"currency": currency, "amount": price},
            "extendedPrice": {"currency": currency, "amount": str(Decimal(price) * Decimal(str(quantity)))},
        }
        if product_id:
            row |= {"productId": product_id, "mpn": product.get("mpn", product_id)}
        return row
