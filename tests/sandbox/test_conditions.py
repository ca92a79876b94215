"""The PSA's filter language."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwtui.sandbox.conditions import compile_child_conditions, compile_conditions
from cwtui.sandbox.errors import Fault400

COMPANIES = [
    {"id": 1, "identifier": "GreenLane", "name": "Green Lane LLC", "deletedFlag": False,
     "country": {"id": 1, "name": "Germany"}},
    {"id": 2, "identifier": "Harbor", "name": "Harbor [Dental] Group", "deletedFlag": False, "annualRevenue": 10},
    {"id": 3, "identifier": "Bygone", "name": "Bygone", "deletedFlag": True, "dateDeleted": "2026-10-05T00:00:00Z"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("conditions", "ids"),
    [
        ("id = 2", [2]),
        ("id != 2", [1, 3]),
        ("id > 1 and id <= 3", [2, 3]),
        ("id in (1, 3)", [1, 3]),
        ("id not in (1,3)", [2]),
        ('identifier = "greenlane"', [1]),
        ("identifier = 'Harbor'", [2]),
        ('identifier in ("GREENLANE","Bygone")', [1, 3]),
        ('name like "green*"', [1]),
        ('name like "%group"', [2]),
        ('name like "*[[]dental]*"', [2]),
        ('name contains "LANE"', [1]),
        ('name not contains "LANE"', [2, 3]),
        ('name not like "G*"', [2, 3]),
        ("deletedFlag = True", [3]),
        ("deletedFlag=false", [1, 2]),
        ("dateDeleted = null", [1, 2]),
        ("dateDeleted != null", [3]),
        ("dateDeleted > [2026-10-04]", [3]),
        ("dateDeleted >= [2026-10-05T00:00:00Z]", [3]),
        ("dateDeleted < [2026-10-05]", []),
        ("annualRevenue = 10.0", [2]),
        ("country/id = 1", [1]),
        ('country/name = "Germany" or id = 3', [1, 3]),
        ("id = 1 or id = 2 and deletedFlag = True", [1]),
        ("(id = 1 or id = 3) and deletedFlag = True", [3]),
        ("not (id = 1 or id = 3)", [2]),
        ("_info/lastUpdated = null", [1, 2, 3]),
        ('name = "say \\"hi\\""', []),
    ],
)
def test_conditions(conditions: str, ids: list[int]) -> None:
    matches = compile_conditions(conditions, "company")
    assert [row["id"] for row in COMPANIES if matches(row)] == ids


@pytest.mark.parametrize(
    "conditions",
    [
        pytest.param("nonsense = 1", id="unknown field"),
        pytest.param("company/nonsense = 1", id="unknown part of a reference"),
        pytest.param("Identifier = 'x'", id="names are case-sensitive"),
        pytest.param("identifier 'x'", id="no operator"),
        pytest.param("identifier =", id="no value"),
        pytest.param("identifier = x", id="text without quotes"),
        pytest.param("(id = 1", id="open parenthesis"),
        pytest.param("id = 1 id = 2", id="no conjunction"),
        pytest.param("id in 1", id="no list"),
        pytest.param("id in (1", id="open list"),
        pytest.param("dateDeleted > [yesterday]", id="not a date"),
        pytest.param("id > null", id="null has no order"),
        pytest.param("id like 5", id="like needs text"),
        pytest.param("id = 1 ; drop", id="a stray character"),
    ],
)
def test_what_cannot_be_read_is_refused(conditions: str) -> None:
    with pytest.raises(Fault400) as refused:
        compile_conditions(conditions, "company")
    assert refused.value.body["code"] == "ApiFindCondition"


CONTACTS: list[dict[str, Any]] = [
    {"id": 1, "communicationItems": [{"value": "a@x.example", "communicationType": "Email"}]},
    {"id": 2, "communicationItems": [{"value": "555", "communicationType": "Phone"}, {"value": "b@x.example"}]},
    {"id": 3},
]


def test_child_conditions_hold_for_one_entry() -> None:
    like = compile_child_conditions('communicationItems/value like "*@x.example"', "contact")
    assert [row["id"] for row in CONTACTS if like(row)] == [1, 2]
    both = 'communicationItems/value like "*@*" and communicationItems/communicationType = "Phone"'
    assert not any(map(compile_child_conditions(both, "contact"), CONTACTS))


@pytest.mark.parametrize("conditions", ["firstName = 'x'", "communicationItems/value = 'x' and typeIds = 1"])
def test_child_conditions_name_one_list(conditions: str) -> None:
    with pytest.raises(Fault400):
        compile_child_conditions(conditions, "contact")


@settings(deadline=None)
@given(text=st.text())
def test_any_text_can_be_asked_for(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    matches = compile_conditions(f'name = "{quoted}"', "company")
    assert matches({"name": text})
    assert not matches({"name": text + "x"})
