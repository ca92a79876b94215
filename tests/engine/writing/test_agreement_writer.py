"""The writer of additions: each change exactly once, whatever becomes of its request.

Rule: synchronising.md#exactly-once.

Rules: synchronising.md#read-before-writing, synchronising.md#nothing-stops-half-way,
synchronising.md#a-note-is-not-a-licence-for-ever.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cwtui.domain.charges import Charge
from cwtui.domain.errors import NotFound, OutcomeUnknown, Outdated, Refused, ServiceError, StateError, Transient
from cwtui.domain.ids import AdditionId, AgreementId, ProductId, TaskId
from cwtui.domain.ledger import Operation
from cwtui.domain.plans import Change
from cwtui.domain.psa import Addition, AdditionValues, BillCustomer
from cwtui.domain.records import Leave
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.rules import EngineRules
from cwtui.engine.writing import agreement_writer
from cwtui.engine.writing.create_once import SENDS
from cwtui.engine.writing.evidence import Contradiction, NotSettled
from cwtui.store.state import open_state
from tests.engine.writing.slow_psa import AGREEMENT, NOON, SUBSCRIPTION, TASK, TEN, Desk


def create(key: str = "standing:P1", values: AdditionValues = TEN) -> Change:
    return Change(key, Operation.CREATE, AGREEMENT, ProductId("P1"), Charge.RECURRING, after=values, is_standing=True)


def refused(kind: type[ServiceError] = Refused, status: int | None = 400) -> ServiceError:
    return kind("The PSA answered no.", service="PSA", status=status, next_step="Correct it.")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    state = open_state(tmp_path / "state.json")
    yield Desk(state)
    state.close()


async def test_the_intent_is_on_the_disk_before_the_request_leaves(desk: Desk) -> None:
    journal = desk.state.path.with_name("state.json.journal")
    seen: list[bool] = []
    desk.psa.on_create = lambda: seen.append(b"standing:P1" in journal.read_bytes())
    assert await desk.write(create()) == "confirmed"
    assert seen == [True]
    assert not desk.state.open_intents()
    (link,) = desk.state.links()
    assert (link.values, link.is_standing, link.subscription_id) == (TEN, True, SUBSCRIPTION)


@pytest.mark.parametrize(
    ("creates", "outcome", "sent", "held"),
    [
        pytest.param(["works"], "confirmed", ["create"], 1, id="answered"),
        pytest.param(["answered late"], "adopted", ["create", "read"], 1, id="done without an answer: adopted"),
        pytest.param(["late"], "adopted", ["create", "read", "wait 3", "read"], 1, id="it appears while we wait"),
        pytest.param(
            ["lost"], "confirmed", ["create", "read", "wait 3", "read", "create"], 1, id="it never arrives: sent again"
        ),
        pytest.param(
            ["lost", "answered late"],
            "adopted",
            ["create", "read", "wait 3", "read", "create", "read"],
            1,
            id="sent again, and that one is adopted",
        ),
    ],
)
async def test_a_create_without_an_answer_is_looked_for(
    creates: list[Any], outcome: str, sent: list[str], held: int, desk: Desk
) -> None:
    desk.psa.creates = creates
    assert await desk.write(create()) == outcome
    assert desk.psa.sent == ["read", *sent]
    assert len(desk.psa.held) == held == len(list(desk.state.links()))


async def test_a_create_that_stays_unknown_is_left_for_the_next_run(desk: Desk) -> None:
    desk.psa.creates = ["lost"] * SENDS
    with pytest.raises(OutcomeUnknown):
        await desk.write(create())
    assert len(desk.state.open_intents()) == 1
    assert desk.psa.sent.count("create") == SENDS
    await desk.writer().read()
    assert not desk.state.open_intents()
    assert await desk.write(create()) == "confirmed"
    assert len(desk.psa.held) == 1


async def test_nothing_is_sent_again_while_nobody_can_look(desk: Desk) -> None:
    desk.psa.creates = ["answered late"]
    writer = desk.writer()
    await writer.read()
    desk.psa.reads = [refused(Transient, None)]
    with pytest.raises(OutcomeUnknown):
        await desk.write(create(), writer)
    assert desk.psa.sent.count("create") == 1
    await desk.writer().read()
    assert [row.outcome for row in desk.state.audit()] == ["adopted"]
    assert desk.state.done_keys(TASK) == {"standing:P1"}


@pytest.mark.parametrize("error", [refused(), refused(Transient, None)], ids=["refused", "never sent"])
async def test_what_certainly_did_not_happen_is_concluded(error: ServiceError, desk: Desk) -> None:
    desk.psa.creates = [error]
    with pytest.raises(type(error)):
        await desk.write(create())
    assert not desk.state.open_intents()
    assert [row.result for row in desk.state.audit()] == ["failed: The PSA answered no."]
    assert not desk.state.done_keys(TASK)


async def test_an_addition_that_was_there_before_is_never_adopted(desk: Desk) -> None:
    mine = desk.psa.put(TEN)
    desk.psa.creates = ["lost"]
    assert await desk.write(create()) == "confirmed"
    assert len(desk.psa.held) == 2
    assert [link.addition_id for link in desk.state.links()] != [mine.id]


async def test_one_that_belongs_to_another_subscription_is_never_adopted(desk: Desk) -> None:
    writer = desk.writer()
    await writer.read()
    await desk.write(create(), writer)
    desk.psa.creates = ["lost"]
    assert await desk.write(create("standing:P1"), writer, TaskId("1.S2")) == "confirmed"
    assert len(desk.psa.held) == 2 == len(list(desk.state.links()))


async def test_what_is_not_whole_is_neither_adopted_nor_in_the_way(desk: Desk) -> None:
    theirs = replace(desk.psa.put(replace(TEN, unit_cost=Decimal(0))), is_whole=False)
    desk.psa.held[theirs.id] = theirs
    desk.psa.creates = ["answered late"]
    assert await desk.write(create()) == "adopted"
    assert len(desk.psa.held) == 2


def kept(change: Callable[[Addition], Addition]) -> Callable[[Desk], None]:
    """ConnectWise keeps something else than it is sent."""

    def arrange(desk: Desk) -> None:
        def on_create() -> None:
            made = desk.psa.put(SENT)
            desk.psa.held[made.id] = change(made)

        desk.psa.on_create = on_create
        desk.psa.creates = ["lost"]

    return arrange


def values(**changes: object) -> Callable[[Addition], Addition]:
    return lambda made: replace(made, values=replace(made.values, **changes))  # type: ignore[arg-type]


SENT = replace(TEN, unit_price=Decimal("4.3333"), unit_cost=Decimal("3.6667"))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(values(unit_price=Decimal("4.33"), unit_cost=Decimal("3.67")), id="rounded to 2 decimals"),
        pytest.param(values(unit_price=Decimal("4.333"), unit_cost=Decimal("3.667")), id="rounded to 3 decimals"),
        pytest.param(values(unit_cost=Decimal("3.66")), id="cut off after 2 decimals"),
        pytest.param(values(description="Invoice text by template"), id="its own text"),
        pytest.param(values(description="Exch"), id="a trimmed text"),
        pytest.param(values(taxable=True), id="its own tax flag"),
    ],
)
async def test_what_connectwise_keeps_its_own_way_is_adopted(
    change: Callable[[Addition], Addition], desk: Desk
) -> None:
    kept(change)(desk)
    assert await desk.write(create(values=SENT)) == "adopted"
    assert len(desk.psa.held) == 1
    (link,) = desk.state.links()
    assert link.values == desk.psa.held[link.addition_id].values


DOUBTFUL = [
    pytest.param(values(unit_price=Decimal("4.34")), id="rounded away"),
    pytest.param(values(unit_price=Decimal("4.3")), id="fewer than 2 decimals"),
    pytest.param(values(unit_cost=Decimal(4)), id="a cost that no rounding explains"),
    pytest.param(values(cancelled=date(2026, 12, 31)), id="another last day"),
    pytest.param(values(bill=BillCustomer.NO_CHARGE), id="not charged"),
    pytest.param(
        lambda made: replace(made, values=replace(made.values, unit_cost=Decimal(0)), is_whole=False), id="not whole"
    ),
]


@pytest.mark.parametrize("change", DOUBTFUL)
async def test_another_candidate_is_neither_adopted_nor_doubled(
    change: Callable[[Addition], Addition], desk: Desk
) -> None:
    kept(change)(desk)
    desk.task(TaskStatus.READY)
    with pytest.raises(NotSettled):
        await desk.write(create(values=SENT))
    for _ in range(2):
        await desk.writer().read()
    (candidate,) = desk.psa.held
    (doubtful,) = desk.state.doubtful(TASK)
    assert (doubtful.candidates, doubtful.agreement_id) == ((candidate,), AGREEMENT)
    assert desk.psa.sent.count("create") == len(desk.state.open_intents()) == 1


@pytest.mark.parametrize("change", [values(unit_price=Decimal("4.34"))], ids=["a candidate"])
async def test_a_person_adopts_the_candidate(change: Callable[[Addition], Addition], desk: Desk) -> None:
    kept(change)(desk)
    with pytest.raises(NotSettled):
        await desk.write(create(values=SENT))
    (candidate,) = desk.psa.held
    (intent,) = desk.state.open_intents()
    writer = desk.writer()
    await writer.read()
    with pytest.raises(Contradiction, match="not made by that create"):
        writer.resolve(intent, AdditionId(1))
    writer.resolve(intent, candidate)
    assert (desk.state.open_intents(), desk.state.doubtful(TASK)) == ([], ())
    assert desk.state.done_keys(TASK) == {"standing:P1"}
    assert [link.addition_id for link in desk.state.links()] == [candidate]


async def test_a_person_lets_it_be_sent_again(desk: Desk) -> None:
    kept(values(unit_price=Decimal("4.34")))(desk)
    with pytest.raises(NotSettled):
        await desk.write(create(values=SENT))
    (intent,) = desk.state.open_intents()
    writer = desk.writer()
    await writer.read()
    desk.psa.on_create = lambda: None
    writer.resolve(intent, None)
    assert await desk.write(create(values=SENT)) == "confirmed"
    assert (len(desk.psa.held), desk.state.doubtful(TASK)) == (2, ())
    desk.task(TaskStatus.SYNCED)
    await desk.writer().read()
    assert len(desk.psa.held) == 2  # what the person looked at is no late double


async def test_a_candidate_that_goes_away_settles_it(desk: Desk) -> None:
    kept(values(unit_price=Decimal("4.34")))(desk)
    with pytest.raises(NotSettled):
        await desk.write(create(values=SENT))
    desk.psa.held.clear()
    await desk.writer().read()
    assert (desk.state.open_intents(), desk.state.doubtful(TASK)) == ([], ())
    assert [row.result for row in desk.state.audit()] == ["failed: it never reached ConnectWise"]


async def test_the_first_reading_after_a_write_is_no_drift(desk: Desk) -> None:
    assert await desk.write(create(values=SENT)) == "confirmed"
    (held,) = desk.psa.held.values()
    rounded = replace(SENT, unit_price=Decimal("4.33"), unit_cost=Decimal("3.67"), description="As kept", taxable=True)
    desk.psa.held[held.id] = replace(held, values=rounded)
    (link,) = desk.state.links()
    assert not link.drift(rounded)
    await desk.writer().read()
    (link,) = desk.state.links()
    assert (link.values, link.is_unread) == (rounded, False)
    assert link.drift(replace(rounded, taxable=False))


async def test_an_edit_before_the_first_reading_is_drift(desk: Desk) -> None:
    assert await desk.write(create(values=SENT)) == "confirmed"
    (held,) = desk.psa.held.values()
    desk.psa.held[held.id] = replace(held, values=replace(SENT, quantity=Decimal(11)))
    await desk.writer().read()
    (link,) = desk.state.links()
    assert (link.values, link.is_unread) == (SENT, False)
    assert set(link.drift(desk.psa.held[held.id].values)) == {"quantity"}


@pytest.mark.parametrize("operation", ["update", "delete"])
@pytest.mark.parametrize("is_done", [True, False], ids=["done", "not done"])
async def test_what_a_killed_run_changed_or_deleted_is_settled_by_what_is_there(
    operation: str, is_done: bool, desk: Desk
) -> None:
    held = desk.psa.put(TEN)
    change = ended(held) if operation == "update" else deleted(held)
    kill(desk, change)
    if is_done and operation == "update":
        desk.psa.held[held.id] = replace(held, values=TEN.ending(date(2026, 12, 31)))
    elif is_done:
        desk.psa.held.clear()
    await desk.writer().read()
    assert not desk.state.open_intents()
    (row,) = desk.state.audit()
    assert row.result == ("adopted" if is_done else "failed: no answer came, and ConnectWise shows it was not done")
    assert desk.state.done_keys(TASK) == ({change.key} if is_done else set())
    assert ("wait 3" in desk.psa.sent) is not is_done


async def test_a_deletion_that_answers_with_errors_although_done_is_done(desk: Desk) -> None:
    held = desk.psa.put(TEN)

    async def delete_addition(
        agreement_id: AgreementId,  # noqa: ARG001
        addition_id: AdditionId,
        *,
        leave: Leave | None = None,  # noqa: ARG001
    ) -> None:
        desk.psa.held.pop(addition_id)
        raise refused(Transient, 504)

    desk.psa.delete_addition = delete_addition  # type: ignore[method-assign]
    assert await desk.write(deleted(held)) == "adopted"
    assert not desk.state.open_intents()


def deleted(held: Addition) -> Change:
    return Change("delete:P1", Operation.DELETE, AGREEMENT, ProductId("P1"), Charge.RECURRING, before=held)


def kill(desk: Desk, change: Change, *, at: datetime = NOON) -> None:
    """An intent as a killed run leaves it."""
    present = frozenset(desk.psa.held)
    desk.state.intend(at=at, run_id="run 0", task_id=TASK, subscription_id=SUBSCRIPTION, change=change, present=present)


@pytest.mark.parametrize(
    ("age", "waits"),
    [
        pytest.param(timedelta(0), True, id="just now"),
        pytest.param(timedelta(minutes=4), True, id="it may have waited for the service's pleasure before it left"),
        pytest.param(timedelta(hours=1), False, id="long ago"),
    ],
)
async def test_a_restart_gives_a_create_time_to_appear(age: timedelta, waits: bool, desk: Desk) -> None:
    kill(desk, create(), at=NOON - age)
    desk.psa._coming.append(TEN)
    await desk.writer().read()
    assert ("wait 3" in desk.psa.sent) is waits
    assert [row.result for row in desk.state.audit()] == [
        "adopted" if waits else "failed: it never reached ConnectWise"
    ]


async def test_a_request_that_waited_long_leaves_on_a_new_note(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a pause, a place or a connection (synchronising.md#a-note-is-not-a-licence-for-ever)."""
    passed = [0.0]
    monkeypatch.setattr(agreement_writer, "suspended_s", lambda: passed[0])
    noted: list[datetime] = []

    def stopped_for_an_hour() -> None:
        passed[0] += 3600
        desk.clock.moment += timedelta(hours=1)

    desk.psa.on_leaving = stopped_for_an_hour
    desk.psa.on_create = lambda: noted.extend(intent.at for intent in desk.state.open_intents())
    assert await desk.write(create()) == "confirmed"
    assert noted == [NOON + timedelta(hours=1)]
    assert len(list(desk.state.audit())) == 1


