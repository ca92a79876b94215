"""The plan being made: prices, dates and mappings of one task, and the changes collected so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.mappings import Link
from cwtui.domain.marketplace import Subscription, SubscriptionProduct
from cwtui.domain.money import line_total, plain, price_text, round_price
from cwtui.domain.periods import ONE_DAY, span_text
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.planning.facts import PlanningFacts
from cwtui.domain.planning.lines import ChargedLine, plan_product
from cwtui.domain.planning.proration import prorated
from cwtui.domain.plans import Arithmetic, Change, Operation, PriceSource
from cwtui.domain.psa import Addition, AdditionValues, Agreement, CatalogItem
from cwtui.domain.tasks import Problem, ProblemCode

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """Price and cost of one unit, unrounded."""

    price: Arithmetic
    cost: Arithmetic


@dataclass(slots=True)
class Draft:
    """A plan in the making; the rules of each kind add changes, warnings and problems to it.

    Attributes:
        dates: None while the agreement is not known or bills nothing: then only problems are collected.
    """

    facts: PlanningFacts
    subscription: Subscription
    agreement: Agreement | None
    dates: AgreementDates | None
    effective: date | None
    changes: list[Change] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _named: set[tuple[ProblemCode, str]] = field(default_factory=set)

    def problem(self, code: ProblemCode, target: str, message: str) -> None:
        """Collect a problem once."""
        if (code, target) not in self._named:
            self._named.add((code, target))
            self.problems.append(Problem(code, message, target))

    def name_of(self, product: ProductId) -> str:
        """A product's name as invoices show it; a plan's own fee is named after the subscription (SPEC 6)."""
        if product == plan_product(self.subscription):
            return self.subscription.name or product
        held = self.subscription.product(product)
        if held is not None and held.name:
            return held.name
        order = self.facts.order
        ordered = next((found.name for found in order.products if found.id == product), "") if order else ""
        catalogued = self.facts.products.get(product)
        return ordered or (catalogued.name if catalogued else "") or product

    def item_for(self, product: ProductId, charge: Charge) -> CatalogItem | None:
        """The mapped catalog item; a missing mapping or an inactive item becomes a problem (SPEC 6)."""
        mapped = self.facts.mappings.catalog_item(product, charge)
        if mapped is None:
            self.problem(
                ProblemCode.PRODUCT_UNMAPPED,
                product,
                f"Product {self.name_of(product)} ({product}) is not mapped to a catalog item"
                f" for its {charge} charge. Map it: cwtui map set product {product} CATALOG_ITEM_ID.",
            )
            return None
        item = self.facts.catalog_items.get(mapped)
        if item is None or item.is_inactive:
            state = "no longer exists" if item is None else "is inactive"
            self.problem(
                ProblemCode.CATALOG_ITEM_INACTIVE,
                str(mapped),
                f"Catalog item {item.identifier if item else mapped} of product {self.name_of(product)} {state}."
                " Activate it in ConnectWise, or map the product to another one.",
            )
            return None
        return item

    def billed_span(self) -> str:
        """The period that an order's usage is for: P(creation date − 1 day), in words (SPEC 6, billing_order)."""
        order = self.facts.order
        if order is None or self.dates is None:
            return ""
        period = self.dates.calendar.period_of(order.created.date() - ONE_DAY)
        return span_text(period.start, period.end)

    def source_of(self, key: str) -> PriceSource:
        """The price source of one change: the operator's override, then the setting (SPEC 6)."""
        return self.facts.price_sources.get(key, self.facts.rules.price_source)

    def check_currency(self, currency: str) -> None:
        """The line's currency equals the agreement's; an agreement without one matches (SPEC 6)."""
        if self.agreement is None or not self.agreement.currency or not currency:
            return
        if currency.upper() != self.agreement.currency.upper():
            self.problem(
                ProblemCode.CURRENCY_MISMATCH,
                str(self.agreement.id),
                f"The order is in {currency}, agreement {self.agreement.name} in {self.agreement.currency}."
                " Map the subscription to an agreement in the order's currency.",
            )

    def unit_of(self, line: ChargedLine, key: str, item: CatalogItem, *, prefer_held: bool = False) -> UnitPrice | None:
        """Price and cost of one unit of a line (SPEC 6, price and cost).

        Args:
            line: The added-up order line.
            key: The change's key, for the operator's override of the source.
            item: The mapped catalog item.
            prefer_held: Take the subscription product's price before the line's (a new standing addition of a change).
        """
        if self.source_of(key) is PriceSource.CONNECTWISE:
            return _from_item(item)
        held = self.subscription.product(line.product_id)
        offered = [held.unit_price if held else None, line.unit_price]
        price = next((found for found in (offered if prefer_held else offered[::-1]) if found), None)
        if price is None:
            self.problem(
                ProblemCode.UNKNOWN_CHARGE_TYPE,
                line.product_id,
                f"The marketplace names no price for the {line.charge} charge of {self.name_of(line.product_id)}."
                " Set the price in the plan's editor, or use the ConnectWise price source.",
            )
            return None
        self.check_currency(price.currency)
        return UnitPrice(Arithmetic(price.amount), Arithmetic(self._cost(line, held, price.amount, price.currency)))

    def _cost(self, line: ChargedLine, held: SubscriptionProduct | None, price: Decimal, currency: str) -> Decimal:
        is_unit_cost = line.charge in {Charge.RECURRING, Charge.PRORATED} or (
            line.charge is Charge.CREDIT and not line.is_setup_refund
        )
        if is_unit_cost:
            return held.unit_cost.amount if held and held.unit_cost else price
        catalogued = self.facts.products.get(line.product_id)
        wanted = "setup" if line.is_setup_refund else str(line.charge)
        costs = (
            entry.cost.amount
            for entry in (catalogued.costs if catalogued else ())
            if entry.charge == wanted and entry.cost.currency.upper() == currency.upper()
        )
        return next(costs, price)

    def values(
        self,
        item: CatalogItem,
        quantity: Decimal,
        unit: UnitPrice,
        effective: date,
        cancelled: date | None,
        description: str,
    ) -> AdditionValues:
        """The addition to create, rounded as it is sent (SPEC 3, 6)."""
        decimals = self.facts.rules.price_decimals
        return AdditionValues(
            catalog_item_id=item.id,
            quantity=quantity,
            unit_price=round_price(unit.price.amount, decimals),
            unit_cost=round_price(unit.cost.amount, decimals),
            effective=effective,
            cancelled=cancelled,
            taxable=item.taxable,
            description=description,
        )

    def standing(
        self,
        product: ProductId,
        quantity: Decimal,
        start: date,
        unit: UnitPrice,
        item: CatalogItem,
        *,
        key: str,
        rule: str,
        arithmetic: Sequence[str] = (),
        end: date | None = None,
    ) -> None:
        """Create a standing addition from `start`."""
        after = self.values(item, quantity, unit, start, end, self.name_of(product))
        self._create(key, product, Charge.RECURRING, after, unit, rule, arithmetic, is_standing=True)

    def one_time(self, line: ChargedLine, *, rule: str, suffix: str = "") -> None:
        """A one-time addition of a whole line, over f (SPEC 6)."""
        key = f"{line.charge}:{line.product_id}:{_key_price(line)}"
        item = self.item_for(line.product_id, line.charge)
        unit = self.unit_of(line, key, item) if item else None
        if item is None or unit is None or self.dates is None or self.effective is None:
            return
        if line.charge is Charge.CREDIT:
            unit = negative(unit)
        elif line.charge is Charge.OTHER:
            unit = _signed_as_charged(line, unit)
        period = self.dates.one_time_period(self.effective)
        quantity = abs(line.quantity) if line.charge is Charge.CREDIT else line.quantity
        after = self.values(item, quantity, unit, period.start, period.end, self.name_of(line.product_id) + suffix)
        self._create(key, line.product_id, line.charge, after, unit, rule, (), source=line)

    def prorated(self, line: ChargedLine, before: date, *, rule: str) -> None:
        """A prorated one-time addition of a line for e … the day before `before` (SPEC 6, prorated price)."""
        if self.dates is None or self.effective is None:
            return
        is_credit = line.charge is Charge.CREDIT
        charge = Charge.CREDIT if is_credit else Charge.PRORATED
        key = f"{charge}:{line.product_id}:{_key_price(line)}"
        item = self.item_for(line.product_id, charge)
        unit = self.unit_of(line, key, item) if item else None
        if item is None or unit is None:
            return
        part = UnitPrice(
            prorated(unit.price.amount, self.dates.calendar, self.effective, before),
            prorated(unit.cost.amount, self.dates.calendar, self.effective, before),
        )
        if is_credit:
            part = negative(part)
        last = before - ONE_DAY
        word = "credit" if is_credit else "prorated"
        description = f"{self.name_of(line.product_id)} - {word} {span_text(self.effective, last)}"
        period = self.dates.one_time_period(self.effective)
        quantity = abs(line.quantity) if is_credit else line.quantity
        after = self.values(item, quantity, part, period.start, period.end, description)
        self._create(key, line.product_id, charge, after, part, rule, (), source=line)

    def uncharged_days(self, product: ProductId, before: date) -> None:
        """Say that nobody is charged for the days before a standing addition (SPEC 6, prorated price)."""
        if self.effective is not None:
            days = span_text(self.effective, before - ONE_DAY)
            self.warnings.append(f"{self.name_of(product)}: nobody is charged for {days}.")

    def end(self, link: Link, last_day: date, *, rule: str) -> None:
        """End a linked standing addition after `last_day`."""
        self._change(link, Operation.UPDATE, link.values.ending(last_day), rule, f"ends on {last_day}")

    def delete(self, link: Link, *, rule: str) -> None:
        """Delete a linked standing addition."""
        self._change(link, Operation.DELETE, None, rule, f"would only begin on {link.values.effective}")

    def _change(self, link: Link, operation: Operation, after: AdditionValues | None, rule: str, why: str) -> None:
        held = self.facts.additions.get(link.addition_id) if self.facts.additions is not None else None
        before = held or Addition(link.addition_id, link.agreement_id, link.values)
        if after is not None and held is not None:
            after = held.values.ending(after.cancelled) if after.cancelled else after
        self.changes.append(
            Change(
                key=f"{operation}:{link.addition_id}",
                operation=operation,
                agreement_id=link.agreement_id,
                product_id=link.product_id,
                charge=link.charge,
                before=before,
                after=after,
                arithmetic=(f"addition {link.addition_id} {why}",),
                rule=rule,
                is_standing=link.is_standing,
            )
        )

    def _create(
        self,
        key: str,
        product: ProductId,
        charge: Charge,
        after: AdditionValues,
        unit: UnitPrice,
        rule: str,
        arithmetic: Sequence[str],
        *,
        source: ChargedLine | None = None,
        is_standing: bool = False,
    ) -> None:
        if self.agreement is None:
            return
        if source is not None:
            self._compare(source, after)
        total = price_text(line_total(after.quantity, after.unit_price))
        shown = [f"price {unit.price.shown}"] if unit.price.shown else []
        shown += [f"cost {unit.cost.shown}"] if unit.cost.shown else []
        shown.append(f"{plain(after.quantity)} × {price_text(after.unit_price)} = {total}")
        self.changes.append(
            Change(
                key=key,
                operation=Operation.CREATE,
                agreement_id=self.agreement.id,
                product_id=product,
                charge=charge,
                after=after,
                arithmetic=(*arithmetic, *shown),
                source=_source_text(source, product),
                rule=rule,
                price_source=self.source_of(key),
                is_standing=is_standing,
            )
        )

    def _compare(self, line: ChargedLine, after: AdditionValues) -> None:
        """A difference above a cent to what the marketplace charged is a note, not a stop (SPEC 6)."""
        if line.extended is None or self.facts.rules.price_source is PriceSource.CONNECTWISE:
            return
        ours = line_total(after.quantity, after.unit_price)
        if abs(abs(ours) - abs(line.extended)) > _CENT:
            self.notes.append(
                f"{after.description}: this plan bills {price_text(ours)}, the marketplace charged"
                f" {price_text(line.extended)} on that line."
            )


