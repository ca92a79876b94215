"""Whether an account's agreement can take its counts (plans.md#problems)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from cwtui.domain.ledger import Operation
from cwtui.domain.marketplace import Duration, Subscription, SubscriptionStatus
from cwtui.domain.planning.ground import (
    agreement_problems,
    another_companys,
    deleted_company,
    ends_before,
    unknown_agreement,
)
from cwtui.domain.plans import Change
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode
from cwtui.domain.psa import Agreement
from cwtui.domain.remedies import Action, Remedy
from cwtui.domain.tasks import Task
from cwtui.vendors.count_facts import CountFacts

MONTH = Duration("month", Decimal(1))
"""A report counts units of one month, so the agreement must bill by the month."""


def agreement_faults(facts: CountFacts) -> list[Problem]:
    """The problems of the account's link and agreement, each with a remedy."""
    task, company = facts.task, facts.company
    choose = Remedy(Action.MAP, task.subscription_id, "agreement")
    found = []
    if company is None:
        account = {"account": task.customer_id}
        link = Remedy(Action.MAP, task.customer_id, "customer")
        found.append(Problem(ProblemCode.CUSTOMER_UNMAPPED, account, task.customer_id, link, ProblemCase.ACCOUNT))
    if facts.agreement_id is None:
        lacks = {"account": task.customer_id, "reason": facts.lacking}
        where = task.subscription_id
        return [*found, Problem(ProblemCode.AGREEMENT_UNMAPPED, lacks, where, choose, ProblemCase.ACCOUNT)]
    if company is not None and facts.is_company_deleted:
        found.append(deleted_company(company, task.customer_id, ProblemCase.ACCOUNT))
    if facts.agreement is None:
        return [*found, unknown_agreement(facts.agreement_id, choose)]
    found += agreement_problems(facts.agreement, _as_subscription(task))
    found += _billed_elsewhere(facts, facts.agreement)
    return [*found, *another_companys(facts.agreement, company, ProblemCase.ACCOUNT, choose)]


def _billed_elsewhere(facts: CountFacts, ours: Agreement) -> list[Problem]:
    """No unit is counted in two agreements: what goes on in one that the account left (files.md#export-counts)."""
    first = facts.dates.first_open_day if facts.dates else None
    return [
        Problem(
            ProblemCode.LINK_CHANGED,
            {
                "addition": link.addition_id,
                "name": link.product_id.removeprefix(facts.layout.product("")),
                "theirs": link.agreement_id,
                "ours": ours.id,
            },
            str(link.addition_id),
            Remedy(Action.SETTLE_DRIFT, str(link.addition_id)),
            ProblemCase.ACCOUNT,
        )
        for link in facts.elsewhere
        if first is not None and (link.values.cancelled is None or link.values.cancelled >= first)
    ]


def end_faults(agreement: Agreement, changes: Sequence[Change]) -> list[Problem]:
    """No addition may begin after the agreement has ended (plans.md#problems)."""
    begins = [change.after.effective for change in changes if change.operation is Operation.CREATE and change.after]
    return ends_before(agreement, max(begins, default=None))


def _as_subscription(task: Task) -> Subscription:
    """The account as a subscription that bills by the month, for the checks of agreements."""
    return Subscription(
        task.subscription_id,
        task.subscription_name,
        task.customer_id,
        SubscriptionStatus.ACTIVE,
        billing_period=MONTH,
    )
