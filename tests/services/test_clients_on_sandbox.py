"""Both clients against the sandbox's HTTP: what the mocks promise, a server that refuses keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from cwtui.domain.errors import AccessDenied, NotFound, OutcomeUnknown, Refused, Transient
from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, CompanyId, CustomerId, OrderId, SubscriptionId
from cwtui.domain.psa import AdditionValues, BillCustomer, NewCatalogItem
from cwtui.sandbox.app import Sandbox, create_app
from cwtui.sandbox.behaviour import Behaviour, Fault, Odds
from cwtui.sandbox.credentials import MARKETPLACE, MARKETPLACE_BASE, PSA
from cwtui.sandbox.world import World
from cwtui.services.cloudblue import CloudBlue
from cwtui.services.connectwise import ConnectWise

TODAY = date(2026, 11, 22)
GREEN_LANE = CompanyId(251)
AGREEMENT = AgreementId(101)
ITEM = CatalogItemId(501)


@dataclass
class Services:
    marketplace: CloudBlue
    psa: ConnectWise
    sandbox: Sandbox

    @property
    def behaviour(self) -> Behaviour:
        return self.sandbox.behaviour


def credentials(**psa: str) -> dict[str, Any]:
    known = {"public_key": PSA.public_key, "private_key": PSA.private_key, **psa}
    return known | {
        "company_id": PSA.company_id,
        "client_id": PSA.client_id,
        "private_key": SecretStr(known["private_key"]),
    }


@pytest.fixture
async def services(fake_time: Any) -> AsyncIterator[Services]:
    sandbox = create_app(World.seeded(TODAY))
    transport = httpx.ASGITransport(sandbox)
    marketplace = CloudBlue(
        f"http://127.0.0.1{MARKETPLACE_BASE}",
        MARKETPLACE.username,
        SecretStr(MARKETPLACE.password),
        SecretStr(MARKETPLACE.subscription_key),
        MARKETPLACE.marketplace,
        transport=transport,
        timing=fake_time.timing(),
    )
    psa = ConnectWise("http://127.0.0.1", **credentials(), transport=transport, timing=fake_time.timing())
    yield Services(marketplace, psa, sandbox)
    await marketplace.aclose()
    await psa.aclose()


async def rows_of(pages: Any) -> list[Any]:
    return [row async for page in pages for row in page]


async def test_everything_the_marketplace_lists_can_be_read(services: Services) -> None:
    marketplace, world = services.marketplace, services.sandbox.world.marketplace
    assert len(await rows_of(marketplace.customers())) == len(world["customers"])
    assert len(await rows_of(marketplace.subscriptions())) == len(world["subscriptions"])
    assert len(await rows_of(marketplace.products())) == await marketplace.total("products") == len(world["products"])
    for order in await rows_of(marketplace.orders()):
        assert (await marketplace.order(order.id)).lines == order.lines
    assert marketplace.unreadable == ()


async def test_green_lane_and_its_subscription(services: Services) -> None:
    subscription = await services.marketplace.subscription(SubscriptionId("1000048531"))
    customer = await services.marketplace.customer(subscription.customer_id)
    assert (customer.name, subscription.products[0].unit_price is not None) == ("Green Lane LLC", True)
    mine = await rows_of(services.marketplace.subscriptions(customer_id=customer.id))
    assert subscription.id in {each.id for each in mine}


async def test_what_the_marketplace_does_not_know(services: Services) -> None:
    with pytest.raises(NotFound, match="There is no order 404404"):
        await services.marketplace.order(OrderId("404404"))
    with pytest.raises(NotFound):
        await services.marketplace.customer(CustomerId("404404"))


async def test_a_customer_is_created(services: Services) -> None:
    address = {"streetAddress": "1 Main", "postalCode": "1", "city": "Tampa", "countryCode": "US"}
    person = {"type": "admin", "firstName": "A", "lastName": "B", "email": "a@b.example", "phoneNumber": "1#2#3#"}
    account = {"name": "New Ltd", "language": "en", "address": address, "contactPersons": [person]}
    created = await services.marketplace.create_customer(account)
    assert await services.marketplace.customer(created.id) == created
    with pytest.raises(Refused, match="Required and missing: name"):
        await services.marketplace.create_customer(account | {"name": ""})


async def test_everything_the_psa_lists_can_be_read(services: Services) -> None:
    psa, world = services.psa, services.sandbox.world.psa
    agreements = await rows_of(psa.agreements())
    assert len(agreements) == len(world["agreements"])
    assert all(agreement.cycle is not None for agreement in agreements)
    assert len(await rows_of(psa.companies(with_deleted=True))) == len(world["companies"])
    assert len(await rows_of(psa.catalog_items())) == len(world["catalog"])
    for agreement in agreements:
        await psa.additions(agreement.id)
        await psa.latest_invoice(agreement.id)
    assert psa.unreadable == ()


async def test_chosen_rows_are_the_same_as_all_rows(services: Services) -> None:
    agreements = await rows_of(services.psa.agreements())
    chosen = [agreement.id for agreement in agreements][::2]
    assert await rows_of(services.psa.agreements(chosen)) == agreements[::2]


@pytest.mark.parametrize("name", ["Green Lane LLC", "green lane llc", 'Nobody "Inc"', "a] or [b", "%"])
async def test_companies_by_name(name: str, services: Services) -> None:
    found = await rows_of(services.psa.companies_where("name", name))
    assert [company.id for company in found] == ([GREEN_LANE] if "lane" in name.lower() else [])


async def test_the_contact_of_a_company(services: Services) -> None:
    [company] = await rows_of(services.psa.companies([GREEN_LANE]))
    [contact] = await rows_of(services.psa.contacts([company.default_contact_id]))
    assert contact.company_id == GREEN_LANE
    assert "@" in contact.email
    assert contact.phone


async def test_a_new_company(services: Services) -> None:
    [model] = await rows_of(services.psa.companies([GREEN_LANE]))
    wanted = replace(model, identifier="NewCo", name="New Co", account_number="42")
    created = await services.psa.create_company(wanted)
    assert replace(created, id=model.id, default_contact_id=model.default_contact_id, status=model.status) == wanted


STANDING = AdditionValues(ITEM, Decimal(10), Decimal("4.50"), Decimal("3.60"), date(2026, 12, 1), description="Mail")
EVERYTHING = AdditionValues(
    ITEM,
    Decimal("0.3333"),
    Decimal("-1.2345"),
    Decimal("0.0001"),
    date(2026, 12, 1),
    date(2026, 12, 31),
    BillCustomer.DO_NOT_BILL,
    taxable=True,
    description='Größe "XL" – ½ <b>[x]</b> 🙂',
)


@pytest.mark.parametrize("values", [STANDING, EVERYTHING], ids=["standing", "one-time"])
async def test_an_addition_comes_back_as_it_was_sent(values: AdditionValues, services: Services) -> None:
    created = await services.psa.create_addition(AGREEMENT, values)
    assert created.values == values
    assert created in await services.psa.additions(AGREEMENT)
    changed = replace(values, quantity=Decimal("7.5"), cancelled=date(2027, 1, 31), description="Changed")
    held = await services.psa.update_addition(created, changed)
    assert held.values == changed
    again = await services.psa.update_addition(held, replace(changed, cancelled=None))
    assert again.values.cancelled is None
    assert again in await services.psa.additions(AGREEMENT)
    await services.psa.delete_addition(AGREEMENT, created.id)
    await services.psa.delete_addition(AGREEMENT, created.id)
    assert created.id not in {each.id for each in await services.psa.additions(AGREEMENT)}
    with pytest.raises(NotFound):
        await services.psa.update_addition(created, changed)


async def test_an_addition_that_connectwise_refuses(services: Services) -> None:
    values = replace(STANDING, effective=date(2020, 1, 1))
    with pytest.raises(Refused) as caught:
        await services.psa.create_addition(AGREEMENT, values)
    assert caught.value.status == 400
    assert "effectiveDate" in caught.value.happened


FAULTS = [pytest.param(Fault("status", 500, when), id=f"500 {when} the commit") for when in ("before", "after")] + [
    pytest.param(Fault("html", 502, when), id=f"HTML {when} the commit") for when in ("before", "after")
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_create_struck_by_a_fault_is_in_doubt_and_rightly_so(fault: Fault, services: Services) -> None:
    present = {each.id for each in await services.psa.additions(AGREEMENT)}
    services.behaviour.plan(replace(fault, method="POST"))
    with pytest.raises(OutcomeUnknown):
        await services.psa.create_addition(AGREEMENT, STANDING)
    now = {each.id for each in await services.psa.additions(AGREEMENT)}
    assert len(now - present) == (1 if fault.when == "after" else 0)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_change_struck_by_a_fault_is_done_once_and_for_all(fault: Fault, services: Services) -> None:
    held = await services.psa.create_addition(AGREEMENT, STANDING)
    services.behaviour.plan(replace(fault, method="PATCH"), replace(fault, method="DELETE"))
    changed = await services.psa.update_addition(held, replace(held.values, quantity=Decimal(3)))
    assert changed.values.quantity == 3
    await services.psa.delete_addition(AGREEMENT, held.id)


async def test_a_throttled_create_is_made_once(services: Services, fake_time: Any) -> None:
    services.behaviour.plan(Fault("status", 429, retry_after="9", method="POST", times=3))
    before = len(await services.psa.additions(AGREEMENT))
    await services.psa.create_addition(AGREEMENT, STANDING)
    assert len(await services.psa.additions(AGREEMENT)) == before + 1
    assert fake_time.slept == [9, 9, 9]


async def test_a_marketplace_that_forgets_its_tokens(services: Services) -> None:
    services.behaviour.odds = [Odds(Fault("drop_token", service="marketplace", method="GET"), 0.3)]
    subscriptions = await rows_of(services.marketplace.subscriptions())
    for each in subscriptions[:10]:
        assert (await services.marketplace.subscription(each.id)).id == each.id
    assert services.marketplace.requests["POST"] > 1


async def test_wrong_credentials(services: Services, fake_time: Any) -> None:
    transport = httpx.ASGITransport(services.sandbox)
    wrong = ConnectWise(
        "http://127.0.0.1", **credentials(private_key="wrong-key"), transport=transport, timing=fake_time.timing()
    )
    with pytest.raises(AccessDenied):
        await rows_of(wrong.companies())
    await wrong.aclose()


async def test_a_missing_permission_shows_in_the_probe(services: Services) -> None:
    paths = "/finance/agreements/0/additions"
    assert await services.psa.probe("POST", paths, {}) in {400, 404}
    services.behaviour.lacks.add(("Finance", "Agreements", "Add"))
    assert await services.psa.probe("POST", paths, {}) == 403


async def test_a_service_that_stays_broken(services: Services) -> None:
    services.behaviour.plan(Fault("status", 500, times=0))
    with pytest.raises(Transient):
        await services.psa.version()
    assert services.psa.requests == {"GET": 5}


async def test_a_catalog_item_is_created_and_changed(services: Services) -> None:
    cycle = next(each.id for each in await services.psa.table("billing_cycles") if each.name == "Monthly")
    [kind, *_] = await services.psa.table("product_types")
    [part, *_] = await services.psa.table("subcategories")
    unit = next(each.id for each in await services.psa.table("units") if each.name == "Unit")
    new = NewCatalogItem(
        "MXS_7.25",
        "Mailbox",
        "A mailbox",
        subcategory_id=part.id,
        type_id=kind.id,
        category_id=part.parent_id,
        unit_of_measure_id=unit,
        price=Decimal("9.90"),
        cost=Decimal("7.25"),
        billing_cycle_id=cycle,
    )
    created = await services.psa.create_catalog_item(new)
    assert (created.identifier, created.price, created.product_class) == ("MXS_7.25", Decimal("9.90"), "Agreement")
    changed = await services.psa.update_catalog_item(created, replace(created, price=Decimal("10.5"), is_inactive=True))
    assert [changed] == await rows_of(services.psa.catalog_items([created.id]))


async def test_the_setup_of_intermedia(services: Services) -> None:
    psa = services.psa
    entry = await psa.create_table_entry("product_types", {"name": "Intermedia_Services_2"})
    assert entry in await psa.table("product_types")
    solution = await psa.create_management_solution("Intermedia 2")
    assert solution in await psa.management_solutions()
    integration = await psa.create_integration("Intermedia 2")
    assert integration in await psa.table("integrations")
    [agreement_type, *_] = await psa.table("agreement_types")
    reference = await psa.create_cross_reference(
        integration.id,
        vendor_type="MXS10C01SUNR",
        vendor_level="7.25",
        catalog_item_id=ITEM,
        agreement_type_id=agreement_type.id,
    )
    assert [reference] == list(await psa.cross_references(integration.id))
    manage_id = await psa.create_manage_id(GREEN_LANE, solution.id, "IM100")
    assert manage_id in await psa.manage_ids(GREEN_LANE)
    changed = await psa.update_manage_id(GREEN_LANE, manage_id.id, "IM200")
    assert changed in await psa.manage_ids(GREEN_LANE)


async def test_an_addition_nobody_has(services: Services) -> None:
    await services.psa.delete_addition(AGREEMENT, AdditionId(1))
    with pytest.raises(NotFound):
        await services.psa.additions(AgreementId(404404))
