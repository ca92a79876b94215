"""An answer belongs to its request, whatever a server says beside it (docs/threat-model.md)."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable

import httpx
import pytest

from cwtui.domain.errors import OutcomeUnknown, Unreadable
from cwtui.services.http_policy import HttpPolicy
from cwtui.services.unpacking import unpacked
from cwtui.services.wire import MOST_BODY, TooLarge, Wire
from fuzz.desync import answer, of_httpx, run

SCHEDULES = range(1_000_000, 1_000_160)


async def test_no_request_is_given_an_answer_that_is_not_its_own() -> None:
    found = await run(SCHEDULES)
    assert {kind: (counts["desynchronised"], counts["no answer"]) for kind, counts in found.items()} == {
        "plain": (0, 0),
        "TLS": (0, 0),
        "proxy": (0, 0),
    }
    assert all(counts["right"] > 30 for counts in found.values())


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_the_same_schedules_desynchronise_a_transport_that_does_not_look() -> None:
    """The schedules above are no empty threat: httpx's own transport takes other requests' answers."""
    found = await run(range(1_000_000, 1_000_040), of_httpx)
    assert sum(counts["desynchronised"] for counts in found.values()) > 5


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


async def posted_to(*answers: tuple[float, bytes]) -> tuple[HttpPolicy, int]:
    """A create over a connection that was used once; the server then says these, each after so many seconds."""
    creates = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal creates
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if head.startswith(b"GET"):
                    writer.write(answer(b"200 OK", b"{}"))
                    continue
                await reader.readexactly(2)
                creates += 1
                for pause, words in answers:
                    await asyncio.sleep(pause)
                    writer.write(words)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    policy = HttpPolicy(url, service="PSA", headers={}, secrets=(), timeout_s=5)
    try:
        await policy.ask("GET", "/x")
        await policy.ask("POST", "/x", body={})
    finally:
        await policy.aclose()
        server.close()
        await asyncio.sleep(0.02)
    return policy, creates


THROTTLED = b"HTTP/1.1 429 Too Many\r\nretry-after: 0.2\r\ncontent-length: 2\r\n\r\n{}"
CREATED = answer(b"201 Created", b'{"id": 1}')


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([(0.0, THROTTLED + CREATED)], id="in the same segment"),
        pytest.param([(0.0, THROTTLED), (0.05, CREATED)], id="during the pause"),
        pytest.param([(0.0, THROTTLED), (0.05, CREATED[:20])], id="in part"),
    ],
)
async def test_a_create_that_was_answered_twice_is_not_sent_again(answers: list[tuple[float, bytes]]) -> None:
    with pytest.raises(OutcomeUnknown, match="answered POST /x twice"):
        await posted_to(*answers)


async def test_a_408_that_nobody_asked_for_leaves_the_create_in_doubt() -> None:
    with pytest.raises(OutcomeUnknown):
        await posted_to((0.0, answer(b"408 Request Timeout", b"")), (0.01, CREATED))


async def test_what_is_said_before_anything_was_asked_spoils_the_connection() -> None:
    ready, speaking = asyncio.Event(), asyncio.Event()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await speaking.wait()
        writer.write(answer(b"200 OK", b"unasked"))
        await writer.drain()
        ready.set()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    wire = Wire()
    port = server.sockets[0].getsockname()[1]
    await asyncio.get_running_loop().create_connection(lambda: wire, "127.0.0.1", port)
    assert await wire.is_silent()
    speaking.set()
    await ready.wait()
    assert not await wire.is_silent()
    assert wire.spoke_unasked
    wire.drop()
    server.close()
    await asyncio.sleep(0.02)


def bomb(layers: int = 1) -> bytes:
    body = b"[" + b" " * (MOST_BODY * 4) + b"]"
    for _ in range(layers):
        body = gzip.compress(body, 1)
    return body


@pytest.mark.parametrize(
    ("body", "coding", "refusal"),
    [
        pytest.param(bomb(), "gzip", TooLarge, id="gzip"),
        pytest.param(zlib.compress(b" " * (MOST_BODY + 1)), "deflate", TooLarge, id="deflate"),
        pytest.param(bomb(2), "gzip, gzip", TooLarge, id="gzip in gzip"),
        pytest.param(gzip.compress(b" " * (MOST_BODY // 2)) * 3, "gzip", TooLarge, id="many members"),
        pytest.param(b"x", "gzip, gzip, gzip", httpx.DecodingError, id="again and again"),
        pytest.param(b"x", "br", httpx.DecodingError, id="not asked for"),
        pytest.param(gzip.compress(b"{}")[:-3], "gzip", httpx.DecodingError, id="cut off"),
        pytest.param(b"plain", "deflate", httpx.DecodingError, id="not compressed"),
    ],
)
def test_a_body_is_unpacked_to_a_bound(body: bytes, coding: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        unpacked(body, coding.split(","))


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        pytest.param(gzip.compress(b"{}"), "gzip", id="gzip"),
        pytest.param(gzip.compress(b"{") + gzip.compress(b"}"), "GZip", id="two members"),
        pytest.param(zlib.compress(b"{}"), "deflate", id="deflate"),
        pytest.param(zlib.compress(b"{}", wbits=-15), "deflate", id="deflate without its header"),
        pytest.param(b"{}", "identity", id="as it is"),
        pytest.param(b"{}", "", id="nothing said"),
    ],
)
def test_what_was_compressed_is_unpacked(body: bytes, coding: str) -> None:
    assert unpacked(body, coding.split(",")) == b"{}"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
async def test_an_answer_beyond_the_bound_is_refused_in_words(method: str, packed: bool) -> None:
    body = bomb() if packed else b" " * (MOST_BODY + 1)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                head = b"content-encoding: gzip\r\n" if packed else b""
                writer.write(b"HTTP/1.1 200 OK\r\n%bcontent-length: %d\r\n\r\n" % (head, len(body)) + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    policy = HttpPolicy(url, service="PSA", headers={}, secrets=())
    with pytest.raises(OutcomeUnknown if method == "POST" else Unreadable, match="more than can be read"):
        await policy.ask(method, "/x")
    await policy.aclose()
    server.close()
    await asyncio.sleep(0.02)
