"""What was edited or left out, once it is written: in the task, in why and in the audit (plans.md#edits-stay-visible).

Rules: plans.md#an-end-in-place-of-a-deletion, synchronising.md#undo.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cwtui.domain.errors import Outdated
from cwtui.domain.ids import AdditionId, TaskId
from cwtui.domain.ledger import Operation, Outcome
from cwtui.domain.plan_edits import DROPPED
from cwtui.domain.plans import PriceSource
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.writing.left_out import note_left_out
from cwtui.sandbox.behaviour import Fault
from tests.engine.upkeep_world import AGREEMENT, EXCHANGE_ITEM, MAIL, Running, running, small_world

INITIAL, END = TaskId(f"initial.{MAIL}"), TaskId(f"9.{MAIL}")
TENTH = date(2026, 12, 10)


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Running]:
    """On 10 December, with the invoice of December not made yet."""
    async with running(small_world(), tmp_path, today=TENTH) as opened:
        opened.work_by(who="ann")
        yield opened


def standing(last: str | None) -> list[tuple[int, str, str, str, str | None]]:
    return [(EXCHANGE_ITEM, "10", "4.50", "2026-12-01", last)]


async def cancel(at: Running) -> None:
    """Ten seats from 1 December that no invoice billed, and an order that ends them on the 10th."""
    await at.engine.auto()
    assert at.held() == standing(None)
    at.world.add_order(MAIL, "cancellation", [], id="9", created=TENTH, provisioned=TENTH)
    at.world.change_subscription(MAIL, status="terminated")
    await at.engine.check()


async def end_instead(at: Running, day: str | None = None) -> None:
    editing = await at.engine.workbench.edit(END)
    (change,) = editing.changes
    offered = editing.could_end(change.key)
    assert offered is not None
    editing.type(change.key, "cancelled", day or offered.isoformat())
    at.engine.workbench.save_edits(editing)


async def test_a_deletion_that_became_an_end_is_written_as_one(at: Running) -> None:
    await cancel(at)
    (planned,) = (await at.engine.plan(END)).changes
    assert planned.operation is Operation.DELETE
    await end_instead(at)
    report = await at.engine.sync([END])
    assert (report.synced, report.writes.patch, report.writes.delete) == (1, 1, 0)
    assert at.held() == standing("2026-12-10")
    task = at.state.task(END)
    assert task is not None
    assert task.note == "1 change written, 1 of them edited."
    (change,) = (await at.engine.plan(END)).changes
    assert (change.operation, change.instead_of) == (Operation.UPDATE, Operation.DELETE)
    assert change.edited == {"cancelled"}
    assert change.edited_by is not None
    assert change.edited_by.who == "ann"
    assert change.arithmetic[-1].startswith("edited: 10 × 4.50 = 45.00 a period; addition ")
    (told,) = await at.engine.explainer.why_task(END)
    assert (told.what, told.instead_of) == ("update", Operation.DELETE)
    assert told.edit.startswith("it ends on 2026-12-10 in place of being deleted, by ann on ")
    assert told.arithmetic == tuple(change.arithmetic)


async def test_nothing_complains_of_it_later_and_nothing_is_written_twice(at: Running) -> None:
    await cancel(at)
    await end_instead(at, "2026-12-20")
    await at.engine.sync([END])
    for _ in range(2):
        report = await at.engine.auto()
        assert (report.created, report.writes.post + report.writes.patch + report.writes.delete) == (0, 0)
        assert report.needs_action == 0
    assert (await at.engine.drift.find()).found == ()
    assert at.held() == standing("2026-12-20")


async def test_undo_takes_the_last_day_away_and_the_task_plans_the_deletion_again(at: Running) -> None:
    await cancel(at)
    await end_instead(at)
    await at.engine.sync([END])
    report = await at.engine.undo(END)
    assert report.complete
    assert at.held() == standing(None)
    (change,) = (await at.engine.plan(END)).changes
    assert (change.operation, change.edited) == (Operation.DELETE, frozenset())
    await at.engine.sync([END])
    assert at.held() == []


async def test_the_former_last_day_comes_back(at: Running) -> None:
    await at.engine.auto()
    (link,) = at.state.links()
    row = at.world.additions(AGREEMENT)[0]
    row["cancelledDate"] = "2027-06-30T00:00:00Z"
    await at.engine.drift.adopt(link.addition_id)
    at.world.add_order(MAIL, "cancellation", [], id="9", created=TENTH, provisioned=TENTH)
    at.world.change_subscription(MAIL, status="terminated")
    await at.engine.check()
    await end_instead(at)
    await at.engine.sync([END])
    assert at.held() == standing("2026-12-10")
    await at.engine.undo(END)
    assert at.held() == standing("2027-06-30")


async def test_a_later_cancellation_counts_on_what_was_ended_and_ends_it_sooner(at: Running) -> None:
    await cancel(at)
    await end_instead(at, "2027-02-28")
    await at.engine.sync([END])
    at.world.add_order(MAIL, "cancellation", [], id="10", created=TENTH, provisioned=TENTH)
    report = await at.engine.auto()
    assert report.writes.delete == 1
    assert at.held() == []


async def test_what_was_left_out_stays_with_the_task_and_in_the_audit(at: Running) -> None:
    await cancel(at)
    editing = await at.engine.workbench.edit(END)
    editing.turn_left_out(editing.changes[0].key)
    at.engine.workbench.save_edits(editing)
    (planned,) = await at.engine.explainer.why_task(END)
    assert (planned.is_planned, planned.left_out, planned.request) == (True, True, "nothing, because it is left out")
    report = await at.engine.sync([END])
    assert (report.synced, report.writes.delete) == (1, 0)
    assert at.held() == standing(None)
    (change,) = (await at.engine.plan(END)).changes
    assert (change.operation, change.left_out) == (Operation.DELETE, True)
    row = list(at.state.audit(task_id=END))[-1]
    assert (row.outcome, row.is_done, row.is_failed, row.result) == (Outcome.LEFT_OUT, False, False, "left out")
    (told,) = await at.engine.explainer.why_task(END)
    assert (told.answer, told.request) == ("left out", "nothing was asked of ConnectWise")
    assert told.edit.startswith("left out by ann on ")
    (link,) = at.state.links()
    assert [one.left_out for one in await at.engine.explainer.why(link.addition_id)] == [False, True]


async def test_a_left_out_change_is_noted_once_counts_for_nothing_and_is_not_undone(at: Running) -> None:
    editing_of = at.engine.workbench.edit
    await at.engine.check()
    editing = await editing_of(INITIAL)
    editing.turn_left_out(editing.changes[0].key)
    at.engine.workbench.save_edits(editing)
    plan = await at.engine.plan(INITIAL)
    note_left_out(at.engine.workspace, plan, "killed")  # and killed before the task was put to synced
    await at.engine.sync([INITIAL])
    rows = list(at.state.audit())
    assert [(row.outcome, row.run_id) for row in rows] == [(Outcome.LEFT_OUT, "killed")]
    assert at.engine.runs.list() == ()
    report = await at.engine.undo(INITIAL)
    assert report.complete
    task = at.state.task(INITIAL)
    assert task is not None
    assert task.status.is_open
    await at.engine.sync([INITIAL])
    assert at.held() == standing(None)
    assert [change.left_out for change in (await at.engine.plan(INITIAL)).changes] == [False]


async def test_two_who_edit_one_plan_never_overwrite_each_other(at: Running) -> None:
    """hands.md#no-lost-update."""
    await at.engine.check()
    mine, theirs = [await at.engine.workbench.edit(INITIAL) for _ in range(2)]
    key = mine.changes[0].key
    theirs.type(key, "quantity", "7")
    at.engine.workbench.save_edits(theirs)
    kept = at.state.edits(INITIAL)
    mine.type(key, "quantity", "8")
    with pytest.raises(Outdated):
        at.engine.workbench.save_edits(mine)
    mine.reset_all()
    with pytest.raises(Outdated):
        at.engine.workbench.save_edits(mine)
    assert at.state.edits(INITIAL) == kept
    theirs.type(key, "quantity", "9")
    at.engine.workbench.save_edits(theirs)
    theirs.reset_all()
    at.engine.workbench.save_edits(theirs)
    assert at.state.edits(INITIAL) is None


