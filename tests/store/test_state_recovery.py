from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cwtui.domain.errors import StateError
from cwtui.store import layout, migrations
from cwtui.store.journal import Journal
from cwtui.store.layout import TinyDocument
from cwtui.store.recovery import recover
from cwtui.store.state import State, open_state


def beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def abandon(state: State) -> None:
    """What a killed process leaves."""
    state.documents.leases.close()
    state.documents._log.close()


def facts(path: Path) -> dict[str, object]:
    state = open_state(path, read_only=True)
    return {document["id"]: document["value"] for document in state.documents.table("facts").documents()}


def folded_twice(path: Path) -> dict[str, object]:
    """A state with an earlier one, both journals, and a fact in each."""
    state = open_state(path)
    for name in ("a", "b", "c"):
        state.save_fact(name, name)
        state.save_fact("last", name)
        if name != "c":
            state.fold()
    abandon(state)
    return {"a": "a", "b": "b", "c": "c", "last": "c"}


def copy_of(path: Path, into: Path) -> Path:
    shutil.copytree(path.parent, into)
    return into / path.name


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.99])
def test_a_damaged_file_is_kept_and_the_rest_is_offered(path: Path, keep: float) -> None:
    expected = folded_twice(path)
    data = path.read_bytes()[: int(path.stat().st_size * keep)]
    path.write_bytes(data)
    with pytest.raises(StateError) as caught:
        open_state(path)
    offered = beside(path, ".recovered.json")
    assert f"The state {path} is damaged" in caught.value.happened
    assert "left as it is" in caught.value.changed
    assert f"cwtui --state {offered}" in caught.value.next_step
    assert path.read_bytes() == data
    assert facts(offered) == expected
    with pytest.raises(StateError):
        open_state(path, read_only=True)


def test_a_missing_file_with_a_journal_is_damage(path: Path) -> None:
    expected = folded_twice(path)
    path.unlink()
    with pytest.raises(StateError, match="missing or empty"):
        open_state(path)
    assert not path.exists()
    assert facts(recover(path)) == expected


def test_before_the_first_fold_the_journal_is_enough(path: Path) -> None:
    state = open_state(path)
    state.save_fact("n", 1)
    abandon(state)
    path.write_text("{")
    assert facts(recover(path)) == {"n": 1}


def test_an_earlier_state_put_back_by_hand_catches_up(path: Path) -> None:
    expected = folded_twice(path)
    beside(path, ".bak").replace(path)
    assert facts(path) == expected


def test_with_nothing_left_it_says_so(path: Path) -> None:
    path.write_text('{"half a')
    with pytest.raises(StateError, match="No good state was found beside"):
        recover(path)
    with pytest.raises(StateError, match="from your own backup"):
        open_state(path)


def test_a_recovered_state_in_use_is_never_overwritten(path: Path) -> None:
    expected = folded_twice(path)
    path.write_text("")
    first = recover(path)
    assert recover(path) == first, "an untouched one is offered again"
    state = open_state(first)
    state.save_fact("a", "newer")
    state.close()
    second = recover(path)
    assert second == beside(path, ".recovered-2.json")
    assert recover(path) == second
    assert facts(second) == expected
    assert facts(first) == {**expected, "a": "newer"}


def test_a_damaged_record_costs_that_record_only(path: Path) -> None:
    expected = folded_twice(path)
    journal = beside(path, ".journal.1")
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"#" + lines[0][1:] + lines[1])
    path.write_text("")
    with pytest.raises(StateError, match="without 1 journal records"):
        open_state(path)
    assert facts(recover(path)) == {name: value for name, value in expected.items() if name != "b"}


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """End the process before the given change to the disk; says how many there were."""
    count = 0

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **named: object) -> object:
            nonlocal count
            count += 1
            if count > step:
                raise Killed
            return real(*args, **named)

        return call

    with monkeypatch.context() as patch:
        for module, name in ((Path, "replace"), (Path, "hardlink_to"), (Path, "unlink")):
            patch.setattr(module, name, counted(getattr(module, name)))
        for name in ("write", "fsync"):
            patch.setattr(os, name, counted(getattr(os, name)))
        yield lambda: count


