"""A relay before a server that breaks connections wherever it hurts, so many times; then it is quiet."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

FAULTS = ("unasked", "half asked", "late", "unanswered", "half answered", "paused", "reset")
"""What a client asked is not passed on, or a part of it, or only after its connection was cut; the answer is kept
back, or a part of it; both wait; the server's connection is reset while it works.
"""


class CuttingRelay:
    """Passes everything on, except that each chunk may be the one that breaks."""

    def __init__(self, server_port: int, *, seed: int, faults: int, one_in: int = 12) -> None:
        self._server_port, self._faults, self._one_in = server_port, faults, one_in
        self._random = random.Random(seed)  # noqa: S311  # no secret
        self._lock = threading.Lock()
        self.done: Counter[str] = Counter()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def left(self) -> int:
        """Faults to come."""
        return self._faults - self.done.total()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, socket.create_connection(("127.0.0.1", self._server_port)) as server:
            asking = threading.Thread(target=self._pass, args=(client, server, FAULTS[:3]), daemon=True)
            asking.start()
            self._pass(server, client, FAULTS[3:])
            asking.join()

    def _next(self, faults: tuple[str, ...]) -> str:
        with self._lock:
            if self.left <= 0 or self._random.randrange(self._one_in):
                return ""
            fault = self._random.choice(faults)
            self.done[fault] += 1
            return fault

    def _pass(self, source: socket.socket, target: socket.socket, faults: tuple[str, ...]) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(1 << 16):
                fault = self._next(faults)
                if fault.startswith("half"):
                    target.sendall(chunk[: self._random.randrange(len(chunk))])
                elif fault == "late":
                    source.shutdown(socket.SHUT_RDWR)
                    time.sleep(self._random.random() / 10)
                    target.sendall(chunk)
                    time.sleep(0.01)
                elif fault == "paused":
                    time.sleep(self._random.random() / 20)
                if fault in {"", "paused"}:
                    target.sendall(chunk)
                    continue
                break
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def cutting(server_port: int, *, seed: int, faults: int, one_in: int = 12) -> Iterator[CuttingRelay]:
    relay = CuttingRelay(server_port, seed=seed, faults=faults, one_in=one_in)
    try:
        yield relay
    finally:
        relay.close()
