"""Which agreement a subscription should be billed on (mapping.md#suggestions), and why not on another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from cwtui.domain.ids import CompanyId
from cwtui.domain.marketplace import Subscription
from cwtui.domain.periods import day_text
from cwtui.domain.planning.ground import agreement_problems, cycle_of
from cwtui.domain.psa import Agreement
from cwtui.domain.suggestions import Suggestion
from cwtui.engine.mapping.suggest.names import plain_name
from cwtui.wording.problems import sentence

_ALONE, _SEVERAL = 1.0, 0.6
_ITS_CURRENCY, _ONLY_ONE_OF_TYPE, _SHARED_WORDS = 0.1, 0.1, 0.2


def suggest_agreements(
    subscription: Subscription,
    company_id: CompanyId | None,
    agreements: Sequence[Agreement],
    currency: str,
    *,
    limit: int = 3,
    today: date | None = None,
) -> tuple[Suggestion, ...]:
    """Propose agreements for a subscription: same company, active, same billing cycle and currency.

    Rule: mapping.md#suggestions.

    Args:
        subscription: Its billing period must be known.
        company_id: The company its customer is mapped to; None proposes nothing.
        agreements: Of that company, or all.
        currency: ISO code of what the subscription bills; empty if not known.
        limit: How many at most.
        today: Leaves out agreements that ended before; None asks no end date.

    Returns:
        Best first. Only an agreement that is alone of its kind (no other fits) is `is_exact`, and only when the
        currency is known.
    """
    fitting = [
        agreement
        for agreement in agreements
        if not why_not(agreement, subscription, company_id=company_id, currency=currency, today=today)
    ]
    if len(fitting) == 1:
        only = fitting[0]
        reason = f"the company's only active agreement with cycle {only.cycle}{_currency_words(only, currency)}"
        return (Suggestion(only.id, only.name, _ALONE, reason, is_exact=bool(currency)),)[: max(limit, 0)]
    types = Counter(agreement.type_name.casefold() for agreement in fitting)
    ranked = sorted(
        (_one_of_several(agreement, subscription, currency, types) for agreement in fitting),
        key=lambda suggestion: (-suggestion.score, suggestion.name.casefold(), suggestion.connectwise_id),
    )
    return tuple(ranked[: max(limit, 0)])


def _one_of_several(agreement: Agreement, subscription: Subscription, currency: str, types: Counter[str]) -> Suggestion:
    score, words = _SEVERAL, [f"same company, cycle {agreement.cycle}{_currency_words(agreement, currency)}"]
    if currency and _same_currency(agreement, currency):
        score += _ITS_CURRENCY
    if agreement.type_name and types[agreement.type_name.casefold()] == 1:
        score += _ONLY_ONE_OF_TYPE
        words.append(f"the only one of type {agreement.type_name}")
    mine = frozenset(plain_name(subscription.name).split())
    shared = mine & frozenset(plain_name(f"{agreement.name} {agreement.type_name}").split())
    if shared:
        score += _SHARED_WORDS * len(shared) / len(mine)
        words.append("name shares " + ", ".join(sorted(shared)))
    return Suggestion(agreement.id, agreement.name, round(score, 4), ", ".join(words))


def _same_currency(agreement: Agreement, currency: str) -> bool:
    return agreement.currency.casefold() == currency.casefold()


def _currency_words(agreement: Agreement, currency: str) -> str:
    return f" and currency {agreement.currency}" if currency and _same_currency(agreement, currency) else ""


def why_not(
    agreement: Agreement,
    subscription: Subscription,
    *,
    company_id: CompanyId | None,
    currency: str = "",
    today: date | None = None,
) -> list[str]:
    """Say why a subscription cannot be billed on an agreement (plans.md#problems).

    Args:
        agreement: The agreement in question.
        subscription: The subscription to bill.
        company_id: The company its customer is mapped to, if any.
        currency: ISO code of what the subscription bills; empty asks for none.
        today: The day from which it must bill; None asks no end date.

    Returns:
        Every reason, each in sentences that also say what to do; empty if it can be chosen.
    """
    reasons = []
    if company_id is None:
        reasons.append("The customer is not mapped to a company. Map the customer first.")
    elif agreement.company_id != company_id:
        reasons.append(
            f"Agreement {agreement.name} belongs to company {agreement.company_id}, the customer is mapped to"
            f" {company_id}. Choose an agreement of that company."
        )
    reasons += [sentence(problem) for problem in agreement_problems(agreement, subscription)]
    period = subscription.billing_period
    if cycle_of(period) is None and period is not None and period.type == "statement_day":
        reasons.append("The subscription is billed on statement days, which no agreement's cycle matches.")
    if currency and agreement.currency and not _same_currency(agreement, currency):
        reasons.append(
            f"Agreement {agreement.name} bills in {agreement.currency}, the subscription in {currency}."
            " Choose an agreement in its currency."
        )
    if today is not None and agreement.end is not None and agreement.end < today:
        reasons.append(f"Agreement {agreement.name} ended on {day_text(agreement.end)}. Choose one that goes on.")
    return reasons
