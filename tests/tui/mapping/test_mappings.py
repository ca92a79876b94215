"""The mappings screen, driven like a user over the demo's sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from cwtui.domain.ids import CustomerId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.marketplace import Customer
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.mapping.csv import read_mappings_file
from cwtui.tui.mapping.add_item import AddItemScreen
from cwtui.tui.mapping.screen import MappingsScreen
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.fuzzy_picker import FuzzyPicker
from cwtui.tui.widgets.kind_tabs import KindTabs
from cwtui.tui.widgets.text_prompt_screen import TextPromptScreen
from tests.tui.demo_app import Demo, demo

NORTHGATE = MappingKey(MappingKind.CUSTOMER, "1000024")
GREEN_LANE = MappingKey(MappingKind.CUSTOMER, "1000011")
ENDPOINT = MappingKey(MappingKind.PRODUCT, "PRD100501")
EXCHANGE = "PRD100101"


async def open_mappings(app: Demo) -> None:
    await app.press("2")
    await app.until(MappingsScreen)


async def test_what_open_tasks_need_stands_first_with_its_suggestion_and_reason(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_mappings(app)
        rows = app.rows("#table-customer")
        assert [row[0] for row in rows[:4]] == ["! unmapped", "! unmapped", "· unmapped", "✓ mapped"]
        name, _, target, why, waiting = rows[0][1:]
        assert (name, target, waiting) == ("Northgate Logistics", "? NG Logistics Holdings", "2")
        assert "external id is the company's identifier" in why
        assert rows[3][1] == rows[3][3] == "Alpine Outfitters"


async def test_the_keys_and_a_click_go_from_table_to_table(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_mappings(app)
        seen = []
        for key in ("tab", "right", "right", "left", "shift+tab", "c", "p", "a"):
            await app.press(key)
            seen.append(app.top(MappingsScreen).kind.value)
        assert seen == [
            "product", "agreement", "customer", "agreement", "product", "customer", "product", "agreement",
        ]  # fmt: skip
        await app.pilot.click(KindTabs, offset=(4, 0))
        assert app.top(MappingsScreen).kind is MappingKind.CUSTOMER


async def test_a_product_has_a_row_for_each_charge_mapped_on_its_own(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_mappings(app)
        await app.press("p")
        mine = [row for row in app.rows("#table-product") if row[1] == "Exchange Online (Plan 1)"]
        assert [(row[2], row[4]) for row in mine] == [("every charge", "EXO-P1"), ("setup", "ONBOARDING")]


async def test_enter_maps_to_what_is_chosen_and_the_next_row_waits_under_the_cursor(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_mappings(app)
        await app.press("enter")
        await app.until(FuzzyPicker)
        assert app.rows()[0][0] == "NG Logistics Holdings"
        await app.press("enter")
        await app.until_idle()
        assert app.engine.store.mappings().get(NORTHGATE) == 264
        line = app.top(MappingsScreen)._line
        assert line is not None
        assert line.name == "Sunrise Bakery"


async def test_enter_searches_everything_else_by_typing(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_mappings(app)
        await app.press("down", "enter")
        await app.until(FuzzyPicker)
        await app.type("pinecrst")
        assert app.rows()[0][0] == "Pinecrest Pharmacy"
        await app.press("enter")
        await app.until_idle()
        company = app.engine.store.mappings().company(CustomerId("1000019"))
        assert company is not None
        mapping = Mapping(MappingKey(MappingKind.CUSTOMER, "1000019"), company)
        assert app.engine.mapping.connectwise_name(mapping) == "Pinecrest Pharmacy"


async def test_an_agreement_that_cannot_be_chosen_says_why(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_mappings(app)
        await app.press("a", "slash")
        await app.type("Harbor backup")
        await app.press("enter", "enter")
        await app.until(FuzzyPicker)
        assert "The subscription bills every 3 month" in app.rows()[0][3]
        await app.press("enter")
        assert isinstance(app.screen, FuzzyPicker)
        assert "cannot be chosen" in app.hint


async def test_un_mapping_says_what_it_does_to_open_tasks_and_asks(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_mappings(app)
        await app.press("slash")
        await app.type("Green Lane")
        await app.press("enter", "u")
        await app.until(ConfirmScreen)
        assert "2 open tasks" in app.detail
        assert "The mappings of its products and agreements stay." in app.detail
        await app.press("n")
        assert app.engine.store.mappings().get(GREEN_LANE) == 251
        await app.press("u")
        await app.until(ConfirmScreen)
        await app.press("y")
        await app.until_idle()
        assert app.engine.store.mappings().get(GREEN_LANE) is None
        tasks = [task for task in await app.engine.tasks() if task.customer_id == "1000011"]
        assert {task.status for task in tasks} == {TaskStatus.NEEDS_ACTION}


async def test_r_refines_a_product_for_one_charge(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_mappings(app)
        await app.press("p", "slash")
        await app.type("Exchange every")
        await app.press("enter", "r")
        await app.until(FuzzyPicker)
        await app.type("overuse")
        await app.press("enter")
        await app.until(FuzzyPicker)
        await app.type("onboarding")
        await app.press("enter")
        await app.until_idle()
        key = MappingKey(MappingKind.PRODUCT, EXCHANGE, "overuse")
        assert app.engine.store.mappings().get(key) == 509


@pytest.mark.parametrize("key", ["r", "n"])
async def test_products_own_keys_do_nothing_elsewhere(tmp_path: Path, key: str) -> None:
    async with demo(tmp_path) as app:
        await open_mappings(app)
        await app.press(key)
        assert isinstance(app.screen, MappingsScreen)


async def test_x_lists_the_exact_suggestions_and_accepts_them_after_y(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_mappings(app)
        await app.press("X")
        await app.until(ConfirmScreen)
        assert "Northgate Logistics (1000024) → NG Logistics Holdings (264)" in app.detail
        assert "external id" in app.detail
        await app.press("y")
        await app.until_idle()
        assert app.engine.store.mappings().get(NORTHGATE) == 264
        await app.press("X")
        await app.until_idle()
        assert any("No suggestion is exact" in message for message in app.messages)


async def test_n_adds_a_catalog_item_and_maps_the_product_to_it(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_mappings(app)
        await app.press("p", "n")
        await app.until(AddItemScreen)
        assert app.screen.query_one("#item-identifier", Input).value == "EPP-ADV-1"
        for name in ("category", "type"):
            app.screen.query_one(f"#item-{name}").focus()
            await app.press("right")
        app.screen.query_one("#item-subcategory").focus()
        await app.press("enter")
        await app.until(FuzzyPicker)
        assert [row[0] for row in app.rows()] == ["Infrastructure", "Productivity"]
        await app.press("down", "enter")
        await app.press("ctrl+s")
        await app.until(ConfirmScreen)
        assert "Productivity" in app.detail
        await app.press("y")
        await app.until(MappingsScreen)
        await app.until_idle()
        target = app.engine.store.mappings().get(ENDPOINT)
        item = next(item for item in await app.engine.mapping.items() if item.id == target)
        assert (item.identifier, str(item.price), item.product_class) == ("EPP-ADV-1", "3.25", "Agreement")


async def test_the_form_says_what_is_missing_and_too_long_while_typing(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_mappings(app)
        await app.press("p", "n")
        await app.until(AddItemScreen)
        form = app.top(AddItemScreen)._form
        assert form is not None
        problems = form.problems
        assert problems["category"] == problems["type"] == "Choose one."
        cases = {
            "identifier": ("x" * 61, "At most 60 characters"),
            "description": ("x" * 61, "At most 60 characters"),
            "customer_description": ("x" * 6001, "At most 6000 characters"),
            "part_number": ("x" * 51, "At most 50 characters"),
            "price": ("1,5", "plain number"),
            "cost": ("-1", "cannot be negative"),
        }
        for name, (text, said) in cases.items():
            app.screen.query_one(f"#item-{name}", Input).value = text
            await app.settle()
            assert said in str(app.screen.query_one(f"#problem-{name}").render())
        await app.press("ctrl+s")
        assert isinstance(app.screen, AddItemScreen)


async def test_the_form_survives_a_refusal_and_shows_connectwises_words(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_mappings(app)
        await app.press("p", "n")
        await app.until(AddItemScreen)
        app.screen.query_one("#item-identifier", Input).value = "EXO-P1"
        for name in ("category", "subcategory", "type"):
            app.screen.query_one(f"#item-{name}").focus()
            await app.press("right")
        await app.press("ctrl+s")
        await app.until(ConfirmScreen)
        await app.press("y")
        await app.until(AddItemScreen)
        await app.until_idle()
        assert "The identifier EXO-P1 already exists." in app.detail
        assert app.screen.query_one("#item-identifier", Input).value == "EXO-P1"
        assert app.engine.store.mappings().get(ENDPOINT) is None


async def test_mappings_go_to_a_file_and_come_back(tmp_path: Path) -> None:
    path = tmp_path / "kept.csv"
    async with demo(tmp_path) as app:
        await open_mappings(app)
        await app.press("E")
        await app.until(TextPromptScreen)
        app.screen.query_one(Input).value = str(path)
        await app.press("enter")
        await app.until(MappingsScreen)
        count = len(app.engine.store.mappings())
        assert len(read_mappings_file(path)) == count
        path.write_text("kind,marketplace_id,charge,connectwise_id\ncustomer,1000024,,264\ncustomer,1000011,,251\n")
        await app.press("i")
        await app.until(TextPromptScreen)
        app.screen.query_one(Input).value = str(path)
        await app.press("enter")
        await app.until(ConfirmScreen)
        assert app.detail == "customer 1000024 → 264"
        await app.press("y")
        await app.until_idle()
        assert len(app.engine.store.mappings()) == count + 1


async def test_a_file_that_is_wrong_changes_nothing_and_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text("kind,marketplace_id,charge,connectwise_id\ncustomer,1000024,,264\ncustomer,1000019,,none\n")
    async with demo(tmp_path) as app:
        await open_mappings(app)
        await app.press("i")
        await app.until(TextPromptScreen)
        app.screen.query_one(Input).value = str(path)
        await app.press("enter")
        await app.until(MappingsScreen)
        assert any("line 3" in message for message in app.messages)
        assert app.engine.store.mappings().get(NORTHGATE) is None


async def test_a_file_that_exists_is_replaced_only_after_asking(tmp_path: Path) -> None:
    path = tmp_path / "there.csv"
    path.write_text("mine")
    async with demo(tmp_path) as app:
        await open_mappings(app)
        await app.press("E")
        await app.until(TextPromptScreen)
        app.screen.query_one(Input).value = str(path)
        await app.press("enter")
        await app.until(ConfirmScreen)
        await app.press("escape")
        assert path.read_text() == "mine"


@pytest.mark.parametrize("size", [(80, 24), (160, 48), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_hostile_names_stay_text_and_keep_the_layout(
    tmp_path: Path, hostile_names: tuple[str, ...], size: tuple[int, int]
) -> None:
    async with demo(tmp_path, size=size) as app:
        customers = [Customer(CustomerId(f"H{place}"), name, name) for place, name in enumerate(hostile_names)]
        app.engine.store.save_customers(customers)
        await open_mappings(app)
        for _ in hostile_names:
            await app.press("down")
            strips = app.screen._compositor.render_strips()
            assert all(strip.cell_length == size[0] for strip in strips)
            assert not any("\x1b" in segment.text for strip in strips for segment in strip)
        await app.press("enter")
        await app.until(FuzzyPicker)


async def test_twenty_thousand_rows_are_filtered_between_two_letters(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        store = app.engine.store
        with store.batch():
            for number in range(20_000):
                store.save_mapping(Mapping(MappingKey(MappingKind.PRODUCT, f"P{number}"), 501))
        await open_mappings(app)
        await app.press("p", "slash")
        await app.type("P19999")
        assert [row[1] for row in app.rows("#table-product")] == ["P19999"]
