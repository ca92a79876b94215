"""Order lines, added up and named: what the rules of SPEC 6 count with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from cwtui.domain.charges import Charge, charge_of
from cwtui.domain.ids import ProductId
from cwtui.domain.marketplace import OrderLine, Price, Subscription
from cwtui.domain.money import ZERO
from cwtui.domain.tasks import Problem, ProblemCode


@dataclass(frozen=True, slots=True)
class ChargedLine:
    """Lines of one order with the same product, charge and unit price, added up (SPEC 6, charges).

    Attributes:
        types: The marketplace's line types that went into it.
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
    def is_setup_refund(self) -> bool:
        """A one-time credit, never prorated (SPEC 6, fine points)."""
        return "setupRefund" in self.types

    @property
    def is_charged_once(self) -> bool:
        """Neither part of a standing addition nor a credit on one."""
        if self.charge is Charge.CREDIT:
            return self.is_setup_refund
        return self.charge is not Charge.RECURRING


def plan_product(subscription: Subscription) -> ProductId:
    """The product of a plan's own fee (SPEC 6, charges)."""
    return ProductId(f"plan:{subscription.plan_id or subscription.id}")


def charged_lines(
    lines: Iterable[OrderLine], subscription: Subscription
) -> tuple[tuple[ChargedLine, ...], tuple[Problem, ...]]:
    """Add up the lines of an order that belong to one subscription.

    Returns:
        The added-up lines in the order's own sequence, and a problem for each line that cannot be billed as it
        stands: of an unknown type with an amount, or without a quantity.
    """
    added: dict[tuple[object, ...], ChargedLine] = {}
    problems = []
    for line in lines:
        charge = charge_of(line.type)
        if charge is None:
            if _amount(line):
                problems.append(_unknown(line, f"Line type {line.type!r} with an amount has no rule"))
            continue
        quantity = _quantity(line)
        if quantity is None:
            if _amount(line) or charge is Charge.RECURRING:
                problems.append(_unknown(line, f"A {line.type} line names no quantity"))
            continue
        product = line.product_id or plan_product(subscription)
        key = (product, charge, line.unit_price, line.type == "setupRefund")
        one = ChargedLine(product, charge, (line.type,), quantity, line.unit_price, _extended(line))
        added[key] = _sum(added[key], one) if key in added else one
    return tuple(added.values()), tuple(problems)


def _sum(first: ChargedLine, second: ChargedLine) -> ChargedLine:
    known = first.extended is not None and second.extended is not None
    return replace(
        first,
        types=(*first.types, *second.types),
        quantity=first.quantity + second.quantity,
        extended=(first.extended or ZERO) + (second.extended or ZERO) if known else None,
    )


def _unknown(line: OrderLine, happened: str) -> Problem:
    message = f"{happened} (product {line.product_id or 'of the plan'}). Bill it by hand, then skip this task."
    return Problem(ProblemCode.UNKNOWN_CHARGE_TYPE, message, line.type)


def _extended(line: OrderLine) -> Decimal | None:
    return None if line.extended is None else line.extended.amount


def _amount(line: OrderLine) -> Decimal:
    if line.extended is not None:
        return line.extended.amount
    if line.unit_price is None:
        return ZERO
    return line.unit_price.amount * (1 if line.quantity is None else line.quantity)


def _quantity(line: OrderLine) -> Decimal | None:
    """A line that charges exactly one unit's price charges one unit, even where it does not say so."""
    if line.quantity is None and line.unit_price and line.extended and line.unit_price == line.extended:
        return Decimal(1)
    return line.quantity