def test_killed_anywhere_in_a_fold_each_pair_of_files_is_the_whole_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = 0
    while True:
        path = tmp_path / str(steps) / "state.json"
        path.parent.mkdir()
        expected = folded_twice(path)
        state = open_state(path)
        with killed_at(steps, monkeypatch) as count:
            try:
                state.fold()
            except Killed:
                was_killed = True
            else:
                was_killed = False
        abandon(state)
        assert count() >= steps
        check_each_pair(path, tmp_path / f"{steps}-copies", expected)
        resumed = open_state(path)
        resumed.save_fact("after", steps)
        resumed.fold()
        abandon(resumed)
        check_each_pair(path, tmp_path / f"{steps}-again", {**expected, "after": steps})
        if not was_killed:
            break
        steps += 1
    assert steps >= 10, "the fold has that many steps to be killed at"


def check_each_pair(path: Path, copies: Path, expected: dict[str, object]) -> None:
    assert facts(path) == expected
    without_state = copy_of(path, copies / "without-state")
    without_state.write_text("damaged")
    assert facts(recover(without_state)) == expected
    without_earlier = copy_of(path, copies / "without-earlier")
    beside(without_earlier, ".bak").unlink()
    beside(without_earlier, ".journal.1").unlink()
    assert facts(without_earlier) == expected


def test_a_newer_state_is_kept_and_refused(path: Path) -> None:
    open_state(path).close()
    path.write_bytes(path.read_bytes().replace(b'"version":3', b'"version":4'))
    before = path.read_bytes()
    with pytest.raises(StateError, match=r"newer cwtui \(version 4 .* Upgrade cwtui"):
        open_state(path)
    assert path.read_bytes() == before
    assert not beside(path, ".recovered.json").exists()


def test_beside_a_newer_state_the_last_one_that_can_be_read_is_offered(path: Path) -> None:
    for value in ("a", "b"):  # folded twice: the state before is kept
        state = open_state(path)
        state.save_fact("a", value)
        state.close()
    path.write_bytes(path.read_bytes().replace(b'"version":3', b'"version":4'))
    before = path.read_bytes()
    with pytest.raises(StateError, match=r"newer cwtui .* knows nothing of what the newer one did since"):
        open_state(path)
    assert path.read_bytes() == before
    assert facts(beside(path, ".recovered.json")) == {"a": "b"}


def renamed(document: TinyDocument) -> TinyDocument:
    """A made-up step from version 0, whose facts were called notes and had their value under `text`."""
    notes = document.pop("notes", {})
    document["facts"] = {
        number: {"id": note["id"], "value": note.get("text", note.get("value"))} for number, note in notes.items()
    }
    return document


@pytest.fixture
def version_0(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state as a cwtui of version 0 left it: a file, and a journal that was not folded."""
    monkeypatch.setattr(migrations.migrated, "__defaults__", ({0: renamed, **migrations.MIGRATIONS},))
    old = {"cwtui": {"1": {"version": 0, "folded": 4}}, "notes": {"3": {"id": "n", "text": "old"}}}
    path.write_text(json.dumps(old))
    with monkeypatch.context() as patch:
        patch.setattr("cwtui.store.journal.VERSION", 0)
        journal = Journal(path, seq=4)
        journal.append([("notes", "m", b'{"id":"m","text":"journalled"}')])
        journal.close()
    return path


def test_an_older_state_is_migrated(version_0: Path) -> None:
    before = version_0.read_bytes()
    reader = open_state(version_0, read_only=True)
    assert (reader.fact("n"), reader.fact("m")) == ("old", "journalled")
    assert version_0.read_bytes() == before
    state = open_state(version_0)
    state.save_fact("x", "new")
    abandon(state)  # killed before it was written in the new shape
    assert facts(version_0) == {"n": "old", "m": "journalled", "x": "new"}
    open_state(version_0).close()
    assert json.loads(version_0.read_bytes())["cwtui"]["1"]["version"] == layout.VERSION
    assert beside(version_0, ".bak").read_bytes() == before
    version_0.write_text("")
    assert facts(recover(version_0)) == {"n": "old", "m": "journalled", "x": "new"}


def test_a_migrated_state_is_written_even_if_nothing_else_changed(version_0: Path) -> None:
    beside(version_0, ".journal").unlink()
    open_state(version_0).close()
    assert json.loads(version_0.read_bytes())["facts"] == {"3": {"id": "n", "name": "n", "value": "old"}}


def test_a_version_without_a_step_is_refused(path: Path) -> None:
    path.write_text(json.dumps({"cwtui": {"1": {"version": 0, "folded": 0}}}))
    with pytest.raises(StateError, match="is damaged"):
        open_state(path)


def test_every_version_before_today_has_a_step() -> None:
    assert set(migrations.MIGRATIONS) == set(range(1, layout.VERSION))
