"""Reconcile: what a customer's subscriptions ask for beside what an agreement bills (reconciling.md#reconcile)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from cwtui.domain.charges import Charge
from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, CustomerId, ProductId, SubscriptionId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import Link, MappingKind, Mappings
from cwtui.domain.money import ZERO, is_rounding, line_total, round_price
from cwtui.domain.periods import ONE_DAY, BillingCalendar, BillingPeriod
from cwtui.domain.psa import Addition, AdditionValues, Agreement
from cwtui.domain.repair_values import WantedProduct

_AVERAGE_DECIMALS = 4
_LONGEST_MONTH = 31
_DAYS = frozenset({Charge.PRORATED, Charge.CREDIT})
Holding = tuple[SubscriptionId, ProductId]
"""A product of a subscription."""
NO_AGREEMENT = AgreementId(0)
"""Stands in the place of an agreement where nothing of a customer is mapped to one."""


class RowStatus(StrEnum):
    """How one catalog item's additions compare with what the subscriptions hold (reconciling.md#reconcile)."""

    MATCH = "match"
    QUANTITY_DIFFERS = "quantity_differs"
    PRICE_DIFFERS = "price_differs"
    MISSING = "missing"
    EXTRA = "extra"
    UNMAPPED = "unmapped"


@dataclass(frozen=True, slots=True)
class RowAmounts:
    """One side of a row: units, and price and cost of one; an average where several prices are added up."""

    quantity: Decimal
    price: Decimal | None
    cost: Decimal | None
    total: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class AdoptionProposal:
    """An unlinked addition that may bill what a product asks for, so that it can be adopted."""

    wanted: WantedProduct
    addition: Addition


@dataclass(frozen=True, slots=True)
class ReconciliationRow:
    """One mapped catalog item, or one product without one.

    Attributes:
        identifier: The catalog item's; empty if nothing is mapped.
        additions: The standing additions of it that are live on the period's last day.
        others: Standing additions of it that begin later, or end before that day.
        proposals: Unlinked additions among `additions` to adopt.
    """

    status: RowStatus
    catalog_item_id: CatalogItemId | None
    identifier: str
    wanted: tuple[WantedProduct, ...] = ()
    additions: tuple[Addition, ...] = ()
    others: tuple[Addition, ...] = ()
    expected: RowAmounts | None = None
    actual: RowAmounts | None = None
    proposals: tuple[AdoptionProposal, ...] = ()

    @property
    def product_ids(self) -> tuple[ProductId, ...]:
        """The products that ask for it, each once."""
        return tuple(dict.fromkeys(wanted.product_id for wanted in self.wanted))

    @property
    def name(self) -> str:
        """The products' names, else the catalog item's identifier."""
        return ", ".join(dict.fromkeys(wanted.name for wanted in self.wanted)) or self.identifier

    @property
    def difference(self) -> Decimal:
        """How much more (or, negative, less) the agreement bills per period than the subscriptions ask for."""
        return (self.actual.total if self.actual else ZERO) - (self.expected.total if self.expected else ZERO)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One customer's subscriptions beside one agreement, in one billing period (reconciling.md#reconcile).

    Attributes:
        billed: The period's first day is invoiced already: a repair begins later.
        warnings: What the operator should know before repairing.
        notes: What was left out of the comparison, and why.
        doubts: What counts as billed, and is not, or not for long.
    """

    customer_id: CustomerId
    customer_name: str
    agreement_id: AgreementId
    agreement_name: str
    currency: str
    period: BillingPeriod
    billed: bool
    rows: tuple[ReconciliationRow, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Some row is not a match."""
        return any(row.status is not RowStatus.MATCH for row in self.rows)

    @property
    def difference(self) -> Decimal:
        """What is billed too much or too little per period, added up without regard to its sign."""
        return sum((abs(row.difference) for row in self.rows), start=ZERO)

    @property
    def proposals(self) -> tuple[AdoptionProposal, ...]:
        """Every addition to adopt."""
        return tuple(proposal for row in self.rows for proposal in row.proposals)


