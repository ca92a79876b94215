"""Every request the clients can send, and every field they read, is one the published contracts know."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_args

import httpx
import orjson
import pytest
from pydantic import SecretStr

from cwtui.domain.ids import AgreementId, CatalogItemId, CompanyId, CustomerId, OrderId, SubscriptionId
from cwtui.domain.marketplace import OrderStatus, SubscriptionStatus
from cwtui.domain.psa import AdditionValues, NewCatalogItem, NewContact
from cwtui.sandbox.app import create_app
from cwtui.sandbox.credentials import MARKETPLACE, MARKETPLACE_BASE, PSA, PSA_BASE
from cwtui.sandbox.world import World
from cwtui.services import cloudblue_records
from cwtui.services import connectwise_additions as psa_additions
from cwtui.services import connectwise_records as psa_records
from cwtui.services.cloudblue import CloudBlue
from cwtui.services.connectwise import ConnectWise
from cwtui.services.connectwise_setup import TABLES
from cwtui.services.reading import WireRecord

pytestmark = pytest.mark.contract

TODAY = date(2026, 11, 22)
AGREEMENT, ITEM, COMPANY = AgreementId(101), CatalogItemId(501), CompanyId(251)
VALUES = AdditionValues(ITEM, Decimal("2.5"), Decimal("4.50"), Decimal("3.60"), date(2026, 12, 1), description="Mail")
NEW_ITEM = NewCatalogItem(
    "NEW_1", "New", "New item", subcategory_id=1, type_id=1, category_id=1, unit_of_measure_id=1, billing_cycle_id=3,
    manufacturer_part_number="MPN", price=Decimal("1.10"),
)  # fmt: skip
ACCOUNT = {
    "name": "New Ltd",
    "language": "en",
    "address": {"streetAddress": "1 Main", "postalCode": "1", "city": "Tampa", "countryCode": "US"},
    "contactPersons": [
        {"type": "admin", "firstName": "A", "lastName": "B", "email": "a@b.example", "phoneNumber": "1#2#3#"}
    ],
}


@dataclass
class Recorder(httpx.AsyncBaseTransport):
    """Passes requests on to the sandbox and keeps them."""

    inner: httpx.AsyncBaseTransport
    requests: list[httpx.Request] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return await self.inner.handle_async_request(request)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(httpx.ASGITransport(create_app(World.seeded(TODAY))))


@pytest.fixture
async def psa(recorder: Recorder) -> AsyncIterator[ConnectWise]:
    client = ConnectWise(
        "http://127.0.0.1",
        PSA.company_id,
        PSA.public_key,
        SecretStr(PSA.private_key),
        PSA.client_id,
        transport=recorder,
    )
    yield client
    await client.aclose()


@pytest.fixture
async def marketplace(recorder: Recorder) -> AsyncIterator[CloudBlue]:
    client = CloudBlue(
        f"http://127.0.0.1{MARKETPLACE_BASE}",
        MARKETPLACE.username,
        SecretStr(MARKETPLACE.password),
        SecretStr(MARKETPLACE.subscription_key),
        MARKETPLACE.marketplace,
        transport=recorder,
    )
    yield client
    await client.aclose()


async def rows_of(pages: Any) -> list[Any]:
    return [row async for page in pages for row in page]


# What each client can do, by the name of its method


async def companies(psa: ConnectWise) -> None:
    [company] = await rows_of(psa.companies([COMPANY]))
    await rows_of(psa.companies(with_deleted=True))
    await psa.create_company(replace(company, identifier="New"))


async def contacts(psa: ConnectWise) -> None:
    await rows_of(psa.contacts([701, 702]))
    await psa.create_contact(NewContact(COMPANY, "Ines", "Ortega", "ines@pinecrest.example", "+1 208 5550150"))
    await psa.create_contact(NewContact(COMPANY, "Ines"))
    assert len(await psa.contacts_of(COMPANY)) >= 3


async def catalog(psa: ConnectWise) -> None:
    created = await psa.create_catalog_item(NEW_ITEM)
    await psa.create_catalog_item(replace(NEW_ITEM, identifier="NEW_2", billing_cycle_id=None, is_one_time=True))
    await psa.update_catalog_item(
        created,
        replace(
            created,
            identifier="N", description="D", customer_description="C", price=Decimal("9.99"), cost=Decimal(1),
            taxable=not created.taxable, is_inactive=True, manufacturer_part_number="M", vendor_sku="V",
        ),
    )  # fmt: skip
    await rows_of(psa.catalog_items([created.id]))
    await rows_of(psa.catalog_items())


async def additions(psa: ConnectWise) -> None:
    created = await psa.create_addition(AGREEMENT, VALUES)
    await psa.additions(AGREEMENT)
    changed = AdditionValues(
        CatalogItemId(502), Decimal(3), Decimal(5), Decimal(4), date(2027, 1, 1), date(2027, 1, 31),
        taxable=not VALUES.taxable, description="Other",
    )  # fmt: skip
    held = await psa.update_addition(created, changed)
    await psa.update_addition(held, replace(changed, cancelled=None))
    await psa.delete_addition(AGREEMENT, created.id)


async def tables(psa: ConnectWise) -> None:
    for name in TABLES:
        await psa.table(name)
    await psa.create_table_entry("product_types", {"name": "New type"})


async def management(psa: ConnectWise) -> None:
    await psa.management_solutions()
    solution = await psa.create_management_solution("New solution")
    integration = await psa.create_integration("New integration")
    await psa.create_cross_reference(
        integration.id, vendor_type="SKU", vendor_level="7.25", catalog_item_id=ITEM, agreement_type_id=1
    )
    await psa.cross_references(integration.id)
    manage_id = await psa.create_manage_id(COMPANY, solution.id, "IM1")
    await psa.manage_ids(COMPANY)
    await psa.update_manage_id(COMPANY, manage_id.id, "IM2")


Use = Callable[[Any], Coroutine[Any, Any, object]]

PSA_USES: dict[str, Use] = {
    "companies, create_company, country_codes": companies,
    "companies_where": lambda psa: rows_of(psa.companies_where("accountNumber", 'a "b"')),
    "contacts, contacts_of, create_contact": contacts,
    "agreements, billing_cycles": lambda psa: rows_of(psa.agreements([AGREEMENT])),
    "catalog_items, create_catalog_item, update_catalog_item": catalog,
    "latest_invoice": lambda psa: psa.latest_invoice(AGREEMENT),
    "additions, create_addition, update_addition, delete_addition": additions,
    "version, system_info": lambda psa: psa.version(),
    "table, create_table_entry": tables,
    "management_solutions, create_management_solution, create_integration, cross_references, create_cross_reference, "
    "manage_ids, create_manage_id, update_manage_id": management,
}
MARKETPLACE_USES: dict[str, Use] = {
    "sign_in": lambda marketplace: marketplace.sign_in(),
    "orders": lambda marketplace: rows_of(
        marketplace.orders(created_from=datetime(2026, 1, 1, tzinfo=UTC), status=OrderStatus.COMPLETED)
    ),
    "order": lambda marketplace: marketplace.order(OrderId("2000001")),
    "subscriptions": lambda marketplace: rows_of(
        marketplace.subscriptions(status=SubscriptionStatus.ACTIVE, customer_id=CustomerId("1000011"))
    ),
    "subscription": lambda marketplace: marketplace.subscription(SubscriptionId("1000048531")),
    "customers": lambda marketplace: rows_of(marketplace.customers()),
    "customer": lambda marketplace: marketplace.customer(CustomerId("1000011")),
    "products": lambda marketplace: rows_of(marketplace.products()),
    "total": lambda marketplace: marketplace.total("subscriptions"),
    "create_customer": lambda marketplace: marketplace.create_customer(ACCOUNT),
}
# `probe` sends what doctor names, some of it wrong on purpose; `located` asks the log-in site, which no contract
# publishes; the rest sends nothing.
NOT_REQUESTS = {"aclose", "clear_unreadable", "located", "probe", "stop", "tell_pauses"}


@pytest.mark.parametrize(
    ("client", "uses"), [(ConnectWise, PSA_USES), (CloudBlue, MARKETPLACE_USES)], ids=["PSA", "marketplace"]
)
def test_nothing_a_client_can_send_is_left_out(client: type, uses: dict[str, Use]) -> None:
    public = {name for name, _ in inspect.getmembers(client, inspect.isfunction) if not name.startswith("_")}
    assert {name for names in uses for name in names.split(", ")} == public - NOT_REQUESTS


@pytest.mark.parametrize("use", PSA_USES.values(), ids=list(PSA_USES))
async def test_a_psa_request_is_in_the_contract(
    use: Use, psa: ConnectWise, recorder: Recorder, psa_contract: Any
) -> None:
    await use(psa)
    for request in recorder.requests:
        path = request.url.path.removeprefix(PSA_BASE)
        body = orjson.loads(request.content) if request.content else None
        psa_contract.check_request(request.method, path, body, request.url.params.keys())
        assert request.headers["clientId"] == PSA.client_id
        assert request.headers["Accept"] in accepted(psa_contract, request.method, path)
        if body is not None:
            assert request.headers["Content-Type"] == "application/json"
        for named in fields_named(request, body):
            assert_known(psa_contract, record_schema(psa_contract, request.method, path), named)


@pytest.mark.parametrize("use", MARKETPLACE_USES.values(), ids=list(MARKETPLACE_USES))
async def test_a_marketplace_request_is_in_the_contract(
    use: Use, marketplace: CloudBlue, recorder: Recorder, marketplace_contract: Any
) -> None:
    await use(marketplace)
    for request in recorder.requests:
        path = request.url.path.removeprefix(MARKETPLACE_BASE)
        body = orjson.loads(request.content) if request.content else None
        marketplace_contract.check_request(request.method, path, body, request.url.params.keys())
        assert request.headers["X-Subscription-Key"] == MARKETPLACE.subscription_key
        scheme = "Basic " if path == "/token" else "Bearer "
        assert request.headers["Authorization"].startswith(scheme)


@pytest.mark.parametrize("sent", [{"additional": 1}, {"quantity": "3"}, {"billCustomer": "Free"}])
async def test_the_check_itself_refuses_what_the_contract_does_not_know(sent: Any, psa_contract: Any) -> None:
    body = {"product": {"id": 1}, "billCustomer": "Billable", **sent}
    with pytest.raises(AssertionError):
        psa_contract.check_request("POST", "/finance/agreements/1/additions", body)


def accepted(contract: Any, method: str, path: str) -> set[str]:
    """Media types an answer comes as; a bodiless one may be asked for as any."""
    operation = contract.document["paths"][contract.template(method, path)][method.lower()]
    types = {name for answer in operation["responses"].values() for name in answer.get("content", {})}
    return types or {"application/vnd.connectwise.com+json; version=2026.4"}


def fields_named(request: httpx.Request, body: Any) -> Iterator[str]:
    """The fields of a record that a request names besides its body: `fields`, `conditions`, `orderBy`, patches."""
    params = request.url.params
    yield from params.get("fields", "").split(",") if params.get("fields") else ()
    unquoted = re.sub(r'"(?:[^"\\]|\\.)*"', "", params.get("conditions", ""))
    yield from re.findall(r"([A-Za-z][\w/]*) (?:=|in)", unquoted)
    yield from (part.split()[0] for part in params.get("orderBy", "").split(",") if part)
    if request.method == "PATCH":
        yield from (operation["path"] for operation in body)


def record_schema(contract: Any, method: str, path: str) -> Any:
    operation = contract.document["paths"][contract.template(method, path)][method.lower()]
    content = next(iter(operation["responses"]["200"]["content"].values()))
    return content["schema"]


def assert_known(contract: Any, schema: Any, path: str) -> None:
    for step in path.split("/"):
        properties = properties_of(contract, schema)
        assert step in properties, f"{path}: the contract has no {step}"
        schema = properties[step]


def properties_of(contract: Any, schema: Any) -> dict[str, Any]:
    """The properties of an object, or of the objects of a list."""
    while "$ref" in schema or schema.get("type") == "array":
        schema = contract._resolved(schema) if "$ref" in schema else schema["items"]
    found = dict(schema.get("properties", {}))
    for part in schema.get("allOf", ()):
        found |= properties_of(contract, part)
    return found


# What is read


@pytest.mark.parametrize(
    ("record", "schema"),
    [
        (cloudblue_records._Customer, "Customer"),
        (cloudblue_records._Product, "Product"),
        (cloudblue_records._Subscription, "SubscriptionDetailed"),
        (cloudblue_records._Order, "OrderDetailed"),
    ],
)
def test_what_is_read_of_the_marketplace_is_in_the_contract(
    record: type[WireRecord], schema: str, marketplace_contract: Any
) -> None:
    assert_readable(marketplace_contract, record, marketplace_contract.document["components"]["schemas"][schema])


def assert_readable(contract: Any, record: type[WireRecord], schema: Any) -> None:
    properties = properties_of(contract, schema)
    for name, each in record.model_fields.items():
        assert each.alias in properties, f"{record.__name__}.{name}: the contract has no {each.alias}"
        for nested in records_in(each.annotation):
            assert_readable(contract, nested, properties[each.alias or ""])


def records_in(annotation: Any) -> Iterator[type[WireRecord]]:
    if isinstance(annotation, type) and issubclass(annotation, WireRecord):
        yield annotation
    for part in get_args(annotation):
        yield from records_in(part)


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        (psa_records.CompanyRecord, psa_records.COMPANY_FIELDS),
        (psa_records._Contact, psa_records.CONTACT_FIELDS),
        (psa_records.AgreementRecord, psa_records.AGREEMENT_FIELDS),
        (psa_additions.AdditionRecord, psa_additions.ADDITION_FIELDS),
        (psa_records._Invoice, psa_records.INVOICE_FIELDS),
        (psa_records._CatalogItem, psa_records.CATALOG_FIELDS),
    ],
)
def test_of_the_psa_exactly_what_is_read_is_asked_for(record: type[WireRecord], fields: str) -> None:
    asked = {path.partition("/")[0] for path in fields.split(",")}
    assert asked == {each.alias for each in record.model_fields.values()}


@pytest.mark.parametrize("use", PSA_USES.values(), ids=list(PSA_USES))
async def test_no_list_asks_for_whole_records(use: Use, psa: ConnectWise, recorder: Recorder) -> None:
    await use(psa)
    lists = [request for request in recorder.requests if request.method == "GET" and "pageSize" in request.url.params]
    assert all("fields" in request.url.params for request in lists)
