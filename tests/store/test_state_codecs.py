from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.charges import Charge
from cwtui.domain.ledger import Doubt, ImportIntent, Operation, Outcome, Owed, Purpose, TakenBack, Why
from cwtui.domain.mappings import Link, Mapping, MappingKey, MappingKind
from cwtui.domain.marketplace import (
    Address,
    BillingModel,
    Customer,
    Duration,
    Order,
    OrderLine,
    OrderProduct,
    OrderStatus,
    OrderType,
    Price,
    Product,
    ProductCost,
    Subscription,
    SubscriptionProduct,
    SubscriptionStatus,
)
from cwtui.domain.plans import Change, Edit, Plan, PlanEdits, PriceSource
from cwtui.domain.psa import Addition, AdditionValues, BillCustomer
from cwtui.domain.records import AuditRow, Cursor, Intent, RecordWrite
from cwtui.domain.tasks import Problem, ProblemCode, Task, TaskKind, TaskStatus
from cwtui.store import codecs, marketplace_codecs, plan_codecs
from cwtui.store.table import Table, encode

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
number = st.decimals(allow_nan=False, allow_infinity=False)
identifier = st.integers(0, 2**53)
day = st.dates()
moment = st.datetimes(timezones=st.just(UTC))
flag = st.booleans()


def few(of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=3).map(tuple)


