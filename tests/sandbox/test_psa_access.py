"""Who may ask the PSA, and what it says to those who may not."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from cwtui.sandbox.behaviour import Behaviour
from cwtui.sandbox.credentials import PSA, PSA_BASE


def authorization(user: str = f"{PSA.company_id}+{PSA.public_key}", password: str = PSA.private_key) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"authorization": authorization(), "clientId": PSA.client_id}, 200, id="right"),
        pytest.param({"clientId": PSA.client_id}, 401, id="no credentials"),
        pytest.param({"authorization": authorization(password="no"), "clientId": PSA.client_id}, 401, id="wrong key"),
        pytest.param({"authorization": authorization(user="sandboxPublicKey"), "clientId": "x"}, 401, id="no company"),
        pytest.param({"authorization": "Basic %%%", "clientId": PSA.client_id}, 401, id="not base64"),
        pytest.param({"authorization": "Bearer abc", "clientId": PSA.client_id}, 401, id="a bearer token"),
        pytest.param({"authorization": authorization()}, 403, id="no clientId"),
        pytest.param({"authorization": authorization(), "clientId": "other"}, 403, id="another clientId"),
    ],
)
async def test_credentials(http: httpx.AsyncClient, headers: dict[str, str], status: int) -> None:
    answer = await http.get(PSA_BASE + "/system/info", headers=headers)
    assert answer.status_code == status
    assert status == 200 or {"code", "message"} <= answer.json().keys()


@pytest.mark.parametrize(
    ("accept", "status", "content_type"),
    [
        ("*/*", 200, "application/json"),
        (
            "application/vnd.connectwise.com+json; version=2025.8",
            200,
            "application/vnd.connectwise.com+json; version=2025.8",
        ),
        ("application/vnd.connectwise.com+json", 200, "application/vnd.connectwise.com+json; version=2026.4"),
        ("application/vnd.connectwise.com+json; version=latest", 400, "application/json"),
    ],
)
async def test_versions(psa: Any, accept: str, status: int, content_type: str) -> None:
    answer = await psa("GET", "/system/info", headers={"Accept": accept})
    assert (answer.status, answer.headers["content-type"]) == (status, content_type)
    assert status != 200 or answer.headers["api-current-version"] == "2026.4"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/procurement/subcategories/", 200),
        ("GET", "/procurement/subcategories", 200),
        ("GET", "/system/securityroles", 200),
        ("GET", "/system/securityRoles", 404),
        ("GET", "/system/securityRoles/2/settings", 200),
        ("GET", "/system/securityRoles/99/settings", 404),
        ("GET", "/finance/agreements/", 200),
        ("GET", "/finance/agreements/101/", 200),
        ("GET", "/finance/agreements/abc", 404),
        ("GET", "/finance/agreements/-1", 404),
        ("GET", "/finance/agreements/999/additions", 404),
        ("GET", "/finance/agreementrecap/101", 200),
        ("GET", "/service/tickets", 404),
        ("DELETE", "/finance/invoices/1", 405),
        ("GET", "/system/callbacks/1", 405),
    ],
)
async def test_paths_are_as_published(psa: Any, method: str, path: str, status: int) -> None:
    assert (await psa(method, path)).status == status


async def test_a_url_over_2000_characters_is_refused(psa: Any) -> None:
    ids = ",".join(str(number) for number in range(100_000, 100_400))
    assert (await psa("GET", "/company/companies", conditions=f"id in ({ids})")).status == 414


async def test_a_body_has_to_be_declared_as_json(http: httpx.AsyncClient) -> None:
    headers = {"authorization": authorization(), "clientId": PSA.client_id}
    url = PSA_BASE + "/procurement/categories"
    assert (await http.post(url, headers=headers, content=b"{}")).status_code == 415
    headers["content-type"] = "application/json"
    assert (await http.post(url, headers=headers, content=b"{")).status_code == 400
    assert (await http.post(url, headers=headers, content=b'{"name": NaN}')).status_code == 400


PROBES: list[tuple[tuple[str, str, str], str, str, Any, int]] = [
    (("Companies", "Company Maintenance", "Inquire"), "GET", "/company/companies", None, 200),
    (("Companies", "Contacts", "Inquire"), "GET", "/company/contacts", None, 200),
    (("Finance", "Agreements", "Inquire"), "GET", "/finance/agreements", None, 200),
    (("Finance", "Agreements", "Inquire"), "GET", "/finance/agreements/101/additions", None, 200),
    (("Finance", "Agreements", "Add"), "POST", "/finance/agreements/0/additions", {}, 404),
    (("Finance", "Agreements", "Add"), "POST", "/finance/agreements/101/additions", {}, 400),
    (("Finance", "Agreements", "Edit"), "PATCH", "/finance/agreements/0/additions/0", [], 404),
    (("Finance", "Agreements", "Delete"), "DELETE", "/finance/agreements/0/additions/0", None, 404),
    (("Finance", "Invoicing", "Inquire"), "GET", "/finance/invoices", None, 200),
    (("Procurement", "Product Catalog", "Inquire"), "GET", "/procurement/catalog", None, 200),
    (("Procurement", "Product Catalog", "Add"), "POST", "/procurement/catalog", {}, 400),
    (("System", "Table Setup", "Inquire"), "GET", "/finance/billingCycles", None, 200),
]


@pytest.mark.parametrize(("permission", "method", "path", "body", "granted"), PROBES)
async def test_a_probe_tells_a_permission_and_changes_nothing(
    psa: Any,
    behaviour: Behaviour,
    permission: tuple[str, str, str],
    method: str,
    path: str,
    body: Any,
    granted: int,
) -> None:
    assert (await psa(method, path, body)).status == granted
    behaviour.lacks = {permission}
    assert (await psa(method, path, body)).status == 403


async def test_the_security_role_tells_the_same(psa: Any, behaviour: Behaviour) -> None:
    behaviour.lacks = {("Finance", "Agreements", "Add")}
    rows = (await psa("GET", "/system/securityRoles/2/settings")).body
    lacking = [(row["moduleFunctionName"], row["inquireLevel"]) for row in rows if row["addLevel"] == "None"]
    assert lacking == [("Agreements", "All")]