async def test_edits_that_were_dropped_meanwhile_do_not_count_as_somebody_elses(at: Running) -> None:
    await at.engine.check()
    editing = await at.engine.workbench.edit(INITIAL)
    key = editing.changes[0].key
    editing.type(key, "quantity", "7")
    at.engine.workbench.save_edits(editing)
    again = await at.engine.workbench.edit(INITIAL)
    kept = at.state.edits(INITIAL)
    assert kept is not None
    at.state.save_edits(replace(kept, digest=DROPPED))
    again.type(key, "quantity", "8")
    at.engine.workbench.save_edits(again)
    now = at.state.edits(INITIAL)
    assert now is not None
    assert (now.digest, now.edits[0].values) == (kept.digest, {"quantity": Decimal(8)})


async def test_an_edited_create_keeps_what_was_computed(at: Running) -> None:
    await at.engine.check()
    editing = await at.engine.workbench.edit(INITIAL)
    editing.type(editing.changes[0].key, "quantity", "8")
    at.engine.workbench.save_edits(editing)
    await at.engine.sync([INITIAL])
    task = at.state.task(INITIAL)
    assert task is not None
    assert (task.status, task.note) == (TaskStatus.SYNCED, "1 change written, 1 of them edited.")
    (change,) = (await at.engine.plan(INITIAL)).changes
    assert change.computed is not None
    assert change.after is not None
    assert (change.computed.quantity, change.after.quantity) == (Decimal(10), Decimal(8))
    assert change.arithmetic[-1] == "edited: 8 × 4.50 = 36.00"
    (told,) = await at.engine.explainer.why_task(INITIAL)
    assert told.edit.startswith("quantity 8 in place of 10, by ann on ")


