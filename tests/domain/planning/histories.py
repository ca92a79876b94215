"""Made-up histories: orders of every kind over months, some failing and completing late, with invoices between."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from cwtui.domain.ids import OrderId, ProductId
from cwtui.domain.mappings import Link, Mapping, MappingKey, MappingKind, Mappings
from cwtui.domain.marketplace import (
    BillingModel,
    Order,
    OrderLine,
    OrderStatus,
    OrderType,
    Price,
    Subscription,
    SubscriptionProduct,
    SubscriptionStatus,
)
from cwtui.domain.planning import PlanningFacts, PlanningRules, plan_task
from cwtui.domain.plans import Plan, PriceSource, ProrateMode
from cwtui.domain.psa import Agreement
from tests.domain.planning.second_reading import Calendar, Case
from tests.domain.planning.situations import AGREEMENT, ITEM, MAPPINGS, SUBSCRIPTION, facts, subscription
from tests.domain.planning.test_plan_properties import PERIODS, applied

DAY = timedelta(days=1)
NAMES = [ProductId("PRD1"), ProductId("PRD2"), ProductId("PRD3")]
FEE = "plan:10005"
MAPPED = Mappings([*MAPPINGS, *(Mapping(MappingKey(MappingKind.PRODUCT, name), 11) for name in (*NAMES[1:], FEE))])
PRICES = ["4.50", "10.00", "0.3333", "0.00345", "4.333333333", "0.000001", "0.00004", "0.00", "13.37", "199.999999999"]
LINE_TYPES = {
    OrderType.SALES: ["recurring"] * 4 + ["setup", "handlingFee", "overuse", "discount", "setupRefund", "downgrade"],
    OrderType.CHANGE: ["recurring"] * 4 + ["renew", "downgrade", "recurringRefund", "setup", "switch", "adjustment"],
    OrderType.RENEWAL: ["renew"] * 3 + ["recurring", "setup", "discount", "downgrade"],
    OrderType.CANCELLATION: ["recurringRefund", "downgrade", "cancellation", "overuse", "recurring", "setupRefund"],
    OrderType.UNKNOWN: ["recurring", "overuse", "overuse", "billRecord", "adjustment", "downgrade", "setupRefund"],
}  # fmt: skip


class History:
    """One subscription's life. `steps` plans its orders as they come and writes what was planned."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)  # noqa: S311  # the same seed makes the same history
        cycle = rng.choice(list(PERIODS))
        first = date(2026, 1, 1) if rng.random() < 0.5 else date(2025, 1, 1) + rng.randrange(500) * DAY
        self.agreement: Agreement = replace(
            AGREEMENT,
            cycle=cycle,
            start=first,
            bill_start=first,
            next_invoice=None,
            is_calendar_year=rng.random() < 0.25,
            prorates=rng.random() < 0.25,
        )
        self.model = rng.choice(
            [BillingModel.BEFORE_BILLING_PERIOD] * 4 + [BillingModel.AFTER_BILLING_PERIOD, BillingModel.UNKNOWN]
        )
        self.rules = PlanningRules(
            rng.choice([PriceSource.MARKETPLACE] * 3 + [PriceSource.CONNECTWISE]),
            rng.choice([2, 4, 4, 6, 0]),
            rng.choice([ProrateMode.ALL] * 3 + [ProrateMode.CHANGES, ProrateMode.NONE]),
        )
        self.held: dict[ProductId, list[SubscriptionProduct]] = {}
        self.status = SubscriptionStatus.ACTIVE
        self.links: tuple[Link, ...] = ()

    def steps(self) -> Iterator[tuple[PlanningFacts, Plan, Case]]:
        rng = self.rng
        today = date(2026, 2, 1) + rng.randrange(200) * DAY
        orders = self.orders(today)
        known: list[datetime] = []
        if rng.random() < 0.4:
            self.hold(NAMES[0], rng.randint(0, 20))
            if rng.random() < 0.3:
                self.hold(NAMES[0], rng.randint(1, 9), price=rng.choice(PRICES))
            yield self.plan(None, today, newest=not orders)
        for day in sorted({done for _, done in orders}):
            self.invoice(day)
            batch = sorted((order for order, done in orders if done == day), key=lambda order: order.created)
            for order in batch:
                self.happen(order)
            known += [order.created for order in batch]
            for order in batch:
                yield self.plan(order, day, newest=order.created == max(known))

    def orders(self, start: date) -> list[tuple[Order, date]]:
        """Orders with the day on which they complete: some fail, are submitted again, and complete months later."""
        rng, made, day = self.rng, [], start
        kinds = [OrderType.CHANGE] * 4 + [
            OrderType.RENEWAL,
            OrderType.UNKNOWN,
            OrderType.UNKNOWN,
            OrderType.CANCELLATION,
        ]
        for number in range(rng.randint(1, 6)):
            day += rng.randrange(60) * DAY
            kind = OrderType.SALES if number == 0 or rng.random() < 0.08 else rng.choice(kinds)
            done = day + (rng.randrange(3) if rng.random() < 0.75 else rng.randrange(100)) * DAY
            created = datetime.combine(day, time(rng.randrange(24), number), UTC)
            at = rng.choice([None, done, done, done + rng.randint(-20, 40) * DAY])
            provisioned = None if at is None else datetime.combine(at, time(12), UTC)
            lines = tuple(self.line(kind) for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3, 4])))
            order = Order(
                OrderId(str(500 + number)), f"BO{number}", kind, OrderStatus.COMPLETED, AGREEMENT_CUSTOMER, created,
                provisioned, lines, subscription_id=SUBSCRIPTION, detailed=True,
            )  # fmt: skip
            made.append((order, done))
        return made

    def line(self, kind: OrderType) -> OrderLine:
        rng = self.rng
        word = rng.choice(LINE_TYPES[kind]) if rng.random() < 0.97 else "somethingNew"
        quantity = Decimal(rng.choice([rng.randint(1, 12), rng.randint(1, 12), rng.randint(-6, 6), 2 * 10**6, 0]))
        if word in {"overuse", "billRecord"}:
            quantity = Decimal(rng.choice([30, 123456, 50_000_000, 10**9])) / rng.choice([1, 1, 8])
        price = Decimal(rng.choice(PRICES)) * rng.choice([1, 1, 1, 1, -1])
        whole = quantity * price
        total = rng.choice(
            [None, None, whole, round(whole, 2), round(whole * Decimal("0.37"), 2), Decimal(0), whole + 1]
        )
        unit = None if rng.random() < 0.05 else Price(price, "EUR")
        return OrderLine(
            type=word,
            product_id=rng.choice([*NAMES[:2], NAMES[0], NAMES[0], ProductId("")]),
            quantity=None if rng.random() < 0.03 else quantity,
            unit_price=unit,
            extended=None if total is None else Price(total, "EUR"),
        )

    def hold(self, name: ProductId, quantity: int, *, price: str = "4.50") -> None:
        rng = self.rng
        cost = None if rng.random() < 0.2 else Price(Decimal(price) * Decimal("0.8"), "EUR")
        unit = None if rng.random() < 0.05 else Price(Decimal(price), "EUR")
        self.held.setdefault(name, []).append(
            SubscriptionProduct(name, f"Product {name}", quantity=Decimal(quantity), unit_price=unit, unit_cost=cost)
        )

    def happen(self, order: Order) -> None:
        """What the marketplace makes of an order; now and then it holds otherwise than its orders say."""
        rng = self.rng
        if order.type is OrderType.CANCELLATION:
            self.status = rng.choice(
                [SubscriptionStatus.TERMINATED, SubscriptionStatus.ACTIVE, SubscriptionStatus.REMOVED]
            )
            if rng.random() < 0.3:
                self.held = {}
        for one in order.lines:
            if not one.product_id or one.quantity is None or one.type not in {"recurring", "renew", "downgrade"}:
                continue
            delta = -abs(one.quantity) if one.type == "downgrade" else one.quantity
            entries = self.held.get(one.product_id)
            if entries is None:
                self.hold(one.product_id, max(int(delta), 0), price=rng.choice(PRICES))
                continue
            was = entries[0].quantity or Decimal(0)
            entries[0] = replace(
                entries[0], quantity=one.quantity if one.type == "renew" else max(was + delta, Decimal(0))
            )
        if rng.random() < 0.15:
            self.hold(rng.choice(NAMES), rng.randint(0, 9), price=rng.choice(PRICES))
        if rng.random() < 0.1 and self.held:
            name = rng.choice(list(self.held))
            self.held[name] = [replace(one, quantity=Decimal(rng.randint(0, 9))) for one in self.held[name]]
        if rng.random() < 0.05 and self.held:
            self.held.pop(rng.choice(list(self.held)))

    def invoice(self, day: date) -> None:
        """ConnectWise has invoiced up to some period near a day, never back."""
        if self.rng.random() < 0.2:
            return
        around = day + self.rng.randint(-70, 70) * DAY
        reached = Calendar(self.agreement).period(around)[0]
        assert self.agreement.bill_start is not None
        last = self.agreement.next_invoice or self.agreement.bill_start
        self.agreement = replace(self.agreement, next_invoice=max(last, reached))

    def subscription(self) -> Subscription:
        rng = self.rng
        assert self.agreement.cycle is not None
        return replace(
            subscription("1", model=self.model),
            billing_period=PERIODS[self.agreement.cycle],
            products=tuple(one for entries in self.held.values() for one in entries),
            status=self.status,
            expiration=rng.choice([None, date(2026, 1, 1) + rng.randrange(700) * DAY]),
        )

    def plan(self, order: Order | None, day: date, *, newest: bool) -> tuple[PlanningFacts, Plan, Case]:
        held = self.subscription()
        situation = facts(
            order, held, agreement=self.agreement, links=self.links, mappings=MAPPED, rules=self.rules, today=day,
            is_newest=newest,
        )  # fmt: skip
        assert situation.billed_through is not None
        case = Case(
            order, held, self.agreement, situation.billed_through, day, self.links, ITEM,
            self.rules.price_source.value, self.rules.price_decimals, self.rules.prorate.value, newest,
        )  # fmt: skip
        plan = plan_task(situation)
        if not plan.problems:
            self.links = applied(plan, self.links)
        return situation, plan, case


AGREEMENT_CUSTOMER = facts(None).task.customer_id