async def test_nothing_leaves_once_somebody_else_may_write(desk: Desk) -> None:
    is_ours = [True]
    desk.psa.on_leaving = is_ours.clear
    writer = replace(desk.writer(), is_ours=lambda: bool(is_ours))
    await writer.read()
    with pytest.raises(StateError, match="lost"):
        await desk.write(create(), writer)
    assert not desk.psa.held
    assert len(desk.state.open_intents()) == 1  # whoever may write now settles it


async def test_a_create_that_another_gave_up_is_taken_away_again(desk: Desk) -> None:
    """Its answer came after another process had decided that it did not arrive."""

    def settle() -> None:
        (intent,) = desk.state.open_intents()
        desk.writer().resolve(intent, None)
        desk.clock.moment += timedelta(hours=2)

    desk.psa.on_create = settle
    with pytest.raises(Outdated):
        await desk.write(create())
    assert [row.outcome for row in desk.state.audit()] == ["failed"]
    assert not list(desk.state.links())
    desk.task(TaskStatus.SYNCED)
    await desk.writer().read()
    assert not desk.psa.held


async def test_a_create_that_another_adopted_stays_what_it_is(desk: Desk) -> None:
    def adopt(made: Addition) -> None:
        (intent,) = desk.state.open_intents()
        other = replace(desk.writer(), additions={made.id: made})
        other.resolve(intent, made.id)

    desk.psa.on_created = adopt
    with pytest.raises(Outdated):
        await desk.write(create())
    assert [row.outcome for row in desk.state.audit()] == ["adopted"]
    assert not desk.state.doubts(AGREEMENT)
    desk.task(TaskStatus.SYNCED)
    await desk.writer().read()
    assert len(desk.psa.held) == len(list(desk.state.links())) == 1


