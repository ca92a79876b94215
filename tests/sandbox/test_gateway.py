"""The gateway before the marketplace: so many calls a minute and a day, then 429 and 403 with Retry-After."""

from __future__ import annotations

import pytest

from cwtui.sandbox.behaviour import Behaviour
from cwtui.sandbox.gateway import Gateway


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("behaviour", "granted", "status", "pause"),
    [
        (Behaviour(calls_per_minute=60), 60, 429, 60),
        (Behaviour(calls_per_day=40, day_s=3600), 40, 403, 3600),
        (Behaviour(calls_per_minute=9, calls_per_day=5), 5, 403, 86_400),
    ],
    ids=["a minute", "a day", "both"],
)
def test_beyond_what_is_granted_it_says_when_to_come_again(
    behaviour: Behaviour, granted: int, status: int, pause: int
) -> None:
    clock = Clock()
    gateway = Gateway(behaviour, clock)
    assert [gateway.refusal() for _ in range(granted)] == [None] * granted
    refusal = gateway.refusal()
    assert refusal is not None
    assert (refusal.status, refusal.headers) == (status, {"Retry-After": str(pause)})
    clock.now += pause - 1
    assert gateway.refusal() is not None
    clock.now += 1
    assert gateway.refusal() is None


def test_without_a_limit_everything_is_granted() -> None:
    gateway = Gateway(Behaviour(), Clock())
    assert all(gateway.refusal() is None for _ in range(10_000))
