from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from cwtui.domain.ids import AgreementId, CompanyId, CustomerId, SubscriptionId
from cwtui.domain.marketplace import Duration, Subscription, SubscriptionStatus
from cwtui.domain.periods import BillingCycle
from cwtui.domain.psa import Agreement
from cwtui.engine.mapping.suggest import suggest_agreements, why_not

OURS, TODAY = CompanyId(7), date(2026, 11, 22)
MONTH = Duration("month", Decimal(1))
SUBSCRIPTION = Subscription(
    SubscriptionId("s-1"), "Cloud subscription", CustomerId("c-1"), SubscriptionStatus.ACTIVE, billing_period=MONTH
)
FITS = Agreement(
    AgreementId(1), "Cloud services", OURS, "Cloud", BillingCycle.MONTHLY, start=date(2026, 1, 1), currency="EUR"
)


@pytest.mark.parametrize(
    ("agreement", "subscription", "words"),
    [
        pytest.param(replace(FITS, company_id=CompanyId(8)), SUBSCRIPTION, "belongs to company 8", id="company"),
        pytest.param(replace(FITS, status="Inactive"), SUBSCRIPTION, "is Inactive", id="inactive"),
        pytest.param(replace(FITS, is_cancelled=True), SUBSCRIPTION, "is cancelled", id="cancelled"),
        pytest.param(replace(FITS, cycle=BillingCycle.YEARLY), SUBSCRIPTION, "Yearly", id="cycle"),
        pytest.param(replace(FITS, cycle=None), SUBSCRIPTION, "names no billing cycle", id="no cycle"),
        pytest.param(replace(FITS, currency="USD"), SUBSCRIPTION, "bills in USD", id="currency"),
        pytest.param(replace(FITS, end=date(2026, 11, 21)), SUBSCRIPTION, "ended on 21 Nov 2026", id="ended"),
        pytest.param(
            FITS,
            replace(SUBSCRIPTION, billing_period=Duration("statement_day", Decimal(1))),
            "statement days",
            id="statement billing",
        ),
        pytest.param(FITS, replace(SUBSCRIPTION, billing_period=None), "unknown period", id="unknown period"),
    ],
)
def test_why_not(agreement: Agreement, subscription: Subscription, words: str) -> None:
    (reason,) = why_not(agreement, subscription, company_id=OURS, currency="EUR", today=TODAY)
    assert words in reason
    assert reason.endswith(".")
    assert suggest_agreements(subscription, OURS, [agreement], "EUR", today=TODAY) == ()


def test_all_reasons_are_named() -> None:
    wrong = replace(FITS, company_id=CompanyId(8), status="Expired", currency="USD", cycle=BillingCycle.WEEKLY)
    assert len(why_not(wrong, SUBSCRIPTION, company_id=OURS, currency="EUR", today=TODAY)) == 4


def test_nothing_stands_against_an_agreement_that_fits() -> None:
    assert why_not(FITS, SUBSCRIPTION, company_id=OURS, currency="EUR", today=TODAY) == []


def test_an_unmapped_customer_has_no_agreement() -> None:
    assert suggest_agreements(SUBSCRIPTION, None, [FITS], "EUR") == ()
    assert why_not(FITS, SUBSCRIPTION, company_id=None) == [
        "The customer is not mapped to a company. Map the customer first."
    ]


def test_alone_of_its_kind_is_exact() -> None:
    yearly = replace(FITS, id=AgreementId(2), cycle=BillingCycle.YEARLY)
    (found,) = suggest_agreements(SUBSCRIPTION, OURS, [yearly, FITS], "eur")
    assert (found.connectwise_id, found.is_exact, found.score) == (1, True, 1.0)
    assert found.reason == "the company's only active agreement with cycle Monthly and currency EUR"


def test_alone_but_of_unknown_currency_is_for_a_person() -> None:
    (found,) = suggest_agreements(SUBSCRIPTION, OURS, [FITS], "")
    assert not found.is_exact


def test_an_agreement_without_a_currency_matches() -> None:
    (found,) = suggest_agreements(SUBSCRIPTION, OURS, [replace(FITS, currency="")], "EUR")
    assert found.is_exact


def test_of_several_none_is_exact_and_the_likeliest_is_first() -> None:
    managed = replace(FITS, id=AgreementId(2), name="Managed workplaces", type_name="Managed")
    unnamed = replace(managed, id=AgreementId(3), name="Managed servers", currency="")
    found = suggest_agreements(SUBSCRIPTION, OURS, [unnamed, managed, FITS], "EUR")
    assert [one.connectwise_id for one in found] == [1, 2, 3]
    assert not any(one.is_exact for one in found)
    assert found[0].reason == (
        "same company, cycle Monthly and currency EUR, the only one of type Cloud, name shares cloud"
    )
    assert suggest_agreements(SUBSCRIPTION, OURS, [unnamed, managed, FITS], "EUR", limit=1) == found[:1]


@pytest.mark.parametrize(
    ("period", "cycle"),
    [
        pytest.param(("month", 3), BillingCycle.QUARTERLY, id="plans.md: month×3 = Quarterly"),
        pytest.param(("year", 1), BillingCycle.YEARLY, id="year×1 = Yearly"),
        pytest.param(("month", 12), BillingCycle.YEARLY, id="month×12 = Yearly"),
    ],
)
def test_cycle(period: tuple[str, int], cycle: BillingCycle) -> None:
    subscription = replace(SUBSCRIPTION, billing_period=Duration(period[0], Decimal(period[1])))
    others = [replace(FITS, id=AgreementId(at), cycle=one) for at, one in enumerate(BillingCycle, 10)]
    (found,) = suggest_agreements(subscription, OURS, others, "EUR")
    assert found.connectwise_id == 10 + list(BillingCycle).index(cycle)
