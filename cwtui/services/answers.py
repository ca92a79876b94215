"""Turns a service's answer into an error with its three sentences (synchronising.md#what-a-failure-says)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Literal

import httpx

from cwtui.domain.errors import (
    NOTHING_CHANGED,
    AccessDenied,
    NotFound,
    OutcomeUnknown,
    QuotaReached,
    Refused,
    ServiceError,
    Stopped,
    Transient,
    Unreadable,
)
from cwtui.domain.lazily import dataclass
from cwtui.domain.records import Leave
from cwtui.domain.remedies import Action, Remedy
from cwtui.services import exact_json

Service = Literal["marketplace", "PSA"]

NOT_KNOWN_YET = "Whether it was created is not known yet."
NOT_KNOWN = "Whether the change was made is not known."

_GAVE_UP = {HTTPStatus.REQUEST_TIMEOUT, 499}
_THROTTLED = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_LONGEST_MESSAGE = 400
_LONGEST_TITLE = 80
_SHORTEST_SECRET = 4
_LONGEST_BELIEVED_S = 400 * 86_400.0
"""A `Retry-After` beyond this is a mistake, not a quota."""
_MOST_OF_A_PAGE = 16 * 1024
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_CODES = ("code", "errorCode", "error_code", "statusCode", "error")
_MESSAGES = ("message", "error_description", "errorMessage", "description", "detail", "title")


@dataclass(slots=True)
class Asked:
    """One thing asked of a service, through all its tries.

    Attributes:
        path: Below the base URL, without the query.
        repeatable: Sending it twice does no more than sending it once. Only a create is not.
        in_doubt: A try was sent and not answered, so the service may have done it.
        took_s: How long the last try took.
        leave: Awaited just before each try is sent.
    """

    service: Service
    method: str
    path: str
    repeatable: bool
    query: Mapping[str, str] | None = field(default=None, repr=False)
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body_type: str = "application/json"
    in_doubt: bool = False
    took_s: float = 0.0
    leave: Leave | None = field(default=None, repr=False)

    @property
    def by_name(self) -> str:
        """The service within a sentence."""
        return "ConnectWise" if self.service == "PSA" else f"the {self.service}"

    @property
    def opening(self) -> str:
        """The service where a sentence begins with it."""
        return self.by_name[0].upper() + self.by_name[1:]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def changed(self) -> str:
        """The sentence about its effect while no good answer came."""
        if not self.in_doubt or self.method == "GET":
            return NOTHING_CHANGED
        return NOT_KNOWN if self.repeatable else NOT_KNOWN_YET


@dataclass(frozen=True, slots=True)
class RefusalText:
    """A service's own words for a refusal; `code` is empty if it gave none."""

    code: str
    message: str

    def answering(self, asked: Asked, status: int, verb: str = "answered") -> str:
        """The sentence that reports it."""
        code = f" ({self.code})" if self.code and self.code != str(status) else ""
        words = f": {self.message.rstrip('.')}" if self.message else " without an explanation"
        return f"{asked.opening} {verb} {status}{code} to {asked}{words}."


