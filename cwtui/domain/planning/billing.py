"""billing_order: what was used, billed once (SPEC 4.5, 6)."""

from __future__ import annotations

from cwtui.domain.charges import Charge
from cwtui.domain.planning.charged_once import plan_once, unexpected
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.lines import ChargedLine

_RULE = "billing order: charged once, for the period that ended the day before it was created"


def plan_billing_order(draft: Draft, lines: tuple[ChargedLine, ...]) -> None:
    """Bill each line once; only overuse where a standing addition bills ahead (SPEC 4.5, billing_order)."""
    bills_ahead = draft.subscription.billing_model.bills_ahead
    for line in lines:
        if line.charge is Charge.OVERUSE:
            continue
        if bills_ahead:
            _left_to_the_standing(draft, line)
        elif line.charge is Charge.CREDIT and not line.is_setup_refund:
            unexpected(draft, line, "billing order")
    if bills_ahead:
        lines = tuple(line for line in lines if line.charge is Charge.OVERUSE)
    plan_once(draft, (line for line in lines if line.charge is not Charge.CREDIT or line.is_setup_refund), rule=_RULE)


def _left_to_the_standing(draft: Draft, line: ChargedLine) -> None:
    """Recurring lines are billed by the standing addition already; anything else left out is said aloud."""
    name = draft.name_of(line.product_id)
    if line.charge is Charge.RECURRING:
        draft.notes.append(f"{name}: its recurring line is billed by the standing addition already.")
    else:
        draft.warnings.append(
            f"{name}: a {line.types[0]} line is not carried over, since this subscription is billed ahead."
            " Bill it by hand if it is due."
        )
