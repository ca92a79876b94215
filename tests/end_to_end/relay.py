"""A TCP relay between a worker and its database: it passes everything on, swallows everything, or cuts all off."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import Self

_RESET = struct.pack("ii", 1, 0)


@dataclass
class Relay:
    """Listens on a loopback port of its own.

    Attributes:
        swallows: Nothing arrives any more, and nobody is told: a network that is gone.
        refuses: New connections are reset at once.
    """

    upstream: int
    swallows: bool = False
    refuses: bool = False
    port: int = 0
    _pairs: set[tuple[socket.socket, socket.socket]] = field(default_factory=set)
    _is_over: bool = False

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Reset every connection, on both sides."""
        for pair in list(self._pairs):
            _end(*pair)
            self._pairs.discard(pair)

    def cut_off(self) -> None:
        """Reset every connection, and refuse new ones until `mend`."""
        self.refuses = True
        self.cut()

    def mend(self) -> None:
        """Pass everything on again; what was swallowed is lost, and its connections with it."""
        if self.swallows:
            self.cut()
        self.swallows = self.refuses = False

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed: it is over
            while not self._is_over:
                client, _ = self._listener.accept()
                if self.refuses:
                    _end(client)
                    continue
                try:
                    server = socket.create_connection(("127.0.0.1", self.upstream), timeout=10)
                except OSError:  # the server is down
                    _end(client)
                    continue
                server.settimeout(None)
                pair = client, server
                self._pairs.add(pair)
                threading.Thread(target=self._pass_on, args=(pair,), daemon=True).start()

    def _pass_on(self, pair: tuple[socket.socket, socket.socket]) -> None:
        other = {pair[0]: pair[1], pair[1]: pair[0]}
        with contextlib.suppress(OSError, ValueError):  # one side ended it, or `cut` did
            while True:
                for one in select.select(pair, [], [], 1)[0]:
                    data = one.recv(1 << 16)
                    if not data:
                        return self._over(pair)
                    if not self.swallows:
                        other[one].sendall(data)
        return self._over(pair)

    def _over(self, pair: tuple[socket.socket, socket.socket]) -> None:
        if pair in self._pairs:
            self._pairs.discard(pair)
            _end(*pair)


def _end(*connections: socket.socket) -> None:
    for one in connections:
        with contextlib.suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            one.shutdown(socket.SHUT_RDWR)
        one.close()
