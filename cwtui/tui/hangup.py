"""Handles a lost terminal (a dropped SSH line): replaces its file descriptors.

Textual reads and writes them in threads of its own, and an error there ends the thread: the reader would end the app in
the middle of a write, and without the writer the app would stop drawing and hang.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator

_STDIN, _OUTPUTS = 0, (1, 2)
_LOOKS_EVERY_MS = 1000
_kept_open: list[int] = []
"""Ends of pipes that nobody writes to."""


def is_gone() -> bool:
    """Whether the terminal was hung up."""
    if _kept_open:
        return True
    try:
        os.tcgetpgrp(_STDIN)
    except OSError as error:
        return error.errno == errno.EIO
    return False


def _closes_within(wait_ms: int) -> bool:
    """The other end of the terminal is closed, or will be within so many milliseconds."""
    terminal = select.poll()
    terminal.register(_STDIN, 0)
    return any(event & select.POLLHUP for _, event in terminal.poll(wait_ms))


def put_to_rest() -> None:
    """Replace the descriptors: output goes to the null device, and input never comes."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in _OUTPUTS:
        os.dup2(nowhere, number)
    os.close(nowhere)
    never, other_end = os.pipe()
    _kept_open.append(other_end)
    os.set_blocking(never, False)  # a reader that saw the hang-up must not wait here for ever
    os.dup2(never, _STDIN)
    os.close(never)


@contextlib.contextmanager
def on_hang_up(when_gone: Callable[[], object]) -> Iterator[None]:
    """Call a function as soon as the terminal is gone and its descriptors are replaced.

    A signal handler calls it, not a task of the event loop: the loop may be busy while the threads go on. A thread does
    where no signal comes, because the terminal belongs to another session: `su -c` and containers make one.
    """
    if sys.platform == "win32":
        yield
        return

    def hung_up(*_: object) -> None:
        if not _kept_open:
            put_to_rest()
            when_gone()

    def look() -> None:
        while not is_over.is_set():
            if _closes_within(_LOOKS_EVERY_MS) and not is_over.is_set():
                hung_up()
                return

    former, is_over = signal.signal(signal.SIGHUP, hung_up), threading.Event()
    if os.isatty(_STDIN):
        threading.Thread(target=look, name="hang-up", daemon=True).start()
    try:
        yield
    finally:
        is_over.set()
        signal.signal(signal.SIGHUP, former)