async def test_a_change_whose_new_seats_were_moved_later_stays_in_sync(tmp_path: Path) -> None:
    """The ten end in January in place of being deleted, the fifteen begin in February; the next change counts 15."""
    async with running(small_world(), tmp_path, today=date(2026, 11, 23)) as at:
        await at.engine.auto()
        at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], id="9", created=date(2026, 11, 23))
        at.world.change_subscription(MAIL, quantities={"P1": 15})
        await at.engine.check()
        editing = await at.engine.workbench.edit(END)
        deletion = next(one for one in editing.changes if one.operation is Operation.DELETE)
        created = next(one for one in editing.changes if one.is_standing and one.operation is Operation.CREATE)
        for one in editing.changes:
            if not one.is_standing:
                editing.turn_left_out(one.key)
        assert editing.could_end(deletion.key) is None
        editing.type(created.key, "effective", "2027-02-01")
        editing.type(deletion.key, "cancelled", "2027-01-31")
        at.engine.workbench.save_edits(editing)
        assert (await at.engine.sync([END])).writes.delete == 0
        both = [
            (EXCHANGE_ITEM, "10", "4.50", "2026-12-01", "2027-01-31"),
            (EXCHANGE_ITEM, "15", "4.50", "2027-02-01", None),
        ]
        assert at.held() == both
    for day in (date(2026, 12, 20), date(2027, 2, 20)):  # the daily comparison, before and after
        async with running(at.world, tmp_path, today=day) as later:
            report = await later.engine.auto()
            assert (report.created, report.needs_action) == (0, 0)
            assert (await later.engine.drift.find()).found == ()
            assert later.held() == both
    async with running(at.world, tmp_path, today=date(2027, 2, 20)) as later:
        later.world.advance_invoice(AGREEMENT, "2027-03-01")
        lines = [("recurring", "P1", 2, "4.50")]
        later.world.add_order(MAIL, "change", lines, id="10", created=date(2027, 2, 20), provisioned=date(2027, 3, 1))
        later.world.change_subscription(MAIL, quantities={"P1": 17})
        await later.engine.auto()
        assert later.held() == [
            (EXCHANGE_ITEM, "10", "4.50", "2026-12-01", "2027-01-31"),
            (EXCHANGE_ITEM, "15", "4.50", "2027-02-01", "2027-02-28"),
            (EXCHANGE_ITEM, "17", "4.50", "2027-03-01", None),
        ]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 400}, id="refused"),
        pytest.param({"status": 504, "when": "after", "times": 5}, id="done, and not answered"),
        pytest.param({"status": 504, "times": 5}, id="not done, and not answered"),
    ],
)
async def test_an_end_that_failed_is_written_by_the_next_run(at: Running, fault: dict[str, Any]) -> None:
    await cancel(at)
    await end_instead(at)
    at.sandbox.behaviour.plan(Fault(service="psa", method="PATCH", path="/additions", **fault))
    await at.engine.sync([END])
    await at.engine.sync([END])
    assert at.held() == standing("2026-12-10")
    done = [row for row in at.state.audit(task_id=END) if row.is_done]
    assert [(row.operation, row.why.instead_of) for row in done] == [(Operation.UPDATE, Operation.DELETE)]
    await at.engine.undo(END)
    assert at.held() == standing(None)


