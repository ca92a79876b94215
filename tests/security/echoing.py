"""A service on loopback that repeats all it was sent in its answers, as careless gateways do."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Echo:
    """The service; `status` and `kind` may be changed while it runs.

    Attributes:
        gives_token: `POST …/token` is answered as the marketplace does; else it is echoed like everything.
        heard: Bodies it was sent.
    """

    status: int = 400
    kind: str = "message"
    gives_token: bool = False
    location: str = ""
    port: int = 0
    heard: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, headers: dict[str, str], body: str) -> tuple[str, str]:
        """Content type and body."""
        lines = [f"{name}: {value}" for name, value in headers.items()]
        scheme, _, value = headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            lines.append(base64.b64decode(value).decode())
        said = "; ".join([*lines, body])
        forms = {
            "message": ("application/json", json.dumps({"code": said, "message": said})),
            "cut": ("application/json", json.dumps({"message": "x" * (395 - len(lines[0])) + said})),
            "errors": ("application/json", json.dumps({"errors": [{"field": said, "message": said, "code": said}]})),
            "page": ("text/html", f"<html><title>{said}</title>{said}</html>"),
            "text": ("text/plain", said),
        }
        return forms[self.kind]


@contextmanager
def echoing() -> Iterator[Echo]:
    """Serve until the block ends."""
    echo = Echo()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
            echo.heard.append(body)
            echo.asked.append(f"{self.command} {self.path}")
            status = echo.status
            kind, text = echo.answer(dict(self.headers.items()), body)
            if echo.gives_token and self.path.endswith("/token"):
                status, kind = 200, "application/json"
                text = json.dumps({"token": "SECRET-token-0123456789", "expiresInSeconds": 1500})
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if echo.location:
                self.send_header("Location", echo.location)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815  # http.server's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    echo.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield echo
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
