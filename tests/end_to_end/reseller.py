"""The customer, agreement and product of examples.md's worked examples, and short ways to let time pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.end_to_end.running import Cwtui, Row, Sandbox

CUSTOMER, MAIL, USAGE = "1000011", "PRD-MAIL", "PRD-USAGE"
SEATS = "Exchange Online (Plan 1)"
Line = list[Any]
"""Type, product, quantity, unit price."""


@dataclass
class Reseller:
    """One reseller in a sandbox: company 250 has agreements; everything may be mapped."""

    sandbox: Sandbox
    company: int
    agreement: int
    mail_item: int
    usage_item: int
    price: str = "4.50"

    def subscribe(self, quantity: int, name: str = "S1", **more: Any) -> Row:
        arguments = {"customer_id": CUSTOMER, "products": [[MAIL, quantity]], "id": name, "name": SEATS} | more
        return self.sandbox.call("add_subscription", **arguments)

    def order(self, name: str, kind: str, lines: list[Line], subscription: str = "S1", **more: Any) -> Row:
        return self.sandbox.call("add_order", subscription_id=subscription, kind=kind, lines=lines, id=name, **more)

    def hold(self, quantity: int, subscription: str = "S1") -> None:
        self.sandbox.call("change_subscription", subscription_id=subscription, quantities={MAIL: quantity})

    def invoice(self, next_invoice_date: str) -> None:
        """The agreement is invoiced: its next invoice is dated so."""
        self.sandbox.call("advance_invoice", agreement_id=self.agreement, next_invoice_date=next_invoice_date)

    def another_agreement(self, **more: Any) -> int:
        arguments = {"company_id": self.company, "bill_start": "2026-01-01", "next_invoice": "2026-12-01"} | more
        return int(self.sandbox.call("add_agreement", **arguments)["id"])

    def map_all(self, cwtui: Cwtui, *subscriptions: str, agreement: int | None = None) -> None:
        cwtui.map(
            ("customer", CUSTOMER, "", self.company),
            ("product", MAIL, "", self.mail_item),
            ("product", USAGE, "", self.usage_item),
            *(("agreement", name, "", agreement or self.agreement) for name in subscriptions or ("S1",)),
        )


def reseller_in(sandbox: Sandbox, price: str = "4.50", cost: str = "3.60", **agreement: Any) -> Reseller:
    """examples.md: monthly, from 2026-01-01, not prorating, EUR, next invoice 2026-12-01; 4.50 costs 3.60."""
    call = sandbox.call
    call("add_customer", name="Green Lane LLC", id=CUSTOMER)
    call("add_product", id=MAIL, name=SEATS, mpn="MAIL-1", price=price, cost=cost, setup=["25.00", "20.00"])
    call(
        "add_product",
        id=USAGE,
        name="Azure usage",
        mpn="AZ-1",
        price="12.00",
        cost="10.00",
        overuse=["0.08", "0.06"],
        billing_model="chargeAfterBillingPeriod",
    )
    company = int(call("add_company", name="Green Lane LLC")["id"])
    mail = int(call("add_catalog_item", identifier="MAIL-1", description="Exchange Online", price="5", cost="4")["id"])
    usage = int(call("add_catalog_item", identifier="AZ-1", description="Azure", price="13", cost="11")["id"])
    reseller = Reseller(sandbox, company, 0, mail, usage, price)
    reseller.agreement = reseller.another_agreement(**agreement)
    return reseller
