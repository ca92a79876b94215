"""An account whose counts go to another agreement than before is billed in one of them only.

Rule: files.md#one-agreement-an-account.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cwtui.domain.ids import AdditionId
from cwtui.domain.problems import ProblemCode
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from tests.vendors.conftest import JUNIPER, Partner

OTHER_TYPE = {"type": {"id": 1, "name": "Managed Services"}}
FIRST = ("5", "2026-09-01")
MOVED = ("6", "2026-12-01")


def ending(day: str) -> dict[str, Any]:
    """The agreement is of another type, and ends."""
    return OTHER_TYPE | {"noEndingDateFlag": False, "endDate": f"{day}T00:00:00Z"}


async def counted_elsewhere(partner: Partner, changes: dict[str, Any]) -> tuple[int, int, AdditionId]:
    """Five are counted; then the agreement is no longer the vendor's, and another one is; six are reported."""
    await partner.ready()
    await partner.export_counts(f"{JUNIPER},MXS10C01SUNR,5,7.25", day=date(2026, 10, 31))
    await partner.engine.auto()
    left = partner.agreement("Juniper Realty")
    rows = partner.world.psa["agreements"]
    company = rows.rows[left]["company"]["id"]
    made = partner.world.add_agreement(company, name="New", bill_start="2026-01-01", next_invoice="2026-12-01")
    new = made["id"]
    rows.rows[new] |= {name: rows.rows[left][name] for name in ("type", "currency") if name in rows.rows[left]}
    rows.rows[left] |= changes
    rows.touch()
    (addition,) = partner.world.additions(left)
    await partner.export_counts(f"{JUNIPER},MXS10C01SUNR,6,7.25", day=date(2026, 11, 30))
    await partner.engine.auto()
    return left, new, AdditionId(addition["id"])


def counts(partner: Partner) -> list[Task]:
    return [task for task in partner.state.tasks() if task.kind is TaskKind.COUNT_UPDATE]


def billed(partner: Partner, agreement: int) -> list[tuple[str, str]]:
    return [(f"{Decimal(row['quantity']):f}", row["effectiveDate"][:10]) for row in partner.world.additions(agreement)]


@pytest.mark.parametrize(
    ("changes", "is_written"),
    [
        pytest.param(OTHER_TYPE, False, id="the old agreement goes on"),
        pytest.param(ending("2026-12-15"), False, id="it ends after the new one begins"),
        pytest.param(ending("2026-11-30"), True, id="it ends before the new one begins"),
        pytest.param({"agreementStatus": "Inactive"}, True, id="it is not active any more"),
    ],
)
async def test_no_unit_is_counted_in_two_agreements(
    changes: dict[str, Any], is_written: bool, partner: Partner
) -> None:
    left, new, addition = await counted_elsewhere(partner, changes)
    assert billed(partner, left) == [FIRST]
    assert billed(partner, new) == ([MOVED] if is_written else [])
    task = next(task for task in counts(partner) if task.status.is_open or is_written)
    assert [(problem.code, problem.target) for problem in task.problems] == (
        [] if is_written else [(ProblemCode.LINK_CHANGED, str(addition))]
    )


@pytest.mark.parametrize("last", ["2026-11-30", None], ids=["ended there", "removed there"])
async def test_it_is_counted_once_the_other_agreement_bills_it_no_more(last: str | None, partner: Partner) -> None:
    left, new, addition = await counted_elsewhere(partner, OTHER_TYPE)
    if last:
        partner.world.additions(left)[0]["cancelledDate"] = f"{last}T00:00:00Z"
    else:
        partner.world.children["additions"][left].remove(addition)
    await partner.engine.drift.keep(addition)
    await partner.engine.auto()
    assert billed(partner, new) == [MOVED]
    assert all(task.status is TaskStatus.SYNCED for task in counts(partner))
