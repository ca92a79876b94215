"""Several processes on one state: nothing lost, everything seen within a second, contradictions refused with a name.

Rules: hands.md#no-lost-update.
"""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cwtui.domain.charges import Charge
from cwtui.domain.errors import Outdated, StateError
from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, ProductId, SubscriptionId, TaskId
from cwtui.domain.ledger import Operation
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.plans import Change, Plan, PlanEdits
from cwtui.domain.psa import AdditionValues
from cwtui.domain.records import Intent
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.store import journal
from cwtui.store.author import Author
from cwtui.store.journal import read_segment
from cwtui.store.state import State, open_state

PROCESSES, CHANGES = 8, 1_000
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
_COUNT = """
import sys
from pathlib import Path
from cwtui.store.state import open_state
path, me, changes, fold_after = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
state = open_state(path)
for number in range(changes):
    state.documents.fold_after = fold_after
    with state.batch():
        state.save_fact("all", (state.fact("all") or 0) + 1)
        state.save_fact(me, number + 1)
state.close()
"""
Make = Callable[..., Task]


def as_(path: Path, who: str) -> State:
    return open_state(path, author=Author(who, 1))


@pytest.mark.parametrize("fold_after", [1 << 30, 60_000], ids=["never folded", "folded often"])
def test_no_change_of_eight_processes_is_lost(path: Path, fold_after: int) -> None:
    open_state(path).close()
    reader = open_state(path, read_only=True)
    workers = [
        subprocess.Popen([sys.executable, "-c", _COUNT, path, f"p{number}", str(CHANGES), str(fold_after)])  # noqa: S603
        for number in range(PROCESSES)
    ]
    seen = 0
    while any(worker.poll() is None for worker in workers):
        reader.catch_up()
        now = reader.fact("all") or 0
        assert isinstance(now, int)
        assert now >= seen, "what was seen once stays"
        assert now == sum(int(str(reader.fact(f"p{number}") or 0)) for number in range(PROCESSES)), (
            "no half of a change"
        )
        seen = now
        time.sleep(0.01)
    assert [worker.returncode for worker in workers] == [0] * PROCESSES
    assert reader.catch_up() or seen == PROCESSES * CHANGES
    for state in (reader, open_state(path, read_only=True)):
        assert state.fact("all") == PROCESSES * CHANGES
        assert [state.fact(f"p{number}") for number in range(PROCESSES)] == [CHANGES] * PROCESSES


def test_every_table_follows(path: Path, task: Make) -> None:
    ann, bob = as_(path, "ann@host"), as_(path, "bob@host")
    key = MappingKey(MappingKind.CUSTOMER, "c1")
    live = bob.mappings()
    ann.save_task(task("1"))
    ann.save_mapping(Mapping(key, 250))
    assert bob.task(TaskId("1")) is None, "what is read stays the same until one catches up"
    assert bob.catch_up()
    assert not bob.catch_up()
    assert [found.id for found in bob.open_tasks()] == ["1"]
    assert [found.id for found in bob.tasks_of(task("1").subscription_id)] == ["1"]
    assert live.get(key) == 250
    bob.save_task(task("1", status=TaskStatus.SYNCED))
    bob.drop_mapping(key)
    ann.catch_up()
    assert list(ann.open_tasks()) == []
    assert ann.mappings().get(key) is None
    ann.close()
    bob.close()


def test_saving_knows_what_others_did_before(path: Path) -> None:
    """A read within a batch is of what is so then: others wait until its end."""
    ann, bob = as_(path, "ann@host"), as_(path, "bob@host")
    for state in (ann, bob, bob, ann):
        with state.batch():
            state.save_fact("n", int(str(state.fact("n") or 0)) + 1)
    assert ann.fact("n") == 4
    ann.close()
    bob.close()


def test_a_change_that_came_too_late_says_who_was_first(path: Path, task: Make) -> None:
    ann, bob = as_(path, "ann@host"), as_(path, "bob@host")
    ann.save_task(task("1"))
    bob.catch_up()
    seen = bob.task(TaskId("1"))
    ann.save_task(task("1", status=TaskStatus.SKIPPED, note="a test order"))
    with pytest.raises(Outdated, match=r"^Task 1 was changed by somebody else \(ann@host\) at 20.* UTC\. ") as caught:
        bob.save_task(task("1", status=TaskStatus.READY), was=seen)
    assert caught.value.changed == "Nothing of this change was kept."
    assert bob.task(TaskId("1")) == ann.task(TaskId("1"))
    bob.save_task(task("1", note="b"), was=bob.task(TaskId("1")))
    ann.close()
    bob.close()


def test_nothing_of_a_batch_that_came_too_late_is_kept(path: Path, task: Make) -> None:
    ann, bob = as_(path, "ann@host"), as_(path, "bob@host")
    ann.save_task(task("1"))

    def both() -> None:
        with bob.batch():
            bob.save_fact("n", 1)
            bob.save_task(task("1", note="late"), was=task("1", note="never"))

    with pytest.raises(Outdated):
        both()
    assert bob.fact("n") is None
    bob.save_fact("m", 1)
    ann.catch_up()
    assert (ann.fact("n"), ann.fact("m")) == (None, 1)
    ann.close()
    bob.close()


