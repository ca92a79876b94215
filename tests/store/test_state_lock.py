from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cwtui.domain.errors import StateLocked
from cwtui.store.state import open_state

_HOLD = """
import sys
from pathlib import Path
from cwtui.store.state import open_state
state = open_state(Path(sys.argv[1]))
state.save_fact("by", "the other")
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


def test_a_second_process_is_told_who_holds_it(path: Path) -> None:
    with held(path) as other:
        with pytest.raises(StateLocked) as caught:
            open_state(path)
        assert f"process {other.pid} of " in str(caught.value)
        assert ", since 20" in str(caught.value)
        assert f"on {os.uname().nodename}" in str(caught.value)
    state = open_state(path)  # it let go
    assert state.fact("by") == "the other"
    state.close()


def test_a_second_process_may_read(path: Path) -> None:
    with held(path):
        state = open_state(path, read_only_ok=True)
        assert state.is_read_only
        assert state.fact("by") == "the other"
        state.close()


def test_a_killed_process_holds_nothing(path: Path) -> None:
    with held(path) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
        state = open_state(path)
        assert state.fact("by") == "the other"
        state.close()


def test_the_note_of_the_holder_goes_with_the_lock(path: Path) -> None:
    state = open_state(path)
    assert path.with_name("state.json.holder").exists()
    state.close()
    assert not path.with_name("state.json.holder").exists()


def test_one_process_cannot_open_it_twice(path: Path) -> None:
    state = open_state(path)
    with pytest.raises(StateLocked, match=f"process {os.getpid()} of"):
        open_state(path)
    state.close()


def test_a_name_and_a_link_to_it_are_one_state(path: Path) -> None:
    state = open_state(path)
    alias = path.with_name("alias.json")
    alias.symlink_to(path)
    with pytest.raises(StateLocked):
        open_state(alias)
    state.close()
    other = open_state(alias)
    other.save_fact("n", 1)
    other.close()
    assert alias.is_symlink()
    assert open_state(path, read_only=True).fact("n") == 1
