"""Forecasts on values alone: what would be billed twice, and what not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from cwtui.domain.charges import Charge
from cwtui.domain.forecasts import AlarmCode, forecast
from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, CompanyId, ProductId, SubscriptionId, TaskId
from cwtui.domain.ledger import Operation
from cwtui.domain.mappings import Link
from cwtui.domain.periods import BillingCalendar, BillingCycle
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.plans import Change, Plan
from cwtui.domain.psa import Addition, AdditionValues, Agreement, BillCustomer

ID = AgreementId(101)
AGREEMENT = Agreement(ID, "Cloud", CompanyId(1), currency="EUR")
DATES = AgreementDates(
    BillingCalendar(BillingCycle.MONTHLY, date(2026, 1, 1)), date(2026, 11, 30), date(2026, 1, 1), prorates=False
)
TEN = AdditionValues(
    CatalogItemId(501), Decimal(10), Decimal("4.50"), Decimal("3.60"), date(2026, 12, 1), description="Exchange"
)
OLD = replace(TEN, effective=date(2026, 2, 1))
ONCE = replace(TEN, cancelled=date(2026, 12, 31), description="Exchange - prorated 11 Nov 2026 to 30 Nov 2026")

Row = tuple[AdditionValues, Charge | None]


def held(*rows: Row, task: str = "") -> tuple[list[Addition], dict[AdditionId, Link]]:
    """Additions 1, 2, …, linked to S1 and P1 by a task each unless their charge is None."""
    additions, links = [], {}
    for number, (values, charge) in enumerate(rows, 1):
        name = AdditionId(number)
        additions.append(Addition(name, ID, values))
        if charge is not None:
            at = datetime(2026, 11, 1, tzinfo=UTC)
            wrote = TaskId(task or f"T{number}")
            standing = charge is Charge.RECURRING
            links[name] = Link(
                name, ID, SubscriptionId("S1"), ProductId("P1"), charge, values, wrote, at, is_standing=standing
            )
    return additions, links


R, P = Charge.RECURRING, Charge.PRORATED


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([(TEN, R)], [], id="one standing addition"),
        pytest.param([(OLD, R), (TEN, R)], [AlarmCode.DOUBLE_STANDING], id="two at once"),
        pytest.param([(OLD.ending(date(2026, 11, 30)), R), (TEN, R)], [], id="one follows the other"),
        pytest.param([(OLD.ending(date(2026, 12, 1)), R), (TEN, R)], [AlarmCode.DOUBLE_STANDING], id="a day of both"),
        pytest.param(
            [(OLD.ending(date(2026, 11, 30)), R), (replace(TEN, effective=date(2027, 1, 1)), R)],
            [AlarmCode.GAP],
            id="December is billed by nobody",
        ),
        pytest.param(
            [(OLD.ending(date(2026, 6, 30)), R), (replace(TEN, effective=date(2026, 8, 1)), R)],
            [],
            id="a gap that is invoiced already is history",
        ),
        pytest.param(
            [(OLD, R), (replace(OLD, effective=date(2026, 3, 1)).ending(date(2026, 5, 31)), R), (TEN, R)],
            [AlarmCode.DOUBLE_STANDING],
            id="two at once, with one between them that ended long ago",
        ),
        pytest.param(
            [(OLD, R), (OLD.ending(date(2026, 12, 5)), R), (replace(TEN, effective=date(2027, 1, 1)), R)],
            [AlarmCode.DOUBLE_STANDING, AlarmCode.DOUBLE_STANDING],
            id="doubles, but no gap while one of them goes on",
        ),
        pytest.param([(TEN, R), (OLD, None)], [AlarmCode.POSSIBLE_DOUBLE], id="a twin made by hand"),
        pytest.param([(TEN, R), (replace(OLD, quantity=Decimal(3)), None)], [], id="something else made by hand"),
        pytest.param([(ONCE, P), (ONCE, None)], [AlarmCode.DOUBLE_PRORATION], id="the same days by nobody known"),
        pytest.param([(ONCE, P), (ONCE, P)], [], id="two orders of one day that add the same"),
        pytest.param([(ONCE, P), (replace(ONCE, quantity=Decimal(5)), P)], [], id="two changes on one day"),
        pytest.param([(replace(TEN, bill=BillCustomer.DO_NOT_BILL), R), (TEN, R)], [], id="one of them is not billed"),
    ],
)
def test_alarms(rows: list[Row], expected: list[AlarmCode]) -> None:
    additions, links = held(*rows)
    found = forecast(AGREEMENT, DATES, additions, links, [])
    assert [alarm.code for alarm in found.alarms] == expected


def test_one_task_may_bill_two_prices_of_one_product() -> None:
    additions, links = held((TEN, R), (replace(TEN, unit_price=Decimal("5.00")), R), task="T1")
    assert forecast(AGREEMENT, DATES, additions, links, []).alarms == ()


def test_one_task_never_prorates_the_same_days_twice() -> None:
    additions, links = held((ONCE, P), (ONCE, P), task="T1")
    found = forecast(AGREEMENT, DATES, additions, links, [])
    assert [alarm.code for alarm in found.alarms] == [AlarmCode.DOUBLE_PRORATION]


def test_what_was_given_back_may_be_billed_again() -> None:
    """synchronising.md#taken-back: the days of a task that was taken back are charged once all the same."""
    additions, links = held((ONCE, P), (ONCE, P), task="T1")
    links[AdditionId(1)] = replace(links[AdditionId(1)], is_given_back=True)
    assert forecast(AGREEMENT, DATES, additions, links, []).alarms == ()


def test_where_connectwise_prorates_a_prorated_addition_is_a_double() -> None:
    additions, links = held((ONCE, P))
    found = forecast(AGREEMENT, replace(DATES, prorates=True), additions, links, [])
    assert [alarm.code for alarm in found.alarms] == [AlarmCode.DOUBLE_PRORATION]
    assert any("by itself" in note for note in found.notes)


def test_a_plan_changes_the_next_invoice_and_ends_its_alarms() -> None:
    """examples.md#example-2: ten give way to fifteen, and five are prorated once."""
    additions, links = held((TEN, R))
    fifteen = replace(TEN, quantity=Decimal(15))
    five = replace(ONCE, quantity=Decimal(5), unit_price=Decimal("1.50"))
    product = ProductId("P1")
    changes = (
        Change("a", Operation.DELETE, ID, product, R, before=additions[0], is_standing=True),
        Change("b", Operation.CREATE, ID, product, R, after=fifteen, is_standing=True),
        Change("c", Operation.CREATE, ID, product, P, after=five),
    )
    plan = Plan(TaskId("T"), SubscriptionId("S1"), ID, changes)
    found = forecast(AGREEMENT, DATES, additions, links, [plan])
    assert (found.invoice.before, found.invoice.after) == (Decimal("45.00"), Decimal("75.00"))
    assert found.alarms == ()
    left_out = replace(plan, changes=(replace(changes[0], left_out=True), *changes[1:]))
    doubled = forecast(AGREEMENT, DATES, additions, links, [left_out])
    assert [alarm.code for alarm in doubled.alarms] == [AlarmCode.DOUBLE_STANDING]
