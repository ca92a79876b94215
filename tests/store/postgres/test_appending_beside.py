"""A fact in one trip, behind what others appended meanwhile, unless that is about the same.

Rule: hands.md#beyond-one-machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from cwtui.domain.errors import Outdated, StateError
from cwtui.domain.ids import AdditionId, OrderId, TaskId
from cwtui.domain.ledger import Outcome
from cwtui.domain.records import AuditRow, Intent
from cwtui.store import postgres_records
from cwtui.store.author import Author
from cwtui.store.postgres_records import Row, written
from cwtui.store.state import State, open_database
from cwtui.store.table import document_of
from tests.postgres_server import Server, needs_postgres
from tests.store.conftest import LINK, MOMENT, TASK
from tests.store.postgres.test_postgres_log import ANN, BOB, Place
from tests.store.postgres.test_postgres_trouble import database, disconnect, log_of, order
from tests.store.test_shared_log import PLAN, intend

pytestmark = [pytest.mark.postgres, needs_postgres]
OTHER = replace(TASK, id=TaskId("1001.2001"))


@pytest.fixture
def at(server: Server, profile: str) -> Iterator[Place]:
    place = Place(server, profile)
    yield place
    place.close()


def answered(intent: Intent) -> AuditRow:
    """The row that concludes a write."""
    return AuditRow(
        seq=intent.seq,
        at=MOMENT,
        run_id="r",
        who="ann",
        task_id=intent.task_id,
        operation=intent.change.operation,
        agreement_id=intent.change.agreement_id,
        addition_id=AdditionId(1),
        subscription_id=intent.subscription_id,
        product_id=intent.change.product_id,
        charge=intent.change.charge,
        before=None,
        after=intent.change.after,
        outcome=Outcome.CONFIRMED,
        key=intent.change.key,
    )


@contextmanager
def asked(state: State) -> Iterator[list[str]]:
    """What the log asks the server for, trip by trip."""
    connection = log_of(state)._connection
    execute, heard = connection.execute, []

    def listen(query: Any, *args: Any, **kwargs: Any) -> Any:
        heard.append(str(query))
        return execute(query, *args, **kwargs)

    connection.execute = listen  # type: ignore[method-assign]
    yield heard
    connection.execute = execute  # type: ignore[method-assign]


def rows(state: State) -> list[tuple[str, str, bytes]]:
    """Every document in the sequence of its table."""
    tables = sorted(state.documents._content.tables.items())
    return [(name, key, document_of(row)) for name, table in tables for key, row in table.rows.items()]


FACTS: dict[str, Callable[[State], object]] = {
    "a task": lambda state: state.save_task(TASK),
    "a link": lambda state: state.save_link(LINK),
    "a write that is noted": lambda state: intend(state, state.position),
    "a write that is answered": lambda state: state.conclude(
        state.open_intents()[0], answered(state.open_intents()[0])
    ),
    "the first write of a plan": lambda state: intend(state, state.position, begins=PLAN),
    "a plan's last answer, which ends its task": lambda state: state.conclude(
        state.open_intents()[0], answered(state.open_intents()[0]), ends=lambda: end(state)
    ),
    "a write that is noted anew": lambda state: state.renew(state.open_intents()[0], MOMENT + timedelta(seconds=9)),
    "the end of a task": lambda state: state.change(lambda: end(state), about=TaskId("1")),
}


def end(state: State) -> None:
    state.forget_done(TaskId("1"))
    state.end_plan(TaskId("1"))
    state.save_task(replace(TASK, id=TaskId("1")))


@pytest.mark.parametrize("fact", FACTS.values(), ids=list(FACTS))
def test_a_fact_takes_one_trip(fact: Callable[[State], object], at: Place) -> None:
    state, bob = at.state(), at.state(BOB)
    intend(state, state.position)
    bob.save_task(OTHER)
    before = state.position
    with asked(state) as heard:
        fact(state)
    assert [query.split("(")[0] for query in heard] == ["select * from cwtui.append"]
    assert state.position == before + 2
    assert state.task(OTHER.id) == OTHER, "what came before it is known"
    assert rows(at.state(BOB)) == rows(state), "in the sequence in which it was noted"


def test_whoever_follows_is_told_of_a_burst_and_sees_its_end(at: Place) -> None:
    """Not of each fact: a notification makes every commit on that server wait for its own."""
    ann, bob = at.state(), at.state(BOB)
    notes: list[psycopg.Notify] = []
    with psycopg.connect(at.address, autocommit=True) as listening:
        listening.execute("listen cwtui_state")
        for number in range(30):
            ann.save_task(replace(TASK, note=str(number)))
        ended = time.monotonic()
        while (task := bob.task(TASK.id)) is None or task.note != "29":
            assert time.monotonic() < ended + 1
            time.sleep(0.25)
            bob.catch_up()
        notes = [note for note in listening.notifies(timeout=0.1) if note.payload == at.profile]
    assert 1 <= len(notes) < 30
    time.sleep(0.3)
    with asked(bob) as heard:
        for _ in range(3):
            bob.catch_up()
    assert len(heard) <= 1


def test_what_comes_too_late_is_refused_and_says_who(at: Place) -> None:
    ann, bob = at.state(), at.state(BOB)
    ann.save_task(TASK)
    bob.catch_up()
    ann.save_task(replace(TASK, note="hers"))
    with pytest.raises(Outdated, match=r"ann@one"):
        bob.save_task(replace(TASK, note="his"), was=TASK)
    assert bob.task(TASK.id) == replace(TASK, note="hers")
    bob.save_task(replace(TASK, note="his"), was=replace(TASK, note="hers"))
    assert at.state().task(TASK.id) == replace(TASK, note="his")


def test_who_wrote_to_the_agreement_meanwhile_ends_a_write(at: Place) -> None:
    ann, bob = at.state(), at.state(BOB)
    read = bob.position
    intend(ann, ann.position)
    with pytest.raises(Outdated, match=r"Agreement 10 was changed by somebody else \(ann@one\)"):
        intend(bob, read)
    intend(bob, read, agreement=11)
    intend(bob, bob.position)
    assert [intent.seq for intent in bob.open_intents()] == [1, 2, 3]


@pytest.mark.parametrize("is_answered", [False, True])
def test_so_does_whoever_wrote_what_is_folded_meanwhile(is_answered: bool, at: Place) -> None:
    """No record says so any more."""
    ann, bob = at.state(), at.state(BOB)
    read = ann.position
    intent = intend(bob, bob.position)
    if is_answered:
        bob.conclude(intent, answered(intent))
    bob.fold()
    with pytest.raises(Outdated, match="Agreement 10 was changed by somebody else"):
        intend(ann, read)
    intend(ann, read, agreement=11)


def test_a_write_is_settled_once(at: Place) -> None:
    ann, bob = at.state(), at.state(BOB)
    intent = intend(ann, ann.position)
    bob.catch_up()
    ann.conclude(intent, answered(intent), links=[LINK])
    for late in (lambda: bob.conclude(intent, answered(intent)), lambda: bob.renew(intent, MOMENT)):
        with pytest.raises(Outdated, match="that had no answer was changed by somebody else"):
            late()
    assert len(list(at.state().audit())) == 1


def test_what_was_left_out_is_noted_with_the_last_answer(at: Place) -> None:
    ann, bob = at.state(), at.state(BOB)
    intent = intend(ann, ann.position, begins=PLAN)
    bob.save_task(OTHER)
    left_out = replace(answered(intent), outcome=Outcome.LEFT_OUT, key="another")

    def end_with_what_was_left_out() -> None:
        ann.note_left_out(left_out)
        end(ann)

    ann.conclude(intent, answered(intent), ends=end_with_what_was_left_out)
    bob.catch_up()
    for state in (ann, bob, at.state()):
        assert [row.key for row in state.audit()] == [intent.change.key, "another"]
        assert len({row.seq for row in state.audit()}) == 2
        assert (state.plan_begun(TaskId("1")), state.done_keys(TaskId("1"))) == (None, frozenset())
        assert state.task(OTHER.id) == OTHER


def test_an_answer_that_comes_too_late_ends_nothing(at: Place) -> None:
    ann, bob = at.state(), at.state(BOB)
    intent = intend(ann, ann.position, begins=PLAN)
    bob.catch_up()
    ann.conclude(intent, answered(intent))
    with pytest.raises(Outdated, match="that had no answer was changed by somebody else"):
        bob.conclude(intent, answered(intent), ends=lambda: end(bob))
    for state in (ann, bob, at.state()):
        state.catch_up()
        assert state.plan_begun(TaskId("1")) == PLAN
        assert state.task(TaskId("1")) is None
        assert state.done_keys(TaskId("1")) == {intent.change.key}


def test_numbers_of_writes_never_meet(at: Place) -> None:
    """Whoever noted something meanwhile, of this agreement or of another."""
    ann, bob = at.state(), at.state(BOB)
    seqs: list[int] = []
    for number in range(20):
        for state in (ann, bob) if number % 3 else (bob, ann, ann):
            seqs.append(intend(state, 10_000, agreement=number % 2).seq)  # noqa: PERF401
    assert len(set(seqs)) == len(seqs)
    for agreement in (0, 1):
        found = [intent.seq for intent in ann.open_intents() if intent.change.agreement_id == agreement]
        assert found == sorted(found)


def test_what_was_so_already_is_noted_where_another_changed_it(at: Place) -> None:
    ann, bob = at.state(), at.state(BOB)
    ann.save_task(TASK)
    bob.catch_up()
    bob.save_task(replace(TASK, note="his"))
    ann.save_task(TASK)
    assert at.state().task(TASK.id) == TASK
    bob.save_task(replace(TASK, note="his again"))

    def both() -> None:
        ann.save_task(TASK)
        ann.save_task(OTHER)

    ann.change(both, about=TASK.id)
    assert at.state().task(TASK.id) == TASK


def test_what_others_folded_meanwhile_is_read_again(at: Place) -> None:
    ann, bob = at.state(), at.state(BOB)
    bob.save_task(OTHER)
    bob.fold()
    ann.save_task(TASK)
    assert ann.task(OTHER.id) == OTHER
    assert rows(at.state()) == rows(ann)


@pytest.mark.parametrize("name", ['so "called"', "zażółć", "back\\slash", "\x7f"])
def test_a_name_that_json_may_spell_in_two_ways_is_noted_alone(name: str, at: Place) -> None:
    ann, bob = at.state(), at.state(BOB)
    mine = replace(TASK, id=TaskId(name), order_id=OrderId("1"))
    ann.save_task(mine)
    bob.catch_up()
    ann.save_task(replace(mine, note="hers"))
    with pytest.raises(Outdated):
        bob.save_task(replace(mine, note="his"), was=mine)


def test_what_is_about_such_a_name_is_noted_alone(at: Place) -> None:
    ann = at.state()
    with asked(ann) as heard:
        ann.change(lambda: ann.save_task(TASK), about=TaskId("zażółć"))
    assert heard[-1] == "commit"


# the connection breaks


def test_an_answer_that_is_lost_is_looked_for(at: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = at.state(), at.state(BOB)
    bob.save_task(OTHER)
    beside = Row.beside

    def lose_the_answer(self: Row, connection: psycopg.Connection, *args: Any, **kwargs: Any) -> Any:
        beside(self, connection, *args, **kwargs)
        connection.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(postgres_records.Row, "beside", lose_the_answer)
    ann.save_task(TASK)
    monkeypatch.undo()
    assert at.sql("select count(*) from cwtui.log where profile = %(profile)s") == [(2,)]
    ann.catch_up()
    assert rows(ann) == rows(at.state())


def test_what_never_arrived_is_noted_on_a_new_connection(at: Place) -> None:
    ann, bob = at.state(), at.state(BOB)
    disconnect(at.server)
    bob.save_task(OTHER)
    ann.save_task(TASK)
    assert rows(ann) == rows(at.state())
    assert [ann.task(OTHER.id), ann.task(TASK.id)] == [OTHER, TASK]


def test_what_another_changed_while_the_connection_was_gone_is_not_overwritten(at: Place) -> None:
    """It is read with everything else then, and no record says who it was."""
    ann, bob = at.state(), at.state(BOB)
    ann.save_task(TASK)
    bob.save_task(replace(TASK, note="his"), was=TASK)
    disconnect(at.server)
    with pytest.raises(Outdated, match="was changed by somebody else"):
        ann.save_task(replace(TASK, note="hers"), was=TASK)
    assert ann.task(TASK.id) == at.state().task(TASK.id) == replace(TASK, note="his")


def test_what_was_given_up_is_not_appended_by_a_server_process_that_hears_of_it_late(at: Place) -> None:
    """It may lie in a socket while its sender is cut off, and asks on another connection."""
    state = at.state()
    ops = [("tasks", "1", b'{"id":"1"}')]
    late = Row(at.profile, "of ann/1", Author("ann", 1), written(ops))
    with psycopg.connect(at.address, autocommit=True) as stale, psycopg.connect(at.address, autocommit=True) as new:
        assert not late.is_there(new, 0, gives_up=True)
        assert late.beside(stale, 0, [b'"1"'], told_ago=1) is None
        assert not late.is_there(new, 0, gives_up=False)
        other = Row(at.profile, "of ann/2", Author("ann", 1), written(ops))
        assert other.beside(stale, 0, [b'"1"'], told_ago=1) is not None
    state.catch_up()
    assert rows(state) == rows(at.state(BOB))


# what the server's administrator did


@contextmanager
def tables_of_version_1(server: Server, name: str) -> Iterator[str]:
    with database(server, name) as address:
        open_database(address, "default", author=ANN).close()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("drop function cwtui.append; update cwtui.schema_version set version = 1")
        yield address


def test_older_tables_are_brought_up_to_date(server: Server) -> None:
    with tables_of_version_1(server, "older") as address:
        state = open_database(address, "default", author=ANN)
        with asked(state) as heard:
            state.save_task(TASK)
        assert len(heard) == 1
        state.close()


def test_whoever_may_not_do_that_works_with_them_as_they_are(server: Server) -> None:
    with tables_of_version_1(server, "kept") as address, psycopg.connect(address, autocommit=True) as owner:
        owner.execute("create role clerk login; grant usage on schema cwtui to clerk")
        owner.execute("grant select, insert, update, delete on all tables in schema cwtui to clerk")
        try:
            state = open_database(address.replace("cwtui@", "clerk@"), "default", author=ANN)
            state.save_task(TASK)
            state.close()
            again = open_database(address, "default", author=BOB)
            assert again.task(TASK.id) == TASK
            again.close()
        finally:
            owner.execute("drop owned by clerk; drop role clerk")


def test_a_function_that_goes_away_in_mid_run_is_done_without(server: Server) -> None:
    with database(server, "dropping") as address:
        state = open_database(address, "default", author=ANN)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("drop function cwtui.append")
        state.save_task(TASK)
        state.save_task(OTHER)
        again = open_database(address, "default", author=BOB)
        assert rows(again) == rows(state)
        state.close()
        again.close()


def test_a_full_disk_is_told_and_nothing_is_kept(at: Place) -> None:
    state = at.state()
    state.save_task(OTHER)
    order(
        at.server,
        "create function cwtui.full_disk_too() returns trigger language plpgsql as"
        " $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$",
        "create trigger full_disk_too before insert on cwtui.log for each row execute function cwtui.full_disk_too()",
    )
    try:
        with pytest.raises(StateError, match="No space left on device") as caught:
            state.save_task(TASK)
        assert "What was noted before is kept, the last change is not" in str(caught.value)
        assert state.task(TASK.id) is None
    finally:
        order(at.server, "drop trigger full_disk_too on cwtui.log", "drop function cwtui.full_disk_too()")
    state.save_task(TASK)
    assert rows(state) == rows(at.state())
