"""What must hold for every plan, whatever the agreement, the orders and the days (plans.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from cwtui.domain.ids import AdditionId, OrderId, task_id
from cwtui.domain.ledger import Operation
from cwtui.domain.mappings import Link
from cwtui.domain.marketplace import BillingModel, Duration, Order, OrderLine, OrderType, Subscription
from cwtui.domain.periods import BillingCycle
from cwtui.domain.planning import PlanningFacts, PlanningRules, plan_task
from cwtui.domain.plans import Plan, PriceSource, ProrateMode
from cwtui.domain.psa import Agreement, billed_through
from tests.domain.planning.situations import (
    AGREEMENT,
    SUBSCRIPTION,
    facts,
    line,
    next_invoice,
    order,
    standing,
    subscription,
)

D = date
DAYS = st.dates(D(2025, 6, 1), D(2027, 12, 31))
PERIODS = {
    BillingCycle.WEEKLY: Duration("day", Decimal(7)),
    BillingCycle.BI_WEEKLY: Duration("day", Decimal(14)),
    BillingCycle.MONTHLY: Duration("month", Decimal(1)),
    BillingCycle.BI_MONTHLY: Duration("month", Decimal(2)),
    BillingCycle.QUARTERLY: Duration("month", Decimal(3)),
    BillingCycle.SEMI_ANNUAL: Duration("month", Decimal(6)),
    BillingCycle.YEARLY: Duration("year", Decimal(1)),
}


def applied(plan: Plan, links: Sequence[Link]) -> tuple[Link, ...]:
    """The links as they stand once every change of a plan is written."""
    held = {link.addition_id: link for link in links}
    for change in plan.changes:
        if change.operation is Operation.CREATE:
            assert change.after is not None
            name = AdditionId(max(held, default=100) + 1)
            held[name] = Link(
                addition_id=name,
                agreement_id=change.agreement_id,
                subscription_id=SUBSCRIPTION,
                product_id=change.product_id,
                charge=change.charge,
                values=change.after,
                task_id=plan.task_id,
                at=datetime(2026, 11, 1, tzinfo=UTC),
                is_standing=change.is_standing,
            )
        elif change.operation is Operation.DELETE:
            assert change.addition_id is not None
            del held[change.addition_id]
        else:
            assert change.addition_id is not None
            assert change.after is not None
            held[change.addition_id] = replace(held[change.addition_id], values=change.after, task_id=plan.task_id)
    return tuple(held.values())


AGREEMENTS = st.builds(
    lambda cycle, start, following, calendar_year, prorates: replace(
        AGREEMENT,
        cycle=cycle,
        start=start,
        bill_start=start,
        next_invoice=following,
        is_calendar_year=calendar_year,
        prorates=prorates,
    ),
    st.sampled_from(list(PERIODS)),
    st.dates(D(2024, 1, 1), D(2027, 6, 30)),
    st.none() | DAYS,
    st.booleans(),
    st.booleans(),
)
LINES = st.lists(
    st.builds(
        line,
        st.sampled_from(["recurring", "renew", "setup", "overuse", "cancellation", "discount", "recurringRefund",
                         "downgrade", "setupRefund", "billRecord", "handlingFee", "adjustment"]),
        st.integers(-9, 9).map(str),
        st.sampled_from(["4.50", "3.00", "-4.50", "0.3333"]),
    ),
    max_size=4,
)  # fmt: skip
LINKS = st.lists(
    st.builds(
        lambda quantity, begins, lasts: standing(
            str(quantity), begins, until=None if lasts is None else begins + timedelta(days=lasts)
        ),
        st.integers(1, 20),
        DAYS,
        st.none() | st.integers(0, 200),
    ),
    max_size=2,
).map(lambda links: tuple(replace(link, addition_id=AdditionId(90 + n)) for n, link in enumerate(links)))
ORDERS = st.builds(
    lambda kind, lines, on: replace(order(kind, *lines, provisioned=on), number="BO1"),
    st.sampled_from([kind for kind in OrderType if kind is not OrderType.MIGRATION]),
    LINES,
    DAYS,
)
RULES = st.builds(PlanningRules, st.sampled_from(PriceSource), st.sampled_from([2, 4]), st.sampled_from(ProrateMode))


@st.composite
def situations(draw: st.DrawFn) -> PlanningFacts:
    agreement = draw(AGREEMENTS)
    assert agreement.cycle is not None
    held = replace(
        subscription(
            str(draw(st.integers(0, 20))),
            model=draw(st.sampled_from(BillingModel)),
            expiration=draw(st.none() | DAYS),
        ),
        billing_period=PERIODS[agreement.cycle],
    )
    return facts(
        draw(st.none() | ORDERS),
        held,
        agreement=agreement,
        links=draw(LINKS),
        rules=draw(RULES),
        today=draw(DAYS),
        is_newest=draw(st.booleans()),
    )


@given(situation=situations())
@settings(max_examples=300)
def test_no_plan_dates_an_addition_where_connectwise_refuses_it(situation: PlanningFacts) -> None:
    plan, agreement = plan_task(situation), situation.agreement
    assert agreement is not None
    assert agreement.bill_start is not None
    assert situation.billed_through is not None
    for change in plan.changes:
        if change.after is None:
            continue
        if change.operation is Operation.CREATE:
            assert change.after.effective >= agreement.bill_start
            assert agreement.prorates or change.after.effective > situation.billed_through
            assert change.after.quantity > 0
        assert change.after.cancelled is None or change.after.cancelled >= change.after.effective
        assert change.is_standing or change.after.cancelled is not None
    assert len({change.key for change in plan.changes}) == len(plan.changes)


@given(situation=situations())
@settings(max_examples=300)
def test_planning_after_applying_finds_nothing(situation: PlanningFacts) -> None:
    """Except where order and subscription contradict each other, and for the credit of a cancellation.

    The days of that credit are counted from what stands. A plan that is begun is kept until all of it is written, so
    neither is ever planned a second time (synchronising.md#nothing-stops-half-way).
    """
    plan, made = plan_task(situation), situation.order
    assert situation.subscription is not None
    adds = made is not None and any(line.quantity for line in made.lines)
    contradicts = adds and any(product.quantity == 0 for product in situation.subscription.products)
    if plan.problems or not situation.is_newest or contradicts:
        return
    again = plan_task(replace(situation, links=applied(plan, situation.links), additions=None))
    ends = made is not None and made.type is OrderType.CANCELLATION
    assert [change for change in again.changes if change.is_standing or not ends] == []


@given(situation=situations())
@settings(max_examples=200)
def test_the_same_facts_give_the_same_plan(situation: PlanningFacts) -> None:
    first, second = plan_task(situation), plan_task(situation)
    assert first == second
    assert first.digest == second.digest


# One subscription of one product through its life, on a monthly agreement that does not prorate.


@dataclass
class Life:
    """A subscription, its agreement's invoices and its additions, one order after another."""

    quantity: int = 0
    day: date = D(2026, 1, 10)
    links: tuple[Link, ...] = ()
    orders: int = 0
    checked: list[date] = field(default_factory=list)

    @property
    def agreement(self) -> Agreement:
        """Invoiced at the start of each month for that month."""
        following = (self.day.replace(day=1) + timedelta(days=32)).replace(day=1)
        return next_invoice(following)

    def place(self, kind: OrderType, *lines: OrderLine) -> None:
        self.orders += 1
        made: Order = replace(order(kind, *lines, provisioned=self.day), id=OrderId(str(1000 + self.orders)))
        held: Subscription = subscription(str(self.quantity))
        situation = facts(made, held, agreement=self.agreement, links=self.links)
        task = replace(situation.task, id=task_id(made.id, SUBSCRIPTION))
        plan = plan_task(replace(situation, task=task))
        assert plan.problems == ()
        self.links = applied(plan, self.links)

    def seats_on(self, day: date) -> Decimal:
        """Units of the standing additions that are live on a day."""
        return sum(
            (
                link.values.quantity
                for link in self.links
                if link.is_standing
                and link.values.effective <= day
                and (link.values.cancelled is None or day <= link.values.cancelled)
            ),
            start=Decimal(0),
        )


MOVES = st.lists(
    st.tuples(st.integers(0, 45), st.integers(-12, 12).filter(bool), st.booleans()), min_size=1, max_size=8
)


@given(sold=st.integers(1, 20), moves=MOVES, cancelled_after=st.none() | st.integers(0, 40))
@settings(max_examples=100)
def test_future_periods_bill_what_the_marketplace_holds(
    sold: int, moves: list[tuple[int, int, bool]], cancelled_after: int | None
) -> None:
    life = Life(quantity=sold)
    life.place(OrderType.SALES, line("recurring", str(sold)))
    for days, moved, credited in moves:
        life.day += timedelta(days=days)
        delta = max(moved, -life.quantity)
        if delta == 0:
            continue
        life.quantity += delta
        is_credit = credited and delta < 0
        life.place(OrderType.CHANGE, line("downgrade" if is_credit else "recurring", str(delta)))
        billed = billed_through(life.agreement, None)
        assert billed is not None
        for months in range(1, 4):
            assert life.seats_on(billed + timedelta(days=30 * months)) == life.quantity
        assert_never_twice(life)
    if cancelled_after is not None and life.quantity:
        life.day += timedelta(days=cancelled_after)
        life.place(OrderType.CANCELLATION)
        assert life.seats_on(life.day + timedelta(days=40)) == 0
    assert_never_twice(life)


def assert_never_twice(life: Life) -> None:
    """No two standing additions of the product are live on the same day."""
    spans = sorted(
        (link.values.effective, link.values.cancelled or date.max) for link in life.links if link.is_standing
    )
    for (_, ended), (begins, _) in pairwise(spans):
        assert ended < begins
