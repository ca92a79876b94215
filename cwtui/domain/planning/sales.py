"""sales_order: standing additions for what was bought, and what they do not cover yet (SPEC 6)."""

from __future__ import annotations

from cwtui.domain.charges import Charge
from cwtui.domain.money import plain
from cwtui.domain.planning.change import plan_product_change
from cwtui.domain.planning.charged_once import plan_once, unexpected
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.lines import ChargedLine
from cwtui.domain.planning.standing import link_of_product, plan_new_standing
from cwtui.domain.plans import ProrateMode
from cwtui.domain.tasks import ProblemCode

_INITIAL_RULE = "first check: a standing addition for what the subscription holds now"
_ONCE_RULE = "sales order: charged once"


def plan_sales_order(draft: Draft, lines: tuple[ChargedLine, ...]) -> None:
    """Standing additions from s, prorated ones for e … s − 1 day, and the rest once (SPEC 6, sales_order)."""
    if draft.facts.task.is_initial:
        _plan_initial(draft)
        return
    usage_based = draft.subscription.billing_model.is_usage_based
    for line in lines:
        if line.charge is not Charge.RECURRING:
            continue
        if usage_based:
            draft.warnings.append(
                f"{draft.name_of(line.product_id)} is billed by use: its billing orders carry the recurring charge."
            )
        elif link_of_product(draft, line.product_id):
            _plan_known(draft, line)
        else:
            plan_new_standing(draft, line, may_prorate=draft.facts.rules.prorate is ProrateMode.ALL)
    for line in lines:
        if line.charge is Charge.CREDIT and not line.is_setup_refund:
            unexpected(draft, line, "sales order")
    once = [line for line in lines if line.charge is not Charge.RECURRING]
    plan_once(
        draft, (line for line in once if line.charge is not Charge.CREDIT or line.is_setup_refund), rule=_ONCE_RULE
    )


def _plan_known(draft: Draft, line: ChargedLine) -> None:
    """The product has a standing addition already: never a second one for the same seats."""
    held = draft.subscription.product(line.product_id)
    linked = sum((link.values.quantity for link in link_of_product(draft, line.product_id)), start=line.quantity * 0)
    if held is not None and held.quantity == linked:
        draft.warnings.append(
            f"{draft.name_of(line.product_id)}: its {plain(linked)} are billed by a standing addition already."
        )
        return
    plan_product_change(draft, line.product_id, (line,))


def _plan_initial(draft: Draft) -> None:
    """Every product the subscription holds, from e; nothing for usage-based subscriptions (SPEC 6)."""
    if draft.subscription.billing_model.is_usage_based:
        draft.notes.append("Billed by use: nothing stands, its billing orders bill it.")
        return
    for held in draft.subscription.products:
        if held.quantity is None:
            draft.problem(
                ProblemCode.UNKNOWN_CHARGE_TYPE,
                held.id,
                f"The marketplace names no quantity for {draft.name_of(held.id)}."
                " Check the subscription there, then check changes again.",
            )
            continue
        if held.quantity <= 0:
            continue
        key = f"standing:{held.id}:{plain(held.unit_price.amount) if held.unit_price else 'unpriced'}"
        line = ChargedLine(held.id, Charge.RECURRING, ("recurring",), held.quantity, held.unit_price, None)
        if link_of_product(draft, held.id):
            draft.warnings.append(f"{draft.name_of(held.id)} has a standing addition already.")
            continue
        item = draft.item_for(held.id, Charge.RECURRING)
        unit = draft.unit_of(line, key, item) if item else None
        if item and unit and draft.effective:
            draft.standing(held.id, held.quantity, draft.effective, unit, item, key=key, rule=_INITIAL_RULE)
