"""What ConnectWise keeps is not always what it was sent: nothing doubled, nothing endless, no false drift.

Rules: synchronising.md#the-candidate, synchronising.md#links-remember-what-was-read.

Rules: examples.md#example-12.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.end_to_end.conftest import Opened
from tests.end_to_end.disturbed import DAYS, begin, go_on
from tests.end_to_end.running import Billed, Cwtui, Sandbox, chance_of
from tests.end_to_end.test_chaos import fault
from tests.end_to_end.test_killed_anywhere import Killer, assert_each_write_was_made_once

PRICES = {"price": "4.3333", "cost": "3.6667"}
RUNS = 12
KEEPING = [
    pytest.param({"decimals": 2}, id="2 decimals"),
    pytest.param({"decimals": 2, "echoes": True}, id="2 decimals, the answer is what was sent"),
    pytest.param({"decimals": 3, "tax": "true"}, id="3 decimals, a forced tax flag"),
    pytest.param({"text": "replaced", "tax": "null"}, id="its own text, no tax flag"),
    pytest.param({"text": "trimmed", "echoes": True, "dates": "offset"}, id="trimmed text, days with offsets"),
    pytest.param({"numbers_as_text": True, "strict": True}, id="numbers as text, unknown members refused"),
    pytest.param(
        {"decimals": 2, "text": "replaced", "tax": "true", "echoes": True, "dates": "offset", "numbers_as_text": True,
         "strict": True},
        id="everything at once",
    ),
]  # fmt: skip


def assert_nothing_is_left(sandbox: Sandbox, cwtui: Cwtui, keeping: dict[str, Any]) -> None:
    """Another run writes nothing, nothing drifted, every write was made once, and moved amounts are warned of."""
    held = Counter(sandbox.billed())
    again = cwtui.run("--auto", "--json", as_of=DAYS[1]).json
    assert again["writes"] == {"post": 0, "patch": 0, "delete": 0}
    assert Counter(sandbox.billed()) == held
    assert "Nothing drifted" in cwtui.run("drift", as_of=DAYS[1]).out
    assert_each_write_was_made_once(cwtui)
    warned = [task for task in again["tasks"] if any("ConnectWise keeps the price" in one for one in task["warnings"])]
    assert bool(warned) is (keeping.get("decimals") == 2)


def story(cwtui: Cwtui, sandbox: Sandbox, tell_chapter: Callable[[str], None]) -> Iterator[Counter[Billed]]:
    """What the PSA holds after each chapter."""
    reseller, agreements = begin(sandbox, cwtui, **PRICES)
    for chapter, day in enumerate(DAYS):
        if chapter:
            go_on(reseller, agreements)
        tell_chapter(day)
        yield Counter(sandbox.billed())


def through(cwtui: Cwtui, day: str) -> None:
    """Runs until nothing fails; what is only warned of ends with 3."""
    for _ in range(RUNS):
        ran = cwtui.run("--auto", "--json", as_of=day)
        if not ran.json["failed"] and not ran.json["errors"]:
            assert {task["status"] for task in ran.json["tasks"]} == {"synced"}, ran.out
            return
    raise AssertionError(f"not done after {RUNS} runs: {ran.err}")


def calm(opened: Opened, sandbox: Sandbox, keeping: dict[str, Any]) -> list[Counter[Billed]]:
    sandbox.behave(keeping=keeping)
    cwtui = opened(sandbox, "calm")
    return list(story(cwtui, sandbox, lambda day: through(cwtui, day)))


@pytest.mark.parametrize("keeping", KEEPING)
def test_lost_answers(keeping: dict[str, Any], opened: Opened, new_sandbox: Callable[[], Sandbox]) -> None:
    expected, sandbox = calm(opened, new_sandbox(), keeping), new_sandbox()
    cwtui = opened(sandbox, "disturbed", CWTUI_SYNC__SETTLE_S="0.1")
    odds = [
        fault(0.3, status=504, when="after", method=method, service="psa", path="additions")
        for method in ("POST", "PATCH", "DELETE")
    ]
    sandbox.behave(keeping=keeping, odds=odds, seed=chance_of("kept otherwise").randrange(1_000_000))
    assert list(story(cwtui, sandbox, lambda day: through(cwtui, day))) == expected
    sandbox.behave(odds=[])
    assert_nothing_is_left(sandbox, cwtui, keeping)


@pytest.mark.parametrize("keeping", KEEPING[-1:])
def test_kills(keeping: dict[str, Any], opened: Opened, new_sandbox: Callable[[], Sandbox]) -> None:
    expected, sandbox = calm(opened, new_sandbox(), keeping), new_sandbox()
    cwtui = opened(sandbox, "disturbed", CWTUI_SYNC__CONCURRENCY="2", CWTUI_SYNC__SETTLE_S="0.1")
    sandbox.behave(keeping=keeping, latency_ms=10)
    killer = Killer(
        cwtui, chance_of("kept otherwise, killed"), ends_as=(0, 3)
    )  # what an answer hid is read by the next run

    def until_it_ends(day: str) -> None:
        while not killer.run("--auto", day=day):
            pass

    assert list(story(cwtui, sandbox, until_it_ends)) == expected
    assert killer.kills
    sandbox.behave(latency_ms=0)
    assert_nothing_is_left(sandbox, cwtui, keeping)
