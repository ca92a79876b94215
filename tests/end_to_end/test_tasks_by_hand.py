"""What an operator does to single tasks: skip, reopen, undo, confirm, and what was edited in ConnectWise."""

from __future__ import annotations

import pytest

from tests.end_to_end.reseller import MAIL, Reseller, reseller_in
from tests.end_to_end.running import Cwtui, Sandbox


@pytest.fixture
def reseller(sandbox: Sandbox) -> Reseller:
    return reseller_in(sandbox)


@pytest.fixture
def sold(reseller: Reseller, cwtui: Cwtui) -> Cwtui:
    """examples.md#example-1: ten seats and a setup fee, sold and synchronised."""
    reseller.map_all(cwtui)
    cwtui.auto(as_of="2026-11-10")
    reseller.subscribe(10, created="2026-11-11")
    lines = [["recurring", MAIL, 10, "4.50"], ["setup", MAIL, 1, "25.00"]]
    reseller.order("2000001", "sales", lines, created="2026-11-11")
    assert cwtui.auto(as_of="2026-11-12")["synced"] == 1
    return cwtui


def change(reseller: Reseller, number: int, quantity: int, held: int, day: str) -> str:
    reseller.hold(held)
    reseller.order(f"200000{number}", "change", [["recurring", MAIL, quantity, "4.50"]], created=day)
    return f"200000{number}.S1"


def test_a_dry_run_plans_everything_and_writes_nothing(reseller: Reseller, cwtui: Cwtui) -> None:
    reseller.subscribe(10)
    reseller.map_all(cwtui)
    report = cwtui.auto("--dry-run")
    assert (report["dry_run"], report["synced"]) == (True, 0)
    assert report["writes"] == {"post": 0, "patch": 0, "delete": 0}
    assert [task["status"] for task in report["tasks"]] == ["ready"]
    assert reseller.sandbox.billed() == []
    sent = reseller.sandbox.requests()["counts"]
    assert not [key for key in sent if key.startswith("psa ") and not key.startswith("psa GET")]
    assert cwtui.run("audit", "--json", status=0).json == []


def test_a_skipped_task_lets_the_next_one_go_on_and_may_be_reopened(sold: Cwtui, reseller: Reseller) -> None:
    first = change(reseller, 2, 5, 15, "2026-11-21")
    second = change(reseller, 3, 1, 16, "2026-11-22")
    sold.run("check", status=0)
    assert [sold.tasks()[name]["status"] for name in (first, second)] == ["ready", "waiting"]
    sold.run("tasks", "skip", first, "--reason", "billed by hand", status=0)
    assert [sold.tasks()[name]["status"] for name in (first, second)] == ["skipped", "ready"]
    sold.run("tasks", "reopen", first, status=0)
    assert [sold.tasks()[name]["status"] for name in (first, second)] == ["ready", "waiting"]
    sold.run("tasks", "skip", first, status=0)
    synced = sold.run("tasks", "sync", second, "--json", status=3).json  # the skipped five are warned of
    assert [task["status"] for task in synced["tasks"]] == ["synced"]
    assert [len(task["warnings"]) for task in synced["tasks"]] == [1]
    assert [row[2] for row in reseller.sandbox.billed() if not row[6]] == ["16"]


def test_undo_takes_back_creations_changes_and_deletions(sold: Cwtui, reseller: Reseller) -> None:
    before = sorted(reseller.sandbox.billed())
    name = change(reseller, 2, 5, 15, "2026-11-21")
    assert sold.auto()["writes"] == {"post": 2, "patch": 0, "delete": 1}
    after = sorted(reseller.sandbox.billed())
    assert after != before
    said = sold.run("tasks", "undo", name, status=0).out
    assert "is deleted" in said
    assert "created again" in said
    assert sorted(reseller.sandbox.billed()) == before
    task = sold.tasks()[name]
    assert (task["status"], [problem["code"] for problem in task["problems"]]) == ("needs_action", ["taken_back"])
    assert sold.auto(status=3)["writes"] == {"post": 0, "patch": 0, "delete": 0}
    sold.run("tasks", "sync", name, status=0)
    assert sorted(reseller.sandbox.billed()) == after

    rows = sold.run("audit", "--task", name, "--json", status=0).json
    assert len(rows) == 9


def test_undo_gives_a_changed_addition_its_former_values(sold: Cwtui, reseller: Reseller) -> None:
    reseller.invoice("2027-01-01")
    before = sorted(reseller.sandbox.billed())
    name = change(reseller, 2, -3, 7, "2026-12-05")
    assert sold.auto(as_of="2026-12-06")["writes"] == {"post": 1, "patch": 1, "delete": 0}
    sold.run("tasks", "undo", name, status=0, as_of="2026-12-06")
    assert sorted(reseller.sandbox.billed()) == before


def test_undo_of_what_is_billed_ends_it_and_says_so(sold: Cwtui, reseller: Reseller) -> None:
    reseller.invoice("2027-01-01")
    said = sold.run("tasks", "undo", "2000001.S1", status=0, as_of="2026-12-20").out
    assert "is invoiced through 2026-12-31: it ends on that day" in said
    assert "is invoiced already and stays" in said
    standing = next(row for row in reseller.sandbox.billed() if row[2] == "10" and row[3] == "4.5")
    assert standing[5:7] == ("2026-12-01", "2026-12-31")
    assert len(reseller.sandbox.billed()) == 3


def test_undo_stops_where_connectwise_holds_something_else(sold: Cwtui, reseller: Reseller) -> None:
    row = next(row for row in reseller.sandbox.rows() if "cancelledDate" not in row)
    reseller.sandbox.patch_addition(row, quantity=11)
    before = reseller.sandbox.billed()
    refused = sold.run("tasks", "undo", "2000001.S1", status=1)
    assert "quantity 10 → 11" in refused.out + refused.err
    assert reseller.sandbox.billed() == before
    assert sold.tasks()["2000001.S1"]["status"] == "synced"


@pytest.mark.parametrize("how", ["edited", "removed"])
def test_an_addition_changed_in_connectwise_stops_its_task(how: str, sold: Cwtui, reseller: Reseller) -> None:
    row = next(row for row in reseller.sandbox.rows() if "cancelledDate" not in row)
    if how == "edited":
        reseller.sandbox.patch_addition(row, unitPrice=9)
    else:
        reseller.sandbox.delete_addition(row)
    before = reseller.sandbox.billed()
    name = change(reseller, 2, 5, 15, "2026-11-21")
    for _ in range(2):
        report = sold.auto(status=3)
        task = next(task for task in report["tasks"] if task["id"] == name)
        assert [problem["code"] for problem in task["problems"]] == ["link_changed"]
        assert report["writes"] == {"post": 0, "patch": 0, "delete": 0}
    assert reseller.sandbox.billed() == before


def test_a_big_change_waits_until_a_person_names_it(sold: Cwtui, reseller: Reseller) -> None:
    name = change(reseller, 2, 90, 100, "2026-11-21")
    guarded = {"CWTUI_GUARD__MAX_QUANTITY_CHANGE": "50"}
    report = sold.auto(status=3, **guarded)
    task = next(task for task in report["tasks"] if task["id"] == name)
    assert [problem["code"] for problem in task["problems"]] == ["guard"]
    assert sold.run("tasks", "sync", name, "--json", status=0, **guarded).json["synced"] == 1
    assert [row[2] for row in reseller.sandbox.billed() if not row[6]] == ["100"]
