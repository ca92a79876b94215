"""The author who signs every record of the log and every row of the audit."""

from __future__ import annotations

import os
import pwd

from cwtui.domain.lazily import dataclass


@dataclass(frozen=True, slots=True)
class Author:
    """A person at a machine, in one process.

    Attributes:
        who: `ann@billing-host`.
    """

    who: str
    pid: int

    def __str__(self) -> str:
        return f"{self.who} (process {self.pid})"


def this_author() -> Author:
    """The person who started this process, and the process."""
    return Author(operator(), os.getpid())


def operator() -> str:
    """The person who called `sudo`, else the login, else `CWTUI_OPERATOR`, else the account; at this machine."""
    return f"{_person()}@{os.uname().nodename}"


def _person() -> str:
    if name := _clean(os.environ.get("SUDO_USER", "")):
        return name
    try:
        return os.getlogin()
    except OSError:  # no terminal: a timer, a container
        pass
    if name := _clean(os.environ.get("CWTUI_OPERATOR", "")):
        return name
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container without a user table
        return f"uid {os.geteuid()}"


def _clean(name: str) -> str:
    return "".join(letter for letter in name if letter.isprintable()).strip()
