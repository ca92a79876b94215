"""Whether an account's agreement can take its counts (plans.md#problems)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from cwtui.domain.ledger import Operation
from cwtui.domain.marketplace import Duration, Subscription, SubscriptionStatus
from cwtui.domain.planning.task import agreement_problems
from cwtui.domain.plans import Change
from cwtui.domain.psa import Agreement
from cwtui.domain.remedies import Action, Remedy
from cwtui.domain.tasks import Problem, ProblemCode, Task
from cwtui.vendors.count_facts import CountFacts

MONTH = Duration("month", Decimal(1))
"""What a report counts: units of one month, so the agreement must bill by the month."""


def agreement_faults(facts: CountFacts) -> list[Problem]:
    """What is wrong with the account's link and agreement, each with what to do about it."""
    task, company = facts.task, facts.company
    choose = Remedy(Action.MAP, task.subscription_id, "agreement")
    found = []
    if company is None:
        message = f"Account {task.customer_id} is not linked to a company."
        link = Remedy(Action.MAP, task.customer_id, "customer")
        found.append(Problem(ProblemCode.CUSTOMER_UNMAPPED, message, task.customer_id, link))
    if facts.agreement_id is None:
        message = f"{facts.lacking} Then give the report again, or choose an agreement."
        return [*found, Problem(ProblemCode.AGREEMENT_UNMAPPED, message, task.subscription_id, choose)]
    target = str(facts.agreement_id)
    if facts.agreement is None:
        message = f"Agreement {target} does not exist in ConnectWise, or cannot be read. Choose another one."
        return [*found, Problem(ProblemCode.AGREEMENT_INACTIVE, message, target, choose)]
    found += agreement_problems(facts.agreement, _as_subscription(task))
    if company is not None and facts.agreement.company_id != company:
        message = (
            f"Agreement {facts.agreement.name} belongs to company {facts.agreement.company_id}, the account is linked"
            f" to {company}. Choose an agreement of that company."
        )
        found.append(Problem(ProblemCode.AGREEMENT_WRONG_COMPANY, message, target, choose))
    return found


def end_faults(agreement: Agreement, changes: Sequence[Change]) -> list[Problem]:
    """No addition may begin after the agreement has ended (plans.md#problems)."""
    begins = [change.after.effective for change in changes if change.operation is Operation.CREATE and change.after]
    if agreement.end is None or not begins or agreement.end >= max(begins):
        return []
    message = (
        f"Agreement {agreement.name} ends on {agreement.end}, {max(begins)} is needed."
        " Extend it in ConnectWise, or choose another one."
    )
    return [Problem(ProblemCode.AGREEMENT_ENDED, message, str(agreement.id))]


def _as_subscription(task: Task) -> Subscription:
    """What an account's counts are to an agreement: something that bills by the month."""
    return Subscription(
        task.subscription_id,
        task.subscription_name,
        task.customer_id,
        SubscriptionStatus.ACTIVE,
        billing_period=MONTH,
    )
