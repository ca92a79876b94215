"""One connection: what comes back over it, when it is used again, and what it says of a conversation that breaks."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from cwtui.domain.errors import StateError
from cwtui.services.addresses import proxy_to
from cwtui.services.one_connection import LEAVE, OneConnection

CERTIFICATE = Path(__file__).parents[1] / "security" / "self_signed.pem"
Served = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def connection(
    certificates: ssl.SSLContext | None = None, *, connect_timeout_s: float = 5, keep_alive_s: float = 4
) -> OneConnection:
    return OneConnection(
        certificates=certificates or ssl.create_default_context(),
        connect_timeout_s=connect_timeout_s,
        keep_alive_s=keep_alive_s,
    )


@asynccontextmanager
async def serving(talk: Served, certificates: ssl.SSLContext | None = None) -> AsyncIterator[tuple[str, list[int]]]:
    """A server that talks so on each connection: its address, and a number for each connection it took."""
    taken: list[int] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(len(taken))
        try:
            await talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=certificates)
    scheme = "http" if certificates is None else "https"
    try:
        yield f"{scheme}://localhost:{server.sockets[0].getsockname()[1]}", taken
    finally:
        server.close()


def saying(*answers: bytes, then_close: bool = False) -> Served:
    """One answer after the other to whatever is asked; the last one again and again, or the end."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = list(answers)
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(left.pop(0) if len(left) > 1 or then_close else left[0])
            await writer.drain()
            if not left:
                return

    return talk


def answer(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"content-length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def asked(over: OneConnection, url: str, content: bytes | None = None) -> httpx.Response:
    return await over.handle_async_request(httpx.Request("GET" if content is None else "POST", url, content=content))


async def test_a_request_leaves_when_it_may_and_not_before_it_was_asked() -> None:
    """Rule: hands.md#killed-at-any-instant."""
    order: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            order.append("received")
            writer.write(answer(b"done"))

    async def leave() -> Callable[[], bool]:
        await asyncio.sleep(0.05)
        order.append("asked")
        return lambda: True

    async def keep_back() -> Callable[[], bool]:
        raise StateError("The right to write was lost.", next_step="Start again.")

    async with serving(talk) as (url, _):
        over = connection()
        for _ in range(2):  # over a new connection, and over one that stands
            await over.handle_async_request(httpx.Request("POST", url, extensions={LEAVE: leave}))
        with pytest.raises(StateError):
            await over.handle_async_request(httpx.Request("POST", url, extensions={LEAVE: keep_back}))
        assert (await asked(over, url)).content == b"done"
        await over.aclose()
    assert order == ["asked", "received", "asked", "received", "received"]


async def test_leave_that_lapsed_before_the_first_byte_is_asked_for_again() -> None:
    """The process was stopped between the two (hands.md#killed-at-any-instant)."""
    asked_for = 0

    async def leave() -> Callable[[], bool]:
        nonlocal asked_for
        asked_for += 1
        return iter([asked_for % 7 == 3]).__next__

    received = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            received.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer(b"done"))

    async with serving(talk) as (url, _):
        over = connection()
        await over.handle_async_request(httpx.Request("POST", url, extensions={LEAVE: leave}))
        assert (asked_for, len(received)) == (3, 1)
        with pytest.raises(httpx.ConnectError, match="too late each time"):
            await over.handle_async_request(httpx.Request("POST", url, extensions={LEAVE: leave}))
        assert len(received) == 1
        await over.aclose()


async def test_a_server_that_hangs_up_meanwhile_got_nothing() -> None:
    async def leave() -> Callable[[], bool]:
        await asyncio.sleep(0.1)
        return lambda: True

    async with serving(lambda *_: asyncio.sleep(0.02)) as (url, _):
        over = connection()
        with pytest.raises(httpx.ConnectError, match="hung up"):
            await over.handle_async_request(httpx.Request("POST", url, extensions={LEAVE: leave}))
        await over.aclose()


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("said", "status", "body"),
    [
        pytest.param(answer(b"abcde"), 200, b"abcde", id="by length"),
        pytest.param(CHUNKED, 200, b"abcde", id="in chunks"),
        pytest.param(answer(b"", status=b"204 No Content"), 204, b"", id="empty"),
        pytest.param(answer(gzip.compress(b"abcde"), b"content-encoding: gzip"), 200, b"abcde", id="compressed"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + answer(b"abcde"), 200, b"abcde", id="after 100"),
        pytest.param(answer(b"x" * 3_000_000), 200, b"x" * 3_000_000, id="large"),
        pytest.param(answer(b"no", status=b"503 Busy"), 503, b"no", id="of any status"),
    ],
)
async def test_an_answer_is_read_to_its_end_and_the_connection_kept(said: bytes, status: int, body: bytes) -> None:
    over = connection()
    async with serving(saying(said)) as (url, taken):
        for _ in range(3):
            response = await asked(over, url)
            assert (response.status_code, response.content) == (status, body)
        assert taken == [0]
        await over.aclose()


BODY = '{"ä":1}\n'.encode()


