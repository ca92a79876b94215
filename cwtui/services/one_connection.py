"""One HTTP/1.1 connection, as an `httpx` transport: what a request costs is what it has to do.

`httpx` brings a pool, redirects, cookies, and two protocols on any event loop. None of it is needed for one request
after the other to one service, and together it took a millisecond of CPU for each, as much as everything else about a
write. This is asyncio for the bytes and `h11` (which `httpx` uses too) for what they mean: 0.4 ms.
"""

from __future__ import annotations

import asyncio
import select
import ssl
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

import h11
import httpx

_AT_ONCE = 1 << 18
"""Bytes read in one go: a page of a thousand records is three or four of them."""
_MOST_HEAD = 100 * 1024
"""Bytes of status line and headers."""


@dataclass(slots=True)
class _Wire:
    """An open connection and where the conversation on it stands."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    talk: h11.Connection = field(default_factory=lambda: h11.Connection(h11.CLIENT, _MOST_HEAD))
    idle_since: float = field(default_factory=time.monotonic)

    @property
    def is_silent(self) -> bool:
        """Open, with nothing to read: a server that closes an idle connection, or says something unasked, shows."""
        if self.writer.is_closing() or self.reader.at_eof():
            return False
        number = self.writer.get_extra_info("socket").fileno()
        if sys.platform == "win32":
            return not select.select([number], [], [], 0)[0]
        poll = select.poll()  # unlike `select`, for a socket of any number
        poll.register(number, select.POLLIN)
        return not poll.poll(0)


class OneConnection(httpx.AsyncBaseTransport):
    """A connection that is opened when it is needed, kept for the next request, and closed after any doubt."""

    def __init__(self, *, certificates: ssl.SSLContext, connect_timeout_s: float, keep_alive_s: float) -> None:
        """Open nothing yet.

        Args:
            certificates: For https.
            connect_timeout_s: Until the connection stands, handshake included.
            keep_alive_s: An idle connection older than this is not used again.
        """
        self._certificates, self._connect_timeout_s = certificates, connect_timeout_s
        self._keep_alive_s = keep_alive_s
        self._wire: _Wire | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and read the whole answer.

        Raises:
            httpx.ConnectError, httpx.ConnectTimeout: Nothing was sent.
            httpx.TransportError: Of any other kind: it may have been.
        """
        wire = self._usable() or await self._opened(request.url)
        self._wire = None  # if anything goes wrong from here on, nobody could tell whose answer comes next
        try:
            await _send(wire, request)
            response = await _answer(wire, request)
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error), request=request) from error
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from error
        except OSError as error:
            raise httpx.ReadError(str(error), request=request) from error
        else:
            if wire.talk.our_state is h11.DONE and wire.talk.their_state is h11.DONE:
                wire.talk.start_next_cycle()
                wire.idle_since = time.monotonic()
                self._wire = wire
            return response
        finally:
            if self._wire is not wire:
                wire.writer.transport.abort()

    async def aclose(self) -> None:
        """Close the connection."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.writer.transport.abort()
            await asyncio.sleep(0)  # the loop lets go of the socket in its next turn

    def _usable(self) -> _Wire | None:
        """The connection, if it can be used again; else it is closed."""
        wire, self._wire = self._wire, None
        if wire is None:
            return None
        if time.monotonic() - wire.idle_since < self._keep_alive_s and wire.is_silent:
            return wire
        wire.writer.transport.abort()
        return None

    async def _opened(self, url: httpx.URL) -> _Wire:
        is_secure = url.scheme == "https"
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                reader, writer = await asyncio.open_connection(
                    url.host,
                    url.port or (443 if is_secure else 80),
                    ssl=self._certificates if is_secure else None,
                    limit=_AT_ONCE,
                    happy_eyeballs_delay=0.25,
                )
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error
        return _Wire(reader, writer)


async def _send(wire: _Wire, request: httpx.Request) -> None:
    head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
    parts = [wire.talk.send(head), wire.talk.send(h11.Data(request.content)) if request.content else b""]
    parts.append(wire.talk.send(h11.EndOfMessage()))
    wire.writer.write(b"".join(part for part in parts if part))
    with suppress(OSError):  # a server that refuses may hang up before it has read everything: its answer says why
        await wire.writer.drain()


async def _answer(wire: _Wire, request: httpx.Request) -> httpx.Response:
    head: h11.Response | None = None
    body = []
    while True:
        event = wire.talk.next_event()
        if event is h11.NEED_DATA:
            data = await wire.reader.read(_AT_ONCE)
            if not data and head is None:
                raise h11.RemoteProtocolError("the server hung up without an answer")
            wire.talk.receive_data(data)
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body.append(event.data)
        elif isinstance(event, h11.EndOfMessage):
            break
        elif not isinstance(event, h11.InformationalResponse):
            raise h11.RemoteProtocolError("the server hung up without an answer")
    if head is None:
        raise AssertionError("h11 ends no message before its head")
    response = httpx.Response(
        head.status_code,
        headers=head.headers.raw_items(),
        stream=httpx.ByteStream(b"".join(body)),
        request=request,
    )
    response.read()  # decodes what came compressed
    return response
