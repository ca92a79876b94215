"""What a person chose for a standing addition and what takes its place does not carry on.

Rule: plans.md#edits-stay-visible.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from cwtui.domain.ids import ProductId
from cwtui.domain.ledger import Operation
from cwtui.domain.mappings import Link
from cwtui.domain.money import is_rounding, price_text
from cwtui.domain.planning.draft import Draft
from cwtui.domain.psa import AdditionValues


def tell_of_edits(draft: Draft, product: ProductId, ending: Sequence[Link]) -> None:
    """Warn of an edited price, cost or tax flag that ends with its addition; an edited text is a note."""
    begun = [
        change.after
        for change in draft.changes
        if change.operation is Operation.CREATE and change.is_standing and change.product_id == product and change.after
    ]
    for link in ending if begun else ():
        names = draft.facts.edited.get(link.addition_id, ())
        money = list(_lost_amounts(names, link.values, begun))
        text = list(_lost_texts(names, link.values, begun))
        said = f"{draft.name_of(product)}: what a person chose for addition {link.addition_id} ends with it: "
        if money:
            draft.warnings.append(said + ", ".join((*money, *text)) + ".")
        elif text:
            draft.notes.append(said + text[0] + ".")


def _lost_amounts(names: Collection[str], was: AdditionValues, begun: Sequence[AdditionValues]) -> Iterator[str]:
    now, chosen = begun[0], set(names)
    prices, costs = [one.unit_price for one in begun], [one.unit_cost for one in begun]
    if chosen & {"unit_price", "price_source"} and not any(is_rounding(one, was.unit_price) for one in prices):
        yield f"price {price_text(was.unit_price)}, now {price_text(now.unit_price)}"
    if chosen & {"unit_cost", "price_source"} and not any(is_rounding(one, was.unit_cost) for one in costs):
        yield f"cost {price_text(was.unit_cost)}, now {price_text(now.unit_cost)}"
    if "taxable" in names and was.taxable is not now.taxable:
        yield "taxable, now not" if was.taxable else "not taxable, now taxable"


def _lost_texts(names: Collection[str], was: AdditionValues, begun: Sequence[AdditionValues]) -> Iterator[str]:
    if "description" in names and was.description != begun[0].description:
        yield f"text “{was.description}”, now “{begun[0].description}”"
