"""The sandbox as another process would use it: over loopback TCP, steered by its control endpoint."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cwtui.sandbox.serve import serve
from cwtui.sandbox.world import World

Served = tuple[subprocess.Popen[str], dict[str, Any]]

PROGRAM = """
from datetime import date
from cwtui.sandbox.serve import serve
from cwtui.sandbox.world import World
serve("127.0.0.1", 0, World.seeded(date(2026, 11, 23)), announce=lambda line: print(line, flush=True))
print("stopped", flush=True)
"""


@pytest.fixture
def served() -> Iterator[Served]:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True, env={**os.environ})  # noqa: S603  # ours
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def psa_of(announced: dict[str, Any]) -> httpx.Client:
    known = announced["connectwise"]
    return httpx.Client(
        base_url=known["base_url"],
        auth=(f"{known['company_id']}+{known['public_key']}", known["private_key"]),
        headers={"clientId": known["client_id"]},
        trust_env=False,
    )


def test_a_process_serves_and_is_steered(served: Served) -> None:
    process, announced = served
    with psa_of(announced) as psa, httpx.Client(base_url=announced["control"], trust_env=False) as control:
        before = control.get("/additions").json()
        path = "/finance/agreements/101/additions"
        body = {"product": {"id": 501}, "billCustomer": "Billable", "effectiveDate": "2026-12-01T00:00:00Z"}

        fault = {"status": 500, "when": "after", "method": "POST"}
        assert control.post("/behaviour", json={"script": [fault]}).status_code == 200
        assert psa.post(path, json=body).status_code == 500
        assert len(control.get("/additions").json()) == len(before) + 1

        invoiced = {"call": "advance_invoice", "arguments": {"agreement_id": 101, "next_invoice_date": "2027-01-01"}}
        assert control.post("/world", json=invoiced).json()["nextInvoiceDate"] == "2027-01-01T00:00:00Z"
        assert psa.post(path, json=body).status_code == 400

        log = control.get("/requests").json()
        assert log["counts"] == {"psa POST /finance/agreements/{parentId}/additions": 2}
        assert log["statuses"] == {"500": 1, "400": 1}
        control.post("/requests/clear")
        assert control.get("/requests").json()["total"] == 0
        assert World.from_json(control.get("/world").content).additions(101)[-1]["product"]["id"] == 501
    assert process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_stops_it_cleanly(served: Served, number: signal.Signals) -> None:
    process, _ = served
    process.send_signal(number)
    assert process.stdout is not None
    assert process.stdout.read() == "stopped\n"
    assert process.wait(timeout=30) == 0


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/world", {"call": "to_json"}, "to_json is not among"),
        ("/world", {"call": "complete_order", "arguments": {"order_id": "x"}}, "KeyError"),
        ("/world", {"call": "add_addition", "arguments": {"nonsense": 1}}, "TypeError"),
        ("/behaviour", {"nonsense": 1}, "no behaviour called nonsense"),
    ],
)
def test_a_wrong_order_is_told_what_was_wrong(served: Served, path: str, body: Any, said: str) -> None:
    answer = httpx.post(served[1]["control"] + path, json=body, trust_env=False)
    assert (answer.status_code, said in answer.json()["message"]) == (400, True)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])  # noqa: S104  # refused, which is the point
def test_it_is_served_on_loopback_only(world: World, host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        serve(host, 0, world, announce=pytest.fail)


async def test_the_control_endpoint_answers_only_when_served(http: httpx.AsyncClient) -> None:
    assert (await http.get("/_control/additions")).status_code == 404
    assert (await http.get("/elsewhere")).status_code == 404
