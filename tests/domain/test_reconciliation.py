"""Comparing and assigning, on values alone (reconciling.md#reconcile)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.charges import Charge
from cwtui.domain.ids import (
    AdditionId,
    AgreementId,
    CatalogItemId,
    CompanyId,
    CustomerId,
    ProductId,
    SubscriptionId,
    TaskId,
)
from cwtui.domain.ledger import Operation
from cwtui.domain.mappings import Link
from cwtui.domain.periods import BillingCalendar, BillingCycle, BillingPeriod
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.problems import ProblemCase
from cwtui.domain.psa import Addition, AdditionValues, Agreement, BillCustomer, CatalogItem
from cwtui.domain.reconciliation import ReconcileFacts, RowStatus, compare
from cwtui.domain.reconciliation_doubts import doubts
from cwtui.domain.repair_values import WantedProduct
from cwtui.domain.repairs import RepairDraft, assign, repair_start
from cwtui.wording.problems import sentence

AGREEMENT = AgreementId(101)
ITEM, OTHER_ITEM = CatalogItemId(501), CatalogItemId(502)
DECEMBER = BillingPeriod(date(2026, 12, 1), date(2026, 12, 31))
CALENDAR = BillingCalendar(BillingCycle.MONTHLY, date(2026, 1, 1))
DATES = AgreementDates(CALENDAR, date(2026, 11, 30), date(2026, 1, 1), prorates=False)
TODAY = date(2026, 11, 23)
MAIL, PRODUCT = SubscriptionId("S1"), ProductId("P1")
TEN = WantedProduct(MAIL, PRODUCT, "Exchange", Decimal(10), Decimal("4.50"), Decimal("3.60"), ITEM)


def addition(number: int = 1, quantity: str = "10", price: str = "4.50", **more: object) -> Addition:
    values = AdditionValues(ITEM, Decimal(quantity), Decimal(price), Decimal("3.60"), DECEMBER.start)
    return Addition(AdditionId(number), AGREEMENT, replace(values, **more))  # type: ignore[arg-type]


def link(held: Addition, subscription: str = "S1", product: str = "P1", *, is_standing: bool = True) -> Link:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    charge = Charge.RECURRING if is_standing else Charge.SETUP
    return Link(
        held.id, AGREEMENT, SubscriptionId(subscription), ProductId(product), charge, held.values, TaskId("T"), at,
        is_standing=is_standing,
    )  # fmt: skip


def facts(additions: list[Addition], links: list[Link], wanted: tuple[WantedProduct, ...] = (TEN,)) -> ReconcileFacts:
    return ReconcileFacts(
        CustomerId("C1"),
        "Green Lane",
        Agreement(AGREEMENT, "Cloud", CompanyId(1)),
        CALENDAR,
        {held.id: held for held in additions},
        {one.addition_id: one for one in links},
        wanted,
        frozenset({MAIL, SubscriptionId("S2")}),
        recurring_items=frozenset({ITEM}),
    )


HALF_OFF = addition(price="2.25")
SETUP = addition(2, "1", "25.00", cancelled=DECEMBER.end)


@pytest.mark.parametrize(
    ("additions", "links", "expected"),
    [
        pytest.param([addition()], [link(addition())], [RowStatus.MATCH], id="linked and right"),
        pytest.param([addition()], [], [RowStatus.MATCH], id="made by hand and right"),
        pytest.param([addition(quantity="9")], [], [RowStatus.QUANTITY_DIFFERS], id="one too few"),
        pytest.param([HALF_OFF], [link(HALF_OFF)], [RowStatus.PRICE_DIFFERS], id="half the price"),
        pytest.param([], [], [RowStatus.MISSING], id="nothing there"),
        pytest.param([addition(effective=date(2027, 1, 1))], [], [RowStatus.MISSING], id="only from next period on"),
        pytest.param([addition(cancelled=date(2026, 12, 20))], [], [RowStatus.MISSING], id="ends inside the period"),
        pytest.param([addition(1, "4"), addition(2, "6")], [], [RowStatus.MATCH], id="two that add up"),
        pytest.param([addition(), SETUP], [], [RowStatus.MATCH], id="an unlinked one-time charge is not compared"),
        pytest.param(
            [addition(), replace(SETUP, id=AdditionId(3))],
            [link(addition()), link(replace(SETUP, id=AdditionId(3)), is_standing=False)],
            [RowStatus.MATCH],
            id="a linked one-time charge is not compared",
        ),
        pytest.param(
            [addition(), addition(2, catalog_item_id=OTHER_ITEM)],
            [],
            [RowStatus.MATCH],
            id="an item no product is mapped to is none of our business",
        ),
        pytest.param(
            [addition(), addition(2, catalog_item_id=OTHER_ITEM)],
            [link(addition(2, catalog_item_id=OTHER_ITEM), "S2", "P2")],
            [RowStatus.MATCH, RowStatus.EXTRA],
            id="an addition of a subscription that no longer holds it",
        ),
        pytest.param(
            [addition(), addition(2)], [link(addition(2), "S9")], [RowStatus.MATCH], id="another customer's addition"
        ),
    ],
)
def test_statuses(additions: list[Addition], links: list[Link], expected: list[RowStatus]) -> None:
    assert [row.status for row in compare(facts(additions, links), DECEMBER)] == expected


def test_a_product_without_a_catalog_item_is_unmapped() -> None:
    (row,) = compare(facts([], [], (replace(TEN, catalog_item_id=None),)), DECEMBER)
    assert (row.status, row.product_ids, row.actual) == (RowStatus.UNMAPPED, (PRODUCT,), None)


def test_a_price_nobody_names_is_not_compared() -> None:
    (row,) = compare(facts([addition(price="9.99")], [], (replace(TEN, price=None, cost=None),)), DECEMBER)
    assert row.status is RowStatus.MATCH


def test_the_same_sum_at_other_prices_differs() -> None:
    """10 × 4.50 and 10 × 5.50 cost as much as 20 × 5.00, but not per unit."""
    wanted = (TEN, replace(TEN, subscription_id=SubscriptionId("S2"), price=Decimal("5.50")))
    (row,) = compare(facts([addition(quantity="20", price="5.00")], [], wanted), DECEMBER)
    assert row.expected is not None
    assert (row.status, row.expected.price, row.difference) == (
        RowStatus.PRICE_DIFFERS,
        Decimal("5.0000"),
        Decimal(0),
    )


quantities = st.integers(1, 40).map(Decimal)
prices = st.decimals(min_value="0.01", max_value="99.99", places=2)
Asked = tuple[str, Decimal, Decimal]
Held = tuple[Decimal, Decimal, date, date | None, str]
asked_for = st.lists(st.tuples(st.sampled_from(["S1", "S2"]), quantities, prices), max_size=2)


def held_by(*owners: str) -> st.SearchStrategy[list[Held]]:
    """Additions of an agreement: quantity, price, first day, last day, and the subscription they are linked to."""
    return st.lists(
        st.tuples(
            quantities,
            prices,
            st.sampled_from([date(2026, 2, 1), date(2026, 12, 1), date(2027, 2, 1)]),
            st.sampled_from([None, date(2026, 12, 31), date(2027, 3, 15)]),
            st.sampled_from(owners),
        ).filter(lambda row: row[3] is None or row[3] >= row[2]),
        max_size=5,
    )


def agreement_of(wanted: list[Asked], held: list[Held]) -> ReconcileFacts:
    """What subscriptions ask for, beside an agreement's additions 1, 2, … and their links."""
    asked = {name: replace(TEN, subscription_id=SubscriptionId(name), quantity=q, price=p) for name, q, p in wanted}
    additions = [
        addition(number, str(q), str(p), effective=begins, cancelled=ends)
        for number, (q, p, begins, ends, _) in enumerate(held, 1)
    ]
    links = [link(one, row[4]) for one, row in zip(additions, held, strict=True) if row[4]]
    return facts(additions, links, tuple(asked.values()))


