from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from typing import Any

import httpx
import pytest

from cwtui.domain.errors import (
    AccessDenied,
    ConfigError,
    NotFound,
    OutcomeUnknown,
    Refused,
    ServiceError,
    Transient,
    Unreadable,
)
from cwtui.services.addresses import checked_url
from cwtui.services.http_policy import HttpPolicy

OK = {"fine": True}
HTML = httpx.Response(200, html="<html><title>Sign in</title><body>secret stuff</body></html>")


def status(code: int, document: object = None, **headers: str) -> httpx.Response:
    return httpx.Response(code, json={} if document is None else document, headers=headers)


async def refused(policy: HttpPolicy, method: str = "GET", path: str = "/x") -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await policy.ask(method, path, body={"a": 1} if method in {"POST", "PATCH"} else None)
    return caught.value


# Answers that are not retried

REFUSALS = [
    pytest.param(400, Refused, id="400"),
    pytest.param(401, AccessDenied, id="401"),
    pytest.param(403, AccessDenied, id="403"),
    pytest.param(404, NotFound, id="404"),
    pytest.param(409, Refused, id="409"),
    pytest.param(415, Refused, id="415"),
]


@pytest.mark.parametrize(("code", "kind"), REFUSALS)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_4xx_is_not_retried(
    method: str, code: int, kind: type[ServiceError], policy: HttpPolicy, script: Any
) -> None:
    script.then(status(code))
    error = await refused(policy, method)
    assert type(error) is kind
    assert (error.status, error.changed) == (code, "Nothing was changed.")
    assert policy.sent == {method: 1}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(HTML, 'a web page titled "Sign in"', id="HTML page"),
        pytest.param(httpx.Response(200, text="plain"), "something that is not JSON", id="text"),
        pytest.param(httpx.Response(200), "nothing", id="empty"),
        pytest.param(
            httpx.Response(302, headers={"Location": "https://login.example/?ticket=1"}),
            "a redirect to another address",
            id="redirect",
        ),
    ],
)
async def test_an_answer_that_is_not_json_is_unreadable(
    answer: httpx.Response, words: str, policy: HttpPolicy, script: Any
) -> None:
    script.then(answer)
    error = await refused(policy)
    assert isinstance(error, Unreadable)
    assert error.happened == f"ConnectWise answered GET /x with {words}."
    assert policy.sent == {"GET": 1}


@pytest.mark.parametrize("answer", [HTML, httpx.Response(302)], ids=["HTML page", "redirect"])
async def test_a_create_answered_with_no_record_may_have_happened(
    answer: httpx.Response, policy: HttpPolicy, script: Any
) -> None:
    script.then(answer)
    assert isinstance(await refused(policy, "POST"), OutcomeUnknown)


async def test_an_empty_success_is_fine_for_a_delete(policy: HttpPolicy, script: Any) -> None:
    script.then(httpx.Response(204))
    assert (await policy.ask("DELETE", "/x")).document is None


# The whole time of a request, and real sockets


async def test_timeout_s_covers_reading_the_answer(script: Any) -> None:
    policy = HttpPolicy(
        "https://psa.example", service="PSA", headers={}, secrets=(), timeout_s=0.01,
        transport=httpx.MockTransport(script),
    )  # fmt: skip

    async def never(_: httpx.Request) -> None:
        await asyncio.Event().wait()

    script.then(never)
    error = await refused(policy, "POST")
    assert isinstance(error, OutcomeUnknown)
    assert error.happened == "ConnectWise did not answer POST /x within 0.01 seconds."
    await policy.aclose()


async def ask_a_server(behaviour: Any, method: str) -> ServiceError:
    """What comes of asking a real server on loopback that behaves so on every connection."""
    server = await asyncio.start_server(behaviour, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    policy = HttpPolicy(f"http://127.0.0.1:{port}", service="PSA", headers={}, secrets=(), timeout_s=5)
    try:
        return await refused(policy, method)
    finally:
        await policy.aclose()
        server.close()
        await server.wait_closed()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def answer_half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b'HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"id": 1, ')
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("behaviour", [hang_up, answer_half])
@pytest.mark.parametrize(("method", "kind"), [("POST", OutcomeUnknown), ("PATCH", Transient)])
async def test_a_connection_that_breaks_in_reality(behaviour: Any, method: str, kind: type[ServiceError]) -> None:
    error = await ask_a_server(behaviour, method)
    assert type(error) is kind
    assert error.changed.startswith("Whether ")


