"""Drift: found, kept or restored, and what waited for it goes on.

Rules: synchronising.md#drift-answers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cwtui.domain.errors import InputError, OutcomeUnknown
from cwtui.domain.ids import AdditionId, AgreementId, TaskId
from cwtui.domain.problems import ProblemCode
from cwtui.domain.psa import Addition, AdditionValues
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.writing.drift import DriftKind
from cwtui.sandbox.world import World
from tests.engine.upkeep_world import AGREEMENT, EXCHANGE_ITEM, MAIL, TODAY, Running, running, small_world

DECEMBER = "2026-12-01"


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
async def at(world: World, tmp_path: Path) -> AsyncIterator[Running]:
    """Synchronised: one standing addition of 10."""
    async with running(world, tmp_path) as opened:
        await opened.engine.auto()
        yield opened


def row_of(at: Running) -> dict[str, Any]:
    (row,) = at.world.additions(AGREEMENT)
    return row


def remove(at: Running) -> None:
    at.world.children["additions"][AGREEMENT].remove(row_of(at)["id"])


async def test_nothing_drifts_by_itself(at: Running) -> None:
    assert (await at.engine.drift.find()).found == ()


@pytest.mark.parametrize(
    ("changes", "kind", "fields"),
    [
        pytest.param({"quantity": Decimal(8)}, DriftKind.EDITED, ["quantity"], id="another quantity"),
        pytest.param({"unitPrice": Decimal("4.00")}, DriftKind.EDITED, ["unit_price"], id="another price"),
        pytest.param({"cancelledDate": "2026-12-15T00:00:00Z"}, DriftKind.ENDED, ["cancelled"], id="ended"),
        pytest.param({"billCustomer": "DoNotBill"}, DriftKind.EDITED, ["bill"], id="no longer billed"),
    ],
)
async def test_what_drifted_is_named_and_restored(
    at: Running, changes: dict[str, Any], kind: DriftKind, fields: list[str]
) -> None:
    row_of(at).update(changes)
    (drifted,) = (await at.engine.drift.find()).found
    assert (drifted.kind, list(drifted.differences)) == (kind, fields)
    await at.engine.drift.restore(drifted.link.addition_id)
    assert at.held() == [(EXCHANGE_ITEM, "10", "4.50", DECEMBER, None)]
    assert row_of(at)["billCustomer"] == "Billable"
    assert (await at.engine.drift.find()).found == ()


async def test_a_text_of_its_own_is_no_drift(at: Running) -> None:
    row_of(at)["invoiceDescription"] = "Mail, as agreed with Jane"
    assert (await at.engine.drift.find()).found == ()


async def test_what_was_removed_is_created_again(at: Running) -> None:
    remove(at)
    (drifted,) = (await at.engine.drift.find()).found
    assert drifted.kind is DriftKind.REMOVED
    said = await at.engine.drift.restore(drifted.link.addition_id)
    assert "created again" in said
    assert at.held() == [(EXCHANGE_ITEM, "10", "4.50", DECEMBER, None)]
    assert (await at.engine.drift.find()).found == ()


async def test_days_that_were_invoiced_without_what_was_removed_are_named(at: Running) -> None:
    """(synchronising.md#drift-answers) December and January were invoiced: nothing bills them late, so it is said."""
    remove(at)
    at.world.advance_invoice(AGREEMENT, "2027-02-01")
    (drifted,) = (await at.engine.drift.find()).found
    said = await at.engine.drift.restore(drifted.link.addition_id)
    assert "1 Dec 2026 to 31 Jan 2027" in said
    assert "stays unbilled" in said
    assert at.held() == [(EXCHANGE_ITEM, "10", "4.50", "2027-02-01", None)]
    assert await at.engine.drift.restore(drifted.link.addition_id) == said


async def test_a_restore_that_was_killed_creates_once(at: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    (link,) = at.state.links()
    remove(at)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(at.state, "forget_done", killed)
        with pytest.raises(KeyboardInterrupt):
            await at.engine.drift.restore(link.addition_id)
    await at.engine.drift.restore(link.addition_id)
    assert at.held() == [(EXCHANGE_ITEM, "10", "4.50", DECEMBER, None)]
    assert len(list(at.state.links())) == 1


async def test_a_restore_that_is_done_is_said_again_and_creates_nothing(at: Running) -> None:
    (link,) = at.state.links()
    remove(at)
    said = await at.engine.drift.restore(link.addition_id)
    assert await at.engine.drift.restore(link.addition_id) == said
    assert len(at.held()) == 1


async def test_a_restored_value_whose_end_nobody_heard_is_said(at: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    (link,) = at.state.links()
    row_of(at)["quantity"] = Decimal(8)
    await at.engine.drift.keep(link.addition_id)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(at.state, "forget_done", killed)
        with pytest.raises(KeyboardInterrupt):
            await at.engine.drift.restore(link.addition_id)
    assert "holds again" in await at.engine.drift.restore(link.addition_id)
    with pytest.raises(InputError, match="nothing drifted"):
        await at.engine.drift.restore(link.addition_id)


async def test_a_restore_in_doubt_sends_nothing_until_a_person_looked(
    at: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule: synchronising.md#the-candidate."""
    (link,) = at.state.links()
    remove(at)

    async def unanswered(agreement: AgreementId, values: AdditionValues, **more: Any) -> Addition:
        made = await create(agreement, values, **more)
        row_of(at)["unitPrice"] = Decimal("3.10")
        raise OutcomeUnknown(f"{made.id}", service="PSA", next_step="Look.")

    create = at.engine.workspace.psa.create_addition
    with monkeypatch.context() as patched:
        patched.setattr(at.engine.workspace.psa, "create_addition", unanswered)
        for _ in range(2):
            with pytest.raises(OutcomeUnknown, match="may be what it made"):
                await at.engine.drift.restore(link.addition_id)
    made = AdditionId(row_of(at)["id"])
    with pytest.raises(OutcomeUnknown):
        await at.engine.drift.restore(link.addition_id)
    assert len(at.held()) == 1
    await at.engine.resolve(TaskId(f"drift.{link.addition_id}"), adopt=made)
    assert [one.addition_id for one in at.state.links()] == [made]
    assert "created again" in await at.engine.drift.restore(link.addition_id)
    assert len(at.held()) == 1


@pytest.mark.parametrize("answer", ["keep", "adopt", "restore"])
async def test_a_task_that_waited_for_the_choice_goes_on(at: Running, answer: str) -> None:
    row_of(at)["quantity"] = Decimal(8)
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], created=TODAY, provisioned=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    await at.engine.auto()
    (task,) = at.state.open_tasks()
    assert [problem.code for problem in task.problems] == [ProblemCode.LINK_CHANGED]
    addition = AdditionId(row_of(at)["id"])
    await getattr(at.engine.drift, answer)(addition)
    (task,) = at.state.open_tasks()
    assert (task.status, task.problems) == (TaskStatus.READY, ())
    await at.engine.auto()
    assert not list(at.state.open_tasks())
    assert [row[1] for row in at.held() if row[4] is None] == ["15"]


async def test_a_check_may_mark_the_tasks_that_drift_concerns(at: Running) -> None:
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], created=TODAY, provisioned=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    await at.engine.check()
    row_of(at)["quantity"] = Decimal(8)
    await at.engine.drift.find(mark=True)
    (task,) = at.state.open_tasks()
    assert [problem.code for problem in task.problems] == [ProblemCode.LINK_CHANGED]


EDITED: dict[str, Any] = {"quantity": Decimal(8), "unitPrice": Decimal("4.00")}
ENDED: dict[str, Any] = {"cancelledDate": "2027-06-30T00:00:00Z"}


@pytest.mark.parametrize("changes", [EDITED, ENDED, EDITED | ENDED], ids=["edited", "ended", "both"])
@pytest.mark.parametrize("answer", ["keep", "adopt"])
async def test_what_is_settled_is_reported_again_only_if_it_changes_again(
    at: Running, changes: dict[str, Any], answer: str
) -> None:
    row_of(at).update(changes)
    held = at.held()
    (drifted,) = (await at.engine.drift.find()).found
    await getattr(at.engine.drift, answer)(drifted.link.addition_id)
    assert at.held() == held
    assert (await at.engine.drift.find()).found == ()
    row_of(at)["quantity"] = Decimal(77)
    assert len((await at.engine.drift.find()).found) == 1


@pytest.mark.parametrize(
    ("answer", "counted_from"),
    [
        pytest.param("keep", Decimal(10), id="kept: what cwtui wrote stays what is counted from"),
        pytest.param("adopt", Decimal(8), id="adopted: the new truth"),
    ],
)
async def test_what_later_orders_are_counted_from(at: Running, answer: str, counted_from: Decimal) -> None:
    row_of(at).update(EDITED | ENDED)
    (drifted,) = (await at.engine.drift.find()).found
    await getattr(at.engine.drift, answer)(drifted.link.addition_id)
    (link,) = at.state.links()
    assert (link.values.quantity, link.values.cancelled) == (counted_from, date(2027, 6, 30))


async def test_what_was_kept_can_still_be_restored_or_adopted(at: Running) -> None:
    row_of(at).update(EDITED)
    desk, name = at.engine.drift, AdditionId(row_of(at)["id"])
    await desk.keep(name)
    await desk.restore(name)
    assert at.held() == [(EXCHANGE_ITEM, "10", "4.50", DECEMBER, None)]
    (link,) = at.state.links()
    assert link.tolerated is None
    row_of(at).update(EDITED)
    await desk.keep(name)
    await desk.adopt(name)
    (link,) = at.state.links()
    assert (link.values.quantity, link.tolerated) == (Decimal(8), None)


@pytest.mark.parametrize("answer", ["keep", "adopt"])
async def test_settling_what_is_gone_forgets_it(at: Running, answer: str) -> None:
    (link,) = at.state.links()
    remove(at)
    await getattr(at.engine.drift, answer)(link.addition_id)
    assert list(at.state.links()) == []
    assert at.held() == []


async def test_nothing_to_settle(at: Running) -> None:
    (link,) = at.state.links()
    with pytest.raises(InputError, match="nothing drifted"):
        await at.engine.drift.keep(link.addition_id)
    with pytest.raises(InputError, match="knows nothing"):
        await at.engine.drift.restore(AdditionId(4711))
