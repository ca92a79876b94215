"""Killed behind a committed write, and one byte of its note altered since: told, looked up, written once.

Rule: synchronising.md#damaged-state.
"""

from __future__ import annotations

import re
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Opened
from tests.end_to_end.disturbed import DAYS, ENDS_AS, begin, go_on, tell
from tests.end_to_end.running import PATIENCE_S, Billed, Cwtui, Sandbox, chance_of
from tests.end_to_end.test_killed_at_each_write import held

DIFFERS = 3


@pytest.fixture(scope="module")
def undisturbed() -> list[Counter[Billed]]:
    """What both chapters end in; filled by the first who needs it."""
    return []


def killed_behind(sandbox: Sandbox, cwtui: Cwtui, method: str, *, day: str, spared: int) -> None:
    """Kill an automatic run when ConnectWise has committed one more write of that kind than are spared."""
    sandbox.behave(odds=[])
    sandbox.forget_requests()
    process = cwtui.start("--auto", as_of=day)

    def writes(status: int | None = None) -> int:
        recent = sandbox.requests()["recent"]
        return sum(one[1] == method and "/additions" in one[2] and status in (None, one[3]) for one in recent)

    patience = time.monotonic() + PATIENCE_S
    while writes() < spared and time.monotonic() < patience:
        time.sleep(0.001)
    sandbox.behave(odds=[held("after", method)])
    while not writes(status=0) and process.poll() is None and time.monotonic() < patience:
        time.sleep(0.01)
    assert process.poll() is None, "it ended before it was killed"
    time.sleep(0.1)  # it is committed before its answer is held back
    process.send_signal(signal.SIGKILL)
    process.communicate()
    sandbox.behave(odds=[])


def alter_unanswered(journal: Path, at: float, bit: int) -> None:
    """Flip one bit of each note of a write that has no answer, so far along its line."""
    whole = journal.read_bytes()
    lines = whole[: whole.rindex(b"\n") + 1].splitlines(keepends=True)
    altered = 0
    for number, line in enumerate(lines):
        noted = re.search(rb'\["intents",\{"id":("\d+")', line)
        if noted is None or b'["intents",%b]' % noted[1] in whole:
            continue
        bits = bytearray(line)
        bits[int(at * (len(line) - 2))] ^= 1 << bit
        lines[number], altered = bytes(bits), altered + 1
    assert altered
    journal.write_bytes(b"".join(lines))


def recovered(cwtui: Cwtui, day: str) -> Cwtui:
    """What the refusal offers to go on with."""
    refused = cwtui.run("--auto", as_of=day, status=1)
    assert "is damaged" in refused.err
    assert "journal records that cannot be read" in refused.err
    assert "looked for in ConnectWise" in refused.err
    named = re.search(r"`cwtui --state (\S+)`", refused.err)
    assert named is not None, refused.err
    return Cwtui(Path(named[1]), cwtui.environment, processes=cwtui.processes)


@pytest.mark.parametrize(
    ("chapter", "method"), [(0, "POST"), (1, "POST"), (1, "PATCH")], ids=["creates", "creates later", "updates"]
)
@pytest.mark.parametrize("at", [0.1, 0.7], ids=["head", "values"])
def test_the_note_of_a_committed_write_is_altered(
    chapter: int,
    method: str,
    at: float,
    opened: Opened,
    new_sandbox: Callable[[], Sandbox],
    undisturbed: list[Counter[Billed]],
) -> None:
    if not undisturbed:
        quiet = new_sandbox()
        undisturbed += tell(quiet, opened(quiet, "calm"))
    chance, sandbox = chance_of(f"{chapter} {method} {at}"), new_sandbox()
    cwtui = opened(sandbox, "damaged", CWTUI_SYNC__CONCURRENCY="1", CWTUI_SYNC__SETTLE_S="0.05")
    reseller, agreements = begin(sandbox, cwtui)
    if chapter:
        cwtui.auto(as_of=DAYS[0])
        go_on(reseller, agreements)
    day = DAYS[chapter]
    killed_behind(sandbox, cwtui, method, day=day, spared=chance.randrange(4))
    journal = cwtui.state.with_name("state.json.journal")
    alter_unanswered(journal, at, chance.randrange(7))
    damaged = cwtui.state.read_bytes(), journal.read_bytes()
    instead = recovered(cwtui, day)
    assert (cwtui.state.read_bytes(), journal.read_bytes()) == damaged
    told = instead.run("--auto", as_of=day, status=DIFFERS if method == "POST" else ENDS_AS[chapter])
    assert Counter(sandbox.billed()) == undisturbed[chapter]
    if method == "POST":
        assert "it was written before the state was damaged, and not again" in told.out
    assert "Nothing drifted" in instead.run("drift", as_of=day).out
    again = instead.run("--auto", as_of=day)
    assert again.status in {0, DIFFERS}
    assert Counter(sandbox.billed()) == undisturbed[chapter]