async def test_what_is_sent_is_what_was_asked() -> None:
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        heard.append(await reader.readexactly(9))
        writer.write(answer(b"1"))

    over = connection()
    async with serving(talk) as (url, _):
        request = httpx.Request("POST", f"{url}/a%20b?c=d%2Fe", headers={"clientId": "me"}, content=BODY)
        assert (await over.handle_async_request(request)).content == b"1"
        await over.aclose()
    head, body = heard
    assert head.startswith(b"POST /a%20b?c=d%2Fe HTTP/1.1\r\n")
    assert b"\r\nclientId: me\r\n" in head
    assert b"\r\nContent-Length: 9\r\n" in head
    assert body == BODY


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(answer(b"a", b"connection: close"), id="that says so"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\na", id="of HTTP/1.0"),
    ],
)
async def test_a_server_that_closes_after_its_answer_is_connected_to_again(said: bytes) -> None:
    over = connection()
    async with serving(saying(said, then_close=True)) as (url, taken):
        assert [(await asked(over, url)).content for _ in range(2)] == [b"a", b"a"]
        assert taken == [0, 1]
        await over.aclose()


@pytest.mark.parametrize("said_unasked", [b"", answer(b"late")], ids=["that was closed", "with an answer left in it"])
async def test_an_idle_connection_is_not_used_again(said_unasked: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b"1"))
        await asyncio.sleep(0.02)
        writer.write(said_unasked)

    over = connection()
    async with serving(talk) as (url, taken):
        for _ in range(2):
            assert (await asked(over, url, b"{}")).content == b"1"
            await asyncio.sleep(0.05)
        assert taken == [0, 1]
        await over.aclose()


async def test_a_connection_that_idled_too_long_is_not_used_again() -> None:
    over = connection(keep_alive_s=0.01)
    async with serving(saying(answer(b"1"))) as (url, taken):
        for _ in range(2):
            await asked(over, url)
            await asyncio.sleep(0.02)
        assert taken == [0, 1]
        await over.aclose()


async def test_a_refusal_before_the_whole_request_was_read_is_heard() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b"too large", b"connection: close", status=b"413 Too Large"))

    over = connection()
    async with serving(refuse) as (url, _):
        assert (await asked(over, url, b"x" * 1000)).status_code == 413


BROKEN: Sequence[object] = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"HTTP/1.1 200 OK\r\ncontent-le", id="half a head"),
    pytest.param(answer(b"abcde")[:-2], id="half a body"),
    pytest.param(CHUNKED[:-7], id="half of the chunks"),
    pytest.param(b"SMTP ready\r\n\r\n", id="another protocol"),
    pytest.param(answer(b"", b"x: " + b"y" * 200_000), id="a head without end"),
]


@pytest.mark.parametrize("said", BROKEN)
async def test_a_broken_answer_is_in_doubt_and_ends_the_connection(said: bytes) -> None:
    over = connection()
    async with serving(saying(said, then_close=True)) as (url, taken):
        for _ in range(2):
            with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
                await asked(over, url, b"{}")
        assert taken == [0, 1]


async def test_a_compressed_answer_that_is_none_is_an_error() -> None:
    over = connection()
    async with serving(saying(answer(b"plain", b"content-encoding: gzip"), then_close=True)) as (url, _):
        with pytest.raises(httpx.DecodingError):
            await asked(over, url)


async def test_a_header_that_cannot_be_sent_is_not() -> None:
    over = connection()
    async with serving(saying(answer(b"1"))) as (url, _):
        with pytest.raises(httpx.LocalProtocolError):
            await over.handle_async_request(httpx.Request("GET", url, headers={"clientId": "a\nb"}))


async def test_nobody_listening_is_no_connection(unused_tcp_port: int) -> None:
    with pytest.raises(httpx.ConnectError):
        await asked(connection(), f"http://127.0.0.1:{unused_tcp_port}")


async def test_a_handshake_that_does_not_come_is_no_connection() -> None:
    async def mute(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(mute) as (url, _):
        with pytest.raises(httpx.ConnectTimeout):
            await asked(connection(connect_timeout_s=0.05), url.replace("http:", "https:"))


async def test_https_checks_the_certificate_and_is_kept_as_well() -> None:
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(CERTIFICATE)
    async with serving(saying(answer(b"1")), own) as (url, taken):
        with pytest.raises(httpx.ConnectError) as caught:
            await asked(connection(), url)
        assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
        taken.clear()
        over = connection(ssl.create_default_context(cafile=str(CERTIFICATE)))
        assert [(await asked(over, url)).content for _ in range(3)] == [b"1"] * 3
        assert taken == [0]
        await over.aclose()


@pytest.mark.parametrize(
    ("environment", "url", "expected"),
    [
        ({}, "https://psa.example", None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "https://psa.example", "http://proxy:3128"),
        ({"https_proxy": "proxy:3128"}, "https://psa.example", "http://proxy:3128"),
        ({"ALL_PROXY": "http://all:1"}, "https://psa.example", "http://all:1"),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "psa.example"}, "https://psa.example", None),
        ({"HTTP_PROXY": "http://proxy:3128", "ALL_PROXY": "http://all:1"}, "http://127.0.0.1:1", None),
    ],
)
def test_the_environments_proxy(
    environment: dict[str, str], url: str, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    proxy = proxy_to(httpx.URL(url))
    assert (None if proxy is None else str(proxy)) == expected


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system has no such limit")
async def test_what_was_given_up_is_not_sent_again_by_the_system() -> None:
    """Also where the process is stopped or gone (hands.md#killed-at-any-instant)."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b"done"))

    async with serving(talk) as (url, _):
        over = OneConnection(
            certificates=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), connect_timeout_s=5, timeout_s=7, keep_alive_s=5
        )
        await asked(over, url)
        assert over._wire is not None
        below = over._wire.transport.get_extra_info("socket")
        assert below.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 7000
        await over.aclose()
