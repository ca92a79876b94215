"""Compares what a subscription holds with what cwtui carried over (check.md#what-no-order-explains)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date
from decimal import Decimal

from cwtui.domain.check_records import Difference, DifferenceFacts, DifferenceKind
from cwtui.domain.ids import AgreementId, CustomerId, ProductId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import Link
from cwtui.domain.marketplace import Subscription, SubscriptionProduct, SubscriptionStatus
from cwtui.domain.money import ZERO, plain, price_text, round_price
from cwtui.domain.periods import ONE_DAY
from cwtui.domain.planning.lines import plan_product

ENDED = frozenset({SubscriptionStatus.TERMINATED, SubscriptionStatus.REMOVED})
"""States in which nothing is held any more."""
_PAID = frozenset({SubscriptionStatus.ACTIVE, SubscriptionStatus.HOLD})
"""States in which what it holds is paid for; a suspended subscription keeps its standing additions."""
_FEWEST_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Carried:
    """What was carried over of one subscription.

    Attributes:
        links: The links of its standing additions, also of those that ended.
        is_known: Some task of it was synced, or an addition of it was adopted.
        customer_id: Whose it was when a task of it was synced last; empty if none was.
        is_foreign: Its additions stand in an agreement of another company than its customer is mapped to.
        agreement_id: Where the subscription is mapped to now; None if it is mapped to no agreement.
        prices: Unit prices as the marketplace had them when the subscription was last found in order. If another price
            is billed since then, a person or the price source decided so.
        billed: Through which day agreements are billed, where additions that end later were looked at.
    """

    links: Sequence[Link] = ()
    is_known: bool = False
    customer_id: CustomerId = CustomerId("")
    is_foreign: bool = False
    agreement_id: AgreementId | None = None
    prices: Mapping[ProductId, Decimal] = field(default_factory=dict)
    billed: Mapping[AgreementId, date | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CarriedRules:
    """How prices are compared.

    Attributes:
        compares_prices: The marketplace's prices are billed, not the catalog's.
        price_decimals: To how many decimals a unit price is rounded before it is sent.
    """

    compares_prices: bool = True
    price_decimals: int = 4


def differences(
    subscription: Subscription, carried: Carried, today: date, rules: CarriedRules
) -> tuple[Difference, ...]:
    """Say how a subscription differs from what was carried over.

    Args:
        subscription: As the marketplace has it now. Quantities and prices are compared if it is `detailed`.
        carried: What was carried over.
        today: Tells additions that ended from those that go on.
        rules: How prices are compared.
    """
    found: list[Difference] = []
    if carried.is_foreign:
        found.append(_customer(subscription, carried))
    elif subscription.status not in ENDED:
        found += _elsewhere(carried)
    if subscription.status in ENDED:
        found += _going_on(subscription.status.value, carried, today)
    elif not carried.is_known and subscription.status is SubscriptionStatus.ACTIVE:
        found.append(_never_carried(subscription))
    elif subscription.status in _PAID and subscription.detailed and not subscription.billing_model.is_usage_based:
        found += _amounts(subscription, carried, today, rules)
    return tuple(found)


def differences_of_a_missing_one(carried: Carried, today: date) -> tuple[Difference, ...]:
    """The additions that go on although the marketplace no longer has their subscription, as differences."""
    return tuple(_going_on("", carried, today))


def unit_prices(subscription: Subscription) -> dict[ProductId, Decimal]:
    """The unit price of each product, where there is exactly one."""
    found: dict[ProductId, set[Decimal]] = defaultdict(set)
    for product in subscription.products:
        if product.unit_price is not None:
            found[product.id].add(product.unit_price.amount)
    return {name: next(iter(prices)) for name, prices in found.items() if len(prices) == 1}


def open_ended(links: Iterable[Link]) -> list[Link]:
    """The links of standing additions that nobody ended."""
    return [link for link in links if link.is_standing and link.values.cancelled is None]


def ending_later(links: Iterable[Link], today: date) -> list[Link]:
    """The links of standing additions that end on a later day; the marketplace may end a day before they do."""
    tomorrow = today + ONE_DAY
    return [link for link in links if link.is_standing and link.values.cancelled and link.values.cancelled > tomorrow]


def _customer(subscription: Subscription, carried: Carried) -> Difference:
    was = carried.customer_id if carried.customer_id != subscription.customer_id else ""
    return Difference(DifferenceKind.CUSTOMER, {"customer": subscription.customer_id, "was": was})


def _elsewhere(carried: Carried) -> Iterator[Difference]:
    """What goes on in an agreement that the subscription left: billed there, and soon here too."""
    if carried.agreement_id is None:
        return
    left = [link for link in open_ended(carried.links) if link.agreement_id != carried.agreement_id]
    if left:
        additions = tuple((plain(link.values.quantity), _name(link), str(link.agreement_id)) for link in left)
        facts: DifferenceFacts = {"agreement": str(carried.agreement_id), "additions": additions}
        yield Difference(DifferenceKind.AGREEMENT, facts)


def _going_on(state: str, carried: Carried, today: date) -> Iterator[Difference]:
    """What still bills: without an end, or to a day that no invoice has reached.

    The state is empty if the marketplace no longer has the subscription.
    """
    standing = [
        *open_ended(carried.links),
        *(link for link in ending_later(carried.links, today) if _bills(link, carried)),
    ]
    if standing:
        additions = tuple((plain(link.values.quantity), _name(link), *_until(link)) for link in standing)
        yield Difference(DifferenceKind.GOES_ON, {"state": state, "additions": additions})


def _bills(link: Link, carried: Carried) -> bool:
    billed, last = carried.billed.get(link.agreement_id), link.values.cancelled
    return billed is not None and last is not None and last > billed


def _until(link: Link) -> tuple[str, ...]:
    return (f"{link.values.cancelled}",) if link.values.cancelled else ()


def _never_carried(subscription: Subscription) -> Difference:
    held = tuple((plain(one.quantity), one.name or one.id) for one in subscription.products if one.quantity)
    return Difference(DifferenceKind.NEVER_CARRIED, {"held": held})


def _amounts(subscription: Subscription, carried: Carried, today: date, rules: CarriedRules) -> Iterator[Difference]:
    held: dict[ProductId, list[SubscriptionProduct]] = defaultdict(list)
    for product in subscription.products:
        held[product.id].append(product)
    standing = _by_product(link for link in carried.links if link.is_standing)
    goes_on = {name: _goes_on(links, today) for name, links in standing.items()}
    if standing and not any(goes_on.values()) and any(map(_quantity, held.values())):
        yield Difference(DifferenceKind.ACTIVE_AGAIN)
        return
    for name, products in held.items():
        quantity = _quantity(products)
        links = goes_on.get(name, []) if quantity else open_ended(standing.get(name, []))
        if quantity is None or (not links and _is_free(products)):
            continue
        shown, billed = products[0].name or name, _units(links)
        if quantity != billed:
            yield _units_differ(plain(quantity), shown, billed)
        elif rules.compares_prices and links:
            yield from _price(shown, products, links, carried.prices.get(name), rules.price_decimals)
    fee = plan_product(subscription)
    for name, links in standing.items():
        if name not in held and name != fee and (left := open_ended(links)):
            yield _units_differ("", _name(left[0]), _units(left))


def _units_differ(held: str, name: str, billed: Decimal) -> Difference:
    """The quantity held is empty where the subscription does not have the product at all."""
    return Difference(DifferenceKind.QUANTITY, {"held": held, "name": name, "billed": plain(billed)})


def _by_product(links: Iterable[Link]) -> dict[ProductId, list[Link]]:
    grouped: dict[ProductId, list[Link]] = defaultdict(list)
    for link in links:
        grouped[link.product_id].append(link)
    return grouped


def _goes_on(links: Sequence[Link], today: date) -> list[Link]:
    """What nobody ended; where everything ends, what ends last: the rest was replaced by it."""
    last = max((link.values.cancelled for link in links if link.values.cancelled), default=today)
    ending = [link for link in links if link.values.cancelled == last >= today]
    return open_ended(links) or ending


def _units(links: Iterable[Link]) -> Decimal:
    return sum((link.values.quantity for link in links), start=ZERO)


def _quantity(products: Iterable[SubscriptionProduct]) -> Decimal | None:
    """How many are held; None if the marketplace does not say."""
    total = ZERO
    for product in products:
        if product.quantity is None:
            return None
        total += product.quantity
    return total


def _is_free(products: Iterable[SubscriptionProduct]) -> bool:
    return all(product.unit_price is not None and not product.unit_price.amount for product in products)


def _price(
    shown: str, products: Sequence[SubscriptionProduct], links: Sequence[Link], known: Decimal | None, decimals: int
) -> Iterator[Difference]:
    if len(products) != 1 or products[0].unit_price is None:
        return
    price = products[0].unit_price.amount
    billed = {link.values.unit_price for link in links}
    explained = {round_price(price, at) for at in range(_FEWEST_DECIMALS, decimals + 1)}
    if price == known or billed <= explained:
        return
    billed_prices = tuple(map(plain, sorted(billed, key=price_text)))
    facts: DifferenceFacts = {"name": shown, "price": plain(round_price(price, decimals)), "billed": billed_prices}
    yield Difference(DifferenceKind.PRICE, facts)


def _name(link: Link) -> str:
    return link.values.description or link.product_id
