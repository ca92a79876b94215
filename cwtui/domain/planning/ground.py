"""Checks that every plan needs: the company, the agreement that bills, and the catalog items.

One set of checks for the plans of orders, of repairs and of counts (plans.md#problems).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from cwtui.domain.ids import AgreementId, CatalogItemId, CompanyId
from cwtui.domain.mappings import Link
from cwtui.domain.marketplace import Duration, Subscription
from cwtui.domain.money import plain
from cwtui.domain.periods import BillingCycle
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode, ProblemFacts
from cwtui.domain.psa import Agreement, CatalogItem
from cwtui.domain.remedies import Action, Remedy
from cwtui.domain.tasks import Task

Differences = Mapping[str, tuple[object, object]]
"""Fields of an addition: what cwtui wrote, and what ConnectWise holds."""
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


def deleted_company(company: CompanyId, name: str, case: ProblemCase = ProblemCase.CUSTOMER) -> Problem:
    """A company that lies in ConnectWise's recycle bin.

    Args:
        company: The company.
        name: Who is mapped to it: a customer by name, an account by its id.
        case: Which of both.
    """
    return Problem(ProblemCode.COMPANY_DELETED, {"company": company, "name": name}, str(company), case=case)


def unmapped_customer(task: Task) -> Problem:
    """A customer that no company is mapped to."""
    facts = {"name": task.customer_name, "customer": task.customer_id}
    remedy = Remedy(Action.MAP, task.customer_id, "customer")
    return Problem(ProblemCode.CUSTOMER_UNMAPPED, facts, task.customer_id, remedy, ProblemCase.CUSTOMER)


def unknown_agreement(agreement: AgreementId, remedy: Remedy | None = None) -> Problem:
    """An agreement that ConnectWise does not show."""
    facts = {"agreement": agreement}
    return Problem(ProblemCode.AGREEMENT_INACTIVE, facts, str(agreement), remedy, ProblemCase.NOT_SHOWN)


def agreement_problems(agreement: Agreement, subscription: Subscription | None) -> list[Problem]:
    """Why an agreement cannot bill a subscription: its state, its cycle; of no subscription, its state alone."""
    found = []
    name = agreement.name
    if agreement.is_inactive:
        facts: ProblemFacts = {"agreement": agreement.id, "name": name, "status": agreement.status}
        found.append(Problem(ProblemCode.AGREEMENT_INACTIVE, facts, str(agreement.id), case=_inactive(agreement)))
    if not agreement.bills_periods:
        facts = {"agreement": agreement.id, "name": name}
        found.append(Problem(ProblemCode.AGREEMENT_NOT_BILLING, facts, str(agreement.id), case=_not_billing(agreement)))
    elif subscription is not None and not _fits(agreement, subscription):
        period = subscription.billing_period
        facts = {
            "agreement": agreement.id,
            "name": name,
            "cycle": agreement.cycle or "",
            "length": plain(period.length) if period else "",
            "unit": period.type if period else "",
        }
        found.append(Problem(ProblemCode.BILLING_CYCLE_MISMATCH, facts, str(agreement.id)))
    return found


def _inactive(agreement: Agreement) -> ProblemCase:
    if agreement.is_cancelled:
        return ProblemCase.CANCELLED
    return ProblemCase.NOT_ACTIVE if agreement.status else ProblemCase.NO_STATUS


def _not_billing(agreement: Agreement) -> ProblemCase:
    if agreement.cycle is None:
        return ProblemCase.NO_CYCLE
    return ProblemCase.NOT_RECURRING if agreement.cycle is BillingCycle.NOT_RECURRING else ProblemCase.NO_FIRST_DAY


def another_companys(
    agreement: Agreement,
    company: CompanyId | None,
    case: ProblemCase = ProblemCase.CUSTOMER,
    remedy: Remedy | None = None,
) -> list[Problem]:
    """An agreement of another company than the customer, or the account, is mapped to."""
    if company is None or agreement.company_id == company:
        return []
    facts: ProblemFacts = {
        "agreement": agreement.id,
        "name": agreement.name,
        "owner": agreement.company_id,
        "company": company,
    }
    return [Problem(ProblemCode.AGREEMENT_WRONG_COMPANY, facts, str(agreement.id), remedy, case)]


def ends_before(agreement: Agreement | None, needed: date | None) -> list[Problem]:
    """No addition may begin after the agreement has ended."""
    if agreement is None or agreement.end is None or needed is None or agreement.end >= needed:
        return []
    facts: ProblemFacts = {
        "agreement": agreement.id,
        "name": agreement.name,
        "end": f"{agreement.end}",
        "needed": f"{needed}",
    }
    return [Problem(ProblemCode.AGREEMENT_ENDED, facts, str(agreement.id))]


def item_problem(item: CatalogItem | None, mapped: CatalogItemId | None, product: str) -> Problem | None:
    """Why a catalog item cannot be an addition's: it is gone, inactive, or a bundle.

    Args:
        item: As ConnectWise holds it; None if it does not show it.
        mapped: Its id.
        product: What is mapped to it, by name.
    """
    if item is None:
        case = ProblemCase.NOT_SHOWN
    elif item.is_bundle:
        case = ProblemCase.BUNDLE
    elif item.is_inactive:
        case = ProblemCase.INACTIVE
    else:
        return None
    facts: ProblemFacts = {
        "catalog_item": "" if mapped is None else mapped,
        "identifier": item.identifier if item else "",
        "product": product,
    }
    return Problem(ProblemCode.CATALOG_ITEM_INACTIVE, facts, str(mapped), case=case)


def link_changed(
    link: Link, differences: Differences | None, product: str, remedy: Remedy | None = None
) -> Problem | None:
    """A linked addition that is not what cwtui wrote any more.

    Args:
        link: As cwtui left it.
        differences: What ConnectWise holds instead, field by field; None if it does not hold the addition.
        product: By name.
        remedy: What mends it.
    """
    if differences == {}:
        return None
    case = ProblemCase.REMOVED if differences is None else ProblemCase.EDITED
    facts: ProblemFacts = {"addition": link.addition_id, "name": product, "edited": exact(differences or {})}
    return Problem(ProblemCode.LINK_CHANGED, facts, str(link.addition_id), remedy, case)


def exact(differences: Differences) -> Mapping[str, tuple[str, ...]]:
    """Differences as plain values."""
    return {name: (_exact(ours), _exact(theirs)) for name, (ours, theirs) in differences.items()}


def _exact(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    return "none" if value is None else str(value)


def cycle_of(period: Duration | None) -> BillingCycle | None:
    """The billing cycle that equals a marketplace period (`month`×3 = Quarterly), or None."""
    return None if period is None else _CYCLES.get((period.type, period.length))


def bills_by_statement(subscription: Subscription) -> bool:
    """It is billed on statement days, which no agreement's cycle matches."""
    return subscription.billing_period is not None and subscription.billing_period.type == "statement_day"


def _fits(agreement: Agreement, subscription: Subscription) -> bool:
    return bills_by_statement(subscription) or cycle_of(subscription.billing_period) is agreement.cycle
