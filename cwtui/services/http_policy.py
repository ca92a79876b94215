"""The one HTTP policy both clients use: retry, throttling, time-outs, redaction, translated errors.

Rule: synchronising.md#retries.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from ipaddress import ip_address
from urllib.request import getproxies, proxy_bypass

import httpx
import stamina

from cwtui.domain.errors import ConfigError, ServiceError, Transient
from cwtui.services import exact_json
from cwtui.services.answers import (
    Asked,
    Service,
    broken,
    failed,
    one_line,
    redacted,
    refusal,
    retry_after,
    throttled,
    unreadable,
    web_page,
)
from cwtui.services.gate import Gate, Timing
from cwtui.services.one_connection import OneConnection

TRIES = 5
"""For 5xx and connection errors (synchronising.md#retries)."""
THROTTLED_TRIES = 10
"""For 429 and 503 that say how long to wait: then more of them are worth it."""
LONGEST_PAUSE_S = 300.0
"""A `Retry-After` beyond this is not waited for: the request fails and says so."""

_TOKENS_HIDDEN = 8
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_THROTTLED = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
# A server that closes an idle connection just as a create is sent leaves its outcome unknown, so ours goes first:
# uvicorn keeps connections for 5 s, the usual proxies longer.
_KEEP_ALIVE_S = 4.0

_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "keep-alive",
    "User-Agent": f"python-httpx/{httpx.__version__}",
}

