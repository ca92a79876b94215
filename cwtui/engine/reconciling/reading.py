"""Both sides of a reconciliation, read in as few requests as allowed (reconciling.md#reconcile)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.errors import InputError, NotFound, Unreadable
from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, CustomerId, ProductId, SubscriptionId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import Link
from cwtui.domain.marketplace import Subscription, SubscriptionProduct, SubscriptionStatus
from cwtui.domain.money import ZERO, round_price
from cwtui.domain.periods import span_text
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.planning.ground import agreement_problems
from cwtui.domain.plans import PriceSource
from cwtui.domain.psa import Addition, Agreement
from cwtui.domain.reconciliation import (
    ReconcileFacts,
    Reconciliation,
    ReconciliationRow,
    RowStatus,
    compare,
    compared_days,
    expected_amounts,
    one_time_count,
    recurring_items,
)
from cwtui.domain.reconciliation_doubts import doubts
from cwtui.domain.remedies import Action, Remedy
from cwtui.domain.repair_values import Repair, WantedProduct
from cwtui.domain.repairs import assign, left_alone, repair_start
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.reconciling.left_behind import Read, billed_there, elsewhere, left_behind
from cwtui.engine.workspace import Feature
from cwtui.wording.problems import sentence

_HELD = frozenset({SubscriptionStatus.ACTIVE, SubscriptionStatus.HOLD})
"""States in which a subscription is still paid for; a suspended one keeps its standing additions."""


@dataclass(slots=True)
class Holdings:
    """One customer's subscriptions: all their ids, and those still paid for in their detailed form."""

    customer_id: CustomerId
    name: str
    ids: set[SubscriptionId] = field(default_factory=set)
    held: list[Subscription] = field(default_factory=list)

    def name_of(self, subscription: SubscriptionId) -> str:
        """A subscription's name, or its id."""
        return next((one.name for one in self.held if one.id == subscription and one.name), subscription)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One agreement's comparison with the facts it was made from."""

    holdings: Holdings
    facts: ReconcileFacts
    dates: AgreementDates
    found: Reconciliation

    def repairs(self, today: date) -> tuple[tuple[Repair, ...], tuple[str, ...]]:
        """The repairs from the first day that ConnectWise accepts, whichever period was compared.

        Also a sentence for each addition made by hand that no repair touches (reconciling.md#adoption).
        """
        start = repair_start(self.dates, today, self.found.period.start)
        rows = compare(self.facts, self.dates.calendar.period_of(start))
        return assign(self.facts, rows, start), tuple(left_alone(self.facts, rows, start))


