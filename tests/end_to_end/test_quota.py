"""A gateway that grants so many calls a day: a first check gets through over days, as a process over real HTTP.

Rule: settings.md#quotas.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.end_to_end.conftest import Opened
from tests.end_to_end.reseller import reseller_in
from tests.end_to_end.running import Cwtui, Sandbox

SUBSCRIPTIONS, A_DAY = 30, 14


@pytest.fixture
def sandbox(new_sandbox: Callable[[], Sandbox]) -> Sandbox:
    return new_sandbox()


@pytest.fixture
def cwtui(sandbox: Sandbox, opened: Opened) -> Cwtui:
    cwtui = opened(sandbox)
    reseller = reseller_in(sandbox)
    names = [f"S{number:02}" for number in range(SUBSCRIPTIONS)]
    for name in names:
        reseller.subscribe(2, name)
    reseller.map_all(cwtui, *names)
    return cwtui


def test_a_first_check_gets_through_over_days(sandbox: Sandbox, cwtui: Cwtui) -> None:
    """Each run goes as far as its day's calls, says so, and nothing that was read is asked for again."""
    days = 0
    while True:
        days += 1
        sandbox.behave(calls_per_day=A_DAY * days, day_s=86_400)
        ran = cwtui.run("--auto", "--json")
        if ran.status != 1:
            break
        assert "Out of call volume quota" in ran.err
        assert "UTC" in ran.err  # when it goes on
        assert "permission" not in ran.err.lower()
        assert days < 10
    assert ran.is_done, ran.err
    assert days > 2
    assert len(sandbox.rows()) == SUBSCRIPTIONS
    asked = [
        path
        for service, method, path, status in sandbox.requests()["recent"]
        if (service, status) == ("marketplace", 200)
    ]
    details = [path for path in asked if path.startswith("/subscriptions/")]
    assert sorted(details) == sorted(set(details))


def test_a_second_check_of_a_day_says_how_much_is_kept_too(sandbox: Sandbox, cwtui: Cwtui) -> None:
    sandbox.behave(calls_per_day=A_DAY, day_s=86_400)
    first, second = cwtui.run("--auto"), cwtui.run("--auto")
    read = re.search(rf"cut off after (\d+) of {SUBSCRIPTIONS} records", first.err)
    assert read is not None
    assert int(read[1]) > 0
    assert f"records kept of an earlier one: {read[1]}." in second.err
    assert "the next check asks only for the rest" in second.err
    assert (first.status, second.status) == (1, 1)


def test_a_day_that_ends_soon_is_waited_for(sandbox: Sandbox, cwtui: Cwtui) -> None:
    sandbox.behave(calls_per_day=A_DAY, day_s=12)
    ran = cwtui.run("--auto", "--json")
    assert ran.is_done, ran.err
    assert len(sandbox.rows()) == SUBSCRIPTIONS
    assert sandbox.requests()["statuses"].get("403", 0) >= 2
    assert "requests within its quota (403): the run waits, and goes on at 20" in ran.err
    assert len(ran.err.splitlines()) < 12, ran.err  # a line a pause, not one for each request
