"""Killed, or left without an answer, at each write of a sync, an undo, a compensation, a repair and a restore.

Each run is killed while its first writes are under way: once before ConnectWise commits them, once after. The next
goes on, until nothing is left to write. It ends as if never disturbed (synchronising.md#exactly-once,
synchronising.md#undo-tells-the-truth).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from tests.end_to_end import fork_server
from tests.end_to_end.conftest import Opened
from tests.end_to_end.disturbed import DAYS, ENDS_AS, begin, go_on
from tests.end_to_end.reseller import CUSTOMER
from tests.end_to_end.running import PATIENCE_S, Billed, Cwtui, Sandbox, chance_of
from tests.end_to_end.test_chaos import fault
from tests.end_to_end.test_killed_anywhere import assert_each_write_was_made_once

WRITES = ("POST", "PATCH", "DELETE")
INVOICED = "2027-02-01"
AFTER_INVOICE = "2027-01-10"


@dataclass
class Warm:
    """Starts commands as forks of one process."""

    server: subprocess.Popen[str]
    process: int = 0

    @property
    def _answers(self) -> IO[str]:
        assert self.server.stdout is not None
        return self.server.stdout

    def start(self, cwtui: Cwtui, *arguments: str, day: str) -> None:
        assert self.server.stdin is not None
        job = {
            "arguments": ["--state", str(cwtui.state), "--as-of", day, *arguments],
            "environment": cwtui.environment,
            "folder": str(cwtui.state.parent),
            "output": str(cwtui.state.with_name("output")),
        }
        self.server.stdin.write(json.dumps(job) + "\n")
        self.server.stdin.flush()
        self.process = int(self._answers.readline())

    def kill(self) -> None:
        os.kill(self.process, signal.SIGKILL)

    def status(self) -> int:
        return int(self._answers.readline())

    def is_running(self) -> bool:
        try:
            stat = Path(f"/proc/{self.process}/stat").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):  # gone before it was opened, or since
            return False
        return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with ExitStack() as stack:
        server = subprocess.Popen(  # noqa: S603  # ours
            [sys.executable, fork_server.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        stack.callback(server.communicate)
        stack.callback(server.kill)
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        yield Warm(server)


@dataclass
class Disturber:
    """Runs a command until nothing is left for it to write."""

    warm: Warm
    sandbox: Sandbox
    cwtui: Cwtui
    ends_as: int = 0
    kills: int = 0
    outputs: list[str] = field(default_factory=list)

    def run(self, *arguments: str, day: str) -> None:
        for attempt in range(500):
            when = ("before", "after")[attempt % 2]
            self.sandbox.behave(odds=[held(when, method) for method in WRITES])
            self.sandbox.forget_requests()
            self.warm.start(self.cwtui, *arguments, day=day)
            if self._killed_at_a_write():
                assert self.warm.status() == -signal.SIGKILL
                self.kills += 1
                continue
            status = self.warm.status()
            output = self.cwtui.state.with_name("output").read_text(encoding="utf-8")
            assert "Traceback" not in output, output
            assert status == self.ends_as or (attempt and "Only what was written can be taken back" in output), output
            assert output.strip()
            self.sandbox.behave(odds=[])
            return
        raise AssertionError("it never came to its end")

    def _killed_at_a_write(self) -> bool:
        patience = time.monotonic() + PATIENCE_S
        while self.warm.is_running() and time.monotonic() < patience:
            under_way = [one for one in self.sandbox.requests()["recent"] if one[1] in WRITES and one[3] == 0]
            if any("/additions" in one[2] for one in under_way):
                self.warm.kill()
                return True
            time.sleep(0.02)
        return False


def held(when: str, method: str) -> dict[str, Any]:
    """The request is kept waiting, before or after it is committed."""
    return fault(1.0, kind="delay", delay_s=PATIENCE_S, when=when, method=method, service="psa", path="additions")


@dataclass
class Scene:
    """What goes before a command undisturbed, and the command."""

    before: Callable[[Sandbox, Cwtui], None]
    commands: Callable[[Cwtui], list[tuple[str, ...]]]
    day: str
    ends_as: int = 0


def first_chapter(sandbox: Sandbox, cwtui: Cwtui) -> None:
    begin(sandbox, cwtui)


def second_chapter(sandbox: Sandbox, cwtui: Cwtui) -> None:
    reseller, agreements = begin(sandbox, cwtui)
    cwtui.auto(as_of=DAYS[0])
    go_on(reseller, agreements)


def both_chapters(sandbox: Sandbox, cwtui: Cwtui) -> None:
    second_chapter(sandbox, cwtui)
    cwtui.auto(as_of=DAYS[1], status=ENDS_AS[1])


def invoiced(sandbox: Sandbox, cwtui: Cwtui) -> None:
    both_chapters(sandbox, cwtui)
    for agreement in {row["agreementId"] for row in sandbox.rows()}:
        sandbox.call("advance_invoice", agreement_id=agreement, next_invoice_date=INVOICED)


def edited(sandbox: Sandbox, cwtui: Cwtui) -> None:
    both_chapters(sandbox, cwtui)
    for row in sandbox.rows()[::4]:
        if not row.get("cancelledDate"):
            sandbox.patch_addition(row, quantity=int(row["quantity"]) + 3)


def drifted(sandbox: Sandbox, cwtui: Cwtui) -> None:
    """Somebody edited every third addition that is billed, and removed every third."""
    both_chapters(sandbox, cwtui)
    for number, row in enumerate(sandbox.rows()):
        if row.get("cancelledDate"):
            continue
        if number % 3 == 0:
            sandbox.patch_addition(row, quantity=int(row["quantity"]) + 3)
        elif number % 3 == 1:
            sandbox.delete_addition(row)


def restored(cwtui: Cwtui) -> list[tuple[str, ...]]:
    found = cwtui.run("drift", "--json", as_of=DAYS[1]).json
    return [("drift", "restore", str(row["addition"])) for row in found]


def undone(*more: str) -> Callable[[Cwtui], list[tuple[str, ...]]]:
    """The changes and cancellations, each by itself: creates, updates and deletions are taken back."""

    def commands(cwtui: Cwtui) -> list[tuple[str, ...]]:
        names = [name for name in cwtui.tasks() if not name.startswith("initial")]
        return [("tasks", "undo", name, *more) for name in sorted(names)[1:12:2]]

    return commands


def once(*arguments: str) -> Callable[[Cwtui], list[tuple[str, ...]]]:
    return lambda _: [arguments]


SCENES = {
    "creates": Scene(first_chapter, once("--auto"), DAYS[0]),
    "changes and cancellations": Scene(second_chapter, once("--auto"), DAYS[1], ENDS_AS[1]),
    "undo": Scene(both_chapters, undone(), DAYS[1]),
    "undo with compensation": Scene(invoiced, undone("--compensate"), AFTER_INVOICE),
    "repairs": Scene(edited, once("reconcile", "--customer", CUSTOMER, "--apply"), DAYS[1]),
    "restores": Scene(drifted, restored, DAYS[1]),
}


def calm(scene: Scene, sandbox: Sandbox, cwtui: Cwtui) -> Counter[Billed]:
    scene.before(sandbox, cwtui)
    for arguments in scene.commands(cwtui):
        cwtui.run(*arguments, as_of=scene.day, status=scene.ends_as)
    return Counter(sandbox.billed())


@pytest.mark.parametrize(
    ("name", "at_least"),
    [
        ("creates", 40),
        ("changes and cancellations", 80),
        ("undo", 12),
        ("undo with compensation", 12),
        ("repairs", 8),
        ("restores", 20),
    ],
)
def test_killed_at_each_write(
    name: str, at_least: int, warm: Warm, opened: Opened, new_sandbox: Callable[[], Sandbox]
) -> None:
    scene, sandbox = SCENES[name], new_sandbox()
    quiet = new_sandbox()
    expected = calm(scene, quiet, opened(quiet, "calm"))
    cwtui = opened(sandbox, "killed", CWTUI_SYNC__SETTLE_S="0.05", CWTUI_SYNC__CONCURRENCY="1")
    scene.before(sandbox, cwtui)
    disturber = Disturber(warm, sandbox, cwtui, scene.ends_as)
    for arguments in scene.commands(cwtui):
        disturber.run(*arguments, day=scene.day)
    assert Counter(sandbox.billed()) == expected
    assert_each_write_was_made_once(cwtui)
    assert disturber.kills >= at_least
    assert_nothing_drifted_or_is_left(cwtui, sandbox, scene)


def assert_nothing_drifted_or_is_left(cwtui: Cwtui, sandbox: Sandbox, scene: Scene) -> None:
    held_now = Counter(sandbox.billed())
    assert "Nothing drifted" in cwtui.run("drift", as_of=scene.day).out
    cwtui.run("--auto", as_of=scene.day)
    assert Counter(sandbox.billed()) == held_now


@pytest.mark.parametrize("name", ["undo", "undo with compensation", "repairs", "restores"])
def test_answers_get_lost_although_it_is_done(name: str, opened: Opened, new_sandbox: Callable[[], Sandbox]) -> None:
    scene, sandbox, quiet = SCENES[name], new_sandbox(), new_sandbox()
    expected = calm(scene, quiet, opened(quiet, "calm"))
    cwtui = opened(sandbox, "lost", CWTUI_SYNC__SETTLE_S="0.05")
    scene.before(sandbox, cwtui)
    odds = [fault(0.4, status=504, when="after", method=method, service="psa", path="additions") for method in WRITES]
    sandbox.behave(odds=odds, seed=chance_of(f"lost {name}").randrange(1_000_000))
    for arguments in scene.commands(cwtui):
        for _ in range(10):
            if cwtui.run(*arguments, as_of=scene.day).status == scene.ends_as:
                break
        else:
            raise AssertionError(f"{arguments} never came to its end")
    sandbox.behave(odds=[])
    assert Counter(sandbox.billed()) == expected
    assert_each_write_was_made_once(cwtui)
    assert_nothing_drifted_or_is_left(cwtui, sandbox, scene)
