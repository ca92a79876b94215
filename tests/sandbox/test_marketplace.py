"""The simulated marketplace."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from cwtui.sandbox.app import Sandbox
from cwtui.sandbox.behaviour import Behaviour
from cwtui.sandbox.credentials import MARKETPLACE, MARKETPLACE_BASE
from cwtui.sandbox.http import Request
from cwtui.sandbox.marketplace import Marketplace
from cwtui.sandbox.world import World


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"username": "someone"}, 401),
        ({"password": "wrong"}, 401),
        ({"subscription_key": "wrong"}, 401),
        ({"marketplace": "elsewhere"}, 400),
    ],
    ids=str,
)
async def test_tokens(marketplace: Any, changes: dict[str, str], status: int) -> None:
    answer = await marketplace.log_in(**changes)
    assert answer.status == status
    assert status != 200 or (answer.body["expiresInSeconds"], bool(answer.body["token"])) == (1500, True)


async def test_a_token_is_needed_and_expires(world: World, behaviour: Behaviour) -> None:
    now = [0.0]
    app = Sandbox(world, behaviour, control=False)
    app.marketplace = Marketplace(world, behaviour, clock=lambda: now[0])
    transport, base = httpx.ASGITransport(app), "http://sandbox" + MARKETPLACE_BASE
    headers = {"X-Subscription-Key": MARKETPLACE.subscription_key}
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client:
        assert (await client.get("/customers")).status_code == 401
        asked = await client.post(
            "/token", auth=(MARKETPLACE.username, MARKETPLACE.password), json={"marketplace": MARKETPLACE.marketplace}
        )
        bearer = {"Authorization": f"Bearer {asked.json()['token']}"}
        now[0] = 1499.0
        assert (await client.get("/customers", headers=bearer)).status_code == 200
        now[0] = 1500.0
        assert (await client.get("/customers", headers=bearer)).status_code == 401


async def test_dropped_tokens_are_unknown(marketplace: Any, sandbox: Sandbox) -> None:
    assert (await marketplace("GET", "/plans")).status == 200
    sandbox.marketplace.drop_tokens()
    assert (await marketplace("GET", "/plans")).status == 401


@pytest.fixture
def customers(world: World) -> list[str]:
    return ["Green Lane LLC", *(world.add_customer(f"Customer {number}")["name"] for number in range(119))]


@pytest.mark.parametrize(
    ("query", "offset", "limit", "first", "count"),
    [
        ({}, 0, 10, 0, 10),
        ({"limit": 50, "offset": 100}, 100, 50, 100, 20),
        ({"limit": 1000}, 0, 100, 0, 100),
        ({"offset": 120}, 120, 10, None, 0),
    ],
    ids=str,
)
async def test_offset_and_limit(
    marketplace: Any,
    customers: list[str],
    query: dict[str, int],
    offset: int,
    limit: int,
    first: int | None,
    count: int,
) -> None:
    body = (await marketplace("GET", "/customers", **query)).body
    assert body["pagination"] == {"offset": offset, "limit": limit, "total": 120}
    names = [row["name"] for row in body["data"]]
    assert names == (customers[first : first + count] if first is not None else [])


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": -1}, {"offset": -1}, {"offset": "x"}], ids=str)
async def test_paging_it_refuses(marketplace: Any, query: dict[str, Any]) -> None:
    assert (await marketplace("GET", "/customers", **query)).status == 400


@pytest.fixture
def orders(world: World) -> None:
    lines = [("recurring", "PRD1", 1, "4.50")]
    world.add_order("1000048531", "sales", lines, id="1", created="2026-11-01T00:00:00Z", by_product=True)
    world.add_order("1000048531", "change", lines, id="2", created="2026-11-02T01:00:00+02:00", status="processing")
    world.add_order("other", "change", lines, id="3", number="SO-X", created="2026-11-03T00:00:00Z")


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, ["1", "2", "3"]),
        ({"status": "processing"}, ["2"]),
        ({"status": "completed"}, ["1", "3"]),
        ({"subscriptionId": "1000048531"}, ["1", "2"]),
        ({"customerId": "1000001"}, ["1", "2"]),
        ({"orderNumber": "SO-X"}, ["3"]),
        ({"creationTimeFrom": "2026-11-01T23:00:00Z"}, ["2", "3"]),
        ({"creationTimeFrom": "2026-11-01T23:00:01Z"}, ["3"]),
        ({"creationTimeTo": "2026-11-01T23:00:00Z"}, ["1", "2"]),
        ({"creationTimeFrom": "2026-11-02", "status": "completed"}, ["3"]),
    ],
    ids=str,
)
async def test_order_filters(marketplace: Any, query: dict[str, str], ids: list[str]) -> None:
    body = (await marketplace("GET", "/orders", **query)).body
    assert [row["id"] for row in body["data"]] == ids
    assert body["pagination"]["total"] == len(ids)


@pytest.mark.usefixtures("orders")
async def test_a_list_row_has_lines_but_no_products_and_no_subscription(marketplace: Any) -> None:
    row = (await marketplace("GET", "/orders")).body["data"][1]
    assert row["details"][0]["unitPrice"] == {"currency": "EUR", "amount": "4.50"}
    assert not {"products", "subscriptionId"} & row.keys()
    whole = (await marketplace("GET", "/orders/2")).body
    assert (whole["subscriptionId"], whole["products"][0]["id"]) == ("1000048531", "PRD1")
    sold = (await marketplace("GET", "/orders/1")).body
    assert "subscriptionId" not in sold
    assert sold["products"][0]["subscriptionId"] == "1000048531"


async def test_a_bad_date_is_refused(marketplace: Any, world: World) -> None:
    world.add_order("1000048531", "sales", [])
    assert (await marketplace("GET", "/orders", creationTimeFrom="yesterday")).status == 400


async def test_subscriptions_and_products(marketplace: Any, world: World) -> None:
    world.add_subscription("9", [], id="S2", status="terminated", created="2025-01-01")
    ended = (await marketplace("GET", "/subscriptions", status="terminated")).body["data"]
    assert [row["id"] for row in ended] == ["S2"]
    recent = (await marketplace("GET", "/subscriptions", creationDateFrom="2026-01-01")).body["data"]
    assert [row["id"] for row in recent] == ["1000048531"]
    assert "products" not in recent[0]
    assert (await marketplace("GET", "/subscriptions/1000048531")).body["products"][0]["quantity"] == 10
    assert (await marketplace("GET", "/products", mpn="MPN1")).body["data"][0]["costs"][0]["amount"] == "3.60"
    assert (await marketplace("GET", "/products", name="exchange")).body["pagination"]["total"] == 1
    assert (await marketplace("GET", "/products", vendor="nobody")).body["data"] == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/orders/unknown", 404),
        ("GET", "/nothing", 404),
        ("GET", "/products/PRD1", 404),
        ("POST", "/orders", 405),
        ("GET", "/token", 405),
    ],
)
async def test_paths(marketplace: Any, method: str, path: str, status: int) -> None:
    assert (await marketplace(method, path, {} if method == "POST" else None)).status == status


ACCOUNT: dict[str, Any] = {
    "name": "Pinecrest Pharmacy",
    "language": "en",
    "address": {"streetAddress": "1 Main Street", "postalCode": "1", "city": "Springfield", "countryCode": "US"},
    "contactPersons": [
        {
            "type": "admin",
            "firstName": "R",
            "lastName": "B",
            "email": "r@p.example",
            "phoneNumber": "1",
            "password": "x",
        }
    ],
}


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        pytest.param({"name": ""}, "name", id="no name"),
        pytest.param({"language": None}, "language", id="no language"),
        pytest.param({"address": {}}, "address", id="no address"),
        pytest.param({"address": {**ACCOUNT["address"], "countryCode": ""}}, "address.countryCode", id="no country"),
        pytest.param({"address": {**ACCOUNT["address"], "countryCode": "USA"}}, "two letters", id="three letters"),
        pytest.param({"contactPersons": []}, "contactPersons", id="nobody"),
        pytest.param({"contactPersons": [{"type": "admin"}]}, "contactPersons.email", id="no e-mail"),
        pytest.param({"contactPersons": ["Ruth"]}, "contactPersons", id="a name for a person"),
        pytest.param({"contactPersons": {}}, "contactPersons", id="no list of persons"),
        pytest.param({"attributes": {"size": 5}}, "attributes.size", id="a number for an attribute"),
        pytest.param({"status": "asleep"}, "status", id="no status"),
        pytest.param({"externalId": 42}, "externalId", id="a number for a text"),
    ],
)
async def test_customers_it_refuses(marketplace: Any, world: World, change: dict[str, Any], missing: str) -> None:
    answer = await marketplace("POST", "/customers", {**ACCOUNT, **change})
    assert (answer.status, missing in answer.body["message"]) == (400, True)
    assert len(world.marketplace["customers"]) == 1


@pytest.mark.parametrize(
    "query",
    [{"offset": 2**63}, {"offset": "9" * 5000}, {"limit": ""}, {"limit": "٣"}, {"limit": [5, 6]}],
    ids=["beyond 64 bits", "beyond any", "nothing", "other digits", "twice"],
)
async def test_pages_there_are_none_of(marketplace: Any, query: dict[str, Any]) -> None:
    assert (await marketplace("GET", "/products", **query)).status == 400


@pytest.mark.parametrize(("method", "path"), [("POST", "/orders"), ("GET", "/nothing"), ("PATCH", "/customers/1")])
async def test_who_asks_is_judged_before_what_is_asked(marketplace: Any, method: str, path: str) -> None:
    marketplace.token = "of nobody"
    assert (await marketplace(method, path, {} if method != "GET" else None)).status == 401


async def test_a_new_customer(marketplace: Any) -> None:
    created = (await marketplace("POST", "/customers", ACCOUNT)).body
    assert (created["id"], created["status"]) == ("1000002", "active")
    assert "login" not in created["contactPersons"][0]
    assert (await marketplace("GET", "/customers", email="R@p.example")).body["data"] == [created]


@pytest.mark.parametrize("path", ["/orders", "/orders/7"])
def test_an_order_completes_by_itself_from_check_to_check(world: World, path: str) -> None:
    world.add_order("1000048531", "change", [("recurring", "PRD1", 5, "4.50")], id="7", status="processing")
    world.ripen("7", 2, "1000048531", quantities={"PRD1": 15})
    now = [0.0]
    behaviour = Behaviour(orders_ripen=True)
    marketplace = Marketplace(world, behaviour, clock=lambda: now[0])
    marketplace._tokens["t"] = 1e9
    headers = {"x-subscription-key": MARKETPLACE.subscription_key, "authorization": "Bearer t"}

    def check() -> str:
        now[0] += 60
        for _ in range(5):  # however many looks a check takes
            now[0] += 0.5
            marketplace.answer(Request("GET", path, "", headers, b"", ""))
        return str(world.marketplace["orders"].rows["7"]["status"])

    assert [check(), check(), check()] == ["processing", "processing", "completed"]
    assert world.marketplace["orders"].rows["7"]["provisioningDate"] == "2026-11-23T10:00:00Z"
    assert world.marketplace["subscriptions"].rows["1000048531"]["products"][0]["quantity"] == 15


async def test_an_order_stays_open_where_that_is_not_asked_for(marketplace: Any, world: World) -> None:
    world.add_order("1000048531", "change", [], id="7", status="processing")
    world.ripen("7", 0)
    assert (await marketplace("GET", "/orders/7")).body["status"] == "processing"
