"""Signing in to the marketplace: basic, OAuth 2, and without a gateway's key (settings.md#sign-in)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest
from pydantic import SecretStr

from cwtui.domain.errors import AccessDenied, ConfigError, NotFound, Refused, ServiceError, Unreadable
from cwtui.sandbox.app import Sandbox, create_app
from cwtui.sandbox.credentials import IDENTITY_BASE, MARKETPLACE, MARKETPLACE_BASE, OAUTH
from cwtui.sandbox.world import World
from cwtui.services.cloudblue import CloudBlue
from cwtui.services.tokens import OAuthClient
from tests.services.conftest import FakeTime

TOKEN_URL = f"https://login.example{IDENTITY_BASE}/oauth2/token"


@pytest.fixture
def sandbox() -> Sandbox:
    return create_app(World.seeded(date(2026, 11, 23)))


def client(sandbox: Sandbox, oauth: OAuthClient | None, fake_time: FakeTime, *, key: str = "") -> CloudBlue:
    return CloudBlue(
        f"https://market.example{MARKETPLACE_BASE}",
        "" if oauth else MARKETPLACE.username,
        SecretStr("" if oauth else MARKETPLACE.password),
        SecretStr(key),
        MARKETPLACE.marketplace,
        transport=httpx.ASGITransport(sandbox),
        timing=fake_time.timing(),
        oauth=oauth,
    )


def oauth(**changes: object) -> OAuthClient:
    values = {"client_id": OAUTH.client_id, "client_secret": SecretStr(OAUTH.client_secret), "scope": OAUTH.scope}
    return OAuthClient(TOKEN_URL, **{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
async def closing() -> AsyncIterator[list[CloudBlue]]:
    opened: list[CloudBlue] = []
    yield opened
    for each in opened:
        await each.aclose()


@pytest.mark.parametrize("in_form", [False, True], ids=["credentials in the header", "in the form only"])
async def test_oauth_asks_its_own_host_once_and_the_token_is_used(
    in_form: bool, sandbox: Sandbox, fake_time: FakeTime, closing: list[CloudBlue]
) -> None:
    sandbox.behaviour.oauth_in_form = in_form
    closing.append(market := client(sandbox, oauth(), fake_time, key=MARKETPLACE.subscription_key))
    assert await market.total("customers") > 0
    assert await market.total("products") > 0
    asked = [entry[:2] for entry in sandbox.log.recent if entry[0] == "identity"]
    assert asked == [["identity", "POST"]] * (2 if in_form else 1)
    if in_form:
        await market.sign_in()  # the way that worked is remembered
        assert sum(entry[0] == "identity" for entry in sandbox.log.recent) == 3


async def test_a_token_that_was_dropped_is_renewed_once(
    sandbox: Sandbox, fake_time: FakeTime, closing: list[CloudBlue]
) -> None:
    closing.append(market := client(sandbox, oauth(), fake_time, key=MARKETPLACE.subscription_key))
    await market.total("customers")
    sandbox.marketplace.drop_tokens()
    assert await market.total("customers") > 0
    assert sum(entry[0] == "identity" for entry in sandbox.log.recent) == 2


async def test_a_marketplace_without_a_gateway_needs_no_key(
    sandbox: Sandbox, fake_time: FakeTime, closing: list[CloudBlue]
) -> None:
    sandbox.behaviour.needs_subscription_key = False
    closing.append(market := client(sandbox, None, fake_time))
    assert await market.total("customers") > 0


@pytest.mark.parametrize(
    "changes",
    [{"client_secret": SecretStr("wrong-secret-1")}, {"client_id": "nobody"}, {"scope": "everything"}],
    ids=["secret", "client", "scope"],
)
async def test_what_oauth_refuses_names_the_settings_and_no_secret(
    changes: dict[str, object], sandbox: Sandbox, fake_time: FakeTime, closing: list[CloudBlue]
) -> None:
    closing.append(market := client(sandbox, oauth(**changes), fake_time, key=MARKETPLACE.subscription_key))
    with pytest.raises(AccessDenied, match="client_secret") as caught:
        await market.total("customers")
    assert "wrong-secret-1" not in str(caught.value)
    assert OAUTH.client_secret not in str(caught.value)


@pytest.mark.parametrize(
    "document",
    [{}, {"access_token": ""}, {"access_token": "a\nb"}, {"access_token": "\u2013"}, [], {"access_token": ["a"]}],
)
async def test_a_token_that_cannot_be_sent_is_none(document: object, fake_time: FakeTime) -> None:
    market = CloudBlue(
        "https://market.example",
        "",
        SecretStr(""),
        SecretStr(""),
        "",
        transport=httpx.MockTransport(lambda _: httpx.Response(200, json=document)),
        timing=fake_time.timing(),
        oauth=oauth(),
    )
    with pytest.raises(Unreadable):
        await market.sign_in()
    await market.aclose()


@pytest.mark.parametrize("token_url", ["http://login.example/token", "https://a..b/token", "login.example", ""])
def test_a_token_url_that_may_not_be_used_is_refused(token_url: str, sandbox: Sandbox, fake_time: FakeTime) -> None:
    with pytest.raises(ConfigError, match="token_url"):
        client(sandbox, OAuthClient(token_url, "id", SecretStr("secret")), fake_time)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(httpx.Response(404, json={"error": "invalid_request"}), NotFound, id="no such path"),
        pytest.param(httpx.Response(405), Refused, id="a page that takes no POST"),
        pytest.param(httpx.Response(200, text="<html>Sign in</html>"), Unreadable, id="a page"),
        pytest.param(httpx.Response(200, json={"ok": True}), Unreadable, id="no token in it"),
    ],
)
async def test_a_wrong_token_url_is_the_advice(
    answer: httpx.Response, kind: type[ServiceError], fake_time: FakeTime, closing: list[CloudBlue]
) -> None:
    market = CloudBlue(
        "https://market.example",
        "",
        SecretStr(""),
        SecretStr(""),
        "us",
        transport=httpx.MockTransport(lambda _: answer),
        timing=fake_time.timing(),
        oauth=oauth(),
    )
    closing.append(market)
    with pytest.raises(kind) as caught:
        await market.total("customers")
    assert caught.value.next_step == "Check `token_url` of the marketplace."
