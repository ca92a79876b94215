"""An operator ends in the editor what a plan would delete: the command, the screen and ConnectWise over HTTP.

Rules: plans.md#an-end-in-place-of-a-deletion, plans.md#edits-stay-visible, synchronising.md#undo.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.reseller import CUSTOMER, Reseller, reseller_in
from tests.end_to_end.running import Cwtui, Sandbox
from tests.end_to_end.terminal_session import Terminal

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]
END = "2000002.S1"
DAY = "2026-12-10"
"""The day of the cancellation; December is not invoiced yet, so its addition would be deleted."""
DECEMBER = "2026-12-01"


@pytest.fixture
def reseller(sandbox: Sandbox) -> Reseller:
    return reseller_in(sandbox)


@pytest.fixture
def cancelled(reseller: Reseller, cwtui: Cwtui) -> Cwtui:
    """Ten seats that stand since 1 December, and an order that cancels them on the 10th."""
    cwtui.as_of = DAY
    cwtui.environment["CWTUI_OPERATOR"] = cwtui.environment["SUDO_USER"] = "ann"
    reseller.map_all(cwtui)
    reseller.subscribe(10)
    assert cwtui.auto()["synced"] == 1
    assert standing(reseller) == [("10", DECEMBER, "")]
    reseller.order("2000002", "cancellation", [], created=DAY, provisioned=DAY)
    reseller.sandbox.call("change_subscription", subscription_id="S1", status="terminated")
    cwtui.run("check")
    return cwtui


@pytest.fixture
def terminal(tmp_path: Path, cwtui: Cwtui) -> Iterator[Terminal]:
    made = Terminal(tmp_path / "tmux", cwtui.environment)
    yield made
    made.hang_up()


def standing(reseller: Reseller) -> list[tuple[str, str, str]]:
    """Quantity, first and last day of what ConnectWise holds."""
    return sorted((row[2], row[5], row[6]) for row in reseller.sandbox.billed())


def open_editor(terminal: Terminal, cwtui: Cwtui) -> str:
    terminal.start(*cwtui.arguments())
    terminal.until("[1 Tasks]", "cancellation")
    terminal.keys("/")
    terminal.type("cancellation")
    terminal.keys("Enter")
    terminal.until("1 of 2 shown", "ready · cancellation order", "− delete addition", "/ Filter")
    terminal.keys("e")
    return terminal.until("Edit additions", "− delete", f"e ends it on {DAY} instead")


def save_and_leave(terminal: Terminal) -> None:
    terminal.keys("C-s")
    terminal.until("Edit additions", gone=["Not saved yet"])
    terminal.keys("C-q")
    terminal.until("ended with 0")


def whole(cwtui: Cwtui, *arguments: str) -> str:
    return cwtui.run(*arguments).out


def test_a_deletion_ended_instead_is_written_told_undone_and_never_written_twice(
    cancelled: Cwtui, reseller: Reseller, terminal: Terminal
) -> None:
    open_editor(terminal, cancelled)
    terminal.keys("e")
    terminal.until("✎ edited", DAY, "computed: it is deleted", "45.00")
    save_and_leave(terminal)

    planned = cancelled.run("tasks", "show", END, "--json").json["plan"]["changes"][0]
    assert (planned["operation"], planned["instead_of"], planned["edited"]) == ("update", "delete", ["cancelled"])
    assert (planned["after"]["cancelled"], planned["edited_by"]["who"].partition("@")[0]) == (DAY, "ann")

    cancelled.run("tasks", "sync", END, status=0)
    assert standing(reseller) == [("10", DECEMBER, DAY)]
    said = f"it ends on {DAY} in place of being deleted, by ann"
    for shown in (("tasks", "show", END), ("why", END), ("audit", "--task", END)):
        assert said in whole(cancelled, *shown)
    for shown in (("tasks", "show", END), ("why", END)):
        assert "edited: 10 × 4.50 = 45.00 a period; addition" in whole(cancelled, *shown)
    row = audit_row(cancelled)
    assert said in row["why"]
    assert f"ends on {DAY}" in row["why"]
    document = cancelled.run("audit", "--task", END, "--json").json[-1]
    assert (document["operation"], document["why"]["instead_of"]) == ("update", "delete")
    (told,) = cancelled.run("why", END, "--json").json
    assert (told["what"], told["instead_of"], told["left_out"]) == ("update", "delete", False)

    nothing = {"post": 0, "patch": 0, "delete": 0}
    assert cancelled.auto()["writes"] == nothing
    cancelled.run("drift", status=0)
    cancelled.run("reconcile", "--customer", CUSTOMER, status=0)
    assert standing(reseller) == [("10", DECEMBER, DAY)]

    cancelled.run("tasks", "undo", END, status=0)
    assert standing(reseller) == [("10", DECEMBER, "")]
    assert cancelled.auto(status=3)["writes"] == nothing
    cancelled.run("tasks", "sync", END)
    assert standing(reseller) == []


def test_a_left_out_deletion_stays_in_sight(cancelled: Cwtui, reseller: Reseller, terminal: Terminal) -> None:
    open_editor(terminal, cancelled)
    terminal.keys("x")
    terminal.until("» left out", "1 left out")
    save_and_leave(terminal)
    cancelled.run("tasks", "sync", END)
    assert standing(reseller) == [("10", DECEMBER, "")]
    for shown in (("tasks", "show", END), ("why", END), ("audit", "--task", END)):
        assert "left out by ann" in whole(cancelled, *shown)
    assert "nothing was asked of ConnectWise" in whole(cancelled, "why", END)
    assert (audit_row(cancelled)["outcome"], cancelled.run("audit", "--task", END, "--json").json[-1]["outcome"]) == (
        "left_out",
        "left_out",
    )
    (change,) = cancelled.run("tasks", "show", END, "--json").json["plan"]["changes"]
    assert (change["operation"], change["left_out"]) == ("delete", True)


def audit_row(cwtui: Cwtui) -> dict[str, Any]:
    return list(csv.DictReader(io.StringIO(whole(cwtui, "audit", "--task", END, "--csv", "-"))))[-1]