async def test_where_leases_can_be_lost_a_create_has_as_long_as_a_request_may_take(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(desk.state.leases), "may_be_lost", True)
    kill(desk, create())
    await desk.writer().read()
    waits = [float(said.removeprefix("wait ")) for said in desk.psa.sent if said.startswith("wait ")]
    assert sum(waits) == agreement_writer.NOTE_LASTS_S + EngineRules().timeout_s
    assert [row.result for row in desk.state.audit()] == ["failed: it never reached ConnectWise"]


async def test_a_run_that_is_stopped_meanwhile_decides_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(desk.state.leases), "may_be_lost", True)
    kill(desk, create())
    writer = desk.writer()

    async def stop(_: float) -> None:
        writer.workspace.run.is_stopping = True

    await replace(writer, wait=stop).read()
    assert len(desk.state.open_intents()) == 1


async def test_a_restart_adopts_at_once_what_is_there(desk: Desk) -> None:
    kill(desk, create())
    desk.psa.put(TEN)
    await desk.writer().read()
    assert desk.psa.sent == ["read"]
    assert [row.outcome for row in desk.state.audit()] == ["adopted"]


@pytest.mark.parametrize("status", [TaskStatus.SYNCED, TaskStatus.SKIPPED])
async def test_a_double_that_comes_very_late_is_taken_away(status: TaskStatus, desk: Desk) -> None:
    desk.psa.creates = ["very late"]
    assert await desk.write(create()) == "confirmed"
    desk.task(status)
    (mine,) = desk.psa.held
    desk.psa.put(replace(TEN, quantity=Decimal(11)))  # an operator's own
    desk.psa.arrive()
    assert len(desk.psa.held) == 3
    await desk.writer().read()
    assert sorted(held.values.quantity for held in desk.psa.held.values()) == [10, 11]
    assert mine in desk.psa.held
    assert [row.operation for row in desk.state.audit()] == ["create", "delete"]


