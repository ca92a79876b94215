"""Several processes on one state, over real HTTP: nothing doubled, nothing left out, whoever is killed or stopped.

Rule: hands.md#one-state-many-processes.

Rules: hands.md#runs-side-by-side, hands.md#killed-at-any-instant.
"""

from __future__ import annotations

import resource
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.end_to_end.conftest import Opened
from tests.end_to_end.disturbed import AGREEMENTS, DAYS, EACH, ENDS_AS, begin, go_on, tell
from tests.end_to_end.reseller import Reseller
from tests.end_to_end.running import Billed, Cwtui, Sandbox, chance_of, wait_until_begun
from tests.end_to_end.test_killed_anywhere import assert_each_write_was_made_once

ROUNDS, KILLS = 2, 24
_CALM: list[list[Counter[Billed]]] = []


def calm(sandbox: Sandbox, opened: Opened) -> list[Counter[Billed]]:
    if not _CALM:
        _CALM.append(tell(sandbox, opened(sandbox, "calm")))
    return _CALM[0]


def statuses(cwtui: Cwtui) -> Counter[str]:
    return Counter(task["status"] for task in cwtui.tasks().values())


@pytest.mark.parametrize("count", [2, 3])
def test_runs_side_by_side_end_as_one_alone(count: int, opened: Opened, new_sandbox: Callable[[], Sandbox]) -> None:
    expected = calm(new_sandbox(), opened)
    sandbox = new_sandbox()
    cwtui = opened(sandbox, CWTUI_SYNC__CONCURRENCY="2")
    reseller, agreements = begin(sandbox, cwtui)
    sandbox.behave(latency_ms=15)
    for chapter, day in enumerate(DAYS):
        if chapter:
            go_on(reseller, agreements)
        ended = [cwtui.ended(run) for run in [cwtui.start("--auto", "--json", as_of=day) for _ in range(count)]]
        assert [(ran.status, ran.err) for ran in ended if ran.status != ENDS_AS[chapter]] == []
        assert sum(ran.json["synced"] for ran in ended) == AGREEMENTS * EACH
        assert Counter(sandbox.billed()) == expected[chapter]
    assert statuses(cwtui) == {"synced": 2 * AGREEMENTS * EACH}
    assert sandbox.requests()["peak_writes"] <= count
    assert_each_write_was_made_once(cwtui)


def test_whoever_waits_too_long_says_for_whom(opened: Opened, new_sandbox: Callable[[], Sandbox]) -> None:
    sandbox = new_sandbox()
    cwtui = opened(sandbox)
    begin(sandbox, cwtui)
    with ExitStack() as stack:
        first = cwtui.start("--auto", as_of=DAYS[0])
        stack.callback(first.kill)
        wait_until_begun(cwtui, first)
        first.send_signal(signal.SIGSTOP)
        begun = time.monotonic()
        ran = cwtui.run("--auto", "--wait", "1", as_of=DAYS[0])
        assert time.monotonic() - begun < 30
        assert ran.status == 1
        assert "Somebody else works on" in ran.err
        assert f"(process {first.pid}, since 20" in ran.err
        assert " UTC)" in ran.err
        first.send_signal(signal.SIGCONT)
        assert cwtui.ended(first).status == 0
    assert cwtui.auto(as_of=DAYS[0])["synced"] == 0
    assert_each_write_was_made_once(cwtui)


def test_a_killed_run_gives_back_at_once(opened: Opened, new_sandbox: Callable[[], Sandbox]) -> None:
    sandbox = new_sandbox()
    cwtui = opened(sandbox)
    begin(sandbox, cwtui)
    first = cwtui.start("--auto", as_of=DAYS[0])
    wait_until_begun(cwtui, first)
    first.kill()
    first.communicate()
    ran = cwtui.run("--auto", "--wait", "1", "--json", as_of=DAYS[0], status=ENDS_AS[0])
    assert ran.err == ""
    assert statuses(cwtui) == {"synced": AGREEMENTS * EACH}


def test_what_one_decides_the_other_goes_by(opened: Opened, new_sandbox: Callable[[], Sandbox]) -> None:
    """A person skips and maps while `--every` sleeps; nothing waits for it to leave."""
    sandbox = new_sandbox()
    cwtui = opened(sandbox)
    begin(sandbox, cwtui)
    with ExitStack() as stack:
        service = cwtui.start("--auto", "--every", "1s", as_of=DAYS[0])
        stack.callback(service.kill)
        wait_until_begun(cwtui, service)
        task = "initial.S00"
        deadline = time.monotonic() + 60
        while task not in cwtui.tasks() and time.monotonic() < deadline:
            time.sleep(0.1)
        ran = cwtui.run("tasks", "skip", task, as_of=DAYS[0])
        deadline = time.monotonic() + 60
        while statuses(cwtui)["synced"] < AGREEMENTS * EACH - 1 and time.monotonic() < deadline:
            time.sleep(0.2)
        service.send_signal(signal.SIGTERM)
        assert cwtui.ended(service).status == 0
    expected = "skipped" if ran.status == 0 else "synced"  # it may have come too late, and was told so
    assert cwtui.tasks()[task]["status"] == expected
    assert len(sandbox.billed()) == AGREEMENTS * EACH - (expected == "skipped")


