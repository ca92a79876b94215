"""Facts noted side by side share their flushes, and nobody goes on before the one that covers theirs."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from cwtui.domain.errors import StateError
from cwtui.store import journal
from cwtui.store.journal import read_segment
from cwtui.store.shared_flush import SharedFlush
from cwtui.store.state import State, open_state


class Disk:
    """In place of the disk's flush: counts, and takes as long as it is told to."""

    def __init__(self) -> None:
        self.flushes = 0
        self.in_loop = False
        self.error: OSError | None = None
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self, _: int) -> None:
        self.in_loop |= threading.current_thread() is threading.main_thread()
        assert self.may_go_on.wait(5)
        self.flushes += 1
        if self.error is not None:
            raise self.error


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    found = Disk()
    monkeypatch.setattr(journal, "sync_data", found)
    return found


@pytest.fixture
def state(path: Path) -> State:
    return open_state(path)


async def note(state: State, name: str) -> None:
    state.save_fact(name, 1)
    await state.flushed()


def seen(state: State) -> set[object]:
    """What another process would find now, had this one been killed."""
    found = open_state(state.path, read_only=True)
    return {name for name in ("a", "b", "c") if found.fact(name) is not None}


async def test_many_who_note_at_once_wait_for_one_flush(state: State, disk: Disk) -> None:
    with state.grouped():
        await asyncio.gather(*(note(state, str(number)) for number in range(50)))
        assert disk.flushes == 1
        assert not disk.in_loop
    state.close()


async def test_who_notes_during_a_flush_waits_for_the_next_one(state: State, disk: Disk) -> None:
    with state.grouped():
        disk.may_go_on.clear()
        first = asyncio.create_task(note(state, "a"))
        await asyncio.sleep(0.02)
        second = asyncio.create_task(note(state, "b"))
        third = asyncio.create_task(note(state, "c"))
        await asyncio.sleep(0.02)
        assert seen(state) == {"a", "b", "c"}, "a killed process loses nothing that was noted"
        assert not any(task.done() for task in (first, second, third))
        disk.may_go_on.set()
        await asyncio.gather(first, second, third)
        assert disk.flushes == 2
    state.close()


async def test_what_nobody_waits_for_is_flushed_too(state: State, disk: Disk) -> None:
    with state.grouped():
        state.save_fact("a", 1)
        await asyncio.sleep(0.05)
        assert disk.flushes == 1
        state.save_fact("b", 1)
    assert disk.flushes == 2
    await state.flushed()
    assert disk.flushes == 2
    state.close()


async def test_outside_a_group_a_fact_is_on_the_disk_at_once(state: State, disk: Disk) -> None:
    with state.grouped():
        state.save_fact("a", 1)
    state.save_fact("b", 1)
    assert disk.flushes == 2
    await state.flushed()
    assert disk.flushes == 2
    state.close()


async def test_folding_meanwhile_saves_everything(state: State, disk: Disk) -> None:
    with state.grouped():
        disk.may_go_on.clear()
        waiting = asyncio.create_task(note(state, "a"))
        await asyncio.sleep(0.02)
        state.save_fact("b", 1)
        threading.Timer(0.05, disk.may_go_on.set).start()
        state.fold()  # waits for the flush under way: its file is closed
        await waiting
        await state.flushed()
        assert seen(state) == {"a", "b"}
        await note(state, "c")
    state.close()
    assert open_state(state.path, read_only=True).fact("c") == 1


async def test_a_disk_that_refuses_is_said_to_all_and_nothing_more_is_noted(state: State, disk: Disk) -> None:
    group = state.grouped()
    group.__enter__()
    disk.error = OSError(errno.EIO, os.strerror(errno.EIO))
    told = await asyncio.gather(*(note(state, name) for name in "ab"), return_exceptions=True)
    assert all(isinstance(error, StateError) and "Input/output error" in str(error) for error in told)
    disk.error = None  # it would not say it again
    with pytest.raises(StateError):
        await state.flushed()
    with pytest.raises(StateError):
        state.save_fact("c", 1)
    with pytest.raises(StateError):
        group.__exit__(None, None, None)
    assert state.fact("a") == 1
    state.close()
    assert open_state(state.path, read_only=True).fact("a") == 1, "closing writes all that is known to the state file"


async def test_who_is_called_off_while_waiting_calls_off_nobody_else(state: State, disk: Disk) -> None:
    with state.grouped():
        disk.may_go_on.clear()
        first, second = (asyncio.create_task(note(state, name)) for name in "ab")
        await asyncio.sleep(0.02)
        first.cancel()
        with suppress(asyncio.CancelledError):
            await first
        disk.may_go_on.set()
        await second
    state.close()


def test_one_after_the_other_in_loops_of_their_own(state: State, disk: Disk) -> None:
    for name in "abc":
        with state.grouped():
            asyncio.run(note(state, name))
    assert disk.flushes == 3
    state.close()


async def test_a_flush_covers_what_was_appended_before_it() -> None:
    covered: list[int] = []
    appended = 0

    def flush() -> None:
        covered.append(appended)

    shared = SharedFlush(flush)

    async def append(pause: Callable[[], object]) -> None:
        nonlocal appended
        for _ in range(20):
            appended += 1
            mine = appended
            await shared.done()
            assert covered[-1] >= mine
            await asyncio.sleep(0 if pause() else 0.001)

    await asyncio.gather(*(append(lambda number=number: number % 2) for number in range(8)))  # type: ignore[misc]
    assert len(covered) < appended


def test_the_journal_itself_flushes_once_for_what_it_holds(path: Path, disk: Disk) -> None:
    one = journal.Journal(path)
    for _ in range(3):
        one.append([("facts", "a", b'{"id":"a"}')])
    assert (one.is_flushed, disk.flushes) == (False, 0)
    one.flush()
    one.flush()
    assert (one.is_flushed, disk.flushes) == (True, 1)
    one.append([("facts", "a", b'{"id":"a"}')])
    one.flush()
    assert (one.is_flushed, disk.flushes) == (True, 2)
    one.close()
    assert [record.seq for record in read_segment(one.path).records] == [1, 2, 3, 4]
