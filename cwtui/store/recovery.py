"""Recovers a state from a damaged state file or journal; the damaged files themselves stay as they are.

Rule: synchronising.md#damaged-state.

Which files there are, and why some of them always make up the present state N:

    state           folded up to record n        state.journal      records after n
    state.bak       folded up to record m ≤ n    state.journal.1    records m + 1 … n

Folding goes through these steps, each durable before the next:

1. `state.bak` becomes a second name of the present state (folded n). `state.journal.1` is older now than needed, and
   `state.journal` holds n + 1 … N: both `state` and `state.bak` reach N with it.
2. `state` is replaced by the new one, folded N. It needs no journal and skips those records, which are not after N;
   `state.bak` (n) still reaches N with `state.journal`.
3. `state.journal` becomes `state.journal.1`: n + 1 … N, which is what `state.bak` needs. New records go to a new
   `state.journal`, from N + 1 on; both files need them.

A kill between two steps leaves what the step before left, and the next fold begins at 1 again; a journal that was not
renamed in time is merely longer than needed. So at any instant `state` + `state.journal` is N, and so is `state.bak` +
`state.journal.1` + `state.journal`: one damaged file of a pair leaves the other. Before the first fold there is no
`state.bak`; then the journal begins at record 1 and needs no state at all. Records are absolute, numbered without gaps
and checked one by one, so nothing is applied twice in effect, and a missing one is noticed.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

from cwtui.domain.errors import StateError
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Lost
from cwtui.store.files import beside, read_bytes, write_atomically
from cwtui.store.journal import Segment, apply, read_segment
from cwtui.store.layout import VERSION, Content, NotAState, parse, render
from cwtui.store.log import written_by_newer
from cwtui.store.lost import lost_between, note_lost, words_of
from cwtui.store.migrations import migrated


@dataclass(frozen=True, slots=True)
class Recovered:
    """A recovered state.

    Attributes:
        path: The file it was written to.
        lost: Journal records that could not be read, so that what they said is not part of it.
    """

    path: Path
    lost: Sequence[Lost]


def recover(path: Path) -> Path:
    """Write the last good state, with every journal record since that can be read, to a new file beside it.

    Args:
        path: The damaged state file, or one whose journal is damaged. Nothing about it is changed.

    Returns:
        `<state>.recovered.json`, or a numbered one where that is in use already.

    Raises:
        StateError: There is nothing left to recover from.
    """
    return _recovered(path).path


def keep_older(path: Path, older: Content) -> None:
    """Keep the last state of an older version beside the file that takes its place: `state.json.v1`, once.

    Journal and all are in it, so that version reads it as it stands.

    Raises:
        StateError: The disk refused; nothing was changed.
    """
    kept = beside(path, f".v{older.version}")
    if not kept.exists():
        write_atomically(kept, render(older))


def damaged(path: Path, what: str) -> StateError:
    """The error for a damaged state: says what is wrong, where it is kept, and what is offered instead."""
    kept = "It was left as it is, with its journal; nothing was sent to a service."
    try:
        found = _recovered(path)
    except StateError as error:
        return StateError(f"The state {path} is damaged: {what}.", changed=kept, next_step=error.next_step)
    without = f" without {len(found.lost)} journal records that cannot be read" if found.lost else ""
    offer = (
        f"The last good state plus journal{without} is in {found.path}: look at it and go on with it by "
        f"`cwtui --state {found.path}`, or restore {path} from your own backup.{words_of(found.lost)}"
    )
    return StateError(f"The state {path} is damaged: {what}.", changed=kept, next_step=offer)


def newer(path: Path, version: int) -> StateError:
    """The error for a state that a later cwtui wrote; where an earlier one is left that can be read, it is offered."""
    step = "Upgrade cwtui, or name another state file with --state."
    try:
        found = _recovered(path)
    except StateError:
        pass
    else:
        step = (
            f"Upgrade cwtui. The last good state plus journal that this version reads is in {found.path}; it knows"
            f" nothing of what the newer one did since: look at it before you go on with it by `cwtui --state"
            f" {found.path}`."
        )
    return written_by_newer(path, version, next_step=step)


def _recovered(path: Path) -> Recovered:
    segments = [read_segment(beside(path, suffix)) for suffix in (".journal.1", ".journal")]
    base = _readable(path) or _readable(beside(path, ".bak")) or _from_the_beginning(segments)
    try:
        content, lost = _replayed(base, segments)
    except NotAState as error:
        raise StateError(
            f"No good state was found beside {path}.",
            next_step=f"Restore {path} from your own backup, or name another state file with --state.",
        ) from error
    note_lost(lost, content)
    chunks = list(render(content))
    target = _free_name(path, b"".join(chunks))
    if not target.exists():
        write_atomically(target, chunks, sibling=f".{zlib.crc32(str(path).encode()):08x}.new")
    return Recovered(target, lost)


def _readable(path: Path) -> Content | None:
    data = read_bytes(path)
    try:
        content = parse(data) if data else None
    except NotAState:
        return None
    return content if content is not None and content.version <= VERSION else None


def _from_the_beginning(segments: list[Segment]) -> Content | None:
    """An empty state, if the journals go back to the first record of all."""
    numbers = [record.seq for segment in segments for record in segment.records]
    return Content() if numbers and min(numbers) == 1 else None


def _replayed(content: Content | None, segments: list[Segment]) -> tuple[Content, list[Lost]]:
    if content is None:
        raise NotAState("there is none")
    lost: list[Lost] = []
    for segment in segments:
        before = None
        for record in segment.records:
            if record.seq > content.folded:
                lost += lost_between(content.folded, record.seq, before, segment)
                content = migrated(content, to=record.version)
                apply(record, content)
                content.folded = record.seq
            before = record
        behind = (before.seq if before else content.folded) + len(
            segment.unreadable.get(before.seq if before else 0, ())
        )
        lost += lost_between(content.folded, behind + 1, before, segment)
        content.folded = max(content.folded, behind)
    return migrated(content), lost


def _free_name(path: Path, data: bytes) -> Path:
    """A name that is free or already holds exactly these bytes: a recovered state in use is never overwritten."""
    number = 1
    while True:
        target = beside(path, ".recovered.json" if number == 1 else f".recovered-{number}.json")
        if not target.exists() or (read_bytes(target) == data and not beside(target, ".journal").exists()):
            return target
        number += 1
