from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from cwtui.domain.errors import Unreadable
from cwtui.domain.ids import CustomerId
from cwtui.domain.marketplace import (
    OrderStatus,
    SubscriptionStatus,
)
from cwtui.services.cloudblue import CloudBlue

SUBSCRIPTION = {
    "id": "1000048531",
    "name": "Exchange",
    "customerId": "1000011",
    "status": "active",
    "creationDate": "2026-08-01",
    "expirationDate": "2027-08-01",
    "billingModel": "chargeBeforeBillingPeriod",
    "billingPeriod": {"type": "month", "duration": 1},
}


def server(rows: list[Any], *, cap: int = 100, total: Any = "right", ignore_offset: bool = False) -> Any:
    """A marketplace list: pages of at most `cap` rows; `total` as it announces it (None: no pagination)."""

    def answer(request: httpx.Request) -> httpx.Response:
        offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        start = 0 if ignore_offset else offset
        page = rows[start : start + min(limit, cap)]
        announced = len(rows) if total == "right" else total
        pagination = {"offset": offset, "limit": limit, "total": announced}
        return httpx.Response(200, json={"data": page} | ({} if total is None else {"pagination": pagination}))

    return answer


def customers(count: int) -> list[Any]:
    return [{"id": str(number), "name": f"Customer {number}"} for number in range(1, count + 1)]


async def ids_of(pages: Any) -> list[str]:
    return [row.id async for page in pages for row in page]


def windows(script: Any) -> list[tuple[str, str]]:
    lists = [request.url.params for request in script.requests if "offset" in request.url.params]
    return sorted((params["offset"], params["limit"]) for params in lists)


# Pages


@pytest.mark.parametrize(
    ("count", "cap", "expected"),
    [
        pytest.param(0, 100, [("0", "100")], id="nothing"),
        pytest.param(100, 100, [("0", "100")], id="exactly one page"),
        pytest.param(101, 100, [("0", "100"), ("100", "100")], id="one row more"),
        pytest.param(25, 10, [("0", "100"), ("10", "10"), ("20", "10")], id="the server caps the limit at 10"),
    ],
)
async def test_a_list_costs_its_pages_and_no_more(
    count: int, cap: int, expected: list[tuple[str, str]], cloudblue: CloudBlue, script: Any
) -> None:
    script.then(server(customers(count), cap=cap))
    assert await ids_of(cloudblue.customers()) == [str(number) for number in range(1, count + 1)]
    assert windows(script) == expected


async def test_without_pagination_it_reads_until_nothing_comes(cloudblue: CloudBlue, script: Any) -> None:
    script.then(server(customers(230), total=None))
    assert len(await ids_of(cloudblue.customers())) == 230
    assert len(windows(script)) == 4


async def test_a_total_as_text_is_a_total(cloudblue: CloudBlue, script: Any) -> None:
    script.then(server(customers(130), total="130"))
    assert len(await ids_of(cloudblue.customers())) == 130
    assert len(windows(script)) == 2


async def test_a_short_page_in_the_middle_loses_nothing(cloudblue: CloudBlue, script: Any) -> None:
    rows, short = customers(350), iter([100, 60])

    def answer(request: httpx.Request) -> httpx.Response:
        offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        page = rows[offset : offset + min(limit, next(short, 100))]
        return httpx.Response(200, json={"data": page, "pagination": {"offset": offset, "limit": limit, "total": 350}})

    script.then(answer)
    assert await ids_of(cloudblue.customers()) == [row["id"] for row in rows]


async def test_rows_that_are_added_meanwhile_are_read_too(cloudblue: CloudBlue, script: Any) -> None:
    rows = customers(150)

    def answer(request: httpx.Request) -> httpx.Response:
        page: httpx.Response = server(list(rows))(request)
        if len(rows) == 150:
            rows.extend({"id": f"new {number}", "name": "New"} for number in range(100))
        return page

    script.then(answer)
    assert len(await ids_of(cloudblue.customers())) == 250


async def test_a_row_put_in_front_meanwhile_moves_the_rest_and_loses_nothing(cloudblue: CloudBlue, script: Any) -> None:
    rows = customers(250)

    def answer(request: httpx.Request) -> httpx.Response:
        page: httpx.Response = server(list(rows))(request)
        if request.url.params["offset"] == "100":
            rows.insert(0, {"id": "new", "name": "New"})
        return page

    script.then(answer)
    read = await ids_of(cloudblue.customers())
    assert set(read) == {str(number) for number in range(1, 251)}


async def test_a_server_that_ignores_the_offset_is_an_error_not_a_loop(cloudblue: CloudBlue, script: Any) -> None:
    script.then(server(customers(10), total=None, ignore_offset=True))
    with pytest.raises(Unreadable, match="given before"):
        await ids_of(cloudblue.customers())


async def test_an_empty_page_where_rows_are_announced_is_an_error(cloudblue: CloudBlue, script: Any) -> None:
    script.then({"data": [], "pagination": {"offset": 0, "limit": 100, "total": 7}})
    with pytest.raises(Unreadable, match="announces 7"):
        await ids_of(cloudblue.customers())


@pytest.mark.parametrize("document", [[], {}, {"data": None}, {"data": {"id": 1}}, "text", {"items": []}])
async def test_a_document_without_a_list_is_unreadable(document: Any, cloudblue: CloudBlue, script: Any) -> None:
    script.then(httpx.Response(200, json=document))
    with pytest.raises(Unreadable):
        await ids_of(cloudblue.customers())


async def test_pages_of_a_slow_server_are_fetched_side_by_side_and_come_in_order() -> None:
    rows, in_flight, peak = customers(1200), 0, 0

    async def slow(request: httpx.Request) -> httpx.Response:
        nonlocal in_flight, peak
        if request.method == "POST":
            return httpx.Response(200, json={"token": "token-number-one"})
        in_flight += 1
        peak = max(peak, in_flight)
        await asyncio.sleep(0.02 if request.url.params["offset"] == "0" else 0.001)
        in_flight -= 1
        answer: httpx.Response = server(rows)(request)
        return answer

    secret = SecretStr("some-secret")
    client = CloudBlue(
        "https://market.example", "u", secret, secret, "us", concurrency=4, transport=httpx.MockTransport(slow)
    )
    assert await ids_of(client.customers()) == [row["id"] for row in rows]
    assert peak == 4
    await client.aclose()


async def test_filters_travel_as_the_contract_names_them(cloudblue: CloudBlue, script: Any) -> None:
    script.then(server([]))
    moment = datetime(2026, 11, 22, 1, 30, 0, 999, tzinfo=timezone(timedelta(hours=2)))
    await ids_of(cloudblue.orders(created_from=moment, status=OrderStatus.PROCESSING))
    await ids_of(cloudblue.subscriptions(status=SubscriptionStatus.ACTIVE, customer_id=CustomerId("7")))
    orders, subscriptions = (dict(request.url.params) for request in script.requests[1:])
    page = {"offset": "0", "limit": "100"}
    assert orders == {"creationTimeFrom": "2026-11-21T23:30:00Z", "status": "processing", **page}
    assert subscriptions == {"status": "active", "customerId": "7", **page}


@pytest.mark.parametrize(
    ("pagination", "expected"), [({"total": 42, "offset": 0, "limit": 1}, 42), (None, 1)], ids=["announced", "unsaid"]
)
async def test_a_total_costs_one_request(pagination: Any, expected: int, cloudblue: CloudBlue, script: Any) -> None:
    script.then({"data": [SUBSCRIPTION], "pagination": pagination})
    assert await cloudblue.total("subscriptions") == expected
    assert windows(script) == [("0", "1")]
