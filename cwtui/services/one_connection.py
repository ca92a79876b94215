"""One HTTP/1.1 connection as an `httpx` transport (docs/adr/0009).

A request costs 1.04 ms of CPU with httpx's own connections and 0.43 ms with this one; and httpx takes a stray answer as
the answer to the next request. asyncio moves the bytes, and `h11` (which `httpx` uses too) parses them.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from base64 import b64encode
from urllib.parse import unquote

import h11
import httpx

from cwtui.services.unpacking import unpacked
from cwtui.services.wire import Wire

_SPOKE_FIRST = "the server spoke before it was asked, or hung up"
_DONE = 200
LEAVE = "cwtui.leave"
"""The extension of a request that is awaited once the connection is open, before the first byte is sent. It returns a
function that is called in the moment before the first byte: if that returns False, it is awaited again.
"""
_TRIES = 5
_TCP_GIVES_UP: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)


class OneConnection(httpx.AsyncBaseTransport):
    """A connection that is opened when it is needed, kept for the next request, and closed after any doubt."""

    def __init__(
        self,
        *,
        certificates: ssl.SSLContext,
        connect_timeout_s: float,
        timeout_s: float = 30.0,
        keep_alive_s: float,
        proxy: httpx.URL | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            certificates: For https.
            connect_timeout_s: Until the connection stands, handshakes included.
            timeout_s: The system itself stops sending again what nobody acknowledged for so long, also of a process
                that is stopped or was killed: a request that was given up does not arrive long after.
            keep_alive_s: An idle connection older than this is not used again.
            proxy: Tunnels to the server, by `CONNECT`.
        """
        self._certificates, self._connect_timeout_s = certificates, connect_timeout_s
        self._keep_alive_s, self._proxy, self._timeout_s = keep_alive_s, proxy, timeout_s
        self._wire: Wire | None = None
        self._last: Wire | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and read the whole answer.

        Raises:
            httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.LocalProtocolError: Nothing was sent.
            httpx.TransportError: Of any other kind: it may have been.
        """
        head = _head(request)
        wire = await self._usable() or await self._opened(request.url)
        # after an error from here on, nobody could tell whose answer comes next
        self._last, self._wire = wire, None
        try:
            await self._let_leave(wire, request)
            answer, body = await wire.ask(head, request.content)
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from error
        except OSError as error:
            raise httpx.ReadError(str(error), request=request) from error
        else:
            if wire.ready_again():
                self._wire = wire
            return _response(answer, body, request)
        finally:
            if self._wire is not wire:
                wire.drop()

    async def _let_leave(self, wire: Wire, request: httpx.Request) -> None:
        leave = request.extensions.get(LEAVE)
        if leave is None:
            return
        for _ in range(_TRIES):
            may_still = await leave()
            if not await wire.is_silent():  # the server hung up meanwhile
                raise httpx.ConnectError(_SPOKE_FIRST)
            if may_still():  # nothing is waited for from here to the first byte
                return
        raise httpx.ConnectError("leave to send it came too late each time")

    async def said_more(self) -> bool:
        """Whether the server said something since its last answer: then that answer belonged to no request."""
        if self._last is None:
            return False
        await self._last.is_silent()  # reads the bytes that wait on the socket
        return self._last.spoke_unasked

    async def aclose(self) -> None:
        """Close the connection."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.drop()
            await asyncio.sleep(0)  # the loop lets go of the socket in its next turn

    async def _usable(self) -> Wire | None:
        """The connection, if it can be used again; else it is closed."""
        wire, self._wire = self._wire, None
        if wire is None:
            return None
        if time.monotonic() - wire.idle_since < self._keep_alive_s and await wire.is_silent():
            return wire
        wire.drop()
        return None

    async def _opened(self, url: httpx.URL) -> Wire:
        wire = Wire()
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                await (self._connect(wire, url) if self._proxy is None else self._tunnel(wire, url, self._proxy))
                is_silent = await wire.is_silent()
        except TimeoutError as error:
            wire.drop()
            raise httpx.ConnectTimeout(str(error)) from error
        except (OSError, UnicodeError) as error:  # the second: of a name that no address can have
            wire.drop()
            raise httpx.ConnectError(str(error)) from error
        except BaseException:
            wire.drop()
            raise
        if not is_silent:
            wire.drop()
            raise httpx.ConnectError(_SPOKE_FIRST)
        return wire

    async def _connect(self, wire: Wire, url: httpx.URL) -> None:
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: wire,
            url.raw_host.decode("ascii"),
            url.port or (443 if url.scheme == "https" else 80),
            ssl=self._certificates if url.scheme == "https" else None,
            happy_eyeballs_delay=0.25,
        )
        if _TCP_GIVES_UP is not None:
            connection: socket.socket = transport.get_extra_info("socket")
            connection.setsockopt(socket.IPPROTO_TCP, _TCP_GIVES_UP, int(self._timeout_s * 1000))

    async def _tunnel(self, wire: Wire, url: httpx.URL, proxy: httpx.URL) -> None:
        """Ask a proxy for a way to the server, then speak TLS with the server through it."""
        await self._connect(wire, proxy)
        host = url.raw_host.decode("ascii")
        target = f"[{host}]:{url.port or 443}" if ":" in host else f"{host}:{url.port or 443}"
        headers = [("Host", target), ("Accept", "*/*")]
        if proxy.userinfo:
            known = b64encode(unquote(proxy.userinfo.decode("ascii")).encode()).decode()
            headers.append(("Proxy-Authorization", f"Basic {known}"))
        try:
            answer, _ = await wire.ask(h11.Request(method="CONNECT", target=target, headers=headers), b"")
        except h11.ProtocolError as error:
            raise httpx.ProxyError(str(error)) from error
        if not _DONE <= answer.status_code < _DONE + 100:
            reason = answer.reason.decode("ascii", "replace")
            raise httpx.ProxyError(f"the proxy answered {answer.status_code} {reason}".strip())
        loop = asyncio.get_running_loop()
        wire.go_on_as(await loop.start_tls(wire.transport, wire, self._certificates, server_hostname=host))


def _head(request: httpx.Request) -> h11.Request:
    try:
        return h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
    except h11.LocalProtocolError as error:
        raise httpx.LocalProtocolError(str(error), request=request) from error


def _response(head: h11.Response, body: bytes, request: httpx.Request) -> httpx.Response:
    codings = [value.decode("latin-1") for name, value in head.headers if name == b"content-encoding"]
    headers = [(name, value) for name, value in head.headers.raw_items() if name.lower() != b"content-encoding"]
    plain = httpx.ByteStream(unpacked(body, ",".join(codings).split(",")))
    response = httpx.Response(head.status_code, headers=headers, stream=plain, request=request)
    response.read()
    return response
