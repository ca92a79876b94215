from __future__ import annotations

import asyncio
from base64 import b64encode
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from cwtui.domain.errors import AccessDenied, NotFound, OutcomeUnknown, Unreadable
from cwtui.domain.ids import CustomerId, OrderId, ProductId, SubscriptionId
from cwtui.domain.marketplace import (
    BillingModel,
    Duration,
    OrderStatus,
    OrderType,
    Price,
)
from cwtui.services.cloudblue import CloudBlue

ORDER = {
    "id": "2000001",
    "orderNumber": "SO000012",
    "type": "sales",
    "customerId": "1000011",
    "creationDate": "2026-11-11T10:00:00Z",
    "provisioningDate": "2026-11-11 12:30:00+02:00",
    "status": "completed",
    "details": [
        {
            "type": "recurring",
            "productId": "PRD1",
            "mpn": "MPN1",
            "description": "Recurring",
            "quantity": 5.0,
            "unitPrice": {"amount": "4.50", "currency": "EUR"},
            "extendedPrice": {"amount": "22.50", "currency": "EUR"},
        }
    ],
}
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


def listed(*rows: Any) -> dict[str, Any]:
    return {"data": list(rows), "pagination": {"offset": 0, "limit": 100, "total": len(rows)}}


async def ids_of(pages: Any) -> list[str]:
    return [row.id async for page in pages for row in page]


# The token


async def test_the_token_is_asked_for_with_the_credentials_and_then_carried(cloudblue: CloudBlue, script: Any) -> None:
    script.then(ORDER)
    await cloudblue.order(OrderId("2000001"))
    token, order = script.requests
    assert token.headers["Authorization"] == "Basic " + b64encode(b"reseller:market-password").decode()
    assert token.content == b'{"marketplace":"us"}'
    assert order.headers["Authorization"] == "Bearer token-number-one"
    assert {request.headers["X-Subscription-Key"] for request in script.requests} == {"subscription-key"}


async def test_many_questions_at_once_ask_for_one_token(cloudblue: CloudBlue, script: Any) -> None:
    script.then(ORDER)
    await asyncio.gather(*(cloudblue.order(OrderId("2000001")) for _ in range(10)))
    assert script.asked.count("POST /m/token") == 1


async def test_a_token_is_renewed_ahead_of_its_end(cloudblue: CloudBlue, script: Any, fake_time: Any) -> None:
    script.then(ORDER, ORDER, {"token": "token-number-two", "expiresInSeconds": 1500}, ORDER)
    await cloudblue.order(OrderId("2000001"))
    fake_time.seconds += 1430
    await cloudblue.order(OrderId("2000001"))
    fake_time.seconds += 20
    await cloudblue.order(OrderId("2000001"))
    assert script.asked.count("POST /m/token") == 2
    assert script.requests[-1].headers["Authorization"] == "Bearer token-number-two"


async def test_a_401_is_tried_once_more_with_a_new_token(cloudblue: CloudBlue, script: Any) -> None:
    script.then(httpx.Response(401), {"token": "token-number-two", "expiresInSeconds": 1500}, ORDER)
    await cloudblue.order(OrderId("2000001"))
    assert script.asked == ["POST /m/token", "GET /m/orders/2000001", "POST /m/token", "GET /m/orders/2000001"]


async def test_a_second_401_is_an_answer(cloudblue: CloudBlue, script: Any) -> None:
    script.then(httpx.Response(401), {"token": "token-number-two", "expiresInSeconds": 1500}, httpx.Response(401))
    with pytest.raises(AccessDenied):
        await cloudblue.order(OrderId("2000001"))
    assert len(script.requests) == 4


async def test_a_403_is_not_a_matter_of_tokens(cloudblue: CloudBlue, script: Any) -> None:
    script.then(httpx.Response(403))
    with pytest.raises(AccessDenied):
        await cloudblue.order(OrderId("2000001"))
    assert len(script.requests) == 2


async def test_a_refused_token_is_replaced_once_for_everybody(cloudblue: CloudBlue, script: Any) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(200, json={"token": "token-number-two", "expiresInSeconds": 1500})
        good = request.headers["Authorization"] == "Bearer token-number-two"
        return httpx.Response(200, json=ORDER) if good else httpx.Response(401)

    script.then(answer)
    await asyncio.gather(*(cloudblue.order(OrderId("2000001")) for _ in range(5)))
    assert script.asked.count("POST /m/token") == 2


@pytest.mark.parametrize("token", [{"token": None, "expiresInSeconds": 5}, {"expiresInSeconds": 5}, []])
async def test_a_token_answer_without_a_token_is_unreadable(cloudblue: CloudBlue, script: Any, token: Any) -> None:
    script.then(httpx.Response(401), token)
    with pytest.raises(Unreadable):
        await cloudblue.order(OrderId("2000001"))


