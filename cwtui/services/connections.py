"""The open connections to one service, one for each request under way (docs/adr/0009)."""

from __future__ import annotations

import ssl
from functools import cache

import httpx

from cwtui.services.addresses import proxy_to
from cwtui.services.one_connection import OneConnection

# A server that closes an idle connection just as a create is sent leaves its outcome unknown, so ours goes first:
# uvicorn keeps connections for 5 s, the usual proxies longer.
_KEEP_ALIVE_S = 4.0


class Connections:
    """Lends a connection to each request and takes it back.

    httpx's pool looks at all its connections for each request and tries to share one, which cost more than the rest
    of a request. Here a request takes the connection that was used last.
    """

    def __init__(
        self, base_url: str, timeout: httpx.Timeout, timeout_s: float, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        """Open nothing yet.

        Args:
            base_url: The service's address.
            timeout: Its `connect` limits the time for opening a connection.
            timeout_s: For one request, from connecting to the last byte of the answer.
            transport: In place of the network (the sandbox, tests).
        """
        self._base_url, self._timeout, self._timeout_s, self._transport = base_url, timeout, timeout_s, transport
        self._idle: list[httpx.AsyncBaseTransport] = []
        self._opened: list[httpx.AsyncBaseTransport] = []

    def take(self) -> httpx.AsyncBaseTransport:
        """The connection that was used last; a new one if none is free, which opens with its first request."""
        if self._idle:
            return self._idle.pop()
        connection = self._transport or self._new()
        self._opened.append(connection)
        return connection

    def give_back(self, connection: httpx.AsyncBaseTransport) -> None:
        """Let the next request take it."""
        if connection in self._opened:  # not closed meanwhile
            self._idle.append(connection)

    async def aclose(self) -> None:
        """Close all of them."""
        while self._opened:
            await self._opened.pop().aclose()
        self._idle.clear()

    def _new(self) -> OneConnection:
        url = httpx.URL(self._base_url)
        # Certificates are always checked; plain http needs no CA bundle, which takes 50 ms to load.
        certificates = _no_certificates() if url.scheme == "http" else _certificates()
        return OneConnection(
            certificates=certificates,
            connect_timeout_s=self._timeout.connect or 0,
            timeout_s=self._timeout_s,
            keep_alive_s=_KEEP_ALIVE_S,
            proxy=proxy_to(url),
        )


@cache
def _no_certificates() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()
