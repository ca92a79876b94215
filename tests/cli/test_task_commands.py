from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from cwtui.cli.task_listing import KINDS, STATUSES
from cwtui.domain.tasks import TaskKind, TaskStatus
from cwtui.engine.reports import UndoReport
from cwtui.store.state import open_state


@pytest.fixture
def state(tmp_path: Path, made: Any) -> Path:
    path = tmp_path / "state.json"
    store = open_state(path)
    store.save_task(made.needing("SO-2.S2"))
    store.save_task(made.task("CO-3.S1", TaskStatus.WAITING, kind=TaskKind.CHANGE_ORDER))
    store.save_task(made.task("initial.S1", TaskStatus.SYNCED, order_created=None, customer_name=made.hostile))
    store.close()
    return path


def test_the_choices_are_the_domains() -> None:
    assert set(STATUSES) == set(TaskStatus)
    assert set(KINDS) == set(TaskKind)


def test_list_reads_the_state_file_alone(state: Path, engine: Any, cwtui: Any) -> None:
    result = cwtui("tasks", "list", "--state", str(state))
    assert (result.exit_code, engine.options) == (0, [])
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["TASK", "STATUS", "KIND", "CUSTOMER", "SUBSCRIPTION", "WHAT"]
    assert [line.split()[0] for line in lines[1:]] == ["initial.S1", "CO-3.S1", "SO-2.S2"]
    assert "Green␛[31m Lane<U+202E> LLC␊" in lines[1]
    assert lines[3].endswith("customer_unmapped: Customer Green Lane LLC (C1) is not mapped to a company.")


def test_list_json_is_the_shape_of_spec_2(state: Path, cwtui: Any) -> None:
    documents = orjson.loads(cwtui("--state", str(state), "tasks", "list", "--json").stdout)
    assert [document["id"] for document in documents] == ["initial.S1", "CO-3.S1", "SO-2.S2"]
    for document in documents:
        assert {"id", "kind", "status", "problems", "customer", "subscription", "order", "note"} <= set(document)
        assert set(document["order"]) == {"id", "number", "created"}
    assert documents[2]["problems"][0]["code"] == "customer_unmapped"
    assert documents[0]["order"]["created"] is None


def test_json_keeps_what_a_service_said_and_is_harmless_on_a_terminal(state: Path, cwtui: Any, made: Any) -> None:
    text = cwtui("--state", str(state), "tasks", "list", "--json").stdout
    assert "\\u202e" in text
    assert text.isprintable() or text.rstrip("\n").isprintable()
    assert orjson.loads(text)[0]["customer"]["name"] == made.hostile


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--status", "waiting"], ["CO-3.S1"]),
        (["--status", "waiting", "--status", "synced"], ["initial.S1", "CO-3.S1"]),
        (["--kind", "change_order"], ["CO-3.S1"]),
        (["--kind", "change_order", "--status", "synced"], []),
    ],
)
def test_list_filters(state: Path, cwtui: Any, arguments: list[str], expected: list[str]) -> None:
    result = cwtui("tasks", "list", "--json", "--state", str(state), *arguments)
    assert [document["id"] for document in orjson.loads(result.stdout)] == expected


def test_list_puts_the_smaller_order_of_one_moment_first(tmp_path: Path, cwtui: Any, made: Any) -> None:
    path = tmp_path / "state.json"
    store = open_state(path)
    for name in ("100.S1", "99.S1"):
        store.save_task(made.task(name))
    store.close()
    found = orjson.loads(cwtui("tasks", "list", "--json", "--state", str(path)).stdout)
    assert [document["id"] for document in found] == ["99.S1", "100.S1"]


def test_list_works_beside_the_process_that_holds_the_state(state: Path, cwtui: Any, made: Any) -> None:
    store = open_state(state)
    try:
        store.save_task(made.task("SO-9.S9"))
        result = cwtui("tasks", "list", "--json", "--state", str(state))
        assert len(orjson.loads(result.stdout)) == 4
    finally:
        store.close()


def test_list_without_a_state_is_an_empty_list_and_makes_no_file(tmp_path: Path, cwtui: Any) -> None:
    path = tmp_path / "none" / "state.json"
    result = cwtui("tasks", "list", "--json", "--state", str(path))
    assert (result.exit_code, result.stdout) == (0, "[]\n")
    assert f"There is no state file {path} yet: run `cwtui check`." in result.stderr
    assert not path.parent.exists()


def test_list_of_a_damaged_state_is_refused(tmp_path: Path, cwtui: Any) -> None:
    path = tmp_path / "state.json"
    path.write_text("{")
    result = cwtui("tasks", "list", "--state", str(path))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 3
    assert path.read_text() == "{"


def test_list_of_a_state_that_cannot_be_looked_at_is_refused(tmp_path: Path, cwtui: Any) -> None:
    result = cwtui("--state", str(tmp_path / ("s" * 300)), "tasks", "list")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "cannot be a state file: File name too long" in result.stderr


def test_list_of_the_demo_checks_first(engine: Any, cwtui: Any, made: Any) -> None:
    engine.add(made.task())
    result = cwtui("--demo", "tasks", "list", "--json")
    assert [document["id"] for document in orjson.loads(result.stdout)] == ["SO-1.S1"]
    assert engine.asked[0] == ("check",)


