"""Rules: plans.md#unreadable-additions."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import orjson
import pytest

from cwtui.domain.errors import Unreadable
from cwtui.domain.ids import AgreementId, CatalogItemId, CompanyId
from cwtui.domain.periods import BillingCycle
from cwtui.domain.psa import Company
from cwtui.services.connectwise import ConnectWise
from cwtui.services.connectwise_address import api_url

BASE = "/v4_6_release/apis/3.0"
AGREEMENT_ID = AgreementId(101)


def body(request: httpx.Request) -> Any:
    return orjson.loads(request.content)


async def rows_of(pages: Any) -> list[Any]:
    return [row async for page in pages for row in page]


# Sign-in


@pytest.mark.parametrize(
    ("base_url", "api"),
    [
        ("https://api-na.myconnectwise.net", "https://api-na.myconnectwise.net/v4_6_release/apis/3.0"),
        ("https://api-na.myconnectwise.net/", "https://api-na.myconnectwise.net/v4_6_release/apis/3.0"),
        ("https://psa.example/v2025_1/apis/3.0", "https://psa.example/v2025_1/apis/3.0"),
        ("https://psa.example/v2025_1/apis/3.0/", "https://psa.example/v2025_1/apis/3.0"),
    ],
)
def test_the_base_url(base_url: str, api: str) -> None:
    assert api_url(base_url) == api


async def test_every_request_carries_who_asks_and_which_version(connectwise: ConnectWise, script: Any) -> None:
    script.then({"version": "v2026.4", "isCloud": True})
    assert await connectwise.version() == "v2026.4"
    [request] = script.requests
    assert request.url == f"https://psa.example{BASE}/system/info"
    assert request.headers["Authorization"] == "Basic " + b64encode(b"acme+publicKey1:private-key-1").decode()
    assert request.headers["clientId"] == "11111111-2222-4333-8444-555555555555"
    assert request.headers["Accept"] == "application/vnd.connectwise.com+json; version=2026.4"


# Pages


def server(count: int, *, cap: int = 1000, link: str = "forward", ignores_page: bool = False) -> Any:
    """A ConnectWise list of catalog items; `link`: forward, page (numbers), unsized (no pageSize in it) or none."""
    rows = [{"id": number, "price": 1, "cost": 1} for number in range(1, count + 1)]

    def answer(request: httpx.Request) -> httpx.Response:
        params = request.url.params
        size = min(int(params["pageSize"]), cap)
        if link == "page":
            page = int(params.get("page", 1))
            found = rows[(page - 1) * size : page * size]
            more = f"page={page + 1}&pageSize={size}" if page * size < count else ""
        else:
            after = 0 if ignores_page else int(params.get("pageId", 0))
            found = [row for row in rows if row["id"] > after][:size]
            more = f"pageId={found[-1]['id']}" + ("" if link == "unsized" else f"&pageSize={size}") if found else ""
        url = f"https://elsewhere.example/x?conditions=%22%2C%3E%22&{more}"
        headers = {"Link": f'<{url}>; rel="next"'} if more and link != "none" else {}
        return httpx.Response(200, json=found, headers=headers)

    return answer


@pytest.mark.parametrize(
    ("answer", "count", "requests"),
    [
        pytest.param(server(0), 0, 1, id="nothing"),
        pytest.param(server(7), 7, 1, id="a short page is the last, though the link names another"),
        pytest.param(server(2500), 2500, 3, id="forward-only"),
        pytest.param(server(2000), 2000, 3, id="full pages to the end"),
        pytest.param(server(120, cap=50), 120, 3, id="a server with a lower cap"),
        pytest.param(server(120, cap=50, link="unsized"), 120, 4, id="a lower cap that the link does not tell"),
        pytest.param(server(2500, link="page"), 2500, 3, id="a server that answers with page numbers"),
        pytest.param(server(120, cap=50, link="page"), 120, 3, id="page numbers and a lower cap"),
        pytest.param(server(2500, link="none"), 2500, 3, id="a server that sends no link"),
        pytest.param(server(7, link="none"), 7, 1, id="no link, a short page"),
    ],
)
async def test_a_list_is_read_to_its_end(
    answer: Any, count: int, requests: int, connectwise: ConnectWise, script: Any
) -> None:
    script.then(answer)
    items = await rows_of(connectwise.catalog_items())
    assert [item.id for item in items] == list(range(1, count + 1))
    assert len(script.requests) == requests
    assert {request.url.host for request in script.requests} == {"psa.example"}


async def test_lists_ask_for_the_largest_page_and_only_what_is_used(connectwise: ConnectWise, script: Any) -> None:
    script.then([])
    await rows_of(connectwise.catalog_items())
    [request] = script.requests
    assert request.headers["pagination-type"] == "forward-only"
    assert request.url.params["pageSize"] == "1000"
    assert "manufacturerPartNumber" in request.url.params["fields"].split(",")
    assert "orderBy" not in request.url.params


async def test_a_server_that_ignores_the_page_is_an_error_not_a_loop(connectwise: ConnectWise, script: Any) -> None:
    script.then(server(1500, link="none", ignores_page=True))
    with pytest.raises(Unreadable, match="given before"):
        await rows_of(connectwise.catalog_items())


async def test_chosen_ids_travel_in_urls_below_2000_characters(connectwise: ConnectWise, script: Any) -> None:
    wanted = [CatalogItemId(number) for number in range(100_000, 101_000)]

    def answer(request: httpx.Request) -> list[Any]:
        chosen = request.url.params["conditions"].removeprefix("id in (").removesuffix(")").split(",")
        return [{"id": int(each), "price": 1, "cost": 1} for each in chosen]

    script.then(answer)
    items = await rows_of(connectwise.catalog_items(wanted))
    assert [item.id for item in items] == wanted
    assert all(len(str(request.url)) <= 2000 for request in script.requests)
    assert len(script.requests) < 8


async def test_no_ids_ask_nothing(connectwise: ConnectWise, script: Any) -> None:
    assert await rows_of(connectwise.contacts([])) == []
    assert script.requests == []


@pytest.mark.parametrize("document", [{}, None, "text", {"data": []}])
async def test_a_list_that_is_no_list_is_unreadable(document: Any, connectwise: ConnectWise, script: Any) -> None:
    script.then(httpx.Response(200, json=document))
    with pytest.raises(Unreadable):
        await connectwise.additions(AGREEMENT_ID)


# Companies and contacts

COUNTRIES = [{"id": 1, "countryCode": "US"}, {"id": 2, "coreEntityCountryCode": "DE"}, {"id": 3, "countryCode": None}]
COMPANY = {
    "id": 250,
    "identifier": "Acme",
    "name": "Acme Ltd",
    "addressLine1": "1 Main",
    "city": "Tampa",
    "zip": "33602",
    "country": {"id": 2, "name": "Germany"},
    "phoneNumber": "555",
    "defaultContact": {"id": 7},
    "deletedFlag": False,
    "status": {"name": "Active"},
}


async def test_companies_without_the_deleted_ones(connectwise: ConnectWise, script: Any) -> None:
    script.then(COUNTRIES, [COMPANY])
    [company] = await rows_of(connectwise.companies())
    assert (company.id, company.identifier, company.default_contact_id, company.status) == (250, "Acme", 7, "Active")
    assert (company.address.country_code, company.address.state) == ("DE", "")
    assert script.requests[-1].url.params["conditions"] == "deletedFlag = False"


async def test_chosen_companies_with_the_deleted_ones(connectwise: ConnectWise, script: Any) -> None:
    script.then(COUNTRIES, [COMPANY | {"deletedFlag": True}])
    [company] = await rows_of(connectwise.companies([CompanyId(250)], with_deleted=True))
    assert company.is_deleted
    assert script.requests[-1].url.params["conditions"] == "id in (250)"


async def test_chosen_companies_that_are_not_deleted(connectwise: ConnectWise, script: Any) -> None:
    script.then(COUNTRIES, [])
    await rows_of(connectwise.companies([CompanyId(250)]))
    assert script.requests[-1].url.params["conditions"] == "id in (250) AND deletedFlag = False"


async def test_companies_by_an_exact_text(connectwise: ConnectWise, script: Any) -> None:
    script.then(COUNTRIES, [COMPANY])
    await rows_of(connectwise.companies_where("identifier", 'A"B&C+D'))
    request = script.requests[-1]
    assert request.url.params["conditions"] == 'identifier = "A\\"B&C+D"'
    assert b"&C" not in request.url.query
    assert b"+D" not in request.url.query


async def test_the_countries_are_read_once(connectwise: ConnectWise, script: Any) -> None:
    script.then(COUNTRIES, [COMPANY], [COMPANY])
    await rows_of(connectwise.companies())
    await rows_of(connectwise.companies())
    assert script.asked.count(f"GET {BASE}/company/countries") == 1


async def test_a_company_is_created_with_its_country_by_code(connectwise: ConnectWise, script: Any) -> None:
    script.then(COUNTRIES, COMPANY)
    company = Company(CompanyId(0), "Acme", "Acme Ltd", account_number="42")
    company = replace(company, address=replace(company.address, street="1 Main", country_code="DE"))
    assert (await connectwise.create_company(company)).id == 250
    assert body(script.requests[-1]) == {
        "identifier": "Acme",
        "name": "Acme Ltd",
        "addressLine1": "1 Main",
        "country": {"id": 2},
        "accountNumber": "42",
        "site": {"name": "Main"},
    }


async def test_a_contact_and_how_it_is_reached(connectwise: ConnectWise, script: Any) -> None:
    items = [
        {"communicationType": "Email", "value": "second@x.example"},
        {"communicationType": "Email", "value": "first@x.example", "defaultFlag": True},
        {"communicationType": "Phone", "value": "555"},
        {"communicationType": None, "value": None},
    ]
    script.then([{"id": 7, "company": {"id": 250}, "firstName": "Ann", "lastName": None, "communicationItems": items}])
    [contact] = await rows_of(connectwise.contacts([7]))
    assert (contact.company_id, contact.first_name, contact.last_name) == (250, "Ann", "")
    assert (contact.email, contact.phone) == ("first@x.example", "555")


# Agreements and invoices

CYCLES = [{"id": 3, "billingOptions": "Monthly"}, {"id": 9, "billingOptions": "Fortnightly"}]
AGREEMENT = {
    "id": 101,
    "name": "Cloud",
    "company": {"id": 250},
    "type": {"name": "Cloud Services"},
    "billingCycle": {"id": 3},
    "billOneTimeFlag": False,
    "invoicingCycle": "ContractYear",
    "startDate": "2026-01-01T00:00:00Z",
    "endDate": "2026-12-31T00:00:00Z",
    "noEndingDateFlag": False,
    "billStartDate": "2026-01-15T00:00:00Z",
    "nextInvoiceDate": "2026-12-01",
    "prorateFlag": True,
    "currency": {"currencyCode": "EUR"},
    "agreementStatus": "Active",
    "cancelledFlag": False,
}


async def test_an_agreement(connectwise: ConnectWise, script: Any) -> None:
    script.then(CYCLES, [AGREEMENT])
    [agreement] = await rows_of(connectwise.agreements([AGREEMENT_ID]))
    assert (agreement.company_id, agreement.type_name, agreement.cycle) == (250, "Cloud Services", BillingCycle.MONTHLY)
    assert (agreement.start, agreement.end) == (date(2026, 1, 1), date(2026, 12, 31))
    assert (agreement.bill_start, agreement.next_invoice) == (date(2026, 1, 15), date(2026, 12, 1))
    assert (agreement.prorates, agreement.currency, agreement.is_calendar_year) == (True, "EUR", False)
    assert not agreement.is_inactive


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        pytest.param({"noEndingDateFlag": True}, lambda a: a.end is None, id="no ending date"),
        pytest.param({"nextInvoiceDate": None}, lambda a: a.next_invoice is None, id="no next invoice"),
        pytest.param({"nextInvoiceDate": ""}, lambda a: a.next_invoice is None, id="an empty next invoice"),
        pytest.param(
            {"nextInvoiceDate": "0001-01-01T00:00:00Z"}, lambda a: a.next_invoice is None, id="next invoice in year 1"
        ),
        pytest.param(
            {"nextInvoiceDate": "2026-12-01T00:00:00Z"}, lambda a: a.next_invoice == date(2026, 12, 1), id="with a time"
        ),
        pytest.param({"billingCycle": None}, lambda a: a.cycle is None, id="no cycle"),
        pytest.param({"billingCycle": {"id": 9}}, lambda a: a.cycle is None, id="a cycle nobody knows"),
        pytest.param({"billOneTimeFlag": True}, lambda a: a.cycle is BillingCycle.NOT_RECURRING, id="billed one time"),
        pytest.param({"invoicingCycle": "CalendarYear"}, lambda a: a.is_calendar_year, id="calendar year"),
        pytest.param({"currency": None}, lambda a: a.currency == "", id="no currency"),
        pytest.param({"agreementStatus": "Expired"}, lambda a: a.is_inactive, id="expired"),
        pytest.param({"agreementStatus": None}, lambda a: a.is_inactive, id="no status is not Active"),
        pytest.param({"cancelledFlag": True}, lambda a: a.is_inactive, id="cancelled"),
        pytest.param({"id": "101"}, lambda a: a.id == 101, id="the id as text"),
        pytest.param({"prorateFlag": None}, lambda a: a.prorates is False, id="no prorate flag"),
    ],
)
async def test_an_agreement_of_nulls_and_surprises(
    change: Any, holds: Any, connectwise: ConnectWise, script: Any
) -> None:
    script.then(CYCLES, [AGREEMENT | change])
    [agreement] = await rows_of(connectwise.agreements())
    assert holds(agreement)


async def test_an_agreement_whose_next_invoice_cannot_be_read_is_named_and_left_out(
    connectwise: ConnectWise, script: Any
) -> None:
    script.then(CYCLES, [AGREEMENT | {"nextInvoiceDate": "12/01/2026"}, AGREEMENT | {"id": 102}])
    assert [agreement.id for agreement in await rows_of(connectwise.agreements())] == [102]
    assert connectwise.unreadable == (
        "ConnectWise's record 101 of /finance/agreements cannot be read: nextInvoiceDate: '12/01/2026' is not a date.",
    )
    connectwise.clear_unreadable()
    assert not connectwise.unreadable


async def test_the_latest_invoice_is_one_row(connectwise: ConnectWise, script: Any) -> None:
    script.then([{"id": 5, "agreement": {"id": 101}, "date": "2026-11-01T00:00:00Z"}])
    invoice = await connectwise.latest_invoice(AGREEMENT_ID)
    assert invoice is not None
    assert (invoice.agreement_id, invoice.day) == (101, date(2026, 11, 1))
    params = script.requests[0].url.params
    assert params["conditions"] == 'type = "Agreement" AND agreement/id = 101'
    assert (params["orderBy"], params["pageSize"]) == ("date desc", "1")
    assert "pagination-type" not in script.requests[0].headers


async def test_no_invoice_yet(connectwise: ConnectWise, script: Any) -> None:
    script.then([])
    assert await connectwise.latest_invoice(AGREEMENT_ID) is None
