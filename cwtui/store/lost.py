"""Keeps a doubt for each record that a damaged journal lost, in the state that is offered instead.

Rule: synchronising.md#damaged-state.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from cwtui.domain.ids import AgreementId
from cwtui.domain.ledger import Lost
from cwtui.store import schema
from cwtui.store.journal import Segment
from cwtui.store.layout import Content
from cwtui.store.log import Record
from cwtui.store.table import encode

_AGREEMENT = re.compile(rb'"agreement_id":(\d{1,9})\b')
_TABLE = re.compile(rb'\["([a-z_]{3,20})",')
_CURSOR = "cursor"


def lost_between(first: int, last: int, before: Record | None, segment: Segment) -> Iterator[Lost]:
    """The records between two numbers.

    Args:
        first: Number of the last record that is part of the state.
        last: Number of the next one.
        before: The record that stands before what is damaged, if one does.
        segment: Where they stood.
    """
    left = b"".join(segment.unreadable.get(before.seq if before else 0, ()))
    named = dict.fromkeys(AgreementId(int(name)) for name in _AGREEMENT.findall(left))
    for seq in range(first + 1, last):
        yield Lost(seq, _moment(before), tuple(named))


def _moment(record: Record | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(record.at) if record and record.at else None
    except ValueError:
        return None
    return found.astimezone(UTC) if found is not None else None


def note_lost(lost: Sequence[Lost], content: Content) -> None:
    """Keep a doubt for each record that may have noted a write, and let the next check read again since then.

    A note of a write whose answer is noted too was no loss: the answer says all of it.
    """
    answered, table = content.table(schema.AUDIT.name), content.table(schema.LOST.name)
    for one in lost:
        if answered.get(str(one.seq)) is None:
            table.put(str(one.seq), schema.LOST.encode(one))
    if lost:
        _read_again(content, min((one.after for one in lost if one.after is not None), default=None))


def _read_again(content: Content, since: datetime | None) -> None:
    """Move the cursor back: a check's findings may be lost although the note of how far it came is not."""
    table = content.table(schema.CURSOR.name)
    found = table.get(_CURSOR)
    if found is None or since is None:
        return
    try:
        cursor = schema.CURSOR.decode(encode(found))
    except ValueError:
        return  # opening the recovered state says so
    if cursor.checked_at is not None and cursor.checked_at > since:
        table.put(_CURSOR, schema.CURSOR.encode(replace(cursor, checked_at=since)))


def words_of(lost: Sequence[Lost]) -> str:
    """Sentences for the operator: what is lost, and what cwtui does about it."""
    if not lost:
        return ""
    agreements = ", ".join(map(str, dict.fromkeys(name for one in lost for name in one.agreements)))
    names = f" What is left of them names agreement {agreements}." if agreements else ""
    since = min((one.after for one in lost if one.after is not None), default=None)
    when = f" They were noted after {since:%Y-%m-%d %H:%M:%S} UTC." if since is not None else ""
    return (
        f"{when}{names} What they may have written is looked for in ConnectWise before the like is written again; look"
        " yourself at mappings and decisions of that time."
    )