@pytest.mark.parametrize(
    ("theirs", "was", "ours", "fits"),
    [
        (None, None, 5, True),
        (7, None, 5, False),
        (7, 7, 5, True),
        (7, 6, 5, False),
        (5, None, 5, True),
    ],
    ids=["unmapped still", "mapped meanwhile", "as it was seen", "mapped otherwise", "mapped alike"],
)
def test_a_mapping_is_made_for_what_was_seen(
    path: Path, theirs: int | None, was: int | None, ours: int, *, fits: bool
) -> None:
    ann, bob = as_(path, "ann@host"), as_(path, "bob@host")
    key = MappingKey(MappingKind.PRODUCT, "MFL-1", "recurring")
    if theirs is not None:
        ann.save_mapping(Mapping(key, theirs))
    if fits:
        bob.save_mapping(Mapping(key, ours), was=was)
    else:
        with pytest.raises(Outdated, match="ann@host"):
            bob.save_mapping(Mapping(key, ours), was=was)
    assert bob.mappings().get(key) == (ours if fits else theirs)
    ann.close()
    bob.close()


def test_an_edit_in_progress_is_not_overwritten(path: Path) -> None:
    ann, bob = as_(path, "ann@host"), as_(path, "bob@host")
    first = PlanEdits(TaskId("1"), "digest")
    ann.save_edits(first, was=None)
    with pytest.raises(Outdated, match="The plan of task 1 was changed by somebody else"):
        bob.save_edits(PlanEdits(TaskId("1"), "other"), was=None)
    assert bob.edits(TaskId("1")) == first
    ann.close()
    bob.close()


PLAN = Plan(TaskId("1"), SubscriptionId("2000"), AgreementId(10), effective=date(2026, 12, 1))


def intend(state: State, since: int, agreement: int = 10, begins: Plan | None = None) -> Intent:
    values = AdditionValues(CatalogItemId(7), Decimal(10), Decimal("4.50"), Decimal("3.60"), date(2026, 12, 1))
    change = Change("k", Operation.CREATE, AgreementId(agreement), ProductId("MFL-1"), Charge.RECURRING, after=values)
    return state.intend(
        at=NOON,
        run_id="r",
        task_id=TaskId("1"),
        subscription_id=SubscriptionId("2000"),
        change=change,
        present=frozenset[AdditionId](),
        since=since,
        begins=begins,
    )


def test_a_plan_has_its_own_line_before_its_first_write(path: Path) -> None:
    """A damaged line costs one of them; what is left tells of the other."""
    ann = as_(path, "ann@host")
    intend(ann, ann.position, begins=PLAN)
    plan, intent = path.with_name("state.json.journal").read_bytes().splitlines()[-2:]
    assert (b'"plans"' in plan, b'"intents"' in plan) == (True, False)
    assert (b'"plans"' in intent, b'"intents"' in intent) == (False, True)
    assert ann.plan_begun(TaskId("1")) == PLAN
    ann.close()


def test_who_wrote_to_an_agreement_meanwhile_ends_a_write_whatever_lease_is_held(path: Path) -> None:
    """The lease keeps two apart; the log makes sure of it, also where lock files were deleted."""
    ann, bob = as_(path, "ann@host"), as_(path, "bob@host")
    read_by_ann, read_by_bob = ann.position, bob.position
    intend(ann, read_by_ann)
    intend(ann, read_by_ann)  # its own writes it knows
    with pytest.raises(Outdated, match=r"Agreement 10 was changed by somebody else \(ann@host\)"):
        intend(bob, read_by_bob)
    intend(bob, read_by_bob, agreement=11)
    intend(bob, bob.position)
    assert [found.seq for found in bob.open_intents()] == [1, 2, 3, 4]
    ann.close()
    bob.close()


def test_numbers_of_intents_never_meet(path: Path) -> None:
    ann, bob = as_(path, "ann@host"), as_(path, "bob@host")
    seqs = [intend(state, 10_000, agreement).seq for agreement, state in enumerate([ann, bob, bob, ann, bob])]
    assert seqs == sorted(set(seqs))
    ann.close()
    bob.close()


async def test_what_others_change_is_heard_with_their_name(path: Path, task: Make) -> None:
    ann, bob = as_(path, "ann@host"), as_(path, "bob@host")
    heard = []

    async def listen() -> None:
        async for change in bob.changes(every_s=0.02):
            heard.append(change)  # noqa: PERF401  # one at a time, as they come

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0.05)
    ann.save_task(task("1"))
    bob.save_fact("mine", 1)
    ann.fold()
    ann.save_fact("n", 1)
    begun = time.monotonic()
    while len(heard) < 2 and time.monotonic() - begun < 2:  # noqa: ASYNC110  # what is measured
        await asyncio.sleep(0.01)
    assert [(change.who, dict(change.rows)) for change in heard] == [
        ("ann@host", {"tasks": frozenset({"1"})}),
        ("ann@host", {"facts": frozenset({"n"})}),
    ]
    assert abs((datetime.now(UTC) - (heard[0].at or NOON)).total_seconds()) < 60
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    assert not bob.documents.heard
    ann.close()
    bob.close()


