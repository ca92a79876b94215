"""Compares what a subscription holds with what cwtui carried over (check.md#what-no-order-explains)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date
from decimal import Decimal

from cwtui.domain.check_records import Difference, DifferenceKind
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
    return tuple(_going_on("no longer on the marketplace", carried, today))


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
    was = f", it was {carried.customer_id}'s" if carried.customer_id not in {"", subscription.customer_id} else ""
    return Difference(
        DifferenceKind.CUSTOMER,
        f"It belongs to customer {subscription.customer_id} now{was}. Its additions stand in an agreement of another"
        " company than that customer is mapped to.",
    )


def _elsewhere(carried: Carried) -> Iterator[Difference]:
    """What goes on in an agreement that the subscription left: billed there, and soon here too."""
    if carried.agreement_id is None:
        return
    left = [link for link in open_ended(carried.links) if link.agreement_id != carried.agreement_id]
    if left:
        shown = ", ".join(f"{plain(link.values.quantity)} of {_name(link)} in {link.agreement_id}" for link in left)
        text = f"It is mapped to agreement {carried.agreement_id}, while additions in another one go on: {shown}."
        yield Difference(DifferenceKind.AGREEMENT, text)


def _going_on(state: str, carried: Carried, today: date) -> Iterator[Difference]:
    """What still bills: without an end, or to a day that no invoice has reached."""
    standing = [
        *open_ended(carried.links),
        *(link for link in ending_later(carried.links, today) if _bills(link, carried)),
    ]
    if standing:
        shown = ", ".join(f"{plain(link.values.quantity)} of {_name(link)}{_until(link)}" for link in standing)
        yield Difference(DifferenceKind.GOES_ON, f"It is {state}, while its additions go on: {shown}.")


def _bills(link: Link, carried: Carried) -> bool:
    billed, last = carried.billed.get(link.agreement_id), link.values.cancelled
    return billed is not None and last is not None and last > billed


def _until(link: Link) -> str:
    return f" until {link.values.cancelled}" if link.values.cancelled else ""


def _never_carried(subscription: Subscription) -> Difference:
    held = [f"{plain(one.quantity)} of {one.name or one.id}" for one in subscription.products if one.quantity]
    holds = f" and holds {', '.join(held)}" if held else ""
    return Difference(DifferenceKind.NEVER_CARRIED, f"It is active{holds}, and no task ever carried it over.")


def _amounts(subscription: Subscription, carried: Carried, today: date, rules: CarriedRules) -> Iterator[Difference]:
    held: dict[ProductId, list[SubscriptionProduct]] = defaultdict(list)
    for product in subscription.products:
        held[product.id].append(product)
    standing = _by_product(link for link in carried.links if link.is_standing)
    goes_on = {name: _goes_on(links, today) for name, links in standing.items()}
    if standing and not any(goes_on.values()) and any(map(_quantity, held.values())):
        yield Difference(DifferenceKind.ACTIVE_AGAIN, "It is active, while its additions ended.")
        return
    for name, products in held.items():
        quantity = _quantity(products)
        links = goes_on.get(name, []) if quantity else open_ended(standing.get(name, []))
        if quantity is None or (not links and _is_free(products)):
            continue
        shown, billed = products[0].name or name, _units(links)
        if quantity != billed:
            text = f"It holds {plain(quantity)} of {shown}, its additions bill {plain(billed)}."
            yield Difference(DifferenceKind.QUANTITY, text)
        elif rules.compares_prices and links:
            yield from _price(shown, products, links, carried.prices.get(name), rules.price_decimals)
    fee = plan_product(subscription)
    for name, links in standing.items():
        if name not in held and name != fee and (left := open_ended(links)):
            text = f"It holds none of {_name(left[0])}, its additions bill {plain(_units(left))}."
            yield Difference(DifferenceKind.QUANTITY, text)


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
    prices = ", ".join(sorted(price_text(one) for one in billed))
    yield Difference(
        DifferenceKind.PRICE,
        f"{shown} costs {price_text(round_price(price, decimals))} a unit, its additions bill {prices}.",
    )


def _name(link: Link) -> str:
    return link.values.description or link.product_id
