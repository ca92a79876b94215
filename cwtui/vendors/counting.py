"""One account's counts as a plan: create, update, leave, and one line for a SKU whose price changed.

Rule: files.md#export-counts.
"""

from __future__ import annotations

from cwtui.domain.ledger import Operation
from cwtui.domain.plans import Plan
from cwtui.vendors.agreement_checks import agreement_faults, end_faults
from cwtui.vendors.count_draft import CountDraft
from cwtui.vendors.count_facts import CountFacts, CountProposal, Vanished
from cwtui.vendors.count_holdings import CountHoldings


def plan_counts(facts: CountFacts) -> Plan:
    """Make the plan of one account's counts. The same facts give the same plan."""
    draft = _draft(facts)
    if draft.dates is not None and facts.agreement is not None:
        draft.notes += [str(one) for one in vanished(facts)]
        draft.problems += end_faults(facts.agreement, draft.changes)
    return Plan(
        task_id=facts.task.id,
        subscription_id=facts.task.subscription_id,
        agreement_id=facts.agreement_id,
        changes=tuple(sorted(draft.changes, key=lambda change: change.operation is Operation.CREATE)),
        warnings=tuple(draft.warnings),
        notes=tuple(draft.notes),
        problems=tuple(draft.problems),
        effective=draft.dates.first_open_day if draft.dates else None,
        standing_from=draft.dates.first_open_day if draft.dates else None,
        currency=facts.agreement.currency if facts.agreement else "",
        beyond_guard=tuple(draft.beyond_guard),
    )


def proposals(facts: CountFacts) -> list[CountProposal]:
    """The additions that the report counts, but that nobody linked to the account."""
    return _draft(facts).proposed


def vanished(facts: CountFacts) -> list[Vanished]:
    """The account's standing additions that the report no longer names, and that no new price replaces."""
    if facts.dates is None:
        return []
    holds = CountHoldings(facts)
    replaced = {held.id for held, _ in holds.replaced()}
    account = facts.task.customer_id.removeprefix(facts.layout.customer(""))
    return [
        Vanished(account, name, held)
        for held, name in holds.standing()
        if not holds.is_reported(held) and held.id not in replaced and not holds.is_doubted(facts.layout.sku_of(name))
    ]


def _draft(facts: CountFacts) -> CountDraft:
    draft = CountDraft(facts)
    draft.problems += agreement_faults(facts)
    if draft.dates is not None and facts.agreement is not None:
        for item in facts.items:
            if not draft.holds.is_doubted(item.sku):
                draft.count(item)
        draft.end_old_prices()
        draft.refuse_rows()
    return draft
