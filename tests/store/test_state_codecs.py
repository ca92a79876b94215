"""Every record of the state survives being written and read, whatever is in it."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, NewType, Union, cast, get_args, get_origin, get_type_hints

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.ledger import Operation
from cwtui.domain.plans import ArithmeticLines, Change, Edit, Plan
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode, ProblemFacts
from cwtui.domain.psa import AdditionValues
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.store import schema
from cwtui.store.schema import Schema, json_field
from cwtui.store.table import Table, encode
from tests.store.conftest import LINK, TASK, VALUES

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
PLAIN: Mapping[object, st.SearchStrategy[Any]] = {
    str: text,
    int: st.integers(0, 2**53),
    bool: st.booleans(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    object: json,
    None: st.none(),
    type(None): st.none(),
}


@pytest.fixture(autouse=True)
def _every_problem_has_its_facts() -> None:
    """Problems of any content are made here; nobody says them."""


def of_type(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that a field of a record has."""
    if isinstance(kind, NewType):
        return of_type(kind.__supertype__)
    if kind in PLAIN:
        return PLAIN[kind]
    if isinstance(kind, type):
        return records(kind) if is_dataclass(kind) else st.sampled_from(list(cast("type[Enum]", kind)))
    return composed(get_origin(kind), [of_type(inner) for inner in get_args(kind) if inner is not ...])


