"""The sandbox on a loopback port, for tests and trials by another process."""

from __future__ import annotations

import ipaddress
import signal
import socket
from collections.abc import Callable

import orjson
import uvicorn

from cwtui.sandbox.app import create_app
from cwtui.sandbox.behaviour import Behaviour
from cwtui.sandbox.credentials import announcement
from cwtui.sandbox.world import World


def serve(
    host: str, port: int, world: World, behaviour: Behaviour | None = None, *, announce: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM, then return.

    Args:
        host: A loopback address (`127.0.0.1`, `::1`, or `localhost`, which is taken as the first).
        port: 0 takes a free one.
        world: Changed in place by what is written.
        behaviour: How it misbehaves.
        announce: Called once, when the socket listens, with base URLs and credentials as one line of JSON.

    Raises:
        ValueError: If the host is not a loopback address: the credentials guard nothing.
        OSError: If the port is taken.
    """
    address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    if not address.is_loopback:
        raise ValueError(f"The sandbox is served on loopback only, not on {host}.")
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET  # noqa: PLR2004  # the protocol's version
    # Naming the protocol lets asyncio turn off Nagle's algorithm: else each answer waits 40 ms for an acknowledgement.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((str(address), port))
        bound = listener.getsockname()[1]
        shown = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004  # the protocol's version
        line = orjson.dumps(announcement(f"http://{shown}:{bound}")).decode()
        config = uvicorn.Config(
            create_app(world, behaviour, control=True),
            http="auto",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
            backlog=512,
        )
        _run(_Announcing(config, lambda: announce(line)), listener)


class _Announcing(uvicorn.Server):
    """Says once that it listens."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then say so."""
        await super().startup(sockets)
        if self.started:
            self._announce()


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    # The server raises the signal that stopped it again once it is down: here it has done its work by then.
    former = {each: signal.signal(each, lambda *_: None) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run(sockets=[listener])
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)
