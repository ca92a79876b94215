"""The one HTTP policy both clients use: retry, throttling, time-outs, redaction, translated errors.

Rule: synchronising.md#retries.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import urlencode

import httpx

from cwtui.domain.errors import ConfigError, ServiceError
from cwtui.domain.lazily import dataclass
from cwtui.domain.records import Leave
from cwtui.services import exact_json
from cwtui.services.addresses import checked_url
from cwtui.services.answers import (
    Asked,
    Service,
    broken,
    failed,
    is_in_doubt,
    is_throttled,
    out_of_quota,
    pause_text,
    refusal,
    retry_after,
    stopped,
    throttled,
    unreadable,
    web_page,
)
from cwtui.services.connections import Connections
from cwtui.services.gate import Gate, Timing
from cwtui.services.headers import STANDARD_HEADERS, refuse_impossible
from cwtui.services.no_answer import TryAgain, no_answer
from cwtui.services.one_connection import LEAVE, OneConnection

TRIES = 5
"""For 5xx and connection errors (synchronising.md#retries)."""
THROTTLED_TRIES = 10
"""For 429 and 503 with a time to wait, where more tries are worth it."""
LONGEST_PAUSE_S = 300.0
"""A longer `Retry-After` is not waited for: the request fails with that reason."""
_TOLD_FROM_S = 5.0
"""A shorter pause is not worth a message."""

_TOKENS_HIDDEN = 8
_STOP_GRACE_S = 1.0
"""How long a request under way may still take when the program shall end."""

_log = logging.getLogger("cwtui.http")


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: its status, headers, and JSON with fractions as Decimal (None where there was no body)."""

    asked: Asked
    status: int
    headers: Mapping[str, str]
    document: object


class HttpPolicy:
    """Sends requests to one service; requests under way at the same time use connections of their own.

    Attributes:
        sent: Requests that left, by method, every try counted.
        gate: The throttle shared by all requests to this service.
        tell_pause: Called once for each longer pause, with when it ends, in words.
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
        per_minute: int | None = None,
        url_setting: str = "base_url",
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
            per_minute: Most requests in any minute; None is no limit.
            url_setting: The setting that `base_url` came from, as errors name it.

        Raises:
            ConfigError: If `base_url` is not https, nor http on a loopback address, or a header cannot be sent.
        """
        self.service: Service = service
        self.base_url = checked_url(base_url, service, url_setting)
        refuse_impossible(headers, service)
        self.sent: Counter[str] = Counter()
        self._headers = {**STANDARD_HEADERS, **headers}
        self._fixed_secrets = self._secrets = secrets
        self._concurrency, self._timeout_s = max(1, concurrency), timeout_s
        # `_exchange_on` keeps `timeout_s` as a whole; connecting gets less of it, so that "not sent" is known.
        self._timeout = httpx.Timeout(timeout_s, connect=timeout_s * 0.75)
        self._connections = Connections(self.base_url, self._timeout, timeout_s, transport)
        self._timing = timing or Timing()
        self.gate = Gate(self._concurrency, self._timing, per_minute=per_minute)
        self.tell_pause: Callable[[str], None] = lambda _: None
        self._told_until = 0.0
        self._limits: set[asyncio.Timeout] = set()
        self._stop_at: float | None = None
        self._shut_until = 0.0
        self._shut_by: tuple[httpx.Response, datetime] | None = None
        _quiet_libraries()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connections.aclose()

    def hide(self, secret: str) -> None:
        """Keep a token out of every message, too: the last few tokens are remembered, the credentials always."""
        passing = self._secrets[len(self._fixed_secrets) :]
        self._secrets = (*self._fixed_secrets, *(*passing, secret)[-_TOKENS_HIDDEN:])

    def stop(self) -> None:
        """Give requests under way a second to end, and wait for none after that (synchronising.md#stopping)."""
        loop = asyncio.get_running_loop()
        self._stop_at = loop.time() + _STOP_GRACE_S
        for limit in self._limits:
            limit.reschedule(self._stop_at)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        leave: Leave | None = None,
    ) -> Answer:
        """Send one request and read its answer, through as many tries as synchronising.md#retries allows.

        Args:
            method: HTTP method.
            path: Below the base URL, its segments already quoted.
            query: Query parameters, unquoted.
            body: Sent as JSON; Decimals exactly.
            form: Sent as a form, in place of `body`.
            headers: Besides the service's own.
            repeatable: Whether an unknown outcome may be answered by sending again; by default for all but POST.
            leave: Awaited just before each try is sent, after every wait; if it raises, the try is not sent.

        Raises:
            OutcomeUnknown: A create was sent, and no answer says whether it happened.
            AccessDenied: 401 or 403.
            NotFound: 404.
            Refused: Any other 4xx.
            Unreadable: A redirect, a web page, or text that is not JSON.
            QuotaReached: The service takes no more requests for hours.
            Stopped: The program ends.
            Transient: The service stayed unreachable, busy or broken.
        """
        asked = self.asked(method, path)
        asked.query, asked.headers = query, headers or {}
        if form is not None:
            asked.body, asked.body_type = urlencode(form).encode(), "application/x-www-form-urlencoded"
        elif body is not None:
            asked.body = exact_json.dumps(body)
        asked.repeatable = asked.repeatable if repeatable is None else repeatable
        asked.leave = leave
        response = await self._send_until_stopped(asked)
        if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            raise refusal(asked, response, self._secrets)
        return Answer(asked, response.status_code, response.headers, self._document(asked, response))

    async def ask_once(self, method: str, path: str) -> Answer:
        """Like `ask`, for a request that may stay unanswered: one try, no pauses."""
        asked = self.asked(method, path)
        try:
            response, connection = await self._exchange(asked)
        except TryAgain as error:
            raise error.error from error
        self._connections.give_back(connection)
        if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            raise refusal(asked, response, self._secrets)
        return Answer(asked, response.status_code, response.headers, self._document(asked, response))

    def asked(self, method: str, path: str) -> Asked:
        """A request to this service, for errors about its answer."""
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

    async def _send_until_stopped(self, asked: Asked) -> httpx.Response:
        try:
            async with asyncio.timeout_at(self._stop_at) as limit:
                self._limits.add(limit)
                try:
                    return await self._send(asked)
                finally:
                    self._limits.discard(limit)
        except TimeoutError as error:
            raise stopped(asked) from error

    async def _send(self, asked: Asked) -> httpx.Response:
        """Answer below 500, after retrying what may be retried."""
        try:
            return await self._unthrottled(asked)
        except TryAgain as error:
            first: TryAgain | None = error
        import stamina  # noqa: PLC0415  # start-up: most runs ask nothing twice

        try:
            # stamina brings the growing, jittered pauses and counts the tries; the throttle is ours, because it
            # must hold back every request to the service, not only the one that was refused.
            async for attempt in stamina.retry_context(
                on=TryAgain,
                attempts=TRIES,
                timeout=None,
                wait_initial=0.25,
                wait_exp_base=3,
                wait_max=15.0,
                wait_jitter=0.5,
            ):
                with attempt:
                    if first is not None:
                        earlier, first = first, None
                        raise earlier
                    return await self._unthrottled(asked)
        except TryAgain as last:
            raise last.error from last.__cause__
        raise AssertionError("stamina tries at least once")  # pragma: no cover

    async def _unthrottled(self, asked: Asked) -> httpx.Response:
        refused_over: httpx.AsyncBaseTransport | None = None
        for tried in range(1, THROTTLED_TRIES + 1):
            async with self.gate.admitted() as admitted_at:
                await self._believe_refusal(asked, refused_over)
                self._refuse_while_shut(asked)
                response, refused_over = await self._exchange(asked)
                pause = self._asked_pause(asked, response, tried, admitted_at)
                if pause is None or asked.repeatable:
                    self._connections.give_back(refused_over)
            if is_in_doubt(response.status_code):
                asked.in_doubt = True
                if not asked.repeatable:
                    raise broken(asked, response, self._secrets)
            if pause is None:
                break
            if pause > LONGEST_PAUSE_S:
                raise self._shut(asked, response, pause)
            if tried >= (THROTTLED_TRIES if "Retry-After" in response.headers else TRIES):
                raise throttled(asked, response, self._secrets)
        if is_in_doubt(response.status_code):
            raise TryAgain(broken(asked, response, self._secrets))
        await _others_first(asked)
        return response

    def _shut(self, asked: Asked, response: httpx.Response, pause_s: float) -> ServiceError:
        """Send nothing more until the service's quota is renewed: it would only cost time, or more of the quota."""
        self._shut_until = self._timing.monotonic() + pause_s
        self._shut_by = response, self._timing.now() + timedelta(seconds=pause_s)
        return out_of_quota(asked, response, self._secrets, self._shut_by[1])

    def _refuse_while_shut(self, asked: Asked) -> None:
        if self._shut_by is not None and self._timing.monotonic() < self._shut_until:
            raise out_of_quota(asked, self._shut_by[0], self._secrets, self._shut_by[1])

    async def _believe_refusal(self, asked: Asked, over: httpx.AsyncBaseTransport | None) -> None:
        """Accept a request for a pause as the answer, unless the create may have been done.

        A stray "come again later" looks like the answer to the create that was just sent. The create's own answer then
        comes during the pause, over the same connection.

        Raises:
            OutcomeUnknown: It did.
        """
        if over is None or asked.repeatable:
            return
        self._connections.give_back(over)
        if isinstance(over, OneConnection) and await over.said_more():
            asked.in_doubt = True
            raise failed(asked, f"{asked.opening} answered {asked} twice.")

    def _asked_pause(self, asked: Asked, response: httpx.Response, tried: int, admitted_at: float) -> float | None:
        """Slow all requests down if the service asks for it; returns the pause it asks for, or None."""
        if not is_throttled(response):
            if response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                self.gate.speed_up()
            return None
        pause = retry_after(response, self._timing.now())
        if pause is None:
            pause = min(60.0, 2.0**tried) * random.uniform(0.5, 1.0)  # noqa: S311  # spreads requests, guards nothing
        pause = max(pause, 0.1 * tried)  # a service that says "0" may mean less than a second
        if pause <= LONGEST_PAUSE_S:
            self.gate.slow_down(pause, admitted_at)
            self._tell(asked, response.status_code, pause)
        return pause

    def _tell(self, asked: Asked, status: int, pause_s: float) -> None:
        """Say once until when everybody waits; requests that were in flight together are refused together."""
        until = self._timing.monotonic() + pause_s
        if pause_s < _TOLD_FROM_S or until < self._told_until + _TOLD_FROM_S:
            return
        self._told_until = until
        self.tell_pause(pause_text(asked, status, self._timing.now() + timedelta(seconds=pause_s)))

    async def _exchange(self, asked: Asked) -> tuple[httpx.Response, httpx.AsyncBaseTransport]:
        """One request, one answer of whatever status, and the connection it came over, to be given back."""
        connection = self._connections.take()
        try:
            return await self._exchange_on(connection, asked), connection
        except BaseException:
            self._connections.give_back(connection)
            raise

    async def _exchange_on(self, connection: httpx.AsyncBaseTransport, asked: Asked) -> httpx.Response:
        request = self._request(asked)
        began = self._timing.monotonic()
        self.sent[asked.method] += 1
        outcome: object = "cancelled"
        try:
            async with asyncio.timeout(self._timeout_s):
                if asked.leave is not None and not isinstance(connection, OneConnection):
                    await asked.leave()
                response = await connection.handle_async_request(request)
                response.request = request
                try:
                    await response.aread()
                finally:
                    await response.aclose()
        except (httpx.HTTPError, TimeoutError) as error:
            outcome = type(error).__name__
            raise no_answer(asked, error, self._secrets, self._timeout_s) from error
        except asyncio.CancelledError:
            asked.in_doubt = True
            raise
        else:
            outcome = response.status_code
            return response
        finally:
            asked.took_s = self._timing.monotonic() - began
            _log.debug("%s %s %s %.0f ms", asked.method, asked.path, outcome, asked.took_s * 1000)

    def _request(self, asked: Asked) -> httpx.Request:
        has_body = {"Content-Type": asked.body_type} if asked.body is not None else {}
        try:
            return httpx.Request(
                asked.method,
                _url(self.base_url + asked.path),
                params=asked.query or None,
                content=asked.body,
                headers={**self._headers, **asked.headers, **has_body},
                extensions={"timeout": self._timeout.as_dict(), LEAVE: asked.leave},
            )
        except (UnicodeError, httpx.InvalidURL) as error:
            raise ConfigError(
                f"{asked} to {asked.by_name} could not be written as HTTP.",
                next_step=f"Check the settings of {asked.by_name} for characters that do not belong there.",
            ) from error


async def _others_first(asked: Asked) -> None:
    """Let the next waiting request leave before this answer is processed, so that the service is never idle."""
    try:
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        asked.in_doubt = True  # nobody hears the answer
        raise


@lru_cache(maxsize=256)
def _url(text: str) -> httpx.URL:
    """An address, taken apart once: an agreement is written to several times."""
    return httpx.URL(text)


def _quiet_libraries() -> None:
    """Keep what other libraries log of a request (query values, headers) out of every log."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("stamina").setLevel(logging.ERROR)