@dataclass(frozen=True, slots=True)
class ReconcileFacts:
    """Everything a comparison depends on.

    Attributes:
        wanted: What the customer's subscriptions on this agreement ask for.
        subscriptions: Every subscription of the customer, whatever its state: an addition that is linked to
            another customer's is none of this comparison's business.
        unknown: Products whose quantity the marketplace does not say; their additions are left out.
        recurring_items: Catalog items that some product's recurring charge is mapped to.
        identifiers: Of the catalog items, as far as known.
        billed_elsewhere: The last day that another agreement bills a subscription whose additions there end.
    """

    customer_id: CustomerId
    customer_name: str
    agreement: Agreement
    calendar: BillingCalendar
    additions: Mapping[AdditionId, Addition]
    links: Mapping[AdditionId, Link]
    wanted: Sequence[WantedProduct] = ()
    subscriptions: frozenset[SubscriptionId] = frozenset()
    unknown: frozenset[tuple[SubscriptionId, ProductId]] = frozenset()
    recurring_items: frozenset[CatalogItemId] = frozenset()
    identifiers: Mapping[CatalogItemId, str] = field(default_factory=dict)
    billed_elsewhere: Mapping[SubscriptionId, date] = field(default_factory=dict)

    def link_of(self, addition: Addition) -> Link | None:
        """The link of an addition, if it names a subscription."""
        link = self.links.get(addition.id)
        return link if link is not None and link.subscription_id else None

    def holding_of(self, addition: Addition) -> Holding:
        """Whose product it bills; of what nobody linked, nobody's."""
        link = self.link_of(addition)
        return (link.subscription_id, link.product_id) if link else (SubscriptionId(""), ProductId(""))

    def is_standing(self, addition: Addition) -> bool:
        """It bills every period; an unlinked one that begins and ends inside one period is a one-time charge."""
        link = self.link_of(addition)
        if link is not None:
            return link.is_standing
        values = addition.values
        return values.cancelled is None or values.cancelled > self.calendar.period_of(values.effective).end

    def concerns(self, addition: Addition) -> bool:
        """It bills one of this customer's subscriptions, or could: it is unlinked and of a mapped catalog item."""
        link = self.link_of(addition)
        if link is None:
            return addition.values.catalog_item_id in self.recurring_items
        known = (link.subscription_id, link.product_id) not in self.unknown
        return known and link.subscription_id in self.subscriptions


def recurring_items(mappings: Mappings) -> frozenset[CatalogItemId]:
    """Catalog items that a product's recurring charge is mapped to: what a standing addition may be of."""
    return frozenset(
        CatalogItemId(row.connectwise_id)
        for row in mappings.of_kind(MappingKind.PRODUCT)
        if row.key.charge in {"", Charge.RECURRING}
    )


def is_live(values: AdditionValues, day: date) -> bool:
    """The addition bills that day."""
    return values.effective <= day and (values.cancelled is None or values.cancelled >= day)


def with_rows(found: Reconciliation, rows: Sequence[ReconciliationRow]) -> Reconciliation:
    """The same comparison with further rows."""
    return replace(found, rows=(*found.rows, *rows))


def without_agreement(
    customer_id: CustomerId, customer_name: str, day: date, rows: Sequence[ReconciliationRow]
) -> Reconciliation:
    """What a customer holds that no agreement bills, in the calendar month of a day."""
    first = day.replace(day=1)
    last = (first + timedelta(days=_LONGEST_MONTH)).replace(day=1) - timedelta(days=1)
    period = BillingPeriod(first, last)
    return Reconciliation(
        customer_id=customer_id,
        customer_name=customer_name,
        agreement_id=NO_AGREEMENT,
        agreement_name="(no agreement)",
        currency="",
        period=period,
        billed=False,
        rows=tuple(rows),
    )


def compare(facts: ReconcileFacts, period: BillingPeriod) -> tuple[ReconciliationRow, ...]:
    """Compare per mapped catalog item (reconciling.md#reconcile).

    Only standing additions are compared, as they stand on the period's last day: what ended inside the period was
    followed by something else or by nothing. Where an order billed days of the period once, what begins after the
    period counts instead (reconciling.md#billed-by-days). One-time charges (setup, prorated, overuse …) are not part
    of it, nor are additions of catalog items that no product's recurring charge is mapped to.

    Returns:
        Rows in the order of what is wanted, then the extra ones, then products without a mapping.
    """
    standing: dict[CatalogItemId, list[Addition]] = defaultdict(list)
    for addition in facts.additions.values():
        if facts.concerns(addition) and facts.is_standing(addition):
            standing[addition.values.catalog_item_id].append(addition)
    wanted: dict[CatalogItemId | None, list[WantedProduct]] = defaultdict(list)
    for one in facts.wanted:
        wanted[one.catalog_item_id].append(one)
    items = [*(item for item in wanted if item is not None), *(item for item in standing if item not in wanted)]
    days = compared_days(facts, period)
    rows = [_row(facts, item, wanted.get(item, []), standing.get(item, []), period.end, days) for item in items]
    lacking = [
        ReconciliationRow(RowStatus.UNMAPPED, None, "", (one,), expected=expected_amounts([one]))
        for one in wanted.get(None, [])
    ]
    return tuple(row for row in rows if row.wanted or row.additions) + tuple(lacking)


def compared_days(facts: ReconcileFacts, period: BillingPeriod) -> dict[Holding, date]:
    """Products of which an order billed or credited days of the period once, and the day they are compared on.

    Their standing additions begin the day after the period, so that no day is billed twice.
    Rule: reconciling.md#billed-by-days.
    """
    following = period.end + ONE_DAY
    links = [(held, link) for held in facts.additions.values() if (link := facts.link_of(held)) is not None]
    by_days = {
        (link.subscription_id, link.product_id)
        for held, link in links
        if not link.is_standing
        and link.charge in _DAYS
        and not link.is_given_back
        and period.start <= held.values.effective
        and held.values.cancelled == period.end
    }
    begin = {facts.holding_of(held) for held, link in links if link.is_standing and held.values.effective == following}
    return dict.fromkeys(by_days & begin, following)


