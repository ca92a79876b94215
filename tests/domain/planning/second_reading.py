"""The rules of docs/rules/plans.md read a second time: slow, plain, and without anything of `domain/planning`.

Amounts are fractions, days are counted one by one, and every rule is written where it is needed, as the document says
it. It knows the marketplace's and ConnectWise's values, and nothing else of the program.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from cwtui.domain.mappings import Link
from cwtui.domain.marketplace import Order, OrderLine, Subscription
from cwtui.domain.psa import Agreement, CatalogItem

DAY = timedelta(days=1)
MONTHS = {"Monthly": 1, "BiMonthly": 2, "Quarterly": 3, "SemiAnnual": 6, "Yearly": 12}
WEEKS = {"Weekly": 7, "BiWeekly": 14}
CHARGES = {
    "setup": "setup", "recurring": "recurring", "renew": "recurring", "overuse": "overuse",
    "cancellation": "cancellation", "recurringRefund": "credit", "downgrade": "credit", "setupRefund": "credit",
    "billRecord": "usage", "transfer": "other", "handlingFee": "other", "switch": "other",
    "nonProvisioningItem": "other", "adjustment": "other", "discount": "other",
}  # fmt: skip
AHEAD = {"chargeBeforeBillingPeriod", "chargeBeforeSubscriptionPeriod"}
BY_USE = {"chargeAfterBillingPeriod", "chargeExternalRating"}

Row = tuple[object, ...]
"""('delete', id) · ('end', id, last day) · ('create', product, quantity, price, cost, first, last, stands)."""


@dataclass
class Case:
    """One order of one subscription, and everything it is read with."""

    order: Order | None
    subscription: Subscription
    agreement: Agreement
    billed: date
    today: date
    links: tuple[Link, ...]
    item: CatalogItem
    source: str = "marketplace"
    decimals: int = 4
    prorate: str = "all"
    newest: bool = True


@dataclass
class Sum:
    """Lines of the same product, charge and price."""

    product: str
    charge: str
    types: list[str]
    quantity: Fraction
    price: Fraction | None
    total: Fraction | None
    void: bool
    stated: bool


@dataclass
class Reading:
    """What a case comes to."""

    rows: list[Row] = field(default_factory=list)
    problems: set[str] = field(default_factory=set)


def half_up(amount: Fraction, decimals: int) -> Decimal:
    scaled = abs(amount) * 10**decimals
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if amount >= 0 else -whole).scaleb(-decimals)


class Calendar:
    def __init__(self, agreement: Agreement) -> None:
        first = agreement.bill_start or agreement.start
        assert first is not None
        assert agreement.cycle is not None
        self.first = first
        self.anchor = date(first.year, 1, 1) if agreement.is_calendar_year else first
        self.cycle = agreement.cycle.value

    def start(self, number: int) -> date:
        if self.cycle in WEEKS:
            return self.anchor + number * WEEKS[self.cycle] * DAY
        month = self.anchor.month - 1 + number * MONTHS[self.cycle]
        year, month = self.anchor.year + month // 12, month % 12 + 1
        return date(year, month, min(self.anchor.day, calendar.monthrange(year, month)[1]))

    def period(self, day: date) -> tuple[date, date]:
        number = 0
        while self.start(number) > day:
            number -= 1
        while self.start(number + 1) <= day:
            number += 1
        return self.start(number), self.start(number + 1) - DAY


def read(case: Case) -> Reading:
    return _Reader(case).read()


class _Reader:
    def __init__(self, case: Case) -> None:
        self.case, self.out = case, Reading()
        self.calendar = Calendar(case.agreement)
        self.open_from = max(case.billed + DAY, self.calendar.first)
        self.fee = f"plan:{case.subscription.plan_id or case.subscription.id}"
        self.model = case.subscription.billing_model.value
        self.e = case.order.effective if case.order else self.first_unbilled()
        self.s = self.standing_start()
        self.f = self.one_time()

    # days

    def first_unbilled(self) -> date:
        day = self.calendar.period(self.case.today)[0]
        return day if day >= self.open_from else self.period_start_from(self.open_from)

    def period_start_from(self, day: date) -> date:
        while self.calendar.period(day)[0] != day:
            day += DAY
        return day

    def standing_start(self) -> date:
        if self.case.agreement.prorates:
            return max(self.e, self.calendar.first)
        return self.period_start_from(max(self.e, self.open_from))

    def one_time(self) -> tuple[date, date]:
        first, last = self.calendar.period(max(self.e, self.open_from))
        if not self.case.agreement.prorates:
            return max(first, self.open_from), last
        return (first, last) if first >= self.calendar.first else self.calendar.period(last + DAY)

    def part(self, price: Fraction) -> Fraction:
        """Of e to the day before s: each period by the share of its days."""
        days: dict[tuple[date, date], int] = {}
        day = self.e
        while day < self.s:
            period = self.calendar.period(day)
            days[period] = days.get(period, 0) + 1
            day += DAY
        return sum(
            (price * count / ((last - first).days + 1) for (first, last), count in days.items()), start=Fraction(0)
        )

    # lines

    def lines(self) -> list[Sum]:
        order = self.case.order
        assert order is not None
        sums: dict[Row, Sum] = {}
        for line in order.lines:
            told = self.line(line, in_change=order.type.value == "change")
            if told is None:
                continue
            key = (told.product, told.charge, told.price, "setupRefund" in told.types, told.stated, told.void)
            known = sums.get(key)
            if known is None:
                sums[key] = told
                continue
            if known.total is not None or told.total is not None:
                mine, theirs = self.told_total(known), self.told_total(told)
                known.total = None if mine is None or theirs is None else mine + theirs
            known.quantity += told.quantity
            known.types += [one for one in told.types if one not in known.types]
        return list(sums.values())

    def told_total(self, one: Sum) -> Fraction | None:
        """Of what is charged once quantity × price is the total, of a recurring line only the marketplace knows."""
        if one.total is not None or one.charge == "recurring" or self.is_standing_credit(one) or one.price is None:
            return one.total
        amount = one.quantity * one.price
        return -amount if one.charge == "credit" else amount

    def line(self, line: OrderLine, *, in_change: bool) -> Sum | None:
        product = str(line.product_id) or self.fee
        price = None if line.unit_price is None else Fraction(line.unit_price.amount)
        total = None if line.extended is None else Fraction(line.extended.amount)
        quantity = None if line.quantity is None else Fraction(line.quantity)
        worth = total if total is not None else (price or 0) * (1 if quantity is None else quantity)
        charge = CHARGES.get(line.type)
        if charge is None:
            if worth:
                self.out.problems.add("unknown_charge_type")
            return None
        if quantity is None and price is not None and price == total:
            quantity = Fraction(1)
        if quantity is None:
            if worth or charge == "recurring" or (charge == "credit" and line.type != "setupRefund"):
                self.out.problems.add("unknown_charge_type")
            return None
        if quantity == 0 and total:
            self.out.problems.add("unknown_charge_type")
            return None
        if charge == "credit":
            quantity, price = abs(quantity), None if price is None else abs(price)
            total = None if total is None else -abs(total)
        return Sum(
            product, charge, [line.type], quantity, price, total,
            void=charge == "credit" and total == 0, stated=in_change and line.type == "renew",
        )  # fmt: skip

    def is_standing_credit(self, one: Sum) -> bool:
        return one.charge == "credit" and "setupRefund" not in one.types

    # the subscription and what stands

    def entries(self, product: str) -> list[tuple[Fraction | None, Fraction | None, Fraction | None]]:
        """(quantity, price, cost) of each entry of a product."""
        return [
            (
                None if held.quantity is None else Fraction(held.quantity),
                None if held.unit_price is None else Fraction(held.unit_price.amount),
                None if held.unit_cost is None else Fraction(held.unit_cost.amount),
            )
            for held in self.case.subscription.products
            if held.id == product
        ]

    def held(self, product: str) -> Fraction | None:
        entries = self.entries(product)
        if not entries:
            return None if product == self.fee or not self.case.subscription.products else Fraction(0)
        if any(quantity is None for quantity, _, _ in entries):
            return None
        return sum((quantity or Fraction(0) for quantity, _, _ in entries), start=Fraction(0))

    def standing(self, product: str) -> list[Link]:
        mine = [link for link in self.case.links if link.is_standing and link.product_id == product]
        endless = [link for link in mine if link.values.cancelled is None]
        return endless or [link for link in mine if link.values.cancelled and link.values.cancelled >= self.s]

    def stands(self, product: str) -> Fraction:
        return sum((Fraction(link.values.quantity) for link in self.standing(product)), start=Fraction(0))

    def held_price(self, product: str) -> Fraction | None:
        return next((price for _, price, _ in self.entries(product)), None)

    def cost(self, product: str, price: Fraction, *, credit: bool = False) -> Fraction:
        """The subscription's cost of that price, else its first one; of a credit the link's; else the price."""
        entries = self.entries(product)
        chosen = next((one for one in entries if one[1] == price), entries[0] if entries else None)
        if chosen is not None:
            return price if chosen[2] is None else chosen[2]
        linked = [link for link in self.case.links if link.is_standing and link.product_id == product]
        if credit and linked:
            last = max(linked, key=lambda link: (link.values.effective, link.addition_id))
            return Fraction(last.values.unit_cost)
        return price

    # rows

    def create(
        self, product: str, quantity: Fraction, price: Fraction, cost: Fraction, first: date, last: date | None,
        *, stands: bool, decimals: int | None = None,
    ) -> None:  # fmt: skip
        places = self.case.decimals if decimals is None else decimals
        self.out.rows.append(
            ("create", product, quantity, half_up(price, places), half_up(cost, places), first, last, stands)
        )

    def stand(
        self, product: str, quantity: Fraction, price: Fraction, cost: Fraction, first: date, last: date | None
    ) -> None:
        if price and not half_up(price, self.case.decimals):
            self.out.problems.add("unknown_charge_type")
        else:
            self.create(product, quantity, price, cost, first, last, stands=True)

    def stop(self, link: Link, day: date) -> None:
        """End it the day before another begins; delete it if it would only begin then."""
        if link.values.effective < day:
            self.out.rows.append(("end", link.addition_id, day - DAY))
        else:
            self.out.rows.append(("delete", link.addition_id))

    def as_total(self, one: Sum, total: Fraction, price: Fraction, cost: Fraction) -> None:
        places = max(self.case.decimals, 2)
        if total and not half_up(total, places):
            return  # said, and not billed
        worth = abs(cost) * abs(total) / abs(price) if price else abs(one.quantity * cost) or abs(total)
        sign = -1 if total < 0 else 1
        self.create(one.product, Fraction(1), total, sign * worth, *self.f, stands=False, decimals=places)

    def once(self, one: Sum) -> None:
        """quantity × price where that is the marketplace's total to the cent, else 1 × the total."""
        if one.quantity == 0 or one.void:
            return
        recurring = one.charge == "recurring" or self.is_standing_credit(one)
        price = one.price
        if price is None and recurring:
            price = self.held_price(one.product)
        if price is None and not recurring and one.total == 0:
            price = Fraction(0)
        if price is None:
            self.out.problems.add("unknown_charge_type")
            return
        cost = self.cost(one.product, abs(price), credit=one.charge == "credit") if recurring else price
        if recurring and one.charge != "credit":
            cost = self.cost(one.product, price)
        total = one.quantity * price if one.total is None else one.total
        if one.charge == "credit":
            total = -abs(total)
        units, unit, unit_cost = abs(one.quantity), price, cost
        if total < 0:
            unit, unit_cost = -abs(price), -abs(cost)
        elif price < 0:
            unit, unit_cost = abs(price), abs(cost)
        rounded = Fraction(half_up(unit, self.case.decimals))
        if half_up(units * rounded, 2) == half_up(total, 2) and (rounded or not unit):
            self.create(one.product, units, unit, unit_cost, *self.f, stands=False)
        else:
            self.as_total(one, total, unit, unit_cost)

    def days_before(self, one: Sum, quantity: Fraction) -> None:
        """The days e to s − 1, charged or credited once; marketplace prices only."""
        if self.s <= self.e or self.case.prorate == "none" or self.case.source == "connectwise" or not quantity:
            return
        self.prorated(one, quantity)

    def prorated(self, one: Sum, quantity: Fraction) -> None:
        if one.void:
            return
        price = one.price if one.price is not None else self.held_price(one.product)
        if price is None:
            self.out.problems.add("unknown_charge_type")
            return
        if not price:
            return
        cost = self.cost(one.product, price, credit=one.charge == "credit")
        part, part_cost = self.part(price), self.part(cost)
        if one.charge == "credit":
            part, part_cost = -abs(part), -abs(part_cost)
        if half_up(part, self.case.decimals):
            self.create(one.product, quantity, part, part_cost, *self.f, stands=False)
        else:
            many = Sum(one.product, one.charge, one.types, quantity, part, None, void=False, stated=False)
            self.as_total(many, quantity * part, part, part_cost)

    # kinds

    def read(self) -> Reading:
        if self.case.order is None:
            self.initial()
            return self.out
        lines = self.lines()
        kinds: dict[str, Callable[[list[Sum]], None]] = {
            "sales": self.sale, "change": self.change, "renewal": self.renewal,
            "cancellation": self.cancellation, "unknown": self.billing,
        }  # fmt: skip
        kinds[self.case.order.type.value](lines)
        return self.out

    def initial(self) -> None:
        if self.model in BY_USE:
            return
        sums: dict[tuple[str, Fraction | None], Fraction] = {}
        for held in self.case.subscription.products:
            if held.quantity is None:
                self.out.problems.add("unknown_charge_type")
                continue
            price = None if held.unit_price is None else Fraction(held.unit_price.amount)
            if held.quantity > 0:
                sums[held.id, price] = sums.get((held.id, price), Fraction(0)) + Fraction(held.quantity)
        for (product, price), quantity in sums.items():
            if self.standing(product):
                continue
            offer = self.offer(product, price if price is not None else self.held_price(product))
            if offer:
                self.stand(product, quantity, *offer, self.e, None)

    def offer(self, product: str, price: Fraction | None) -> tuple[Fraction, Fraction] | None:
        if self.case.source == "connectwise":
            return Fraction(self.case.item.price), Fraction(self.case.item.cost)
        if price is None:
            self.out.problems.add("unknown_charge_type")
            return None
        return price, self.cost(product, price)

    def sale(self, lines: list[Sum]) -> None:
        for product in dict.fromkeys(one.product for one in lines if one.charge == "recurring"):
            own = [one for one in lines if one.product == product and one.charge == "recurring"]
            if self.model in BY_USE:
                continue
            links = self.standing(product)
            if links and not self.is_covered(product, own, links):
                self.move(product, own, [])
            elif not links:
                for one in own:
                    self.new(one)
        for one in lines:
            if self.is_standing_credit(one):
                self.out.problems.add("unknown_charge_type")
            elif one.charge != "recurring":
                self.once(one)

    def is_covered(self, product: str, own: list[Sum], links: list[Link]) -> bool:
        assert self.case.order is not None
        task = f"{self.case.order.id}.{self.case.subscription.id}"
        stands = sum((Fraction(link.values.quantity) for link in links), start=Fraction(0))
        if all(link.task_id == task for link in links):
            return True
        held = self.held(product) if self.entries(product) else None
        if self.case.newest and held is not None:
            return held == stands
        known = {task, f"initial.{self.case.subscription.id}"}
        return stands >= sum(one.quantity for one in own) and all(link.task_id in known for link in links)

    def new(self, one: Sum) -> None:
        if one.quantity == 0:
            return
        if one.quantity < 0:
            self.out.problems.add("link_missing")
            return
        if self.case.source == "connectwise":
            self.stand(
                one.product, one.quantity, Fraction(self.case.item.price), Fraction(self.case.item.cost), self.s, None
            )
            return
        price = one.price if one.price is not None else self.held_price(one.product)
        prices = [price for quantity, price, _ in self.entries(one.product) if quantity and price is not None]
        is_free = one.price == 0 and prices and all(prices)
        offer = self.offer(one.product, prices[0] if is_free else price)
        if offer is None:
            return
        self.stand(one.product, one.quantity, *offer, self.s, None)
        if not is_free and self.s > self.e and self.case.prorate == "all":
            self.prorated(one, one.quantity)

    def change(self, lines: list[Sum]) -> None:
        lines = [self.refund(one) for one in lines]
        moving = [one for one in lines if one.charge == "recurring" or self.is_standing_credit(one)]
        products = list(dict.fromkeys(one.product for one in moving))
        for product in products:
            own = [one for one in moving if one.product == product]
            recurring = [one for one in own if one.charge == "recurring"]
            self.move(product, recurring, [one for one in own if one.charge == "credit"])
        self.unnamed(products)
        for one in lines:
            if one not in moving:
                self.once(one)

    def refund(self, one: Sum) -> Sum:
        """A recurring line at a negative price gives money back as a credit line does."""
        if one.charge != "recurring" or one.price is None or one.price >= 0:
            return one
        total = None if one.total is None else -abs(one.total)
        return Sum(
            one.product, "credit", one.types, abs(one.quantity), abs(one.price), total, void=total == 0, stated=False
        )

    def move(self, product: str, recurring: list[Sum], credit: list[Sum]) -> None:
        if self.model in BY_USE:
            if credit:
                self.out.problems.add("unknown_charge_type")
            return
        moved = [one for one in recurring if not one.stated]
        stated = [one for one in recurring if one.stated]
        delta = sum((one.quantity for one in moved), start=Fraction(0))
        delta -= sum((one.quantity for one in credit), start=Fraction(0))
        links = self.standing(product)
        held = self.held(product)
        first = next((one for one in recurring if one.quantity > 0), (recurring + credit)[0])
        if links:
            by_order = (
                sum((one.quantity for one in stated), start=Fraction(0)) if stated else self.stands(product) + delta
            )
            quantity = held if self.case.newest and held is not None else by_order
        elif delta > 0 and held == delta and not stated:
            quantity = delta
        else:
            self.out.problems.add("link_missing")
            self.offer(product, self.likely_price(product, first))
            return
        if not self.replace(product, links, quantity, first):
            return
        adding = [one for one in moved if one.quantity > 0]
        total = sum((one.quantity for one in moved), start=Fraction(0))
        for one in adding:
            units = max(min(one.quantity, total), Fraction(0))
            total -= units
            self.days_before(one, units)
        for one in credit:
            self.days_before(one, one.quantity)

    def likely_price(self, product: str, one: Sum) -> Fraction | None:
        price = self.held_price(product)
        return one.price if price is None else price

    def wanted(
        self, product: str, quantity: Fraction, links: list[Link], one: Sum
    ) -> list[tuple[Fraction, Fraction | None]]:
        """(quantity, price) of each addition that shall stand."""
        by_price: dict[Fraction, Fraction] = {}
        for count, price, _ in self.entries(product):
            if count and price is not None:
                by_price[price] = by_price.get(price, Fraction(0)) + count
        if self.case.newest and len(by_price) > 1 and sum(by_price.values()) == quantity:
            return [(count, price) for price, count in by_price.items()]
        if not quantity:
            return []
        price = self.held_price(product)
        if price is None:
            by_credit = one.charge != "recurring" and links
            price = Fraction(links[0].values.unit_price) if by_credit else one.price
        return [(quantity, price)]

    def replace(self, product: str, links: list[Link], quantity: Fraction, one: Sum) -> bool:
        if quantity < 0:
            self.out.problems.add("link_missing")
            return False
        begins = max(self.s, min((link.values.effective for link in links), default=self.s))
        ending, missing = list(links), []
        offers = [(count, self.offer(product, price)) for count, price in self.wanted(product, quantity, links, one)]
        if any(offer is None for _, offer in offers):
            return False
        for count, offer in offers:
            assert offer is not None
            same = [link for link in ending if self.is_as(link, count, *offer)]
            if same:
                ending.remove(same[0])
            else:
                missing.append((count, offer))
        for link in ending:
            self.stop(link, self.s)
        ends = [link.values.cancelled for link in (ending or links)]
        last = max((day for day in ends if day), default=None) if ends and all(ends) else None
        for count, offer in missing:
            self.stand(product, count, *offer, begins, last)
        return True

    def is_as(self, link: Link, quantity: Fraction, price: Fraction, cost: Fraction) -> bool:
        values, places = link.values, self.case.decimals
        return (
            Fraction(values.quantity) == quantity
            and values.unit_price == half_up(price, places)
            and values.unit_cost == half_up(cost, places)
            and values.catalog_item_id == self.case.item.id
        )

    def unnamed(self, named: list[str]) -> None:
        """Of the newest order: what is held otherwise than it stands is made to stand as held."""
        if not self.case.newest or self.model in BY_USE:
            return
        for product in dict.fromkeys(str(link.product_id) for link in self.case.links if link.is_standing):
            held, links = self.held(product), self.standing(product)
            if product in named or held is None or not links or self.stands(product) == held:
                continue
            price = self.held_price(product)
            price = Fraction(links[0].values.unit_price) if price is None else price
            self.replace(
                product, links, held, Sum(product, "recurring", [], held, price, None, void=False, stated=False)
            )

    def renewal(self, lines: list[Sum]) -> None:
        products = list(dict.fromkeys(one.product for one in lines if one.charge == "recurring"))
        for product in products:
            own = [one for one in lines if one.product == product and one.charge == "recurring"]
            if self.model not in BY_USE:
                self.renew(product, own)
        self.unnamed(products)
        for one in lines:
            if self.is_standing_credit(one):
                self.out.problems.add("unknown_charge_type")
            elif one.charge != "recurring":
                self.once(one)

    def renew(self, product: str, own: list[Sum]) -> None:
        links = self.standing(product)
        if not links:
            self.out.problems.add("link_missing")
            self.offer(product, self.likely_price(product, own[0]))
            return
        held = self.held(product) if self.entries(product) else None
        total = sum((one.quantity for one in own), start=Fraction(0))
        quantity = held if self.case.newest and held is not None else total
        if quantity < 0:
            self.out.problems.add("link_missing")
            return
        places = self.case.decimals
        stands = sorted((Fraction(link.values.quantity), link.values.unit_price) for link in links)
        planned = []
        for count, price in self.wanted(product, quantity, links, own[0]):
            offer = self.offer(product, price)
            if offer is None:
                return
            planned.append((count, half_up(offer[0], places)))
        renewed = sorted((one.quantity, half_up(one.price, places)) for one in own if one.price is not None)
        as_lines = len(links) > 1 and quantity == self.stands(product) and stands == renewed
        if stands != sorted(planned) and not as_lines:
            self.replace(product, links, quantity, own[0])

    def cancellation(self, lines: list[Sum]) -> None:
        lines = [self.refund(one) for one in lines]
        refunds = any(one.charge == "credit" and not one.void for one in lines)
        expires = self.case.subscription.expiration
        cancel = self.e
        if not refunds and self.case.subscription.status.value not in {"terminated", "removed"}:
            cancel = expires if expires is not None and expires >= self.e else self.e
        for link in self.case.links:
            begins, ends = link.values.effective, link.values.cancelled
            if not link.is_standing or (ends is not None and ends <= cancel):
                continue
            if begins > self.case.billed:
                self.out.rows.append(("delete", link.addition_id))
            elif ends != max(cancel, begins):
                self.out.rows.append(("end", link.addition_id, max(cancel, begins)))
        self.look_for_unlinked()
        for one in lines:
            if self.is_standing_credit(one) and one.total is None:
                self.days_before(one, one.quantity)
            elif one.charge == "recurring":
                if one.quantity > 0:
                    self.out.problems.add("unknown_charge_type")
            else:
                self.once(one)

    def look_for_unlinked(self) -> None:
        if self.model not in BY_USE:
            products = [
                str(held.id) for held in self.case.subscription.products if held.quantity is None or held.quantity > 0
            ]
            linked = {link.product_id for link in self.case.links if link.is_standing}
            if any(product not in linked for product in products):
                self.out.problems.add("link_missing")

    def billing(self, lines: list[Sum]) -> None:
        for one in lines:
            stands = one.charge == "recurring" and self.standing(one.product)
            if one.charge == "overuse":
                self.once(one)
            elif self.model in AHEAD or stands:
                continue  # billed by the standing addition, or said
            elif self.is_standing_credit(one):
                self.out.problems.add("unknown_charge_type")
            else:
                self.once(one)
