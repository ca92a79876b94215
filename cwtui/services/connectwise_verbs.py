"""ConnectWise REST API 3.0: sign-in, versions, paging and JSON-Patch, as five verbs over paths."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
from pydantic import SecretStr

from cwtui.domain.errors import NotFound, Refused, ServiceError
from cwtui.domain.records import Leave
from cwtui.services.answers import one_line, unreadable
from cwtui.services.client import Client
from cwtui.services.connectwise_address import api_url, site_url
from cwtui.services.connectwise_conditions import among, both, room_beside
from cwtui.services.edition import Edition
from cwtui.services.gate import Timing
from cwtui.services.http_policy import Answer, HttpPolicy
from cwtui.services.paging import SeenPages, in_order
from cwtui.services.reading import M, Reader

API_VERSION = "2026.4"
"""The model that the contract describes and the records are written for. Pinning it keeps a newer server from
answering with a newer model; an older server answers with the latest model it has, which reads the same here."""
_LOGIN_TIMEOUT_S = 5.0
PAGE = 1000
"""The most ConnectWise gives at once."""
_NEXT = re.compile(r"<([^>]*)>[^,]*;\s*rel=\"?next\"?", re.IGNORECASE)

D = TypeVar("D")


class Verbs(Client):
    """Lists, single records, creates, patches and deletes, over one HTTP policy."""

    def __init__(
        self,
        base_url: str,
        company_id: str,
        public_key: str,
        private_key: SecretStr,
        client_id: str,
        *,
        concurrency: int = 16,
        timeout_s: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
        timing: Timing | None = None,
        api_version: str = API_VERSION,
    ) -> None:
        """Take the credentials (settings.md#sign-in). Nothing is sent before the first question.

        Raises:
            ConfigError: If `base_url` may not be used (see `HttpPolicy`).
        """
        secret = private_key.get_secret_value()
        basic = b64encode(f"{company_id}+{public_key}:{secret}".encode()).decode()
        http = HttpPolicy(
            api_url(base_url),
            service="PSA",
            headers={
                "Authorization": f"Basic {basic}",
                "clientId": client_id,
            },
            secrets=(secret, basic, public_key),
            concurrency=concurrency,
            timeout_s=timeout_s,
            transport=transport,
            timing=timing,
        )
        super().__init__(http, concurrency)
        self.base_url, self._company_id = base_url, company_id
        self._to_login: Callable[[], HttpPolicy] = partial(
            HttpPolicy,
            site_url(base_url),
            service="PSA",
            headers={"Accept": "application/json"},
            secrets=(),
            timeout_s=min(timeout_s, _LOGIN_TIMEOUT_S),
            transport=transport,
            timing=timing,
        )
        self.edition = Edition(api_version)

    async def probe(self, method: str, path: str, body: object = None) -> int:
        """The status that a request ends with: for asking what is permitted, without changing anything.

        Rule: reconciling.md#doctor.

        Raises:
            ServiceError: Only if no answer came.
        """
        try:
            answer = await self._ask(method, path, body=body, repeatable=True)
        except ServiceError as error:
            if error.status is None:
                raise
            return error.status
        return answer.status

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        leave: Leave | None = None,
    ) -> Answer:
        """Ask; if the server does not know a requested field or version, ask again without it.

        Rule: settings.md#versions.
        """
        while True:
            known = self.edition.known(path, query or {})
            asked = self.edition.asks_whole(path)
            try:
                answer = await self._http.ask(
                    method,
                    path,
                    query=known or None,
                    body=body,
                    headers={**(headers or {}), "Accept": self.edition.accept},
                    repeatable=repeatable,
                    leave=leave,
                )
            except Refused as error:
                if asked:
                    self.edition.forget(path)
                if not self.edition.learn(path, known, error):
                    raise
            else:
                self.edition.offers = one_line(answer.headers.get("api-current-version", "")) or self.edition.offers
                return answer

    async def _get_pages(
        self, path: str, reader: Reader[M, D], fields: str, conditions: str = ""
    ) -> AsyncGenerator[Sequence[D]]:
        """Every record that fulfils the conditions, a page at a time; unreadable ones are noted and left out."""
        async with aclosing(self._rows(path, fields, conditions)) as pages:
            async for rows in pages:
                yield self._readable(path, reader, rows)

    async def _get_among(
        self, path: str, reader: Reader[M, D], fields: str, ids: Collection[int], conditions: str = ""
    ) -> AsyncGenerator[Sequence[D]]:
        """The records with those ids, in as few requests as URLs of 2000 characters allow, side by side."""
        room = room_beside(self._http.base_url + path, fields, conditions) - 10
        fetches = [partial(self._all_rows, path, fields, both(chosen, conditions)) for chosen in among("id", ids, room)]
        async with aclosing(in_order(fetches, self._ahead)) as pages:
            async for rows in pages:
                yield self._readable(path, reader, rows)

    async def _get_all(self, path: str, reader: Reader[M, D], fields: str, conditions: str = "") -> Sequence[D]:
        """Every record that fulfils the conditions.

        Raises:
            Unreadable: If one of them cannot be read: the caller needs all of them or none.
        """
        answer: list[D] = []
        async with aclosing(self._rows(path, fields, conditions)) as pages:
            async for rows in pages:
                read, unread = reader.many(rows)
                if unread:
                    asked = self._http.asked("GET", path)
                    raise unreadable(asked, f"a record that cannot be read (id {unread[0].id or '?'}: {unread[0].why})")
                answer += read
        return answer

    async def _get_newest(
        self, path: str, reader: Reader[M, D], fields: str, conditions: str, order_by: str
    ) -> D | None:
        """The first record in that order, or None."""
        query = {"conditions": conditions, "orderBy": order_by, "pageSize": "1", "fields": fields}
        answer = await self._ask("GET", path, query=query)
        rows = _list(answer)
        return read(answer, reader, rows[0]) if rows else None

    async def _get_one(self, path: str, reader: Reader[M, D], fields: str = "") -> D:
        answer = await self._ask("GET", path, query={"fields": fields} if fields else None)
        return read(answer, reader)

    async def _post(
        self, path: str, reader: Reader[M, D], body: Mapping[str, object], *, leave: Leave | None = None
    ) -> D:
        """Create a record; gives it as ConnectWise holds it. `OutcomeUnknown` if no answer says so."""
        return read(await self._ask("POST", path, body=body, leave=leave), reader)

    async def _patch(
        self,
        path: str,
        reader: Reader[M, D],
        values: Mapping[str, object],
        fields: str = "",
        *,
        removing: str = "",
        leave: Leave | None = None,
    ) -> D:
        """Replace fields in one request; gives the record as ConnectWise holds it afterwards.

        Args:
            path: Of the record.
            reader: Of the record.
            values: By field name; None clears a field.
            fields: What to read if the answer does not carry the record.
            removing: A field to clear by the operation `remove` in place of a null.
            leave: Awaited before the request is sent.
        """
        body = [
            {"op": "remove", "path": name} if name == removing else {"op": "replace", "path": name, "value": value}
            for name, value in values.items()
        ]
        answer = await self._ask("PATCH", path, body=body, leave=leave)
        if answer.document is None:
            return await self._get_one(path, reader, fields)
        return read(answer, reader)

    async def _delete(self, path: str, *, leave: Leave | None = None) -> None:
        """Delete a record; one that is gone already counts as deleted (synchronising.md#exactly-once)."""
        try:
            await self._ask("DELETE", path, leave=leave)
        except NotFound:
            return

    def _not_kept(self, path: str, what: str) -> ServiceError:
        """The error for a PATCH that was answered with success but not carried out."""
        return Refused(
            f"ConnectWise answered PATCH {path} as if it had worked, but did not keep {what}.",
            service="PSA",
            status=200,
            changed="The other values that were sent, if any, are changed.",
            next_step="Look at the record in ConnectWise: a rule or a missing permission there may protect the field.",
        )

    def _readable(self, path: str, reader: Reader[M, D], rows: Sequence[object]) -> Sequence[D]:
        answer, unread = reader.many(rows)
        self._unreadable += [
            f"ConnectWise's record {each.id or '?'} of {path} cannot be read: {each.why}." for each in unread
        ]
        return answer

    async def _all_rows(self, path: str, fields: str, conditions: str) -> Sequence[object]:
        answer: list[object] = []
        async with aclosing(self._rows(path, fields, conditions)) as pages:
            async for rows in pages:
                answer += rows
        return answer

    async def _rows(self, path: str, fields: str, conditions: str) -> AsyncGenerator[Sequence[object]]:
        """Pages of rows, forward-only; follows a server that answers with page numbers, or names no next page.

        Raises:
            Unreadable: If a page comes twice.
        """
        seen = SeenPages()
        query = {"pageSize": str(PAGE), "fields": fields} | ({"conditions": conditions} if conditions else {})
        more: Mapping[str, str] | None = {}
        while more is not None:
            answer = await self._ask("GET", path, query={**query, **more}, headers={"pagination-type": "forward-only"})
            rows = _list(answer)
            if rows:
                yield seen.new(rows, answer.asked)
            more = _following(answer.headers.get("Link", ""), rows)


def _following(link: str, rows: Sequence[object]) -> Mapping[str, str] | None:
    """The parameters of the next page, or None after the last one.

    Only the parameters of the link are taken, never its address: behind a proxy that is often another one, and
    credentials go nowhere but to the configured one. Forward-only paging names a next page even after the last, so a
    page shorter than its link says is the last. Without a link, the next page is requested after every full page.
    """
    if not rows:
        return None
    found = _NEXT.search(link)
    if found:
        named = {name: values[-1] for name, values in parse_qs(urlsplit(found[1]).query).items()}
        if "page" in named and "pageId" not in named:
            return {"page": named["page"]}
        if "pageId" in named:
            size = named.get("pageSize", "")
            is_last = size.isdecimal() and len(rows) < int(size)
            return None if is_last else {"pageId": named["pageId"]}
    last = rows[-1]
    if len(rows) < PAGE or not isinstance(last, dict):
        return None
    return {"pageId": str(last.get("id"))}


def _list(answer: Answer) -> list[object]:
    if not isinstance(answer.document, list):
        raise unreadable(answer.asked, "a document that is not a list of records", answer.status)
    return answer.document


_WHOLE = object()


def read(answer: Answer, reader: Reader[M, D], row: object = _WHOLE) -> D:
    """The record an answer holds.

    Raises:
        OutcomeUnknown: If it cannot be read, and answers a create.
        Unreadable: If it cannot be read.
    """
    try:
        return reader.one(answer.document if row is _WHOLE else row)
    except ValueError as error:
        raise unreadable(answer.asked, f"a record that cannot be read ({error})", answer.status) from error
