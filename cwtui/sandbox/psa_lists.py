"""Reading from the PSA: conditions, order, paging both ways, and partial answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any

from cwtui.sandbox.conditions import Predicate, compile_child_conditions, compile_conditions
from cwtui.sandbox.errors import Fault400
from cwtui.sandbox.http import Request, Response
from cwtui.sandbox.shape import SHAPES, Row
from cwtui.sandbox.table import RecordTable

DEFAULT_PAGE_SIZE = 25
MAX_PAGE_SIZE = 1000
Selection = Callable[[Row], Row]


def listed(table: RecordTable, shape: str, request: Request, *, link_always: bool) -> Response:
    """Answer one page of a table.

    Args:
        table: The records.
        shape: What they look like.
        request: Its `conditions`, `childConditions`, `orderBy`, `fields`, `page`, `pageSize`, `pageId` count.
        link_always: See `Behaviour.link_always`.

    Raises:
        Fault400: If a parameter cannot be used.
    """
    size = min(_whole(request, "pageSize", DEFAULT_PAGE_SIZE), MAX_PAGE_SIZE)
    select = selection(request, shape)
    if request.headers.get("pagination-type", "").lower() == "forward-only":
        rows, link = _forward(table, shape, request, size, link_always=link_always)
    else:
        rows, link = _navigated(table, shape, request, size)
    return Response(document=[select(row) for row in rows], headers={"Link": link})


def counted(table: RecordTable, shape: str, request: Request) -> Response:
    """Answer how many records fulfil the conditions."""
    key, predicate = _filter(shape, request)
    count = len(table) if predicate is None else len(table.filtered(key, predicate))
    return Response(document={"count": count})


def _forward(
    table: RecordTable, shape: str, request: Request, size: int, *, link_always: bool
) -> tuple[list[Row], str]:
    if request.query.get("orderBy"):
        raise Fault400("InvalidParameter", "orderBy is not allowed with forward-only pagination.")
    after = _whole(request, "pageId", 0, least=0)
    _, predicate = _filter(shape, request)
    rows: Iterable[Row] = table.after(after)
    if predicate is not None:
        rows = filter(predicate, rows)
    page = list(islice(rows, size))
    if not page or (len(page) < size and not link_always):
        return page, ""
    return page, _link(request, "next", pageSize=size, pageId=page[-1]["id"])


def _navigated(table: RecordTable, shape: str, request: Request, size: int) -> tuple[list[Row], str]:
    page = _whole(request, "page", 1)
    key, predicate = _filter(shape, request)
    rows = list(table) if predicate is None else table.filtered(key, predicate)
    rows = _ordered(rows, shape, request.query.get("orderBy", ""))
    last = max(1, -(-len(rows) // size))
    links = []
    if page > 1:
        links += [_link(request, "first", pageSize=size, page=1), _link(request, "prev", pageSize=size, page=page - 1)]
    if page < last:
        links += [
            _link(request, "next", pageSize=size, page=page + 1),
            _link(request, "last", pageSize=size, page=last),
        ]
    return rows[(page - 1) * size : page * size], ", ".join(links)


def _filter(shape: str, request: Request) -> tuple[tuple[str, str], Predicate | None]:
    text, child_text = request.query.get("conditions", "").strip(), request.query.get("childConditions", "").strip()
    if request.query.get("customFieldConditions"):
        raise Fault400("ApiFindCondition", "No record of the sandbox has custom fields.")
    tests = []
    if text:
        tests.append(compile_conditions(text, shape))
    if child_text:
        tests.append(compile_child_conditions(child_text, shape))
    if not tests:
        return (text, child_text), None
    if len(tests) == 1:
        return (text, child_text), tests[0]
    return (text, child_text), lambda row: all(test(row) for test in tests)


def _ordered(rows: list[Row], shape: str, text: str) -> list[Row]:
    for part in reversed([part.split() for part in text.split(",") if part.strip()]):
        path, direction = part[0], (part[1].lower() if len(part) > 1 else "asc")
        if not SHAPES[shape].knows(path) or direction not in {"asc", "desc"}:
            raise Fault400("InvalidParameter", f"Cannot order by {' '.join(part)}.")
        steps = path.split("/")
        rows = sorted(rows, key=partial(_sort_key, steps), reverse=direction == "desc")
    return rows


def _sort_key(steps: list[str], row: Any) -> tuple[int, Any]:
    for step in steps:
        row = row.get(step) if isinstance(row, dict) else None
    if row is None:
        return 0, 0
    return (1, row) if isinstance(row, int | Decimal) else (2, str(row).casefold())


def _link(request: Request, relation: str, **changes: int) -> str:
    kept = [part for part in request.query_string.split("&") if part and part.partition("=")[0] not in _PAGING]
    query = "&".join([*kept, *(f"{name}={value}" for name, value in changes.items())])
    return f'<{request.url}?{query}>; rel="{relation}"'


_PAGING = {"page": 1, "pageSize": 1, "pageId": 0}
"""Parameters, and the least they may be."""
_INT32 = 2**31


def know_paging(request: Request) -> None:
    """Refuse impossible paging parameters, also on requests that do not page.

    Raises:
        Fault400: If a paging parameter is not a whole number in its range, or stands there twice.
    """
    for name, least in _PAGING.items():
        _whole(request, name, least, least)
        if request.names.count(name) > 1:
            raise Fault400("InvalidParameter", f"{name} may be given once.")


def _whole(request: Request, name: str, default: int, least: int = 1) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal()) or not least <= int(text) < _INT32:
        raise Fault400("InvalidParameter", f"{name} must be a whole number from {least}.")
    return int(text)


def selection(request: Request, shape: str) -> Selection:
    """The part of a record that `fields` names; all of it without `fields`, `_info` only if named.

    Raises:
        Fault400: If it names a field the record does not have.
    """
    paths = [path.strip() for path in request.query.get("fields", "").split(",") if path.strip()]
    if not paths:
        return lambda row: row
    nested: dict[str, list[str]] = {}
    for path in paths:
        if not SHAPES[shape].knows(path):
            raise Fault400("InvalidParameter", f"{path} is not a field of {shape}.")
        head, _, tail = path.partition("/")
        nested.setdefault(head, []).append(tail)
    whole = [head for head, tails in nested.items() if "" in tails]
    inner = {head: tails for head, tails in nested.items() if "" not in tails}
    if not inner:
        return lambda row: {name: row[name] for name in whole if name in row}
    return lambda row: _select(row, whole, inner)


def _select(row: Row, whole: list[str], inner: dict[str, list[str]]) -> Row:
    answer = {name: row[name] for name in whole if name in row}
    for head, tails in inner.items():
        value = row.get(head)
        if isinstance(value, list):
            answer[head] = [_part(entry, tails) for entry in value if isinstance(entry, dict)]
        elif isinstance(value, dict):
            answer[head] = _part(value, tails)
    return answer


def _part(value: Row, tails: list[str]) -> Row:
    answer: Row = {}
    for tail in tails:
        head, _, rest = tail.partition("/")
        if head not in value:
            continue
        answer[head] = {rest: value[head].get(rest)} if rest and isinstance(value[head], dict) else value[head]
    return answer
