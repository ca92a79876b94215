"""`cwtui drift`, `why`, `forecast` and undoing a run, on the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from cwtui.sandbox.world import World
from tests.engine.upkeep_world import AGREEMENT, CUSTOMER, EXCHANGE_ITEM, TODAY, small_world

Run = Callable[..., Result]


@pytest.fixture
def synced(tmp_path: Path, cwtui: Run) -> Callable[..., Result]:
    """The command line on a small demo that was synchronised once; `tamper` changes its world before a command."""
    state = tmp_path / "state.json"
    sandbox = Path(f"{state}.sandbox")
    sandbox.write_bytes(small_world().to_json())

    def run(*args: str, tamper: Callable[[World], object] | None = None) -> Result:
        if tamper is not None:
            world = World.from_json(sandbox.read_bytes())
            tamper(world)
            sandbox.write_bytes(world.to_json())
        return cwtui("--demo", "--state", str(state), "--as-of", TODAY.isoformat(), *args)

    assert run("--auto").exit_code == 0
    return run


def halve(world: World) -> None:
    world.additions(AGREEMENT)[0]["quantity"] = 5


def addition_id(run: Run) -> str:
    return str(json.loads(run("audit", "--json").stdout)[0]["addition_id"])


def test_drift_is_listed_and_restored(synced: Run) -> None:
    assert synced("drift").exit_code == 0
    found = synced("drift", "--json", tamper=halve)
    assert found.exit_code == 3
    (drifted,) = json.loads(found.stdout)
    assert (drifted["what"], drifted["differences"]) == ("edited", [{"field": "quantity", "ours": 10, "theirs": 5}])
    for more in ((), ("--drift",)):
        shown = synced("check", *more)
        assert shown.exit_code == 3
        assert "quantity 10 → 5" in shown.stdout
    assert json.loads(synced("check", "--json").stdout)["drift"] == json.loads(found.stdout)
    unlooked = synced("check", "--no-drift", "--json")
    assert (unlooked.exit_code, json.loads(unlooked.stdout)["drift"]) == (0, None)
    assert synced("drift", "restore", addition_id(synced)).exit_code == 0
    assert synced("drift").exit_code == 0


@pytest.mark.parametrize(
    ("answer", "said"), [("keep", "is not reported again"), ("adopt", "counts from now on")], ids=["keep", "adopt"]
)
def test_drift_is_settled(synced: Run, answer: str, said: str) -> None:
    result = synced("drift", answer, addition_id(synced), tamper=halve)
    assert result.exit_code == 0, result.output
    assert said in result.stdout
    assert synced("drift").exit_code == 0


def test_what_did_not_drift_cannot_be_settled(synced: Run) -> None:
    assert {synced("drift", answer, addition_id(synced)).exit_code for answer in ("keep", "adopt", "restore")} == {2}


def test_a_check_of_many_agreements_says_that_it_did_not_look(synced: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cwtui.cli.check.LOOKED_AT_UNASKED", 0)
    result = synced("check", tamper=halve)
    assert result.exit_code == 0
    assert "Not looked for drift" in result.stderr
    assert synced("check", "--drift").exit_code == 3


def test_why_tells_everything(synced: Run) -> None:
    (one,) = json.loads(synced("why", addition_id(synced), "--json").stdout)
    assert (one["what"], one["task_id"], one["answer"], one["planned"]) == ("create", "initial.S1", "confirmed", False)
    assert one["after"]["quantity"] == 10
    text = synced("why", "initial.S1").stdout
    for word in ("Order", "Rule", "Arithmetic", "Request", "Answer", "Who", "When"):
        assert f"  {word}" in text
    assert synced("why", "4711").exit_code == 2


def test_forecast_counts_and_alarms(synced: Run) -> None:
    result = synced("forecast", "--customer", CUSTOMER, "--json")
    assert result.exit_code == 0
    (agreement,) = json.loads(result.stdout)["agreements"]
    assert (agreement["before"], agreement["after"], agreement["alarms"]) == (45, 45, [])
    twin = synced("forecast", tamper=lambda world: world.add_addition(AGREEMENT, EXCHANGE_ITEM, 10, "4.50"))
    assert twin.exit_code == 3
    assert "made by hand" in twin.stdout


def test_a_run_is_listed_and_taken_back(synced: Run) -> None:
    (run,) = json.loads(synced("audit", "--runs", "--json").stdout)
    assert (run["tasks"], run["writes"]) == (["initial.S1"], {"post": 1, "patch": 0, "delete": 0})
    assert run["run_id"] in synced("audit", "--runs").stdout
    result = synced("tasks", "undo", "--run", run["run_id"])
    assert result.exit_code == 0, result.output
    assert "is deleted" in result.stdout
    (task,) = json.loads(synced("tasks", "list", "--json").stdout)
    assert (task["status"], [problem["code"] for problem in task["problems"]]) == ("needs_action", ["taken_back"])
    assert synced("tasks", "undo").exit_code == 2
    assert synced("tasks", "undo", "--run", "yesterday").exit_code == 2


def test_a_task_is_taken_back_with_compensation(synced: Run) -> None:
    result = synced(
        "tasks",
        "undo",
        "initial.S1",
        "--compensate",
        tamper=lambda world: world.advance_invoice(AGREEMENT, "2027-01-01"),
    )
    assert result.exit_code == 0, result.output
    assert "10 × -4.50" in result.stdout
