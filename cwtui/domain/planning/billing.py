"""billing_order: what was used, billed once (check.md#billed-before-the-period)."""

from __future__ import annotations

from cwtui.domain.charges import Charge
from cwtui.domain.planning.charged_once import plan_once, unexpected
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.lines import ChargedLine
from cwtui.domain.planning.standing import standing_links

_RULE = "billing order: charged once, for the period that ended the day before it was created"


def plan_billing_order(draft: Draft, lines: tuple[ChargedLine, ...]) -> None:
    """Bill each line once; only overuse where a standing addition bills ahead (plans.md#billing-order)."""
    billed = []
    for line in lines:
        if line.charge is Charge.OVERUSE:
            billed.append(line)
        elif _stands(draft, line):
            _left_to_the_standing(draft, line)
        elif line.is_standing_credit:
            unexpected(draft, line, "billing order")
        else:
            billed.append(line)
    plan_once(draft, billed, rule=_RULE)


def _stands(draft: Draft, line: ChargedLine) -> bool:
    """A standing addition bills it: always where the marketplace bills ahead, else wherever one is linked."""
    if draft.subscription.billing_model.bills_ahead:
        return True
    return line.charge is Charge.RECURRING and bool(standing_links(draft, line.product_id))


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
