"""`cwtui reconcile` and `cwtui adopt` on the sandbox (reconciling.md#reconcile)."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from cwtui.sandbox.world import World
from tests.engine.upkeep_world import AGREEMENT, CUSTOMER, EXCHANGE_ITEM, TODAY, small_world

Run = Callable[..., Result]


@pytest.fixture
def demo(tmp_path: Path, cwtui: Run) -> Callable[..., Result]:
    """The command line on a demo whose world this test makes."""
    state = tmp_path / "state.json"

    def run(*args: str, world: World | None = None) -> Result:
        if world is not None:
            Path(f"{state}.sandbox").write_bytes(world.to_json())
        return cwtui("--demo", "--state", str(state), "--as-of", TODAY.isoformat(), *args)

    return run


def test_json_has_the_shape_of_the_spec(demo: Run) -> None:
    world = small_world()
    world.add_addition(AGREEMENT, EXCHANGE_ITEM, 8, "4.50", cost="3.60", effective="2026-12-01")
    result = demo("reconcile", "--customer", CUSTOMER, "--json", world=world)
    assert result.exit_code == 3
    document = json.loads(result.stdout)
    assert document["customer"] == CUSTOMER
    assert document["agreement"] == AGREEMENT
    assert document["period"] == {"start": "2026-12-01", "end": "2026-12-31", "billed": False}
    (row,) = document["rows"]
    assert row["status"] == "quantity_differs"
    assert row["product"] == "P1"
    assert row["catalog_item"] == {"id": EXCHANGE_ITEM, "identifier": "EXO-P1"}
    assert row["expected"] == {"quantity": 10, "price": 4.5, "cost": 3.6}
    assert row["actual"] == {"quantity": 8, "price": 4.5, "cost": 3.6}


def test_of_several_agreements_the_period_they_share_stands_at_the_top(demo: Run) -> None:
    world = small_world()
    company = world.find("companies", "identifier", "GreenLane")
    assert company
    other = world.add_agreement(company["id"], bill_start="2026-01-01", next_invoice="2026-12-01", currency="EUR")["id"]
    world.add_subscription(CUSTOMER, [("P2", 1)], id="S2")
    world.mappings = [row for row in world.mappings if row[1] != "S2"] + [("agreement", "S2", "", str(other))]
    document = json.loads(demo("reconcile", "--customer", CUSTOMER, "--json", world=world).stdout)
    assert (document["agreement"], document["period"]["start"]) == (None, "2026-12-01")
    assert [row["agreement"] for row in document["rows"]] == [AGREEMENT, other]


def test_the_side_that_is_missing_is_a_quantity_of_nothing(demo: Run) -> None:
    (row,) = json.loads(demo("reconcile", "--customer", CUSTOMER, "--json", world=small_world()).stdout)["rows"]
    assert (row["status"], row["actual"]) == ("missing", {"quantity": 0, "price": None, "cost": None})


def test_apply_repairs_and_then_there_is_nothing_to_do(demo: Run) -> None:
    result = demo("reconcile", "--customer", CUSTOMER, "--apply", world=small_world())
    assert result.exit_code == 0, result.output
    assert "1 addition created, 0 changed, 0 deleted" in result.stdout
    again = demo("reconcile", "--customer", CUSTOMER)
    assert again.exit_code == 0
    assert "Nothing to do" in again.stdout
    assert json.loads(demo("audit", "--json").stdout)[0]["task_id"].startswith("reconcile-")


def test_csv_holds_no_formula(demo: Run, tmp_path: Path) -> None:
    world = small_world()
    world.marketplace["customers"].rows[CUSTOMER]["name"] = '=HYPERLINK("evil")'
    file = tmp_path / "out.csv"
    assert demo("reconcile", "--all", "--csv", str(file), world=world).exit_code == 3
    (row,) = list(csv.DictReader(file.read_text().splitlines()))
    assert row["status"] == "missing"
    assert not any(cell.startswith("=") for cell in row.values())
    assert row["expected_price"] == "4.5"


def test_adopt_links_what_stands_there(demo: Run) -> None:
    world = small_world()
    made = world.add_addition(AGREEMENT, EXCHANGE_ITEM, 10, "4.50", cost="3.60", effective="2026-02-01")
    shown = demo("reconcile", "--customer", CUSTOMER, world=world)
    assert f"cwtui adopt {made['id']} --subscription S1 --product P1" in shown.stdout
    result = demo("adopt", str(made["id"]), "--subscription", "S1", "--product", "P1")
    assert result.exit_code == 0
    report = json.loads(demo("--auto", "--json").stdout)
    assert report["writes"] == {"post": 0, "patch": 0, "delete": 0}


@pytest.mark.parametrize(
    "args",
    [
        pytest.param([], id="neither a customer nor all"),
        pytest.param(["--all", "--customer", CUSTOMER], id="both"),
        pytest.param(["--all", "--apply"], id="repairing everybody"),
        pytest.param(["--customer", "4711"], id="a customer nobody knows"),
        pytest.param(["--customer", CUSTOMER, "--period", "tomorrow"], id="no day"),
    ],
)
def test_wrong_usage(demo: Run, args: list[str]) -> None:
    assert demo("reconcile", *args, world=small_world()).exit_code == 2
