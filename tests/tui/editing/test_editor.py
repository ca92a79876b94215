"""The addition editor, driven like a user over the demo's sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from textual.widgets import Input, Static
from textual.widgets._footer import FooterKey

from cwtui.domain.ids import SubscriptionId, TaskId
from cwtui.domain.ledger import Operation
from cwtui.domain.money import price_text
from cwtui.domain.plans import Edit, PlanEdits, PriceSource
from cwtui.domain.tasks import TaskKind
from cwtui.engine.planning.editing import FIELDS
from cwtui.tui.activity.audit_lines import audit_headline, audit_text
from cwtui.tui.editing.pane import EditorPane
from cwtui.tui.editing.screen import EditorScreen
from cwtui.tui.plan_lines import plan_lines
from cwtui.tui.tasks.screen import TasksScreen
from cwtui.tui.why.screen import why_lines
from cwtui.tui.widgets.choice_line import ChoiceLine
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.virtual_table import VirtualTable
from tests.tui.demo_app import Demo, demo

SALE = TaskId("2000010.1000048692")
"""A sale of six seats with a setup fee, on an agreement billed through 30 November."""
FIRST = TaskId("initial.1000048531")


async def open_editor(app: Demo, task_id: TaskId = SALE) -> None:
    app.app.open_editor(task_id)
    await app.until(EditorScreen)
    for _ in range(500):
        if app.screen.query_one(EditorPane).editing is not None:
            break
        await app.pilot.pause(0.01)
    await app.settle()


async def go_to(app: Demo, charge: str) -> None:
    """The cursor onto the addition of a charge, with the list having the keys."""
    app.screen.query_one(EditorPane).focus_list()
    place = next(place for place, row in enumerate(app.rows("#additions")) if row[1] == charge)
    app.screen.query_one("#additions", VirtualTable).cursor = place
    await app.settle()


async def fill(app: Demo, name: str, text: str) -> None:
    field = app.screen.query_one(f"#edit-{name}", Input)
    field.focus()
    field.value = ""
    await app.pilot.pause()
    await app.type(text)


def note(app: Demo, name: str) -> str:
    return str(app.screen.query_one(f"#note-{name}", Static).render())


def totals(app: Demo) -> str:
    return str(app.screen.query_one("#editor-totals", Static).render())


def key_of(app: Demo) -> str:
    key = app.screen.query_one("#additions", VirtualTable).cursor_key
    assert key is not None
    return key


async def test_e_on_a_task_opens_its_additions_with_their_totals(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await app.press("slash")
        await app.type("Green Lane Exchange initial")
        await app.press("enter", "e")
        await app.until(EditorScreen)
        await app.settle()
        assert [row[1] for row in app.rows("#additions")] == ["recurring"]
        assert totals(app) == "Totals: recurring 112.50 EUR"


async def test_every_charge_of_a_sale_can_be_edited_apart(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await open_editor(app)
        assert {row[1] for row in app.rows("#additions")} == {"recurring", "prorated", "setup"}
        assert "recurring 123.60 EUR" in totals(app)
        assert "setup 25.00 EUR" in totals(app)


async def test_an_edited_value_stands_beside_the_computed_one_and_totals_follow(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await open_editor(app)
        await go_to(app, "recurring")
        await fill(app, "quantity", "8")
        assert note(app, "quantity") == "computed: 6"
        assert "recurring 164.80 EUR" in totals(app)
        await fill(app, "unit_price", "10.005")
        assert "recurring 80.04 EUR" in totals(app)
        assert next(row for row in app.rows("#additions") if row[1] == "recurring")[0] == "✎ edited"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        pytest.param("quantity", "3x", "plain number", id="quantity: not a number"),
        pytest.param("quantity", "-1", "never negative", id="quantity: negative"),
        pytest.param("unit_price", "1,50", "plain number", id="price: a comma"),
        pytest.param("unit_cost", "", "plain number", id="cost: empty"),
        pytest.param("effective", "1.12.2026", "YYYY-MM-DD", id="first day: another form"),
        pytest.param("effective", "2026-02-30", "no day 2026-02-30", id="first day: not in the calendar"),
        pytest.param("effective", "2026-11-15", "Billed through 2026-11-30", id="first day: billed, no proration"),
        pytest.param("effective", "2020-01-01", "bills from", id="first day: before the bill start"),
        pytest.param("cancelled", "2026-11-30", "before the first", id="last day: before the first"),
        pytest.param("description", " ", "needs a text", id="text: empty"),
    ],
)
async def test_what_connectwise_would_refuse_is_refused_while_typing(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    async with demo(tmp_path, orders=True) as app:
        await open_editor(app)
        await go_to(app, "recurring")
        await fill(app, name, text)
        assert said in note(app, name)
        assert said in str(app.screen.query_one("#editor-problem", Static).render())
        await app.press("ctrl+s")
        await app.until_idle()
        assert any("cannot be saved" in message for message in app.messages)
        assert app.engine.store.edits(SALE) is None


async def test_a_description_longer_than_connectwise_takes_is_refused(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await open_editor(app)
        await go_to(app, "recurring")
        app.screen.query_one("#edit-description", Input).value = "x" * 6001
        await app.settle()
        assert "At most 6000 characters; these are 6001." in note(app, "description")


async def test_saved_edits_survive_a_restart_and_are_what_is_planned(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await open_editor(app)
        await go_to(app, "recurring")
        await fill(app, "quantity", "8")
        await fill(app, "description", "Eight seats [b]now[/b]")
        await fill(app, "effective", "2027-01-01")
        app.screen.query_one("#edit-bill", ChoiceLine).focus()
        await app.press("space")
        app.screen.query_one("#edit-taxable", ChoiceLine).focus()
        await app.press("space")
        await go_to(app, "setup")
        await app.press("x")
        assert "1 left out" in totals(app)
        await app.press("ctrl+s")
        await app.until_idle()
        assert "The edits are saved." in app.messages
    async with demo(tmp_path, orders=True) as app:
        plan = await app.engine.plan(SALE)
        standing = next(change for change in plan.changes if change.is_standing)
        assert standing.after is not None
        assert standing.after.quantity == Decimal(8)
        assert standing.after.description == "Eight seats [b]now[/b]"
        assert standing.after.effective == date(2027, 1, 1)
        assert standing.after.bill.value == "NoCharge"
        assert standing.after.taxable is False
        assert standing.edited == {"quantity", "description", "effective", "bill", "taxable"}
        assert [change.charge.value for change in plan.changes if change.left_out] == ["setup"]
        await open_editor(app)
        await go_to(app, "recurring")
        assert app.screen.query_one("#edit-quantity", Input).value == "8"


async def test_r_resets_one_addition_and_shift_r_all(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await open_editor(app)
        before = totals(app)
        await go_to(app, "recurring")
        await fill(app, "quantity", "8")
        await go_to(app, "setup")
        await fill(app, "unit_price", "1")
        await app.press("escape", "r")
        assert "setup 25.00 EUR" in totals(app)
        assert "recurring 164.80 EUR" in totals(app)
        await app.press("R")
        assert totals(app) == before
        editing = app.screen.query_one(EditorPane).editing
        assert editing is not None
        assert not editing.is_changed


@pytest.mark.parametrize("key", ["x", "space"])
async def test_an_addition_is_left_out_and_put_back(tmp_path: Path, key: str) -> None:
    async with demo(tmp_path, orders=True) as app:
        await open_editor(app)
        await go_to(app, "setup")
        await app.press(key)
        assert "setup" not in totals(app)
        await app.press(key)
        assert "setup 25.00 EUR" in totals(app)


async def test_p_takes_one_additions_prices_from_the_catalog_item(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await open_editor(app)
        await go_to(app, "recurring")
        await app.press("p", "p")
        assert app.screen.query_one("#edit-source", ChoiceLine).value == PriceSource.CONNECTWISE
        assert app.screen.query_one("#edit-unit_price", Input).value == "22.00"
        await app.press("ctrl+s")
        await app.until_idle()
        plan = await app.engine.plan(SALE)
        standing = next(change for change in plan.changes if change.is_standing)
        assert standing.after is not None
        assert price_text(standing.after.unit_price) == "22.00"


async def test_shift_p_takes_all_prices_from_connectwise_and_drops_what_is_prorated(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await open_editor(app)
        await app.press("P", "P")
        assert {row[1] for row in app.rows("#additions")} == {"recurring", "setup"}
        await app.press("ctrl+s")
        await app.until_idle()
        kept = app.engine.store.edits(SALE)
        assert kept is not None
        assert kept.price_source is PriceSource.CONNECTWISE


async def test_edits_of_a_plan_that_changed_are_dropped_visibly(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        edit = Edit("standing:PRD100101:4.5", {"quantity": Decimal(3)})
        app.engine.store.save_edits(PlanEdits(FIRST, "another plan", (edit,)))
        await open_editor(app, FIRST)
        assert "was dropped: the plan has changed since" in str(app.screen.query_one("#editor-note", Static).render())
        assert app.screen.query_one("#edit-quantity", Input).value == "25"


async def test_leaving_with_unsaved_edits_asks_first(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await open_editor(app)
        await go_to(app, "setup")
        await app.press("x", "escape")
        await app.until(ConfirmScreen)
        await app.press("escape")
        await app.until(EditorScreen)
        await app.press("escape")
        await app.until(ConfirmScreen)
        await app.press("y")
        await app.until(TasksScreen)
        assert app.engine.store.edits(SALE) is None


async def test_the_keys_go_through_the_fields_and_back_to_the_list(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await open_editor(app)
        seen = []
        for key in ("enter", "down", "enter", "down", "down", "down", "down", "down", "up", "escape"):
            await app.press(key)
            seen.append(((app.app.focused and app.app.focused.id) or "").removeprefix("edit-"))
        assert seen == [
            "effective", "cancelled", "quantity", "unit_price", "unit_cost", "bill", "taxable", "description",
            "taxable", "additions",
        ]  # fmt: skip


async def test_a_synced_task_is_not_edited_any_more(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await app.engine.sync([FIRST])
        app.app.open_editor(FIRST)
        await app.settle()
        for _ in range(100):
            if isinstance(app.screen, TasksScreen) and app.messages:
                break
            await app.pilot.pause(0.02)
        assert any("is not edited any more" in message for message in app.messages)


@pytest.mark.parametrize("size", [(80, 24), (160, 48), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_hostile_names_stay_text_and_are_no_edit(
    tmp_path: Path, hostile_names: tuple[str, ...], size: tuple[int, int]
) -> None:
    async with demo(tmp_path, size=size, orders=True) as app:
        store = app.engine.store
        held = store.subscription(SubscriptionId("1000048692"))
        assert held is not None
        name = " ".join(hostile_names)
        store.save_subscription(replace(held, products=tuple(replace(one, name=name) for one in held.products)))
        app.engine.desk.fresh.add(held.id)
        await open_editor(app)
        for _ in range(3):
            await app.press("down")
        strips = app.screen._compositor.render_strips()
        assert all(strip.cell_length == size[0] for strip in strips)
        assert not any("\x1b" in segment.text for strip in strips for segment in strip)
        await app.press("enter", "down", "down", "escape")
        editing = app.screen.query_one(EditorPane).editing
        assert editing is not None
        assert not editing.is_changed


# a deletion: plans.md#an-end-in-place-of-a-deletion

OFFICE = SubscriptionId("1000048532")


async def open_deletion(app: Demo) -> TaskId:
    """The cancellation of what stands since 1 December and no invoice billed: its addition is to be deleted."""
    first, end = sorted(app.engine.store.tasks_of(OFFICE), key=lambda task: task.order_created is not None)
    await app.engine.sync([first.id])
    await open_editor(app, end.id)
    await app.pilot.pause()
    place = next(place for place, row in enumerate(app.rows("#additions")) if row[0] == "− delete")
    app.screen.query_one("#additions", VirtualTable).cursor = place
    await app.settle()
    return end.id


def problem(app: Demo) -> str:
    return str(app.screen.query_one("#editor-problem", Static).render())


def keys_shown(app: Demo) -> list[str]:
    return [key.description for key in app.screen.query(FooterKey)]


async def test_the_editor_says_what_of_a_deletion_can_be_edited(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await open_deletion(app)
        assert "only its last day can be set: e ends it on 2026-12-01 instead" in problem(app)
        assert "x leaves the deletion out: then it stays as it is" in problem(app)
        names = [name for name in FIELDS if not app.screen.query_one(f"#edit-{name}").disabled]
        assert names == ["cancelled"]
        assert app.screen.query_one("#edit-quantity", Input).value != ""
        assert "End instead" in keys_shown(app)
        await go_to(app, "cancellation")
        assert "End instead" not in keys_shown(app)
        assert problem(app) == ""


async def test_digits_on_a_deletion_do_nothing_and_enter_leads_to_its_last_day(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await open_deletion(app)
        before = app.rows("#additions")
        await app.press("1", "2")
        editing = app.screen.query_one(EditorPane).editing
        assert editing is not None
        assert (app.rows("#additions"), editing.is_changed) == (before, False)
        await app.press("enter")
        assert (app.app.focused and app.app.focused.id) == "edit-cancelled"


async def test_e_ends_instead_of_deleting_and_the_plan_shows_it_before_and_after(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        task = await open_deletion(app)
        await app.press("e")
        await app.settle()
        assert app.screen.query_one("#edit-cancelled", Input).value == "2026-12-01"
        assert note(app, "cancelled") == "computed: it is deleted"
        await fill(app, "cancelled", "2026-11-30")
        assert "before the first, 2026-12-01" in note(app, "cancelled")
        await fill(app, "cancelled", "2026-12-15")
        row = next(row for row in app.rows("#additions") if row[0] == "✎ edited")
        assert row[6] == "2026-12-15"
        await app.press("ctrl+s")
        await app.until_idle()
        (change,) = [one for one in (await app.engine.plan(task)).changes if one.instead_of]
        shown = "\n".join(line.text for line in plan_lines(await app.engine.plan(task)))
        assert f"~ update addition {change.addition_id}" in shown
        assert "ends 2026-12-15" in shown
        assert "it ends on 2026-12-15 in place of being deleted, by " in shown
        await app.engine.sync([task])
        written = "\n".join(line.text for line in plan_lines(await app.engine.preview(task)))
        assert "it ends on 2026-12-15 in place of being deleted, by " in written
        assert "a period; addition" in written
        found = "\n".join(line.text for line in why_lines(await app.engine.explainer.why_task(task)))
        assert "it ends on 2026-12-15 in place of being deleted, by " in found
        headlines = [audit_text(one) for one in app.engine.known.audit(task_id=task)]
        assert any("it ends on 2026-12-15 in place of being deleted" in text for text in headlines)


async def test_r_makes_it_a_deletion_again(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await open_deletion(app)
        before = app.rows("#additions")
        await app.press("e")
        await app.press("escape", "r")
        assert app.rows("#additions") == before
        assert app.screen.query_one("#edit-cancelled", Input).value == ""


async def test_a_deletion_left_out_is_in_sight_after_writing(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        task = await open_deletion(app)
        await app.press("x")
        await app.press("ctrl+s")
        await app.until_idle()
        await app.engine.sync([task])
        written = "\n".join(line.text for line in plan_lines(await app.engine.preview(task)))
        assert "(left out)" in written
        assert "left out by " in written
        headlines = [audit_headline(one) for one in app.engine.known.audit(task_id=task)]
        assert any(line.startswith("left out: delete addition") for line in headlines)


async def test_a_deletion_whose_place_is_taken_at_once_says_why_it_cannot_end(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await app.engine.sync([task.id for task in await app.engine.tasks([]) if task.is_initial])
        for changed in await app.engine.tasks([], [TaskKind.CHANGE_ORDER]):
            plan = await app.engine.plan(changed.id)
            if any(one.operation is Operation.DELETE for one in plan.changes):
                break
        else:
            pytest.fail("the demo has no change that deletes")
        await open_editor(app, changed.id)
        place = next(place for place, row in enumerate(app.rows("#additions")) if row[0] == "− delete")
        app.screen.query_one("#additions", VirtualTable).cursor = place
        await app.settle()
        assert "It cannot end instead: It begins on" in problem(app)
        await app.press("e")
        await app.until_said("both would be billed")
        await app.press("enter")
        assert (app.app.focused and app.app.focused.id) == "additions"
        assert not any(row[0] == "✎ edited" for row in app.rows("#additions"))
