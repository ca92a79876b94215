"""Which agreements a forecast or a report looks at."""

from __future__ import annotations

from cwtui.domain.errors import InputError
from cwtui.domain.ids import AgreementId, CustomerId
from cwtui.domain.mappings import MappingKind
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.protocols import Store


def billed_agreements(store: Store, desk: PlanningDesk, customer: CustomerId | None) -> list[AgreementId]:
    """Agreements that are mapped, linked or about to be written to; or one customer's.

    Agreements of count tasks too: those are found by company and type, and mapped only where a person chose.

    Raises:
        InputError: The customer has no subscription on an agreement.
    """
    mappings = store.mappings()
    if customer is None:
        open_ones = {desk.agreement_of(task) for task in store.open_tasks()}
        found: set[AgreementId | None] = mappings.targets(MappingKind.AGREEMENT)
        found |= store.linked_agreements() | open_ones
        return sorted(name for name in found if name is not None)
    mine = [task for task in store.tasks() if task.customer_id == customer]
    names = {task.subscription_id for task in mine if task.subscription_id}
    theirs = {mappings.agreement(name) for name in names} | {desk.agreement_of(task) for task in mine}
    theirs |= {link.agreement_id for name in names for link in store.links_of(name)}
    if not any(name is not None for name in theirs):
        raise InputError(
            f"Nothing of customer {customer} is mapped to an agreement, as far as the tasks tell.",
            next_step="Check changes first, then map its agreements.",
        )
    return sorted(name for name in theirs if name is not None)
