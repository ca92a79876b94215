"""What the next invoice becomes, on the agreement of examples.md."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.charges import Charge
from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, ProductId
from cwtui.domain.ledger import Operation
from cwtui.domain.next_invoice import next_invoice, totals_by_charge
from cwtui.domain.periods import BillingCalendar, BillingCycle, BillingPeriod
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.plans import Change
from cwtui.domain.psa import Addition, AdditionValues, BillCustomer

AGREEMENT = AgreementId(1)
DATES = AgreementDates(
    BillingCalendar(BillingCycle.MONTHLY, date(2026, 1, 1)),
    billed_through=date(2026, 11, 30),
    first_billable=date(2026, 1, 1),
    prorates=False,
)
DECEMBER = BillingPeriod(date(2026, 12, 1), date(2026, 12, 31))


def values(
    quantity: str = "10", price: str = "4.50", start: date = DECEMBER.start, end: date | None = None
) -> AdditionValues:
    return AdditionValues(CatalogItemId(1), Decimal(quantity), Decimal(price), Decimal(0), start, end)


def held(number: int, one: AdditionValues) -> Addition:
    return Addition(AdditionId(number), AGREEMENT, one)


def create(one: AdditionValues, charge: Charge = Charge.RECURRING) -> Change:
    return Change("new", Operation.CREATE, AGREEMENT, ProductId("P"), charge, after=one)


def change(before: Addition, after: AdditionValues | None) -> Change:
    operation = Operation.DELETE if after is None else Operation.UPDATE
    return Change("old", operation, AGREEMENT, ProductId("P"), Charge.RECURRING, before=before, after=after)


STANDING = held(1, values(start=date(2026, 3, 1)))


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        pytest.param([], "45.00", id="no plan: as before"),
        pytest.param([create(values("1", "25"))], "70.00", id="a one-time addition is added"),
        pytest.param([change(STANDING, None), create(values("15"))], "67.50", id="examples.md#example-2: made anew"),
        pytest.param(
            [change(STANDING, STANDING.values.ending(date(2026, 11, 30))), create(values("12"))],
            "54.00",
            id="examples.md#example-3: ended the day before the new one starts",
        ),
        pytest.param(
            [change(STANDING, STANDING.values.ending(date(2026, 12, 1)))], "45.00", id="live on one day: billed in full"
        ),
        pytest.param([create(values(start=date(2027, 1, 1)))], "45.00", id="what begins later is not on it"),
        pytest.param([replace(create(values()), left_out=True)], "45.00", id="what is left out counts for nothing"),
        pytest.param(
            [create(replace(values(), bill=BillCustomer.NO_CHARGE))], "45.00", id="what is not charged adds nothing"
        ),
        pytest.param([create(values("2", "-4.50"), Charge.CREDIT)], "36.00", id="a credit takes away"),
    ],
)
def test_the_next_invoice(changes: list[Change], after: str) -> None:
    found = next_invoice([STANDING], changes, DATES)
    assert found.period == DECEMBER
    assert (found.before, found.after) == (Decimal("45.00"), Decimal(after))
    assert found.difference == Decimal(after) - Decimal("45.00")
    assert not found.is_prorated


def test_an_agreement_that_prorates_bills_by_the_day() -> None:
    """examples.md#example-6: 10 end on the 20th, 15 begin on the 21st."""
    dates = replace(DATES, prorates=True, billed_through=date(2026, 10, 31))
    old = held(1, values(start=date(2026, 11, 1)))
    plan = [
        change(old, old.values.ending(date(2026, 11, 20))),
        create(values("15", start=date(2026, 11, 21))),
    ]
    found = next_invoice([old], plan, dates)
    assert found.before == Decimal("45.00")
    assert found.after == Decimal("30.00") + Decimal("22.50")
    assert found.is_prorated


@given(st.lists(st.integers(0, 500), max_size=6), st.integers(0, 500))
def test_the_difference_is_what_the_plan_creates(quantities: list[int], new: int) -> None:
    additions = [held(place, values(str(quantity))) for place, quantity in enumerate(quantities)]
    found = next_invoice(additions, [create(values(str(new)))], DATES)
    assert found.difference == Decimal(new) * Decimal("4.50")


def test_totals_stand_apart_by_charge_in_their_order() -> None:
    changes = [
        create(values("1", "9"), Charge.OTHER),
        create(values("1", "25"), Charge.SETUP),
        create(values("1", "5"), Charge.SETUP),
        replace(create(values("1", "7"), Charge.OVERUSE), left_out=True),
        change(STANDING, None),
    ]
    assert dict(totals_by_charge(changes)) == {Charge.SETUP: Decimal(30), Charge.OTHER: Decimal(9)}
    assert list(totals_by_charge(changes)) == [Charge.SETUP, Charge.OTHER]
