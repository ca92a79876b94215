"""The terminal interface in a browser, for those who cannot SSH: textual-serve, kept to this machine by default."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import logging
import secrets
import shlex
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

from cwtui.domain.errors import ConfigError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_COOKIE = "cwtui_token"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
        " img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Nothing is loaded from elsewhere, and no other page can frame this one."""


@dataclass(frozen=True, slots=True)
class Door:
    """Who may come in.

    Attributes:
        origin: As a browser names this server (`http://127.0.0.1:8000`).
        token: What every visitor must show once; empty asks for none (loopback only).
    """

    origin: str
    token: str = ""

    def refusal(self, host: str, sender: str | None, shown: str) -> str:
        """Why a request is not let in; empty if it is.

        Args:
            host: The Host header: a foreign one means a foreign name was made to point here.
            sender: The Origin header: a foreign one means another page opened the connection.
            shown: The token in the address or the cookie.
        """
        if host != urlsplit(self.origin).netloc:
            return f"This server answers as {self.origin} only."
        if sender is not None and sender != self.origin:
            return "Another page may not connect to this one."
        if self.token and not hmac.compare_digest(shown.encode(), self.token.encode()):
            return "Open the address that `cwtui web` printed: it carries the token."
        return ""


class WebTerminal(Server):
    """textual-serve behind a door."""

    def __init__(self, command: str, host: str, port: int, door: Door) -> None:
        super().__init__(command, host=host, port=port, title="cwtui", public_url=door.origin)
        self.door = door

    def initialize_logging(self) -> None:
        """Log what goes wrong only: a line per request would show the token."""
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing yet: nobody can connect before the port is taken."""

    def serve(self, debug: bool = False) -> None:  # noqa: ARG002  # the library's signature
        """Serve until SIGINT or SIGTERM, and say where in one line once visitors can come."""
        self.initialize_logging()
        asyncio.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        runner = web.AppRunner(await self._make_app())
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port).start()
            query = f"/?token={self.door.token}" if self.door.token else ""
            sys.stdout.write(f"Open {self.door.origin}{query}\n")
            sys.stdout.flush()
            await stop.wait()
        finally:
            await runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.query.get("token", "")
        shown = given or request.cookies.get(_COOKIE, "")
        if why := self.door.refusal(request.host, request.headers.get("Origin"), shown):
            raise web.HTTPForbidden(text=f"{why}\n")
        response = await handler(request)
        if not response.prepared:
            response.headers.update(_HEADERS)
            if given:
                response.set_cookie(_COOKIE, given, httponly=True, samesite="Strict")
        return response


def serve(host: str, port: int, arguments: Sequence[str], *, with_token: bool) -> None:
    """Serve until Ctrl-C; every visitor gets a terminal interface of their own, on the same state.

    Args:
        host: An IP address. Anything but loopback needs the token, and should stand behind TLS.
        port: A free port.
        arguments: The global options for the served command.
        with_token: Ask for a token on loopback too.

    Raises:
        ConfigError: `host` is not an IP address.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError as error:
        raise ConfigError(
            f"{host!r} is not an IP address.", next_step="Use 127.0.0.1, or the address of one of this host's networks."
        ) from error
    token = secrets.token_urlsafe(24) if with_token or not address.is_loopback else ""
    name = f"[{host}]" if address.version == 6 else host  # noqa: PLR2004  # IPv6 stands in brackets
    command = shlex.join([sys.executable, "-m", "cwtui.cli.main", *arguments])
    WebTerminal(command, host, port, Door(f"http://{name}:{port}", token)).serve()
