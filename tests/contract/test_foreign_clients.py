"""Clients that nobody here wrote, on the served sandbox: pyconnectwise, and the way others spell requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from pyconnectwise import ConnectWiseManageAPIClient

from tests.end_to_end.running import Sandbox, serve

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the foreign client's models
PATHS = ["/company/companies/", "/finance/agreements/", "/system/info/", "/procurement/types/"]


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with ExitStack() as stack:
        yield serve(stack, "--host", "127.0.0.1")


class OverHttp(ConnectWiseManageAPIClient):
    """pyconnectwise writes https:// before every host; the sandbox is on loopback without it. Nothing else differs."""

    def _make_request(self, method: Any, url: str, *rest: Any, **more: Any) -> Any:
        return super()._make_request(method, url.replace("https://", "http://", 1), *rest, **more)


@pytest.fixture
def client(served: Sandbox) -> Any:
    known = served.announced["connectwise"]
    host = httpx.URL(known["base_url"]).netloc.decode()
    keys = (known["client_id"], known["public_key"], known["private_key"])
    return OverHttp(known["company_id"], host, *keys)


def rows(endpoint: Any, **params: Any) -> list[Any]:
    return list(endpoint.paginated(1, 5, params or None).all())


def test_it_lists_pages_and_conditions(client: Any) -> None:
    companies = rows(client.company.companies)
    assert len(companies) > 5
    assert len({one.id for one in companies}) == len(companies)
    found = client.company.companies.get(params={"conditions": f"id = {companies[6].id}"})
    assert [one.identifier for one in found] == [companies[6].identifier]
    assert client.company.companies.id(companies[6].id).get().name == companies[6].name


def test_it_creates_changes_and_deletes_a_company(client: Any) -> None:
    body = {"identifier": "Foreign", "name": "Foreign Ltd", "site": {"name": "Main"}, "addressLine1": "1 Road"}
    made = client.company.companies.post(body)
    at = client.company.companies.id(made.id)
    assert at.patch([{"op": "replace", "path": "name", "value": "Foreign GmbH"}]).name == "Foreign GmbH"
    assert at.get().name == "Foreign GmbH"
    at.delete()
    assert "Foreign" not in [one.identifier for one in rows(client.company.companies, conditions="deletedFlag = False")]


def test_it_writes_additions_of_an_agreement(client: Any, served: Sandbox) -> None:
    agreement = client.finance.agreements.get()[0]
    item = client.procurement.catalog.get(params={"conditions": 'productClass = "Agreement" and inactiveFlag = False'})[
        0
    ]
    additions = client.finance.agreements.id(agreement.id).additions
    before = len(additions.get())
    made = additions.post(
        {
            "product": {"id": item.id},
            "quantity": 3,
            "unitPrice": 4.5,
            "billCustomer": "Billable",
            "effectiveDate": "2027-06-01T00:00:00Z",
        }
    )
    assert len(additions.get()) == before + 1
    changed = additions.id(made.id).patch([{"op": "replace", "path": "quantity", "value": 4}])
    assert float(changed.quantity) == 4
    additions.id(made.id).delete()
    assert made.id not in [row["id"] for row in served.rows()]


def test_it_creates_and_changes_a_catalog_item(client: Any) -> None:
    like = client.procurement.catalog.get()[0]
    made = client.procurement.catalog.post(
        {
            "identifier": "FOREIGN-1",
            "description": "Made by another client",
            "customerDescription": "Made by another client",
            "subcategory": {"id": like.subcategory.id},
            "type": {"id": like.type.id},
            "productClass": "Agreement",
        }
    )
    at = client.procurement.catalog.id(made.id)
    assert float(at.patch([{"op": "replace", "path": "price", "value": 7.25}]).price) == 7.25
    at.delete()
    assert client.procurement.catalog.get(params={"conditions": 'identifier = "FOREIGN-1"'}) == []


@pytest.mark.parametrize(
    "path", ["/company/companies/", "/finance/agreements/", "/system/info/", "/procurement/types/"]
)
@pytest.mark.parametrize(
    "accept",
    [
        "application/vnd.connectwise.com+json; version=3.0, application/json",
        "application/json, application/vnd.connectwise.com+json; version=2025.8",
        "*/*",
    ],
)
def test_how_others_spell_a_request(path: str, accept: str, served: Sandbox) -> None:
    with served.psa() as psa:
        answer = psa.get(path.lstrip("/"), headers={"Accept": accept})
    assert answer.status_code == 200, answer.text
