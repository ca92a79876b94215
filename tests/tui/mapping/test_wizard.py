"""The sync wizard, driven like a user over the demo's sandbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input, Static

from cwtui.domain.ids import TaskId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.tasks import TaskStatus
from cwtui.tui.editing.pane import EditorPane
from cwtui.tui.mapping.add_item import AddItemScreen
from cwtui.tui.mapping.wizard import WizardScreen
from cwtui.tui.tasks.screen import TasksScreen
from cwtui.tui.widgets.choice_line import ChoiceLine
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.detail_pane import DetailPane
from cwtui.tui.widgets.fuzzy_picker import FuzzyPicker
from cwtui.tui.widgets.pick_line import PickLine
from cwtui.tui.widgets.step_line import StepLine
from cwtui.tui.widgets.virtual_table import VirtualTable
from tests.tui.demo_app import Demo, burst, demo

ENDPOINT_TASK = TaskId("initial.1000048711")
"""Customer, product and agreement are all missing; two agreements fit, no catalog item does."""
GREEN_LANE = TaskId("initial.1000048531")
ARCHIVE = TaskId("initial.1000048621")
"""Its catalog item is inactive."""
QUARTERLY = TaskId("initial.1000048602")
"""Its agreement bills monthly."""
SALE = TaskId("2000010.1000048692")
CUSTOMER = MappingKey(MappingKind.CUSTOMER, "1000024")
AGREEMENT = MappingKey(MappingKind.AGREEMENT, "1000048711")


def wizard_of(app: Demo) -> WizardScreen:
    assert isinstance(app.screen, WizardScreen), app.screen
    return app.screen


async def open_wizard(app: Demo, task_id: TaskId) -> None:
    app.app.open_wizard(task_id)
    await app.until(WizardScreen)
    await reach(app, lambda wizard: wizard.place >= 0)


async def reach(app: Demo, is_there: Callable[[WizardScreen], bool]) -> None:
    """Until the wizard is where it should be, and has read what it shows there."""
    for _ in range(1000):
        if isinstance(app.screen, WizardScreen) and is_there(app.screen) and not app.app.session.working:
            break
        await app.pilot.pause(0.01)
    assert is_there(wizard_of(app)), here(app)
    await app.settle()


async def to_step(app: Demo, word: str) -> None:
    await reach(app, lambda _: here(app).startswith(word))


def here(app: Demo) -> str:
    labels = [label for label, is_here in app.screen.query_one(StepLine).steps if is_here]
    return labels[0].removeprefix("▸ ") if labels else ""


def steps(app: Demo) -> list[str]:
    return [label for label, _ in app.screen.query_one(StepLine).steps]


def question(app: Demo) -> str:
    return str(app.screen.query_one("#question", Static).render())


def review(app: Demo) -> str:
    return app.screen.query_one("#review", DetailPane).plain_text


def amounts(app: Demo) -> dict[str, str]:
    """Titles of the review with their amounts, without the currency."""
    found = {}
    for line in review(app).splitlines():
        title, _, amount = line.strip().removesuffix(" EUR").rpartition("  ")
        if line.endswith("EUR") and title:
            found[title.strip()] = amount.strip()
    return found


async def test_a_walk_from_nothing_mapped_to_a_synced_task(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("slash")
        await app.type("endpoint")
        await app.press("enter", "m")
        await app.until(WizardScreen)
        await to_step(app, "Customer")
        assert steps(app) == ["▸ Customer", "Product", "Agreement", "Additions", "Confirm"]
        assert "Northgate Logistics (1000024)" in question(app)
        assert app.rows("#choice VirtualTable")[0][0] == "NG Logistics Holdings"
        await app.press("enter")
        await to_step(app, "Product")
        assert app.engine.store.mappings().get(CUSTOMER) == 264

        await app.press("ctrl+n")
        await app.until(AddItemScreen)
        for name in ("category", "subcategory", "type"):
            app.screen.query_one(f"#item-{name}").focus()
            await app.press("right")
        await app.press("ctrl+s")
        await app.until(ConfirmScreen)
        await app.press("y")
        await to_step(app, "Agreement")
        assert [row[0] for row in app.rows("#choice VirtualTable")[:2]] == ["NG Cloud", "NG Cloud (warehouse)"]
        await app.press("down", "enter")
        await to_step(app, "Additions")
        assert app.engine.store.mappings().get(AGREEMENT) == 115

        await app.press("n")
        await to_step(app, "Confirm")
        assert "22 × 3.25 = 71.50" in review(app)
        assert amounts(app)["difference"] == "+71.50"
        await app.press("y")
        await app.until(TasksScreen)
        await app.until_idle()
        assert (await app.engine.task(ENDPOINT_TASK)).status is TaskStatus.SYNCED
        assert any("Additions: 1 created" in message for message in app.messages)


async def test_what_is_answered_is_skipped(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_wizard(app, GREEN_LANE)
        assert steps(app) == ["✓ Customer", "✓ Product", "✓ Agreement", "▸ Additions", "Confirm"]


@pytest.mark.parametrize(
    ("task_id", "step", "said"),
    [
        pytest.param(ARCHIVE, "Product", "is inactive", id="an inactive catalog item"),
        pytest.param(QUARTERLY, "Agreement", "every 3 month", id="an agreement of another cycle"),
        pytest.param(TaskId("initial.1000048630"), "Agreement", "USD", id="an agreement in another currency"),
        pytest.param(TaskId("initial.1000048640"), "Agreement", "Expired", id="an agreement that ended"),
    ],
)
async def test_an_answer_that_is_no_good_is_asked_again_with_the_reason(
    tmp_path: Path, task_id: TaskId, step: str, said: str
) -> None:
    async with demo(tmp_path) as app:
        await open_wizard(app, task_id)
        assert here(app) == step
        assert said in question(app)


async def test_an_agreement_that_cannot_be_chosen_is_dimmed_and_says_why(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_wizard(app, QUARTERLY)
        await app.type("Harbor")
        row = app.rows("#choice VirtualTable")[0]
        assert row[0] == "Harbor Managed Cloud"
        assert "The subscription bills every 3 month" in row[3]
        await app.press("enter")
        assert "cannot be chosen" in str(app.screen.query_one("#choice .dialog--hint", Static).render())
        assert here(app) == "Agreement"


async def test_the_amounts_stand_apart_with_totals_and_the_next_invoice(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await open_wizard(app, SALE)
        await app.press("n")
        await to_step(app, "Confirm")
        shown = amounts(app)
        assert shown["Setup"] == "25.00"
        assert shown["Recurring, each billing period"] == "123.60"
        assert shown["Overuse"] == shown["Cancellation"] == "0.00"
        total = sum(float(shown[name]) for name in ("Setup", "Recurring, each billing period", "Prorated"))
        assert float(shown["after"]) - float(shown["before"]) == pytest.approx(total)
        assert shown["difference"] == f"+{total:.2f}"


async def test_esc_goes_a_step_back_and_nothing_is_lost(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        await open_wizard(app, SALE)
        pane = app.screen.query_one(EditorPane)
        place = next(place for place, row in enumerate(app.rows("#additions")) if row[1] == "setup")
        await app.press(*["down"] * place, "x", "n")
        await to_step(app, "Confirm")
        assert "Left out" in review(app)
        assert amounts(app)["Setup"] == "0.00"
        await app.press("escape")
        await to_step(app, "Additions")
        assert pane.editing is not None
        assert [change.charge for change in pane.editing.changes if change.left_out] == ["setup"]
        await app.press("escape")
        await app.until(TasksScreen)
        await open_wizard(app, SALE)
        await app.press("n")
        await to_step(app, "Confirm")
        assert "Left out" in review(app)


async def test_what_is_wrong_in_the_additions_stays_there_and_is_not_written(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_wizard(app, GREEN_LANE)
        field = app.screen.query_one("#edit-quantity", Input)
        field.focus()
        field.value = "many"
        await app.press("escape", "n")
        assert here(app) == "Additions"
        assert any("cannot be saved" in message for message in app.messages)
        await app.press("ctrl+g")
        await to_step(app, "Agreement")
        await app.press("escape")
        await to_step(app, "Additions")
        assert app.screen.query_one("#edit-quantity", Input).value == "many"


async def test_an_earlier_answer_can_be_changed_and_stands_first(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_wizard(app, GREEN_LANE)
        await app.press("ctrl+g")
        await to_step(app, "Agreement")
        first = app.rows("#choice VirtualTable")[0]
        assert first[0] == "Green Lane Cloud Services"
        assert "mapped to it now" in first[3]
        await app.press("enter")
        await to_step(app, "Additions")


async def test_a_click_on_the_step_line_goes_to_that_step(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_wizard(app, GREEN_LANE)
        await app.pilot.click(StepLine, offset=(3, 0))
        await to_step(app, "Customer")


async def test_the_form_of_a_new_item_keeps_what_was_typed(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        app.engine.store.save_mapping(Mapping(CUSTOMER, 264))
        await open_wizard(app, ENDPOINT_TASK)
        assert app.rows("#choice VirtualTable")[0][0].startswith("+ Add a new catalog item")
        await app.press("enter")
        await app.until(AddItemScreen)
        app.screen.query_one("#item-identifier", Input).value = "MINE"
        await app.press("escape")
        await app.until(WizardScreen)
        await app.press("enter")
        await app.until(AddItemScreen)
        assert app.screen.query_one("#item-identifier", Input).value == "MINE"


async def test_a_task_that_waits_is_shown_but_not_written(tmp_path: Path) -> None:
    async with demo(tmp_path, orders=True) as app:
        waiting = next(task for task in await app.engine.tasks([TaskStatus.WAITING]) if task.subscription_id)
        await open_wizard(app, waiting.id)
        await reach(app, lambda _: here(app) != "")
        wizard = wizard_of(app)
        wizard.place = len(wizard._steps) - 1
        await wizard._show()
        assert "An older task of this subscription comes first" in review(app)
        assert wizard.check_action("write", ()) is None


async def test_a_synced_task_has_no_steps_left(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.engine.sync([GREEN_LANE])
        app.app.open_wizard(GREEN_LANE)
        for _ in range(200):
            if app.messages and isinstance(app.screen, TasksScreen):
                break
            await app.pilot.pause(0.01)
        assert any("is not edited any more" in message for message in app.messages)
        assert isinstance(app.screen, TasksScreen)


@pytest.mark.parametrize("size", [(80, 24), (160, 48), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_hostile_names_stay_text_in_every_step(
    tmp_path: Path, hostile_names: tuple[str, ...], size: tuple[int, int]
) -> None:
    async with demo(tmp_path, size=size) as app:
        store = app.engine.store
        name = " ".join(hostile_names)
        for task in list(store.tasks()):
            store.save_task(replace(task, customer_name=name, subscription_name=name))
        await open_wizard(app, ENDPOINT_TASK)
        for step in ("Customer", "Product", "Agreement", "Additions", "Confirm"):
            wizard = wizard_of(app)
            wizard._go([label.removeprefix("▸ ").removeprefix("✓ ") for label in steps(app)].index(step))
            await to_step(app, step)
            strips = app.screen._compositor.render_strips()
            assert all(strip.cell_length == size[0] for strip in strips)
            assert not any("\x1b" in segment.text for strip in strips for segment in strip)


async def test_arrows_and_pages_move_through_the_choices_while_letters_search(tmp_path: Path) -> None:
    async with demo(tmp_path, size=(80, 24)) as app:
        await open_wizard(app, ENDPOINT_TASK)
        table = app.screen.query_one("#choice VirtualTable", VirtualTable)
        places = []
        for key in ("down", "pagedown", "pageup", "up"):
            await app.press(key)
            places.append(table.cursor)
        assert places[0] == 1
        assert places[1] > places[0]
        assert places[2:] == [1, 0]
        await app.type("kestrel")
        assert [row[0] for row in app.rows("#choice VirtualTable")] == ["Kestrel Aerospace PLC"]


async def test_ctrl_s_goes_on_from_the_additions(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_wizard(app, GREEN_LANE)
        await app.press("ctrl+s")
        await to_step(app, "Confirm")


@pytest.mark.parametrize(("there", "back"), [("down", "up"), ("tab", "shift+tab")])
async def test_what_is_typed_at_once_goes_field_by_field(there: str, back: str, tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_wizard(app, ENDPOINT_TASK)
        await app.press("enter")
        await to_step(app, "Product")
        await app.press("ctrl+n")
        await app.until(AddItemScreen)
        names = ("identifier", "description", "customer_description")
        fields = [app.screen.query_one(f"#item-{name}", Input) for name in names]
        for field in fields:
            field.value = ""
        burst(app, "a", there, "b", there, "c", back, "d")
        await app.settle()
        assert [field.value for field in fields] == ["a", "d", "c"]  # a field that is come back to is typed anew


async def test_the_form_of_a_new_item_is_walked_with_the_arrows(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_wizard(app, ENDPOINT_TASK)
        await app.press("enter")
        await to_step(app, "Product")
        await app.press("ctrl+n")
        await app.until(AddItemScreen)
        await app.press("down", "down", "up")
        assert app.screen.query_one("#item-description").has_focus
        app.screen.query_one("#item-type").focus()
        await app.press("space")
        await app.until(FuzzyPicker)
        await app.press("down", "enter")
        line = app.screen.query_one("#item-type", PickLine)
        chosen = line.value
        await app.press("left")
        assert line.value != chosen
        taxable = app.screen.query_one("#item-taxable", ChoiceLine)
        taxable.focus()
        await app.press("l")
        assert taxable.value == "no"
        await app.press("h")
        assert taxable.value == "yes"