def one_time_count(facts: ReconcileFacts, period: BillingPeriod) -> int:
    """How many one-time additions bill something in the period: they are not compared."""
    return sum(
        addition.values.effective <= period.end
        and (addition.values.cancelled is None or addition.values.cancelled >= period.start)
        for addition in facts.additions.values()
        if facts.concerns(addition) and not facts.is_standing(addition)
    )


def _row(
    facts: ReconcileFacts,
    item: CatalogItemId,
    wanted: Sequence[WantedProduct],
    standing: Sequence[Addition],
    last: date,
    days: Mapping[Holding, date],
) -> ReconciliationRow:
    live = tuple(held for held in standing if is_live(held.values, days.get(facts.holding_of(held), last)))
    identifier = facts.identifiers.get(item, "") or next((found.catalog_item for found in standing), "")
    return ReconciliationRow(
        status=_status(wanted, live),
        catalog_item_id=item,
        identifier=identifier,
        wanted=tuple(wanted),
        additions=live,
        others=tuple(addition for addition in standing if addition not in live),
        expected=expected_amounts(wanted) if wanted else None,
        actual=_actual(live) if live else None,
        proposals=tuple(_proposals(facts, wanted, standing, live)),
    )


def _status(wanted: Sequence[WantedProduct], live: Sequence[Addition]) -> RowStatus:
    if not wanted:
        return RowStatus.EXTRA
    if not live:
        return RowStatus.MISSING
    if sum(one.quantity for one in wanted) != sum(addition.values.quantity for addition in live):
        return RowStatus.QUANTITY_DIFFERS
    # Where the marketplace names no price (or no cost), there is none to compare with.
    knows_price, knows_cost = all(one.price is not None for one in wanted), all(one.cost is not None for one in wanted)
    asked: Counter[tuple[Decimal | None, ...]] = Counter()
    billed: Counter[tuple[Decimal | None, ...]] = Counter()
    for one in wanted:
        asked[one.price if knows_price else None, one.cost if knows_cost else None] += one.quantity  # type: ignore[assignment]  # counts units, which may be parts
    for values in (addition.values for addition in live):
        price = _as_wanted(values.unit_price, (one.price for one in wanted)) if knows_price else None
        key = price, _as_wanted(values.unit_cost, (one.cost for one in wanted)) if knows_cost else None
        billed[key] += values.quantity  # type: ignore[assignment]  # likewise
    return RowStatus.MATCH if asked == billed else RowStatus.PRICE_DIFFERS


def _as_wanted(kept: Decimal, wanted: Iterable[Decimal | None]) -> Decimal:
    """The wanted amount if rounding explains what ConnectWise keeps; else the kept amount."""
    known = [amount for amount in wanted if amount is not None]
    return kept if kept in known else next((amount for amount in known if is_rounding(amount, kept)), kept)


def expected_amounts(wanted: Sequence[WantedProduct]) -> RowAmounts:
    """What some products should be billed as, added up."""
    return _amounts([(one.quantity, one.price, one.cost) for one in wanted])


def _actual(additions: Sequence[Addition]) -> RowAmounts:
    held = (addition.values for addition in additions)
    return _amounts([(values.quantity, values.unit_price, values.unit_cost) for values in held])


def _amounts(parts: Sequence[tuple[Decimal, Decimal | None, Decimal | None]]) -> RowAmounts:
    quantity = sum((part[0] for part in parts), start=ZERO)
    total = sum((line_total(part[0], part[1] or ZERO) for part in parts), start=ZERO)
    return RowAmounts(quantity, _average(parts, 1, quantity), _average(parts, 2, quantity), total)


def _average(
    parts: Sequence[tuple[Decimal, Decimal | None, Decimal | None]], index: int, quantity: Decimal
) -> Decimal | None:
    """The one price there is, or what a unit costs on average; None if one of them is not known."""
    prices = [part[index] for part in parts]
    if None in prices:
        return None
    known = [price for price in prices if price is not None]
    if len(set(known)) == 1 or not quantity:
        return known[0]
    total = sum((part[0] * price for part, price in zip(parts, known, strict=True)), start=ZERO)
    return round_price(total / quantity, _AVERAGE_DECIMALS)


def _proposals(
    facts: ReconcileFacts, wanted: Sequence[WantedProduct], standing: Iterable[Addition], live: Iterable[Addition]
) -> Iterable[AdoptionProposal]:
    """One unlinked live addition for each product without a linked one: the same, else the quantity, else any."""
    linked = {
        (link.subscription_id, link.product_id)
        for addition in standing
        if (link := facts.link_of(addition)) is not None
    }
    free = [addition for addition in live if facts.link_of(addition) is None]
    for one in wanted:
        if (one.subscription_id, one.product_id) in linked:
            continue
        same = [held for held in free if held.values.quantity == one.quantity]
        equal = [held for held in same if one.is_billed_by(held.values)]
        found = next(iter([*equal, *same, *free]), None)
        if found is not None:
            free.remove(found)
            yield AdoptionProposal(one, found)
