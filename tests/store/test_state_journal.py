from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.errors import StateError
from cwtui.domain.tasks import Task
from cwtui.store import journal
from cwtui.store.journal import apply, line_of, read_segment
from cwtui.store.layout import Content, render
from cwtui.store.state import State, open_state
from cwtui.store.table import encode

Make = Callable[..., Task]


def abandon(state: State) -> None:
    """What a killed process leaves: nothing folded, the lock given back by the system."""
    state.documents.leases.close()
    state.documents._log.close()


def beside(path: Path) -> Path:
    return path.with_name("state.json.journal")


def written(path: Path, count: int) -> list[int]:
    """A state killed after `count` facts; the length of its journal after each."""
    state = open_state(path)
    lengths = []
    for number in range(count):
        state.save_fact("n", number)
        lengths.append(beside(path).stat().st_size)
    abandon(state)
    return lengths


def test_a_journal_cut_at_any_byte_of_its_last_line_loses_that_line_only(path: Path) -> None:
    lengths = written(path, 3)
    whole = beside(path).read_bytes()
    for cut in range(lengths[1], lengths[2]):
        beside(path).write_bytes(whole[:cut])
        state = open_state(path)
        assert state.fact("n") == 1
        state.save_fact("n", cut)
        assert beside(path).read_bytes()[: lengths[1]] == whole[: lengths[1]], "the torn line is cut off by the next"
        abandon(state)
        with closing(open_state(path, read_only=True)) as again:
            assert again.fact("n") == cut


@pytest.mark.parametrize("garbage", [b"\0" * 300, b"x", b'{"crc":"00000000","seq":4,"v":1,"ops":['], ids=repr)
def test_an_unfinished_line_of_garbage_is_cut_off_by_the_next(path: Path, garbage: bytes) -> None:
    lengths = written(path, 3)
    with beside(path).open("ab") as file:
        file.write(garbage)
    state = open_state(path)
    assert state.fact("n") == 2
    state.save_fact("n", 3)
    assert garbage not in beside(path).read_bytes()[lengths[2] :]
    abandon(state)
    assert open_state(path, read_only=True).fact("n") == 3


@pytest.mark.parametrize("garbage", [b"x\n", b'{"crc":"00000000","seq":4,"v":1,"ops":[]}\n'])
def test_a_finished_line_with_a_wrong_checksum_is_told(path: Path, garbage: bytes) -> None:
    written(path, 3)
    with beside(path).open("ab") as file:
        file.write(garbage)
    with pytest.raises(StateError, match="is altered in line 4"):
        open_state(path)


def test_reading_only_leaves_a_torn_line_alone(path: Path) -> None:
    written(path, 3)
    whole = beside(path).read_bytes()
    beside(path).write_bytes(whole[:-4])
    assert open_state(path, read_only=True).fact("n") == 1
    assert beside(path).read_bytes() == whole[:-4]


def test_a_damaged_line_in_the_middle_stops_and_keeps_everything(path: Path) -> None:
    lengths = written(path, 4)
    whole = bytearray(beside(path).read_bytes())
    whole[lengths[1] + 40] ^= 1
    beside(path).write_bytes(whole)
    before = path.read_bytes()
    with pytest.raises(StateError) as caught:
        open_state(path)
    assert "state.json.journal is altered in line 3." in str(caught.value)
    assert "without 1 journal records" in str(caught.value)
    assert f"cwtui --state {path}.recovered.json" in str(caught.value)
    assert (path.read_bytes(), beside(path).read_bytes()) == (before, bytes(whole))
    recovered = open_state(path.with_name("state.json.recovered.json"))
    assert recovered.fact("n") == 3
    recovered.close()


def test_a_missing_line_is_noticed(path: Path) -> None:
    lengths = written(path, 4)
    whole = beside(path).read_bytes()
    beside(path).write_bytes(whole[: lengths[0]] + whole[lengths[1] :])
    with pytest.raises(StateError, match="record 2 is missing"):
        open_state(path)


