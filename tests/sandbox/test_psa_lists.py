"""Paging, order and partial answers of the PSA."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwtui.sandbox.behaviour import Behaviour
from cwtui.sandbox.http import Request
from cwtui.sandbox.psa_lists import listed
from cwtui.sandbox.table import RecordTable
from cwtui.sandbox.world import World

FORWARD = {"pagination-type": "forward-only"}


def next_page(link: str) -> str | None:
    found = re.search(r"[?&]pageId=(\d+)[^>]*>; rel=\"next\"", link)
    return found[1] if found else None


@pytest.fixture
def many(world: World) -> World:
    for number in range(60):
        world.add_addition(101, 501, number + 1)
    return world


@pytest.mark.usefixtures("many")
async def test_a_page_has_25_records_unless_asked(psa: Any) -> None:
    assert len((await psa("GET", "/finance/agreements/101/additions")).body) == 25


async def test_more_than_1000_is_capped_silently(psa: Any, world: World) -> None:
    for number in range(1005):
        world.add_addition(101, 501, number + 1)
    answer = await psa("GET", "/finance/agreements/101/additions", pageSize=5000)
    assert (answer.status, len(answer.body)) == (200, 1000)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("page", "first", "count", "relations"),
    [
        (1, 9001, 25, ["next", "last"]),
        (2, 9026, 25, ["first", "prev", "next", "last"]),
        (3, 9051, 10, ["first", "prev"]),
        (4, None, 0, ["first", "prev"]),
    ],
)
async def test_navigable_paging(psa: Any, page: int, first: int | None, count: int, relations: list[str]) -> None:
    answer = await psa("GET", "/finance/agreements/101/additions", page=page)
    assert len(answer.body) == count
    assert not count or answer.body[0]["id"] == first
    assert re.findall(r'rel="(\w+)"', answer.headers["link"]) == relations


@pytest.mark.usefixtures("many")
async def test_forward_only_paging_ends_with_an_empty_link(psa: Any) -> None:
    seen: list[int] = []
    page: str | None = "0"
    while page is not None:
        answer = await psa(
            "GET", "/finance/agreements/101/additions", headers=FORWARD, pageId=page, pageSize=25, page=7,
            conditions="quantity > 5",
        )  # fmt: skip
        seen += [row["id"] for row in answer.body]
        page = next_page(answer.headers["link"])
    assert seen == list(range(9006, 9061))
    assert answer.body == []
    assert answer.headers["link"] == ""


@pytest.mark.usefixtures("many")
async def test_a_short_page_may_be_told_to_be_the_last(psa: Any, behaviour: Behaviour) -> None:
    behaviour.link_always = False
    answer = await psa("GET", "/finance/agreements/101/additions", headers=FORWARD, pageSize=100)
    assert (len(answer.body), answer.headers["link"]) == (60, "")


@settings(deadline=None)
@given(size=st.integers(1, 40), ids=st.sets(st.integers(1, 500), max_size=60))
def test_forward_only_pages_tile_the_list(size: int, ids: set[int]) -> None:
    table = RecordTable()
    for key in ids:
        table.add({"id": key})
    seen: list[int] = []
    page: str | None = "0"
    while page is not None:
        request = Request("GET", "/x", f"pageSize={size}&pageId={page}", FORWARD, b"", "http://sandbox")
        answer = listed(table, "company", request, link_always=True)
        seen += [row["id"] for row in answer.document]
        page = next_page(answer.headers["Link"])
    assert seen == sorted(ids)


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        pytest.param(FORWARD, {"orderBy": "id"}, id="order with forward-only"),
        pytest.param({}, {"page": "0"}, id="page 0"),
        pytest.param({}, {"pageSize": "-1"}, id="negative size"),
        pytest.param({}, {"pageSize": "ten"}, id="size in words"),
        pytest.param({}, {"orderBy": "nonsense"}, id="order by an unknown field"),
        pytest.param({}, {"orderBy": "id sideways"}, id="unknown direction"),
        pytest.param({}, {"fields": "id,nonsense"}, id="unknown field"),
        pytest.param({}, {"conditions": "nonsense = 1"}, id="unknown condition"),
        pytest.param({}, {"customFieldConditions": 'caption="x"'}, id="custom fields"),
    ],
)
async def test_parameters_it_refuses(psa: Any, headers: dict[str, str], query: dict[str, str]) -> None:
    assert (await psa("GET", "/finance/agreements", headers=headers, **query)).status == 400


@pytest.mark.usefixtures("many")
async def test_order(psa: Any) -> None:
    answer = await psa("GET", "/finance/agreements/101/additions", orderBy="quantity desc", pageSize=2)
    assert [row["quantity"] for row in answer.body] == [60, 59]
    answer = await psa("GET", "/finance/agreements", orderBy="company/name,id desc")
    assert [row["id"] for row in answer.body] == [102, 101]


async def test_fields_reach_into_references_and_lists(psa: Any) -> None:
    answer = await psa("GET", "/finance/agreements", fields="id,company/id,currency/currencyCode", pageSize=1)
    assert answer.body == [{"id": 101, "company": {"id": 251}, "currency": {"currencyCode": "EUR"}}]
    answer = await psa("GET", "/company/contacts", fields="communicationItems/value,communicationItems/type/name")
    assert answer.body[0]["communicationItems"][0] == {
        "value": "sam.carter@greenlane.example",
        "type": {"name": "Email"},
    }


async def test_info_comes_only_if_named_once_fields_are(psa: Any) -> None:
    assert "_info" in (await psa("GET", "/finance/agreements/101")).body
    assert (await psa("GET", "/finance/agreements/101", fields="id")).body == {"id": 101}
    answer = await psa("GET", "/finance/agreements/101", fields="id,_info/lastUpdated")
    assert answer.body == {"id": 101, "_info": {"lastUpdated": "2026-11-23T00:00:00Z"}}


async def test_count_takes_the_same_filters(psa: Any) -> None:
    assert (await psa("GET", "/finance/agreements/count")).body == {"count": 2}
    assert (await psa("GET", "/finance/agreements/count", conditions="prorateFlag = True")).body == {"count": 1}


async def test_child_conditions_filter_contacts(psa: Any) -> None:
    asked = {"childConditions": 'communicationItems/value = "sam.carter@greenlane.example"'}
    assert len((await psa("GET", "/company/contacts", **asked)).body) == 1
    both = {**asked, "conditions": "id = 0"}
    assert (await psa("GET", "/company/contacts", **both)).body == []


@pytest.mark.parametrize("query", [{"pageSize": 2**31}, {"pageSize": "x"}, {"page": 0}, {"pageId": [1, 2]}], ids=str)
@pytest.mark.parametrize("path", ["/company/companies", "/company/companies/251", "/system/info"])
async def test_pages_there_are_none_of(psa: Any, path: str, query: dict[str, Any]) -> None:
    assert (await psa("GET", path, **query)).status == 400
