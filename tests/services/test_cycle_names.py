"""A billing cycle that the table does not explain is known by its name, where that says it exactly."""

from __future__ import annotations

import pytest

from cwtui.domain.periods import BillingCycle
from cwtui.services import connectwise_records as records


@pytest.mark.parametrize(
    ("cycle", "table", "expected"),
    [
        pytest.param(
            {"id": 2, "name": "Each quarter"}, {2: BillingCycle.QUARTERLY}, BillingCycle.QUARTERLY, id="table"
        ),
        pytest.param({"id": 2, "name": "Monthly"}, {2: BillingCycle.YEARLY}, BillingCycle.YEARLY, id="the table wins"),
        pytest.param({"id": 2, "name": "Monthly"}, {}, BillingCycle.MONTHLY, id="no row: the option's own name"),
        pytest.param({"id": 2, "name": "monthly-ish"}, {}, None, id="no row: a name that says nothing exactly"),
        pytest.param(None, {}, None, id="no cycle"),
    ],
)
def test_cycle(cycle: object, table: dict[int, BillingCycle], expected: BillingCycle | None) -> None:
    row = {"id": 1, "name": "A", "company": {"id": 3}, "billingCycle": cycle}
    agreement = records.agreements(table).one(row)
    assert agreement.cycle is expected
