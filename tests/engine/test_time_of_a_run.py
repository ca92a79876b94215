"""What a run waits for, in virtual time: both services are asked at once, and neither waits for the other.

Rules: synchronising.md#writing-ahead, check.md#cost-of-a-check.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cwtui.sandbox.world import World
from tests.engine.upkeep_world import TODAY, Running, running
from tests.virtual_time import run_virtually

LATENCY_S, AT_ONCE = 0.05, 16


async def took(at: Running, work: Callable[[], Awaitable[Any]]) -> tuple[float, Counter[str]]:
    """Virtual seconds of some work, and the requests of each service."""
    loop = asyncio.get_running_loop()
    at.sandbox.log.clear()
    begin = loop.time()
    await work()
    return loop.time() - begin, Counter(service for service, *_ in at.sandbox.log.recent)


@pytest.mark.parametrize(
    ("subscriptions", "agreements", "products_each"),
    [(80, 80, 4), (160, 40, 1), (24, 24, 10), (120, 120, 1)],
    ids=["a subscription to an agreement", "four to an agreement", "many additions each", "one addition each"],
)
def test_a_first_run_waits_for_the_service_that_is_asked_more(
    subscriptions: int, agreements: int, products_each: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def first() -> None:
        world = World.sized(
            customers=agreements // 3,
            subscriptions=subscriptions,
            agreements=agreements,
            products_each=products_each,
            today=TODAY,
        )
        async with running(world, tmp_path, concurrency=AT_ONCE) as at:
            at.sandbox.behaviour.latency_ms = LATENCY_S * 1000
            seconds, asked = await took(at, at.engine.auto)
            assert len(world.additions()) == subscriptions * products_each
            assert at.sandbox.log.peak_writes == 1
            assert max(at.sandbox.log.peak.values()) <= AT_ONCE
            ends_s = 10 * LATENCY_S  # six lists come first; the four writes of the last agreement come last
            assert seconds <= 1.05 * max(asked.values()) * LATENCY_S / AT_ONCE + ends_s

    run_virtually(first(), monkeypatch)


def test_a_check_with_nothing_new_waits_for_a_token_and_for_its_lists_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing_new() -> None:
        world = World.sized(customers=3, subscriptions=30, agreements=10, today=TODAY)
        for _ in range(2):  # the second one compares, once a day
            async with running(world, tmp_path) as at:
                await at.engine.auto()
        async with running(world, tmp_path) as at:
            at.sandbox.behaviour.latency_ms = LATENCY_S * 1000
            seconds, asked = await took(at, at.engine.check)
            assert asked == {"marketplace": 5}
            assert seconds == pytest.approx(2 * LATENCY_S)

    run_virtually(nothing_new(), monkeypatch)
