from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tinydb import TinyDB

from cwtui.domain.charges import Charge
from cwtui.domain.errors import Outdated, StateError, StateReadOnly
from cwtui.domain.ids import AdditionId, AgreementId, CustomerId, OrderId, ProductId, SubscriptionId, TaskId
from cwtui.domain.ledger import Operation, Outcome, Purpose, Why
from cwtui.domain.mappings import Link, Mapping, MappingKey, MappingKind
from cwtui.domain.marketplace import Customer, Order, OrderStatus, OrderType, Product, Subscription, SubscriptionStatus
from cwtui.domain.plans import Change, Plan, PlanEdits
from cwtui.domain.psa import AdditionValues
from cwtui.domain.records import AuditRow, Cursor, Intent
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.engine.protocols import Store
from cwtui.store import journal as journal_module
from cwtui.store.layout import VERSION
from cwtui.store.state import State, open_state

Make = Callable[..., Task]
KEY = MappingKey(MappingKind.PRODUCT, "MFL-1", "setup")


def order(identifier: str) -> Order:
    moment = datetime(2026, 11, 21, tzinfo=UTC)
    return Order(OrderId(identifier), "SO", OrderType.SALES, OrderStatus.COMPLETED, CustomerId("C1"), moment)


def subscription(identifier: str) -> Subscription:
    return Subscription(SubscriptionId(identifier), "Exchange", CustomerId("C1"), SubscriptionStatus.ACTIVE)


def change(key: str, values: AdditionValues) -> Change:
    return Change(key, Operation.CREATE, AgreementId(10), ProductId("MFL-1"), Charge.RECURRING, after=values)


def intend(state: State, values: AdditionValues, *, key: str = "standing:MFL-1", task: str = "1000.2000") -> Intent:
    return state.intend(
        at=datetime(2026, 11, 21, 12, tzinfo=UTC),
        run_id="r1",
        task_id=TaskId(task),
        subscription_id=SubscriptionId("2000"),
        change=change(key, values),
        present=frozenset({AdditionId(3), AdditionId(1)}),
    )


def row(intent: Intent, ended: str = "confirmed", *, at: datetime | None = None) -> AuditRow:
    outcome, _, reason = ended.partition(": ")
    return AuditRow(
        seq=intent.seq,
        at=at or intent.at,
        run_id=intent.run_id,
        who="operator",
        task_id=intent.task_id,
        operation=Operation.CREATE,
        agreement_id=AgreementId(10),
        addition_id=AdditionId(9),
        subscription_id=intent.subscription_id,
        product_id=ProductId("MFL-1"),
        charge=Charge.RECURRING,
        before=None,
        after=intent.change.after,
        outcome=Outcome(outcome),
        reason=reason,
        why=Why(rule="a sale"),
    )


def test_it_fits_the_engine(path: Path) -> None:
    store: Store = open_state(path)  # mypy compares the signatures
    wanted = {name for name, member in vars(Store).items() if callable(member) and not name.startswith("_")}
    assert wanted <= set(dir(State))
    for name in wanted:
        mine, theirs = (inspect.signature(getattr(of, name)).parameters for of in (State, Store))
        assert list(mine) == list(theirs), name
    store.close()


