"""Customers import, driven like a user over the demo's sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input

from cwtui.domain.errors import Refused
from cwtui.domain.ids import CompanyId
from cwtui.engine.importing.customers import CustomerImport, ImportCandidate
from cwtui.tui.importing.form import GapsScreen
from cwtui.tui.importing.screen import CustomersImportScreen
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from tests.tui.demo_app import Demo, burst, demo

DELTA, REDWOOD = CompanyId(267), CompanyId(272)


async def open_import(app: Demo) -> None:
    await app.press("7")
    await app.until(CustomersImportScreen)
    await app.press("f")
    await app.until_idle()


async def go_to(app: Demo, company: CompanyId) -> None:
    screen = app.top(CustomersImportScreen)
    place = screen.rows.index_of(str(company))
    assert place is not None
    screen.table.cursor = place
    await app.settle()


def mapped(app: Demo) -> set[int]:
    return {row.connectwise_id for row in app.engine.store.mappings() if row.key.kind == "customer"}


async def test_every_company_says_what_it_lacks(tmp_path: Path) -> None:
    async with demo(tmp_path, size=(80, 24)) as app:
        await open_import(app)
        rows = {row[1]: row for row in app.rows()}
        assert rows["Delta Plumbing"][:3] == ["! lacks", "Delta Plumbing", "country code"]
        assert rows["Elm & Ash Interiors"][2] == "postal code, last name, phone"
        assert rows["Redwood Clinic"][0] == "✓ complete"


async def test_enter_asks_for_the_gaps_until_they_are_right_then_imports_and_maps(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_import(app)
        await go_to(app, DELTA)
        await app.press("enter")
        await app.until(GapsScreen)
        await app.type("usa")
        await app.press("ctrl+s")
        assert app.hint == "✗ Still missing or not right: country code (two letters: US, GB, DE …)"
        await app.press("backspace", "enter")
        await app.until_idle()
        assert DELTA in mapped(app)
        assert "Delta Plumbing" not in {row[1] for row in app.rows()}


async def test_i_imports_the_selected_complete_ones_after_naming_them(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_import(app)
        for company in (DELTA, REDWOOD):
            await go_to(app, company)
            await app.press("space")
        await app.press("i")
        await app.until(ConfirmScreen)
        assert "Redwood Clinic" in app.detail
        assert "Delta" not in app.detail
        assert "1 of those chosen are not complete and stay." in app.detail
        await app.press("y")
        await app.until_idle()
        assert {DELTA, REDWOOD} & mapped(app) == {REDWOOD}


async def test_a_company_that_is_refused_keeps_its_row_and_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with demo(tmp_path) as app:
        await open_import(app)

        async def refuse(_: object, __: Mapping[str, object]) -> None:
            raise Refused("The marketplace said [/no].", next_step="Look there.", service="marketplace", status=400)

        monkeypatch.setattr(type(app.engine.marketplace), "create_customer", refuse)
        await go_to(app, REDWOOD)
        await app.press("i")
        await app.until(ConfirmScreen)
        await app.press("y")
        await app.until_idle()
        row = next(row for row in app.rows() if row[1] == "Redwood Clinic")
        assert row[0] == "✗ refused"
        assert "The marketplace said [/no]." in row[2]
        assert "The marketplace said [/no]." in app.detail


async def test_esc_in_the_form_imports_nothing(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_import(app)
        await go_to(app, DELTA)
        await app.press("enter")
        await app.until(GapsScreen)
        await app.press("escape")
        assert DELTA not in mapped(app)


async def test_what_was_stopped_before_does_not_stop_an_import(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_import(app)
        app.engine.stop()
        await go_to(app, REDWOOD)
        await app.press("i")
        await app.until(ConfirmScreen)
        await app.press("y")
        await app.until_idle()
        assert REDWOOD in mapped(app)


async def test_hostile_names_are_shown_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hostile_names: tuple[str, ...]
) -> None:
    async with demo(tmp_path, size=(80, 24)) as app:
        one = (await app.engine.customers.candidates([DELTA]))[0]
        found = tuple(
            ImportCandidate(replace(one.company, id=CompanyId(number), name=name), replace(one.account, name=name))
            for number, name in enumerate(hostile_names, 1)
        )

        async def candidates(_: CustomerImport) -> tuple[ImportCandidate, ...]:
            return found

        monkeypatch.setattr(CustomerImport, "candidates", candidates)
        await open_import(app)
        assert len(app.rows()) == len(hostile_names)
        await app.press("enter")
        await app.until(GapsScreen)


async def test_what_is_typed_at_once_goes_gap_by_gap(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        candidate = max(await app.engine.customers.candidates(), key=lambda each: len(each.account.lacks))
        account = replace(candidate.account, city="", street="")
        await app.app.push_screen(GapsScreen(replace(candidate, account=account)))
        await app.until(GapsScreen)
        fields = list(app.screen.query(Input))
        burst(app, "a", "down", "b", "up", "c")
        await app.settle()
        assert [field.value for field in fields[:2]] == ["c", "b"]  # a field that is come back to is typed anew


async def test_e_fills_gaps_and_shift_i_imports_every_complete_one(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_import(app)
        await go_to(app, DELTA)
        await app.press("e")
        await app.until(GapsScreen)
        await app.press("escape")
        complete = sum(row[0] == "✓ complete" for row in app.rows())
        await app.press("I")
        await app.until(ConfirmScreen)
        assert f"Import {complete} into the marketplace" in app.hint
        await app.press("y")
        await app.until_idle()
        assert {row[0] for row in app.rows()} == {"! lacks"}
