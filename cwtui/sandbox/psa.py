"""The simulated PSA: checks credentials and permissions, finds the resource, and answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cwtui.sandbox import exact_json, psa_lists, psa_writes
from cwtui.sandbox.behaviour import Behaviour
from cwtui.sandbox.credentials import PSA
from cwtui.sandbox.errors import Fault400, Item, NotFound, PsaRefusal
from cwtui.sandbox.http import Request, Response
from cwtui.sandbox.psa_paths import LEVELS, Route, resolve
from cwtui.sandbox.psa_views import VIEWS, View
from cwtui.sandbox.shape import SHAPES, Row
from cwtui.sandbox.table import RecordTable
from cwtui.sandbox.world import World

MAX_URL = 2000
_VERSIONED = re.compile(r"application/vnd\.connectwise\.com\+json(;\s*version=(?P<version>.*))?")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class Psa:
    """Answers requests from a world's PSA tables."""

    def __init__(self, world: World, behaviour: Behaviour) -> None:
        self.world, self.behaviour = world, behaviour

    def answer(self, request: Request) -> Response:
        """Answer one request.

        Raises:
            RefusedRequest: In place of an answer that is not a success.
        """
        _identify(request)
        if request.method == "GET":
            psa_lists.know_paging(request)
        if len(request.url) + 1 + len(request.query_string) > MAX_URL:
            raise PsaRefusal(414, "UriTooLong", "The request URL is too long.")
        newest = self.behaviour.psa_version
        content_type = _content_type(request.headers.get("accept", ""), newest)
        _know_fields(request, self.behaviour.unknown_fields)
        route = resolve(request.path)
        request.template = route.template
        if request.method not in route.methods:
            allowed = {"Allow": ", ".join(sorted(route.methods))}
            raise PsaRefusal(405, "MethodNotAllowed", f"{request.method} is not supported here.", headers=allowed)
        self._permit(route, request.method)
        answer = self._dispatch(route, request)
        answer.headers["api-current-version"] = newest
        answer.content_type = content_type
        return answer

    def _permit(self, route: Route, method: str) -> None:
        module, permission = route.resource.permission
        if (module, permission, LEVELS[method]) in self.behaviour.lacks:
            raise PsaRefusal(403, "Forbidden", f"Your security role does not allow {permission} at this level.")

    def _dispatch(self, route: Route, request: Request) -> Response:
        body = _body(request) if request.method in _WITH_BODY else None
        view = VIEWS.get(route.resource.template)
        if view is not None and request.method == "GET":
            return self._view(view, route, request)
        parent = self._parent(route)
        table = self._table(route)
        if route.form == "count":
            return psa_lists.counted(table, route.resource.shape, request)
        if route.form == "item":
            return self._item(route, request, table, parent, body)
        if request.method == "GET":
            answer = psa_lists.listed(table, route.resource.shape, request, link_always=self.behaviour.link_always)
            return self._shown(route, answer)
        select = psa_lists.selection(request, route.resource.shape)
        self._refuse_unknown(route, body)
        row = psa_writes.create(self.world, route.resource, table, parent, body)
        return self._shown(route, Response(route.resource.created, select(self._kept(route, table, row))))

    def _item(self, route: Route, request: Request, table: RecordTable, parent: Row | None, body: Any) -> Response:
        row = table.get(route.id)
        if row is None:
            raise NotFound(f"{route.resource.shape} {route.id} not found")
        select = psa_lists.selection(request, route.resource.shape)
        match request.method:
            case "GET":
                return self._shown(route, Response(200, select(row)))
            case "DELETE":
                psa_writes.delete(self.world, route.resource, table, row)
                status = route.resource.deleted
                return Response(status, row if status == 200 else None)  # noqa: PLR2004  # with a body or without
            case "PUT":
                self._refuse_unknown(route, body)
                write: Callable[..., Row] = psa_writes.replace
            case _:
                write = psa_writes.patch
        written = write(self.world, route.resource, table, parent, row, body)
        return self._shown(route, Response(200, select(self._kept(route, table, written))))

    def _kept(self, route: Route, table: RecordTable, row: Row) -> Row:
        """Store an addition the PSA's own way; the immediate answer may still show the values sent."""
        if route.resource.table != "additions":
            return row
        kept = self.behaviour.keeping.kept(row)
        table.add(kept)
        return row if self.behaviour.keeping.echoes else kept

    def _shown(self, route: Route, answer: Response) -> Response:
        if route.resource.table != "additions":
            return answer
        return replace(answer, document=self.behaviour.keeping.shown(answer.document))

    def _refuse_unknown(self, route: Route, body: Any) -> None:
        shape = SHAPES[route.resource.shape]
        unknown = [name for name in body if name not in shape.fields] if isinstance(body, dict) else []
        if self.behaviour.keeping.strict and unknown:
            text = f"The member {unknown[0]} is not known."
            raise shape.refuse(Item("InvalidObject", text, shape.name, unknown[0]))

    def _view(self, view: View, route: Route, request: Request) -> Response:
        self._parent(route)
        rows = view(self.world, self.behaviour, route.parent)
        select = psa_lists.selection(request, route.resource.shape)
        if route.form == "item":
            row = next((row for row in rows if row["id"] == route.id), None)
            if row is None:
                raise NotFound(f"{route.resource.shape} {route.id} not found")
            return Response(200, select(row))
        if route.resource.shape == "info":
            return Response(200, select(rows[0]))
        table = RecordTable()
        for row in rows:
            table.add(row)
        return psa_lists.listed(table, route.resource.shape, request, link_always=self.behaviour.link_always)

    def _parent(self, route: Route) -> Row | None:
        if route.parent is None:
            return None
        parent = self.world.psa[route.resource.parents].get(route.parent)
        if parent is None:
            raise NotFound(f"{route.resource.parents} {route.parent} not found")
        return parent

    def _table(self, route: Route) -> RecordTable:
        name = route.resource.table
        if route.parent is None or name == "subcategories":
            return self.world.psa[name]
        return self.world.child(name, route.parent)


def _identify(request: Request) -> None:
    if request.basic_credentials() != f"{PSA.company_id}+{PSA.public_key}:{PSA.private_key}":
        raise PsaRefusal(401, "Unauthorized", "The credentials are not valid.")
    if request.headers.get("clientid") != PSA.client_id:
        raise PsaRefusal(403, "InvalidClientId", "A valid clientId header is required.")


def _content_type(accept: str, newest: str) -> str:
    """What the answer is sent as; several types may be accepted, the first that is known counts."""
    for accepted in accept.split(","):
        found = _VERSIONED.fullmatch(accepted.strip())
        if found is None:
            continue
        version = (found["version"] or newest).strip()
        if not re.fullmatch(r"\d{1,4}\.\d{1,2}", version) or _parts(version) > _parts(newest):
            raise Fault400("InvalidVersion", f"{version} is not a version of this API; it offers {newest}.")
        return f"application/vnd.connectwise.com+json; version={version}"
    return "application/json"


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _know_fields(request: Request, unknown: frozenset[str]) -> None:
    asked = request.query.get("fields", "").split(",")
    if strange := [name for name in asked if name in unknown]:
        raise Fault400("InvalidParameter", f"{strange[0]} is not a field of this record.")


def _body(request: Request) -> Any:
    if not request.sends_json():
        raise PsaRefusal(415, "UnsupportedMediaType", "The body must be application/json.")
    try:
        return exact_json.loads(request.body)
    except ValueError as error:
        raise Fault400("InvalidRequest", "The body is not valid JSON.") from error
