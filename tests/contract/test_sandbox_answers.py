"""Every answer the sandbox gives is one the published contracts allow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest

from cwtui.sandbox.app import create_app
from cwtui.sandbox.credentials import MARKETPLACE, MARKETPLACE_BASE, PSA, PSA_BASE
from cwtui.sandbox.psa_paths import RESOURCES, Resource
from cwtui.sandbox.world import World

pytestmark = pytest.mark.contract

TODAY = date(2026, 11, 23)
SERVED_BY_MARKETPLACE = {
    ("GET", "/customers"), ("POST", "/customers"), ("GET", "/customers/{id}"), ("PATCH", "/customers/{id}"),
    ("GET", "/orders"), ("GET", "/orders/{id}"), ("GET", "/subscriptions"), ("GET", "/subscriptions/{id}"),
    ("GET", "/products"), ("GET", "/plans"), ("GET", "/plans/{id}"), ("POST", "/token"),
    ("POST", "/validation/parameters"),
}  # fmt: skip

ACCOUNT = {
    "name": "Pinecrest Pharmacy",
    "language": "en",
    "externalId": "42",
    "address": {"streetAddress": "1 Main Street", "postalCode": "10115", "city": "Springfield", "countryCode": "US"},
    "contactPersons": [
        {"type": "admin", "firstName": "Ruth", "lastName": "Bell", "email": "ruth@pinecrest.example",
         "phoneNumber": "1#555#0100#", "login": "ruth", "password": "not-kept-1A"}
    ],
}  # fmt: skip

BODIES: dict[str, dict[str, Any]] = {
    "/company/companies": {"identifier": "NewCo", "name": "New Company", "types": [{"id": 1}], "country": {"id": 1}},
    "/company/companies/{parentId}/managementSummaryReports": {
        "groupIdentifier": "IM100999", "managementSolution": {"id": 1}, "agreement": {"id": 101},
    },
    "/company/contacts": {"firstName": "Ann", "lastName": "Lee", "company": {"identifier": "GreenLane"}},
    "/company/managementItSolutions": {
        "name": "Another", "managementItSolutionType": "Custom", "managementSolutionName": "Another",
    },
    "/company/managementItSolutions/{parentId}/managementProducts": {"agreementType": {"name": "Intermedia"}},
    "/company/managedDevicesIntegrations": {
        "name": "Intermedia", "solution": "Intermedia", "loginBy": "Global", "defaultBillingLevel": "Detail",
    },
    "/company/managedDevicesIntegrations/{parentId}/crossReferences": {
        "vendorType": "MXS10C01SUNR", "vendorLevel": "7.25", "agreementType": {"id": 4}, "product": {"id": 501},
    },
    "/finance/agreements": {"name": "New", "type": {"id": 1}, "company": {"id": 251}, "contact": {"id": 701}},
    "/finance/agreements/types": {
        "name": "New type", "employeeCompRate": "Actual", "employeeCompNotExceed": "Billing",
        "invoicingCycle": "CalendarYear", "billTime": "Billable", "billExpenses": "Billable",
        "billProducts": "NoCharge",
    },
    "/finance/agreements/{parentId}/additions": {
        "product": {"id": 501}, "billCustomer": "Billable", "quantity": 3, "unitPrice": 4.5, "unitCost": 3.6,
        "effectiveDate": "2026-12-01T00:00:00Z", "cancelledDate": "2026-12-31T00:00:00Z", "taxableFlag": False,
        "invoiceDescription": "Exchange Online (Plan 1)",
    },
    "/procurement/catalog": {
        "identifier": "NEW-ITEM", "description": "New item", "customerDescription": "New item",
        "subcategory": {"id": 1}, "type": {"id": 1}, "recurringFlag": True, "recurringBillCycle": {"id": 3},
    },
    "/procurement/categories": {"name": "New category"},
    "/procurement/categories/{parentId}/subcategories/": {"name": "New subcategory"},
    "/procurement/subcategories/": {"name": "Another subcategory", "category": {"id": 1}},
    "/procurement/types": {"name": "Intermedia_Services"},
    "/procurement/unitOfMeasures": {"name": "Seat"},
    "/system/callbacks": {"url": "https://example.com/?recordId=", "objectId": 1, "type": "company", "level": "owner"},
}  # fmt: skip


class Client:
    """Both services of one seeded sandbox, every answer held against its contract."""

    def __init__(self, http: httpx.AsyncClient, world: World, psa: Any, marketplace: Any) -> None:
        self.http, self.world, self._psa, self._marketplace = http, world, psa, marketplace
        self._headers = {"X-Subscription-Key": MARKETPLACE.subscription_key}

    async def psa(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        if method in {"POST", "PUT", "PATCH"}:
            self._psa.check_request(method, path, body)
        answer = await self.http.request(
            method,
            PSA_BASE + path,
            json=body,
            params=query,
            auth=(f"{PSA.company_id}+{PSA.public_key}", PSA.private_key),
            headers={"clientId": PSA.client_id},
        )
        document = answer.json() if answer.content else None
        self._psa.check_answer(method, path, answer.status_code, document, partial="fields" in query)
        return answer.status_code, document

    async def marketplace(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        if "Authorization" not in self._headers:
            await self.log_in()
        return await self._ask_marketplace(method, path, body, query)

    async def log_in(self) -> None:
        self._headers.pop("Authorization", None)
        token = await self._ask_marketplace("POST", "/token", {"marketplace": MARKETPLACE.marketplace}, {})
        self._headers["Authorization"] = f"Bearer {token['token']}"

    async def _ask_marketplace(self, method: str, path: str, body: Any, query: dict[str, Any]) -> Any:
        answer = await self.http.request(
            method,
            MARKETPLACE_BASE + path,
            json=body,
            params=query,
            auth=(MARKETPLACE.username, MARKETPLACE.password) if path == "/token" else None,
            headers=self._headers,
        )
        assert answer.status_code == 200, answer.text
        self._marketplace.check_answer(method, path, 200, answer.json())
        return answer.json()


@pytest.fixture
async def client(psa_contract: Any, marketplace_contract: Any) -> AsyncIterator[Client]:
    world = World.seeded(TODAY)
    world.add_psa(
        "managed_devices_integrations",
        {"name": "Mine", "solution": "Mine", "loginBy": "Global", "defaultBillingLevel": "Summary"},
    )
    known = {
        "managedDevicesIntegration": {"id": 1, "name": "Mine"},
        "agreementType": {"id": 1, "name": "x"},
        "parentId": 1,
    }
    world.add_psa("cross_references", {"vendorType": "A", "vendorLevel": "B", **known}, parent=1)
    transport = httpx.ASGITransport(create_app(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:
        yield Client(http, world, psa_contract, marketplace_contract)


def some_path(world: World, resource: Resource) -> str:
    """A collection's path with a parent that has records, if it needs one."""
    parents = {"sites": 251, "additions": 101, "cross_references": 1}
    if resource.table == "summary_reports":
        parent = next(key for key, table in world.children["summary_reports"].items() if len(table))
    else:
        parent = parents.get(resource.table, 1)
    return resource.template.replace("{parentId}", str(parent))


