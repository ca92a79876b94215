"""What ConnectWise keeps is not always what it was sent: nothing doubled, nothing endless, no false drift.

Rules: synchronising.md#the-candidate, synchronising.md#links-remember-what-was-read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.end_to_end.conftest import Opened
from tests.end_to_end.disturbed import AGREEMENTS, DAYS, EACH, begin, go_on, tell
from tests.end_to_end.running import Cwtui, Sandbox, chance_of
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


def assert_nothing_is_left(sandbox: Sandbox, cwtui: Cwtui) -> None:
    """Another run writes nothing, nothing drifted, and every addition is linked once."""
    held = Counter(sandbox.billed())
    again = cwtui.run("--auto", "--json", as_of=DAYS[1]).json
    assert again["writes"] == {"post": 0, "patch": 0, "delete": 0}
    assert Counter(sandbox.billed()) == held
    assert "Nothing drifted" in cwtui.run("drift", as_of=DAYS[1], status=0).out
    assert_each_write_was_made_once(cwtui)


def through(cwtui: Cwtui, day: str) -> None:
    """Runs until nothing fails; what is only warned of ends with 3."""
    for _ in range(RUNS):
        ran = cwtui.run("--auto", "--json", as_of=day)
        if not ran.json["failed"] and not ran.json["errors"]:
            assert {task["status"] for task in ran.json["tasks"]} == {"synced"}, ran.out
            return
    raise AssertionError(f"not done after {RUNS} runs: {ran.err}")


@pytest.mark.parametrize("keeping", KEEPING)
def test_lost_answers(keeping: dict[str, Any], opened: Opened, new_sandbox: Callable[[], Sandbox]) -> None:
    calm, disturbed = new_sandbox(), new_sandbox()
    calm.behave(keeping=keeping)
    expected = tell(calm, opened(calm, "calm"), **PRICES)
    cwtui = opened(disturbed, "disturbed", CWTUI_SYNC__SETTLE_S="0.1")
    reseller, agreements = begin(disturbed, cwtui, **PRICES)
    odds = [
        fault(0.3, status=504, when="after", method=method, service="psa", path="additions")
        for method in ("POST", "PATCH", "DELETE")
    ]
    disturbed.behave(keeping=keeping, odds=odds, seed=chance_of("kept otherwise").randrange(1_000_000))
    for chapter, day in enumerate(DAYS):
        if chapter:
            go_on(reseller, agreements)
        through(cwtui, day)
        assert Counter(disturbed.billed()) == expected[chapter]
    disturbed.behave(odds=[])
    assert_nothing_is_left(disturbed, cwtui)


@pytest.mark.parametrize("keeping", KEEPING[-1:])
def test_kills(keeping: dict[str, Any], opened: Opened, new_sandbox: Callable[[], Sandbox]) -> None:
    calm, disturbed = new_sandbox(), new_sandbox()
    calm.behave(keeping=keeping)
    expected = tell(calm, opened(calm, "calm"), **PRICES)
    cwtui = opened(disturbed, "disturbed", CWTUI_SYNC__CONCURRENCY="2", CWTUI_SYNC__SETTLE_S="0.1")
    reseller, agreements = begin(disturbed, cwtui, **PRICES)
    disturbed.behave(keeping=keeping, latency_ms=10)
    killer = Killer(cwtui, chance_of("kept otherwise, killed"))
    for chapter, day in enumerate(DAYS):
        if chapter:
            go_on(reseller, agreements)
        while not killer.run("--auto", day=day):
            pass
        assert Counter(disturbed.billed()) == expected[chapter]
    assert killer.kills
    disturbed.behave(latency_ms=0)
    assert_nothing_is_left(disturbed, cwtui)
    assert len(list(disturbed.billed())) >= AGREEMENTS * EACH
