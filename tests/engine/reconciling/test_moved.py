"""A subscription that moves to another agreement is billed in one of them (reconciling.md#moved)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from cwtui.domain.ids import AdditionId, AgreementId, CustomerId, SubscriptionId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.problems import ProblemCode
from cwtui.domain.reconciliation import RowStatus
from cwtui.domain.tasks import TaskStatus
from cwtui.wording.problems import sentence
from tests.engine.upkeep_world import AGREEMENT, CUSTOMER, EXCHANGE_ITEM, MAIL, Running, running, small_world

WHO, ANOTHER = CustomerId(CUSTOMER), CustomerId("1000012")
FIRST = AdditionId(9001)


@dataclass
class Moved:
    """10 × 4.50 stand in the first agreement from December; the subscription is mapped to a second one now."""

    at: Running
    agreement: int

    def held(self) -> list[tuple[int, str, str | None]]:
        """Agreement, first and last day of what bills the ten."""
        return [
            (agreement, row[3], row[4]) for agreement in (AGREEMENT, self.agreement) for row in self.at.held(agreement)
        ]


def move(at: Running, *, next_invoice: str = "2026-12-01", company: int | None = None) -> Moved:
    owner = company or at.world.psa["agreements"].rows[AGREEMENT]["company"]["id"]
    made = at.world.add_agreement(owner, name="Second", bill_start="2026-01-01", next_invoice=next_invoice)
    at.state.save_mapping(Mapping(MappingKey(MappingKind.AGREEMENT, MAIL), int(made["id"])))
    return Moved(at, int(made["id"]))


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(small_world(), tmp_path) as opened:
        await opened.engine.auto()
        yield opened


@pytest.mark.parametrize(
    ("first_invoiced", "second_invoiced", "in_the_first", "in_the_second"),
    [
        pytest.param("2026-12-01", "2026-12-01", None, "2026-12-01", id="neither has invoiced December: deleted"),
        pytest.param("2027-01-01", "2027-01-01", "2026-12-31", "2027-01-01", id="both have: ends with December"),
        pytest.param("2027-01-01", "2026-12-01", "2026-12-31", "2027-01-01", id="the first has: no December twice"),
        pytest.param("2026-12-01", "2027-01-01", None, "2027-01-01", id="the second has: begins when it may"),
    ],
)
async def test_one_repair_ends_it_here_and_bills_it_there(
    at: Running, first_invoiced: str, second_invoiced: str, in_the_first: str | None, in_the_second: str
) -> None:
    at.world.advance_invoice(AGREEMENT, first_invoiced)
    moved = move(at, next_invoice=second_invoiced)
    before = await at.engine.reconciler.compare(WHO)
    assert [row.status for found in before.reconciliations for row in found.rows] == [
        RowStatus.EXTRA,
        RowStatus.MISSING,
    ]
    await at.engine.reconciler.apply(WHO)
    ended = [(AGREEMENT, "2026-12-01", in_the_first)] if in_the_first else []
    assert moved.held() == [*ended, (moved.agreement, in_the_second, None)]
    await at.engine.reconciler.apply(WHO)
    assert len(moved.held()) == len(ended) + 1


@pytest.mark.parametrize(
    ("what", "writes"),
    [
        pytest.param("goes on", 0, id="it goes on there"),
        pytest.param("was deleted", 1, id="somebody deleted it there"),
        pytest.param("was ended", 1, id="somebody ended it there"),
        pytest.param("went with its agreement", 1, id="its agreement is gone"),
    ],
)
async def test_the_second_agreement_bills_nothing_beside_the_first(at: Running, what: str, writes: int) -> None:
    moved = move(at)
    rows = at.world.children["additions"][AGREEMENT]
    if what == "was ended":
        rows.rows[int(FIRST)]["cancelledDate"] = "2026-12-01T00:00:00Z"
        rows.touch()
    elif what != "goes on":
        rows.remove(int(FIRST))
    if what == "went with its agreement":
        at.world.psa["agreements"].remove(AGREEMENT)
    outcome = await at.engine.reconciler.apply(WHO, AgreementId(moved.agreement))
    assert len(at.held(moved.agreement)) == writes
    assert outcome.after.differs is not bool(writes) or what == "was ended"
    assert any("bills it without an end" in said for said in outcome.blocked) is not bool(writes)


async def test_an_agreement_that_cannot_be_read_may_still_bill_it(at: Running) -> None:
    """Its additions are read all the same, and go on."""
    moved = move(at)
    at.world.psa["agreements"].rows[AGREEMENT]["nextInvoiceDate"] = "1/12/2026"
    at.world.psa["agreements"].touch()
    outcome = await at.engine.reconciler.apply(WHO, AgreementId(moved.agreement))
    assert at.held(moved.agreement) == []
    assert any("bills it without an end" in said for said in outcome.blocked)


@pytest.mark.parametrize(
    ("ended", "prorates", "begins"),
    [
        pytest.param("2026-10-31", True, "2026-11-01", id="with the period before"),
        pytest.param("2026-11-15", True, "2026-11-16", id="within the period, before today"),
        pytest.param("2026-11-15", False, "2026-12-01", id="within a period that is billed as a whole"),
        pytest.param("2026-11-23", True, "2026-11-24", id="today"),
        pytest.param("2026-11-30", True, "2026-12-01", id="with the period"),
    ],
)
async def test_no_day_is_billed_in_both_whenever_it_is_repaired(
    at: Running, ended: str, prorates: bool, begins: str
) -> None:
    """November is not invoiced yet, and today is the 23rd: what ended in its middle bills days of it."""
    row = at.world.children["additions"][AGREEMENT].rows[int(FIRST)]
    row |= {"effectiveDate": "2026-09-01T00:00:00Z", "cancelledDate": f"{ended}T00:00:00Z"}
    at.world.children["additions"][AGREEMENT].touch()
    (link,) = at.state.links()
    values = replace(link.values, effective=date(2026, 9, 1), cancelled=date.fromisoformat(ended))
    at.state.save_link(replace(link, values=values))
    moved = move(at, next_invoice="2026-11-01")
    at.world.psa["agreements"].rows[moved.agreement]["prorateFlag"] = prorates
    at.world.psa["agreements"].touch()
    await at.engine.reconciler.apply(WHO, AgreementId(moved.agreement))
    assert moved.held() == [(AGREEMENT, "2026-09-01", ended), (moved.agreement, begins, None)]


async def test_what_stands_for_a_former_customer_is_extra_there(at: Running) -> None:
    """The marketplace gave the subscription to another customer: the former one is billed no longer."""
    company = int(at.world.add_company("Blue Lane")["id"])
    at.world.add_customer("Blue Lane", id=ANOTHER)
    at.world.change_subscription(MAIL, customerId=ANOTHER)
    at.state.save_mapping(Mapping(MappingKey(MappingKind.CUSTOMER, ANOTHER), company))
    moved = move(at, company=company)
    await at.engine.reconciler.apply(ANOTHER)
    assert moved.held() == [(AGREEMENT, "2026-12-01", None)]
    (found,) = (await at.engine.reconciler.compare(WHO)).reconciliations
    assert [row.status for row in found.rows] == [RowStatus.EXTRA]
    everybody = await at.engine.reconciler.compare_all()
    assert sorted(row.status for found in everybody.reconciliations for row in found.rows) == ["extra", "missing"]
    await at.engine.reconciler.apply(WHO)
    await at.engine.reconciler.apply(ANOTHER)
    assert moved.held() == [(moved.agreement, "2026-12-01", None)]


async def test_a_check_tells_of_it_until_it_is_repaired(at: Running) -> None:
    """Rule: check.md#what-no-order-explains."""
    move(at)
    await at.engine.check(watch=True)
    (task,) = (task for task in at.state.tasks_of(SubscriptionId(MAIL)) if task.status is TaskStatus.NEEDS_ACTION)
    assert [problem.code for problem in task.problems] == [ProblemCode.NOT_CARRIED_OVER]
    assert f"additions in another one go on: 10 of Exchange Online in {AGREEMENT}" in sentence(task.problems[0])
    await at.engine.reconciler.apply(WHO)
    assert not [task for task in at.state.tasks_of(SubscriptionId(MAIL)) if task.status.is_open]


async def test_an_order_that_waits_comes_first(at: Running) -> None:
    """It stops at what stands in the other agreement; skipped, the repair bills what is held."""
    moved = move(at)
    order = at.world.add_order(MAIL, "change", [("recurring", "P1", 2, "4.50")])["id"]
    at.world.change_subscription(MAIL, quantities={"P1": 12})
    report = await at.engine.auto()
    (task,) = (task for task in report.tasks if task.order_id == order)
    assert [problem.code for problem in task.problems] == [ProblemCode.LINK_CHANGED]
    assert "skip this task and reconcile" in sentence(task.problems[0])
    await at.engine.reconciler.apply(WHO)
    assert moved.held() == [(AGREEMENT, "2026-12-01", None)]
    await at.engine.skip([task.id])
    await at.engine.reconciler.apply(WHO)
    assert at.held(AGREEMENT) == []
    assert at.held(moved.agreement) == [(EXCHANGE_ITEM, "12", "4.50", "2026-12-01", None)]