def each(*, method: str, item: bool = False) -> list[Any]:
    return [
        pytest.param(resource, id=resource.template)
        for resource in RESOURCES
        if method in (resource.item if item else resource.collection)
    ]


def test_the_sandbox_has_every_path_of_the_psa(psa_contract: Any) -> None:
    served = {(method, resource.template) for resource in RESOURCES for method in resource.collection}
    served |= {(method, resource.template.rstrip("/") + "/{id}") for resource in RESOURCES for method in resource.item}
    served |= {("GET", resource.template + "/count") for resource in RESOURCES if resource.countable}
    assert served == psa_contract.operations


def test_the_marketplace_paths_are_the_contracts(marketplace_contract: Any) -> None:
    assert marketplace_contract.operations >= SERVED_BY_MARKETPLACE


@pytest.mark.parametrize("resource", each(method="GET"))
async def test_lists(client: Client, resource: Resource) -> None:
    path = some_path(client.world, resource)
    status, rows = await client.psa("GET", path, pageSize=1000)
    assert status == 200
    if resource.shape == "info":
        return
    assert rows or resource.table in {"management", "callbacks", "management_products"}
    assert (await client.psa("GET", path, fields="id"))[1] == [{"id": row["id"]} for row in rows[:25]]
    if resource.countable:
        assert await client.psa("GET", path + "/count") == (200, {"count": len(rows)})