@given(wanted=asked_for, held=held_by("", "S1", "S2"))
def test_a_repair_changes_nothing_that_nobody_linked(
    wanted: list[Asked],
    held: list[Held],
) -> None:
    """reconciling.md#adoption: it is offered, asked about or named, and stays as it is."""
    before = agreement_of(wanted, held)
    start = repair_start(DATES, TODAY, DECEMBER.start)
    named = dict(before.links)
    for repair in assign(before, compare(before, DECEMBER), start):
        draft = RepairDraft(repair, DATES, start, dict(before.additions), {ITEM: CatalogItem(ITEM, "EXO")}, named)
        draft.make()
        assert {change.before.id for change in draft.changes if change.before is not None} <= set(named)


@pytest.mark.parametrize(
    ("items", "says"),
    [
        pytest.param({}, "no longer exists, or cannot be read", id="not shown"),
        pytest.param({ITEM: CatalogItem(ITEM, "EXO", is_inactive=True)}, "is inactive", id="inactive"),
        pytest.param({ITEM: CatalogItem(ITEM, "EXO", product_class="Bundle")}, "is a bundle", id="a bundle"),
    ],
)
def test_a_repair_bills_no_item_that_connectwise_takes_no_addition_of(
    items: dict[CatalogItemId, CatalogItem], says: str
) -> None:
    """Rule: plans.md#refused-in-the-plan."""
    before = facts([], [], (TEN,))
    start = repair_start(DATES, TODAY, DECEMBER.start)
    (repair,) = assign(before, compare(before, DECEMBER), start)
    draft = RepairDraft(repair, DATES, start, {}, items, {})
    draft.make()
    assert not draft.changes
    (problem,) = draft.problems
    assert says in sentence(problem)


