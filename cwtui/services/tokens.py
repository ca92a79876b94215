"""The marketplace's bearer tokens: from its own `/token`, or by OAuth 2 client credentials (settings.md#sign-in)."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote_plus, urlsplit

from pydantic import SecretStr

from cwtui.domain.errors import AccessDenied, Refused, ServiceError, Unreadable
from cwtui.domain.lazily import dataclass
from cwtui.services.answers import unreadable
from cwtui.services.gate import Timing
from cwtui.services.http_policy import Answer, HttpPolicy
from cwtui.services.reading import Amount, M, Reader, Text, WireRecord

_EXPIRES_UNSAID_S = 300.0
_LONGEST_S = 86_400.0
_REFUSED_CLIENT = {"invalid_client", "unauthorized_client", "invalid_scope", "invalid_grant", "access_denied"}


class SignIn(Protocol):
    """A way to a token."""

    async def token(self) -> tuple[str, float]:
        """A new token, and the seconds it is good for."""

    async def aclose(self) -> None:
        """Close the connections it has of its own."""

    def stop(self) -> None:
        """Wait for no answer longer than a moment."""


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """What OAuth 2 client credentials need."""

    token_url: str
    client_id: str
    client_secret: SecretStr
    scope: str = ""


class _Token(WireRecord):
    token: Text = None
    expires_in_seconds: Amount = None


class _OAuthToken(WireRecord):
    access_token: Text = None
    expires_in: Amount = None

    model_config = WireRecord.model_config | {"alias_generator": None}  # RFC 6749 writes its names with underscores


def _read_token(token: str | None, lifetime_s: object) -> tuple[str, float]:
    if not token or not all("!" <= char <= "~" for char in token):
        raise ValueError("token: missing, or none that can be sent")
    return token, _EXPIRES_UNSAID_S if lifetime_s is None else min(_LONGEST_S, max(0.0, float(str(lifetime_s))))


_TOKEN = Reader(_Token, lambda row: _read_token(row.token, row.expires_in_seconds))
_OAUTH_TOKEN = Reader(_OAuthToken, lambda row: _read_token(row.access_token, row.expires_in))


class BasicSignIn:
    """User name and password, at the marketplace's own address."""

    def __init__(self, http: HttpPolicy, basic: str, marketplace: str) -> None:
        self._http, self._marketplace = http, marketplace
        self._headers = {"Authorization": f"Basic {basic}"}

    async def token(self) -> tuple[str, float]:
        """A new token, and the seconds it is good for."""
        body = {"marketplace": self._marketplace}
        return _read(await self._http.ask("POST", "/token", body=body, headers=self._headers, repeatable=True), _TOKEN)

    async def aclose(self) -> None:
        """Close nothing: the connections are the marketplace's."""

    def stop(self) -> None:
        """Stop nothing: the waiting is the marketplace's."""


class OAuthSignIn:
    """OAuth 2 client credentials (RFC 6749, 4.4), at an address of its own."""

    def __init__(self, client: OAuthClient, http: HttpPolicy) -> None:
        """Take the client, and the policy towards the host of its `token_url`."""
        self._client, self._http = client, http
        self._path = urlsplit(client.token_url.strip()).path
        self._in_body = False

    async def token(self) -> tuple[str, float]:
        """A new token, and the seconds it is good for.

        The credentials go into the header, as the RFC asks every server to take them; a server that refuses them
        there is asked once more with the credentials in the body, and the way that worked is remembered.
        """
        try:
            return _read(await self._ask_both_ways(), _OAUTH_TOKEN)
        except (Refused, Unreadable) as error:
            raise _advised(error, type(error), "Check `token_url` of the marketplace.") from error

    async def aclose(self) -> None:
        """Close the connections to the token's host."""
        await self._http.aclose()

    def stop(self) -> None:
        """Wait for no answer longer than a moment."""
        self._http.stop()

    async def _ask_both_ways(self) -> Answer:
        try:
            return await self._ask(in_body=self._in_body)
        except (AccessDenied, Refused) as error:
            if not _is_refused_client(error):
                raise
            try:
                answer = await self._ask(in_body=not self._in_body)
            except (AccessDenied, Refused):
                next_step = "Check `token_url`, `client_id`, `client_secret` and `scope` of the marketplace."
                raise _advised(error, AccessDenied, next_step) from error
            self._in_body = not self._in_body
            return answer

    async def _ask(self, *, in_body: bool) -> Answer:
        secret = self._client.client_secret.get_secret_value()
        form = {"grant_type": "client_credentials"} | ({"scope": self._client.scope} if self._client.scope else {})
        headers: Mapping[str, str] = {}
        if in_body:
            form |= {"client_id": self._client.client_id, "client_secret": secret}
        else:
            known = f"{quote_plus(self._client.client_id)}:{quote_plus(secret)}"
            headers = {"Authorization": f"Basic {b64encode(known.encode()).decode()}"}
        return await self._http.ask("POST", self._path, form=form, headers=headers, repeatable=True)


def secrets_of(client: OAuthClient) -> tuple[str, ...]:
    """Texts that no message may hold: the secret, and its form in the header."""
    secret = client.client_secret.get_secret_value()
    known = f"{quote_plus(client.client_id)}:{quote_plus(secret)}"
    return secret, quote_plus(secret), b64encode(known.encode()).decode()


def origin_of(token_url: str) -> str:
    """The address without its path."""
    parts = urlsplit(token_url.strip())
    return f"{parts.scheme}://{parts.netloc}"


def _is_refused_client(error: AccessDenied | Refused) -> bool:
    return isinstance(error, AccessDenied) or error.code in _REFUSED_CLIENT


def _advised(error: ServiceError, kind: type[ServiceError], next_step: str) -> ServiceError:
    """The same facts with advice that fits a sign-in of its own."""
    return kind(
        error.happened,
        service=error.service,
        status=error.status,
        code=error.code,
        changed=error.changed,
        next_step=next_step,
    )


class Tokens:
    """The bearer token, renewed before it expires, by one request at a time."""

    def __init__(self, http: HttpPolicy, sign_in: SignIn, timing: Timing) -> None:
        self._http, self._sign_in, self._timing = http, sign_in, timing
        self._token = ""
        self._renew_at = 0.0
        self._turn = asyncio.Lock()

    async def current(self) -> str:
        """A token that is still good."""
        if not self._is_good():
            async with self._turn:
                if not self._is_good():
                    await self._renew()
        return self._token

    async def other_than(self, refused: str) -> str:
        """A newer token than the one that was refused."""
        async with self._turn:
            if self._token == refused:
                await self._renew()
        return self._token

    async def fresh(self) -> str:
        """A token asked for just now."""
        async with self._turn:
            await self._renew()
        return self._token

    async def aclose(self) -> None:
        """Close the connections of the sign-in."""
        await self._sign_in.aclose()

    def stop(self) -> None:
        """Wait for no answer longer than a moment."""
        self._sign_in.stop()

    def _is_good(self) -> bool:
        return bool(self._token) and self._timing.monotonic() < self._renew_at

    async def _renew(self) -> None:
        asked_at = self._timing.monotonic()
        token, lifetime_s = await self._sign_in.token()
        self._http.hide(token)
        self._token = token
        self._renew_at = asked_at + lifetime_s - min(60.0, lifetime_s / 10)


def _read(answer: Answer, reader: Reader[M, tuple[str, float]]) -> tuple[str, float]:
    try:
        return reader.one(answer.document)
    except ValueError as error:
        raise unreadable(answer.asked, f"a record that cannot be read ({error})", answer.status) from error