async def test_a_double_is_seen_at_the_end_of_the_run_already(desk: Desk) -> None:
    desk.psa.creates = ["very late"]
    desk.task(TaskStatus.SYNCED)
    writer = desk.writer()
    await writer.read()
    await desk.write(create(), writer)
    desk.psa.arrive()
    await writer.look_again()
    assert len(desk.psa.held) == 1
    assert (writer.writes().post, writer.writes().delete) == (1, 1)


async def test_what_comes_late_is_adopted_by_the_task_that_still_has_to_write_it(desk: Desk) -> None:
    desk.task(TaskStatus.READY)
    kill(desk, create(), at=NOON - timedelta(hours=1))
    desk.psa._someday.append(TEN)
    await desk.writer().read()
    desk.psa.arrive()
    assert await desk.write(create()) == "adopted"
    assert desk.psa.sent.count("create") == 0
    assert len(desk.psa.held) == 1


async def test_a_doubt_ends(desk: Desk) -> None:
    desk.psa.creates = ["lost"]
    await desk.write(create())
    desk.task(TaskStatus.SYNCED)
    assert len(desk.state.doubts(AGREEMENT)) == 1
    desk.clock.moment += timedelta(hours=2)
    await desk.writer().read()
    assert desk.state.doubts(AGREEMENT) == []
    desk.psa.put(TEN)
    await desk.writer().read()
    assert len(desk.psa.held) == 2


