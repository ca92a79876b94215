"""Credentials leave this machine encrypted, to the address that was set, or not at all.

Rule: settings.md#loopback-only-without-tls.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from pydantic import SecretStr

from cwtui.domain.errors import NotFound, Transient, Unreadable
from cwtui.services.cloudblue import CloudBlue
from cwtui.services.connectwise import ConnectWise
from tests.security.echoing import echoing

CERTIFICATE = Path(__file__).with_name("self_signed.pem")
"""For localhost, with its key, signed by nobody but itself; it guards nothing."""


def marketplace(base_url: str) -> CloudBlue:
    return CloudBlue(base_url, "user", SecretStr("password-1"), SecretStr("subscription-1"), "us")


def psa(base_url: str) -> ConnectWise:
    return ConnectWise(base_url, "company", "public-key", SecretStr("private-key-1"), "client-id")


SERVICES = [pytest.param(marketplace, id="marketplace"), pytest.param(psa, id="PSA")]


async def asked(client: CloudBlue | ConnectWise) -> None:
    try:
        await (client.sign_in() if isinstance(client, CloudBlue) else client.version())
    finally:
        await client.aclose()


@pytest.fixture
def impostor() -> Iterator[tuple[int, list[str]]]:
    """An https server on loopback that nobody vouches for: its port, and the requests it could read."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(str(self.headers))
            self.send_error(404)

        do_POST = do_GET  # noqa: N815  # http.server's names

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """The handshake fails, as it should."""

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.server_address[1], heard
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("client", SERVICES)
async def test_a_certificate_nobody_vouches_for_is_refused_before_anything_is_said(
    client: Callable[[str], CloudBlue | ConnectWise], impostor: tuple[int, list[str]]
) -> None:
    port, heard = impostor
    with pytest.raises(Transient, match=r"certificate .* could not be verified, so .* was not sent") as caught:
        await asked(client(f"https://localhost:{port}"))
    assert heard == []
    assert "Nothing was changed." in str(caught.value)
    assert "SSL_CERT_FILE" in caught.value.next_step


async def test_a_certificate_of_the_operators_own_authority_is_accepted(
    impostor: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal above is about trust: with SSL_CERT_FILE, the way the message names, the same server is heard."""
    from cwtui.services import connections  # noqa: PLC0415  # its cache is emptied

    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    connections._certificates.cache_clear()
    with pytest.raises(NotFound):
        await asked(psa(f"https://localhost:{impostor[0]}"))
    connections._certificates.cache_clear()
    assert len(impostor[1]) == 1


@pytest.mark.parametrize("client", SERVICES)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(client: Callable[[str], CloudBlue | ConnectWise], status: int) -> None:
    with echoing() as elsewhere, echoing() as service:
        service.status, service.location = status, f"{elsewhere.url}/stolen"
        with pytest.raises((Unreadable, Transient), match="redirect to another address"):
            await asked(client(service.url))
        assert (len(service.asked), elsewhere.asked) == (1, [])
