"""Misbehaviour on request, and the log of what was asked."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any

import pytest

from cwtui.sandbox import exact_json
from cwtui.sandbox.app import Sandbox
from cwtui.sandbox.behaviour import Behaviour, Fault, Odds
from cwtui.sandbox.credentials import PSA, PSA_BASE
from cwtui.sandbox.world import World

ADDITIONS = "/finance/agreements/101/additions"
Body = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("fault", "status", "committed"),
    [
        (Fault(status=500), 500, 0),
        (Fault(status=500, when="after"), 500, 1),
        (Fault(status=503, retry_after="2"), 503, 0),
        (Fault(status=429, retry_after="1"), 429, 0),
        (Fault(kind="delay", delay_s=0.01), 201, 1),
        (Fault(kind="delay", delay_s=0.01, when="after"), 201, 1),
        (Fault(method="POST", path="/additions", service="psa"), 500, 0),
        (Fault(method="GET"), 201, 1),
        (Fault(service="marketplace"), 201, 1),
        (Fault(path="/catalog"), 201, 1),
    ],
    ids=str,
)
async def test_a_fault_strikes_before_or_after_the_write(
    psa: Any, behaviour: Behaviour, world: World, addition: Body, fault: Fault, status: int, committed: int
) -> None:
    behaviour.plan(fault)
    answer = await psa("POST", ADDITIONS, addition())
    assert (answer.status, len(world.additions())) == (status, committed)
    assert answer.headers.get("retry-after", "") == (fault.retry_after if status >= 400 else "")


async def test_a_429_has_its_own_shape(psa: Any, marketplace: Any, behaviour: Behaviour) -> None:
    await marketplace.log_in()
    behaviour.plan(Fault(status=429, retry_after="1", times=2))
    assert (await psa("GET", "/system/info")).body.keys() == {"error", "message"}
    assert (await marketplace("GET", "/plans")).body.keys() == {"statusCode", "message"}


async def test_an_error_page_is_html(http: Any, behaviour: Behaviour) -> None:
    behaviour.plan(Fault(kind="html", status=502))
    answer = await http.get("/marketplace/customers")
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")


async def test_the_script_is_taken_in_order_and_counts_down(psa: Any, behaviour: Behaviour) -> None:
    behaviour.plan(Fault(status=503, times=2), Fault(status=500))
    statuses = [(await psa("GET", "/system/info")).status for _ in range(4)]
    assert statuses == [503, 503, 500, 200]


async def test_a_fault_may_last(psa: Any, behaviour: Behaviour) -> None:
    behaviour.plan(Fault(status=503, times=0))
    assert {(await psa("GET", "/system/info")).status for _ in range(5)} == {503}
    behaviour.script.clear()
    assert (await psa("GET", "/system/info")).status == 200


async def test_forgotten_tokens(marketplace: Any, behaviour: Behaviour) -> None:
    await marketplace.log_in()
    behaviour.plan(Fault(kind="drop_token", path="/customers"))
    assert [(await marketplace("GET", path)).status for path in ("/plans", "/customers", "/plans")] == [200, 401, 401]


def test_odds_are_repeatable() -> None:
    def run() -> list[bool]:
        behaviour = Behaviour()
        behaviour.change({"seed": 7, "odds": [{"fault": {"status": 500}, "probability": 0.3}]})
        return [behaviour.fault_for("psa", "GET", "/x") is not None for _ in range(200)]

    struck = run()
    assert struck == run()
    assert 30 < sum(struck) < 90


@pytest.mark.parametrize(("probability", "strikes"), [(0.0, False), (1.0, True)])
def test_odds_at_their_ends(probability: float, *, strikes: bool) -> None:
    behaviour = Behaviour(odds=[Odds(Fault(method="POST"), probability)])
    assert (behaviour.fault_for("psa", "POST", "/x") is not None) is strikes
    assert behaviour.fault_for("psa", "GET", "/x") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"nonsense": 1},
        {"psa_version": 3},
        {"latency_ms": "slow"},
        {"latency_ms": True},
        {"link_always": 0},
        {"script": [{"kind": "explode"}]},
        {"script": [{"when": "later"}]},
        {"script": [{"status": 500, "colour": "red"}]},
        {"odds": [{"fault": {"service": "mail"}, "probability": 1}]},
    ],
    ids=str,
)
def test_behaviour_it_does_not_know(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"sandbox|fault|cannot be"):
        Behaviour().change(changes)


@pytest.mark.parametrize(("when", "committed"), [("before", 0), ("after", 1)])
async def test_a_client_that_left_gets_nothing_done_before_the_commit(
    sandbox: Sandbox, behaviour: Behaviour, world: World, addition: Body, when: Any, committed: int
) -> None:
    behaviour.plan(Fault(kind="delay", delay_s=0.05, when=when))
    messages = asyncio.Queue[dict[str, Any]]()
    messages.put_nowait({"type": "http.request", "body": exact_json.dumps(addition())})
    messages.put_nowait({"type": "http.disconnect"})
    credentials = base64.b64encode(f"{PSA.company_id}+{PSA.public_key}:{PSA.private_key}".encode())
    headers = [
        (b"authorization", b"Basic " + credentials),
        (b"clientid", PSA.client_id.encode()),
        (b"content-type", b"application/json"),
    ]
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": PSA_BASE + ADDITIONS, "query_string": b"", "headers": headers}
    await sandbox(scope, messages.get, send)
    assert len(world.additions()) == committed
    assert bool(sent) == bool(committed)


async def test_the_log_counts_by_template_and_sees_what_ran_at_once(
    psa: Any, behaviour: Behaviour, sandbox: Sandbox, addition: Body
) -> None:
    behaviour.latency_ms = 5
    await asyncio.gather(*(psa("GET", f"/finance/agreements/{key}") for key in (101, 102, 999)))
    await psa("POST", ADDITIONS, addition())
    assert sandbox.log.counts == {
        "psa GET /finance/agreements/{id}": 3,
        "psa POST /finance/agreements/{parentId}/additions": 1,
    }
    assert (sandbox.log.statuses, sandbox.log.peak, sandbox.log.peak_writes) == (
        {"200": 2, "404": 1, "201": 1},
        {"psa": 3},
        1,
    )
    assert sandbox.log.total("psa GET") == 3
    await asyncio.gather(*(psa("POST", ADDITIONS, addition()) for _ in range(4)))
    assert sandbox.log.peak_writes == 4
    sandbox.log.clear()
    assert sandbox.log.total() == 0
