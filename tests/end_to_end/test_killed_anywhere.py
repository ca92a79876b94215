"""A run killed at any instant, and started again, ends in the same additions as one never disturbed.

Rule: synchronising.md#exactly-once.
"""

from __future__ import annotations

import random
import subprocess
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from tinydb import TinyDB

from cwtui.sandbox.world import World
from tests.end_to_end.conftest import Opened
from tests.end_to_end.disturbed import DAYS, ENDS_AS, begin, go_on, tell
from tests.end_to_end.running import Billed, Cwtui, Sandbox, chance_of, wait_until_begun

ROUNDS, KILLS = 10, 11
"""Each round tells its story until it was killed so often."""
LATENCY_MS = 10
_CALM: list[list[Counter[Billed]]] = []


class Killer:
    """Starts commands and kills them: mostly while they work on the state, sometimes while they start."""

    def __init__(self, cwtui: Cwtui, chance: random.Random, ends_as: tuple[int, ...] = (0,)) -> None:
        self.cwtui, self.chance, self.ends_as = cwtui, chance, ends_as
        self.kills, self.span_s = 0, 0.5

    def run(self, *arguments: str, day: str) -> bool:
        """Once; True if it came to its end."""
        process = self.cwtui.start(*arguments, as_of=day)
        if self.chance.random() < 0.1:
            return self._ended_within(process, self.chance.uniform(0, 0.5))
        wait_until_begun(self.cwtui, process)
        ended = self._ended_within(process, self.span_s * self.chance.random())
        self.span_s *= 1 if ended else 1.1  # so that even the slowest machine comes to an end
        return ended

    def _ended_within(self, process: subprocess.Popen[str], seconds: float) -> bool:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.kills += 1
            return False
        ran = self.cwtui.ended(process)
        # Killed after its last fact was saved, an undo has nothing left to take back.
        was_taken_back = self.kills and "Only what was written can be taken back" in ran.err
        assert ran.status in self.ends_as or was_taken_back, f"{ran.status}, not {self.ends_as}\n{ran.out}\n{ran.err}"
        return True


def calm(sandbox: Sandbox, opened: Opened) -> list[Counter[Billed]]:
    """What an undisturbed run leaves, told once per process."""
    if not _CALM:
        _CALM.append(tell(sandbox, opened(sandbox, "calm")))
    return _CALM[0]


def assert_it_opens_with_plain_tinydb(cwtui: Cwtui) -> dict[str, Any]:
    if not cwtui.state.exists():
        return {}
    with TinyDB(cwtui.state, access_mode="r") as state:
        return {row["id"]: row["status"] for row in state.table("tasks").all()}


def assert_each_write_was_made_once(cwtui: Cwtui) -> None:
    rows = cwtui.run("audit", "--json", status=0).json
    done = [row for row in rows if row["outcome"] in {"confirmed", "adopted"}]
    created = Counter(row["addition_id"] for row in done if row["operation"] == "create")
    keys = Counter((row["task_id"], row["key"]) for row in done)
    assert set(created.values()) == {1}
    assert set(keys.values()) == {1}


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_killed_while_checking_and_writing(round_: int, opened: Opened, new_sandbox: Callable[[], Sandbox]) -> None:
    chance, kills, story = chance_of(f"round {round_}"), 0, 0
    expected = calm(new_sandbox(), opened)
    while kills < KILLS:
        sandbox, story = new_sandbox(), story + 1
        cwtui = opened(sandbox, f"story {story}", CWTUI_SYNC__CONCURRENCY="2")
        reseller, agreements = begin(sandbox, cwtui)
        sandbox.behave(latency_ms=LATENCY_MS)
        killer = Killer(cwtui, chance)
        for chapter, day in enumerate(DAYS):
            if chapter:
                go_on(reseller, agreements)
            killer.ends_as = (ENDS_AS[chapter],)
            while not killer.run("--auto", day=day):
                assert_it_opens_with_plain_tinydb(cwtui)
            assert Counter(sandbox.billed()) == expected[chapter]
        assert set(assert_it_opens_with_plain_tinydb(cwtui).values()) == {"synced"}
        assert_each_write_was_made_once(cwtui)
        assert sandbox.requests()["peak_writes"] == 1
        kills += killer.kills


@pytest.mark.parametrize("round_", range(2))
def test_killed_while_undoing(round_: int, opened: Opened, new_sandbox: Callable[[], Sandbox]) -> None:
    chance = chance_of(f"undo {round_}")
    undone = ["3000000.S00", "3000003.S03", "3000005.S11", "3000007.S13"]
    held = []
    for is_disturbed in (False, True):
        sandbox = new_sandbox()
        cwtui = opened(sandbox, f"disturbed {is_disturbed}")
        tell(sandbox, cwtui)
        killer = Killer(cwtui, chance)
        sandbox.behave(latency_ms=LATENCY_MS * 3 if is_disturbed else 0)
        for task in undone:
            if not is_disturbed:
                cwtui.run("tasks", "undo", task, status=0, as_of=DAYS[1])
                continue
            while not killer.run("tasks", "undo", task, day=DAYS[1]):
                assert_it_opens_with_plain_tinydb(cwtui)
        held.append(Counter(sandbox.billed()))
        sandbox.behave(latency_ms=0)
        cwtui.run("check", as_of=DAYS[1])
        states = assert_it_opens_with_plain_tinydb(cwtui)
        assert {states[task] for task in undone} <= {"needs_action", "waiting"}  # taken back, so a person decides
    assert held[0] == held[1]
    assert killer.kills


def test_a_killed_demo_keeps_its_world_and_its_state_in_step(opened: Opened, sandbox: Sandbox) -> None:
    """Its open orders ripen from check to check, so it never ends the same: what was written is what is remembered."""
    cwtui = opened(sandbox)
    killer = Killer(cwtui, chance_of("demo"), ends_as=(3,))
    killer.span_s = 0.2
    while not killer.run("--auto", "--demo", day=DAYS[0]) or not killer.kills:
        assert_it_opens_with_plain_tinydb(cwtui)
    world = World.from_json(cwtui.state.with_name("state.json.sandbox").read_bytes())
    ours = {str(row["id"]) for row in world.additions() if row["_info"]["updatedBy"] == "API member"}
    with TinyDB(cwtui.state, access_mode="r") as state:
        assert ours == {str(row["id"]) for row in state.table("links").all()}
    assert ours
    assert_each_write_was_made_once(cwtui)
