"""The sandbox as a bare ASGI application: both services, and a control endpoint when served."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from cwtui.sandbox.behaviour import Behaviour, Fault, RequestLog
from cwtui.sandbox.control import Control
from cwtui.sandbox.credentials import IDENTITY_BASE, LOGIN_BASE, MARKETPLACE_BASE, PSA_BASE
from cwtui.sandbox.errors import MarketplaceRefusal, PsaRefusal, RefusedRequest, too_many_requests
from cwtui.sandbox.gateway import Gateway
from cwtui.sandbox.http import Request, Response
from cwtui.sandbox.identity import Identity, company_info
from cwtui.sandbox.marketplace import Marketplace
from cwtui.sandbox.psa import Psa
from cwtui.sandbox.world import World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CONTROL_BASE = "/_control"
_BASES = (
    (MARKETPLACE_BASE, "marketplace"),
    (PSA_BASE, "psa"),
    (IDENTITY_BASE, "identity"),
    (LOGIN_BASE, "login"),
    (CONTROL_BASE, "control"),
)
_HTML = (
    b"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>%d</h1><p>The gateway is busy.</p></body></html>"
)
_TOO_MANY = 429


class Gone(Exception):  # the client left, which is no error of the sandbox's
    """The client went away before its request was handled."""


class Sandbox:
    """The ASGI application. `world`, `behaviour` and `log` may be read and changed while it runs."""

    def __init__(self, world: World, behaviour: Behaviour, *, control: bool) -> None:
        self.world, self.behaviour, self.log = world, behaviour, RequestLog()
        self.marketplace = Marketplace(world, behaviour)
        self.psa = Psa(world, behaviour)
        self._identity = Identity(behaviour, self.marketplace.grant)
        self._gateway = Gateway(behaviour)
        self._control = Control(world, behaviour, self.log) if control else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request; lifespan and other scopes need nothing."""
        if scope["type"] != "http":
            return
        service, request = _request(scope, await _read(receive))
        if service == "control":
            await _send(send, self._control.answer(request) if self._control else Response(404))
            return
        entry = self.log.begin(service, request.method, f"{request.path}?{request.query_string}".rstrip("?"))
        writing = _agreement_written(request) if service == "psa" else ""
        if writing:
            self.log.begin_write(writing)
        status = 0
        try:
            answer = await self._misbehave(service, request, receive)
            status = answer.status
            await _send(send, answer)
        except Gone:
            return
        finally:
            self.log.end(entry, request.template or request.path, status)
            if writing:
                self.log.end_write(writing)

    async def _misbehave(self, service: str, request: Request, receive: Receive) -> Response:
        """Answer, with the latency and the fault that strikes this request."""
        if self.behaviour.latency_ms:
            await asyncio.sleep(self.behaviour.latency_ms / 1000)
        refusal = self._gateway.refusal() if service == "marketplace" else None
        if refusal is not None:
            return refusal
        fault = self.behaviour.fault_for(service, request.method, request.path)
        if fault is None:
            return self._answer(service, request)
        if fault.kind == "drop_token":
            self.marketplace.drop_tokens()
            return self._answer(service, request)
        if fault.kind == "delay" and fault.when == "before":
            await _wait(fault.delay_s, receive)
            return self._answer(service, request)
        answer = self._answer(service, request) if fault.when == "after" else None
        if fault.kind == "delay" and answer is not None:
            await asyncio.sleep(fault.delay_s)
            return answer
        return _fault_answer(service, fault)

    def _answer(self, service: str, request: Request) -> Response:
        try:
            if service == "marketplace":
                return self.marketplace.answer(request)
            if service == "psa":
                return self.psa.answer(request)
            if service == "identity":
                return self._identity.answer(request)
            if service == "login":
                return company_info(request, self.behaviour)
        except RefusedRequest as refusal:
            return Response(refusal.status, refusal.body, dict(refusal.headers))
        return Response(404, {"message": "The sandbox has no such path."})


def create_app(world: World, behaviour: Behaviour | None = None, *, control: bool = False) -> Sandbox:
    """Build the application.

    Args:
        world: What both services know; it is changed in place.
        behaviour: How it misbehaves; not at all without one.
        control: Whether `/_control` answers. Tests in the same process change the objects instead.
    """
    return Sandbox(world, behaviour or Behaviour(), control=control)


async def _read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return b"".join(parts)


def _request(scope: Scope, body: bytes) -> tuple[str, Request]:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    path = scope["path"]
    base, service = next(((base, name) for base, name in _BASES if path.startswith(base + "/")), ("", ""))
    origin = f"{scope.get('scheme', 'http')}://{headers.get('host', 'sandbox')}"
    query = scope.get("query_string", b"").decode("latin-1")
    return service, Request(scope["method"], path[len(base) :], query, headers, body, origin + base)


def _agreement_written(request: Request) -> str:
    steps = request.path.split("/")
    written = request.method != "GET" and steps[:3] == ["", "finance", "agreements"] and "additions" in steps
    return steps[3] if written else ""


async def _wait(seconds: float, receive: Receive) -> None:
    """Wait, and give up if the client goes away meanwhile.

    Raises:
        Gone: If it does.
    """
    leaving = asyncio.ensure_future(receive())
    done, _ = await asyncio.wait({leaving}, timeout=seconds)
    if not done:
        leaving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await leaving
    elif leaving.result()["type"] == "http.disconnect":
        raise Gone


def _fault_answer(service: str, fault: Fault) -> Response:
    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    if fault.kind == "html":
        return Response(
            fault.status, headers=headers, content_type="text/html; charset=utf-8", raw=_HTML % fault.status
        )
    if fault.status == _TOO_MANY:
        refusal = too_many_requests(service, fault.retry_after)
    elif service == "psa":
        refusal = PsaRefusal(fault.status, "InternalServerError", "The server could not complete the request.")
    else:
        refusal = MarketplaceRefusal(fault.status, "internalError", "The server could not complete the request.")
    return Response(refusal.status, refusal.body, headers)


async def _send(send: Send, answer: Response) -> None:
    body = answer.body()
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
    if answer.document is not None or answer.raw is not None:
        headers.append((b"content-type", answer.content_type.encode("latin-1")))
    if answer.status != 204:  # noqa: PLR2004  # the one status without a body
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
