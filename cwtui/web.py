"""The terminal interface in a browser, for those who cannot SSH: textual-serve, kept to this machine by default."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import logging
import secrets
import shlex
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextvars import ContextVar
from urllib.parse import urlsplit

import ifaddr
from aiohttp import web
from textual_serve.server import Server

from cwtui.domain.errors import ConfigError
from cwtui.domain.lazily import dataclass

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
        " img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Nothing is loaded from elsewhere, and no other page can frame this one."""
_ORIGIN: ContextVar[str] = ContextVar("origin")
"""How the browser of the request under way names this server."""
_IPV6 = 6


@dataclass(frozen=True, slots=True)
class Door:
    """Who may come in.

    Attributes:
        origins: As browsers name this server (`http://127.0.0.1:8000`); the first is the one to show first.
        token: What every visitor must show once; empty asks for none (loopback only).
    """

    origins: tuple[str, ...]
    token: str = ""

    def origin_of(self, host: str) -> str:
        """The origin that a Host header names; empty for a name that is not this server's."""
        return next((origin for origin in self.origins if urlsplit(origin).netloc == host.lower()), "")

    def refusal(self, host: str, sender: str | None, shown: str) -> str:
        """Why a request is not let in; empty if it is.

        Args:
            host: The Host header: a foreign one means a foreign name was made to point here.
            sender: The Origin header: a foreign one means another page opened the connection.
            shown: The token in the address or the cookie.
        """
        origin = self.origin_of(host)
        if not origin:
            return f"This server answers as {', '.join(self.origins)} only. Another name: cwtui web --public-name NAME."
        if sender is not None and sender != origin:
            return "Another page may not connect to this one."
        if self.token and not hmac.compare_digest(shown.encode(), self.token.encode()):
            return "Open the address that `cwtui web` printed: it carries the token."
        return ""

    def cookie_of(self, host: str, port: int) -> str:
        """The token's cookie: one a port, since cookies know no ports; `__Host-` where TLS carries it."""
        is_secure = self.origin_of(host).startswith("https://")
        return f"__Host-cwtui_{port}" if is_secure else f"cwtui_token_{port}"


class WebTerminal(Server):
    """textual-serve behind a door."""

    def __init__(self, command: str, host: str, port: int, door: Door, most: int) -> None:
        super().__init__(command, host=host, port=port, title="cwtui", public_url=door.origins[0])
        self.door, self.most, self._open = door, most, 0

    @property
    def public_url(self) -> str:
        """How the visitor's browser names this server: addresses in its page begin with this."""
        return _ORIGIN.get(self.door.origins[0])

    @public_url.setter
    def public_url(self, value: str) -> None:
        """The library sets one name for all visitors; each keeps their own."""

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
        """Serve until SIGINT or SIGTERM, and say where once visitors can come."""
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
            first, *others = (f"{origin}{query}" for origin in self.door.origins)
            sys.stdout.write("\n".join([f"Open {first}", *(f"  or {other}" for other in others)]) + "\n")
            sys.stdout.flush()
            await stop.wait()
        finally:
            await runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        cookie, given = self.door.cookie_of(request.host, self.port), request.query.get("token", "")
        sender = request.headers.get("Origin")
        if why := self.door.refusal(request.host, sender, given or request.cookies.get(cookie, "")):
            raise web.HTTPForbidden(text=f"{why}\n")
        _ORIGIN.set(self.door.origin_of(request.host))
        if given:
            return self._without_token(request, cookie, given)
        response = await (self._terminal(request, handler) if request.path == "/ws" else handler(request))
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    def _without_token(self, request: web.Request, cookie: str, given: str) -> web.StreamResponse:
        """Keep the token in a cookie and take it out of the address: addresses are kept, shown and copied."""
        rest = {name: value for name, value in request.query.items() if name != "token"}
        moved = web.HTTPSeeOther(str(request.rel_url.with_query(rest)), headers=_HEADERS)
        moved.set_cookie(cookie, given, httponly=True, samesite="Strict", secure=cookie.startswith("__Host-"))
        return moved

    async def _terminal(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._open >= self.most:
            raise web.HTTPServiceUnavailable(text=f"{self.most} terminals are open. Close one, then try again.\n")
        self._open += 1
        try:
            return await handler(request)
        finally:
            self._open -= 1


def serve(
    host: str, port: int, arguments: Sequence[str], *, with_token: bool, public_names: Collection[str] = (), most: int
) -> None:
    """Serve until Ctrl-C; every visitor gets a terminal interface of their own, on the same state.

    Args:
        host: An IP address. Anything but loopback needs the token, and should stand behind TLS.
        port: A free port.
        arguments: The global options for the served command.
        with_token: Ask for a token on loopback too.
        public_names: What a proxy with TLS in front of this server is called: `name`, or `name:port`.
        most: Terminals that may be open at once.

    Raises:
        ConfigError: `host` is not an IP address, or a public name is none.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError as error:
        raise ConfigError(
            f"{host!r} is not an IP address.", next_step="Use 127.0.0.1, or the address of one of this host's networks."
        ) from error
    token = secrets.token_urlsafe(24) if with_token or public_names or not address.is_loopback else ""
    origins = (*map(public_origin, public_names), *(f"http://{name}:{port}" for name in names_of(address)))
    command = shlex.join([sys.executable, "-m", "cwtui.cli.main", *arguments])
    WebTerminal(command, host, port, Door(origins, token), most).serve()


def names_of(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> tuple[str, ...]:
    """What a browser may call a server that listens on an address: for all networks, the host's names and addresses."""
    if not address.is_unspecified:
        names = ["localhost"] if address.is_loopback else []
        return tuple(dict.fromkeys([_bracketed(address), *names]))
    held = [ipaddress.ip_address(_plain(ip.ip)) for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    reached = [one for one in held if address.version in {_IPV6, one.version}]
    own = [_bracketed(one) for one in sorted(reached, key=lambda one: (one.is_loopback, one.version, int(one)))]
    host = socket.gethostname().lower()
    return tuple(dict.fromkeys([*own, host, socket.getfqdn(host).lower(), "localhost"]))


def public_origin(name: str) -> str:
    """The origin of a name that a proxy with TLS answers to.

    Raises:
        ConfigError: It is no name.
    """
    parts = urlsplit(f"//{name.strip().removeprefix('https://').rstrip('/')}")
    try:
        port = parts.port
    except ValueError:
        port = -1
    if not parts.hostname or parts.path or parts.query or parts.username or port == -1:
        raise ConfigError(
            f"{name!r} is no public name.",
            next_step="Name the proxy as its visitors do: billing.example.com.",
        )
    return f"https://{parts.netloc.lower()}"


def _plain(ip: str | tuple[str, int, int]) -> str:
    return ip if isinstance(ip, str) else ip[0]


def _bracketed(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    return f"[{address}]" if address.version == _IPV6 else str(address)