async def test_nobody_listening_in_reality(unused_tcp_port: int) -> None:
    policy = HttpPolicy(f"http://127.0.0.1:{unused_tcp_port}", service="PSA", headers={}, secrets=())
    error = await refused(policy, "POST")
    assert isinstance(error, Transient)
    assert error.changed == "Nothing was changed."
    await policy.aclose()


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        pytest.param(socket.EAI_NONAME, "typing error", id="nobody has that name"),
        pytest.param(socket.EAI_AGAIN, "Try again later", id="no answer about the name"),
    ],
)
async def test_a_host_that_nobody_knows_is_no_matter_of_time(
    number: int, advice: str, policy: HttpPolicy, script: Any
) -> None:
    for _ in range(5):
        fault = httpx.ConnectError("not known")
        fault.__cause__ = socket.gaierror(number, "not known")
        script.then(fault)
    error = await refused(policy)
    assert isinstance(error, Transient)
    assert advice in error.next_step


async def test_a_create_in_doubt_stays_in_doubt_where_the_name_is_gone_then(policy: HttpPolicy, script: Any) -> None:
    fault = httpx.ReadError("reset")
    fault.__cause__ = socket.gaierror(socket.EAI_NONAME, "not known")
    script.then(fault)
    assert isinstance(await refused(policy, "POST"), OutcomeUnknown)


async def test_a_wrong_certificate_is_not_retried_and_says_what_to_check(policy: HttpPolicy, script: Any) -> None:
    fault = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]")
    fault.__cause__ = ssl.SSLCertVerificationError("self-signed")
    script.then(fault)
    error = await refused(policy)
    assert isinstance(error, Transient)
    assert "certificate" in error.happened
    assert policy.sent == {"GET": 1}


# What must not show


async def test_no_message_carries_query_values_headers_bodies_or_secrets(policy: HttpPolicy, script: Any) -> None:
    script.then(status(400, {"code": "Bad", "message": "Key private-key-1 with c2VjcmV0 is not known"}))
    with pytest.raises(Refused) as caught:
        await policy.ask("POST", "/x", query={"conditions": "name = 'Hidden Ltd'"}, body={"note": "body text"})
    for hidden in ("Hidden", "conditions", "body text", "private-key-1"):
        assert hidden not in str(caught.value)
    assert "Key ••• with" in caught.value.happened


async def test_a_log_line_is_method_path_status_and_time(
    policy: HttpPolicy, script: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    script.then(httpx.ReadError("reset"), OK)
    await policy.ask("GET", "/x", query={"conditions": "name = 'Hidden Ltd'"})
    assert [record.getMessage() for record in caplog.records] == ["GET /x ReadError 0 ms", "GET /x 200 0 ms"]


async def test_control_characters_of_a_message_do_not_reach_the_terminal(policy: HttpPolicy, script: Any) -> None:
    script.then(status(400, {"message": "bad\x1b[2J\r\nthing\u202e" + "x" * 1000}))
    error = await refused(policy)
    assert error.happened.isprintable()
    assert len(error.happened) < 500


# Addresses


@pytest.mark.parametrize(
    "url", ["https://psa.example/a/", "http://127.0.0.1:8080", "http://localhost/x", "http://[::1]:9/x"]
)
def test_https_or_loopback_is_accepted(url: str) -> None:
    assert checked_url(url, "PSA") == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://psa.example",
        "http://127.0.0.1.evil.example",
        "ftp://psa.example",
        "psa.example",
        "",
        "https://user:pass@psa.example",
        "https://psa.example/?a=1",
        "https://psa.example:port",
        "https://api..example",
        "https://.example",
        f"https://{'a' * 64}.example",
        "https://psa.example\u2024\u2024x",
    ],
)
def test_any_other_address_is_a_config_error(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked_url(url, "PSA")
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize("value", ["a\nb", "a\u2013b", " a", "a\x00", "\u00e4", "a\x7f", "\U0001f511"])
def test_a_setting_that_cannot_stand_in_a_header_is_a_config_error(value: str) -> None:
    with pytest.raises(ConfigError, match="clientId") as caught:
        HttpPolicy("https://psa.example", service="PSA", headers={"clientId": value}, secrets=())
    assert len(value.strip()) < 2 or value not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (10, "it has expired"),
        (9, "not valid yet"),
        (62, "for another name"),
        (64, "for another name"),
        (18, "does not know who issued it"),
        (19, "does not know who issued it"),
        (20, "does not know who issued it"),
        (26, "the check says: unsuitable"),
    ],
)
async def test_a_certificate_error_says_which(code: int, words: str, policy: HttpPolicy, script: Any) -> None:
    fault = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]")
    cause = ssl.SSLCertVerificationError("failed")
    cause.verify_code, cause.verify_message = code, "unsuitable"
    fault.__cause__ = cause
    script.then(fault)
    assert words in (await refused(policy)).happened