_log = logging.getLogger("cwtui.http")


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: its status, headers, and JSON with fractions as Decimal (None where there was no body)."""

    asked: Asked
    status: int
    headers: Mapping[str, str]
    document: object


class _TryAgain(Exception):
    """Not an error yet: carries the one to raise after the last try."""

    def __init__(self, error: ServiceError) -> None:
        super().__init__(str(error))
        self.error = error


class HttpPolicy:
    """Sends requests to one service, each of those under way on a connection of its own.

    A pool of sixteen connections looks at all of them for each request, and tries to give several requests the same
    one: that cost more than all else about a request. Here whoever asks takes the connection that was used last.

    Attributes:
        sent: Requests that left, by method, every try counted.
        gate: The throttle shared by all requests to this service.
    """

    def __init__(
        self,
        base_url: str,
        *,
        service: Service,
        headers: Mapping[str, str],
        secrets: tuple[str, ...],
        concurrency: int = 16,
        timeout_s: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
        timing: Timing | None = None,
    ) -> None:
        """Take what is needed to send; nothing is opened before the first request.

        Args:
            base_url: Paths are appended to it.
            service: As errors name it.
            headers: Sent with every request.
            secrets: Texts that must not show in a message, even if the service repeats them.
            concurrency: Most requests in flight.
            timeout_s: For one request, from connecting to the last byte of the answer.
            transport: In place of the network (the sandbox, tests).
            timing: Clock and sleep of the throttle.

        Raises:
            ConfigError: If `base_url` is not https, nor http on a loopback address.
        """
        self.service: Service = service
        self.base_url = checked_url(base_url, service)
        self.sent: Counter[str] = Counter()
        self._headers = {**_HEADERS, **headers}
        self._fixed_secrets = self._secrets = secrets
        self._concurrency, self._timeout_s = max(1, concurrency), timeout_s
        # `_exchange_on` keeps `timeout_s` as a whole; connecting gets less of it, so that "not sent" is known.
        self._timeout = httpx.Timeout(timeout_s, connect=timeout_s * 0.75)
        self._transport = transport
        self._timing = timing or Timing()
        self.gate = Gate(self._concurrency, self._timing)
        self._idle: list[httpx.AsyncBaseTransport] = []
        self._opened: list[httpx.AsyncBaseTransport] = []
        _quiet_libraries()

    async def aclose(self) -> None:
        """Close the connections."""
        while self._opened:
            await self._opened.pop().aclose()
        self._idle.clear()

    def hide(self, secret: str) -> None:
        """Keep one more text out of every message: a token. The last few are remembered, the credentials always."""
        passing = self._secrets[len(self._fixed_secrets) :]
        self._secrets = (*self._fixed_secrets, *(*passing, secret)[-_TOKENS_HIDDEN:])

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """Send one request and read its answer, through as many tries as synchronising.md#retries allows.

        Args:
            method: HTTP method.
            path: Below the base URL, its segments already quoted.
            query: Query parameters, unquoted.
            body: Sent as JSON; Decimals exactly.
            headers: Besides the service's own.
            repeatable: Whether an unknown outcome may be answered by sending again; by default for all but POST.

        Raises:
            OutcomeUnknown: A create was sent, and no answer says whether it happened.
            AccessDenied: 401 or 403.
            NotFound: 404.
            Refused: Any other 4xx.
            Unreadable: A redirect, a web page, or text that is not JSON.
            Transient: The service stayed unreachable, busy or broken.
        """
        asked = self.asked(method, path)
        asked.query, asked.headers = query, headers or {}
        asked.body = None if body is None else exact_json.dumps(body)
        asked.repeatable = asked.repeatable if repeatable is None else repeatable
        response = await self._send(asked)
        if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            raise refusal(asked, response, self._secrets)
        return Answer(asked, response.status_code, response.headers, self._document(asked, response))

    def asked(self, method: str, path: str) -> Asked:
        """A question to this service, for errors about its answer."""
        return Asked(service=self.service, method=method, path=path, repeatable=method != "POST")

    def _document(self, asked: Asked, response: httpx.Response) -> object:
        if not response.content.strip():
            if asked.method == "GET":
                raise unreadable(asked, "nothing", response.status_code)
            return None
        try:
            return exact_json.loads(response.content)
        except ValueError as error:
            raise unreadable(asked, web_page(response, self._secrets), response.status_code) from error

    async def _send(self, asked: Asked) -> httpx.Response:
        """Answer below 500, after retrying what may be retried."""
        try:
            return await self._unthrottled(asked)
        except _TryAgain as error:
            first: _TryAgain | None = error
        try:
            # stamina brings the growing, jittered pauses and counts the tries; the throttle is ours, because it
            # must hold back every request to the service, not only the one that was refused.
            async for attempt in stamina.retry_context(
                on=_TryAgain,
                attempts=TRIES,
                timeout=None,
                wait_initial=0.25,
                wait_exp_base=3,
                wait_max=15.0,
                wait_jitter=0.5,
            ):
                with attempt:
                    if first is not None:
                        failed, first = first, None
                        raise failed
                    return await self._unthrottled(asked)
        except _TryAgain as last:
            raise last.error from last.__cause__
        raise AssertionError("stamina tries at least once")  # pragma: no cover

    async def _unthrottled(self, asked: Asked) -> httpx.Response:
        for tried in range(1, THROTTLED_TRIES + 1):
            async with self.gate.admitted() as admitted_at:
                response = await self._exchange(asked)
                pause = self._asked_pause(response, tried, admitted_at)
            if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                asked.in_doubt = True
                if not asked.repeatable:
                    raise broken(asked, response, self._secrets)
            if pause is None:
                break
            if pause > LONGEST_PAUSE_S or tried >= (THROTTLED_TRIES if "Retry-After" in response.headers else TRIES):
                raise throttled(asked, response, self._secrets)
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _TryAgain(broken(asked, response, self._secrets))
        return response

    def _asked_pause(self, response: httpx.Response, tried: int, admitted_at: float) -> float | None:
        """Slow everything down if the service says so; gives how long it asks for, None if it does not."""
        if response.status_code not in _THROTTLED:
            if response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                self.gate.speed_up()
            return None
        pause = retry_after(response, self._timing.now())
        if pause is None:
            pause = min(60.0, 2.0**tried) * random.uniform(0.5, 1.0)  # noqa: S311  # spreads requests, guards nothing
        pause = max(pause, 0.1 * tried)  # a service that says "0" may mean less than a second
        self.gate.slow_down(min(pause, LONGEST_PAUSE_S), admitted_at)
        return pause

    async def _exchange(self, asked: Asked) -> httpx.Response:
        """One request, one answer of whatever status."""
        connection = self._idle.pop() if self._idle else self._open()
        try:
            return await self._exchange_on(connection, asked)
        finally:
            if connection in self._opened:  # not closed meanwhile
                self._idle.append(connection)

    async def _exchange_on(self, connection: httpx.AsyncBaseTransport, asked: Asked) -> httpx.Response:
        has_body = {"Content-Type": "application/json"} if asked.body is not None else {}
        request = httpx.Request(
            asked.method,
            self.base_url + asked.path,
            params=asked.query or None,
            content=asked.body,
            headers={**self._headers, **asked.headers, **has_body},
            extensions={"timeout": self._timeout.as_dict()},
        )
        began = self._timing.monotonic()
        self.sent[asked.method] += 1
        outcome: object = "cancelled"
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await connection.handle_async_request(request)
                response.request = request
                try:
                    await response.aread()
                finally:
                    await response.aclose()
        except (httpx.HTTPError, TimeoutError) as error:
            outcome = type(error).__name__
            raise self._no_answer(asked, error) from error
        else:
            outcome = response.status_code
            return response
        finally:
            asked.took_s = self._timing.monotonic() - began
            _log.debug("%s %s %s %.0f ms", asked.method, asked.path, outcome, asked.took_s * 1000)

    def _no_answer(self, asked: Asked, error: httpx.HTTPError | TimeoutError) -> Exception:
        """What to raise for a request without an answer."""
        if any(isinstance(each, ssl.SSLCertVerificationError) for each in _causes(error)):
            return Transient(
                f"The certificate of the {asked.service} could not be verified, so {asked} was not sent.",
                service=asked.service,
                next_step=f"Check `base_url` of the {asked.service} and this machine's certificates (SSL_CERT_FILE).",
            )
        if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
            return ConfigError(
                f"{asked} to the {asked.service} could not be written as HTTP: {self._words(error)}.",
                next_step=f"Check the settings of the {asked.service} for characters that do not belong there.",
            )
        if isinstance(error, _NOT_SENT):
            how = (
                "took too long to accept a connection"
                if isinstance(error, httpx.TimeoutException)
                else "was not reached"
            )
            return _TryAgain(failed(asked, f"The {asked.service} {how} for {asked}{self._because(error)}."))
        asked.in_doubt = True
        if isinstance(error, httpx.TimeoutException | TimeoutError):
            happened = f"The {asked.service} did not answer {asked} within {self._timeout_s:g} seconds."
        else:
            happened = f"The connection to the {asked.service} broke before it answered {asked}{self._because(error)}."
        final = failed(asked, happened)
        return _TryAgain(final) if asked.repeatable else final

    def _because(self, error: BaseException) -> str:
        words = self._words(error)
        return f" ({words})" if words else ""

    def _words(self, error: BaseException) -> str:
        return one_line(redacted(str(error), self._secrets), 160).rstrip(".")

    def _open(self) -> httpx.AsyncBaseTransport:
        """A connection that the first request on it opens: building a service costs nothing."""
        connection = self._transport or self._connection()
        self._opened.append(connection)
        return connection

    def _connection(self) -> httpx.AsyncBaseTransport:
        url = httpx.URL(self.base_url)
        # Certificates are always checked; plain http needs no CA bundle, which takes 50 ms to load.
        certificates = _no_certificates() if url.scheme == "http" else _certificates()
        if proxy := _proxy_to(url):
            limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEEP_ALIVE_S)
            return httpx.AsyncHTTPTransport(verify=certificates, limits=limits, proxy=proxy)
        return OneConnection(
            certificates=certificates, connect_timeout_s=self._timeout.connect or 0, keep_alive_s=_KEEP_ALIVE_S
        )


def _proxy_to(url: httpx.URL) -> str | None:
    """The proxy that the environment names for an address; plain http is this machine's loopback, which needs none."""
    if url.scheme == "http" or proxy_bypass(url.host):
        return None
    named = getproxies()
    proxy = named.get(url.scheme) or named.get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


def checked_url(base_url: str, service: Service) -> str:
    """The URL without its closing slash.

    Raises:
        ConfigError: If it is not https, nor http on a loopback address (settings.md#loopback-only-without-tls), or
            carries a password or a query.
    """
    next_step = f"Set `base_url` of the {service} to an address that begins with https://."
    try:
        url = httpx.URL(base_url.strip())
    except httpx.InvalidURL as error:
        raise ConfigError(f"The base URL of the {service} is not a URL.", next_step=next_step) from error
    if not url.host or url.userinfo or url.query or url.fragment:
        raise ConfigError(f"The base URL of the {service} is not a plain address.", next_step=next_step)
    if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.host)):
        raise ConfigError(f"The base URL of the {service} would send its credentials unencrypted.", next_step=next_step)
    return str(url).rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@cache
def _no_certificates() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _quiet_libraries() -> None:
    """Keep what other libraries log of a request (query values, headers) out of every log."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("stamina").setLevel(logging.ERROR)


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