async def test_a_token_never_shows_in_a_message(cloudblue: CloudBlue, script: Any) -> None:
    script.then(httpx.Response(403, json={"message": "token-number-one may not, nor market-password"}))
    with pytest.raises(AccessDenied) as caught:
        await cloudblue.order(OrderId("2000001"))
    assert "token-number-one" not in str(caught.value)
    assert "market-password" not in str(caught.value)


async def test_sign_in_always_asks(cloudblue: CloudBlue, script: Any) -> None:
    await cloudblue.sign_in()
    script.then({"token": "token-number-two", "expiresInSeconds": 1500})
    await cloudblue.sign_in()
    assert script.asked == ["POST /m/token"]


# Records


async def test_an_order(cloudblue: CloudBlue, script: Any) -> None:
    products = [{"id": "PRD1", "name": "Exchange", "subscriptionId": 1000048531}]
    script.then(ORDER | {"subscriptionId": "1000048531", "products": products})
    order = await cloudblue.order(OrderId("2000001"))
    assert (order.type, order.status, order.detailed) == (OrderType.SALES, OrderStatus.COMPLETED, True)
    assert order.provisioned == datetime(2026, 11, 11, 10, 30, tzinfo=UTC)
    assert order.subscription_id == "1000048531"
    assert order.products[0].subscription_id == "1000048531"
    line = order.lines[0]
    assert (line.type, line.product_id, line.quantity) == ("recurring", "PRD1", Decimal(5))
    assert (line.unit_price, line.extended) == (Price(Decimal("4.50"), "EUR"), Price(Decimal("22.50"), "EUR"))


async def test_a_subscription(cloudblue: CloudBlue, script: Any) -> None:
    money = {"amount": "4.50", "currency": "EUR"}
    product = {"id": "PRD1", "mpn": "MPN1", "name": "Exchange", "quantity": "25", "unitPrice": money, "unitCost": None}
    script.then(SUBSCRIPTION | {"planId": 10005, "products": [product]})
    subscription = await cloudblue.subscription(SubscriptionId("1000048531"))
    assert subscription.billing_model is BillingModel.BEFORE_BILLING_PERIOD
    assert subscription.billing_period == Duration("month", Decimal(1))
    assert (subscription.created, subscription.expiration) == (date(2026, 8, 1), date(2027, 8, 1))
    assert subscription.plan_id == "10005"
    bought = subscription.product(ProductId("PRD1"))
    assert bought is not None
    assert (bought.quantity, bought.unit_price, bought.unit_cost) == (Decimal(25), Price(Decimal("4.50"), "EUR"), None)


async def test_a_customer_and_a_product(cloudblue: CloudBlue, script: Any) -> None:
    address = {"streetAddress": "1 Main", "postalCode": 92612, "city": "Irvine", "countryCode": "US", "state": None}
    people = [{"email": "a@x.example"}, {"email": None}, None, {"email": "a@x.example"}]
    script.then({"id": 7, "name": "Acme", "externalId": None, "address": address, "contactPersons": people})
    customer = await cloudblue.customer(CustomerId("7"))
    assert (customer.id, customer.external_id, customer.status, customer.emails) == (
        "7",
        "",
        "active",
        ("a@x.example",),
    )
    assert (customer.address.postal_code, customer.address.state) == ("92612", "")

    cost = {"type": "setup", "amount": "20.00", "currency": "EUR"}
    row = {"id": "PRD1", "name": "Exchange", "mpn": None, "costs": [cost, {"type": "overuse", "amount": None}]}
    script.answers = [listed(row)]
    [[product]] = [page async for page in cloudblue.products()]
    assert [(each.charge, each.cost) for each in product.costs] == [("setup", Price(Decimal("20.00"), "EUR"))]


NULLS = [
    pytest.param({"provisioningDate": None}, lambda order: order.provisioned is None, id="no provisioning date"),
    pytest.param(
        {"provisioningDate": "0001-01-01T00:00:00Z"}, lambda order: order.provisioned is None, id="a year 1 date"
    ),
    pytest.param({"details": None}, lambda order: order.lines == (), id="no details"),
    pytest.param({"details": [{}]}, lambda order: order.lines[0].type == "unknown", id="a line of no type"),
    pytest.param({"details": [{}]}, lambda order: order.lines[0].quantity is None, id="a missing quantity is not 0"),
    pytest.param({"type": "gift"}, lambda order: order.type is OrderType.UNKNOWN, id="a type nobody knows"),
    pytest.param({"type": None}, lambda order: order.type is OrderType.UNKNOWN, id="no type"),
    pytest.param({"orderNumber": None}, lambda order: order.number == "", id="no number"),
    pytest.param({"id": 2000001}, lambda order: order.id == "2000001", id="a number as id"),
    pytest.param({"newThing": {"x": 1}}, lambda order: order.id == "2000001", id="a field nobody knows"),
]


@pytest.mark.parametrize(("change", "holds"), NULLS)
async def test_an_order_of_nulls_and_surprises(change: Any, holds: Any, cloudblue: CloudBlue, script: Any) -> None:
    script.then(ORDER | change)
    assert holds(await cloudblue.order(OrderId("2000001")))


