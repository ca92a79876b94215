"""SIGTERM ends a run within two seconds of waiting for a service (synchronising.md#stopping)."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from typing import Any

import pytest

from tests.end_to_end.running import Sandbox, serve


@pytest.fixture
def sandbox(stack: ExitStack) -> Sandbox:
    """With the demo's data."""
    return serve(stack, "--host", "127.0.0.1")


WAITS = [
    pytest.param({"kind": "status", "status": 429, "retry_after": "60", "times": 0}, id="Retry-After"),
    pytest.param({"kind": "status", "status": 500, "times": 0}, id="pauses between tries"),
    pytest.param({"kind": "delay", "delay_s": 60, "times": 0}, id="a server that never answers"),
]


@pytest.mark.parametrize("service", ["marketplace", "psa"])
@pytest.mark.parametrize("fault", WAITS)
@pytest.mark.parametrize("arguments", [(), ("--every", "1h")], ids=["once", "on a period"])
def test_a_run_that_waits_for_a_service_ends(
    fault: dict[str, Any], service: str, arguments: tuple[str, ...], sandbox: Any, cwtui: Any
) -> None:
    sandbox.behave(script=[{**fault, "service": service}])
    process = cwtui.start("--auto", *arguments, CWTUI_MAPPING__AUTO="exact")  # so that ConnectWise is asked at all
    until = time.monotonic() + 60
    while sandbox.requests()["peak"].get(service, 0) == 0:
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    ran = cwtui.ended(process)
    took = time.monotonic() - began
    assert took < 2 * (1 + _burden()), f"{took:.1f} s"
    assert "Stopping before the next write." in ran.err
    if arguments:  # what ends a service is no failure of it (commands.md#exit-statuses)
        assert ran.status != 1, ran.err


def _burden() -> float:
    """How much of a turn everything takes on a machine that others use too: 0 on one that is quiet."""
    began = time.monotonic()
    sum(range(2_000_000))
    return max(0.0, (time.monotonic() - began) / 0.05 - 1) / 2