def some(enum: type[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(list(enum))


def maybe(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | of


def built(
    of: type[Any], *positional: st.SearchStrategy[Any], **named: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    assert len(positional) + len(named) == len(fields(of)), f"a field of {of.__name__} is not covered"
    return st.builds(of, *positional, **named)


price = built(Price, number, text)
values = built(AdditionValues, identifier, number, number, number, day, maybe(day), some(BillCustomer), flag, text)
change = built(
    Change,
    key=text,
    operation=some(Operation),
    agreement_id=identifier,
    product_id=text,
    charge=some(Charge),
    before=maybe(built(Addition, identifier, identifier, values, text, st.just(True))),  # a plan counts on whole ones
    after=maybe(values),
    arithmetic=few(text),
    source=text,
    rule=text,
    edited=st.frozensets(st.sampled_from(["quantity", "bill", "effective"])),
    computed=maybe(values),
    left_out=flag,
    price_source=some(PriceSource),
    is_standing=flag,
    purpose=some(Purpose),
    refers_to=maybe(identifier),
)
problems = few(built(Problem, some(ProblemCode), text, text))
subscription = built(
    Subscription,
    id=text,
    name=text,
    customer_id=text,
    status=some(SubscriptionStatus),
    billing_model=some(BillingModel),
    billing_period=maybe(built(Duration, text, number)),
    expiration=maybe(day),
    created=maybe(day),
    plan_id=text,
    products=few(built(SubscriptionProduct, text, text, text, maybe(number), maybe(price), maybe(price))),
    detailed=flag,
    modified=maybe(day),
)
edited = st.fixed_dictionaries(
    {},
    optional={
        "catalog_item_id": identifier,
        "quantity": number,
        "unit_price": number,
        "unit_cost": number,
        "effective": day,
        "cancelled": maybe(day),
        "bill": some(BillCustomer),
        "taxable": flag,
        "description": text,
    },
)
json = st.recursive(
    st.none() | flag | st.integers(-(2**53), 2**53) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)

CODECS: list[tuple[Callable[[Any], dict[str, Any]], Callable[[dict[str, Any]], Any], st.SearchStrategy[Any]]] = [
    (
        codecs.task_document,
        codecs.task_value,
        built(
            Task,
            id=text,
            kind=some(TaskKind),
            status=some(TaskStatus),
            customer_id=text,
            customer_name=text,
            subscription_id=text,
            subscription_name=text,
            order_id=text,
            order_number=text,
            order_created=maybe(moment),
            problems=problems,
            note=text,
            effective=maybe(day),
            monthly_effect=maybe(number),
            plan_digest=text,
            confirmed_guard=flag,
            synced_at=maybe(moment),
        ),
    ),
    (
        codecs.mapping_document,
        codecs.mapping_value,
        built(Mapping, built(MappingKey, some(MappingKind), text, text), identifier),
    ),
    (
        codecs.link_document,
        codecs.link_value,
        built(Link, identifier, identifier, text, text, some(Charge), values, text, moment, flag, flag, maybe(values)),
    ),
    (
        codecs.record_write_document,
        codecs.record_write_value,
        built(
            RecordWrite,
            identifier,
            moment,
            text,
            text,
            some(Operation),
            text,
            text,
            text,
            text,
            maybe(st.dictionaries(text, json, max_size=3)),
            maybe(st.dictionaries(text, json, max_size=3)),
            some(Outcome),
            text,
        ),
    ),
    (
        plan_codecs.edits_document,
        plan_codecs.edits_value,
        built(
            PlanEdits,
            text,
            text,
            few(built(Edit, text, edited, flag, maybe(some(PriceSource)))),
            maybe(some(PriceSource)),
        ),
    ),
    (
        plan_codecs.plan_document,
        plan_codecs.plan_value,
        built(
            Plan,
            task_id=text,
            subscription_id=text,
            agreement_id=maybe(identifier),
            changes=few(change),
            warnings=few(text),
            notes=few(text),
            problems=problems,
            effective=maybe(day),
            standing_from=maybe(day),
            currency=text,
            dropped_edits=few(text),
        ),
    ),
    (codecs.snapshot_document, codecs.snapshot_value, st.tuples(text, subscription)),
    (
        plan_codecs.intent_document,
        plan_codecs.intent_value,
        built(Intent, identifier, moment, text, change, text, st.frozensets(identifier, max_size=4), text),
    ),
    (
        plan_codecs.audit_document,
        plan_codecs.audit_value,
        built(
            AuditRow,
            seq=identifier,
            at=moment,
            run_id=text,
            who=text,
            task_id=text,
            operation=some(Operation),
            agreement_id=identifier,
            addition_id=maybe(identifier),
            subscription_id=text,
            product_id=text,
            charge=some(Charge),
            before=maybe(values),
            after=maybe(values),
            outcome=some(Outcome),
            reason=text,
            key=text,
            purpose=some(Purpose),
            refers_to=maybe(identifier),
            is_standing=flag,
            why=built(Why, text, text, few(text), few(text), text, st.dictionaries(text, text, max_size=3)),
        ),
    ),
    (
        codecs.cursor_document,
        codecs.cursor_value,
        built(
            Cursor, maybe(moment), st.frozensets(text, max_size=4), maybe(st.dictionaries(text, identifier, max_size=3))
        ),
    ),
    (codecs.taken_back_document, codecs.taken_back_value, built(TakenBack, text, identifier)),
    (codecs.owed_document, codecs.owed_value, built(Owed, text, identifier, day)),
    (codecs.import_document, codecs.import_value, built(ImportIntent, identifier, text, maybe(moment), maybe(text))),
    (
        codecs.doubt_document,
        codecs.doubt_value,
        built(
            Doubt,
            identifier,
            moment,
            identifier,
            text,
            text,
            text,
            some(Charge),
            text,
            st.frozensets(identifier, max_size=4),
            values,
        ),
    ),
    (codecs.done_document, codecs.done_value, st.tuples(text, text)),
    (codecs.fact_document, codecs.fact_value, st.tuples(text, json)),
    (
        marketplace_codecs.customer_document,
        marketplace_codecs.customer_value,
        built(Customer, text, text, text, text, built(Address, text, text, text, text, text, text), few(text)),
    ),
    (
        marketplace_codecs.product_document,
        marketplace_codecs.product_value,
        built(Product, text, text, text, text, few(built(ProductCost, text, price))),
    ),
    (
        marketplace_codecs.subscription_document,
        marketplace_codecs.subscription_value,
        subscription,
    ),
    (
        marketplace_codecs.order_document,
        marketplace_codecs.order_value,
        built(
            Order,
            id=text,
            number=text,
            type=some(OrderType),
            status=some(OrderStatus),
            customer_id=text,
            created=moment,
            provisioned=maybe(moment),
            lines=few(built(OrderLine, text, text, text, text, maybe(number), maybe(price), maybe(price))),
            products=few(built(OrderProduct, text, text, text, text)),
            subscription_id=text,
            detailed=flag,
            target_id=text,
        ),
    ),
]


@pytest.mark.parametrize(
    ("document_of", "value_of", "strategy"),
    CODECS,
    ids=[codec[0].__name__.removesuffix("_document") for codec in CODECS],
)
def test_a_value_survives_the_file(
    document_of: Callable[[Any], dict[str, Any]],
    value_of: Callable[[dict[str, Any]], Any],
    strategy: st.SearchStrategy[Any],
) -> None:
    @given(value=strategy)
    def survives(value: Any) -> None:
        document = document_of(value)
        assert next(iter(document)) == "id"
        assert value_of(orjson.loads(encode(document))) == value

    survives()


@given(value=values)
def test_an_amount_keeps_its_digits(value: AdditionValues) -> None:
    again = plan_codecs.values_value(orjson.loads(encode(plan_codecs.values_document(value))))
    assert [str(getattr(again, field.name)) for field in fields(value)] == [
        str(getattr(value, field.name)) for field in fields(value)
    ]


def test_a_task_has_the_shape_of_the_list() -> None:
    task = Task(
        "1000.2000",  # type: ignore[arg-type]
        TaskKind.SALES_ORDER,
        TaskStatus.NEEDS_ACTION,
        "C1",  # type: ignore[arg-type]
        "Green Lane LLC",
        "2000",  # type: ignore[arg-type]
        "Exchange Online (Plan 1)",
        "1000",  # type: ignore[arg-type]
        "SO1000",
        datetime(2026, 11, 21, tzinfo=UTC),
        (Problem(ProblemCode.CUSTOMER_UNMAPPED, "Map it.", "C1"),),
        "Failed auto-sync.",
        monthly_effect=Decimal("4.50"),
    )
    document = codecs.task_document(task)
    assert {
        "id": "1000.2000",
        "kind": "sales_order",
        "status": "needs_action",
        "problems": [{"code": "customer_unmapped", "message": "Map it.", "target": "C1"}],
        "customer": {"id": "C1", "name": "Green Lane LLC"},
        "subscription": {"id": "2000", "name": "Exchange Online (Plan 1)"},
        "order": {"id": "1000", "number": "SO1000", "created": "2026-11-21T00:00:00+00:00"},
        "note": "Failed auto-sync.",
    }.items() <= document.items()


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
