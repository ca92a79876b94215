"""The refusals of the two simulated services, in the bodies the real ones answer with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a PSA error's `errors` list."""

    code: str
    message: str
    resource: str
    field: str


class RefusedRequest(Exception):  # the service refuses; the sandbox itself did nothing wrong
    """An answer that is not a success; `status` is the HTTP status, `body` its JSON."""

    status: int

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, headers or {}


class PsaRefusal(RefusedRequest):
    """A PSA error: `code`, `message` and, for an invalid record, one entry for each field."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        items: tuple[Item, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        body: dict[str, Any] = {"code": code, "message": message}
        if items:
            body["errors"] = [
                {"code": item.code, "message": item.message, "resource": item.resource, "field": item.field}
                for item in items
            ]
        super().__init__(status, body, headers)


class Fault400(PsaRefusal):
    """A PSA 400."""

    def __init__(self, code: str, message: str, items: tuple[Item, ...] = ()) -> None:
        super().__init__(400, code, message, items)


class NotFound(PsaRefusal):
    """A PSA 404: no such record, or no such path."""

    def __init__(self, message: str) -> None:
        super().__init__(404, "NotFound", message)


class MarketplaceRefusal(RefusedRequest):
    """A marketplace error; the contract does not fix its shape."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, {"code": code, "message": message}, headers)


def too_many_requests(service: str, retry_after: str) -> RefusedRequest:
    """A 429, whose body has its own shape at both services."""
    if service == "psa":
        body = {"error": "ConnectWiseAPI", "message": "Too many requests. Slow down and try again later."}
    else:
        body = {"statusCode": "429", "message": f"Rate limit is exceeded. Try again in {retry_after} seconds."}
    return RefusedRequest(429, body, {"Retry-After": retry_after} if retry_after else None)
