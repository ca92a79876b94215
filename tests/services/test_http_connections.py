"""Connections of the HTTP policy: as many as requests under way, used again, never with an answer left over in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from cwtui.domain.errors import ServiceError
from cwtui.services.http_policy import HttpPolicy


class Server:
    """Answers every request with its path, after `delay_s`; counts connections and the requests of each."""

    def __init__(self) -> None:
        self.served: list[int] = []
        self.delay_s: Callable[[str], float] = lambda _: 0.0
        self.address = ""

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self.served)
        self.served.append(0)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ")[1].decode()
                await asyncio.sleep(self.delay_s(path))
                self.served[number] += 1
                body = b'"%b"' % path.encode()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    listening = await asyncio.start_server(server.connected, "127.0.0.1", 0)
    server.address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield server


@asynccontextmanager
async def policy_on(server: Server, *, concurrency: int = 4, timeout_s: float = 5.0) -> AsyncIterator[HttpPolicy]:
    policy = HttpPolicy(
        server.address, service="PSA", headers={}, secrets=(), concurrency=concurrency, timeout_s=timeout_s
    )
    try:
        yield policy
    finally:
        await policy.aclose()


async def test_one_after_the_other_needs_one_connection(server: Server) -> None:
    async with policy_on(server) as policy:
        for _ in range(12):
            await policy.ask("GET", "/again")
    assert server.served == [12]


async def test_side_by_side_needs_no_more_than_may_be_under_way(server: Server) -> None:
    server.delay_s = lambda _: 0.01
    async with policy_on(server, concurrency=4) as policy:
        answers = await asyncio.gather(*(policy.ask("GET", f"/{number}") for number in range(40)))
    assert [answer.document for answer in answers] == [f"/{number}" for number in range(40)]
    assert len(server.served) == 4
    assert sum(server.served) == 40


async def test_a_late_answer_is_nobody_elses(server: Server) -> None:
    """A connection whose request was given up is closed: its answer would be taken for the next one's."""
    server.delay_s = lambda path: 0.4 if path == "/slow" else 0.0
    async with policy_on(server, timeout_s=0.1) as policy:
        with pytest.raises(ServiceError):
            await policy.ask("POST", "/slow")
        answers = [await policy.ask("GET", f"/{number}") for number in range(3)]
        await asyncio.sleep(0.4)
        answers.append(await policy.ask("GET", "/3"))
    assert [answer.document for answer in answers] == ["/0", "/1", "/2", "/3"]


async def test_closing_lets_every_connection_go_and_the_next_request_opens_one(server: Server) -> None:
    async with policy_on(server) as policy:
        await asyncio.gather(*(policy.ask("GET", "/before") for _ in range(3)))
        await policy.aclose()
        opened = len(server.served)
        assert (await policy.ask("GET", "/after")).document == "/after"
        assert len(server.served) == opened + 1
