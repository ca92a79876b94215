from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.sandbox.conditions import compile_conditions
from cwtui.services.connectwise_conditions import LONGEST_URL, among, both, equals, room_beside


@pytest.mark.parametrize(
    ("field", "value", "condition"),
    [
        ("company/id", 5, "company/id = 5"),
        ("deletedFlag", False, "deletedFlag = False"),
        ("name", "Green Lane", 'name = "Green Lane"'),
        ("name", 'Joe\'s "Bar" & Grill', 'name = "Joe\'s \\"Bar\\" & Grill"'),
        ("name", 'a\\" or deletedFlag = True', 'name = "a\\\\\\" or deletedFlag = True"'),
        ("name", "two\r\nlines", 'name = "two lines"'),
    ],
)
def test_a_value_stays_a_value(field: str, value: str | int, condition: str) -> None:
    assert equals(field, value) == condition


@given(st.text(min_size=1))
def test_no_text_ever_becomes_part_of_the_filter(text: str) -> None:
    matches = compile_conditions(equals("name", text), "company")
    assert matches({"name": " ".join(text.split())})
    assert not matches({"name": "somebody else entirely"})


@pytest.mark.parametrize("field", ["", "name = 1 or id", "a//b", "1a", "name;"])
def test_only_a_field_name_is_a_field(field: str) -> None:
    with pytest.raises(ValueError, match="not a field"):
        equals(field, 1)


def test_conditions_are_joined_without_the_empty_ones() -> None:
    assert both("a = 1", "", "b = 2") == "a = 1 AND b = 2"
    assert both("", "") == ""


def test_ids_are_sorted_and_taken_once() -> None:
    assert list(among("id", [3, 1, 3, 2], 500)) == ["id in (1,2,3)"]


def test_no_ids_ask_nothing() -> None:
    assert list(among("id", [], 500)) == []


@given(st.sets(st.integers(1, 2**31 - 1), min_size=1, max_size=1500), st.integers(40, 1900))
def test_split_lists_hold_every_id_once_and_fit(ids: set[int], room: int) -> None:
    conditions = list(among("id", ids, room))
    assert all(len(quote(each, safe="")) <= room for each in conditions)
    read = [int(number) for each in conditions for number in each[len("id in (") : -1].split(",")]
    assert read == sorted(ids)


def test_the_room_leaves_a_url_below_2000_characters() -> None:
    url, fields = "https://psa.example/v4_6_release/apis/3.0/company/companies", "id,name,company/id"
    room = room_beside(url, fields)
    longest = max(among("id", range(10_000, 20_000), room), key=len)
    whole = (
        f"{url}?pageSize=1000&fields={quote(fields, safe='')}&conditions={quote(longest, safe='')}&pageId=2147483647"
    )
    assert 1800 < len(whole) <= LONGEST_URL
