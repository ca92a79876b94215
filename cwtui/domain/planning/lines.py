"""Order lines, added up and named: what the rules of plans.md count with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from cwtui.domain.charges import Charge, charge_of
from cwtui.domain.ids import ProductId
from cwtui.domain.lazily import dataclass
from cwtui.domain.marketplace import OrderLine, Price, Subscription
from cwtui.domain.money import ZERO
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode

_ONE = Decimal(1)
_SETUP_REFUND = "setupRefund"
_RENEW = "renew"


@dataclass(frozen=True, slots=True)
class ChargedLine:
    """Lines of one order with the same product, charge and unit price, added up (plans.md#charges).

    Credits are kept positive, whatever sign the marketplace used; `charge` says who owes whom. Only `extended` keeps
    the sign it bills with.

    Attributes:
        types: The marketplace's line types that went into it, each once.
        unit_price: Of one unit; None if the lines name none (the price may come from elsewhere).
        extended: What the marketplace charged on them together; None if it does not say.
    """

    product_id: ProductId
    charge: Charge
    types: tuple[str, ...]
    quantity: Decimal
    unit_price: Price | None
    extended: Decimal | None

    @property
    def total(self) -> Decimal | None:
        """The line's total: as stated; else, of what is charged once and in full, quantity × price, unrounded.

        For a recurring charge or its credit only a stated total counts: the marketplace may have charged some days
        only.
        """
        if self.extended is not None or self.charge is Charge.RECURRING or self.is_standing_credit:
            return self.extended
        if self.unit_price is None:
            return None
        amount = self.quantity * self.unit_price.amount
        return -amount if self.charge is Charge.CREDIT else amount

    @property
    def is_setup_refund(self) -> bool:
        """A one-time credit, never prorated (plans.md#credits)."""
        return _SETUP_REFUND in self.types

    @property
    def is_standing_credit(self) -> bool:
        """A credit on a standing addition: it moves the quantity of a change (plans.md#change-order)."""
        return self.charge is Charge.CREDIT and _SETUP_REFUND not in self.types

    @property
    def is_void_credit(self) -> bool:
        """A credit whose line total is zero is no credit; what it takes away still counts (plans.md#credits)."""
        return self.charge is Charge.CREDIT and self.extended == 0

    @property
    def states_total(self) -> bool:
        """A `renew` line of a change says how many there are, not how many more (plans.md#change-order)."""
        return _RENEW in self.types

    @property
    def is_refund(self) -> bool:
        """A recurring line with a negative unit price gives money back, as a credit line does."""
        return self.charge is Charge.RECURRING and self.unit_price is not None and self.unit_price.amount < 0

    def as_credit(self) -> ChargedLine:
        """The same as a credit on a standing addition, kept positive."""
        return _kept_positive(replace(self, charge=Charge.CREDIT))


def plan_product(subscription: Subscription) -> ProductId:
    """The product of a plan's own fee (plans.md#charges)."""
    return ProductId(f"plan:{subscription.plan_id or subscription.id}")


def charged_lines(
    lines: Iterable[OrderLine], subscription: Subscription, *, totals_apart: bool = False
) -> tuple[tuple[ChargedLine, ...], tuple[Problem, ...]]:
    """Add up the lines of an order that belong to one subscription.

    Args:
        lines: Of the order.
        subscription: Names the plan whose fee a line without a product is.
        totals_apart: Keep `renew` lines apart from recurring ones: in a change they state the total.

    Returns:
        The added-up lines in the order's own sequence, and a problem for each line that cannot be billed as it
        stands: of an unknown type with an amount, or with an amount but no quantity.
    """
    added: dict[tuple[object, ...], ChargedLine] = {}
    problems = []
    for line in lines:
        one = _charged(line, line.product_id or plan_product(subscription))
        if isinstance(one, Problem):
            problems.append(one)
        elif one is not None:
            money = (one.unit_price.amount, one.unit_price.currency) if one.unit_price else None
            is_total = totals_apart and line.type == _RENEW
            key = (one.product_id, one.charge, money, line.type == _SETUP_REFUND, is_total, one.is_void_credit)
            before = added.get(key)
            added[key] = _sum(before, one) if before else one
    return tuple(added.values()), tuple(problems)


def _charged(line: OrderLine, product: ProductId) -> ChargedLine | Problem | None:
    """One line as it is billed; None if it bills nothing."""
    charge = charge_of(line.type)
    if charge is None:
        return _unknown(line, product, ProblemCase.LINE_TYPE) if _amount(line) else None
    quantity = _quantity(line)
    if quantity is None:
        is_missed = _amount(line) or _moves_quantity(line, charge)
        return _unknown(line, product, ProblemCase.LINE_WITHOUT_QUANTITY) if is_missed else None
    extended = None if line.extended is None else line.extended.amount
    if quantity == 0 and extended:
        return _unknown(line, product, ProblemCase.LINE_OF_NOTHING)
    one = ChargedLine(product, charge, (line.type,), quantity, line.unit_price, extended)
    return _kept_positive(one) if charge is Charge.CREDIT else one


def _kept_positive(line: ChargedLine) -> ChargedLine:
    price = line.unit_price
    return replace(
        line,
        quantity=abs(line.quantity),
        unit_price=Price(abs(price.amount), price.currency) if price else None,
        extended=None if line.extended is None else -abs(line.extended),
    )


def _sum(first: ChargedLine, second: ChargedLine) -> ChargedLine:
    totals = first.total, second.total
    if first.extended is None and second.extended is None:
        totals = None, None
    return replace(
        first,
        types=tuple(dict.fromkeys((*first.types, *second.types))),
        quantity=first.quantity + second.quantity,
        extended=None if totals[0] is None or totals[1] is None else totals[0] + totals[1],
    )


def _unknown(line: OrderLine, product: ProductId, case: ProblemCase) -> Problem:
    facts = {"type": line.type, "product": line.product_id or ""}
    return Problem(ProblemCode.UNKNOWN_CHARGE_TYPE, facts, f"{product}:{line.type}", case=case)


def _moves_quantity(line: OrderLine, charge: Charge) -> bool:
    return charge is Charge.RECURRING or (charge is Charge.CREDIT and line.type != _SETUP_REFUND)


def _amount(line: OrderLine) -> Decimal:
    if line.extended is not None:
        return line.extended.amount
    if line.unit_price is None:
        return ZERO
    return line.unit_price.amount * (_ONE if line.quantity is None else line.quantity)


def _quantity(line: OrderLine) -> Decimal | None:
    """A line that charges exactly one unit's price charges one unit, even where it does not say so."""
    if line.quantity is None and line.unit_price and line.extended and line.unit_price == line.extended:
        return _ONE
    return line.quantity
