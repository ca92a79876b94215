"""`python -m fuzz.desync [SCHEDULES] [--transport httpx]`: a server that answers what nobody asked.

Each schedule is a few requests over one connection: plain, through TLS, or through TLS and a proxy. The server adds
answers of its own: in the same segment as a right one, some time later, cut in two. A request that is given another
request's answer, or one that no request asked for, is desynchronised.

What the server says while a request is under way cannot be told from its answer by anybody, so it does not do that.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import ssl
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from cwtui.services.one_connection import OneConnection

CERTIFICATE = Path(__file__).parents[1] / "tests" / "security" / "self_signed.pem"
KINDS = ("plain", "TLS", "proxy")
AT_ONCE = 16

_UNASKED = (b"200 OK", b"408 Request Timeout", b"429 Too Many Requests", b"503 Service Unavailable", b"201 Created")
_TRICKS = ("none", "none", "same segment", "later", "halves", "half", "rubbish", "pieces", "close")


def answer(status: bytes, body: bytes) -> bytes:
    """A whole answer."""
    return b"HTTP/1.1 %b\r\ncontent-length: %d\r\n\r\n%b" % (status, len(body), body)


@dataclass
class Schedule:
    """What one client and its server do, as a seed decides."""

    chance: random.Random
    asks: int
    is_asking: bool = False
    in_transit: bool = False
    outcomes: Counter[str] = field(default_factory=Counter)


class Server(asyncio.Protocol):
    """Answers `/SCHEDULE/NUMBER` with `SCHEDULE/NUMBER`, and more than that."""

    def __init__(self, schedules: dict[int, Schedule]) -> None:
        self._schedules, self._heard = schedules, b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport  # type: ignore[assignment]  # it is one of streams

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self._heard += data
        while b"\r\n\r\n" in self._heard:
            head, _, self._heard = self._heard.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            self._answer(self._schedules[int(path.split("/")[1])], path[1:].encode())

    def _answer(self, schedule: Schedule, body: bytes) -> None:
        right = answer(b"200 OK", body)
        unasked = answer(schedule.chance.choice(_UNASKED), b"unasked")
        match schedule.chance.choice(_TRICKS):
            case "none":
                self._write(right)
            case "same segment":
                self._write(right + unasked)
            case "later":
                self._write(right)
                self._later(schedule, unasked)
            case "halves":
                cut = schedule.chance.randrange(1, len(unasked))
                self._write(right + unasked[:cut])
                self._later(schedule, unasked[cut:])
            case "half":
                self._write(right + unasked[: schedule.chance.randrange(1, len(unasked))])
            case "rubbish":
                self._write(right + schedule.chance.choice([b"\r\n", b"\0", b"HTTP", b"x" * 300]))
            case "pieces":
                cut = schedule.chance.randrange(1, len(right))
                self._write(right[:cut])
                asyncio.get_running_loop().call_later(0.001, self._write, right[cut:])
            case _:
                self._write(right)
                if self._transport is not None:
                    self._transport.close()

    def _later(self, schedule: Schedule, words: bytes) -> None:
        def speak() -> None:
            if not schedule.is_asking:
                schedule.in_transit = True
                self._write(words)

        asyncio.get_running_loop().call_later(schedule.chance.uniform(0, 0.003), speak)

    def _write(self, words: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(words)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.CancelledError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


@contextlib.asynccontextmanager
async def _places(schedules: dict[int, Schedule]) -> AsyncIterator[dict[str, tuple[str, str | None]]]:
    """The address of each kind of server, and of the proxy to it."""
    certificates = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificates.load_cert_chain(CERTIFICATE)
    loop = asyncio.get_running_loop()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            target = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].rpartition(b":")[2]
            onward_reader, onward = await asyncio.open_connection("127.0.0.1", int(target))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_pipe(reader, onward), _pipe(onward_reader, writer))

    plain = await loop.create_server(lambda: Server(schedules), "127.0.0.1", 0)
    secure = await loop.create_server(lambda: Server(schedules), "127.0.0.1", 0, ssl=certificates)
    proxy = await asyncio.start_server(tunnel, "127.0.0.1", 0)
    number: Callable[[asyncio.Server], int] = lambda server: server.sockets[0].getsockname()[1]  # noqa: E731
    over_tls = f"https://localhost:{number(secure)}"
    try:
        yield {
            "plain": (f"http://127.0.0.1:{number(plain)}", None),
            "TLS": (over_tls, None),
            "proxy": (over_tls, f"http://127.0.0.1:{number(proxy)}"),
        }
    finally:
        for server in (plain, secure, proxy):
            server.close()
        await asyncio.sleep(0.1)  # what is still open notices that its other end is gone


def ours(proxy: str | None, certificates: ssl.SSLContext) -> httpx.AsyncBaseTransport:
    """The transport of the program."""
    way = None if proxy is None else httpx.URL(proxy)
    return OneConnection(certificates=certificates, connect_timeout_s=9, keep_alive_s=9, proxy=way)


def of_httpx(proxy: str | None, certificates: ssl.SSLContext) -> httpx.AsyncBaseTransport:
    """Httpx's own, of one connection."""
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
    return httpx.AsyncHTTPTransport(verify=certificates, limits=limits, proxy=proxy)


