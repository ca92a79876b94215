"""A terminal that is gone (a dropped SSH line): what is left of its file descriptors is put to rest.

Textual reads and writes them in threads of its own, and neither outlives an error there: the reader would end the
app in the middle of a write, and a screen nobody takes the output of would stand still.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator

_STDIN, _OUTPUTS = 0, (1, 2)
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


def put_to_rest() -> None:
    """What is written from now on goes nowhere; what is read never comes."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in _OUTPUTS:
        os.dup2(nowhere, number)
    os.close(nowhere)
    never, other_end = os.pipe()
    _kept_open.append(other_end)
    os.set_blocking(never, False)  # a reader that was told of the hang-up must not wait here for ever
    os.dup2(never, _STDIN)
    os.close(never)


@contextlib.contextmanager
def on_hang_up(when_gone: Callable[[], object]) -> Iterator[None]:
    """Call something as soon as the terminal is gone, with its descriptors at rest already.

    Not through the event loop: it may be busy, and the threads that read and write are not.
    """
    if sys.platform == "win32":
        yield
        return

    def hung_up(*_: object) -> None:
        put_to_rest()
        when_gone()

    former = signal.signal(signal.SIGHUP, hung_up)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, former)