@pytest.mark.parametrize(
    "how",
    [
        pytest.param("quantity", id="a quantity was edited"),
        pytest.param("left out", id="a change was left out"),
        pytest.param("prices", id="the prices of the whole task were chosen"),
        pytest.param("", id="nothing was edited"),
    ],
)
async def test_undo_says_that_the_edits_are_over(how: str, at: Running) -> None:
    """(plans.md#edits-stay-visible) Written again, the plan is as computed: that is said when it is taken back."""
    await at.engine.auto()
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], id="9", created=TENTH, provisioned=TENTH)
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    await at.engine.check()
    editing = await at.engine.workbench.edit(END)
    once = next(change.key for change in editing.changes if change.key.startswith("prorated"))
    if how == "quantity":
        editing.type("standing:P1", "quantity", "14")
    elif how == "prices":
        editing.choose_source(None, PriceSource.CONNECTWISE)
    elif how:
        editing.turn_left_out(once)
    at.engine.workbench.save_edits(editing)
    await at.engine.sync([END])
    report = await at.engine.undo(END)
    assert report.complete, report.lines
    assert [line.startswith("Edits of its plan are over") for line in report.lines].count(True) == bool(how)
    assert at.held() == standing(None)
    await at.engine.sync([END])
    assert [row[1] for row in at.held() if row[4] is None] == ["15"]
    assert not any("Edits" in line for line in (await at.engine.undo(END)).lines)


CHOSEN = "Exchange Online: what a person chose for addition 9001 ends with it: "


@pytest.mark.parametrize(
    ("edits", "price", "warning", "note"),
    [
        pytest.param({"unit_price": "4.25"}, "4.50", "price 4.25, now 4.50", "", id="a price"),
        pytest.param({"unit_cost": "3"}, "4.50", "cost 3.00, now 3.60", "", id="a cost"),
        pytest.param({"taxable": "no"}, "4.50", "not taxable, now taxable", "", id="a tax flag"),
        pytest.param({"description": "Mail"}, "4.50", "", "text “Mail”, now “Exchange Online”", id="a text"),
        pytest.param({"unit_price": "4.75"}, "4.75", "", "", id="a price that the marketplace has now too"),
        pytest.param({}, "4.75", "", "", id="nothing, and the marketplace's price moved"),
        pytest.param({"source": "all"}, "4.50", "price 5.00, now 4.50, cost 4.00, now 3.60", "", id="all prices"),
        pytest.param({"adopt": "4.25"}, "4.50", "price 4.25, now 4.50", "", id="a price of ConnectWise, adopted"),
    ],
)
async def test_what_was_chosen_for_an_addition_does_not_end_unseen(
    edits: dict[str, str], price: str, warning: str, note: str, at: Running
) -> None:
    """(plans.md#edits-stay-visible) Five more replace the ten, as the rules price them; what was agreed on is named."""
    await at.engine.check()
    editing = await at.engine.workbench.edit(INITIAL)
    if "source" in edits:
        editing.choose_source(None, PriceSource.CONNECTWISE)
    for name, text in edits.items():
        if name in {"unit_price", "unit_cost", "taxable", "description"}:
            editing.type(editing.changes[0].key, name, text)
    at.engine.workbench.save_edits(editing)
    await at.engine.auto()
    if "adopt" in edits:
        at.world.additions(AGREEMENT)[0]["unitPrice"] = Decimal(edits["adopt"])
        await at.engine.drift.adopt(AdditionId(9001))
    at.world.change_subscription(MAIL, quantities={"P1": 15}, prices={"P1": price})
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, price)], id="9", created=TENTH, provisioned=TENTH)
    await at.engine.auto()
    task = at.state.task(END)
    assert task is not None
    assert [text for text in task.warnings if "chose" in text] == ([f"{CHOSEN}{warning}."] if warning else [])
    assert [text for text in task.notes if "chose" in text] == ([f"{CHOSEN}{note}."] if note else [])
    assert [row[1:3] for row in at.held() if row[4] is None] == [("15", price)]
