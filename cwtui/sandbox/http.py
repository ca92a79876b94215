"""Requests and answers as the two simulated services see them, free of ASGI."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from cwtui.sandbox import exact_json


@dataclass
class Request:
    """One request to one service; `path` is what follows the service's base path, header names are lower case.

    `template` is filled in by the service: the path as its contract writes it.
    """

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: bytes
    base_url: str
    template: str = ""

    @cached_property
    def query(self) -> dict[str, str]:
        """The query parameters, decoded; of a repeated one the last counts."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @cached_property
    def names(self) -> list[str]:
        """The names of the query parameters, a repeated one as often as it stands there."""
        return [name for name, _ in parse_qsl(self.query_string, keep_blank_values=True)]

    @property
    def url(self) -> str:
        """The whole address without the query."""
        return self.base_url + self.path

    def basic_credentials(self) -> str:
        """`user:password` of the Authorization header, empty without one that can be read."""
        scheme, _, text = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return ""
        try:
            return base64.b64decode(text, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return ""

    def sends_json(self) -> bool:
        """Whether the body is declared as JSON."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


@dataclass(slots=True)
class Response:
    """One answer; `document` is JSON-shaped, None means no body."""

    status: int = 200
    document: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    raw: bytes | None = None

    def body(self) -> bytes:
        """The body's bytes."""
        if self.raw is not None:
            return self.raw
        return b"" if self.document is None else exact_json.dumps(self.document)
