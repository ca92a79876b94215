"""The whole of a state in PostgreSQL: the folded text in parts, and the records after it."""

from __future__ import annotations

import psycopg

from cwtui.domain.errors import StateError
from cwtui.domain.lazily import dataclass
from cwtui.store.journal import apply
from cwtui.store.layout import VERSION, Content, NotAState, parse, render
from cwtui.store.log import replaced_by_earlier, written_by_newer
from cwtui.store.migrations import migrated
from cwtui.store.postgres_records import news

_PART = 1 << 22


@dataclass(frozen=True, slots=True)
class Whole:
    """What is kept.

    Attributes:
        content: Everything up to the last record.
        size: Bytes of the folded state.
        pending: Bytes of the records that are not folded yet.
        is_older: It is kept in an older shape.
    """

    content: Content
    size: int
    pending: int
    is_older: bool


def read(connection: psycopg.Connection, profile: str, known: int, name: str) -> Whole:
    """Read everything, in one transaction of the caller's.

    Args:
        connection: To the server.
        profile: Whose state.
        known: The last record that is known here.
        name: What messages call the state.

    Raises:
        StateError: It is damaged, from a newer version, or an earlier one than is known here.
        psycopg.Error: The server cannot be used.
    """
    row = connection.execute(
        "select version, folded, last, size, pending from cwtui.state where profile = %s", (profile,)
    ).fetchone()
    version, folded, last, size, pending = row or (VERSION, 0, 0, 0, 0)
    if last < known:
        raise replaced_by_earlier(name)
    _refuse_newer(version, name)
    parts = connection.execute("select data from cwtui.part where profile = %s order by number", (profile,)).fetchall()
    try:
        content = parse(b"".join(bytes(part) for (part,) in parts)) if parts else Content()
        is_older = content.version < VERSION
        for record in news(connection, profile, folded).records:
            _refuse_newer(record.version, name)
            content = migrated(content, to=record.version)
            apply(record, content)
            content.folded = record.seq
            is_older = is_older or record.version < VERSION
        content = migrated(content)
    except (NotAState, ValueError, LookupError) as error:
        raise _damaged(name, str(error)) from error
    if content.folded != last:
        raise _damaged(name, f"records {content.folded + 1} to {last} are missing")
    return Whole(content, size, pending, is_older)


def _damaged(name: str, why: str) -> StateError:
    return StateError(
        f"The state {name} is damaged: {why}.",
        changed="It was left as it is; nothing was sent to a service.",
        next_step="Restore the schema cwtui of that database from its last backup.",
    )


def _refuse_newer(version: int, name: str) -> None:
    if version > VERSION:
        raise written_by_newer(name, version, next_step="Upgrade cwtui, or name another state.url.")


def write(connection: psycopg.Connection, profile: str, content: Content) -> int:
    """Keep this as the whole, while others are kept out; its bytes.

    Raises:
        psycopg.Error: The server cannot be used.
    """
    data = b"".join(render(content))
    parts = [data[start : start + _PART] for start in range(0, len(data), _PART)]
    connection.execute("delete from cwtui.part where profile = %s", (profile,))
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into cwtui.part values (%s, %s, %s)",
            [(profile, number, part) for number, part in enumerate(parts)],
        )
    connection.execute("delete from cwtui.log where profile = %s and seq <= %s", (profile, content.folded))
    connection.execute(
        "update cwtui.state set folded = %s, last = greatest(last, %s), size = %s, pending = 0, version = %s"
        " where profile = %s",
        (content.folded, content.folded, len(data), content.version, profile),
    )
    return len(data)
