"""Rules: commands.md#global-options, commands.md#json-answers, commands.md#exit-statuses."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from cwtui.domain.errors import (
    AccessDenied,
    ConfigError,
    GuardError,
    InputError,
    StateError,
    StateLocked,
    Stopped,
    Transient,
)
from cwtui.domain.tasks import TaskStatus
from cwtui.options import Options

UNREACHABLE = Transient(
    "The PSA did not answer in 30 s.", service="PSA", changed="Nothing was changed.", next_step="Try again later."
)

STOPPED = "The run was stopped before ConnectWise answered GET /company/companies."


def test_a_run_where_nothing_waits_is_0(engine: Any, cwtui: Any, made: Any) -> None:
    engine.add(made.task(status=TaskStatus.SYNCED))
    result = cwtui("--auto")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert "As of 2026-11-23" in result.stdout
    assert "1 synced (3 additions created, 1 changed, 0 deleted)" in result.stdout
    assert engine.asked == [("auto", False)]
    assert engine.closed == 1


def test_a_task_that_needs_action_is_3_and_named_with_its_reason(engine: Any, cwtui: Any, made: Any) -> None:
    engine.add(made.needing(), made.task(status=TaskStatus.SYNCED))
    result = cwtui("--auto")
    assert result.exit_code == 3
    assert "SO-2.S2  Green Lane LLC, Exchange Online (sales_order)" in result.stdout
    assert "customer_unmapped: Customer Green Lane LLC (C1) is not mapped to a company." in result.stdout


def test_a_failed_task_is_1_even_if_others_need_action(engine: Any, cwtui: Any, made: Any) -> None:
    engine.add(made.needing(), made.task(status=TaskStatus.FAILED, note="ConnectWise said no (400)."))
    result = cwtui("--auto")
    assert result.exit_code == 1
    assert "ConnectWise said no (400)." in result.stdout


def test_an_error_outside_the_tasks_is_1_and_on_stderr(engine: Any, cwtui: Any) -> None:
    engine.report_more = {"errors": ("Order 7 could not be read.",)}
    result = cwtui("--auto", "--json")
    assert (result.exit_code, result.stderr) == (1, "Order 7 could not be read.\n")
    assert orjson.loads(result.stdout)["errors"] == ["Order 7 could not be read."]


def test_json_is_one_document_in_the_shape_of_spec_2(engine: Any, cwtui: Any, made: Any) -> None:
    engine.add(made.needing())
    result = cwtui("--auto", "--json")
    document = orjson.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert list(document)[:9] == [
        "as_of", "dry_run", "created", "synced", "failed", "needs_action", "waiting", "writes", "tasks"
    ]  # fmt: skip
    assert (document["as_of"], document["needs_action"]) == ("2026-11-23", 1)
    assert document["writes"] == {"post": 3, "patch": 1, "delete": 0}
    (task,) = document["tasks"]
    assert task["problems"] == [
        {
            "code": "customer_unmapped",
            "case": "customer",
            "message": "Customer Green Lane LLC (C1) is not mapped to a company.",
            "target": "C1",
            "facts": {"name": "Green Lane LLC", "customer": "C1"},
        }
    ]
    assert task["customer"] == {"id": "C1", "name": "Green Lane LLC"}
    assert task["subscription"] == {"id": "S2", "name": "Exchange Online"}
    assert task["order"] == {"id": "SO-2", "number": "SO-2", "created": "2026-11-11T08:00:00+00:00"}
    assert (task["kind"], task["status"], task["note"]) == ("sales_order", "needs_action", "Failed auto-sync.")
    assert '"monthly_effect":45.00' in result.stdout


def test_a_run_on_the_sandbox_points_at_the_screen(engine: Any, cwtui: Any) -> None:
    assert cwtui("--auto", "--demo").stdout.endswith("Look around in it: cwtui --demo\n")
    assert "cwtui --demo" not in cwtui("--auto").stdout + cwtui("--auto", "--demo", "--json").stdout
    assert [options.demo for options in engine.options] == [True, False, True]


def test_a_dry_run_says_so_and_tells_nobody(engine: Any, cwtui: Any, made: Any) -> None:
    engine.add(made.task())
    result = cwtui("--auto", "--dry-run")
    assert engine.asked == [("auto", True)]
    assert "dry run: nothing was written" in result.stdout
    assert "1 ready to be written" in result.stdout
    assert engine.notified == []


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (ConfigError("Wrong.", next_step="Set it."), 2),
        (InputError("Wrong.", next_step="Set it."), 2),
        (UNREACHABLE, 1),
        (AccessDenied("No.", service="PSA", next_step="Ask."), 1),
        (StateLocked("Process 7 holds it.", next_step="Wait."), 1),
        (GuardError("Empty.", next_step="Look."), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_what_stops_a_run_is_three_sentences_on_stderr(engine: Any, cwtui: Any, failure: Any, status: int) -> None:
    engine.failure = failure
    result = cwtui("--auto")
    assert result.exit_code == status
    assert result.stdout == ""
    assert result.stderr == f"Error: {failure.happened}\n{failure.changed}\n{failure.next_step}\n"
    assert [report.errors for report in engine.notified] == [(str(failure),)]


def test_a_run_that_was_stopped_still_answers_one_document(engine: Any, cwtui: Any, made: Any) -> None:
    def stopped() -> None:
        raise UNREACHABLE

    engine.add(made.needing())
    engine.on_auto = stopped
    result = cwtui("--auto", "--json")
    document = orjson.loads(result.stdout)
    assert (result.exit_code, document["errors"], document["needs_action"]) == (1, [str(UNREACHABLE)], 1)
    assert [task["id"] for task in document["tasks"]] == ["SO-2.S2"]
    assert result.stderr.count("The PSA did not answer in 30 s.") == 1
    engine.failure = UNREACHABLE
    assert orjson.loads(cwtui("--auto", "--json").stdout)["tasks"] == []
    engine.on_auto = lambda: None
    for failure in (ConfigError("Wrong.", next_step="Set it."), StateError("The disk is full.", next_step="Free it.")):
        engine.failure = failure  # of the second nobody knows here what was written before
        assert cwtui("--auto", "--json").stdout == ""


def test_what_a_service_said_cannot_move_the_cursor(engine: Any, cwtui: Any, made: Any) -> None:
    engine.failure = Transient(made.hostile, service="PSA", next_step="Try\r\nagain.")
    engine.add(made.task(status=TaskStatus.FAILED, customer_name=made.hostile, note=made.hostile))
    stderr = cwtui("--auto").stderr
    engine.failure = None
    stdout = cwtui("--auto").stdout
    for text in (stderr, stdout):
        assert "Green␛[31m Lane<U+202E> LLC␊" in text
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "\r" not in stderr


def test_a_notification_that_fails_is_said_and_changes_nothing_else(engine: Any, cwtui: Any, made: Any) -> None:
    engine.add(made.needing())
    engine.notify_failures = ("Notification 1 (json) was not delivered.",)
    result = cwtui("--auto")
    assert (result.exit_code, result.stderr) == (3, "Notification 1 (json) was not delivered.\n")
    engine.notify_error = RuntimeError("hush")
    result = cwtui("--auto")
    assert result.exit_code == 3
    assert "RuntimeError" in result.stderr
    assert "hush" not in result.stderr


def test_global_options_stand_before_and_after_and_the_last_one_counts(engine: Any, cwtui: Any, made: Any) -> None:
    engine.add(made.task())
    cwtui("--profile", "west", "--state", "a.json", "--as-of", "2026-11-30", "tasks", "show", "SO-1.S1")
    cwtui("tasks", "show", "SO-1.S1", "--profile", "west", "--state", "a.json", "--as-of", "2026-11-30")
    cwtui("--state", "b.json", "tasks", "--profile", "west", "show", "--as-of=2026-11-30", "SO-1.S1", "--state=a.json")
    expected = Options(profile="west", state=Path("a.json"), as_of=date(2026, 11, 30), read_only_ok=True)
    assert engine.options == [expected] * 3
    cwtui("check", "--demo", "--config", "c.toml")
    assert engine.options[-1] == Options(demo=True, config=Path("c.toml"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--every", "5m"], "--every needs --auto"),
        (["--dry-run"], "--dry-run needs --auto"),
        (["--json"], "--json needs --auto"),
        (["--auto", "check"], "--auto does not go with check"),
        (["--auto", "--every", "5"], "'5' is not a period"),
        (["--auto", "--every", "0m"], "'0m' is not a period"),
        (["--auto", "--as-of", "2026-02-30"], "'2026-02-30' is not a day"),
        (["--auto", "--as-of", "20261130"], "YYYY-MM-DD"),
        (["chek"], "Did you mean 'check'?"),
        (["tasks", "lits"], "Did you mean 'list'?"),
        (["tasks", "list", "--status", "done"], "needs_action"),
        (["tasks", "show"], "ID"),
        (["--jsn"], "--json"),
        ([], "needs a terminal"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_2_and_says_what_is_right(engine: Any, cwtui: Any, arguments: list[str], said: str) -> None:
    result = cwtui(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert engine.asked == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_every_after_the_round_in_progress(engine: Any, cwtui: Any, made: Any, number: int) -> None:
    rounds: list[int] = []

    def on_auto() -> None:
        rounds.append(1)
        if len(rounds) == 2:
            os.kill(os.getpid(), number)

    engine.on_auto = on_auto
    engine.add(made.needing())
    result = cwtui("--auto", "--every", "1s", "--json")
    assert len(rounds) == 2
    assert engine.stopped
    assert engine.closed == 1
    assert result.exit_code == 3
    assert [orjson.loads(line)["needs_action"] for line in result.stdout.splitlines()] == [1, 1]
    assert "Stopping before the next write" in result.stderr


@pytest.mark.parametrize(
    ("errors", "status"),
    [((STOPPED,), 0), ((STOPPED, "Order 7 could not be read."), 1)],
    ids=["nothing else failed", "something failed before"],
)
@pytest.mark.parametrize("every", [True, False], ids=["on a period", "once"])
def test_a_round_that_was_cut_off_by_a_signal_fails_no_service(
    engine: Any, cwtui: Any, errors: Any, status: int, every: bool
) -> None:
    """A run once did not do what it was started for, which is 1 (commands.md#exit-statuses)."""
    engine.on_auto = lambda: os.kill(os.getpid(), signal.SIGTERM)
    engine.report_more = {"errors": errors, "stopped": STOPPED}
    result = cwtui("--auto", *(["--every", "1s"] if every else []))
    assert result.exit_code == (status if every else 1)
    assert all(error in result.stderr for error in errors)


def test_a_round_that_a_signal_stopped_before_anything_was_done_fails_no_service(engine: Any, cwtui: Any) -> None:
    def on_auto() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        raise Stopped(STOPPED, service="PSA", next_step="The next run goes on from here.")

    engine.on_auto = on_auto
    assert cwtui("--auto", "--every", "1s").exit_code == 0
    assert cwtui("--auto").exit_code == 1


def test_every_goes_on_after_a_service_was_away(engine: Any, cwtui: Any) -> None:
    rounds: list[int] = []

    def on_auto() -> None:
        rounds.append(1)
        engine.failure = UNREACHABLE if len(rounds) == 1 else None
        if len(rounds) == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    engine.on_auto = on_auto
    result = cwtui("--auto", "--every", "1s")
    assert result.exit_code == 0
    assert "The PSA did not answer in 30 s." in result.stderr
    assert len(engine.notified) == 2


def test_every_ends_when_the_state_cannot_be_used(engine: Any, cwtui: Any) -> None:
    engine.failure = StateLocked("Process 7 holds it.", next_step="Wait.")
    assert cwtui("--auto", "--every", "1s").exit_code == 1


def test_a_second_signal_ends_it_at_once(engine: Any, cwtui: Any) -> None:
    async def endless(**_asked: object) -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(0.01)
        await asyncio.Event().wait()

    engine.auto = endless
    result = cwtui("--auto")
    assert result.exit_code == 1
    assert "Interrupted. What was written until then is recorded." in result.stderr
    assert engine.closed == 1
