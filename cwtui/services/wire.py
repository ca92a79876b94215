"""An open HTTP/1.1 connection that notices when the server speaks without being asked."""

from __future__ import annotations

import asyncio
import select
import sys
import time

import h11
import httpx

MOST_BODY = 16 * 1024 * 1024
"""Bytes of an answer, before and after unpacking. A page of 1000 whole companies is a third of it."""

_MOST_HEAD = 100 * 1024
_TURNS = 3
"""Turns of the loop in which waiting bytes are read: a session ticket of TLS is no answer."""


class TooLarge(httpx.RemoteProtocolError):
    """An answer went on beyond `MOST_BODY`."""


class Wire(asyncio.Protocol):
    """The bytes of one connection, and the state of the conversation on it.

    A server may speak only after it was asked. Bytes at another time belong to no request: from then on nobody could
    tell whose answer is next, so the connection is not used again.

    Attributes:
        spoke_unasked: Something came that belongs to no request.
        idle_since: When the last answer ended, or the connection was opened; by `time.monotonic`.
    """

    def __init__(self) -> None:
        self.idle_since = time.monotonic()
        self.spoke_unasked = False
        self._talk = h11.Connection(h11.CLIENT, _MOST_HEAD)
        self._transport: asyncio.Transport | None = None
        self._is_asked = self._is_spoiled = self._is_over = False
        self._broke: Exception | None = None
        self._heard: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; asyncio calls it."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a connection of streams has a transport of streams")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take what the server said; asyncio calls it."""
        if not self._is_asked:
            self.spoke_unasked = True
            self.drop()
        elif not self._is_over:
            self._talk.receive_data(data)
            self._wake()

    def eof_received(self) -> None:
        """Note that the server says no more; asyncio calls it, then closes."""
        self.connection_lost(None)

    def connection_lost(self, error: Exception | None) -> None:
        """Note the end of the connection; asyncio calls it."""
        self._broke = self._broke or error
        if not self._is_over:
            self._is_over = self._is_spoiled = True
            if error is None:
                self._talk.receive_data(b"")
        self._wake()

    def drop(self) -> None:
        """Close at once, whatever is under way."""
        self._is_spoiled = True
        if self._transport is not None:
            self._transport.abort()

    async def is_silent(self) -> bool:
        """Open, with no unread bytes. Bytes on the socket are read first: they may not belong to HTTP."""
        for _ in range(_TURNS):
            if self._is_silent_now():
                return True
            if self._is_spoiled:
                return False
            await asyncio.sleep(0)
        return self._is_silent_now()

    @property
    def transport(self) -> asyncio.Transport:
        """The open connection below."""
        if self._transport is None:
            raise AssertionError("it is asked for after it was opened")
        return self._transport

    async def ask(self, head: h11.Request, content: bytes) -> tuple[h11.Response, bytes]:
        """Send one request and read its whole answer, still encoded; the connection must be silent.

        Raises:
            h11.ProtocolError: Either side broke HTTP's rules.
            TooLarge: The answer has no reasonable end.
            OSError: The connection broke.
        """
        parts = [self._talk.send(head), self._talk.send(h11.Data(content)) if content else b""]
        parts.append(self._talk.send(h11.EndOfMessage()))
        self._is_asked = True
        self.transport.write(b"".join(part for part in parts if part))
        try:
            return await self._answer()
        finally:
            self._is_asked = False

    def ready_again(self) -> bool:
        """Make ready for the next request; False if this connection may not be used for one."""
        talk = self._talk
        is_done = talk.our_state is h11.DONE and talk.their_state is h11.DONE
        if talk.trailing_data[0]:
            self.spoke_unasked = True
        if self._is_spoiled or not is_done or talk.trailing_data != (b"", False):
            return False
        talk.start_next_cycle()
        self.idle_since = time.monotonic()
        return True

    def go_on_as(self, transport: asyncio.Transport | None) -> None:
        """Begin a new conversation over another transport: behind a proxy the tunnel's end is another server.

        Raises:
            OSError: The tunnel was closed, or something came out of it before it was asked.
        """
        if transport is None or self._is_spoiled or self._talk.trailing_data[0]:
            raise ConnectionError("the tunnel broke")
        self._transport = transport
        self._talk = h11.Connection(h11.CLIENT, _MOST_HEAD)

    async def _answer(self) -> tuple[h11.Response, bytes]:
        head: h11.Response | None = None
        body: list[bytes] = []
        size = 0
        while True:
            event = self._talk.next_event()
            if event is h11.NEED_DATA:
                await self._more()
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body.append(bytes(event.data))
                size += len(event.data)
                if size > MOST_BODY:
                    raise TooLarge(f"the answer is longer than {MOST_BODY:,} bytes")
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return head, b"".join(body)
            elif event is h11.PAUSED and head is not None:  # the answer to CONNECT: what follows is no HTTP
                return head, b""
            elif not isinstance(event, h11.InformationalResponse):
                raise h11.RemoteProtocolError("the server hung up without an answer")

    async def _more(self) -> None:
        if self._broke is not None:
            raise self._broke if isinstance(self._broke, OSError) else OSError(str(self._broke))
        self._heard = asyncio.get_running_loop().create_future()
        await self._heard

    def _wake(self) -> None:
        if self._heard is not None and not self._heard.done():
            self._heard.set_result(None)

    def _is_silent_now(self) -> bool:
        if self._is_spoiled or self._transport is None or self._transport.is_closing():
            return False
        number = self._transport.get_extra_info("socket").fileno()
        if sys.platform == "win32":
            return not select.select([number], [], [], 0)[0]
        poll = select.poll()  # unlike `select`, for a socket of any number
        poll.register(number, select.POLLIN)
        return not poll.poll(0)