ops = st.lists(
    st.tuples(st.sampled_from(["tasks", "links"]), st.text(max_size=3), st.none() | st.integers(0, 9)), max_size=8
)


@given(lines=st.lists(ops, max_size=5), again=st.integers(0, 5))
def test_replaying_twice_changes_nothing(lines: list[list[tuple[str, str, int | None]]], again: int) -> None:
    records = []
    for seq, line in enumerate(lines, start=1):
        put = [(t, key, None if n is None else encode({"id": key, "n": n})) for t, key, n in line]
        record = journal.record_of(line_of(seq, put).rstrip(b"\n"))
        assert record is not None
        records.append(record)
    once, twice = Content(), Content()
    for record in records:
        apply(record, once)
    for record in [*records[:again], *records]:
        apply(record, twice)
    for name, table in once.tables.items():
        assert {d["id"]: d for d in table.documents()} == {d["id"]: d for d in twice.table(name).documents()}
    for record in records:
        apply(record, once)
    assert b"".join(render(once)).count(b"\n") > 0


def disk_full_after(limit: int) -> Callable[[int, bytes], int]:
    """An `os.write` to a disk that takes only so many bytes more."""
    left = limit
    real = os.write

    def write(descriptor: int, data: bytes) -> int:
        nonlocal left
        if not left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        took = real(descriptor, bytes(data)[:left])
        left -= took
        return took

    return write


@pytest.mark.parametrize("room", [0, 1, 60])
def test_a_full_disk_takes_a_save_back(path: Path, task: Make, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    state = open_state(path)
    state.save_task(task(note="first"))
    state.save_fact("n", 1)
    before = beside(path).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", disk_full_after(room))
        with pytest.raises(StateError, match="No space left on device"):
            state.save_task(task(note="second"))
    assert beside(path).read_bytes() == before
    assert state.task(task().id) == task(note="first")
    state.save_task(task(note="third"))  # there is space again
    state.close()
    assert open_state(path, read_only=True).task(task().id) == task(note="third")


def test_a_full_disk_takes_a_whole_batch_back(path: Path, task: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    state = open_state(path)
    state.save_task(task("1"))
    state.save_task(task("2"))
    monkeypatch.setattr(os, "write", disk_full_after(100))

    def fill() -> None:
        with state.batch():
            state.save_task(task("1", note="changed"))
            state.save_task(task("3"))
            state.documents.commit([("tasks", "2", None)])
            state.save_task(task("2", note="again"))

    with pytest.raises(StateError):
        fill()
    monkeypatch.undo()
    assert {found.id: found for found in state.tasks()} == {"1": task("1"), "2": task("2")}
    state.save_task(task("4"))
    state.close()
    again = open_state(path, read_only=True)
    assert sorted(found.id for found in again.tasks()) == ["1", "2", "4"]


def test_an_interrupted_append_leaves_no_trace(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = open_state(path)
    state.save_fact("n", 1)

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(journal, "sync_data", interrupt)
        with pytest.raises(KeyboardInterrupt):
            state.save_fact("n", 2)
    assert state.fact("n") == 1
    state.save_fact("n", 3)
    abandon(state)
    segment = read_segment(beside(path))
    assert [record.seq for record in segment.records] == [1, 2]
    assert open_state(path, read_only=True).fact("n") == 3


def test_a_journal_that_cannot_be_cut_back_takes_no_more(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = open_state(path)
    state.save_fact("n", 1)

    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(journal, "sync_data", refuse)
        patch.setattr(os, "ftruncate", refuse)
        with pytest.raises(StateError, match="Input/output error"):
            state.save_fact("n", 2)
        with pytest.raises(StateError, match="left unfinished"):
            state.save_fact("n", 3)
    abandon(state)
    assert open_state(path, read_only=True).fact("n") in {1, 2}  # it is not known, and was reported as not saved
