"""Rules: settings.md#the-state-file."""

from __future__ import annotations

import errno
import json
import os
import resource
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tinydb import TinyDB, where
from tinydb.table import Document

from cwtui.domain.errors import StateError
from cwtui.domain.tasks import Task
from cwtui.store.layout import Content, NotAState, parse, render
from cwtui.store.state import State, open_state
from cwtui.store.storage import AtomicStorage
from cwtui.store.table import Table, encode

Make = Callable[..., Task]
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


def plain(path: Path, table: str) -> list[Document]:
    """What TinyDB reads with its own storage."""
    with TinyDB(path, access_mode="r") as db:
        rows: list[Document] = db.table(table).all()
        return rows


def modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_every_file_is_for_its_owner_alone(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        state = open_state(path)
        state.save_fact("n", 1)
        during = modes(path.parent)
        state.fold()
        state.save_fact("n", 2)
        state.close()
    finally:
        os.umask(before)
    after = modes(path.parent)
    names = {f"state.json{suffix}" for suffix in ("", ".lock", ".journal")}
    assert during == dict.fromkeys(names, 0o600)
    assert after == dict.fromkeys({f"state.json{s}" for s in ("", ".lock", ".journal.1", ".bak")}, 0o600)


def test_a_file_others_could_read_is_replaced_by_one_they_cannot(path: Path) -> None:
    state = open_state(path)
    state.close()
    path.chmod(0o644)
    state = open_state(path)
    state.save_fact("n", 1)
    state.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_folder_is_private(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "state.json"
    open_state(path).close()
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="could not be made"):
        open_state(tmp_path / "file" / "state.json")


def test_an_empty_file_is_a_new_state(path: Path) -> None:
    path.touch()
    state = open_state(path)
    state.save_fact("n", 1)
    state.close()
    assert open_state(path, read_only=True).fact("n") == 1


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """A real refusal of the system in the middle of a write: no file of this process may grow beyond `size`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def fill(state: State, task: Make, count: int) -> None:
    with state.batch():
        for number in range(count):
            state.save_task(task(str(number)))


def test_a_fold_that_does_not_fit_leaves_the_old_file(path: Path, task: Make) -> None:
    state = open_state(path)
    fill(state, task, 50)
    state.close()
    before = path.read_bytes()
    state = open_state(path)
    state.save_task(task("new"))
    with largest_file(4_000), pytest.raises(StateError, match="could not be written: File too large"):
        state.close()
    assert path.read_bytes() == before
    assert not path.with_name("state.json.new").exists()
    again = open_state(path)  # the lock was let go; the journal holds the rest
    assert again.task(task("new").id) == task("new")
    again.close()
    assert len(list(open_state(path, read_only=True).tasks())) == 51


def test_a_first_file_that_does_not_fit_is_not_there(path: Path) -> None:
    with largest_file(10), pytest.raises(StateError, match="File too large"):
        open_state(path)
    assert not path.exists()
    open_state(path).close()


def test_a_full_disk_while_saving_does_not_undo_the_save(
    path: Path, task: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = open_state(path)
    state.documents.fold_after = 1

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        state.save_task(task())  # durable in the journal; the fold is tried again later
        with pytest.raises(StateError, match="No space left on device"):
            state.fold()
    assert open_state(path, read_only=True).task(task().id) == task()
    state.close()
    assert open_state(path, read_only=True).task(task().id) == task()


def test_the_journal_is_folded_when_it_has_grown(path: Path, task: Make) -> None:
    state = open_state(path)
    state.documents.fold_after = 2_400
    folds = 0
    for number in range(20):
        state.save_task(task(str(number)))
        folds += not path.with_name("state.json.journal").exists()
        state.documents.fold_after = 2_400
    assert folds == 4
    state.close()
    assert len(plain(path, "tasks")) == 20


tables = st.dictionaries(
    text.filter(lambda name: name not in {"cwtui", "seal"}),
    st.lists(
        st.tuples(text, st.dictionaries(text, text | st.integers(0, 9), max_size=2)),
        unique_by=lambda d: d[0],
        max_size=4,
    ),
    max_size=3,
)


@given(tables=tables, folded=st.integers(0, 99))
def test_what_is_rendered_is_parsed_again(tables: dict[str, list[tuple[str, dict[str, object]]]], folded: int) -> None:
    content = Content(folded=folded)
    for name, documents in tables.items():
        for key, document in documents:
            content.table(name).put(key, encode({**document, "id": key} if "id" not in document else {"id": key}))
    data = b"".join(render(content))
    sealed, whole = parse(data), parse(json.dumps(json.loads(data)).encode())
    assert sealed.document() == whole.document() == content.document()
    assert b"".join(render(sealed)) == data


@given(data=st.binary(max_size=40))
def test_anything_else_is_no_state(data: bytes) -> None:
    with pytest.raises(NotAState):
        parse(data)


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"_default": {"1": {"name": "x"}}},
        {"cwtui": {"1": {"version": "1", "folded": 0}}},
        {"cwtui": {"1": {"version": 1, "folded": 0}}, "tasks": {"1": {"kind": "x"}}},
        {"cwtui": {"1": {"version": 1, "folded": 0}}, "tasks": {"one": {"id": "x"}}},
        {"cwtui": {"1": {"version": 1, "folded": 0}}, "tasks": []},
    ],
)
def test_a_json_file_of_another_shape_is_kept_and_refused(path: Path, document: object) -> None:
    path.write_text(json.dumps(document))
    before = path.read_bytes()
    with pytest.raises(StateError, match="is damaged"):
        open_state(path)
    assert path.read_bytes() == before


def test_what_plain_tinydb_changed_is_read(path: Path, task: Make) -> None:
    state = open_state(path)
    fill(state, task, 3)
    state.close()
    with TinyDB(path) as db:
        db.table("tasks").update({"note": "by hand"}, where("id") == "1")
        db.table("tasks").remove(where("id") == "0")
    state = open_state(path)
    assert [(found.id, found.note) for found in state.tasks()] == [("1", "by hand"), ("2", "")]
    state.save_task(task("9"))
    state.close()
    assert [found.doc_id for found in plain(path, "tasks")] == [2, 3, 4]


def test_tinydb_on_our_storage(tmp_path: Path) -> None:
    path = tmp_path / "any.json"
    db = TinyDB(path, storage=AtomicStorage)
    assert db.table("t").insert({"a": 1}) == 1
    db.table("t").update({"a": 2})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    db.close()
    assert plain(path, "t") == [{"a": 2}]


def test_tinydb_on_our_storage_keeps_a_state_a_state(path: Path, task: Make) -> None:
    state = open_state(path)
    fill(state, task, 2)
    state.close()
    db = TinyDB(path, storage=AtomicStorage)
    db.table("tasks").update({"note": "by hand"})
    db.close()
    assert [found.note for found in open_state(path, read_only=True).tasks()] == ["by hand", "by hand"]
    assert b'"seal"' in path.read_bytes()


def test_numbers_grow_along_a_table() -> None:
    table = Table.of({"10": {"id": "b"}, "2": {"id": "a"}})
    assert list(table.rows) == ["a", "b"]
    table.put("c", b'{"id":"c"}')
    old = table.drop("a")
    table.restore("a", old)
    assert bytes(table.section()) == b'"10":{"id":"b"}\n,"11":{"id":"c"}\n,"12":{"id":"a"}'
