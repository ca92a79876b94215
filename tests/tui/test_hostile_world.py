"""A marketplace and a ConnectWise full of hostile names: every screen shows them, none obeys them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from cwtui.sandbox import seed
from cwtui.sandbox.world import World
from cwtui.tui.editing.screen import EditorScreen
from cwtui.tui.importing.form import GapsScreen
from cwtui.tui.importing.screen import CustomersImportScreen
from cwtui.tui.mapping.wizard import WizardScreen
from cwtui.tui.reconcile.all_customers import ReconcileAllScreen
from cwtui.tui.why.screen import WhyScreen
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.fuzzy_picker import FuzzyPicker
from cwtui.tui.widgets.text_prompt_screen import TextPromptScreen
from tests.tui.demo_app import Demo, demo

FREE_TEXTS = {
    "marketplace": {"customers": ["name"], "subscriptions": ["name"], "products": ["name"], "orders": ["orderNumber"]},
    "psa": {
        "companies": ["name", "city"], "contacts": ["firstName", "lastName"], "agreements": ["name"],
        "catalog": ["identifier", "description"], "categories": ["name"], "product_types": ["name"],
    },
}  # fmt: skip
SHOWN = [
    pytest.param((80, 24), 0, id="80x24"),
    pytest.param((200, 60), 13, id="200x60, other names"),
]


def poison(world: World, texts: Iterator[str]) -> None:
    """Put a hostile text in front of every free one; what the program looks for by its text stays findable."""
    for service, tables in FREE_TEXTS.items():
        for table, fields in tables.items():
            for row in getattr(world, service)[table].rows.values():
                for field in fields:
                    row[field] = f"{next(texts)} {row.get(field, '')}".strip()
                for product in row.get("products", ()):
                    if "name" in product:
                        product["name"] = next(texts)
    for additions in world.children["additions"].values():
        for row in additions.rows.values():
            row["invoiceDescription"] = next(texts)


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch, hostile_names: tuple[str, ...]) -> Callable[[int], None]:
    """Seed the demo with hostile names, from one of them on."""
    carried = [name for name in hostile_names if "\ud800" not in name]  # no JSON carries half a pair
    plant = seed.plant

    def begin_at(first: int) -> None:
        def planted(world: World, *args: Any, **kwargs: Any) -> None:
            plant(world, *args, **kwargs)
            poison(world, islice(cycle(carried), first, None))

        monkeypatch.setattr(seed, "plant", planted)

    return begin_at


def assert_sound(app: Demo, width: int) -> None:
    """Every line fills the terminal exactly, and nothing in it is obeyed, hidden or reordered by a terminal."""
    for strip in app.screen._compositor.render_strips():
        text = strip.text
        assert cell_len(text) == width, text
        assert not {unicodedata.category(letter) for letter in text} & {"Cc", "Cf", "Cs", "Zl", "Zp"}, ascii(text)


@pytest.mark.parametrize(("size", "first"), SHOWN)
async def test_a_walk_through_every_screen(
    tmp_path: Path, poisoned: Callable[[int], None], size: tuple[int, int], first: int
) -> None:
    poisoned(first)
    async with demo(tmp_path, size=size, checked=False) as app:
        await app.engine.check()
        for step in WALK:
            await step(app)
            await app.settle()
            assert_sound(app, size[0])
            await app.press("down")
            assert_sound(app, size[0])
            while app.screen.is_modal:
                await app.press("escape")


async def _tasks(app: Demo) -> None:
    await app.press("1")


async def _sync_dialog(app: Demo) -> None:
    await app.press("S")
    await app.until(ConfirmScreen)


async def _skip_dialog(app: Demo) -> None:
    await app.press("x")
    await app.until(TextPromptScreen)


async def _synced(app: Demo) -> None:
    await app.press("S")
    await app.until(ConfirmScreen)
    await app.press("y")
    await app.until_idle()


async def _why(app: Demo) -> None:
    await app.press("1", "w")
    await app.until(WhyScreen)
    await app.settle()
    assert_sound(app, app.app.size.width)
    await app.press("escape")


async def _editor(app: Demo) -> None:
    app.app.open_editor(next(task.id for task in app.engine.store.open_tasks()))
    await app.until(EditorScreen)
    assert_sound(app, app.app.size.width)
    await app.press("escape")


async def _wizard(app: Demo) -> None:
    app.app.open_wizard(next(task.id for task in app.engine.store.open_tasks()))
    await app.until(WizardScreen)
    for _ in range(4):
        assert_sound(app, app.app.size.width)
        await app.press("ctrl+g")
    while isinstance(app.screen, WizardScreen):
        await app.press("escape")


async def _mappings(app: Demo) -> None:
    await app.press("2", "tab", "tab")


async def _mapping_choices(app: Demo) -> None:
    await app.press("2", "enter")
    await app.until(FuzzyPicker)


async def _activity(app: Demo) -> None:
    await app.press("3")


async def _reconcile(app: Demo) -> None:
    await app.press("4", "c")
    await app.until(FuzzyPicker)
    assert_sound(app, app.app.size.width)
    await app.press("enter")
    await app.until_idle()
    if isinstance(app.screen, FuzzyPicker):
        await app.press("enter")
        await app.until_idle()


async def _reconcile_all(app: Demo) -> None:
    await app.press("4", "*")
    await app.until(ReconcileAllScreen)
    await app.until_idle()
    assert_sound(app, app.app.size.width)
    await app.press("escape")


async def _forecast(app: Demo) -> None:
    await app.press("5", "f")
    await app.until_idle()


async def _drift(app: Demo) -> None:
    link = next(iter(app.engine.store.links()))
    await app.engine.psa.delete_addition(link.agreement_id, link.addition_id)
    await app.press("6", "f")
    await app.until_idle()


async def _customers(app: Demo) -> None:
    await app.press("7", "f")
    await app.until_idle()
    screen = app.top(CustomersImportScreen)
    while screen.current is not None and not screen.current.account.lacks:
        await app.press("down")
    await app.press("enter")
    await app.until(GapsScreen)


async def _intermedia(app: Demo) -> None:
    await app.press("8")
    for key in "sairn":
        await app.press(key)
        for _ in range(100):
            await app.pilot.pause(0.02)
            if isinstance(app.screen, TextPromptScreen):
                await app.press("enter")
            elif isinstance(app.screen, ConfirmScreen):
                assert_sound(app, app.app.size.width)
                await app.press("y")
            elif not app.app.session.working and not any(
                worker.group == "work" and not worker.is_finished for worker in app.app.workers
            ):
                break
        assert_sound(app, app.app.size.width)


WALK = (
    _tasks, _sync_dialog, _skip_dialog, _why, _editor, _wizard, _mappings, _mapping_choices, _tasks, _synced, _why,
    _activity, _reconcile, _reconcile_all, _forecast, _drift, _customers, _intermedia, _tasks, _activity,
)  # fmt: skip
