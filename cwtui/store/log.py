"""The protocols of the shared log and the leases: kept in files, or in a database.

Any number of processes append to one log. Who wants to change something takes the log for a moment (`alone`), reads
what others appended (`news`), checks whether the change still fits, appends, and lets go. What was appended is seen by
all from then on; it is durable after `flush`, which may follow outside of the moment: whatever is appended later is
flushed with everything before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from cwtui.domain.errors import StateError
from cwtui.domain.lazily import dataclass
from cwtui.store.layout import VERSION, Content

Op = tuple[str, str, bytes | None]
"""Table, id, and the compact JSON of the document to put; None drops it."""


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of the log: what was put and dropped together.

    Attributes:
        seq: Grows by one from record to record.
        version: Of the documents' shape.
        ops: `[table, document]` puts a document under its `id`, `[table, id]` drops one.
        who, pid: Its author; empty and 0 where an older cwtui wrote it.
        at: When, in ISO 8601 and UTC.
    """

    seq: int
    version: int
    ops: Sequence[Sequence[Any]]
    who: str = ""
    pid: int = 0
    at: str = ""


class Moved(Exception):  # no error of anybody's: the answer to `news`
    """The new records are not available one by one: read everything again (`load`)."""


class Log(Protocol):
    """The shared log of one state.

    Every method that reaches the disk or the database raises `StateError`; none leaves half a record behind.
    """

    @property
    def name(self) -> str:
        """What messages call the state: its path, or its address without a password."""

    @property
    def seq(self) -> int:
        """Number of the last record known here: appended here, or returned by `news`, or part of `load`."""

    @property
    def length(self) -> int:
        """Bytes that a fold would read; 0 if there is nothing to fold."""

    @property
    def size(self) -> int:
        """Bytes of the folded state, as far as they are known."""

    @property
    def is_flushed(self) -> bool:
        """Every record that was appended here is durable."""

    @property
    def flushes_later(self) -> bool:
        """`flush` may wait until others have appended too; else it is asked as soon as `alone` has ended."""

    def load(self) -> tuple[Content, bool]:
        """The whole state up to `seq`, and whether it is kept in an older shape: fold it soon.

        Raises:
            StateError: It is damaged or from a newer version; says what is left.
        """

    def news(self) -> Sequence[Record]:
        """What others appended since, in sequence; cheap where there is nothing. Within `alone`, nothing follows it.

        Raises:
            Moved: Read everything again.
            StateError: The log is damaged, or was replaced.
        """

    def alone(self, wait_s: float | None = None) -> AbstractContextManager[None]:
        """Keep every other process from appending and folding, for a moment. May be nested.

        Raises:
            StateLocked: Somebody keeps it longer than that (or than anybody should); says who.
        """

    def append(self, ops: Iterable[Op]) -> int:
        """Append one record, while `alone` and after `news`; returns its number. It is durable after `flush`."""

    @property
    def appends_beside(self) -> bool:
        """`append_beside` is worth trying: each turn with the log costs trips to a server."""

    def append_beside(self, ops: Iterable[Op], watched: Sequence[bytes]) -> Sequence[Record] | None:
        """Append one record, durably, without keeping others out first; says what they had appended before it.

        None where it was not appended: what they appended holds a watched piece of JSON, or cannot be told.
        """

    def flush(self) -> None:
        """Make durable what was appended. May be called by another thread, outside of `alone`."""

    def take_back(self) -> bool:
        """Take the last record out again, while `alone`: its flush failed. False where others appended since."""

    def fold(self, content: Content) -> None:
        """Keep this as the whole state, while `alone` and after `news`; records up to it are not needed any more."""

    def close(self) -> None:
        """Let everything go. A second call does nothing."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease.

    Attributes:
        since: In ISO 8601 and UTC.
    """

    who: str
    pid: int
    since: str

    def __str__(self) -> str:
        return f"{self.who} (process {self.pid}, since {_moment(self.since)})"


def _moment(since: str) -> str:
    """A moment as every message says it; another cwtui's word for it as it is."""
    try:
        return f"{datetime.fromisoformat(since):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return since


class Leases(Protocol):
    """Who works on what: an agreement, the check. A lease is given back at once when its holder dies."""

    def take(self, name: str) -> Holder | None:
        """Take a lease at once or not at all: None when it is ours now, else who holds it (perhaps we ourselves).

        Raises:
            StateError: Leases cannot be taken here.
        """

    def give_back(self, name: str) -> None:
        """Let others have it."""

    def holds(self, name: str) -> bool:
        """It is still ours: ask before each write (its file may have been deleted, a connection lost)."""

    @property
    def may_be_lost(self) -> bool:
        """Another process can get what a living one took, as soon as the connection of that is gone."""

    def holders(self) -> Mapping[str, Holder]:
        """Everything that is held now, by anybody: for screens and messages."""

    def close(self) -> None:
        """Give everything back."""


def replaced_by_earlier(name: str) -> StateError:
    """The error for a state that went back while it was worked on."""
    return StateError(
        f"An earlier state was put in the place of {name} while cwtui worked on it.",
        changed="Nothing more was noted, and nothing more is sent.",
        next_step="Start again: the state that is there now counts then.",
    )


def written_by_newer(name: object, version: int, *, next_step: str) -> StateError:
    """The error for a state that a later cwtui wrote."""
    return StateError(
        f"The state {name} was written by a newer cwtui (version {version} of its format, this one reads {VERSION}).",
        changed="It was left as it is; nothing was sent to a service.",
        next_step=next_step,
    )