def composed(origin: Any, inner: Sequence[st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Any value of a type that is made of others."""
    if origin in {types.UnionType, Union}:
        return st.one_of(*inner)
    if origin is frozenset:
        return st.frozensets(inner[0], max_size=4)
    if origin is set:
        return st.sets(inner[0], max_size=4)
    if origin in {Mapping, dict}:
        return st.dictionaries(*inner, max_size=3)
    assert origin in {tuple, Sequence}, f"no way to make a {origin}"
    return st.lists(inner[0], max_size=3).map(tuple)


def records(kind: Any) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    made = {one.name: of_type(hints[one.name]) for one in fields(kind)}
    if kind is Edit:  # any value of any field, but of that field's own type
        kinds = get_type_hints(AdditionValues)
        made["values"] = st.fixed_dictionaries({}, optional={name: of_type(kinds[name]) for name in kinds})
    return st.builds(kind, **made)


SCHEMAS: list[Schema[Any]] = [one for one in vars(schema).values() if isinstance(one, Schema)]


@pytest.mark.parametrize("table", SCHEMAS, ids=lambda table: table.name)
def test_a_record_survives_the_file(table: Schema[Any]) -> None:
    @given(record=records(table.of))
    def survives(record: Any) -> None:
        document = table.encode(record)
        assert orjson.loads(document)["id"] == table.key(record)
        assert document.startswith(b'{"id":"')
        assert table.decode(document) == record

    survives()


@pytest.mark.parametrize("table", SCHEMAS, ids=lambda table: table.name)
def test_another_id_changes_nothing_else(table: Schema[Any]) -> None:
    @given(record=records(table.of))
    def survives(record: Any) -> None:
        document = orjson.loads(table.encode(record, "other"))
        assert document == orjson.loads(table.encode(record)) | {"id": "other"}
        assert next(iter(document)) == "id"

    survives()


@given(value=records(AdditionValues))
def test_an_amount_keeps_its_digits(value: AdditionValues) -> None:
    again = schema.LINKS.decode(schema.LINKS.encode(replace(LINK, values=value))).values
    assert [str(getattr(again, field.name)) for field in fields(value)] == [
        str(getattr(value, field.name)) for field in fields(value)
    ]


def test_a_moment_says_that_it_is_utc() -> None:
    document = orjson.loads(schema.TASKS.encode(replace(TASK, order_created=datetime(2026, 11, 21, tzinfo=UTC))))
    assert document["order_created"] == "2026-11-21T00:00:00+00:00"


def test_arithmetic_that_nobody_read_yet_is_written_out() -> None:
    lazy = ArithmeticLines(lambda: ("4.50 × 10 = 45.00",))
    plan = Plan(
        TASK.id,
        TASK.subscription_id,
        LINK.agreement_id,
        (
            Change(
                "k", Operation.CREATE, LINK.agreement_id, LINK.product_id, LINK.charge, after=VALUES, arithmetic=lazy
            ),
        ),
    )
    again = schema.PLANS.decode(schema.PLANS.encode(plan))
    assert again == plan
    assert again.changes[0].arithmetic == ("4.50 × 10 = 45.00",)


def test_a_task_says_its_fields_by_their_names() -> None:
    task = replace(
        TASK,
        status=TaskStatus.NEEDS_ACTION,
        problems=(Problem(ProblemCode.CUSTOMER_UNMAPPED, {"account": "C1"}, "C1", case=ProblemCase.ACCOUNT),),
        note="Failed auto-sync.",
        monthly_effect=Decimal("4.50"),
    )
    document = orjson.loads(schema.TASKS.encode(task))
    assert list(document) == [one.name for one in fields(Task)]
    assert {
        "id": "1000.2000",
        "kind": TaskKind.SALES_ORDER.value,
        "status": "needs_action",
        "problems": [
            {
                "code": "customer_unmapped",
                "facts": {"account": "C1"},
                "target": "C1",
                "remedy": None,
                "case": "account",
            }
        ],
        "customer_id": "C1",
        "customer_name": "Green Lane LLC",
        "note": "Failed auto-sync.",
        "monthly_effect": "4.50",
    }.items() <= document.items()


def test_a_field_that_came_later_has_its_default_in_an_older_document() -> None:
    document = orjson.loads(schema.TASKS.encode(TASK))
    for name in ("note", "problems", "plan_digest", "synced_at"):
        del document[name]
    assert schema.TASKS.decode(orjson.dumps(document)) == TASK


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("status", "odd", id="no such status"),
        pytest.param("status", None, id="none where there has to be one"),
        pytest.param("order_created", "21.11.2026", id="no moment"),
        pytest.param("monthly_effect", "a lot", id="no number"),
        pytest.param("problems", {}, id="no list"),
        pytest.param("warnings", "yes", id="no list of texts"),
    ],
)
def test_a_document_that_says_something_else_is_refused(name: str, value: object) -> None:
    document = orjson.loads(schema.TASKS.encode(TASK)) | {name: value}
    with pytest.raises(ValueError, match=name):
        schema.TASKS.decode(orjson.dumps(document))


def test_what_a_row_says_is_found_by_the_name_of_the_field() -> None:
    assert json_field(Task, "status", TaskStatus.READY) in schema.TASKS.encode(TASK)
    assert json_field(Task, "subscription_id") == b'"subscription_id":'
    with pytest.raises(LookupError):
        json_field(Task, "subscription")


@given(ids=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), unique=True, max_size=6))
def test_any_id_finds_its_document_again(ids: list[str]) -> None:
    table = Table()
    for key in ids:
        table.put(key, encode({"id": key, "task_id": key}))
    again = Table(table.section())
    assert list(again.rows) == ids
    assert [document["id"] for document in again.documents()] == ids


@given(name=st.text(st.characters(exclude_categories=["Cs"])))
def test_a_document_is_ascii_whatever_it_says(name: str) -> None:
    data = encode({"id": "1", "name": name})
    assert data.isascii()
    assert orjson.loads(data) == {"id": "1", "name": name}


def test_half_a_surrogate_pair_is_stored_as_a_question_mark() -> None:
    assert orjson.loads(encode({"id": "1", "name": "a\ud83d", "more": [{"\udc00": "b"}]})) == {
        "id": "1",
        "name": "a?",
        "more": [{"?": "b"}],
    }


def in_words(words: str) -> Problem:
    return Problem(ProblemCode.GUARD, {"words": words}, case=ProblemCase.IN_WORDS)


def test_half_a_surrogate_pair_in_a_record_is_stored_as_a_question_mark() -> None:
    task = replace(TASK, customer_name="a\ud83d", problems=(in_words("\udc00"),))
    again = schema.TASKS.decode(schema.TASKS.encode(task))
    assert again == replace(TASK, customer_name="a?", problems=(in_words("?"),))


@pytest.mark.parametrize(
    "facts",
    [
        {"addition": 8150, "name": "Exchange", "edited": {"unit_price": ("4.5", "5"), "cancelled": ("none", "x")}},
        {"additions": ("8150", "8151"), "price": "4.50"},
        {},
    ],
)
def test_facts_of_a_problem_come_back_as_they_were(facts: ProblemFacts) -> None:
    """Else every check would find its task changed."""
    task = replace(TASK, problems=(Problem(ProblemCode.GUARD, {**facts, "words": "x"}, case=ProblemCase.IN_WORDS),))
    assert schema.TASKS.decode(schema.TASKS.encode(task)) == task