def test_lock_files_deleted_under_runs_double_nothing(opened: Opened, new_sandbox: Callable[[], Sandbox]) -> None:
    expected = calm(new_sandbox(), opened)
    sandbox = new_sandbox()
    cwtui = opened(sandbox, CWTUI_SYNC__CONCURRENCY="2")
    begin(sandbox, cwtui)
    sandbox.behave(latency_ms=30)
    runs = []
    for number in range(3):
        runs.append(cwtui.start("--auto", "--wait", "60", as_of=DAYS[0]))
        wait_until_begun(cwtui, runs[-1])
        time.sleep(0.3 + number / 5)
        for suffix in (".lock", ".leases"):
            cwtui.state.with_name(f"state.json{suffix}").unlink(missing_ok=True)
    for run in runs:
        cwtui.ended(run)
    sandbox.behave(latency_ms=0)
    cwtui.run("--auto", as_of=DAYS[0])
    assert Counter(sandbox.billed()) == expected[0]
    assert_each_write_was_made_once(cwtui)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs limits of another process")
def test_a_disk_that_fills_under_three_runs_doubles_nothing(opened: Opened, new_sandbox: Callable[[], Sandbox]) -> None:
    """Each ends in a sentence; what was sent and could not be noted is found by the next run."""
    expected = calm(new_sandbox(), opened)
    sandbox = new_sandbox()
    cwtui = opened(sandbox, CWTUI_SYNC__CONCURRENCY="2")
    begin(sandbox, cwtui)
    sandbox.behave(latency_ms=50)
    runs = [cwtui.start("--auto", "--wait", "60", as_of=DAYS[0]) for _ in range(3)]
    patience = time.monotonic() + 60
    while len(sandbox.rows()) < 3 and time.monotonic() < patience:
        time.sleep(0.01)
    size = cwtui.state.with_name("state.json.journal").stat().st_size
    for run in runs:
        resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (size, size))
    ended = [cwtui.ended(run) for run in runs]
    assert {ran.status for ran in ended} == {1}
    assert all("File too large" in ran.err for ran in ended), ended
    sandbox.behave(latency_ms=0)
    cwtui.run("--auto", as_of=DAYS[0], status=ENDS_AS[0])
    assert Counter(sandbox.billed()) == expected[0]
    assert_each_write_was_made_once(cwtui)


class Crowd:
    """Three runs at once; now and then one is killed, or stopped for a while, and another one started."""

    def __init__(self, cwtui: Cwtui, reseller: Reseller, seed: str) -> None:
        self.cwtui, self.reseller, self.chance = cwtui, reseller, chance_of(seed)
        self.runs: list[subprocess.Popen[str]] = []
        self.kills = self.stops = 0

    def work(self, day: str, kills: int) -> None:
        """Disturb so often, then let the last ones come to their end."""
        until = self.kills + kills
        while self.kills < until:
            while len(self.runs) < 3:
                self.runs.append(self.cwtui.start("--auto", "--wait", "60", as_of=day))
            one = self.chance.choice(self.runs)
            time.sleep(self.chance.random() * 1.2)
            if self.chance.random() < 0.2 and one.poll() is None:
                one.send_signal(signal.SIGSTOP)
                time.sleep(self.chance.random() * 0.4)
                one.send_signal(signal.SIGCONT)
                self.stops += 1
            if one.poll() is None:
                one.kill()
                self.kills += 1
            one.communicate()
            self.runs.remove(one)
        for run in self.runs:
            self.cwtui.ended(run)
        self.runs.clear()


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_killed_and_stopped_side_by_side(round_: int, opened: Opened, new_sandbox: Callable[[], Sandbox]) -> None:
    expected = calm(new_sandbox(), opened)
    sandbox = new_sandbox()
    cwtui = opened(sandbox, CWTUI_SYNC__CONCURRENCY="2")
    reseller, agreements = begin(sandbox, cwtui)
    sandbox.behave(latency_ms=15)
    crowd = Crowd(cwtui, reseller, f"crowd {round_}")
    for chapter, day in enumerate(DAYS):
        if chapter:
            go_on(reseller, agreements)
        crowd.work(day, KILLS // 2)
        while any(task["status"] != "synced" for task in cwtui.tasks().values()) or not cwtui.tasks():
            cwtui.run("--auto", as_of=day, status=ENDS_AS[chapter])
        cwtui.run("--auto", as_of=day, status=ENDS_AS[chapter])
        assert Counter(sandbox.billed()) == expected[chapter]
    assert_each_write_was_made_once(cwtui)
    assert crowd.kills >= KILLS - 1


def test_two_who_import_the_same_companies_create_each_customer_once(
    opened: Opened, new_sandbox: Callable[[], Sandbox]
) -> None:
    sandbox = new_sandbox()
    cwtui = opened(sandbox)
    for number in range(4):
        sandbox.call("add_company", name=f"Twin {number}", identifier=f"Twin{number}")
    sandbox.behave(latency_ms=40)
    imports = [cwtui.start("customers", "import", "--all", "--json") for _ in range(2)]
    imported = [cwtui.ended(one).json["imported"] for one in imports]
    assert sum(map(len, imported)) == 4
    assert sandbox.requests()["counts"]["marketplace POST /customers"] == 4
