"""Who appends holds the log's lock for a moment; the system gives it back when its holder dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cwtui.domain.errors import StateError, StateLocked
from cwtui.store.author import Author
from cwtui.store.lock import LogLock
from cwtui.store.state import open_state

_HOLD = """
import sys
from pathlib import Path
from cwtui.store.state import open_state
state = open_state(Path(sys.argv[1]))
state.save_fact("by", "the other")
with state.documents._log.alone():
    print("held", flush=True)
    sys.stdin.readline()
state.close()
"""


@contextmanager
def held(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", _HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "held\n"
        yield other
        if other.poll() is None:
            other.stdin.write("\n")


def test_a_process_that_never_lets_go_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cwtui.store.lock.PATIENCE_S", 0.3)
    with held(path) as other:
        state = open_state(path)
        assert state.fact("by") == "the other", "reading waits for nobody"
        with pytest.raises(StateLocked) as caught:
            state.save_fact("n", 1)
        assert f"(process {other.pid})" in str(caught.value)
        assert f"@{os.uname().nodename}" in str(caught.value)
        assert state.fact("n") is None
    other.wait()
    state.save_fact("n", 1)
    state.close()
    found = open_state(path, read_only=True)
    assert (found.fact("by"), found.fact("n")) == ("the other", 1)


def test_a_killed_process_holds_nothing(path: Path) -> None:
    with held(path) as other:
        state = open_state(path)
        other.send_signal(signal.SIGKILL)
        other.wait()
        begun = time.monotonic()
        state.save_fact("n", 1)
        assert time.monotonic() - begun < 1
        assert state.fact("by") == "the other"
        state.close()


def test_a_stopped_process_goes_on_where_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cwtui.store.lock.PATIENCE_S", 0.2)
    with held(path) as other:
        state = open_state(path)
        other.send_signal(signal.SIGSTOP)
        with pytest.raises(StateLocked):
            state.save_fact("n", 1)
        other.send_signal(signal.SIGCONT)
    other.wait()
    state.save_fact("n", 2)
    state.close()


def test_a_name_and_a_link_to_it_are_one_state(path: Path) -> None:
    state = open_state(path)
    alias = path.with_name("alias.json")
    alias.symlink_to(path)
    other = open_state(alias)
    other.save_fact("n", 1)
    assert state.catch_up()
    assert state.fact("n") == 1
    other.close()
    state.close()
    assert alias.is_symlink()
    assert open_state(path, read_only=True).fact("n") == 1


def test_a_lock_file_that_was_deleted_keeps_nobody_apart_no_longer_than_a_moment(path: Path) -> None:
    """Whoever takes the lock looks whether it stands where others look for it."""
    first, second = open_state(path), open_state(path)
    first.save_fact("a", 1)
    path.with_name("state.json.lock").unlink()
    second.save_fact("b", 1)
    first.save_fact("c", 1)
    second.save_fact("d", 1)
    for state in (first, second):
        state.catch_up()
        assert [state.fact(name) for name in "abcd"] == [1, 1, 1, 1]
        state.close()
    found = open_state(path, read_only=True)
    assert [found.fact(name) for name in "abcd"] == [1, 1, 1, 1]


def test_two_locks_of_one_process_keep_each_other_out(path: Path) -> None:
    one, two = (LogLock(path, Author("ann@host", number)) for number in (1, 2))
    with one.held(), one.held():
        with pytest.raises(StateLocked, match=r"ann@host \(process 1\)"), two.held(0.05):
            pass
        assert one.is_held
    with two.held():
        assert not one.is_held
    one.close()
    two.close()


def test_a_folder_that_does_not_let_us_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = LogLock(path, Author("ann@host", 1))

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("cwtui.store.lock.open_like", refuse)
    with pytest.raises(StateError, match="could not be locked: Permission denied"), lock.held():
        pass
