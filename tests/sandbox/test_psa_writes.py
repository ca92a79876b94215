"""What the PSA takes, refuses and fills in."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from cwtui.sandbox.world import World

ADDITIONS = "/finance/agreements/101/additions"
Body = Callable[..., dict[str, Any]]


async def test_an_addition_comes_back_exact_and_worked_out(psa: Any, addition: Body, world: World) -> None:
    answer = await psa("POST", ADDITIONS, addition(unitPrice=None, unitCost=None, quantity=3))
    assert answer.status == 201
    row = answer.body
    assert (row["product"]["identifier"], row["agreementId"], row["agreementStatus"]) == ("EXO-P1", 101, "Active")
    assert (row["unitPrice"], row["unitCost"], row["extPrice"], row["extCost"], row["margin"]) == tuple(
        map(Decimal, ("4.50", "3.60", "13.50", "10.80", "2.70"))
    )
    assert (row["billedQuantity"], row["uom"], row["description"]) == (3, "Unit", "Exchange Online (Plan 1)")
    assert (row["taxableFlag"], row["sequenceNumber"]) == (True, 1)
    assert world.additions(101) == [row]


@pytest.mark.parametrize("price", ["0.1", "12345678901234.5678", "-1.50", "3", "0.00000001"])
async def test_prices_are_kept_to_the_last_digit(psa: Any, addition: Body, price: str) -> None:
    created = await psa("POST", ADDITIONS, addition(unitPrice=Decimal(price)))
    assert f'"unitPrice":{price},' in created.text
    assert created.body["extPrice"] == 10 * Decimal(price)
    path = f"{ADDITIONS}/{created.body['id']}"
    patched = await psa("PATCH", path, [{"op": "replace", "path": "unitCost", "value": Decimal(price)}])
    assert f'"unitCost":{price},' in patched.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"product": None}, "product", id="no product"),
        pytest.param({"product": {"id": 999}}, "product", id="no such product"),
        pytest.param({"product": {"identifier": "OLD"}}, "product", id="inactive product"),
        pytest.param({"product": {"id": 503}}, "product", id="a bundle"),
        pytest.param({"product": 501}, "product", id="not a reference"),
        pytest.param({"billCustomer": None}, "billCustomer", id="no billCustomer"),
        pytest.param({"billCustomer": "Yes"}, "billCustomer", id="not a choice"),
        pytest.param({"quantity": "10"}, "quantity", id="a number as text"),
        pytest.param({"taxableFlag": "True"}, "taxableFlag", id="a boolean as text"),
        pytest.param({"invoiceDescription": "x" * 6001}, "invoiceDescription", id="too long"),
        pytest.param({"serialNumber": "x" * 51}, "serialNumber", id="too long a serial number"),
        pytest.param({"effectiveDate": "2026-12-01"}, "effectiveDate", id="a date without a time"),
        pytest.param({"effectiveDate": "2025-12-31T00:00:00Z"}, "effectiveDate", id="before billStartDate"),
        pytest.param({"effectiveDate": "2026-11-30T00:00:00Z"}, "effectiveDate", id="inside a billed period"),
        pytest.param({"cancelledDate": "2026-11-30T00:00:00Z"}, "cancelledDate", id="ends before it begins"),
        pytest.param({"cancelledDate": ""}, "cancelledDate", id="no day at all"),
        pytest.param({"id": "7"}, "id", id="an id as text"),
        pytest.param({"_info": {"lastUpdated": 1}}, "_info", id="a number for when"),
        pytest.param({"opportunity": {"id": 2**31}}, "opportunity", id="an id beyond 32 bits"),
        pytest.param({"product": {"id": 501, "serializedFlag": "no"}}, "product", id="a flag of a reference as text"),
        pytest.param({"customFields": [{"type": "Colour"}]}, "customFields", id="no type of a custom field"),
        pytest.param({"customFields": ["red"]}, "customFields", id="a text for a custom field"),
    ],
)
async def test_additions_it_refuses(
    psa: Any, addition: Body, world: World, changes: dict[str, Any], field: str
) -> None:
    answer = await psa("POST", ADDITIONS, addition(**changes))
    assert (answer.status, answer.body["code"]) == (400, "InvalidObject")
    assert field in [name for name, _ in answer.codes]
    assert not world.additions()


async def test_what_is_greater_than_64_bits_is_answered(psa: Any, addition: Body) -> None:
    answer = await psa("POST", ADDITIONS, addition(quantity=10**12, unitPrice=10**12))
    assert (answer.status, answer.body["extPrice"]) == (201, 10**24)


@pytest.mark.parametrize("op", [{}, [], None, 1, "move"], ids=str)
async def test_an_operation_that_is_none_is_refused(psa: Any, addition: Body, op: Any) -> None:
    path = f"{ADDITIONS}/{(await psa('POST', ADDITIONS, addition())).body['id']}"
    assert (await psa("PATCH", path, [{"op": op, "path": "quantity", "value": 1}])).status == 400


async def test_all_that_is_wrong_is_named_at_once(psa: Any) -> None:
    answer = await psa("POST", ADDITIONS, {"quantity": "x"})
    assert answer.body["message"] == "addition object is invalid"
    assert answer.codes == [
        ("product", "MissingRequiredField"),
        ("quantity", "InvalidType"),
        ("billCustomer", "MissingRequiredField"),
    ]


@pytest.mark.parametrize(("day", "status"), [("2026-11-11", 201), ("2026-01-01", 201), ("2025-12-31", 400)], ids=str)
async def test_an_agreement_that_prorates_takes_billed_days(psa: Any, addition: Body, day: str, status: int) -> None:
    body = addition(effectiveDate=f"{day}T00:00:00Z")
    assert (await psa("POST", "/finance/agreements/102/additions", body)).status == status


async def test_invoicing_moves_what_is_refused(psa: Any, addition: Body, world: World) -> None:
    created = await psa("POST", ADDITIONS, addition())
    world.advance_invoice(101, "2027-01-01")
    assert (await psa("POST", ADDITIONS, addition())).status == 400
    path = f"{ADDITIONS}/{created.body['id']}"
    ended = [{"op": "replace", "path": "cancelledDate", "value": "2026-12-31T00:00:00Z"}]
    assert (await psa("PATCH", path, ended)).status == 200  # its own date is not judged again
    moved = [{"op": "replace", "path": "effectiveDate", "value": "2026-12-05T00:00:00Z"}]
    assert (await psa("PATCH", path, moved)).status == 400
    world.advance_invoice(101, None)
    assert (await psa("PATCH", path, moved)).status == 200


@pytest.fixture
async def existing(psa: Any, addition: Body) -> str:
    body = addition(cancelledDate="2026-12-31T00:00:00Z", invoiceDescription="Before")
    return f"{ADDITIONS}/{(await psa('POST', ADDITIONS, body)).body['id']}"


@pytest.mark.parametrize(
    ("operations", "changed"),
    [
        pytest.param([{"op": "replace", "path": "quantity", "value": 4}], {"quantity": 4}, id="replace"),
        pytest.param([{"op": "add", "path": "serialNumber", "value": "A1"}], {"serialNumber": "A1"}, id="add"),
        pytest.param([{"op": "remove", "path": "cancelledDate"}], {"cancelledDate": None}, id="remove a date"),
        pytest.param(
            [{"op": "replace", "path": "cancelledDate", "value": None}], {"cancelledDate": None}, id="null a date"
        ),
        pytest.param(
            [{"op": "replace", "path": "product/identifier", "value": "X"}], {}, id="into a reference: changes nothing"
        ),
        pytest.param([{"op": "replace", "path": "id", "value": 1}], {}, id="the id stays"),
        pytest.param([{"op": "replace", "path": "extPrice", "value": 1}], {}, id="what is worked out stays"),
        pytest.param(
            [{"op": "replace", "path": "invoiceDescription", "value": "two\nlines"}],
            {"invoiceDescription": "two lines"},
            id="a line end becomes a space",
        ),
    ],
)
async def test_patches(psa: Any, existing: str, operations: list[Any], changed: dict[str, Any]) -> None:
    before = (await psa("GET", existing)).body
    answer = await psa("PATCH", existing, operations)
    assert answer.status == 200
    after = (await psa("GET", existing)).body
    assert after == answer.body
    kept = {name for name in before if name not in changed and name not in _FOLLOWING}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert {name: after.get(name) for name in changed} == changed


_FOLLOWING = {"_info", "extPrice", "extCost", "margin", "billedQuantity"}


@pytest.mark.parametrize(
    "operations",
    [
        pytest.param({"op": "replace", "path": "quantity", "value": 4}, id="not a list"),
        pytest.param([], id="an empty list"),
        pytest.param(["quantity"], id="not an operation"),
        pytest.param([{"op": "move", "path": "quantity", "value": 4}], id="another op"),
        pytest.param([{"op": "replace", "value": 4}], id="no path"),
        pytest.param([{"op": "replace", "path": "Quantity", "value": 4}], id="case counts"),
        pytest.param([{"op": "replace", "path": "/quantity", "value": 4}], id="a leading slash"),
        pytest.param([{"op": "replace", "path": "quantity", "value": "4"}], id="a number as text"),
        pytest.param([{"op": "remove", "path": "product"}], id="a required field removed"),
        pytest.param([{"op": "remove", "path": "effectiveDate"}], id="no effective date"),
        pytest.param([{"op": "replace", "path": "product", "value": {"id": 503}}], id="a bundle"),
        pytest.param(
            [
                {"op": "replace", "path": "quantity", "value": 4},
                {"op": "replace", "path": "billCustomer", "value": "x"},
            ],
            id="one bad among good",
        ),
    ],
)
async def test_a_refused_patch_changes_nothing(psa: Any, existing: str, operations: Any) -> None:
    before = (await psa("GET", existing)).body
    assert (await psa("PATCH", existing, operations)).status == 400
    assert (await psa("GET", existing)).body == before


async def test_put_replaces_and_delete_forgets(psa: Any, existing: str, addition: Body) -> None:
    answer = await psa("PUT", existing, addition(quantity=7))
    assert (answer.status, answer.body["quantity"]) == (200, 7)
    assert "cancelledDate" not in answer.body
    assert (await psa("PUT", existing, addition(effectiveDate=None))).status == 400  # today is inside a billed period
    assert (await psa("DELETE", existing)).status == 204
    assert (await psa("DELETE", existing)).status == 404
    assert (await psa("GET", existing)).status == 404


ITEM = {
    "identifier": "NEW",
    "description": "New",
    "customerDescription": "New",
    "subcategory": {"id": 1},
    "type": {"id": 1},
}


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, None),
        ({"identifier": "exo-p1"}, [("identifier", "ObjectExists")]),
        ({"recurringFlag": True}, [("recurringBillCycle", "MissingRequiredField")]),
        ({"recurringFlag": True, "recurringOneTimeFlag": True}, None),
        ({"recurringFlag": True, "recurringBillCycle": {"name": "Monthly"}}, None),
        ({"description": "x" * 61}, [("description", "OutOfRange")]),
        ({"subcategory": {"id": 77}}, [("subcategory", "InvalidReference")]),
        ({"productClass": "Subscription"}, [("productClass", "InvalidEnumValue")]),
    ],
)
async def test_catalog_items(psa: Any, changes: dict[str, Any], codes: Any) -> None:
    answer = await psa("POST", "/procurement/catalog", {**ITEM, **changes})
    assert answer.status == (400 if codes else 201)
    if codes:
        assert answer.codes == codes
    else:
        assert answer.body["category"] == {"id": 1, "name": "Cloud"}


async def test_recurring_fields_belong_in_one_patch(psa: Any) -> None:
    path = f"/procurement/catalog/{(await psa('POST', '/procurement/catalog', ITEM)).body['id']}"
    flag = {"op": "replace", "path": "recurringFlag", "value": True}
    cycle = {"op": "replace", "path": "recurringBillCycle", "value": {"id": 3}}
    assert (await psa("PATCH", path, [flag])).status == 400
    assert (await psa("PATCH", path, [flag, cycle])).status == 200


async def test_companies(psa: Any, world: World) -> None:
    answer = await psa("POST", "/company/companies", {"identifier": "greenlane", "name": "Twin"})
    assert answer.codes == [("identifier", "ObjectExists")]
    answer = await psa(
        "POST", "/company/companies", {"identifier": "New", "name": "New", "country": {"identifier": "DE"}}
    )
    assert answer.body["country"] == {"id": 3, "identifier": "DE", "name": "Germany"}
    assert (await psa("DELETE", f"/company/companies/{answer.body['id']}")).status == 204
    deleted = world.psa["companies"].rows[answer.body["id"]]
    assert (deleted["deletedFlag"], deleted["dateDeleted"][:10]) == (True, "2026-11-23")


async def test_agreements_need_more_on_update(psa: Any, world: World) -> None:
    contact = world.psa["companies"].rows[251]["defaultContact"]["id"]
    body = {"name": "New", "type": {"id": 1}, "company": {"id": 251}, "contact": {"id": contact}}
    created = await psa("POST", "/finance/agreements", body)
    assert (created.status, created.body["agreementStatus"]) == (201, "Active")
    answer = await psa("PUT", f"/finance/agreements/{created.body['id']}", body)
    assert {field for field, _ in answer.codes} == {
        "employeeCompRate",
        "invoicingCycle",
        "billTime",
        "billExpenses",
        "billProducts",
    }


async def test_cross_references_answer_200_and_need_a_type(psa: Any) -> None:
    body = {"name": "I", "solution": "I", "loginBy": "Global", "defaultBillingLevel": "Detail"}
    parent = (await psa("POST", "/company/managedDevicesIntegrations", body)).body["id"]
    path = f"/company/managedDevicesIntegrations/{parent}/crossReferences"
    assert (await psa("POST", path, {"vendorType": "SKU"})).codes == [("agreementType", "MissingRequiredField")]
    created = await psa("POST", path, {"vendorType": "SKU", "agreementType": {"id": 1}, "product": {"id": 501}})
    assert (created.status, created.body["product"]["identifier"]) == (200, "EXO-P1")
    assert (await psa("DELETE", f"{path}/{created.body['id']}")).status == 200


async def test_a_custom_solution_needs_its_name(psa: Any) -> None:
    body = {"name": "Intermedia", "managementItSolutionType": "Custom"}
    path = "/company/managementItSolutions"
    assert (await psa("POST", path, body)).codes == [("managementSolutionName", "MissingRequiredField")]
    assert (await psa("POST", path, {**body, "managementSolutionName": "Intermedia"})).status == 201
    twin = {**body, "managementSolutionName": "Intermedia"}
    assert (await psa("POST", path, twin)).codes == [("name", "ObjectExists")]