def test_everything_saved_is_there_after_a_restart(
    path: Path, task: Make, link: Callable[..., Link], values: AdditionValues
) -> None:
    customer = Customer(CustomerId("C1"), "Green Lane LLC", emails=("a@green.example",))
    product = Product(ProductId("MFL-1"), "Exchange Online (Plan 1)")
    cursor = Cursor(datetime(2026, 11, 21, tzinfo=UTC), frozenset({OrderId("7")}), {"customers": 12})
    edits = PlanEdits(TaskId("1000.2000"), "abc")
    plan = Plan(TaskId("1000.2000"), SubscriptionId("2000"), AgreementId(10), (change("k", values),))

    def check(state: State) -> None:
        assert state.task(TaskId("1000.2000")) == task()
        assert (state.order(OrderId("1000")), state.order(OrderId("1"))) == (order("1000"), None)
        assert state.subscription(SubscriptionId("2000")) == subscription("2000")
        assert state.snapshot(TaskId("1000.2000")) == subscription("2000")
        assert (state.customer(CustomerId("C1")), list(state.customers())) == (customer, [customer])
        assert (state.product(ProductId("MFL-1")), list(state.products())) == (product, [product])
        assert state.cursor() == cursor
        assert state.mappings().get(KEY) == 5
        assert (state.link(AdditionId(1)), list(state.links())) == (link(), [link()])
        assert state.edits(TaskId("1000.2000")) == edits
        assert state.plan_begun(TaskId("1000.2000")) == plan
        assert state.fact("intermedia") == {"accounts": [1, 2]}

    state = open_state(path)
    assert state.cursor() == Cursor()
    state.save_task(task())
    state.save_order(order("1000"))
    state.save_subscription(subscription("2000"))
    state.save_snapshot(TaskId("1000.2000"), subscription("2000"))
    state.save_customers([customer])
    state.save_products([product])
    state.save_cursor(cursor)
    state.save_mapping(Mapping(KEY, 5))
    state.save_link(link())
    state.save_edits(edits)
    state.begin_plan(plan)
    state.save_fact("intermedia", {"accounts": [1, 2]})
    check(state)
    other = open_state(path, read_only=True)  # from the journal
    check(other)
    state.close()
    again = open_state(path)  # from the file
    check(again)
    again.drop_edits(TaskId("1000.2000"))
    again.end_plan(TaskId("1000.2000"))
    again.drop_link(AdditionId(1))
    assert again.drop_mapping(KEY)
    assert not again.drop_mapping(KEY)
    again.close()
    last = open_state(path)
    assert (last.edits(TaskId("1000.2000")), last.plan_begun(TaskId("1000.2000"))) == (None, None)
    assert (last.link(AdditionId(1)), len(last.mappings())) == (None, 0)
    last.close()


def test_plain_tinydb_reads_it(path: Path, task: Make) -> None:
    state = open_state(path)
    for number in range(3):
        state.save_task(task(f"{number}.2000"))
    state.close()
    with TinyDB(path, access_mode="r") as db:
        assert [(found.doc_id, found["id"]) for found in db.table("tasks")] == [
            (1, "0.2000"),
            (2, "1.2000"),
            (3, "2.2000"),
        ]
        assert db.table("cwtui").all()[0]["version"] == VERSION


def test_tasks_of_a_subscription_come_oldest_first(path: Path, task: Make, moment: datetime) -> None:
    state = open_state(path)
    later, tie = moment + timedelta(days=1), moment
    state.save_task(task("c", order_id=OrderId("3"), order_created=later))
    state.save_task(task("b", order_id=OrderId("2"), order_created=tie))
    state.save_task(task("a", order_id=OrderId("1"), order_created=tie))
    state.save_task(task("d", order_id=OrderId("10"), order_created=tie))
    state.save_task(task("i", order_id=OrderId("initial"), order_created=None))
    state.save_task(task("x", subscription_id=SubscriptionId("9")))
    assert [found.id for found in state.tasks_of(SubscriptionId("2000"))] == ["i", "a", "b", "d", "c"]
    state.save_task(task("b", subscription_id=SubscriptionId("9")))
    assert [found.id for found in state.tasks_of(SubscriptionId("2000"))] == ["i", "a", "d", "c"]
    assert {found.id for found in state.tasks_of(SubscriptionId("9"))} == {"x", "b"}
    assert list(state.tasks_of(SubscriptionId("none"))) == []
    state.close()


def test_open_tasks_are_those_neither_synced_nor_skipped(path: Path, task: Make) -> None:
    state = open_state(path)
    for status in TaskStatus:
        state.save_task(task(status.value, status=status, note='"status":"synced"'))
    assert {found.status for found in state.open_tasks()} == {status for status in TaskStatus if status.is_open}
    state.save_task(task("ready", status=TaskStatus.SYNCED))
    state.save_task(task("skipped", status=TaskStatus.READY))
    assert {found.id for found in state.open_tasks()} == {"needs_action", "waiting", "failed", "skipped"}
    state.close()


def test_links_by_subscription_and_agreement(path: Path, link: Callable[..., Link]) -> None:
    state = open_state(path)
    state.save_link(link(1))
    state.save_link(link(2, agreement_id=AgreementId(1)))
    state.save_link(link(3, subscription_id=SubscriptionId("9"), agreement_id=AgreementId(101)))
    assert [found.addition_id for found in state.links_of(SubscriptionId("2000"))] == [1, 2]
    assert [found.addition_id for found in state.links_in(AgreementId(10))] == [1]
    state.save_link(link(1, agreement_id=AgreementId(101)))
    state.drop_link(AdditionId(2))
    assert [found.addition_id for found in state.links_of(SubscriptionId("2000"))] == [1]
    assert [found.addition_id for found in state.links_in(AgreementId(101))] == [3, 1]
    assert list(state.links_in(AgreementId(1))) == []
    state.close()