@given(wanted=asked_for, held=held_by("S1", "S2"))
def test_after_a_repair_nothing_differs(
    wanted: list[Asked],
    held: list[Held],
) -> None:
    """Whatever an agreement holds: comparing again after the repairs finds only matches."""
    before = agreement_of(wanted, held)
    start = repair_start(DATES, TODAY, DECEMBER.start)
    after = dict(before.additions)
    named = dict(before.links)
    for repair in assign(before, compare(before, DECEMBER), start):
        draft = RepairDraft(repair, DATES, start, dict(before.additions), {ITEM: CatalogItem(ITEM, "EXO")}, named)
        draft.make()
        assert not draft.problems
        for change in draft.changes:
            if change.operation is Operation.DELETE:
                assert change.before is not None
                assert change.before.values.effective >= start, "what was billed is ended, never deleted"
                del after[change.before.id]
                continue
            assert change.after is not None
            number = change.before.id if change.before else AdditionId(100 + len(after))
            after[number] = Addition(number, AGREEMENT, change.after)
            if repair.subscription_id and change.product_id:
                named = {**named, number: link(after[number], repair.subscription_id, change.product_id)}
    again = compare(facts(list(after.values()), list(named.values()), before.wanted), DECEMBER)  # type: ignore[arg-type]
    assert {row.status for row in again} <= {RowStatus.MATCH}


NINE = addition(quantity="9")
UNPRICED = replace(TEN, price=None)


@pytest.mark.parametrize(
    ("wanted", "then", "now", "case", "says"),
    [
        pytest.param(
            TEN, [NINE], {}, ProblemCase.REMOVED_SINCE, "1 was removed in ConnectWise since", id="removed since"
        ),
        pytest.param(
            TEN,
            [NINE],
            {NINE.id: addition(quantity="8", price="5")},
            ProblemCase.EDITED_SINCE,
            "1 was edited in ConnectWise (quantity 9 → 8, unit price 4.50 → 5.00) since it was compared.",
            id="edited since",
        ),
        pytest.param(UNPRICED, [], {}, ProblemCase.NO_PRICE_TO_REPAIR, "names no price of Exchange.", id="no price"),
    ],
)
def test_what_stops_a_repair(
    wanted: WantedProduct, then: list[Addition], now: dict[AdditionId, Addition], case: ProblemCase, says: str
) -> None:
    """Rules: plans.md#problems, synchronising.md#read-before-writing."""
    links = {one.id: link(one) for one in then}
    before = facts(then, list(links.values()), (wanted,))
    start = repair_start(DATES, TODAY, DECEMBER.start)
    (repair,) = assign(before, compare(before, DECEMBER), start)
    draft = RepairDraft(repair, DATES, start, now, {ITEM: CatalogItem(ITEM, "EXO")}, links)
    draft.make()
    (problem,) = draft.problems
    assert problem.case is case
    assert says in sentence(problem)


FREE, UNBILLED = BillCustomer.NO_CHARGE, BillCustomer.DO_NOT_BILL
JUNE, YEAR_END = date(2027, 6, 30), DECEMBER.end
FREE_ONE, ENDED = addition(bill=FREE), addition(cancelled=YEAR_END)
NEXT = addition(2, effective=date(2027, 1, 1))


@pytest.mark.parametrize(
    ("additions", "links", "said"),
    [
        pytest.param([addition()], [link(addition())], [], id="charged"),
        pytest.param([addition(bill=UNBILLED)], [link(addition())], ["set to DoNotBill"], id="not billed by hand"),
        pytest.param([FREE_ONE], [link(addition())], ["set to NoCharge"], id="free by hand"),
        pytest.param([FREE_ONE], [], ["set to NoCharge"], id="made by hand and free"),
        pytest.param([FREE_ONE], [link(FREE_ONE)], [], id="free as a person chose"),
        pytest.param([addition(bill=UNBILLED)], [link(FREE_ONE)], ["set to DoNotBill"], id="free, then not billed"),
        pytest.param([ENDED], [link(addition())], ["ended on 2026-12-31"], id="ended by hand with the period"),
        pytest.param([addition(cancelled=JUNE)], [link(addition())], ["ended on 2027-06-30"], id="ended for June"),
        pytest.param([ENDED], [link(ENDED)], [], id="ended by cwtui"),
        pytest.param([ENDED, NEXT], [link(addition()), link(NEXT)], [], id="ended by hand, and another goes on"),
        pytest.param(
            [addition(effective=date(2026, 1, 1), cancelled=YEAR_END)],
            [],
            ["ended on"],
            id="made by hand, its last period",
        ),
        pytest.param([addition(cancelled=JUNE)], [], [], id="made by hand, ends in June"),
        pytest.param([addition(quantity="9", bill=FREE)], [], ["set to NoCharge"], id="one too few, and free"),
    ],
)
def test_what_matches_and_is_not_charged_is_said(additions: list[Addition], links: list[Link], said: list[str]) -> None:
    """Rule: reconciling.md#matching-and-not-charged."""
    compared = facts(additions, links)
    found = list(doubts(compared, compare(compared, DECEMBER), DECEMBER))
    assert [part in text for part, text in zip(said, found, strict=True)] == [True] * len(said)


def test_what_nobody_asks_for_is_no_doubt() -> None:
    compared = facts([FREE_ONE], [link(FREE_ONE)], wanted=())
    assert not list(doubts(compared, compare(compared, DECEMBER), DECEMBER))
