"""A small world behind the sandbox's HTTP, and two clients that know its credentials."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx
import pytest

from cwtui.sandbox import exact_json
from cwtui.sandbox.app import Sandbox, create_app
from cwtui.sandbox.behaviour import Behaviour
from cwtui.sandbox.credentials import MARKETPLACE, MARKETPLACE_BASE, PSA, PSA_BASE
from cwtui.sandbox.world import World

TODAY = date(2026, 11, 23)
AGREEMENT = 101
PRORATING = 102


@dataclass
class Answered:
    """One answer: status, JSON with exact numbers, headers, and the text it was read from."""

    status: int
    body: Any
    headers: httpx.Headers
    text: str

    @property
    def codes(self) -> list[tuple[str, str]]:
        """Field and code of every entry of a PSA error."""
        return [(item["field"], item["code"]) for item in self.body["errors"]]


def answered(answer: httpx.Response) -> Answered:
    body = exact_json.loads(answer.content) if answer.content else None
    return Answered(answer.status_code, body, answer.headers, answer.text)


_JSON = {"content-type": "application/json"}


class PsaClient:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def __call__(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: Any
    ) -> Answered:
        answer = await self._http.request(
            method,
            PSA_BASE + path,
            params=query,
            auth=(f"{PSA.company_id}+{PSA.public_key}", PSA.private_key),
            headers={"clientId": PSA.client_id, **(_JSON if body is not None else {}), **(headers or {})},
            content=exact_json.dumps(body) if body is not None else None,
        )
        return answered(answer)


class MarketplaceClient:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.token = ""

    async def log_in(self, **changes: str) -> Answered:
        answer = await self._http.post(
            MARKETPLACE_BASE + "/token",
            auth=(changes.get("username", MARKETPLACE.username), changes.get("password", MARKETPLACE.password)),
            headers={"X-Subscription-Key": changes.get("subscription_key", MARKETPLACE.subscription_key)},
            json={"marketplace": changes.get("marketplace", MARKETPLACE.marketplace)},
        )
        self.token = answer.json().get("token", "")
        return answered(answer)

    async def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Answered:
        if not self.token:
            await self.log_in()
        answer = await self._http.request(
            method,
            MARKETPLACE_BASE + path,
            params=query,
            headers={"X-Subscription-Key": MARKETPLACE.subscription_key, "Authorization": f"Bearer {self.token}"},
            **({"json": body} if body is not None else {}),
        )
        return answered(answer)


@pytest.fixture
def world() -> World:
    """One customer and company; a monthly agreement billed through 30 November 2026, and one that prorates."""
    world = World.empty(TODAY)
    customer = world.add_customer("Green Lane LLC")
    world.add_product("PRD1", "Exchange Online (Plan 1)", mpn="MPN1", price="4.50", cost="3.60")
    world.add_subscription(customer["id"], [("PRD1", 10)], id="1000048531")
    company = world.add_company("Green Lane LLC", identifier="GreenLane")
    for number, prorates in ((AGREEMENT, False), (PRORATING, True)):
        made = world.add_agreement(company["id"], prorate=prorates, bill_start="2026-01-01", next_invoice="2026-12-01")
        assert made["id"] == number
    world.add_catalog_item("EXO-P1", "Exchange Online (Plan 1)", price="4.50", cost="3.60")
    world.add_catalog_item("OLD", "No longer sold", inactiveFlag=True)
    world.add_catalog_item("BUNDLE", "Bundle", productClass="Bundle")
    return world


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour()


@pytest.fixture
def sandbox(world: World, behaviour: Behaviour) -> Sandbox:
    return create_app(world, behaviour)


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="http://sandbox") as client:
        yield client


@pytest.fixture
def psa(http: httpx.AsyncClient) -> PsaClient:
    return PsaClient(http)


@pytest.fixture
def marketplace(http: httpx.AsyncClient) -> MarketplaceClient:
    return MarketplaceClient(http)


@pytest.fixture
def addition() -> Callable[..., dict[str, Any]]:
    """The body of an addition that the PSA takes, with changes; None leaves a field out."""

    def body(**changes: Any) -> dict[str, Any]:
        whole = {
            "product": {"id": 501},
            "billCustomer": "Billable",
            "quantity": 10,
            "unitPrice": 4.5,
            "effectiveDate": "2026-12-01T00:00:00Z",
            **changes,
        }
        return {name: value for name, value in whole.items() if value is not None}

    return body