@dataclass(slots=True)
class _MarketplaceSide:
    """What the marketplace says of one agreement.

    Attributes:
        wanted: Products that the agreement should bill.
        unknown: Products whose quantity the marketplace does not name.
        ends: Subscriptions that another agreement bills, with the last day there.
        warnings: What a person should know of it, in sentences.
    """

    wanted: list[WantedProduct] = field(default_factory=list)
    unknown: set[tuple[SubscriptionId, ProductId]] = field(default_factory=set)
    ends: dict[SubscriptionId, date] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class BothSides(Feature):
    """Reads subscriptions and additions, and lays them beside each other. Saves nothing.

    Attributes:
        behind: What goes on in agreements that its subscriptions left, by whom it is billed to.
    """

    desk: PlanningDesk
    behind: Mapping[CustomerId, Sequence[Link]] = field(default_factory=dict)

    # the marketplace's side

    async def holdings(self, customer: CustomerId) -> Holdings:
        """One customer's subscriptions.

        Raises:
            InputError: The marketplace knows no such customer.
        """
        self.behind = left_behind(self.store, self.clock.today)
        known = self.store.customer(customer)
        try:
            name = known.name if known else (await self.marketplace.customer(customer)).name
        except NotFound as error:
            raise InputError(
                f"The marketplace knows no customer {customer}.", next_step=Remedy(Action.SEE_MAPPINGS, kind="customer")
            ) from error
        found = Holdings(customer, name or customer)
        held: list[SubscriptionId] = []
        async for page in self.marketplace.subscriptions(customer_id=customer):
            mine = [row for row in page if row.customer_id == customer]
            found.ids.update(row.id for row in mine)
            held.extend(row.id for row in mine if row.status in _HELD)
        found.held = await self._details(held)
        return found

    async def all_holdings(self, customers: Iterable[CustomerId]) -> list[Holdings]:
        """Many customers' subscriptions, from one list."""
        self.behind = left_behind(self.store, self.clock.today)
        wanted = {
            name: Holdings(name, known.name if (known := self.store.customer(name)) else name) for name in customers
        }
        held: list[SubscriptionId] = []
        async for page in self.marketplace.subscriptions():
            for row in page:
                if row.customer_id in wanted:
                    wanted[row.customer_id].ids.add(row.id)
                    held += [row.id] if row.status in _HELD else []
        for subscription in await self._details(held):
            wanted[subscription.customer_id].held.append(subscription)
        return list(wanted.values())

    async def _details(self, ids: Sequence[SubscriptionId]) -> list[Subscription]:
        async def ask(name: SubscriptionId) -> Subscription | None:
            try:
                return await self.marketplace.subscription(name)
            except NotFound:
                return None

        answers = await self.workspace.each(ids, ask, "Reading subscriptions")
        return [answer for answer in answers if answer is not None and answer.status in _HELD]

    def agreements_of(self, holdings: Holdings, chosen: AgreementId | None) -> list[AgreementId]:
        """The chosen one, or all the customer's subscriptions are mapped to.

        Ended subscriptions count too: their additions may not have ended. So does what subscriptions left behind.
        """
        if chosen is not None:
            return [chosen]
        mapped = (self.store.mappings().agreement(name) for name in sorted(holdings.ids))
        left = (link.agreement_id for link in self.behind.get(holdings.customer_id, ()))
        return list(dict.fromkeys(found for found in (*left, *mapped) if found is not None))

    # both

    async def compare(
        self, pairs: Sequence[tuple[Holdings, AgreementId]], chosen: AgreementId | None, period_day: date | None
    ) -> tuple[list[Comparison], list[str]]:
        """Compare each pair; adds a sentence for each that cannot be compared."""
        named = {agreement for _, agreement in pairs}
        await self.desk.load_agreements(named)
        held = [one.id for holdings, _ in pairs for one in holdings.held]
        since = min(map(self._first_day, named), default=self.clock.today)
        links = elsewhere(self.store, held, None, since)
        names = sorted(named | {link.agreement_id for link in links})
        await self.desk.load_agreements(set(names))
        await self.desk.load_items(self._items(holdings for holdings, _ in pairs))
        answers = await self.workspace.each(names, self._additions, "Reading additions")
        additions = {name: answer for name, answer in zip(names, answers, strict=True) if answer is not None}
        comparisons, skipped = [], []
        for holdings, name in pairs:
            made = self._comparison(holdings, name, additions, chosen, period_day)
            if isinstance(made, str):
                skipped.append(made)
            else:
                comparisons.append(made)
        return comparisons, skipped

    def _first_day(self, name: AgreementId) -> date:
        """The first day that a repair may bill in an agreement, which may lie before today."""
        agreement, today = self.desk.agreements.get(name), self.clock.today
        dates = AgreementDates.of(agreement, self.desk.billed.get(name)) if agreement else None
        return today if dates is None else min(today, dates.initial_effective(today))

    def unmapped_rows(self, holdings: Holdings, chosen: AgreementId | None) -> tuple[ReconciliationRow, ...]:
        """Rows for a customer's active subscriptions that are mapped to no agreement.

        With a chosen agreement they are compared with that one instead. Rule: reconciling.md#everything-is-compared.
        """
        mappings = self.store.mappings()
        if chosen is not None:
            return ()
        return tuple(
            ReconciliationRow(RowStatus.UNMAPPED, None, "", (wanted,), expected=expected_amounts([wanted]))
            for subscription in holdings.held
            if subscription.status is SubscriptionStatus.ACTIVE and mappings.agreement(subscription.id) is None
            for wanted in self._wanted_of_unmapped(subscription)
        )

    def _wanted_of_unmapped(self, subscription: Subscription) -> list[WantedProduct]:
        blocked = "the subscription is mapped to no agreement."
        is_counted = not subscription.billing_model.is_usage_based
        held = [one for one in subscription.products if one.quantity and is_counted]
        if not held:
            return [WantedProduct(subscription.id, ProductId(""), subscription.name, ZERO, blocked=blocked)]
        return [self._wanted(subscription, one, one.quantity or ZERO, blocked) for one in held]

    def _items(self, holdings: Iterable[Holdings]) -> set[CatalogItemId]:
        mappings = self.store.mappings()
        products = {product.id for one in holdings for held in one.held for product in held.products}
        found = {mappings.catalog_item(product, Charge.RECURRING) for product in products}
        return {item for item in found if item is not None}

    async def _additions(self, agreement: AgreementId) -> dict[AdditionId, Addition] | str | None:
        """An agreement that cannot be read is asked too: its additions bill all the same. None if it is gone."""
        try:
            return {held.id: held for held in await self.psa.additions(agreement)}
        except (Unreadable, NotFound) as error:
            is_gone = isinstance(error, NotFound) and self.desk.agreements.get(agreement) is None
            return None if is_gone else str(error)

    def _comparison(
        self,
        holdings: Holdings,
        name: AgreementId,
        read: Read,
        chosen: AgreementId | None,
        period_day: date | None,
    ) -> Comparison | str:
        ground = self._ground(holdings, name, read)
        if isinstance(ground, str):
            return ground
        agreement, dates, additions = ground
        facts, warnings = self._facts(holdings, agreement, dates, read, additions, chosen)
        period = dates.calendar.period_of(period_day or dates.initial_effective(self.clock.today))
        billed = dates.is_billed(period.start)
        if billed:
            start = repair_start(dates, self.clock.today, period.start)
            warnings.append(
                f"The period {span_text(period.start, period.end)} is billed already: repairs begin on {start}."
            )
        once = one_time_count(facts, period)
        rows = compare(facts, period)
        by_days = [
            f"Of {product} in subscription {subscription}, an order billed days of this period once: what begins on"
            f" {day} is compared."
            for (subscription, product), day in sorted(compared_days(facts, period).items())
        ]
        found = Reconciliation(
            customer_id=holdings.customer_id,
            customer_name=holdings.name,
            agreement_id=name,
            agreement_name=agreement.name,
            currency=agreement.currency,
            period=period,
            billed=billed,
            rows=rows,
            warnings=tuple(dict.fromkeys(warnings)),
            notes=(*([f"One-time additions of this period, not compared: {once}."] if once else []), *by_days),
            doubts=tuple(doubts(facts, rows, period)),
        )
        return Comparison(holdings, facts, dates, found)

    def _ground(
        self, holdings: Holdings, name: AgreementId, read: Read
    ) -> tuple[Agreement, AgreementDates, Mapping[AdditionId, Addition]] | str:
        """What a comparison in an agreement stands on; else a sentence why there is none."""
        agreement, additions = self.desk.agreements.get(name), read.get(name)
        if agreement is None or additions is None:
            return f"Agreement {name} does not exist in ConnectWise."
        if isinstance(additions, str):
            return additions
        company = self.store.mappings().company(holdings.customer_id)
        if company is not None and agreement.company_id != company:
            return (
                f"Agreement {agreement.name} ({name}) belongs to company {agreement.company_id}, customer"
                f" {holdings.name} is mapped to {company}: it is not compared."
            )
        dates = AgreementDates.of(agreement, self.desk.billed.get(name))
        if dates is None:
            return f"Agreement {agreement.name} ({name}) bills no periods, so there is none to compare in."
        return agreement, dates, additions

    def _facts(
        self,
        holdings: Holdings,
        agreement: Agreement,
        dates: AgreementDates,
        read: Read,
        additions: Mapping[AdditionId, Addition],
        chosen: AgreementId | None,
    ) -> tuple[ReconcileFacts, list[str]]:
        mappings = self.store.mappings()
        side = _MarketplaceSide()
        for subscription in holdings.held:
            mapped = mappings.agreement(subscription.id)
            is_concerned = mapped == agreement.id or (mapped is None and chosen == agreement.id)
            if is_concerned and not subscription.billing_model.is_usage_based:
                self._add(side, subscription, agreement, read)
        facts = ReconcileFacts(
            customer_id=holdings.customer_id,
            customer_name=holdings.name,
            agreement=agreement,
            calendar=dates.calendar,
            additions=additions,
            links={link.addition_id: link for link in self.store.links_in(agreement.id)},
            wanted=side.wanted,
            subscriptions=frozenset(holdings.ids) | self._left_in(agreement.id, holdings.customer_id),
            unknown=frozenset(side.unknown),
            recurring_items=recurring_items(mappings),
            identifiers={item.id: item.identifier for item in self.desk.items.values()},
            billed_elsewhere=side.ends,
        )
        return facts, side.warnings

    def _add(self, side: _MarketplaceSide, subscription: Subscription, agreement: Agreement, read: Read) -> None:
        """Add what a subscription holds to its agreement's side."""
        named = f"Subscription {subscription.name} ({subscription.id})"
        there = elsewhere(self.store, [subscription.id], agreement.id, self._first_day(agreement.id))
        bills_on, last = billed_there(there, read)
        is_mapped = self.store.mappings().agreement(subscription.id) is not None
        blocked = _blocked(subscription, agreement, is_mapped=is_mapped) or bills_on
        if last is not None:
            side.ends[subscription.id] = last
            side.warnings.append(f"{named} is billed in another agreement until {last}: repairs begin after that day.")
        if blocked:
            side.warnings.append(f"{named} cannot be repaired: {blocked}")
        for product in subscription.products:
            if product.quantity is None:
                side.unknown.add((subscription.id, product.id))
                text = f"The marketplace names no quantity of {product.name or product.id}: not compared."
                side.warnings.append(text)
            elif product.quantity > 0:
                side.wanted.append(self._wanted(subscription, product, product.quantity, blocked))

    def _left_in(self, agreement: AgreementId, customer: CustomerId) -> set[SubscriptionId]:
        """Subscriptions that left an agreement, whose additions there a customer is billed (reconciling.md#moved)."""
        return {link.subscription_id for link in self.behind.get(customer, ()) if link.agreement_id == agreement}

    def _wanted(
        self, subscription: Subscription, product: SubscriptionProduct, quantity: Decimal, blocked: str
    ) -> WantedProduct:
        rules = self.desk.rules
        item_id = self.store.mappings().catalog_item(product.id, Charge.RECURRING)
        item = self.desk.items.get(item_id) if item_id is not None else None
        if rules.price_source is PriceSource.CONNECTWISE:
            price, cost = (item.price, item.cost) if item and item.is_priced else (None, None)
        else:
            price = product.unit_price.amount if product.unit_price else None
            cost = product.unit_cost.amount if product.unit_cost else price
        return WantedProduct(
            subscription_id=subscription.id,
            product_id=product.id,
            name=product.name or product.id,
            quantity=quantity,
            price=None if price is None else round_price(price, rules.price_decimals),
            cost=None if cost is None else round_price(cost, rules.price_decimals),
            catalog_item_id=item_id,
            blocked=blocked,
        )


def _blocked(subscription: Subscription, agreement: Agreement, *, is_mapped: bool) -> str:
    """Why this agreement cannot bill the subscription as it is; empty if it can (plans.md#problems)."""
    if not is_mapped:
        return "It is mapped to no agreement."
    if subscription.billing_period is not None and subscription.billing_period.type == "statement_day":
        return "It is billed on statement days, which no agreement's cycle matches."
    if problems := agreement_problems(agreement, subscription):
        return sentence(problems[0])
    currencies = {product.unit_price.currency.upper() for product in subscription.products if product.unit_price}
    if agreement.currency and currencies - {agreement.currency.upper(), ""}:
        return f"It is in {', '.join(sorted(currencies))}, agreement {agreement.name} in {agreement.currency}."
    return ""
