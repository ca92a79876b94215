"""Checks that every plan needs: the company, the agreement that bills, and the catalog items.

One set of checks for the plans of orders, of repairs and of counts (plans.md#problems).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from cwtui.domain.ids import AgreementId, CatalogItemId, CompanyId
from cwtui.domain.marketplace import Duration, Subscription
from cwtui.domain.money import plain
from cwtui.domain.periods import BillingCycle
from cwtui.domain.psa import Agreement, CatalogItem
from cwtui.domain.remedies import Remedy
from cwtui.domain.tasks import Problem, ProblemCode

_CYCLES: dict[tuple[str, Decimal | int], BillingCycle] = {
    ("day", 7): BillingCycle.WEEKLY,
    ("day", 14): BillingCycle.BI_WEEKLY,
    ("month", 1): BillingCycle.MONTHLY,
    ("month", 2): BillingCycle.BI_MONTHLY,
    ("month", 3): BillingCycle.QUARTERLY,
    ("month", 6): BillingCycle.SEMI_ANNUAL,
    ("month", 12): BillingCycle.YEARLY,
    ("year", 1): BillingCycle.YEARLY,
}


def deleted_company(company: CompanyId, whose: str) -> Problem:
    """A company that lies in ConnectWise's recycle bin.

    Args:
        company: The company.
        whose: Who is mapped to it, such as "customer Lighthouse".
    """
    return Problem(
        ProblemCode.COMPANY_DELETED,
        f"Company {company}, which {whose} is mapped to, was deleted in ConnectWise."
        " Restore it there, or map the customer to another one.",
        str(company),
    )


def unknown_agreement(agreement: AgreementId, remedy: Remedy | None = None) -> Problem:
    """An agreement that ConnectWise does not show."""
    message = (
        f"Agreement {agreement} does not exist in ConnectWise, or cannot be read. Map the subscription to another one."
    )
    return Problem(ProblemCode.AGREEMENT_INACTIVE, message, str(agreement), remedy)


def agreement_problems(agreement: Agreement, subscription: Subscription | None) -> list[Problem]:
    """Why an agreement cannot bill a subscription: its state, its cycle; of no subscription, its state alone."""
    found = []
    if agreement.is_inactive:
        state = "cancelled" if agreement.is_cancelled else agreement.status or "without a status"
        message = f"Agreement {agreement.name} is {state}. Activate it in ConnectWise, or map another one."
        found.append(Problem(ProblemCode.AGREEMENT_INACTIVE, message, str(agreement.id)))
    if not agreement.bills_periods:
        reason = "does not recur" if agreement.cycle is BillingCycle.NOT_RECURRING else "names no billing cycle"
        if agreement.cycle not in {None, BillingCycle.NOT_RECURRING}:
            reason = "names no date from which it bills"
        message = f"Agreement {agreement.name} {reason}. Set it up in ConnectWise, or map another one."
        found.append(Problem(ProblemCode.AGREEMENT_NOT_BILLING, message, str(agreement.id)))
    elif subscription is not None and not _fits(agreement, subscription):
        message = (
            f"The subscription bills every {_period_text(subscription.billing_period)}, agreement {agreement.name}"
            f" {agreement.cycle}. Map the subscription to an agreement with its cycle."
        )
        found.append(Problem(ProblemCode.BILLING_CYCLE_MISMATCH, message, str(agreement.id)))
    return found


def another_companys(
    agreement: Agreement, company: CompanyId | None, who: str = "the customer", remedy: Remedy | None = None
) -> list[Problem]:
    """An agreement of another company than `who` is mapped to."""
    if company is None or agreement.company_id == company:
        return []
    message = (
        f"Agreement {agreement.name} belongs to company {agreement.company_id}, {who} is mapped to {company}."
        " Map the subscription to an agreement of that company."
    )
    return [Problem(ProblemCode.AGREEMENT_WRONG_COMPANY, message, str(agreement.id), remedy)]


def ends_before(agreement: Agreement | None, needed: date | None) -> list[Problem]:
    """No addition may begin after the agreement has ended."""
    if agreement is None or agreement.end is None or needed is None or agreement.end >= needed:
        return []
    message = (
        f"Agreement {agreement.name} ends on {agreement.end}, {needed} is needed."
        " Extend it in ConnectWise, or map the subscription to another one."
    )
    return [Problem(ProblemCode.AGREEMENT_ENDED, message, str(agreement.id))]


def item_problem(item: CatalogItem | None, mapped: CatalogItemId | None, product: str) -> Problem | None:
    """Why a catalog item cannot be an addition's: it is gone, inactive, or a bundle.

    Args:
        item: As ConnectWise holds it; None if it does not show it.
        mapped: Its id.
        product: What is mapped to it, by name.
    """
    if item is None:
        state = "no longer exists, or cannot be read"
    elif item.is_bundle:
        state = "is a bundle, which ConnectWise takes no addition of"
    elif item.is_inactive:
        state = "is inactive"
    else:
        return None
    return Problem(
        ProblemCode.CATALOG_ITEM_INACTIVE,
        f"Catalog item {item.identifier if item else mapped} of product {product} {state}."
        " Set it right in ConnectWise, or map the product to another one.",
        str(mapped),
    )


def cycle_of(period: Duration | None) -> BillingCycle | None:
    """The billing cycle that equals a marketplace period (`month`×3 = Quarterly), or None."""
    return None if period is None else _CYCLES.get((period.type, period.length))


def bills_by_statement(subscription: Subscription) -> bool:
    """It is billed on statement days, which no agreement's cycle matches."""
    return subscription.billing_period is not None and subscription.billing_period.type == "statement_day"


def _fits(agreement: Agreement, subscription: Subscription) -> bool:
    return bills_by_statement(subscription) or cycle_of(subscription.billing_period) is agreement.cycle


def _period_text(period: Duration | None) -> str:
    return "unknown period" if period is None else f"{plain(period.length)} {period.type}"