def one_line(text: str, longest: int = _LONGEST_MESSAGE) -> str:
    """Outside text on one line: without control characters or doubled spaces, cut at `longest`."""
    shown = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in text[: longest * 8])
    line = " ".join(shown.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text without any of the secrets, in case a service repeats what it was sent."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "•••")
    return text


def read_refusal_text(response: httpx.Response, secrets: Iterable[str]) -> RefusalText:
    """The service's own message and code; of an HTML page no more than its title."""
    try:
        document = exact_json.loads(response.content)
    except ValueError:
        return RefusalText("", _page(response, secrets))
    if isinstance(document, list):  # some gateways answer a list of errors
        document = {"errors": document}
    if not isinstance(document, dict):
        return RefusalText("", one_line(redacted(str(document), secrets)))
    nested = document.get("error")
    if isinstance(nested, dict):
        document = {**nested, **{name: value for name, value in document.items() if name != "error"}}
    message = "; ".join(dict.fromkeys(part for part in [_first(document, _MESSAGES), *_items(document)] if part))
    # Redacted before it is cut: half a secret is one too.
    code = one_line(redacted(_first(document, _CODES), secrets), _LONGEST_TITLE)
    return RefusalText(code, one_line(redacted(message, secrets)))


def _page(response: httpx.Response, secrets: Iterable[str]) -> str:
    text = _text(response)
    title = _TITLE.search(text)
    if title:
        from html import unescape  # noqa: PLC0415  # start-up: it brings a table of two thousand names

        return f'a web page titled "{one_line(redacted(unescape(title[1]), secrets), _LONGEST_TITLE)}"'
    return "a web page" if "<html" in text[:1000].lower() else ""


def _text(response: httpx.Response) -> str:
    """The beginning of a page in any encoding: `httpx` trusts names of codecs that make no text, such as hex."""
    beginning = response.content[:_MOST_OF_A_PAGE]
    try:
        return beginning.decode(response.charset_encoding or "utf-8", "replace")
    except (LookupError, ValueError):
        return beginning.decode("utf-8", "replace")


def _first(document: Mapping[str, object], names: Iterable[str]) -> str:
    found = (document.get(name) for name in names)
    return next((str(value) for value in found if isinstance(value, str | int) and value != ""), "")


def _items(document: Mapping[str, object]) -> Iterator[str]:
    items = document.get("errors") or document.get("details")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            code, field_name = _first(item, _CODES), _first(item, ("field", "property", "path"))
            message = _first(item, _MESSAGES)
            yield f"{field_name}: {message}".strip(": ") + (f" ({code})" if code else "")
        elif isinstance(item, str):
            yield item


def refusal(asked: Asked, response: httpx.Response, secrets: Iterable[str]) -> ServiceError:
    """The error for an answer from 300 to 499 (429 has its own): not retried."""
    status, its = response.status_code, read_refusal_text(response, secrets)
    happened = its.answering(asked, status)
    if status < HTTPStatus.BAD_REQUEST:
        return unreadable(asked, "a redirect to another address", status)
    kind: type[ServiceError] = Refused
    next_step: str | Remedy = "Correct what it names, then try again."
    if status == HTTPStatus.UNAUTHORIZED:
        kind, next_step = AccessDenied, Remedy(Action.CHECK_CREDENTIALS, asked.service)
    elif status == HTTPStatus.FORBIDDEN:
        kind, next_step = AccessDenied, Remedy(Action.DIAGNOSE)
    elif status == HTTPStatus.NOT_FOUND:
        kind, next_step = NotFound, "Check that it was not deleted there; wrong credentials can look like this too."
    return kind(
        happened,
        service=asked.service,
        status=status,
        code=its.code or None,
        changed=asked.changed,
        next_step=next_step,
    )


def out_of_quota(asked: Asked, response: httpx.Response, secrets: Iterable[str], goes_on_at: datetime) -> ServiceError:
    """The error for a service that asks for a longer pause than anybody waits."""
    its = read_refusal_text(response, secrets)
    words = f" ({its.message.rstrip('.')})" if its.message else ""
    return QuotaReached(
        f"{asked.opening} takes no more requests for now: it answered {response.status_code} to {asked}{words}.",
        service=asked.service,
        status=response.status_code,
        code=its.code or None,
        changed=asked.changed,
        goes_on_at=goes_on_at,
    )


def pause_text(asked: Asked, status: int, goes_on_at: datetime) -> str:
    """That everybody waits for a service, why, and until when."""
    why = "is busy" if status == HTTPStatus.SERVICE_UNAVAILABLE else "takes no more requests within its quota"
    return f"{asked.opening} {why} ({status}): the run waits, and goes on at {goes_on_at:%Y-%m-%d %H:%M:%S} UTC."


def stopped(asked: Asked) -> ServiceError:
    """The error for a request that nobody waits for any more, because the program ends."""
    if asked.in_doubt and not asked.repeatable:
        return failed(asked, f"The run was stopped before {asked.by_name} answered {asked}.")
    return Stopped(
        f"The run was stopped before {asked.by_name} answered {asked}.",
        service=asked.service,
        changed=asked.changed,
        next_step="The next run goes on from here.",
    )


def is_in_doubt(status: int) -> bool:
    """Whether a service, or a gateway before it, gave up: it may have done what was asked."""
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _GAVE_UP


def is_throttled(response: httpx.Response) -> bool:
    """429, 503, or a 403 that says when to come again: gateways answer that where a quota is used up."""
    is_quota = response.status_code == HTTPStatus.FORBIDDEN and "Retry-After" in response.headers
    return is_quota or response.status_code in _THROTTLED


def broken(asked: Asked, response: httpx.Response, secrets: Iterable[str]) -> ServiceError:
    """The error for an answer that is in doubt: what was sent may have been done."""
    its = read_refusal_text(response, secrets)
    happened = its.answering(asked, response.status_code)
    return failed(asked, happened, status=response.status_code, code=its.code or None)


def throttled(asked: Asked, response: httpx.Response, secrets: Iterable[str]) -> ServiceError:
    """The error for a service that still refused the request after every pause."""
    its = read_refusal_text(response, secrets)
    happened = its.answering(asked, response.status_code, "kept answering")
    return Transient(
        happened,
        service=asked.service,
        status=response.status_code,
        code=its.code or None,
        changed=asked.changed,
        next_step="Wait until it takes requests again, or lower `sync.concurrency`, then try again.",
    )


def failed(asked: Asked, happened: str, *, status: int | None = None, code: str | None = None) -> ServiceError:
    """The error for a request that got no usable answer: OutcomeUnknown for a create in doubt, else Transient."""
    if asked.in_doubt and not asked.repeatable:
        return OutcomeUnknown(
            happened,
            service=asked.service,
            status=status,
            code=code,
            changed=NOT_KNOWN_YET,
            next_step="Check whether it exists before sending it again; the next run does so by itself.",
        )
    return Transient(
        happened,
        service=asked.service,
        status=status,
        code=code,
        changed=asked.changed,
        next_step=Remedy(Action.TRY_LATER),
    )


def unreadable(asked: Asked, what: str, status: int | None = None) -> ServiceError:
    """The error for a success that cannot be read: a create may well have happened."""
    happened = f"{asked.opening} answered {asked} with {what}."
    if not asked.repeatable:
        asked.in_doubt = True
        return failed(asked, happened, status=status)
    return Unreadable(
        happened,
        service=asked.service,
        status=status,
        changed=NOTHING_CHANGED if asked.method == "GET" else NOT_KNOWN,
        next_step=f"Check `base_url` of {asked.by_name}, and whether something stands between it and cwtui.",
    )


def web_page(response: httpx.Response, secrets: Iterable[str]) -> str:
    """Names an answer that is not JSON, in words."""
    return _page(response, secrets) or "something that is not JSON"


def retry_after(response: httpx.Response, now: datetime) -> float | None:
    """Seconds that `Retry-After` asks to wait, given as seconds or as an HTTP date; None without a reasonable one.

    A date is compared with the answer's own `Date`, so that a wrong clock here does not matter.
    """
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", text):
        pause = float(text)
    else:
        until = _http_date(text)
        since = _http_date(response.headers.get("Date", "")) or now
        if until is None:
            return None
        pause = max(0.0, (until - since).total_seconds())
    return pause if pause <= _LONGEST_BELIEVED_S else None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):  # the parser accepts any number, but a date has bounds
        return None
