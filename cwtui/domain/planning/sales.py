"""sales_order: standing additions for what was bought, and what they do not cover yet (plans.md#sales-order)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ids import INITIAL, ProductId, task_id
from cwtui.domain.mappings import Link
from cwtui.domain.marketplace import Price
from cwtui.domain.money import ZERO, plain
from cwtui.domain.planning.change import by_product, plan_product_change
from cwtui.domain.planning.charged_once import plan_once, unexpected
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.lines import ChargedLine
from cwtui.domain.planning.pricing import item_price_for
from cwtui.domain.planning.standing import (
    create_standing,
    linked_quantity,
    new_standing_key,
    plan_new_standing,
    standing_links,
)
from cwtui.domain.plans import ProrateMode
from cwtui.domain.problems import ProblemCase, ProblemCode

_INITIAL_RULE = "first check: a standing addition for what the subscription holds now"
_ONCE_RULE = "sales order: charged once"


def plan_sales_order(draft: Draft, lines: tuple[ChargedLine, ...]) -> None:
    """Standing additions from s, prorated ones for e … s − 1 day, and the rest once (plans.md#sales-order)."""
    if draft.facts.task.is_initial:
        _plan_initial(draft)
        return
    recurring = by_product(line for line in lines if line.charge is Charge.RECURRING)
    for product, own in recurring.items():
        _plan_product(draft, product, own)
    for line in lines:
        if line.is_standing_credit:
            unexpected(draft, line, "sales order")
    once = (line for line in lines if line.charge is not Charge.RECURRING and not line.is_standing_credit)
    plan_once(draft, once, rule=_ONCE_RULE)


def _plan_product(draft: Draft, product: ProductId, lines: Sequence[ChargedLine]) -> None:
    if draft.subscription.billing_model.is_usage_based:
        draft.notes.append(f"{draft.name_of(product)} is billed by use: its billing orders carry the recurring charge.")
        return
    links = standing_links(draft, product)
    if not links:
        may_prorate = draft.facts.rules.prorate is ProrateMode.ALL
        for line in lines:
            plan_new_standing(draft, line, may_prorate=may_prorate)
    elif _is_covered(draft, product, lines, links):
        quantity = plain(linked_quantity(links))
        draft.warnings.append(f"{draft.name_of(product)}: its {quantity} are billed by a standing addition already.")
    else:
        plan_product_change(draft, product, lines)


def _is_covered(draft: Draft, product: ProductId, lines: Sequence[ChargedLine], links: Sequence[Link]) -> bool:
    """Additions bill what was sold already: never a second one for the same seats.

    That is so if this very task made them; if they bill as many as the subscription holds; or, in the middle of its
    queue, if the first check made them, because it found the subscription active before the sale's order ended.
    """
    task = draft.facts.task
    if all(link.task_id == task.id for link in links):
        return True
    linked = linked_quantity(links)
    held = draft.held_quantity(product) if draft.held(product) else None
    if draft.facts.is_newest and held is not None:
        return held == linked
    known = {task.id, task_id(INITIAL, task.subscription_id)}
    sold = sum((line.quantity for line in lines), start=ZERO)
    return linked >= sold and all(link.task_id in known for link in links)


def _plan_initial(draft: Draft) -> None:
    """Every product the subscription holds, from e; nothing for usage-based subscriptions (plans.md#initial-order)."""
    if draft.subscription.billing_model.is_usage_based:
        draft.notes.append("Billed by use: it gets no standing addition, its billing orders bill it.")
        return
    entries: dict[tuple[ProductId, Price | None], Decimal] = {}
    for held in draft.subscription.products:
        if held.quantity is None:
            draft.problem(
                ProblemCode.UNKNOWN_CHARGE_TYPE,
                held.id,
                {"name": draft.name_of(held.id), "product": held.id},
                case=ProblemCase.NO_QUANTITY,
            )
        elif held.quantity > 0:
            place = (held.id, held.unit_price)
            entries[place] = entries.get(place, ZERO) + held.quantity
    for (product, price), quantity in entries.items():
        _plan_held(draft, ChargedLine(product, Charge.RECURRING, (), quantity, price, None))


def _plan_held(draft: Draft, line: ChargedLine) -> None:
    links = standing_links(draft, line.product_id)
    if links:
        stands, held = linked_quantity(links), draft.held_quantity(line.product_id)
        said = draft.notes if stands == held else draft.warnings
        said.append(f"{draft.name_of(line.product_id)} has a standing addition already, of {plain(stands)}.")
        return
    key = new_standing_key(line)
    unit = item_price_for(draft, line, draft.source_of(key))
    if draft.dates is not None:
        create_standing(draft, line, line.quantity, draft.dates.effective, unit, key=key, rule=_INITIAL_RULE)