async def _play(
    number: int, schedule: Schedule, transport: httpx.AsyncBaseTransport, url: str, *, is_far: bool
) -> None:
    for ask in range(schedule.asks):
        if is_far and schedule.in_transit:
            await asyncio.sleep(0.003)  # what is between two sockets of the proxy has not come to the client yet
        schedule.is_asking, schedule.in_transit = True, False
        request = httpx.Request("GET", f"{url}/{number}/{ask}", extensions={"timeout": {"connect": 9, "read": 9}})
        try:
            async with asyncio.timeout(9):
                response = await transport.handle_async_request(request)
                body = await response.aread()
                await response.aclose()
        except (httpx.TransportError, httpx.DecodingError):
            schedule.outcomes["broken off"] += 1
        except TimeoutError:
            schedule.outcomes["no answer"] += 1
        else:
            schedule.outcomes["right" if body == f"{number}/{ask}".encode() else "desynchronised"] += 1
        finally:
            schedule.is_asking = False
        if schedule.chance.random() < 0.5:  # noqa: PLR2004  # half of them go on at once
            await asyncio.sleep(schedule.chance.uniform(0, 0.004))
    await transport.aclose()


async def run(
    seeds: range, transport_to: Callable[[str | None, ssl.SSLContext], httpx.AsyncBaseTransport] = ours
) -> dict[str, Counter[str]]:
    """Play the schedules of those seeds; the outcomes of their requests, by kind of connection."""
    certificates = ssl.create_default_context(cafile=str(CERTIFICATE))
    schedules: dict[int, Schedule] = {}
    found: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    todo = iter(seeds)
    async with _places(schedules) as places:

        async def some() -> None:
            for number in todo:
                chance = random.Random(number)  # noqa: S311  # repeatable, not secret
                kind = chance.choices(KINDS, (6, 3, 1))[0]
                schedule = schedules[number] = Schedule(chance, chance.randint(3, 6))
                url, proxy = places[kind]
                transport = transport_to(proxy, certificates)
                await _play(number, schedule, transport, url, is_far=proxy is not None)
                found[kind].update(schedule.outcomes)
                found[kind]["schedules"] += 1

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return found


def main() -> int:
    """Play as many schedules as are asked for, and say what came of them."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.desync")
    parser.add_argument("schedules", nargs="?", type=int, default=100_000)
    parser.add_argument("--transport", choices=["ours", "httpx"], default="ours")
    given = parser.parse_args()
    began = time.monotonic()
    found = asyncio.run(run(range(given.schedules), ours if given.transport == "ours" else of_httpx))
    for kind, counts in found.items():
        parts = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
        sys.stdout.write(f"{kind}: {parts}\n")
    sys.stdout.write(f"{time.monotonic() - began:.0f} s\n")
    return 1 if any(counts["desynchronised"] for counts in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
