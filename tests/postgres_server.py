"""A PostgreSQL server of the tests' own: on loopback, as an unprivileged user, gone with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _program(name: str) -> str | None:
    return next((str(place / name) for place in _PLACES if (place / name).exists()), shutil.which(name))


INITDB, PG_CTL = _program("initdb"), _program("pg_ctl")
needs_postgres = pytest.mark.skipif(
    (INITDB is None or PG_CTL is None) and os.environ.get("CI") != "true",
    reason="needs PostgreSQL's server programs: install postgresql to run this test",
)


@dataclass
class Server:
    """A running server; `address` names its one database."""

    folder: Path
    port: int

    @property
    def address(self) -> str:
        return f"postgresql://cwtui@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=60"
        self._run(str(PG_CTL), "start", "-w", "-D", str(self.folder), "-l", str(self.folder / "log"), "-o", options)

    def stop(self, how: str = "immediate") -> None:
        """`immediate` is a crash: it recovers from its own log at the next start."""
        self._run(str(PG_CTL), "stop", "-w", "-D", str(self.folder), "-m", how)

    def _run(self, *command: str) -> None:
        done = subprocess.run(  # noqa: S603  # the server's own programs
            command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", cwd="/", **_as_nobody_special(),
        )  # fmt: skip
        assert done.returncode == 0, done.stdout


def _as_nobody_special() -> dict[str, Any]:
    """The server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    name = next(name for name in ("postgres", "nobody") if _exists(name))
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


@contextmanager
def running_server() -> Iterator[Server]:
    """Make and start one; stop and remove it."""
    folder = Path(tempfile.mkdtemp(prefix="cwtui-pg-"))
    try:
        user = _as_nobody_special().get("user")
        if user is not None:
            shutil.chown(folder, str(user))
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        server = Server(folder / "data", port)
        server._run(str(INITDB), "-D", str(server.folder), "-A", "trust", "-U", "cwtui", "-E", "UTF8", "--locale=C")
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
