"""The planner against a second reading of its rules, over made-up histories: no difference.

`CWTUI_HISTORIES=50000 pytest tests/domain/planning/test_second_reading.py` reads that many.
"""

from __future__ import annotations

import os
from collections import Counter
from fractions import Fraction

import pytest

from cwtui.domain.ledger import Operation
from cwtui.domain.plans import Plan
from tests.domain.planning.histories import History
from tests.domain.planning.second_reading import Reading, Row, read

HISTORIES = int(os.environ.get("CWTUI_HISTORIES", "1000"))
SHARES = 10


def rows_of(plan: Plan) -> list[Row]:
    """A plan's changes as the second reading tells its own."""
    rows: list[Row] = []
    for change in plan.changes:
        after = change.after
        if change.operation is Operation.DELETE:
            rows.append(("delete", change.addition_id))
        elif change.operation is Operation.UPDATE:
            assert after is not None
            rows.append(("end", change.addition_id, after.cancelled))
        else:
            assert after is not None
            money = (after.unit_price, after.unit_cost)
            quantity = Fraction(after.quantity)
            rows.append(
                ("create", change.product_id, quantity, *money, after.effective, after.cancelled, change.is_standing)
            )
    return rows


def differences(plan: Plan, reading: Reading) -> str:
    codes = {problem.code.value for problem in plan.problems}
    if codes != reading.problems:
        return f"problems {sorted(codes)}, second reading {sorted(reading.problems)}"
    if codes:
        return ""
    planned, read_ = Counter(rows_of(plan)), Counter(reading.rows)
    only = [f"only planned: {row}" for row in planned - read_] + [f"only read: {row}" for row in read_ - planned]
    return "\n".join(only)


@pytest.mark.parametrize("share", range(SHARES))
def test_both_readings_of_the_rules_agree(share: int) -> None:
    found, plans = [], 0
    for seed in range(share, HISTORIES, SHARES):
        for number, (_, plan, case) in enumerate(History(seed).steps()):
            plans += 1
            if difference := differences(plan, read(case)):
                found.append(f"history {seed}, plan {number}: {difference}")
                break
    assert plans >= HISTORIES // SHARES
    assert not found, f"{len(found)} differences:\n" + "\n".join(found[:5])