def test_an_intent_is_open_until_it_is_concluded(path: Path, values: AdditionValues, link: Callable[..., Link]) -> None:
    state = open_state(path)
    state.save_link(link(1))
    first, second = intend(state, values), intend(state, values, key="setup:MFL-1")
    assert first.seq < second.seq
    reader = open_state(path, read_only=True)  # another process sees them at once
    assert reader.open_intents() == [first, second] == reader.open_intents(AgreementId(10))
    assert reader.open_intents(AgreementId(1)) == []
    state.conclude(first, row(first), links=[link(9)], unlink=[AdditionId(1)])
    assert state.open_intents() == [second]
    assert [found.addition_id for found in state.links()] == [9]
    assert state.done_keys(TaskId("1000.2000")) == {"standing:MFL-1"}
    state.close()
    again = open_state(path)
    assert again.open_intents() == [second]
    again.conclude(second, row(second, "failed: 400 no"))
    assert again.done_keys(TaskId("1000.2000")) == {"standing:MFL-1"}
    again.forget_done(TaskId("1000.2000"))
    assert again.done_keys(TaskId("1000.2000")) == frozenset()
    third = intend(again, values)
    assert third.seq > second.seq
    assert list(again.audit()) == [row(first), row(second, "failed: 400 no")]
    again.close()


def test_what_ends_with_an_answer_is_in_its_line(path: Path, values: AdditionValues, task: Make) -> None:
    state = open_state(path)
    first = intend(state, values)
    plan, done = Plan(first.task_id, first.subscription_id, AgreementId(10)), task(first.task_id, note="done")
    state.begin_plan(plan)
    before = state.position

    def end() -> None:
        state.end_plan(first.task_id)
        state.forget_done(first.task_id)
        state.save_task(done)

    state.conclude(first, row(first), ends=end)
    assert state.position == before + 1
    for seen in (state, open_state(path, read_only=True)):
        assert (seen.plan_begun(plan.task_id), seen.open_intents()) == (None, [])
        assert seen.done_keys(first.task_id) == frozenset()
        assert seen.task(done.id) == done
        assert list(seen.audit()) == [row(first)]
    with pytest.raises(Outdated):
        state.conclude(first, row(first, "adopted"), ends=lambda: state.begin_plan(plan))
    assert state.plan_begun(plan.task_id) is None
    state.close()


def test_an_audit_row_never_replaces_another(path: Path, values: AdditionValues) -> None:
    state = open_state(path)
    intent = intend(state, values)
    state.conclude(intent, row(intent, "failed: 500"))
    with pytest.raises(Outdated):
        state.conclude(intent, row(intent, "adopted"))
    again = intend(state, values)
    state.conclude(again, row(again, "adopted"))
    assert [found.result for found in state.audit()] == ["failed: 500", "adopted"]
    state.close()


def test_the_audit_by_task_and_day(path: Path, values: AdditionValues) -> None:
    state = open_state(path)
    for number, task in enumerate(["a", "b", "a"]):
        intent = intend(state, values, task=task)
        state.conclude(intent, row(intent, at=datetime(2026, 11, 20 + number, 23, tzinfo=UTC)))
    assert [found.task_id for found in state.audit(since=date(2026, 11, 21))] == ["b", "a"]
    assert [found.at.day for found in state.audit(task_id=TaskId("a"))] == [20, 22]
    assert list(state.audit(task_id=TaskId("b"), since=date(2026, 11, 22))) == []
    state.close()