def ended(held: Addition) -> Change:
    after = held.values.ending(date(2026, 12, 31))
    return Change("end:P1", Operation.UPDATE, AGREEMENT, ProductId("P1"), Charge.RECURRING, before=held, after=after)


async def test_an_update_keeps_what_an_operator_wrote_into_the_description(desk: Desk) -> None:
    held = desk.psa.put(TEN)
    desk.psa.held[held.id] = replace(held, values=replace(TEN, description="As agreed with Sam"))
    assert await desk.write(ended(held)) == "confirmed"
    now = desk.psa.held[held.id].values
    assert (now.description, now.cancelled) == ("As agreed with Sam", date(2026, 12, 31))


async def test_an_update_that_was_done_is_not_sent_again(desk: Desk) -> None:
    held = desk.psa.put(TEN)
    desk.psa.held[held.id] = replace(held, values=TEN.ending(date(2026, 12, 31)))
    assert await desk.write(ended(held)) == "confirmed"
    assert "update" not in desk.psa.sent


async def test_an_update_without_an_answer_is_repeated_by_the_next_run(desk: Desk) -> None:
    held = desk.psa.put(TEN)
    desk.psa.updates = [refused(Transient, 500)]
    with pytest.raises(Transient):
        await desk.write(ended(held))
    assert len(desk.state.open_intents()) == 1
    assert await desk.write(ended(held)) == "confirmed"
    assert desk.psa.held[held.id].values.cancelled == date(2026, 12, 31)