HOSTILE = [
    pytest.param({"unitPrice": {"amount": "1,234.50", "currency": "EUR"}}, "1,234.50", id="thousands separator"),
    pytest.param({"unitPrice": {"amount": "NaN", "currency": "EUR"}}, "NaN", id="NaN"),
    pytest.param({"extendedPrice": {"amount": "", "currency": "EUR"}}, "extendedPrice.amount", id="empty amount"),
    pytest.param({"quantity": "five"}, "quantity", id="a quantity in words"),
    pytest.param({"quantity": True}, "quantity", id="a quantity that is a boolean"),
    pytest.param({"unitPrice": "4.50"}, "unitPrice", id="an amount without currency"),
]


@pytest.mark.parametrize(("line", "words"), HOSTILE)
async def test_a_hostile_order_is_named_and_the_others_go_on(
    line: Any, words: str, cloudblue: CloudBlue, script: Any
) -> None:
    bad = ORDER | {"id": "666", "details": [ORDER["details"][0] | line]}
    script.then(listed(ORDER | {"id": "1"}, bad, ORDER | {"id": "3"}))
    assert await ids_of(cloudblue.orders()) == ["1", "3"]
    [sentence] = cloudblue.unreadable
    assert sentence.startswith("The marketplace's order 666 cannot be read: details.0.")
    assert words in sentence
    assert cloudblue.unreadable_orders == ("666",)
    cloudblue.clear_unreadable()
    assert not cloudblue.unreadable
    assert not cloudblue.unreadable_orders


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": None}, "order without an id cannot be read: id: missing"),
        ({"creationDate": None}, "order 2000001 cannot be read: creationDate: missing"),
        ({"creationDate": "11/12/2026"}, "creationDate: '11/12/2026' is not a date"),
        ({"status": "lost"}, "status: 'lost' is not one of submitted, processing"),
        ({"customerId": None}, "customerId: missing"),
        ({"details": {"type": "setup"}}, "details: Input should be a valid list"),
    ],
)
async def test_what_an_order_cannot_be_without(change: Any, words: str, cloudblue: CloudBlue, script: Any) -> None:
    script.then(listed(ORDER | change, "not even an object"))
    assert await ids_of(cloudblue.orders()) == []
    assert words in cloudblue.unreadable[0]
    assert len(cloudblue.unreadable) == 2


async def test_a_nan_in_one_record_spoils_only_that_record(cloudblue: CloudBlue, script: Any) -> None:
    text = (
        b'{"data": [{"id": "1", "costs": [{"type": "setup", "amount": NaN}]}, {"id": "2"}], "pagination": {"total": 2}}'
    )
    script.then(httpx.Response(200, content=text))
    assert await ids_of(cloudblue.products()) == ["2"]
    assert "product 1 cannot be read: costs.0.amount: 'NaN'" in cloudblue.unreadable[0]


async def test_a_detailed_record_that_cannot_be_read_is_an_error(cloudblue: CloudBlue, script: Any) -> None:
    script.then(SUBSCRIPTION | {"products": [{"id": "PRD1", "unitPrice": {"amount": "1.234,50"}}]})
    with pytest.raises(Unreadable, match=r"products\.0\.unitPrice\.amount"):
        await cloudblue.subscription(SubscriptionId("1000048531"))


async def test_a_record_that_is_not_there(cloudblue: CloudBlue, script: Any) -> None:
    script.then(httpx.Response(404, json={"code": "notFound", "message": "There is none."}))
    with pytest.raises(NotFound):
        await cloudblue.subscription(SubscriptionId("1"))


async def test_an_id_from_outside_stays_one_step_of_the_path(cloudblue: CloudBlue, script: Any) -> None:
    script.then(ORDER)
    await cloudblue.order(OrderId("a/../../b?c=d#e"))
    assert script.requests[-1].url.raw_path == b"/m/orders/a%2F..%2F..%2Fb%3Fc%3Dd%23e"


# Creating


async def test_a_customer_is_created_once_and_given_back(cloudblue: CloudBlue, script: Any) -> None:
    script.then({"id": "1000099", "name": "New"})
    created = await cloudblue.create_customer({"name": "New"})
    assert (created.id, script.requests[-1].content) == ("1000099", b'{"name":"New"}')


@pytest.mark.parametrize(
    "answer", [httpx.Response(500), httpx.ReadError("reset"), {"name": "no id"}], ids=["500", "reset", "no id"]
)
async def test_a_customer_whose_creation_is_in_doubt(answer: Any, cloudblue: CloudBlue, script: Any) -> None:
    script.then(answer)
    with pytest.raises(OutcomeUnknown):
        await cloudblue.create_customer({"name": "New"})
    assert script.asked.count("POST /m/customers") == 1


async def test_a_create_with_an_expired_token_is_sent_again_with_a_new_one(cloudblue: CloudBlue, script: Any) -> None:
    script.then(httpx.Response(401), {"token": "token-number-two"}, {"id": "1000099", "name": "New"})
    assert (await cloudblue.create_customer({"name": "New"})).id == "1000099"
