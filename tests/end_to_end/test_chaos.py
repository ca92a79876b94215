"""Whatever the network and the services do, the additions end as if nothing had happened.

Rule: synchronising.md#exactly-once.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.end_to_end.chaos_proxy import ChaosProxy
from tests.end_to_end.conftest import Opened
from tests.end_to_end.disturbed import DAYS, ENDS_AS, begin, go_on
from tests.end_to_end.running import Billed, Cwtui, Ran, Sandbox, chance_of
from tests.end_to_end.test_killed_anywhere import assert_each_write_was_made_once, calm

RUNS = 12
"""So many runs must be enough; without chaos one per chapter is."""


def run_until_done(cwtui: Cwtui, chapter: int) -> int:
    """Runs until everything is synced; each one ends by itself and says what failed."""
    for number in range(1, RUNS + 1):
        ran = cwtui.run("--auto", "--json", as_of=DAYS[chapter])
        if ran.is_done:
            assert ran.status == ENDS_AS[chapter], ran.out
            return number
        assert ran.status == 1, ran.err
        assert_it_says_what_failed(ran)
    raise AssertionError(f"not done after {RUNS} runs: {ran.err}")


def assert_it_says_what_failed(ran: Ran) -> None:
    assert ran.err.strip()
    assert "password" not in ran.err


def story(sandbox: Sandbox, cwtui: Cwtui, disturb: Callable[[], None]) -> Iterator[Counter[Billed]]:
    """What the PSA holds after each chapter, told under disturbance."""
    reseller, agreements = begin(sandbox, cwtui)
    disturb()
    for chapter in range(len(DAYS)):
        if chapter:
            go_on(reseller, agreements)
        run_until_done(cwtui, chapter)
        yield Counter(sandbox.billed())


def fault(probability: float, **fault: Any) -> dict[str, Any]:
    return {"fault": fault, "probability": probability}


@pytest.mark.parametrize(
    "odds",
    [
        pytest.param([fault(0.15, status=429, retry_after="0")], id="429 with Retry-After"),
        pytest.param([fault(0.06, status=500), fault(0.06, status=500, when="after")], id="500 before and after"),
        pytest.param(
            [fault(0.05, status=503, retry_after="0"), fault(0.05, status=503, retry_after="0", when="after")],
            id="503 with Retry-After",
        ),
        pytest.param(
            [fault(0.05, kind="html", status=502), fault(0.05, kind="html", status=200, when="after", method="POST")],
            id="HTML pages, even with status 200",
        ),
    ],
)
def test_the_services_misbehave(odds: list[Any], opened: Opened, new_sandbox: Callable[[], Sandbox]) -> None:
    expected = calm(new_sandbox(), opened)
    sandbox = new_sandbox()
    cwtui = opened(sandbox, "disturbed", CWTUI_SYNC__SETTLE_S="0.1")
    told = story(sandbox, cwtui, lambda: sandbox.behave(odds=odds, seed=chance_of("faults").randrange(1_000_000)))
    assert list(told) == expected
    assert_each_write_was_made_once(cwtui)
    assert sandbox.requests()["statuses"].keys() - {"200", "201", "204"}


@pytest.fixture
def proxied(stack: ExitStack, opened: Opened) -> Callable[..., tuple[ChaosProxy, Cwtui]]:
    def proxied(sandbox: Sandbox, odds: dict[str, float], **environment: str) -> tuple[ChaosProxy, Cwtui]:
        there = urlsplit(sandbox.announced["connectwise"]["base_url"])
        proxy = stack.enter_context(ChaosProxy((str(there.hostname), int(there.port or 0)), chance_of("ills"), odds))
        cwtui = opened(sandbox, f"through {proxy.port}", **environment)
        for service in ("CONNECTWISE", "MARKETPLACE"):
            name = f"CWTUI_{service}__BASE_URL"
            cwtui.environment[name] = cwtui.environment[name].replace(str(there.port), str(proxy.port))
        return proxy, cwtui

    return proxied


@pytest.mark.parametrize(
    ("odds", "environment"),
    [
        pytest.param({"reset_before": 0.08, "reset_after": 0.08, "torn_answer": 0.04}, {}, id="connections are reset"),
        pytest.param(
            {"silent_before": 0.04, "silent_after": 0.04},
            {"CWTUI_SYNC__TIMEOUT_S": "0.7"},
            id="no answer comes, before and after the commit",
        ),
    ],
)
def test_the_network_misbehaves(
    odds: dict[str, float],
    environment: dict[str, str],
    opened: Opened,
    proxied: Callable[..., tuple[ChaosProxy, Cwtui]],
    new_sandbox: Callable[[], Sandbox],
) -> None:
    expected = calm(new_sandbox(), opened)
    sandbox = new_sandbox()
    proxy, cwtui = proxied(sandbox, {}, CWTUI_SYNC__SETTLE_S="0.1", **environment)
    assert list(story(sandbox, cwtui, lambda: proxy.odds.update(odds))) == expected
    assert_each_write_was_made_once(cwtui)
    assert set(proxy.struck) == set(odds)


def test_a_create_is_committed_long_after_it_was_given_up(
    proxied: Callable[..., tuple[ChaosProxy, Cwtui]], opened: Opened, new_sandbox: Callable[[], Sandbox]
) -> None:
    """Later than the time-out and the time to settle: it was sent again meanwhile, and its double goes away."""
    expected = calm(new_sandbox(), opened)
    sandbox = new_sandbox()
    proxy, cwtui = proxied(sandbox, {}, CWTUI_SYNC__SETTLE_S="0.1", CWTUI_SYNC__TIMEOUT_S="0.6")
    proxy.only, proxy.at_most = b"POST /v4_6_release/apis/3.0/finance", 3
    told = story(sandbox, cwtui, lambda: proxy.odds.update({"late_commit": 1.0}))
    assert next(told) == expected[0]
    assert proxy.commit_late() == 3
    assert Counter(sandbox.billed()).total() == expected[0].total() + 3
    assert cwtui.auto(as_of=DAYS[0])["writes"] == {"post": 0, "patch": 0, "delete": 3}
    assert Counter(sandbox.billed()) == expected[0]
    assert list(told) == [expected[1]]


def test_killed_in_the_middle_of_chaos(
    proxied: Callable[..., tuple[ChaosProxy, Cwtui]], opened: Opened, new_sandbox: Callable[[], Sandbox]
) -> None:
    expected = calm(new_sandbox(), opened)
    sandbox, chance = new_sandbox(), chance_of("kills in chaos")
    proxy, cwtui = proxied(sandbox, {}, CWTUI_SYNC__SETTLE_S="0.1")
    reseller, agreements = begin(sandbox, cwtui)
    proxy.odds.update({"reset_before": 0.05, "reset_after": 0.1})
    for chapter, day in enumerate(DAYS):
        if chapter:
            go_on(reseller, agreements)
        for _ in range(4):
            process = cwtui.start("--auto", as_of=day)
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0.4, 1.5))
            process.kill()
            process.communicate()
        run_until_done(cwtui, chapter)
        assert Counter(sandbox.billed()) == expected[chapter]
    assert_each_write_was_made_once(cwtui)
