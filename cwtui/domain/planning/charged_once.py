"""One-time additions: what an order charges once, and the days before a standing addition.

Rule: plans.md#the-marketplaces-amount-survives.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import partial

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.lazily import dataclass
from cwtui.domain.money import CENT, ZERO, line_total, plain, price_text, round_price
from cwtui.domain.periods import ONE_DAY, BillingPeriod, span_text
from cwtui.domain.planning.dates import PlanDates
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.invoiced_before import unpaid_days
from cwtui.domain.planning.lines import ChargedLine
from cwtui.domain.planning.pricing import ItemPrice, item_price_for
from cwtui.domain.planning.proration import prorated
from cwtui.domain.plans import PriceSource, ProrateMode
from cwtui.domain.problems import ProblemCase, ProblemCode
from cwtui.domain.psa import AdditionValues, BillCustomer

_SUFFIX = {Charge.SETUP: " - setup fee", Charge.CANCELLATION: " - cancellation fee", Charge.OTHER: ""}
_USE_WORD = {Charge.OVERUSE: "overuse", Charge.USAGE: "usage", Charge.RECURRING: "usage"}
_WARNED_SHARE = Decimal("0.1")
"""A difference above this part of what the marketplace charged is warned of; a smaller one is a note."""
_TOTAL_DECIMALS = 2
_ONE = Decimal(1)


def plan_once(
    draft: Draft, lines: Iterable[ChargedLine], *, rule: str, bill: BillCustomer = BillCustomer.BILLABLE
) -> None:
    """Bill each line once, in full, over f; overuse and usage name the period they bill."""
    for line in lines:
        _plan_line(draft, line, rule, bill)


def unexpected(draft: Draft, line: ChargedLine, kind: str) -> None:
    """A line that this kind of order has no rule for waits for a person: it is never dropped silently."""
    draft.problem(
        ProblemCode.UNKNOWN_CHARGE_TYPE,
        f"{line.product_id}:{line.types[0]}",
        {"type": line.types[0], "product": line.product_id, "name": draft.name_of(line.product_id), "order": kind},
        case=ProblemCase.LINE_OF_OTHER_ORDERS,
    )


def plan_prorated(draft: Draft, line: ChargedLine, *, rule: str, bill: BillCustomer = BillCustomer.BILLABLE) -> None:
    """A prorated one-time addition of a line for e … s − 1 day (plans.md#prorated-price)."""
    dates = draft.dates
    if dates is None or line.is_void_credit:
        return
    charge = Charge.CREDIT if line.charge is Charge.CREDIT else Charge.PRORATED
    key = _key(charge, line)
    source = draft.source_of(key)
    unit = item_price_for(draft, line, source)
    if unit is None:
        return
    if not unit.price:
        span = span_text(dates.effective, dates.start - ONE_DAY)
        draft.notes.append(f"{draft.name_of(line.product_id)}: its price is 0, nothing is charged for {span}.")
        return
    for first, before in unpaid_days(draft, line.product_id, charge):
        _plan_days(draft, _Days(line, charge, key, source, first, before), unit, dates, rule, bill)


@dataclass(frozen=True, slots=True)
class _Days:
    """Days of a line to charge once, up to the day before `before`."""

    line: ChargedLine
    charge: Charge
    key: str
    source: PriceSource
    first: date
    before: date


def _plan_days(draft: Draft, days: _Days, unit: ItemPrice, dates: PlanDates, rule: str, bill: BillCustomer) -> None:
    line, charge = days.line, days.charge
    span = span_text(days.first, days.before - ONE_DAY)
    price = prorated(unit.price, dates.calendar, days.first, days.before)
    cost = prorated(unit.cost, dates.calendar, days.first, days.before)
    part = ItemPrice(unit.item, price.amount, cost.amount, (price, cost))
    word = "prorated"
    if charge is Charge.CREDIT:
        part, word = part.negative(), "credit"
    billed = _Billed(line, charge, days.key, part, line.quantity, f" - {word} {span}", days.source)
    if not round_price(part.price, draft.facts.rules.price_decimals):
        billed = billed.as_total(line.quantity * part.price)
    _create_once(draft, billed, rule, dates.once, bill)


def plan_days_before(
    draft: Draft, lines: Iterable[ChargedLine], *, rule: str, bill: BillCustomer = BillCustomer.BILLABLE
) -> None:
    """Charge or credit the days e … s − 1 of lines; if nothing is prorated, note the days nobody is charged for."""
    if draft.dates is None or draft.dates.start <= draft.dates.effective:
        return
    for line in lines:
        is_off = draft.facts.rules.prorate is ProrateMode.NONE
        if is_off or draft.source_of(f"standing:{line.product_id}") is PriceSource.CONNECTWISE:
            word = "credited" if line.charge is Charge.CREDIT else "charged"
            uncharged_days(draft, line.product_id, draft.dates.effective, draft.dates.start, word=word)
        elif line.quantity:
            plan_prorated(draft, line, rule=rule, bill=bill)


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


@dataclass(frozen=True, slots=True)
class _Billed:
    """What one line bills once.

    Attributes:
        suffix: Of the invoice text.
        total: The line's own total where quantity × price cannot say it to the cent; then it is billed as 1 × total.
    """

    line: ChargedLine
    charge: Charge
    key: str
    unit: ItemPrice
    quantity: Decimal
    suffix: str
    source: PriceSource
    total: Decimal | None = None

    def as_total(self, total: Decimal) -> _Billed:
        """The same as 1 × total; its cost is quantity × unit cost, in the same proportion.

        Rule: plans.md#the-marketplaces-amount-survives.
        """
        price, cost, formulas = self.unit.price, self.unit.cost, self.unit.formulas
        worth = cost * total / price if price else self.quantity * cost or total
        magnitude = abs(worth).copy_sign(total) if total < 0 else worth
        rate = f"{_grouped(self.quantity)} × {price_text(formulas[0].amount if formulas else abs(price))}"
        return _Billed(
            self.line,
            self.charge,
            self.key,
            ItemPrice(self.unit.item, total, magnitude, formulas),
            _ONE,
            f"{self.suffix}{',' if self.suffix else ' -'} {rate}",
            self.source,
            total,
        )


def _grouped(quantity: Decimal) -> str:
    """A quantity as an invoice shows it: `50,000,000`."""
    whole, dot, decimals = plain(quantity).partition(".")
    return f"{int(whole):,}{dot}{decimals}"


def _plan_line(draft: Draft, line: ChargedLine, rule: str, bill: BillCustomer) -> None:
    if line.quantity == 0 or line.is_void_credit:
        return
    key = _key(line.charge, line)
    source = draft.source_of_once(key, line.product_id, line.charge)
    unit = item_price_for(draft, line, source)
    if draft.dates is None:
        return
    draft.need(draft.dates.once.start)
    if unit is None:
        return
    billed = _Billed(line, line.charge, key, unit, abs(line.quantity), _suffix(draft, line), source)
    _create_once(draft, _as_charged(draft, billed), rule, draft.dates.once, bill)


def _as_charged(draft: Draft, billed: _Billed) -> _Billed:
    """As the marketplace charged it: quantity × price where that says it to the cent, else 1 × its total.

    Price source `connectwise`: the catalog item's price, and only the sign is the marketplace's.
    """
    line, unit = billed.line, billed.unit
    total = line.quantity * unit.price
    if line.extended is not None and (line.charge is Charge.OTHER or billed.source is PriceSource.MARKETPLACE):
        total = line.extended
    if line.charge is Charge.CREDIT:
        total = -abs(total)
    elif total > 0 and line.types == ("discount",):
        draft.warnings.append(
            f"{draft.name_of(line.product_id)}: the order's discount line adds {price_text(total)}"
            " to the invoice instead of taking it off. Look at it before syncing."
        )
    signed = unit.negative() if total < 0 else unit.positive() if unit.price < 0 else unit
    billed = _Billed(line, billed.charge, billed.key, signed, billed.quantity, billed.suffix, billed.source)
    price = round_price(signed.price, draft.facts.rules.price_decimals)
    if billed.source is PriceSource.CONNECTWISE:
        return billed if price or not signed.price else billed.as_total(billed.quantity * signed.price)
    is_same = line_total(billed.quantity, price) == round_price(total, _TOTAL_DECIMALS)
    return billed if is_same and (price or not signed.price) else billed.as_total(total)


def _create_once(
    draft: Draft, billed: _Billed, rule: str, period: BillingPeriod, bill: BillCustomer = BillCustomer.BILLABLE
) -> None:
    """Create a one-time addition over f (plans.md#one-time-period)."""
    draft.need(period.start)
    line, unit = billed.line, billed.unit
    decimals = draft.facts.rules.price_decimals
    if billed.total is not None:
        decimals = max(decimals, _TOTAL_DECIMALS)
    price = round_price(unit.price, decimals)
    after = AdditionValues(
        unit.item.id,
        billed.quantity,
        price,
        round_price(unit.cost, decimals),
        period.start,
        period.end,
        bill,
        unit.item.taxable,
        draft.name_of(line.product_id) + billed.suffix,
    )
    if billed.total and not price:
        draft.warnings.append(f"{after.description}: {plain(billed.total)} is too little to be billed; nothing is.")
        return
    if line.extended is not None:
        _compare(draft, line, after, is_part=unit.formulas is not None)
    draft.create(
        billed.key,
        line.product_id,
        billed.charge,
        after,
        rule=rule,
        source=source_text(line, line.product_id),
        formulas=unit.formulas,
        step=None if billed.total is None else partial(_total_step, billed),
        price_source=billed.source,
    )


def _total_step(billed: _Billed) -> str:
    line = billed.line
    if billed.unit.formulas is None and line.extended is not None:
        return f"the marketplace's line total {price_text(line.extended)} for {_grouped(abs(line.quantity))} units"
    return f"the total of {_grouped(abs(line.quantity))} units, since a single one's price would be rounded to 0"


def _compare(draft: Draft, line: ChargedLine, after: AdditionValues, *, is_part: bool) -> None:
    """Note a difference to the marketplace's amount; warn above 10 % (plans.md#differences-to-the-line-total).

    Some marketplaces put a whole period's total on a line although they charge only some days. A prorated part then
    differs rightly, so it is a note only.
    """
    charged = line.extended or ZERO
    ours = line_total(after.quantity, after.unit_price)
    difference = abs(ours - charged)
    if difference <= CENT:
        return
    text = (
        f"{after.description}: this plan bills {price_text(ours)}, the marketplace charged"
        f" {price_text(charged)} on that line."
    )
    is_whole = line.unit_price is not None and abs(charged) == abs(line.quantity * line.unit_price.amount)
    if difference > abs(charged) * _WARNED_SHARE and not (is_part and is_whole):
        draft.warnings.append(text)
    else:
        draft.notes.append(text)


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