@pytest.mark.parametrize("resource", each(method="GET", item=True))
async def test_single_records(client: Client, resource: Resource) -> None:
    path = resource.template.replace("recap", "s") if resource.table == "recaps" else some_path(client.world, resource)
    _, rows = await client.psa("GET", path)
    found = some_path(client.world, resource).rstrip("/") + f"/{rows[0]['id']}"
    status, row = await client.psa("GET", found)
    assert (status, row["id"]) == (200, rows[0]["id"])
    assert (await client.psa("GET", found.rsplit("/", 1)[0] + "/999999"))[0] == 404


@pytest.mark.parametrize("resource", each(method="POST"))
async def test_creations_and_refusals(client: Client, resource: Resource) -> None:
    path = some_path(client.world, resource)
    status, row = await client.psa("POST", path, BODIES[resource.template])
    assert status == resource.created
    assert row["id"]
    refused = await client.http.post(
        PSA_BASE + path,
        json={},
        auth=(f"{PSA.company_id}+{PSA.public_key}", PSA.private_key),
        headers={"clientId": PSA.client_id},
    )
    if resource.table != "contacts":  # of a contact nothing is required
        assert refused.status_code == 400
    if refused.status_code == 400:
        client._psa.check_answer("POST", path, 400, refused.json())


@pytest.mark.parametrize("resource", each(method="PATCH", item=True))
async def test_changes_and_deletions(client: Client, resource: Resource) -> None:
    path = some_path(client.world, resource)
    _, row = await client.psa("POST", path, BODIES[resource.template])
    item = f"{path}/{row['id']}"
    first = next(iter(BODIES[resource.template]))
    change = {"op": "replace", "path": first, "value": BODIES[resource.template][first]}
    assert (await client.psa("PATCH", item, [change]))[0] == 200
    whole = {**BODIES[resource.template], **_required_on_update(resource)}
    assert (await client.psa("PUT", item, whole))[0] == 200
    assert (await client.psa("DELETE", item))[0] == resource.deleted


def _required_on_update(resource: Resource) -> dict[str, str]:
    if resource.table != "agreements":
        return {}
    bills = dict.fromkeys(("billTime", "billExpenses", "billProducts"), "Billable")
    return {"employeeCompRate": "Actual", "invoicingCycle": "ContractYear", **bills}


@pytest.mark.parametrize("path", ["/customers", "/orders", "/subscriptions", "/products", "/plans"])
async def test_marketplace_lists_and_details(client: Client, path: str) -> None:
    client.world.add_plan("10005", "Exchange")
    answer = await client.marketplace("GET", path, limit=100)
    assert answer["pagination"] == {"offset": 0, "limit": 100, "total": len(answer["data"])}
    for row in answer["data"]:
        if path != "/products":
            assert (await client.marketplace("GET", f"{path}/{row['id']}"))["id"] == row["id"]


async def test_marketplace_writes(client: Client, marketplace_contract: Any) -> None:
    marketplace_contract.check_request("POST", "/customers", ACCOUNT)
    customer = await client.marketplace("POST", "/customers", ACCOUNT)
    changed = await client.marketplace("PATCH", f"/customers/{customer['id']}", {"externalId": "43"})
    assert (changed["externalId"], changed["name"]) == ("43", "Pinecrest Pharmacy")
    asked = {"customerId": customer["id"], "products": [{"id": "PRD100101", "parameters": [{"name": "domain"}]}]}
    marketplace_contract.check_request("POST", "/validation/parameters", asked)
    assert (await client.marketplace("POST", "/validation/parameters", asked))["pagination"]["total"] == 1


async def test_orders_keep_to_the_contract_as_they_ripen(client: Client) -> None:
    for _ in range(4):
        client.world.pass_round()
    for order in client.world.marketplace["orders"]:
        await client.marketplace("GET", f"/orders/{order['id']}")
    for subscription in client.world.marketplace["subscriptions"]:
        await client.marketplace("GET", f"/subscriptions/{subscription['id']}")
    assert not client.world.ripening
