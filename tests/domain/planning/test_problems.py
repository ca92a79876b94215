"""plans.md#problems, problems: everything that keeps a task from being ready, all at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from cwtui.domain.ids import AgreementId, CatalogItemId, CompanyId, OrderId, ProductId, SubscriptionId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind, Mappings
from cwtui.domain.marketplace import Duration, OrderLine, OrderProduct, OrderType, Price
from cwtui.domain.periods import BillingCycle
from cwtui.domain.planning import PlanningFacts, PlanningRules, plan_task
from cwtui.domain.planning.ground import cycle_of
from cwtui.domain.plans import PriceSource
from cwtui.domain.psa import Addition
from cwtui.domain.tasks import TaskKind
from cwtui.wording.problems import sentence
from tests.domain.planning.situations import (
    AGREEMENT,
    ITEM,
    MAPPINGS,
    PRODUCT,
    codes,
    facts,
    line,
    next_invoice,
    order,
    standing,
    subscription,
    written,
)

D = date
SALE = order(OrderType.SALES, line("recurring", "10"), line("setup", "1", "25.00"), provisioned=D(2026, 11, 11))
CHANGE = order(OrderType.CHANGE, line("recurring", "5"), provisioned=D(2026, 11, 21))


def sold(**changes: object) -> PlanningFacts:
    return facts(SALE, **changes)  # type: ignore[arg-type]


def totalled(amount: str, currency: str) -> PlanningFacts:
    fee = replace(line("setup", "1", "25.00"), extended=Price(Decimal(amount), currency))
    return facts(order(OrderType.SALES, fee, provisioned=D(2026, 11, 11)))


def without(kind: MappingKind) -> Mappings:
    return Mappings(mapping for mapping in MAPPINGS if mapping.key.kind is not kind)


def billed_every(length: int, type_: str) -> PlanningFacts:
    return sold(held=replace(subscription(), billing_period=Duration(type_, Decimal(length))))


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        pytest.param(sold(mappings=without(MappingKind.CUSTOMER)), ["customer_unmapped"], id="customer"),
        pytest.param(sold(mappings=without(MappingKind.PRODUCT)), ["product_unmapped"], id="product"),
        pytest.param(
            sold(mappings=without(MappingKind.AGREEMENT), agreement=None), ["agreement_unmapped"], id="agreement"
        ),
        pytest.param(sold(agreement=None), ["agreement_inactive"], id="an agreement that does not exist"),
        pytest.param(
            sold(agreement=replace(AGREEMENT, company_id=CompanyId(4))), ["agreement_wrong_company"], id="wrong company"
        ),
        pytest.param(sold(agreement=replace(AGREEMENT, status="Expired")), ["agreement_inactive"], id="not Active"),
        pytest.param(sold(agreement=replace(AGREEMENT, status="")), ["agreement_inactive"], id="no status"),
        pytest.param(sold(agreement=replace(AGREEMENT, is_cancelled=True)), ["agreement_inactive"], id="cancelled"),
        pytest.param(sold(agreement=replace(AGREEMENT, end=D(2026, 11, 30))), ["agreement_ended"], id="ended before s"),
        pytest.param(sold(agreement=replace(AGREEMENT, end=D(2026, 12, 1))), [], id="it ends on the day needed"),
        pytest.param(
            sold(agreement=replace(AGREEMENT, end=D(2026, 11, 30)), mappings=without(MappingKind.PRODUCT)),
            ["product_unmapped", "agreement_ended"],
            id="ended, told although nothing can be created",
        ),
        pytest.param(sold(agreement=replace(AGREEMENT, cycle=None)), ["agreement_not_billing"], id="no billing cycle"),
        pytest.param(
            sold(agreement=replace(AGREEMENT, cycle=BillingCycle.NOT_RECURRING)),
            ["agreement_not_billing"],
            id="not recurring",
        ),
        pytest.param(
            sold(agreement=replace(AGREEMENT, start=None, bill_start=None)), ["agreement_not_billing"], id="no date"
        ),
        pytest.param(
            sold(agreement=replace(AGREEMENT, cycle=BillingCycle.QUARTERLY)), ["billing_cycle_mismatch"], id="cycle"
        ),
        pytest.param(billed_every(3, "month"), ["billing_cycle_mismatch"], id="the subscription's cycle"),
        pytest.param(
            sold(held=replace(subscription(), billing_period=None)), ["billing_cycle_mismatch"], id="unknown cycle"
        ),
        pytest.param(billed_every(1, "statement_day"), ["statement_billing_unsupported"], id="statement days"),
        pytest.param(sold(agreement=replace(AGREEMENT, currency="USD")), ["currency_mismatch"], id="currency"),
        pytest.param(sold(agreement=replace(AGREEMENT, currency="eur")), [], id="currencies have no case"),
        pytest.param(totalled("27.00", "USD"), ["currency_mismatch"], id="the currency of a line's total"),
        pytest.param(totalled("27.00", "eur"), [], id="the same currency of a line's total"),
        pytest.param(totalled("0.00", "USD"), [], id="a total of nothing has no currency"),
        pytest.param(sold(agreement=replace(AGREEMENT, currency="")), [], id="an agreement without one matches"),
        pytest.param(
            sold(
                agreement=replace(AGREEMENT, currency="USD"),
                rules=PlanningRules(price_source=PriceSource.CONNECTWISE),
            ),
            ["currency_mismatch"],
            id="currency, whatever the price source",
        ),
        pytest.param(sold(items=(replace(ITEM, is_inactive=True),)), ["catalog_item_inactive"], id="inactive item"),
        pytest.param(sold(items=()), ["catalog_item_inactive"], id="an item that is gone"),
        pytest.param(facts(replace(SALE, type=OrderType.UNKNOWN)), ["unknown_order_type"], id="order type"),
        pytest.param(facts(order(OrderType.MIGRATION)), ["link_missing"], id="a migration is never automatic"),
        pytest.param(facts(CHANGE, subscription("15")), ["link_missing"], id="a change without a link"),
        pytest.param(
            facts(CHANGE, subscription("15"), mappings=Mappings(), agreement=None, items=()),
            ["customer_unmapped", "agreement_unmapped", "product_unmapped", "link_missing"],
            id="all that apply, without an agreement",
        ),
        pytest.param(
            sold(
                held=replace(subscription(), billing_period=Duration("month", Decimal(3))),
                agreement=replace(
                    AGREEMENT, status="Inactive", company_id=CompanyId(4), currency="USD", end=D(2026, 6, 1)
                ),
                items=(replace(ITEM, is_inactive=True),),
            ),
            [
                "agreement_inactive",
                "billing_cycle_mismatch",
                "agreement_wrong_company",
                "catalog_item_inactive",
                "currency_mismatch",
                "agreement_ended",
            ],
            id="all that apply, with one",
        ),
    ],
)
def test_problems(situation: PlanningFacts, expected: list[str]) -> None:
    plan = plan_task(situation)
    assert codes(plan) == expected
    assert all(sentence(problem).endswith(".") and problem.target for problem in plan.problems)


@pytest.mark.parametrize(
    ("period", "cycle"),
    [
        (("month", "1"), BillingCycle.MONTHLY),
        (("month", "2"), BillingCycle.BI_MONTHLY),
        (("month", "3"), BillingCycle.QUARTERLY),
        (("month", "6"), BillingCycle.SEMI_ANNUAL),
        (("month", "12"), BillingCycle.YEARLY),
        (("year", "1"), BillingCycle.YEARLY),
        (("day", "7"), BillingCycle.WEEKLY),
        (("day", "14"), BillingCycle.BI_WEEKLY),
        (("year", "3"), None),
        (("month", "1.5"), None),
        (("unknown", "1"), None),
    ],
)
def test_cycle_of(period: tuple[str, str], cycle: BillingCycle | None) -> None:
    assert cycle_of(Duration(period[0], Decimal(period[1]))) is cycle


def test_a_charge_has_its_own_mapping_then_the_products() -> None:
    setup = replace(ITEM, id=CatalogItemId(12), identifier="SETUP")
    mappings = Mappings([*MAPPINGS, Mapping(MappingKey(MappingKind.PRODUCT, PRODUCT, "setup"), 12)])
    plan = plan_task(sold(mappings=mappings, items=(ITEM, setup)))
    assert [change.after.catalog_item_id for change in plan.changes if change.after] == [11, 11, 12]
    mappings.put(Mapping(MappingKey(MappingKind.PRODUCT, PRODUCT, "recurring"), 12))
    plan = plan_task(sold(mappings=mappings, items=(ITEM, setup)))
    assert [change.after.catalog_item_id for change in plan.changes if change.after] == [12, 12, 12]


def test_only_the_charge_that_lacks_a_mapping_is_a_problem() -> None:
    mappings = without(MappingKind.PRODUCT)
    mappings.put(Mapping(MappingKey(MappingKind.PRODUCT, PRODUCT, "recurring"), 11))
    plan = plan_task(sold(mappings=mappings))
    assert codes(plan) == ["product_unmapped"]
    assert "for its setup charge" in sentence(plan.problems[0])
    assert len(plan.changes) == 2


def test_a_subscription_the_marketplace_does_not_know() -> None:
    plan = plan_task(replace(sold(mappings=Mappings(), agreement=None), subscription=None))
    assert codes(plan) == ["subscription_missing", "customer_unmapped", "agreement_unmapped", "product_unmapped"]
    plan = plan_task(replace(sold(agreement=replace(AGREEMENT, currency="USD")), subscription=None))
    assert codes(plan) == ["subscription_missing", "currency_mismatch"]
    assert plan.changes == ()


def test_an_order_that_is_not_known_any_more_is_not_an_empty_one() -> None:
    plan = plan_task(replace(sold(), order=None))
    assert (codes(plan), plan.changes) == (["unknown_order_type"], ())


def test_a_line_of_an_order_over_several_subscriptions_that_names_none() -> None:
    one = Price(Decimal(1), "EUR")
    stray = OrderLine("setup", ProductId("PRD3"), quantity=Decimal(1), unit_price=one, extended=one)
    several = replace(
        SALE,
        subscription_id=SubscriptionId(""),
        products=(
            OrderProduct(PRODUCT, "", SubscriptionId("1000048531")),
            OrderProduct(ProductId("PRD2"), "", SubscriptionId("2")),
        ),
        lines=(*SALE.lines, stray),
    )
    plan = plan_task(facts(several))
    assert codes(plan) == ["subscription_missing"]
    assert len(plan.changes) == 3


@pytest.mark.parametrize(
    ("held", "said"),
    [
        pytest.param(None, "was removed in ConnectWise", id="removed"),
        pytest.param({"quantity": Decimal(12)}, "edited in ConnectWise (quantity 10 → 12)", id="edited"),
        pytest.param({"cancelled": D(2027, 1, 31)}, "(cancelled none → 2027-01-31)", id="ended by hand"),
        pytest.param({"description": "Mail"}, None, id="another description is no matter"),
        pytest.param({}, None, id="as it was"),
    ],
)
def test_link_changed(held: dict[str, object] | None, said: str | None) -> None:
    link = standing("10", D(2026, 11, 1))
    situation = facts(CHANGE, subscription("15"), links=(link,))
    additions = {}
    if held is not None:
        values = replace(link.values, **held)  # type: ignore[arg-type]
        additions[link.addition_id] = Addition(link.addition_id, link.agreement_id, values)
    plan = plan_task(replace(situation, additions=additions))
    assert codes(plan) == ([] if said is None else ["link_changed"])
    assert said is None or said in sentence(plan.problems[0])


def test_a_renewal_that_writes_nothing_still_sees_an_edited_addition() -> None:
    link = standing("10", D(2026, 11, 1))
    made = order(OrderType.RENEWAL, line("renew", "10"), provisioned=D(2026, 11, 21))
    plan = plan_task(replace(facts(made, links=(link,)), additions={}))
    assert (codes(plan), plan.changes) == (["link_changed"], ())


def test_additions_of_another_agreement_are_not_touched_unseen() -> None:
    link = replace(standing("10", D(2026, 11, 1)), agreement_id=AgreementId(8))
    plan = plan_task(replace(facts(CHANGE, subscription("15"), links=(link,)), additions=None))
    assert codes(plan) == ["link_changed"]
    assert "belongs to agreement 8, the subscription is mapped to 7 now" in sentence(plan.problems[0])


def test_a_plan_that_only_ends_additions_needs_no_day_of_an_ended_agreement() -> None:
    made = order(OrderType.CANCELLATION, provisioned=D(2026, 11, 20))
    agreement = next_invoice(D(2026, 12, 1), end=D(2026, 11, 10))
    plan = plan_task(facts(made, links=(standing("10", D(2026, 11, 1)),), agreement=agreement))
    assert (codes(plan), written(plan)) == ([], ["end 10 on 2026-11-20"])


def test_a_task_this_task_billed_before_is_not_billed_again() -> None:
    values = plan_task(sold()).changes[2].after
    assert values is not None
    link = replace(standing("1", D(2026, 12, 1), task=OrderId("500")), charge=plan_task(sold()).changes[2].charge)
    link = replace(link, values=values, is_standing=False)
    plan = plan_task(sold(links=(link,)))
    assert len(plan.changes) == 2
    assert "this task billed it before, in addition 90" in plan.notes[0]
    assert len(plan_task(replace(sold(links=(link,)), additions={})).changes) == 3


def test_counts_have_no_rule_here() -> None:
    situation = sold()
    assert plan_task(replace(situation, task=replace(situation.task, kind=TaskKind.COUNT_UPDATE))).changes == ()
