"""Rules: plans.md#what-an-addition-carries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest

from cwtui.domain.errors import InputError, NotFound, OutcomeUnknown, Refused, ServiceError, Transient, Unreadable
from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, CompanyId
from cwtui.domain.psa import Addition, AdditionValues, BillCustomer, CatalogItem, NewCatalogItem
from cwtui.services.connectwise import ConnectWise

BASE = "/v4_6_release/apis/3.0"
AGREEMENT_ID = AgreementId(101)
ADDITIONS = f"{BASE}/finance/agreements/101/additions"
VALUES = AdditionValues(
    catalog_item_id=CatalogItemId(501),
    quantity=Decimal(10),
    unit_price=Decimal("4.50"),
    unit_cost=Decimal("3.60"),
    effective=date(2026, 12, 1),
    description="Exchange Online",
)
ADDITION = {
    "id": 9001,
    "product": {"id": 501, "identifier": "EXO-P1"},
    "quantity": 10.0,
    "unitPrice": 4.5,
    "unitCost": 3.6,
    "billCustomer": "Billable",
    "effectiveDate": "2026-12-01T00:00:00Z",
    "taxableFlag": False,
    "invoiceDescription": "Exchange Online",
}
HELD = Addition(AdditionId(9001), AGREEMENT_ID, VALUES, "EXO-P1")


def body(request: httpx.Request) -> Any:
    return orjson.loads(request.content)


async def rows_of(pages: Any) -> list[Any]:
    return [row async for page in pages for row in page]


# Additions


async def test_additions(connectwise: ConnectWise, script: Any) -> None:
    ended = {"id": 9002, "cancelledDate": "2026-12-31T00:00:00Z", "billCustomer": "NoCharge", "taxableFlag": True}
    script.then([ADDITION, ADDITION | ended])
    assert await connectwise.additions(AGREEMENT_ID) == [
        HELD,
        replace(
            HELD,
            id=AdditionId(9002),
            values=replace(VALUES, cancelled=date(2026, 12, 31), bill=BillCustomer.NO_CHARGE, taxable=True),
        ),
    ]


@pytest.mark.parametrize("name", ["quantity", "unitPrice", "unitCost", "effectiveDate"])
async def test_an_addition_that_lacks_an_amount_or_its_first_day_is_there_but_not_whole(
    name: str, connectwise: ConnectWise, script: Any
) -> None:
    script.then([ADDITION, ADDITION | {"id": 9002, name: None}])
    whole, other = await connectwise.additions(AGREEMENT_ID)
    assert (whole, whole.is_whole, other.id, other.is_whole) == (HELD, True, 9002, False)
    assert len(VALUES.differences(other.values)) == 1


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"product": None}, id="no product"),
        pytest.param({"product": {"id": None}}, id="a product without an id"),
        pytest.param({"billCustomer": None}, id="null billCustomer"),
        pytest.param({"billCustomer": "BillMaybe"}, id="an unknown billCustomer"),
        pytest.param({"quantity": "a few"}, id="a quantity that is no number"),
        pytest.param({"effectiveDate": "soon"}, id="a day that is none"),
        pytest.param({"quantity": None, "unitPrice": None, "unitCost": None, "effectiveDate": None}, id="all null"),
    ],
)
async def test_an_addition_that_cannot_be_read_whole_stops_no_other(
    broken: dict[str, Any], connectwise: ConnectWise, script: Any
) -> None:
    script.then([ADDITION, ADDITION | {"id": 9002} | broken])
    whole, other = await connectwise.additions(AGREEMENT_ID)
    assert (whole, whole.is_whole, other.id, other.is_whole) == (HELD, True, 9002, False)


async def test_an_addition_without_an_id_stops_the_agreement(connectwise: ConnectWise, script: Any) -> None:
    script.then([ADDITION | {"id": None}])
    with pytest.raises(Unreadable, match="id"):
        await connectwise.additions(AGREEMENT_ID)


async def test_a_create_sends_exactly_what_the_spec_names(connectwise: ConnectWise, script: Any) -> None:
    script.then(ADDITION)
    assert await connectwise.create_addition(AGREEMENT_ID, VALUES) == HELD
    [request] = script.requests
    assert (request.method, request.url.path, request.url.query) == ("POST", ADDITIONS, b"")
    assert request.content == (
        b'{"product":{"id":501},"quantity":10,"unitPrice":4.50,"unitCost":3.60,"billCustomer":"Billable",'
        b'"taxableFlag":false,"effectiveDate":"2026-12-01T00:00:00Z","invoiceDescription":"Exchange Online"}'
    )


async def test_an_end_date_is_sent_only_if_there_is_one(connectwise: ConnectWise, script: Any) -> None:
    script.then(ADDITION | {"cancelledDate": "2026-12-31T00:00:00Z"})
    values = replace(VALUES, cancelled=date(2026, 12, 31))
    assert (await connectwise.create_addition(AGREEMENT_ID, values)).values == values
    assert body(script.requests[0])["cancelledDate"] == "2026-12-31T00:00:00Z"


async def test_a_line_end_is_sent_as_the_space_it_becomes(connectwise: ConnectWise, script: Any) -> None:
    script.then(ADDITION | {"invoiceDescription": "two lines"})
    await connectwise.create_addition(AGREEMENT_ID, replace(VALUES, description="two\r\nlines"))
    assert body(script.requests[0])["invoiceDescription"] == "two lines"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.Response(500, json={"message": "timeout"}),
        httpx.Response(503, headers={"Retry-After": "1"}),
        httpx.Response(201, html="<title>Oops</title>"),
        ADDITION | {"id": None},
        ADDITION | {"quantity": "NaN"},
        ADDITION | {"unitCost": None},
    ],
    ids=["timeout", "reset", "500", "503", "HTML", "no id", "not a number", "no cost"],
)
async def test_a_create_without_a_clear_answer_is_in_doubt_and_not_repeated(
    answer: Any, connectwise: ConnectWise, script: Any
) -> None:
    script.then(answer)
    with pytest.raises(OutcomeUnknown):
        await connectwise.create_addition(AGREEMENT_ID, VALUES)
    assert len(script.requests) == 1


async def test_a_refused_create_says_why(connectwise: ConnectWise, script: Any) -> None:
    errors = [{"code": "OutOfRange", "message": "must be positive", "resource": "addition", "field": "quantity"}]
    document = {"code": "InvalidObject", "message": "addition object is invalid", "errors": errors}
    script.then(httpx.Response(400, json=document))
    with pytest.raises(Refused) as caught:
        await connectwise.create_addition(AGREEMENT_ID, VALUES)
    assert caught.value.happened == (
        "ConnectWise answered 400 (InvalidObject) to POST /finance/agreements/101/additions: "
        "addition object is invalid; quantity: must be positive (OutOfRange)."
    )


async def test_a_change_is_one_request_of_what_differs(connectwise: ConnectWise, script: Any) -> None:
    script.then(ADDITION | {"quantity": 12.5, "cancelledDate": "2027-01-20T00:00:00Z", "product": {"id": 502}})
    after = replace(VALUES, quantity=Decimal("12.5"), cancelled=date(2027, 1, 20), catalog_item_id=CatalogItemId(502))
    assert (await connectwise.update_addition(HELD, after)).values == after
    [request] = script.requests
    assert (request.method, request.url.path) == ("PATCH", f"{ADDITIONS}/9001")
    assert body(request) == [
        {"op": "replace", "path": "product", "value": {"id": 502}},
        {"op": "replace", "path": "quantity", "value": 12.5},
        {"op": "replace", "path": "cancelledDate", "value": "2027-01-20T00:00:00Z"},
    ]


@pytest.mark.parametrize("after", [VALUES, replace(VALUES, quantity=Decimal("10.00"))], ids=["same", "10.00 is 10"])
async def test_nothing_that_differs_sends_nothing(after: AdditionValues, connectwise: ConnectWise, script: Any) -> None:
    assert await connectwise.update_addition(HELD, after) == HELD
    assert script.requests == []


ENDED = replace(HELD, values=replace(VALUES, cancelled=date(2026, 12, 31)))


async def test_an_end_is_taken_back_with_null(connectwise: ConnectWise, script: Any) -> None:
    script.then(ADDITION)
    assert await connectwise.update_addition(ENDED, VALUES) == HELD
    assert body(script.requests[0]) == [{"op": "replace", "path": "cancelledDate", "value": None}]


async def test_an_end_that_null_does_not_take_back_is_removed(connectwise: ConnectWise, script: Any) -> None:
    script.then(ADDITION | {"cancelledDate": "2026-12-31T00:00:00Z"}, ADDITION)
    assert await connectwise.update_addition(ENDED, VALUES) == HELD
    assert body(script.requests[1]) == [{"op": "remove", "path": "cancelledDate"}]


async def test_an_end_that_nothing_takes_back_is_an_error(connectwise: ConnectWise, script: Any) -> None:
    script.then(ADDITION | {"cancelledDate": "2026-12-31T00:00:00Z"})
    with pytest.raises(Refused, match="did not keep cancelledDate"):
        await connectwise.update_addition(ENDED, VALUES)


async def test_somebody_elses_end_is_not_taken_back(connectwise: ConnectWise, script: Any) -> None:
    script.then(ADDITION | {"quantity": 11, "cancelledDate": "2026-12-31T00:00:00Z"})
    held = await connectwise.update_addition(HELD, replace(VALUES, quantity=Decimal(11)))
    assert held.values.cancelled == date(2026, 12, 31)
    assert len(script.requests) == 1


async def test_a_200_that_changed_nothing_is_an_error(connectwise: ConnectWise, script: Any) -> None:
    script.then(ADDITION)
    with pytest.raises(Refused, match=r"did not keep quantity, unitPrice\."):
        await connectwise.update_addition(HELD, replace(VALUES, quantity=Decimal(11), unit_price=Decimal(5)))


async def test_a_change_answered_without_the_record_is_read_back(connectwise: ConnectWise, script: Any) -> None:
    script.then(httpx.Response(204), ADDITION | {"quantity": 11})
    held = await connectwise.update_addition(HELD, replace(VALUES, quantity=Decimal(11)))
    assert held.values.quantity == 11
    assert script.asked == [f"PATCH {ADDITIONS}/9001", f"GET {ADDITIONS}/9001"]


async def test_a_change_is_repeated_until_it_is_answered(connectwise: ConnectWise, script: Any) -> None:
    script.then(httpx.ReadTimeout("slow"), httpx.Response(500), ADDITION | {"quantity": 11})
    await connectwise.update_addition(HELD, replace(VALUES, quantity=Decimal(11)))
    assert connectwise.requests == {"PATCH": 3}


async def test_a_change_of_what_is_gone(connectwise: ConnectWise, script: Any) -> None:
    script.then(httpx.Response(404, json={"code": "NotFound", "message": "gone"}))
    with pytest.raises(NotFound):
        await connectwise.update_addition(HELD, replace(VALUES, quantity=Decimal(11)))


@pytest.mark.parametrize("status", [200, 204, 404], ids=["200", "204", "404: gone already"])
async def test_a_delete_is_done(status: int, connectwise: ConnectWise, script: Any) -> None:
    script.then(httpx.Response(status))
    await connectwise.delete_addition(AGREEMENT_ID, AdditionId(9001))
    assert script.asked == [f"DELETE {ADDITIONS}/9001"]


async def test_a_delete_that_is_refused_is_an_error(connectwise: ConnectWise, script: Any) -> None:
    script.then(httpx.Response(409, json={"message": "in use"}))
    with pytest.raises(Refused):
        await connectwise.delete_addition(AGREEMENT_ID, AdditionId(9001))


# The catalogue

ITEM = CatalogItem(CatalogItemId(501), "EXO-P1", "Exchange", "Exchange Online", Decimal("4.50"), Decimal("3.60"))
ITEM_ROW = {
    "id": 501,
    "identifier": "EXO-P1",
    "description": "Exchange",
    "customerDescription": "Exchange Online",
    "price": 4.5,
    "cost": 3.6,
}
NEW_ITEM = NewCatalogItem("A_1", "A", "A for customers", subcategory_id=2, type_id=3)


@pytest.mark.parametrize(
    ("item", "more"),
    [
        pytest.param(NEW_ITEM, {}, id="plain"),
        pytest.param(
            replace(NEW_ITEM, billing_cycle_id=3, unit_of_measure_id=1, category_id=4, manufacturer_part_number="M"),
            {
                "category": {"id": 4},
                "unitOfMeasure": {"id": 1},
                "manufacturerPartNumber": "M",
                "recurringFlag": True,
                "recurringBillCycle": {"id": 3},
            },
            id="recurring names its cycle in the same request",
        ),
        pytest.param(
            replace(NEW_ITEM, is_one_time=True), {"recurringFlag": True, "recurringOneTimeFlag": True}, id="one-time"
        ),
    ],
)
async def test_a_catalog_item_is_created(
    item: NewCatalogItem, more: dict[str, Any], connectwise: ConnectWise, script: Any
) -> None:
    script.then(ITEM_ROW)
    assert await connectwise.create_catalog_item(item) == ITEM
    assert body(script.requests[0]) == {
        "identifier": "A_1",
        "description": "A",
        "customerDescription": "A for customers",
        "subcategory": {"id": 2},
        "type": {"id": 3},
        "productClass": "Agreement",
        "price": 0,
        "cost": 0,
        "taxableFlag": False,
        **more,
    }


async def test_a_catalog_item_is_changed_where_it_differs(connectwise: ConnectWise, script: Any) -> None:
    script.then(ITEM_ROW | {"price": 5})
    assert (await connectwise.update_catalog_item(ITEM, replace(ITEM, price=Decimal(5)))).price == 5
    assert body(script.requests[0]) == [{"op": "replace", "path": "price", "value": 5}]
    with pytest.raises(Refused, match="did not keep cost"):
        await connectwise.update_catalog_item(ITEM, replace(ITEM, cost=Decimal(4)))
    assert await connectwise.update_catalog_item(ITEM, ITEM) == ITEM


async def test_a_catalog_item_without_a_price_is_not_one_for_nothing(connectwise: ConnectWise, script: Any) -> None:
    script.then([ITEM_ROW, ITEM_ROW | {"id": 502, "price": None}, ITEM_ROW | {"id": 503, "cost": None}])
    assert [item.is_priced for item in await rows_of(connectwise.catalog_items())] == [True, False, False]


# Setup


async def test_the_subcategories_keep_their_slash_and_their_category(connectwise: ConnectWise, script: Any) -> None:
    script.then([{"id": 1, "name": "Mail", "category": {"id": 2}, "inactiveFlag": True}])
    [entry] = await connectwise.table("subcategories")
    assert (entry.id, entry.name, entry.parent_id, entry.is_inactive) == (1, "Mail", 2, True)
    assert script.asked == [f"GET {BASE}/procurement/subcategories/"]


async def test_a_table_nobody_knows(connectwise: ConnectWise) -> None:
    with pytest.raises(InputError, match="product_types"):
        await connectwise.table("colours")


async def test_a_table_entry_is_created(connectwise: ConnectWise, script: Any) -> None:
    script.then({"id": 8, "name": "Unit"})
    assert (await connectwise.create_table_entry("units", {"name": "Unit"})).id == 8
    assert (script.asked, body(script.requests[0])) == ([f"POST {BASE}/procurement/unitOfMeasures"], {"name": "Unit"})


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
async def test_a_probe_gives_the_status_whatever_it_is(status: int, connectwise: ConnectWise, script: Any) -> None:
    script.then(httpx.Response(status, json={}))
    assert await connectwise.probe("POST", "/finance/agreements/0/additions", {}) == status


async def test_a_probe_without_an_answer_is_an_error(connectwise: ConnectWise, script: Any) -> None:
    script.then(httpx.ConnectError("refused"))
    with pytest.raises(Transient):
        await connectwise.probe("DELETE", "/finance/agreements/0/additions/0")


async def test_a_manage_id_that_was_not_kept_is_an_error(connectwise: ConnectWise, script: Any) -> None:
    script.then({"id": 3, "managementSolution": {"id": 1}, "groupIdentifier": "old"})
    with pytest.raises(ServiceError, match="did not keep groupIdentifier"):
        await connectwise.update_manage_id(CompanyId(250), 3, "new")


def test_no_secret_shows_in_a_client_s_own_text(connectwise: ConnectWise) -> None:
    assert "private-key-1" not in repr(connectwise)
    assert "private-key-1" not in repr(vars(connectwise))
    assert quote("private-key-1") not in str(connectwise.requests)
