"""One state for several users of a group: real users, where the tests run as root.

Rules: hands.md#a-shared-state.
"""

from __future__ import annotations

import grp
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest

from cwtui.domain.errors import StateError
from cwtui.store.state import open_state

USERS = (61_001, 61_002, 61_003)
STRANGER = 61_009
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may start processes of other users")
_WORK = """
import grp, msgspec.json, os, sys, textwrap, traceback
from pathlib import Path
from tempfile import TemporaryDirectory
from cwtui.store.author import Author
from cwtui.store.state import open_state
with TemporaryDirectory() as scratch:  # loads what a state needs, while root's interpreter may still be read
    scratch_state = open_state(Path(scratch) / "state.json")
    scratch_state.save_fact("n", 1)
    scratch_state.fold()
    scratch_state.close()
    open_state(Path(scratch) / "state.json").fact("n")
user, gid = int(sys.argv[5]), int(sys.argv[6])
os.setgroups([gid] if gid else [])
os.setgid(user)
os.setuid(user)
os.umask(int(sys.argv[4], 8))
state = open_state(Path(sys.argv[1]), group=sys.argv[2], author=Author(sys.argv[3], os.getpid()), read_only_ok=True)
if state.is_read_only:
    print("reads", state.fact("n"))
    raise SystemExit
for _ in range(20):
    with state.batch():
        state.save_fact("n", (state.fact("n") or 0) + 1)
assert state.leases.take(f"agreement/{os.getuid()}") is None
state.fold()
state.close()
print("wrote")
"""


@pytest.fixture
def group() -> str:
    return min((one for one in grp.getgrall() if 0 < one.gr_gid < 60_000), key=lambda one: one.gr_gid).gr_name


@pytest.fixture
def shared(group: str) -> Iterator[Path]:
    """As the tmpfiles line makes it, where every user may go."""
    folder = Path(mkdtemp(dir="/tmp"))  # pytest's own folders are closed to other users
    os.chown(folder, -1, grp.getgrnam(group).gr_gid)
    folder.chmod(0o2770)
    yield folder / "state.json"
    rmtree(folder)


def run_as(user: int, path: Path, group: str, *, member: bool = True, umask: str = "022") -> str:
    """What a process of that user says: it becomes theirs once it is loaded, as root's interpreter may be closed."""
    gid = grp.getgrnam(group).gr_gid if member else 0
    ran = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", _WORK, path, group, f"user{user}@host", umask, str(user), str(gid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout.strip() or ran.stderr.strip().splitlines()[-1]


def test_users_of_a_group_work_on_one_state(shared: Path, group: str) -> None:
    for user, umask in zip(USERS, ("022", "077", "002"), strict=True):
        assert run_as(user, shared, group, umask=umask) == "wrote"
    assert run_as(USERS[0], shared, group) == "wrote"
    assert open_state(shared, read_only=True).fact("n") == 80
    for file in shared.parent.iterdir():
        found = file.stat()
        assert (file.name, oct(stat.S_IMODE(found.st_mode))) == (file.name, "0o660")
        assert (file.name, grp.getgrgid(found.st_gid).gr_name) == (file.name, group)


def test_who_is_no_member_neither_reads_nor_writes(shared: Path, group: str) -> None:
    assert run_as(USERS[0], shared, group) == "wrote"
    assert "Permission denied" in run_as(STRANGER, shared, group, member=False)
    shared.parent.chmod(0o2775)
    assert "Permission denied" in run_as(STRANGER, shared, group, member=False)


def test_a_state_one_may_only_read_is_read(shared: Path, group: str) -> None:
    assert run_as(USERS[0], shared, group) == "wrote"
    shared.parent.chmod(0o755)
    for file in shared.parent.iterdir():
        file.chmod(0o644)
    assert run_as(STRANGER, shared, group, member=False) == "reads 20"
    assert any("may be opened by every user" in notice for notice in open_state(shared, read_only=True).notices)


def test_a_group_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="There is no group 'nobody-has-this'"):
        open_state(tmp_path / "state.json", group="nobody-has-this")


@pytest.mark.parametrize(
    ("mode", "named", "notice"),
    [
        pytest.param(0o2770, True, "", id="as it should be"),
        pytest.param(0o770, True, "", id="without the group's bit"),
        pytest.param(0o2777, True, "Every user of this machine may replace files in", id="open to everybody"),
        pytest.param(0o777, False, "Every user of this machine may replace files in", id="open, and no group named"),
        pytest.param(0o1777, False, "", id="open, where nobody may replace what is another's"),
        pytest.param(0o2700, True, "is closed to the group", id="closed to the group"),
        pytest.param(0o700, False, "", id="one user's own"),
    ],
)
def test_a_folder_with_another_mode_is_told(mode: int, *, named: bool, notice: str, shared: Path, group: str) -> None:
    shared.parent.chmod(mode)
    state = open_state(shared, group=group if named else None)
    state.close()
    about_folder = [one for one in state.notices if str(shared) not in one]
    assert [notice in one for one in about_folder] == ([True] if notice else [])


def test_a_folder_of_another_group_is_told(shared: Path, group: str) -> None:
    os.chown(shared.parent, -1, 0)
    state = open_state(shared, group=group)
    state.close()
    assert any(f"{shared.parent} does not belong to the group {group}" in one for one in state.notices)