def test_a_batch_is_one_durable_line(path: Path, task: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    state = open_state(path)
    synced: list[int] = []
    monkeypatch.setattr(journal_module, "sync_data", synced.append)
    with state.batch():
        for number in range(50):
            state.save_task(task(f"{number}.1"))
        with state.batch():
            state.save_mapping(Mapping(KEY, 1))
        assert not synced
    assert len(synced) == 1
    assert len(list(open_state(path, read_only=True).tasks())) == 50
    state.close()


def test_an_intent_inside_a_batch_takes_what_came_before_with_it(
    path: Path, task: Make, values: AdditionValues
) -> None:
    state = open_state(path)
    with state.batch():
        state.save_task(task())
        intent = intend(state, values)
        seen = open_state(path, read_only=True)
        assert (seen.task(TaskId("1000.2000")), seen.open_intents()) == (task(), [intent])
        state.save_fact("later", 1)
    assert open_state(path, read_only=True).fact("later") == 1
    state.close()


def test_what_a_failing_batch_saved_is_kept(path: Path, task: Make) -> None:
    state = open_state(path)

    def fail_half_way() -> None:
        with state.batch():
            state.save_task(task())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert open_state(path, read_only=True).task(TaskId("1000.2000")) == task()
    state.close()


def test_saving_what_is_so_already_writes_nothing(path: Path, task: Make) -> None:
    state = open_state(path)
    state.save_task(task())
    size = path.with_name("state.json.journal").stat().st_size
    state.save_task(task())
    state.drop_link(AdditionId(99))
    assert path.with_name("state.json.journal").stat().st_size == size
    state.close()


def test_orders_and_subscriptions_go_when_no_open_task_needs_them(path: Path, task: Make) -> None:
    state = open_state(path)
    state.save_task(task("1000.2000"))
    state.save_task(task("1001.2001", order_id=OrderId("1001"), subscription_id=SubscriptionId("2001")))
    for number in (1000, 1001, 1002):
        state.save_order(order(str(number)))
        state.save_subscription(subscription(str(number + 1000)))
    state.fold()
    assert state.order(OrderId("1002")) is not None  # its task may be about to be saved
    state.save_task(task("1001.2001", order_id=OrderId("1001"), status=TaskStatus.SYNCED))
    state.fold()
    assert [state.order(OrderId(str(number))) is not None for number in (1000, 1001, 1002)] == [True, False, False]
    assert [state.subscription(SubscriptionId(str(number))) is not None for number in (2000, 2001)] == [True, False]
    state.close()
    with TinyDB(path, access_mode="r") as db:
        assert [found["id"] for found in db.table("orders")] == ["1000"]


def test_a_first_snapshot_outlives_its_task_so_that_it_can_be_undone(path: Path, task: Make) -> None:
    state = open_state(path)
    state.save_task(task("initial.2000", status=TaskStatus.SYNCED))
    state.save_snapshot(TaskId("initial.2000"), subscription("2000"))
    state.fold()
    state.save_fact("x", 1)
    state.fold()
    assert state.snapshot(TaskId("initial.2000")) == subscription("2000")
    state.close()


def test_keys_we_do_not_know_are_kept(path: Path, task: Make) -> None:
    state = open_state(path)
    state.save_task(task())
    state.save_fact("f", {"a": 1})
    state.close()
    with TinyDB(path) as db:
        db.table("tasks").update({"colour": "red", "customer": {"vip": True}})
        db.table("hobby").insert({"id": "h", "what": "chess"})
    state = open_state(path)
    state.save_task(task(note="changed"))
    state.save_fact("f", {"b": 2})
    assert state.fact("f") == {"b": 2}
    state.close()
    with TinyDB(path, access_mode="r") as db:
        found = db.table("tasks").all()[0]
        assert (found["colour"], found["customer"]["vip"], found["note"]) == ("red", True, "changed")
        assert db.table("hobby").all() == [{"id": "h", "what": "chess"}]


def test_the_list_needs_no_values(path: Path, task: Make) -> None:
    state = open_state(path)
    state.save_task(task())
    (document,) = state.documents.task_documents()
    assert (document["customer_id"], document["customer_name"]) == ("C1", "Green Lane LLC")
    state.close()


def test_read_only_says_so(path: Path, task: Make) -> None:
    state = open_state(path)
    state.save_task(task())
    reader = open_state(path, read_only=True)
    assert reader.is_read_only
    assert reader.task(TaskId("1000.2000")) == task()
    with pytest.raises(StateReadOnly, match="reading only"):
        reader.save_task(task("2"))
    with pytest.raises(StateReadOnly, match="reading only"):
        reader.fold()
    reader.close()
    state.close()
    again = open_state(path, read_only_ok=True)
    assert not again.is_read_only
    again.close()


def test_reading_a_state_that_is_not_there_makes_no_file(path: Path) -> None:
    state = open_state(path.parent / "new" / "state.json", read_only=True)
    assert list(state.tasks()) == []
    state.close()
    assert not list(path.parent.iterdir())


def test_a_document_that_cannot_be_read_is_named(path: Path, task: Make) -> None:
    state = open_state(path)
    state.save_task(task())
    state.close()
    tables = json.loads(path.read_bytes().replace(b'"ready"', b'"steady"'))
    del tables["seal"]
    path.write_text(json.dumps(tables))
    state = open_state(path)
    with pytest.raises(StateError, match=r"Document 1000\.2000 of table tasks .*steady"):
        state.task(TaskId("1000.2000"))
    state.close()


def test_amounts_keep_their_digits(path: Path, task: Make) -> None:
    state = open_state(path)
    state.save_task(task(monthly_effect=Decimal("67.50")))
    state.close()
    found = open_state(path, read_only=True).task(TaskId("1000.2000"))
    assert found is not None
    assert str(found.monthly_effect) == "67.50"


def test_a_second_close_does_nothing_and_later_saves_are_refused(path: Path, task: Make) -> None:
    state = open_state(path)
    state.close()
    state.close()
    with pytest.raises(StateError, match="is closed"):
        state.save_task(task())


def test_a_mapping_is_dropped_by_a_state_that_was_just_opened(path: Path) -> None:
    key = MappingKey(MappingKind.CUSTOMER, "C1")
    with closing(open_state(path)) as state:
        state.save_mapping(Mapping(key, 250))
    with closing(open_state(path)) as state:
        assert state.drop_mapping(key)
        assert not state.drop_mapping(key)
        assert state.mappings().get(key) is None


def test_tasks_in_some_states_are_found_without_looking_at_the_others(path: Path, task: Make) -> None:
    state = open_state(path)
    state.save_task(task("1", status=TaskStatus.READY))
    state.save_task(task("2", note='an odd "status":"ready" in a note', status=TaskStatus.SYNCED))
    state.save_task(task("3", status=TaskStatus.FAILED))
    assert [found.id for found in state.tasks([TaskStatus.READY])] == ["1"]
    assert [found.id for found in state.tasks([TaskStatus.FAILED, TaskStatus.READY])] == ["1", "3"]
    assert [found.id for found in state.tasks([TaskStatus.SKIPPED])] == []
    state.close()


def test_the_audit_by_addition_and_run(path: Path, values: AdditionValues) -> None:
    state = open_state(path)
    for number, (task, addition) in enumerate([("a", 1), ("b", 11), ("a", 1), ("c", None)]):
        intent = intend(state, values, task=task)
        held = None if addition is None else AdditionId(addition)
        state.conclude(intent, replace(row(intent), addition_id=held, run_id=f"run {number // 2}"))
    assert [found.task_id for found in state.audit(addition_id=AdditionId(1))] == ["a", "a"]
    assert [found.task_id for found in state.audit(run_id="run 1")] == ["a", "c"]
    assert [found.task_id for found in state.audit(run_id="run 0", addition_id=AdditionId(1))] == ["a"]
    assert [found.run_id for found in state.audit(task_id=TaskId("a"), run_id="run 1")] == ["run 1"]
    assert list(state.audit(task_id=TaskId("z"))) == []
    state.close()


def test_the_agreements_that_hold_links(path: Path, link: Callable[..., Link]) -> None:
    state = open_state(path)
    state.save_link(link(9))
    assert state.linked_agreements() == {link(9).agreement_id}
    state.drop_link(AdditionId(9))
    assert state.linked_agreements() == set()
    state.close()


def test_what_was_deleted_taken_back_or_put_back(path: Path, values: AdditionValues) -> None:
    state = open_state(path)
    for operation, purpose in [
        (Operation.CREATE, Purpose.PLAN),
        (Operation.DELETE, Purpose.PLAN),
        (Operation.CREATE, Purpose.UNDO),
        (Operation.CREATE, Purpose.RESTORE),
        (Operation.CREATE, Purpose.COMPENSATION),
    ]:
        intent = intend(state, values)
        why = Why(rule='"purpose":"undo"')
        state.conclude(intent, replace(row(intent), operation=operation, purpose=purpose, why=why))
    assert [(found.operation, found.purpose) for found in state.replacements()] == [
        ("delete", "plan"),
        ("create", "undo"),
        ("create", "restore"),
    ]
    state.close()


def test_changes_that_were_left_out_are_numbered_like_writes(path: Path, values: AdditionValues) -> None:
    """plans.md#edits-stay-visible: each has a number of its own, also within one batch."""
    with closing(open_state(path)) as state:
        first = intend(state, values)
        state.conclude(first, row(first))
        left = replace(row(first), seq=0, outcome=Outcome.LEFT_OUT)
        with state.batch():
            noted = [state.note_left_out(replace(left, key=key)) for key in ("a", "b")]
        noted.append(state.note_left_out(replace(left, key="c")))
        numbers = [first.seq, *(one.seq for one in noted), intend(state, values).seq]
        assert numbers == sorted(set(numbers))
        assert state.done_keys(first.task_id) == {first.change.key}
    with closing(open_state(path)) as state:
        assert [(one.seq, one.key) for one in state.audit() if one.is_left_out] == [(one.seq, one.key) for one in noted]
