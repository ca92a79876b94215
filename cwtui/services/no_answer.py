"""Errors for requests without an answer: not sent, or sent and in doubt; with the reason in words."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Iterator

import httpx

from cwtui.domain.errors import ConfigError, ServiceError, Transient
from cwtui.services.answers import Asked, failed, one_line, redacted, unreadable
from cwtui.services.wire import TooLarge

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_ANOTHER_NAME = {62, 64}
_UNKNOWN_ISSUER = {2, 18, 19, 20, 21}
_NOT_YET, _EXPIRED = 9, 10
"""OpenSSL's numbers (X509_V_ERR_…)."""


class TryAgain(Exception):  # it is no error before the last try
    """Carries the error to raise after the last try."""

    def __init__(self, error: ServiceError) -> None:
        super().__init__(str(error))
        self.error = error


def no_answer(
    asked: Asked, error: httpx.HTTPError | TimeoutError, secrets: Iterable[str], timeout_s: float
) -> Exception:
    """The error for a request without an answer; `TryAgain` if it may be sent again."""
    words = one_line(redacted(str(error), secrets), 160).rstrip(".")
    because = f" ({words})" if words else ""
    for each in _causes(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return _unverified(asked, each)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return ConfigError(
            f"{asked} to {asked.by_name} could not be written as HTTP: {words}.",
            next_step=f"Check the settings of {asked.by_name} for characters that do not belong there.",
        )
    if isinstance(error, _NOT_SENT):
        is_slow = isinstance(error, httpx.TimeoutException)
        how = "took too long to accept a connection" if is_slow else "was not reached"
        final = failed(asked, f"{asked.opening} {how} for {asked}{because}.")
        unknown = isinstance(final, Transient) and any(map(_is_unknown_name, _causes(error)))
        return TryAgain(_nameless(final) if unknown else final)
    asked.in_doubt = True
    if isinstance(error, TooLarge):
        return unreadable(asked, f"more than can be read: {words}")
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        happened = f"{asked.opening} did not answer {asked} within {timeout_s:g} seconds."
    else:
        happened = f"The connection to {asked.by_name} broke before it answered {asked}{because}."
    final = failed(asked, happened)
    return TryAgain(final) if asked.repeatable else final


def _is_unknown_name(error: BaseException) -> bool:
    return isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME


def _nameless(error: ServiceError) -> ServiceError:
    """The same error with advice for a host that nobody knows: waiting would not help."""
    return Transient(
        error.happened,
        service=error.service,
        changed=error.changed,
        next_step="Check the address in the settings for a typing error, and this machine's connection to the network.",
    )


def _unverified(asked: Asked, error: ssl.SSLCertVerificationError) -> ServiceError:
    number = getattr(error, "verify_code", 0)
    why = f"the check says: {one_line(getattr(error, 'verify_message', '') or str(error), 160)}"
    next_step = f"Check `base_url` of {asked.by_name} and this machine's certificates (SSL_CERT_FILE)."
    if number == _EXPIRED:
        why, next_step = "it has expired", "Ask who runs the service to renew it, and check this machine's clock."
    elif number == _NOT_YET:
        why, next_step = "it is not valid yet", "Check this machine's clock."
    elif number in _ANOTHER_NAME:
        why, next_step = (
            "it is for another name",
            f"Check `base_url` of {asked.by_name}: its host must be the name.",
        )
    elif number in _UNKNOWN_ISSUER:
        why = "this machine does not know who issued it"
        next_step = (
            f"Check `base_url` of {asked.by_name}. If a proxy or your own authority issued it, name its certificate"
            " in SSL_CERT_FILE."
        )
    return Transient(
        f"The certificate of {asked.by_name} could not be verified, so {asked} was not sent: {why}.",
        service=asked.service,
        next_step=next_step,
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