@pytest.mark.parametrize("folds", [1, 2, 3])
def test_whoever_slept_through_folds_knows_everything_afterwards(path: Path, task: Make, folds: int) -> None:
    ann, bob = as_(path, "ann@host"), as_(path, "bob@host")
    bob.save_fact("b", 1)
    key = MappingKey(MappingKind.CUSTOMER, "c1")
    assert bob.mappings().get(key) is None
    for number in range(folds):
        ann.save_task(task(str(number)))
        ann.save_mapping(Mapping(key, number))
        ann.fold()
    ann.save_fact("last", 1)
    assert bob.catch_up()
    assert {found.id for found in bob.open_tasks()} == {str(number) for number in range(folds)}
    assert bob.mappings().get(key) == folds - 1
    assert (bob.fact("last"), bob.fact("b")) == (1, 1)
    bob.save_fact("b", 2)
    bob.close()
    ann.catch_up()
    assert ann.fact("b") == 2
    ann.close()


@pytest.mark.parametrize("folds", [1, 2, 3])
@pytest.mark.parametrize("is_opened_anew", [True, False], ids=["opened after a fold", "folded itself"])
def test_a_journal_that_began_and_was_folded_unseen_is_not_lost(
    is_opened_anew: bool, folds: int, path: Path, task: Make
) -> None:
    """No journal stands at the path before, and none afterwards."""
    ann, bob = as_(path, "ann@host"), as_(path, "bob@host")
    bob.save_fact("b", 1)
    bob.fold()
    if is_opened_anew:
        bob.close()
        bob = as_(path, "bob@host")
    for number in range(folds):
        ann.catch_up()
        ann.save_task(task(str(number)))
        ann.fold()
    ann.close()
    assert bob.catch_up()
    bob.save_fact("b", 2)
    bob.close()
    with closing(open_state(path, read_only=True)) as found:
        assert {one.id for one in found.open_tasks()} == {str(number) for number in range(folds)}
        assert found.fact("b") == 2


def test_both_fold_in_turns(path: Path) -> None:
    ann, bob = as_(path, "ann@host"), as_(path, "bob@host")
    for number in range(12):
        writer = (ann, bob)[number % 2]
        writer.save_fact(f"n{number}", number)
        if number % 3 == 0:
            (bob, ann)[number % 2].fold()
    ann.close()
    bob.save_fact("after", 1)
    bob.close()
    with closing(open_state(path, read_only=True)) as found:
        assert [found.fact(f"n{number}") for number in range(12)] == list(range(12))
        assert found.fact("after") == 1


def test_what_was_being_fetched_by_another_is_not_dropped_by_a_fold(path: Path) -> None:
    ann, bob = as_(path, "ann@host"), as_(path, "bob@host")
    ann.documents.commit([("orders", "o1", b'{"id":"o1"}')])
    bob.fold()
    ann.catch_up()
    assert "o1" in ann.documents.table("orders")
    ann.close()
    bob.close()


def test_an_earlier_state_put_in_place_ends_the_work(path: Path) -> None:
    ann = as_(path, "ann@host")
    ann.save_fact("n", 0)
    ann.fold()
    kept = path.read_bytes()
    for number in range(3):
        ann.save_fact("n", number)
    other = path.with_name("put-back")
    other.write_bytes(kept)
    other.replace(path)
    path.with_name("state.json.journal").unlink()
    with pytest.raises(StateError, match="was removed, or an earlier state was put in its place"):
        ann.save_fact("n", 9)
    with pytest.raises(StateError):
        ann.close()
    assert open_state(path, read_only=True).fact("n") == 0


@pytest.mark.parametrize("value", [7, 70], ids=["as long", "longer"])
def test_a_line_taken_back_and_another_in_its_place_are_noticed(
    path: Path, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = as_(path, "ann@host"), as_(path, "bob@host")
    ann.save_fact("n", 1)

    def refuse_what_bob_saw(_: int) -> None:
        bob.catch_up()
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(journal, "sync_data", refuse_what_bob_saw)
        with pytest.raises(StateError, match="may not be saved"):
            ann.save_fact("n", 2)
    assert (ann.fact("n"), bob.fact("n")) == (1, 2)
    ann.save_fact("m", value)
    bob.save_fact("b", 1)
    assert (bob.fact("n"), bob.fact("m"), bob.fact("b")) == (1, value, 1)
    bob.close()
    ann.close()
    found = open_state(path, read_only=True)
    assert (found.fact("n"), found.fact("m"), found.fact("b")) == (1, value, 1)


def test_every_record_says_who_and_when(path: Path) -> None:
    with closing(as_(path, 'Jürg "J" O\'Neil@host')) as state:
        state.save_fact("n", 1)
        (record,) = read_segment(path.with_name("state.json.journal")).records
    assert (record.who, record.pid) == ('Jürg "J" O\'Neil@host', 1)
    assert abs((datetime.now(UTC) - datetime.fromisoformat(record.at)).total_seconds()) < 60