def negative(unit: UnitPrice) -> UnitPrice:
    """A credit's price and cost (SPEC 6, charges and fine points)."""
    return UnitPrice(
        Arithmetic(-abs(unit.price.amount), f"−({unit.price.shown})" if unit.price.shown else ""),
        Arithmetic(-abs(unit.cost.amount), f"−({unit.cost.shown})" if unit.cost.shown else ""),
    )


def _signed_as_charged(line: ChargedLine, unit: UnitPrice) -> UnitPrice:
    """A discount may come with a positive unit price and a negative total: the total says who owes whom."""
    is_opposite = line.extended is not None and line.quantity * unit.price.amount * line.extended < 0
    return negative(unit) if is_opposite and unit.price.amount > 0 else unit


def _from_item(item: CatalogItem) -> UnitPrice:
    return UnitPrice(Arithmetic(item.price), Arithmetic(item.cost))


def _key_price(line: ChargedLine) -> str:
    price = plain(line.unit_price.amount) if line.unit_price else "unpriced"
    return f"{price}:setup" if line.is_setup_refund else price


def _source_text(line: ChargedLine | None, product: ProductId) -> str:
    if line is None:
        return f"product {product}"
    price = f" at {price_text(line.unit_price.amount)} {line.unit_price.currency}" if line.unit_price else ""
    return f"{' + '.join(line.types)} line, product {product}: {plain(line.quantity)}{price}"