def test_show_prints_the_plan_with_its_arithmetic(engine: Any, cwtui: Any, made: Any) -> None:
    engine.add(made.task(status=TaskStatus.READY))
    engine.plan_answer = made.plan(warnings=("The marketplace counts 16.",), notes=("0.02 more than charged.",))
    engine.workbench.named_ids[engine.plan_answer.agreement_id] = "Green Lane Cloud"
    text = cwtui("tasks", "show", "SO-1.S1").stdout
    assert f"Agreement     Green Lane Cloud ({engine.plan_answer.agreement_id})" in text
    assert "Customer      Green Lane LLC (C1)" in text
    assert "Effective     2026-11-21; standing additions from 2026-12-01" in text
    assert "1. delete addition 815: P1, recurring" in text
    assert "2. create addition: P1, prorated" in text
    assert "     = 4.50 × (30 − 20) ÷ 30 = 1.50" in text
    assert "     amount         7.50 EUR" in text
    assert "     from line 1 of order CO-2" in text
    assert "     because plans.md#change-order, change order" in text
    assert "     quantity       10 → 12  (edited)" in text
    assert "     last day       none → 2026-12-31" in text
    assert "unit price     4.50 →" not in text
    assert "Warnings:\n  - The marketplace counts 16." in text
    assert "Notes:\n  - 0.02 more than charged." in text


def test_show_names_every_problem(engine: Any, cwtui: Any, made: Any) -> None:
    task = made.needing()
    engine.add(task)
    engine.plan_answer = replace(made.plan(task.id, problems=task.problems), changes=())
    text = cwtui("tasks", "show", "SO-2.S2").stdout
    assert "No changes can be planned yet." in text
    assert "Problems:\n  - customer_unmapped: Customer Green Lane LLC (C1) is not mapped to a company." in text


def test_show_json_writes_amounts_exactly(engine: Any, cwtui: Any, made: Any) -> None:
    engine.add(made.task())
    text = cwtui("tasks", "show", "SO-1.S1", "--json").stdout
    document = orjson.loads(text)
    assert document["id"] == "SO-1.S1"
    assert document["plan"]["effective"] == "2026-11-21"
    delete, create, update = document["plan"]["changes"]
    assert (delete["operation"], delete["addition"], delete["after"]) == ("delete", 815, None)
    assert create["arithmetic"] == ["4.50 × (30 − 20) ÷ 30 = 1.50"]
    assert create["after"]["cancelled"] == "2026-12-31"
    assert (update["before"]["quantity"], update["after"]["quantity"], update["edited"]) == (10, 12, ["quantity"])
    assert '"unit_price":1.50' in text


@pytest.mark.usefixtures("engine")
def test_a_task_nobody_knows_is_2(cwtui: Any) -> None:
    result = cwtui("tasks", "show", "SO-404.S1")
    assert result.exit_code == 2
    assert "There is no task SO-404.S1." in result.stderr


@pytest.mark.parametrize(
    ("status", "expected"),
    [(TaskStatus.SYNCED, 0), (TaskStatus.FAILED, 1), (TaskStatus.NEEDS_ACTION, 3), (TaskStatus.WAITING, 3)],
)
def test_sync_ends_as_its_tasks_do(engine: Any, cwtui: Any, made: Any, status: TaskStatus, expected: int) -> None:
    engine.add(made.task("SO-1.S1", status), made.task("SO-1.S2", status))
    result = cwtui("tasks", "sync", "SO-1.S1", "SO-1.S2", "SO-1.S1", "--json")
    assert result.exit_code == expected
    assert engine.asked == [("sync", "SO-1.S1", "SO-1.S2", False)]
    assert [task["id"] for task in orjson.loads(result.stdout)["tasks"]] == ["SO-1.S1", "SO-1.S2"]


def test_sync_of_a_skipped_task_says_how_to_take_it_up_again(engine: Any, cwtui: Any, made: Any) -> None:
    engine.add(made.task("SO-1.S1", TaskStatus.SKIPPED), made.task("SO-2.S1", TaskStatus.WAITING))
    assert (
        "SO-1.S1 is skipped. Take it up again: cwtui tasks reopen SO-1.S1.\n"
        in cwtui("tasks", "sync", "SO-1.S1").stderr
    )
    assert cwtui("tasks", "sync", "SO-2.S1", "--dry-run").exit_code == 0


def test_skip_and_reopen_say_how_the_tasks_then_stand(engine: Any, cwtui: Any, made: Any) -> None:
    engine.add(made.task())
    assert cwtui("tasks", "skip", "SO-1.S1", "--reason", "by hand").stdout == "SO-1.S1  skipped\n"
    assert cwtui("tasks", "reopen", "SO-1.S1").stdout == "SO-1.S1  ready\n"
    assert engine.asked == [("skip", "SO-1.S1", "by hand"), ("reopen", "SO-1.S1")]


@pytest.mark.parametrize(("complete", "expected"), [(True, 0), (False, 1)])
def test_undo_says_what_it_did_or_what_differs(engine: Any, cwtui: Any, complete: bool, expected: int) -> None:
    engine.undo_answer = UndoReport(("Addition 815 has quantity 11, not 10.",), complete)
    result = cwtui("tasks", "undo", "SO-1.S1")
    assert (result.exit_code, result.stdout) == (expected, "Addition 815 has quantity 11, not 10.\n")


@pytest.mark.parametrize(
    ("more", "expected"),
    [({}, 0), ({"needing": True}, 3), ({"failures": ("Order 7 could not be read.",)}, 1)],
    ids=["nothing waits", "a person is needed", "something was unreadable"],
)
def test_check(engine: Any, cwtui: Any, made: Any, more: dict[str, Any], expected: int) -> None:
    engine.add(made.needing() if more.get("needing") else made.task("SO-2.S2"))
    engine.check_failures = more.get("failures", ())
    result = cwtui("check")
    assert result.exit_code == expected
    assert result.stdout.startswith("1 new task")
    assert "SO-2.S2" in result.stdout
    assert result.stderr == "".join(f"{line}\n" for line in engine.check_failures)
    assert orjson.loads(cwtui("check", "--json").stdout)["created"] == ["SO-2.S2"]
