"""Against real servers on loopback: an SMTP server and a webhook receiver."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from cwtui.services.notify import Event, Message, News, is_known, message_about, send

# Apprise's own, when it loads its plugins on a Python that still has imghdr.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

BOTH = ("errors", "action_needed")
MESSAGE = Message("cwtui (default): 2 failed", "2 failed\n- Green Lane LLC")


class Mailbox:
    def __init__(self) -> None:
        self.received: list[Any] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def mail(unused_tcp_port: int) -> Any:
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=unused_tcp_port)
    controller.start()
    yield controller.port, mailbox.received
    controller.stop()


@asynccontextmanager
async def receiver(status: int = 200) -> AsyncIterator[tuple[int, list[dict[str, Any]]]]:
    received: list[dict[str, Any]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        received.append(json.loads(await reader.readexactly(length)))
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], received


@pytest.mark.parametrize(
    ("news", "on", "title"),
    [
        ([News(Event.ERRORS, 2), News(Event.SYNCED, 5)], BOTH, "cwtui (west): 2 failed, 5 synced"),
        ([News(Event.ACTION_NEEDED, 1)], BOTH, "cwtui (west): 1 need action"),
        ([News(Event.CREATED, 3), News(Event.SYNCED, 3)], BOTH, None),
        ([News(Event.CREATED, 3)], ("created",), "cwtui (west): 3 created"),
        ([News(Event.ERRORS, 0)], BOTH, None),
        ([News(Event.ERRORS, 1)], (), None),
        ([], BOTH, None),
    ],
)
def test_a_run_calls_for_one_message_if_anything_asked_for_happened(
    news: list[News], on: tuple[str, ...], title: str | None
) -> None:
    message = message_about(news, on, profile="west")
    assert (message and message.title) == title


def test_the_message_counts_and_names_the_first_few_as_plain_text() -> None:
    names = ("Green\x1b[31m Lane\n", *(f"task {number}" for number in range(8)))
    message = message_about([News(Event.ERRORS, 12, names), News(Event.SYNCED, 7)], BOTH, profile="x")
    assert message is not None
    lines = message.body.splitlines()
    assert lines[:2] == ["12 failed", "- Green␛[31m Lane␊"]
    assert lines[-3:] == ["- and 7 more", "", "7 synced"]
    assert len(message.body) < 2000


async def test_mail_arrives(mail: Any) -> None:
    port, received = mail
    url = f"mailto://127.0.0.1:{port}?from=cwtui@reseller.example&to=billing@reseller.example"
    assert await send(MESSAGE, [url]) == ()
    (arrived,) = received
    assert arrived["Subject"] == MESSAGE.title
    assert "billing@reseller.example" in arrived["To"]
    assert "Green Lane LLC" in arrived.get_body(("plain",)).get_content()


async def test_a_webhook_is_called_once() -> None:
    async with receiver() as (port, received):
        assert await send(MESSAGE, [f"json://127.0.0.1:{port}/hook"]) == ()
    assert [(body["title"], body["message"]) for body in received] == [(MESSAGE.title, MESSAGE.body)]


async def test_a_failure_names_its_place_and_never_the_address(
    unused_tcp_port: int, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "apprise")
    async with receiver() as (port, received), receiver(500) as (broken, _):
        failures = await send(
            MESSAGE,
            [
                f"json://me:hush@127.0.0.1:{unused_tcp_port}/hush",
                f"json://127.0.0.1:{port}",
                f"json://127.0.0.1:{broken}/hush",
                "nosuchservice://hush",
                "hush",
            ],
        )
        assert len(received) == 1
    assert [failure.split(" (")[0] for failure in failures] == [
        "Notification 1", "Notification 3", "Notification 4", "Notification 5"
    ]  # fmt: skip
    assert "(json) was not delivered. The run itself is not affected." in failures[0]
    assert "(nosuchservice) is not an address Apprise knows." in failures[2]
    out, err = capfd.readouterr()
    assert "hush" not in "".join(failures) + out + err + caplog.text


async def test_nobody_to_tell() -> None:
    assert await send(MESSAGE, []) == ()


async def test_a_server_that_never_answers_keeps_nobody_waiting() -> None:
    over = asyncio.Event()

    async def mute(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    async with server:
        url = f"json://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        [failure] = await send(MESSAGE, [url], limit_s=0.2)
        over.set()
        await asyncio.sleep(0.1)
    assert "was not taken within 0.2 seconds" in failure


@pytest.mark.parametrize(
    ("url", "known"),
    [("json://127.0.0.1", True), ("mailto://a:b@example.com", True), ("nosuch://x", False), ("hush", False)],
)
def test_whether_a_service_understands_an_address(url: str, known: bool) -> None:
    assert is_known(url) is known