@pytest.mark.parametrize(
    "moved", [None, replace(TEN, quantity=Decimal(11))], ids=["removed in ConnectWise", "edited in ConnectWise"]
)
async def test_moved_ground_stops_the_write(moved: AdditionValues | None, desk: Desk) -> None:
    held = desk.psa.put(TEN)
    if moved is None:
        desk.psa.held.clear()
    else:
        desk.psa.held[held.id] = replace(held, values=moved)
    with pytest.raises(Contradiction, match="in ConnectWise"):
        await desk.write(ended(held))
    assert desk.psa.sent == ["read"]


async def test_an_addition_that_goes_while_it_is_changed_is_a_contradiction(desk: Desk) -> None:
    held = desk.psa.put(TEN)
    desk.psa.updates = [refused(NotFound, 404)]
    with pytest.raises(Contradiction, match="was removed"):
        await desk.write(ended(held))
    assert not desk.state.open_intents()


async def test_a_deletion_of_what_is_gone_is_done(desk: Desk) -> None:
    held = desk.psa.put(TEN)
    desk.psa.held.clear()
    gone = Change("delete:P1", Operation.DELETE, AGREEMENT, ProductId("P1"), Charge.RECURRING, before=held)
    assert await desk.write(gone) == "confirmed"


async def test_a_deletion_of_what_was_edited_is_not(desk: Desk) -> None:
    held = desk.psa.put(TEN)
    desk.psa.held[held.id] = replace(held, values=replace(TEN, unit_price=Decimal(9)))
    gone = Change("delete:P1", Operation.DELETE, AGREEMENT, ProductId("P1"), Charge.RECURRING, before=held)
    with pytest.raises(Contradiction, match=r"unit price [0-9.]+ → 9.00"):
        await desk.write(gone)
    assert len(desk.psa.held) == 1
