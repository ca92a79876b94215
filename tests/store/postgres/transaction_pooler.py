"""A pooler in transaction mode: one session of the server for everybody, lent for a transaction at a time."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_NO_TLS = {80877103, 80877104}
_HEAD = struct.Struct("!ci")


class TransactionPooler:
    """Speaks as much of PostgreSQL's protocol as it takes to know when a transaction has ended."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._lent = threading.Lock()
        self._server: socket.socket | None = None
        self._greeting = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        if self._server is not None:
            self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError), client:
            start = self._started(client)
            with self._lent:
                if self._server is None:
                    self._server = socket.create_connection(("127.0.0.1", self._server_port))
                    self._server.sendall(start)
                    self._greeting, _ = _said(self._server)
            client.sendall(_with_a_key_of_its_own(self._greeting))
            while True:
                self._lend(client, _message(client))

    def _started(self, client: socket.socket) -> bytes:
        while True:
            (length,) = struct.unpack("!i", head := _exactly(client, 4))
            rest = _exactly(client, length - 4)
            if struct.unpack("!i", rest[:4])[0] not in _NO_TLS:
                return head + rest
            client.sendall(b"N")

    def _lend(self, client: socket.socket, message: bytes) -> None:
        """One transaction, from its first message on."""
        assert self._server is not None
        with self._lent:
            while True:
                if message[:1] == b"X":
                    raise EOFError
                self._server.sendall(message)
                if message[:1] in b"QS":
                    said, is_over = _said(self._server)
                    client.sendall(said)
                    if is_over:
                        return
                message = _message(client)


def _with_a_key_of_its_own(greeting: bytes) -> bytes:
    """Poolers answer a process number and a key for cancelling that are their own."""
    at = greeting.index(b"K\0\0\0\x0c")
    return greeting[: at + 5] + struct.pack("!ii", 4_242, 1) + greeting[at + 13 :]


def _said(server: socket.socket) -> tuple[bytes, bool]:
    """Everything up to `ReadyForQuery`, and whether no transaction is open then."""
    said = []
    while True:
        said.append(message := _message(server))
        if message[:1] == b"Z":
            return b"".join(said), message[5:6] == b"I"


def _message(one: socket.socket) -> bytes:
    head = _exactly(one, 5)
    return head + _exactly(one, _HEAD.unpack(head)[1] - 4)


def _exactly(one: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        if not (more := one.recv(count - len(data))):
            raise EOFError
        data += more
    return data


@contextmanager
def pooled(server_port: int) -> Iterator[TransactionPooler]:
    pooler = TransactionPooler(server_port)
    try:
        yield pooler
    finally:
        pooler.close()
