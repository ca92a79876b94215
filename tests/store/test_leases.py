"""Leases: who works on what, given back by the system when the holder dies.

Rules: hands.md#leases.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cwtui.store.author import Author
from cwtui.store.leases import FileLeases

_HOLD = """
import sys
from pathlib import Path
from cwtui.store.author import Author, this_author
from cwtui.store.leases import FileLeases
import os
leases = FileLeases(Path(sys.argv[1]), Author("bob@host", os.getpid()))
for name in sys.argv[2:]:
    assert leases.take(name) is None
print("held", flush=True)
sys.stdin.readline()
"""


@contextmanager
def held(path: Path, *names: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", _HOLD, path, *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        try:
            yield other
        finally:
            other.kill()


@pytest.fixture
def leases(path: Path) -> Iterator[FileLeases]:
    found = FileLeases(path, Author("ann@host", 1))
    yield found
    found.close()


def test_what_is_free_is_ours_until_it_is_given_back(path: Path, leases: FileLeases) -> None:
    other = FileLeases(path, Author("bob@host", 2))
    assert leases.take("agreement/10") is None
    assert leases.holds("agreement/10")
    found = other.take("agreement/10")
    assert found is not None
    assert (found.who, found.pid) == ("ann@host", 1)
    assert other.take("agreement/11") is None
    assert set(leases.holders()) == set(other.holders()) == {"agreement/10", "agreement/11"}
    leases.give_back("agreement/10")
    assert not leases.holds("agreement/10")
    assert other.take("agreement/10") is None
    other.close()
    assert leases.holders() == {}


def test_what_we_hold_already_is_not_taken_twice(leases: FileLeases) -> None:
    assert leases.take("check") is None
    again = leases.take("check")
    assert again is not None
    assert again.pid == 1


def test_a_killed_holder_gives_back_at_once(path: Path, leases: FileLeases) -> None:
    with held(path, "check", "agreement/7") as other:
        found = leases.take("check")
        assert found is not None
        assert (found.who, found.pid) == ("bob@host", other.pid)
        assert str(found).startswith(f"bob@host (process {other.pid}, since 20")
        begun = time.monotonic()
        other.kill()
        while leases.take("check") is not None:
            time.sleep(0.001)
        assert time.monotonic() - begun < 1
        assert set(leases.holders()) == {"check"}


def test_a_lease_whose_file_was_deleted_is_held_no_longer(path: Path, leases: FileLeases) -> None:
    assert leases.take("agreement/10") is None
    path.with_name("state.json.leases").unlink()
    assert not leases.holds("agreement/10")
    with held(path, "agreement/10"):
        assert leases.take("agreement/10") is not None
        assert not leases.holds("agreement/10")


def test_many_leases_of_many_processes_keep_their_names(path: Path) -> None:
    processes = [FileLeases(path, Author(f"p{number}@host", number)) for number in range(5)]
    for number, one in enumerate(processes):
        for agreement in range(40):
            assert one.take(f"agreement/{number * 1000 + agreement}") is None
    for one in processes:
        assert len(one.holders()) == 200
        assert one.holders()["agreement/3001"].who == "p3@host"
    processes[3].close()
    assert len(processes[0].holders()) == 160
    for one in processes:
        one.close()


def test_more_names_than_fit_are_held_all_the_same(path: Path, leases: FileLeases) -> None:
    other = FileLeases(path, Author("bob@host", 2))
    names = [f"agreement/{number}" for number in range(300)]
    assert [other.take(name) for name in names] == [None] * 300
    assert all(leases.take(name) is not None for name in names)
    other.close()
    assert all(leases.take(name) is None for name in names)


def test_a_note_nobody_wrote_is_no_holder(path: Path, leases: FileLeases) -> None:
    with held(path, "check"):
        with path.with_name("state.json.leases").open("r+b") as file:
            file.write(b"{not a note".ljust(4096))
        assert leases.holders() == {}
        found = leases.take("check")
        assert found is not None
        assert found.who == "somebody else"
