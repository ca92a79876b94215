"""What becomes of a process whose terminal is taken away, seen from inside a child of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGHUP")

_CHILD = """
import os, select, signal, sys
from cwtui.tui import hangup
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may have it ignored: nohup
assert not hangup.is_gone()
heard = []
with hangup.on_hang_up(lambda: heard.append(hangup.is_gone())):
    os.kill(os.getpid(), signal.SIGHUP)
    assert heard == [True]
assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
assert select.select([0], [], [], 0.1) == ([], [], [])
try:
    os.read(0, 1)
except BlockingIOError:
    print("this goes nowhere")
    sys.stderr.write("and this")
    sys.stdout.flush()
    os._exit(7)
"""


def _child(code: str, stdin: int) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, stdin=stdin, capture_output=True, check=False)  # noqa: S603  # ours


def test_reading_never_comes_writing_goes_nowhere_and_nothing_blocks() -> None:
    done = _child(_CHILD, subprocess.PIPE)
    assert (done.returncode, done.stdout, done.stderr) == (7, b"", b"")


_NO_SIGNAL = """
import os, threading
from cwtui.tui import hangup
assert not hangup.is_gone()
gone = threading.Event()
with hangup.on_hang_up(gone.set):
    os.write(1, b"waiting")
    os._exit(7 if gone.wait(20) and hangup.is_gone() and os.fstat(0).st_mode & 0o170000 == 0o010000 else 8)
"""


def test_a_terminal_of_another_session_is_missed_without_a_signal() -> None:
    """`su -c` gives a process a session of its own: nobody signals it, and its input would be at an end for ever."""
    leader, terminal = os.openpty()
    command = [sys.executable, "-c", _NO_SIGNAL]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True) as child:  # noqa: S603  # ours
        os.close(terminal)
        assert os.read(leader, 100) == b"waiting"
        os.close(leader)
        assert child.wait() == 7


def test_a_terminal_that_was_never_there_is_not_gone() -> None:
    done = _child("from cwtui.tui import hangup; print(hangup.is_gone())", subprocess.DEVNULL)
    assert done.stdout.split() == [b"False"]


def test_a_hung_up_terminal_is_gone() -> None:
    leader, terminal = os.openpty()
    os.close(leader)
    done = _child("import sys; from cwtui.tui import hangup; sys.exit(3 if hangup.is_gone() else 4)", terminal)
    os.close(terminal)
    assert done.returncode == 3
