"""One-time additions: what an order charges once, and the days before a standing addition (plans.md#charges)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.money import CENT, line_total, plain, price_text, round_price
from cwtui.domain.periods import ONE_DAY, BillingPeriod, span_text
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.lines import ChargedLine
from cwtui.domain.planning.pricing import Offer, offer_for
from cwtui.domain.planning.proration import prorated
from cwtui.domain.plans import PriceSource
from cwtui.domain.psa import AdditionValues, BillCustomer, new_values
from cwtui.domain.tasks import ProblemCode

_SUFFIX = {Charge.SETUP: " - setup fee", Charge.CANCELLATION: " - cancellation fee", Charge.OTHER: ""}
_USE_WORD = {Charge.OVERUSE: "overuse", Charge.USAGE: "usage", Charge.RECURRING: "usage"}


def plan_once(draft: Draft, lines: Iterable[ChargedLine], *, rule: str) -> None:
    """Bill each line once, in full, over f; overuse and usage name the period they bill."""
    for line in lines:
        _plan_line(draft, line, rule)


def unexpected(draft: Draft, line: ChargedLine, kind: str) -> None:
    """A line that this kind of order has no rule for waits for a person: it is never dropped silently.

    Rule: plans.md#charges.
    """
    draft.problem(
        ProblemCode.UNKNOWN_CHARGE_TYPE,
        f"{line.product_id}:{line.types[0]}",
        f"A {line.types[0]} line of {draft.name_of(line.product_id)} has no rule in a {kind}."
        " Bill it by hand, then skip this task.",
    )


def plan_prorated(draft: Draft, line: ChargedLine, *, rule: str, bill: BillCustomer = BillCustomer.BILLABLE) -> None:
    """A prorated one-time addition of a line for e … s − 1 day (plans.md#prorated-price)."""
    dates = draft.dates
    if dates is None:
        return
    charge = Charge.CREDIT if line.charge is Charge.CREDIT else Charge.PRORATED
    key = _key(charge, line)
    offer = offer_for(draft, line, key)
    if offer is None:
        return
    price = prorated(offer.price, dates.calendar, dates.effective, dates.start)
    cost = prorated(offer.cost, dates.calendar, dates.effective, dates.start)
    part = Offer(offer.item, price.amount, cost.amount, (price, cost))
    word = "prorated"
    if charge is Charge.CREDIT:
        part, word = part.negative(), "credit"
    suffix = f" - {word} {span_text(dates.effective, dates.start - ONE_DAY)}"
    _create_once(draft, line, charge, key, part, line.quantity, suffix, rule, dates.once, bill)


def uncharged_days(draft: Draft, product: ProductId, first: date, before: date, *, word: str = "charged") -> None:
    """Say that nobody is charged (or credited) for some days (plans.md#prorated-price)."""
    days = span_text(first, before - ONE_DAY)
    draft.warnings.append(f"{draft.name_of(product)}: nobody is {word} for {days}.")


def source_text(line: ChargedLine | None, product: ProductId) -> str:
    """The order line a change comes from, in words."""
    if line is None:
        return f"product {product}"
    price = f" at {price_text(line.unit_price.amount)} {line.unit_price.currency}" if line.unit_price else ""
    where = f"{' + '.join(line.types)} line" if line.types else "what the subscription holds"
    return f"{where}, product {product}: {plain(line.quantity)}{price}"


def _plan_line(draft: Draft, line: ChargedLine, rule: str) -> None:
    if line.quantity == 0:
        return
    key = _key(line.charge, line)
    offer = offer_for(draft, line, key)
    if draft.dates is None:
        return
    draft.need(draft.dates.once.start)
    if offer is None:
        return
    if _gives_money_back(draft, line, offer.price):
        offer = offer.negative()
    elif offer.price < 0:
        offer = offer.positive()
    _create_once(draft, line, line.charge, key, offer, abs(line.quantity), _suffix(draft, line), rule, draft.dates.once)


def _create_once(
    draft: Draft,
    line: ChargedLine,
    charge: Charge,
    key: str,
    offer: Offer,
    quantity: Decimal,
    suffix: str,
    rule: str,
    period: BillingPeriod,
    bill: BillCustomer = BillCustomer.BILLABLE,
) -> None:
    """Create a one-time addition over f (plans.md#one-time-period)."""
    draft.need(period.start)
    decimals = draft.facts.rules.price_decimals
    after = new_values(
        offer.item.id,
        quantity,
        round_price(offer.price, decimals),
        round_price(offer.cost, decimals),
        period.start,
        period.end,
        bill,
        offer.item.taxable,
        draft.name_of(line.product_id) + suffix,
    )
    if line.extended is not None and draft.source_of(key) is PriceSource.MARKETPLACE:
        _compare(draft, line.extended, after)
    source = source_text(line, line.product_id)
    draft.create(key, line.product_id, charge, after, rule=rule, source=source, formulas=offer.formulas)


def _gives_money_back(draft: Draft, line: ChargedLine, price: Decimal) -> bool:
    """Whose money a line is: a credit's the customer's; of others the total says (a discount may tell it alone)."""
    if line.charge is Charge.CREDIT:
        return True
    billed = line.quantity * price
    if line.charge is Charge.OTHER and line.extended:
        billed = line.extended
    if billed > 0 and line.types == ("discount",):
        draft.warnings.append(
            f"{draft.name_of(line.product_id)}: the order's discount line adds {price_text(abs(line.quantity * price))}"
            " to the invoice instead of taking it off. Look at it before syncing."
        )
    return billed < 0


def _compare(draft: Draft, charged: Decimal, after: AdditionValues) -> None:
    """A difference above a cent to what the marketplace charged is a note, not a stop.

    Rule: plans.md#differences-to-the-line-total.
    """
    ours = line_total(after.quantity, after.unit_price)
    if ours != charged and abs(ours - charged) > CENT:
        draft.notes.append(
            f"{after.description}: this plan bills {price_text(ours)}, the marketplace charged"
            f" {price_text(charged)} on that line."
        )


def _suffix(draft: Draft, line: ChargedLine) -> str:
    word = _USE_WORD.get(line.charge)
    if word is not None:
        return f" - {word} {_billed_span(draft)}".rstrip()
    if line.charge is Charge.CREDIT:
        return " - credit setup fee" if line.is_setup_refund else " - credit"
    return _SUFFIX.get(line.charge, "")


def _billed_span(draft: Draft) -> str:
    """The period that an order's usage is for: P(creation date − 1 day), in words (plans.md#billing-order)."""
    order = draft.facts.order
    if order is None or draft.dates is None:
        return ""
    period = draft.dates.calendar.period_of(order.created.date() - ONE_DAY)
    return span_text(period.start, period.end)


def _key(charge: Charge, line: ChargedLine) -> str:
    price = plain(line.unit_price.amount) if line.unit_price else "unpriced"
    return f"{charge.value}:{line.product_id}:{price}{':setup' if line.is_setup_refund else ''}"
