"""Reconcile, driven like a user over the demo's sandbox."""

from __future__ import annotations

import csv
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from textual.widgets import Static

from cwtui.domain.errors import Transient
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode
from cwtui.tui.reconcile.all_customers import ReconcileAllScreen
from cwtui.tui.reconcile.screen import ReconcileScreen
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.fuzzy_picker import FuzzyPicker
from cwtui.tui.widgets.plain_input import PlainInput
from cwtui.tui.widgets.text_prompt_screen import TextPromptScreen
from tests.tui.demo_app import Demo, demo


def title(app: Demo) -> str:
    return str(app.screen.query_one(".screen--title", Static).render())


async def open_customer(app: Demo, name: str) -> None:
    await app.press("4")
    await app.until(ReconcileScreen)
    await app.until_idle()
    await app.press("c")
    await app.until(FuzzyPicker)
    await app.type(name)
    await app.press("enter")
    await app.until_idle()


async def test_a_customer_is_chosen_and_both_sides_stand_beside_each_other(tmp_path: Path) -> None:
    async with demo(tmp_path, size=(80, 24)) as app:
        await open_customer(app, "kestrel")
        assert [row[:4] for row in app.rows()] == [
            ["! missing", "Microsoft 365 Business Premium", "40 × 20.60", "none"]
        ]
        assert "Kestrel Aerospace" in title(app)
        assert "no addition bills it" in app.detail


async def test_brackets_go_to_other_periods_and_a_billed_one_is_warned_about(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_customer(app, "green lane")
        first = title(app)
        assert "BILLED ALREADY" not in first
        await app.press("[")
        await app.until_idle()
        assert "BILLED ALREADY" in title(app)
        assert "billed already" in app.detail
        await app.press("]")
        await app.until_idle()
        assert title(app) == first


async def test_repairs_are_shown_written_and_then_there_is_nothing_to_do(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        tasks = [task for task in await app.engine.tasks() if task.customer_id == "1000020" and task.status.is_open]
        await app.engine.skip([task.id for task in tasks])
        await open_customer(app, "kestrel")
        await app.press("p")
        await app.until(ConfirmScreen)
        assert "+ create addition" in app.detail
        await app.press("y")
        await app.until_idle()
        assert [row[0] for row in app.rows()] == ["✓ match"]
        assert "Nothing to do: everything matches." in app.detail
        await app.press("p")
        await app.until_idle()
        assert app.messages[-1] == "Nothing to do."


async def test_what_stands_in_the_way_of_a_repair_is_said(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_customer(app, "kestrel")
        await app.press("p")
        await app.until_idle()
        assert "has open tasks that come first" in app.detail


async def test_an_addition_made_by_hand_is_adopted_after_asking(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        tasks = [task for task in await app.engine.tasks() if task.customer_id == "1000020" and task.status.is_open]
        await app.engine.sync([task.id for task in tasks])
        made = [link for link in app.engine.store.links() if link.agreement_id == 106]
        for link in made:
            app.engine.store.drop_link(link.addition_id)
        await open_customer(app, "kestrel")
        assert "A adopts it" in app.detail
        await app.press("A")
        await app.until(ConfirmScreen)
        assert "Nothing is written to ConnectWise" in app.detail
        await app.press("y")
        await app.until_idle()
        adopted = app.engine.store.link(made[0].addition_id)
        assert adopted is not None
        assert adopted.adopted
        await app.press("A")
        assert app.messages[-1] == "No addition is proposed for this row."


async def test_it_begins_with_the_customer_of_a_task_that_is_reconciled_here(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        task = next(task for task in await app.engine.tasks() if task.customer_id == "1000020")
        problem = Problem(ProblemCode.LINK_MISSING, {"name": "X"}, case=ProblemCase.NO_ADDITION)
        app.engine.store.save_task(replace(task, problems=(problem,)))
        app.app.session.task_in_sight = task.id
        await app.press("4")
        await app.until_idle()
        assert "Kestrel Aerospace" in title(app)


async def test_everything_is_summed_up_by_money_and_one_line_opens(tmp_path: Path) -> None:
    async with demo(tmp_path, size=(80, 24)) as app:
        await app.press("4")
        await app.until(ReconcileScreen)
        await app.press("*")
        await app.until(ReconcileAllScreen)
        await app.until_idle()
        amounts = [Decimal(row[1].split()[0].replace(",", "")) for row in app.rows()]
        assert amounts == sorted(amounts, reverse=True)
        assert "bills no periods" in app.detail
        customer = app.rows()[0][2]
        await app.press("enter")
        await app.until_idle()
        assert isinstance(app.screen, ReconcileScreen)
        assert customer in title(app)


async def test_the_rows_are_written_to_a_csv_file(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_customer(app, "green lane")
        target = tmp_path / "out.csv"
        await app.press("E")
        await app.until(TextPromptScreen)
        app.screen.query_one(PlainInput).value = str(target)
        await app.press("enter")
        await app.settle()
        with target.open(encoding="utf-8", newline="") as file:
            assert [row["status"] for row in csv.DictReader(file)] == ["missing", "missing"]


async def test_a_failure_says_all_of_it_in_the_pane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with demo(tmp_path) as app:

        async def fail(*_: object) -> None:
            raise Transient(
                "ConnectWise does not answer [/].",
                changed="Nothing was changed.",
                next_step="Try again.",
                service="ConnectWise",
            )

        monkeypatch.setattr(type(app.engine.reconciler), "compare", fail)
        await open_customer(app, "green lane")
        assert "ConnectWise does not answer [/]. Nothing was changed. Try again." in app.detail
        assert app.rows() == []


async def test_a_chooses_an_agreement_and_r_reads_again(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await open_customer(app, "green lane")
        await app.press("a")
        await app.until(FuzzyPicker)
        assert [row[0] for row in app.rows()] == ["All of them", "Green Lane Cloud Services"]
        await app.press("down", "enter")
        await app.until_idle()
        assert "Green Lane Cloud Services" in title(app)
        rows = app.rows()
        await app.press("r")
        await app.until_idle()
        assert app.rows() == rows


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_everything_is_exported_and_left(tmp_path: Path, key: str) -> None:
    async with demo(tmp_path) as app:
        await app.press("4")
        await app.until(ReconcileScreen)
        await app.press("*")
        await app.until(ReconcileAllScreen)
        await app.until_idle()
        await app.press("E")
        await app.until(TextPromptScreen)
        await app.press("escape", key)
        assert isinstance(app.screen, ReconcileScreen)


@pytest.mark.parametrize("key", ["a", "p", "E"])
async def test_without_a_customer_it_is_said_that_one_is_chosen_first(tmp_path: Path, key: str) -> None:
    async with demo(tmp_path) as app:
        await app.press("4")
        await app.until(ReconcileScreen)
        await app.press(key)
        assert any("Choose a customer first: c." in message for message in app.messages)
