"""A TCP proxy in front of the sandbox that breaks connections as networks do: before the commit, and after it.

Every connection carries one request after the other; each request may be struck by one ill, drawn by a seeded
generator. Requests to the control endpoint do not come this way.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

ILLS = ("reset_before", "reset_after", "silent_before", "silent_after", "late_commit", "torn_answer")
"""What may befall a request.

reset_before: The connection is reset; the service never hears of it. reset_after: … after the service answered.
silent_before: No answer ever comes, and the service never hears of it. silent_after: … although it did.
late_commit: The service hears of it only when `commit_late` is called, long after the client gave up.
torn_answer: Half of the answer arrives, then the connection ends.
"""
_RESET = struct.pack("ii", 1, 0)


@dataclass
class ChaosProxy:
    """Listens on a loopback port of its own and forwards to another.

    Attributes:
        odds: Of each ill, per request.
        only: A part of the request line that a request must have to be struck; empty strikes any.
        at_most: How many requests are struck.
        struck: How often each ill came.
    """

    upstream: tuple[str, int]
    chance: random.Random
    odds: dict[str, float]
    only: bytes = b""
    at_most: int = 1_000_000
    struck: Counter[str] = field(default_factory=Counter)
    port: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _held: list[bytes] = field(default_factory=list)

    def __enter__(self) -> Self:
        listening = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listening,), daemon=True)
        self._thread.start()
        assert listening.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)

    def commit_late(self) -> int:
        """Let what was held back reach the service; answers how many requests that were."""

        async def commit() -> int:
            return len([await self._forward(request) for request in self._held])

        return asyncio.run_coroutine_threadsafe(commit(), self._loop).result(60)

    def _run(self, listening: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)

        async def serve() -> None:
            self._stop = asyncio.Event()
            server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            listening.set()
            await self._stop.wait()
            server.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self._loop.run_until_complete(serve())
        self._loop.close()

    def _ill(self, request: bytes) -> str:
        if self.only not in request.partition(b"\r\n")[0] or self.struck.total() >= self.at_most:
            return ""
        drawn = self.chance.random()
        for ill, odds in self.odds.items():
            drawn -= odds
            if drawn < 0:
                self.struck[ill] += 1
                return ill
        return ""

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await _message(reader):
                if not await self._exchange(request, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            with contextlib.suppress(ConnectionError):
                writer.close()

    async def _exchange(self, request: bytes, writer: asyncio.StreamWriter) -> bool:
        """One request; False ends the connection."""
        match self._ill(request):
            case "reset_before":
                return _reset(writer)
            case "silent_before":
                await asyncio.sleep(3600)
            case "late_commit":
                self._held.append(request)
                await asyncio.sleep(3600)
            case "reset_after":
                await self._forward(request)
                return _reset(writer)
            case "silent_after":
                await self._forward(request)
                await asyncio.sleep(3600)
            case "torn_answer":
                answer = await self._forward(request)
                writer.write(answer[: len(answer) // 2])
                await writer.drain()
                return False
            case _:
                writer.write(await self._forward(request))
                await writer.drain()
        return True

    async def _forward(self, request: bytes) -> bytes:
        """On a connection of its own, so that one client's end is nobody else's."""
        reader, writer = await asyncio.open_connection(*self.upstream)
        try:
            writer.write(request)
            await writer.drain()
            return await _message(reader)
        finally:
            writer.close()


def _reset(writer: asyncio.StreamWriter) -> bool:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
    return False


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One HTTP message: its head, and as much body as its Content-Length says; empty at the end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return head + await reader.readexactly(int(value))
    return head
