"""Standard streams that are closed, full or without a reader: the work is done all the same, and no traceback.

Rule: hands.md#output-is-a-write-too.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

CWTUI = shlex.join([sys.executable, "-m", "cwtui.cli.main"])
pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full: this system has none")


def shell(line: str, *, state: Path) -> subprocess.CompletedProcess[str]:
    """A command in a shell, after its state was named."""
    command = line.replace("cwtui", f"{CWTUI} --demo --as-of 2026-11-23 --state {shlex.quote(str(state))}")
    return subprocess.run(  # noqa: S603  # ours
        ["/bin/sh", "-c", command], capture_output=True, encoding="utf-8", check=False, env=os.environ | {"LC_ALL": "C"}
    )


@pytest.mark.parametrize(
    ("streams", "status"),
    [
        pytest.param("", 3, id="as they are"),
        pytest.param("2>&-", 3, id="no standard error"),
        pytest.param(">&-", 3, id="no standard output"),
        pytest.param("<&- >&- 2>&-", 3, id="none at all"),
        pytest.param("2>/dev/full", 3, id="a full disk for errors"),
        pytest.param(">/dev/full", 1, id="a full disk for the answer"),
        pytest.param(">/dev/full 2>/dev/full", 1, id="a full disk for both"),
    ],
)
def test_the_work_is_done_whatever_its_streams_are(streams: str, status: int, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    done = shell(f"cwtui --auto {streams}", state=state)
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
    tasks = json.loads(shell("cwtui tasks list --json --status synced", state=state).stdout)
    assert tasks


def test_what_could_not_be_written_is_said_in_words(tmp_path: Path) -> None:
    done = shell("cwtui --auto --json >/dev/full", state=tmp_path / "state.json")
    assert "The answer could not be written to its end: No space left on device." in done.stderr


def test_a_reader_that_went_away_is_told_after_the_work_was_kept(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    assert shell("cwtui --auto", state=state).returncode == 3
    done = shell("{ cwtui tasks list --json; echo $? >&2; } | true", state=state)
    assert "Traceback" not in done.stderr
    assert done.stderr.split()[-1] in {"0", "1"}, "a pipe may take a short answer before its reader is gone"


def test_a_closed_stream_is_not_given_to_the_journal(tmp_path: Path) -> None:
    """The first file that is opened would get its number, and what is printed would go there."""
    state = tmp_path / "state.json"
    assert shell("cwtui --auto >&- 2>&-", state=state).returncode == 3
    assert shell("cwtui --auto", state=state).returncode == 3
    assert shell("cwtui audit --json", state=state).returncode == 0


def test_the_version_is_not_said_to_a_full_disk() -> None:
    done = subprocess.run(  # noqa: S603  # ours
        ["/bin/sh", "-c", f"{CWTUI} --version >/dev/full"], capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(
    "command", ["audit --csv", "report --html", "report --xlsx", "map export"], ids=["audit", "page", "workbook", "map"]
)
def test_a_file_that_cannot_be_finished_is_no_wrong_usage(command: str, tmp_path: Path) -> None:
    done = shell(f"cwtui {command} /dev/full", state=tmp_path / "state.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "The file /dev/full cannot be written: No space left on device." in done.stderr
