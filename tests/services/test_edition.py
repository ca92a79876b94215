"""What an older ConnectWise does not know is left out (settings.md#versions); addresses are completed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sized
from datetime import date

import httpx
import pytest
from pydantic import SecretStr

from cwtui.domain.errors import Refused
from cwtui.domain.ids import AgreementId
from cwtui.sandbox.app import Sandbox, create_app
from cwtui.sandbox.credentials import PSA
from cwtui.sandbox.world import World
from cwtui.services.connectwise import ConnectWise
from cwtui.services.connectwise_address import address_remark, api_url, site_url
from cwtui.services.connectwise_verbs import API_VERSION
from cwtui.settings import Settings

CLOUD = "https://api-na.myconnectwise.net/v4_6_release/apis/3.0"


@pytest.fixture
def sandbox() -> Sandbox:
    return create_app(World.seeded(date(2026, 11, 23)))


@pytest.fixture
async def psa(sandbox: Sandbox) -> AsyncIterator[ConnectWise]:
    client = ConnectWise(
        "https://api-na.myconnectwise.net",
        PSA.company_id,
        PSA.public_key,
        SecretStr(PSA.private_key),
        PSA.client_id,
        transport=httpx.ASGITransport(sandbox),
    )
    yield client
    await client.aclose()


async def count(pages: AsyncIterator[Sized]) -> int:
    return sum([len(page) async for page in pages])


@pytest.mark.parametrize(
    "unknown", [{"addressLine2"}, {"prorateFlag", "billStartDate"}, {"cost", "price"}, {"productClass"}, {"disabled"}]
)
async def test_a_field_that_is_not_known_costs_one_request_a_session(
    unknown: set[str], sandbox: Sandbox, psa: ConnectWise
) -> None:
    sandbox.behaviour.unknown_fields = frozenset(unknown)
    for _ in range(2):
        assert await count(psa.companies()) > 0
        assert await count(psa.agreements()) > 0
        assert await count(psa.catalog_items()) > 0
        await psa.table("countries")
    refused = [entry for entry in sandbox.log.recent if entry[3] == 400]
    assert 1 <= len(refused) <= len(unknown) * 2
    assert all(name in psa.offers for name in unknown)


async def test_a_version_that_is_not_known_is_not_asked_for_again(sandbox: Sandbox, psa: ConnectWise) -> None:
    sandbox.behaviour.psa_version = "2025.8"
    assert await count(psa.companies()) > 0
    assert await psa.additions(next(iter(await _agreement(psa)))) is not None
    assert sum(entry[3] == 400 for entry in sandbox.log.recent) == 1
    assert psa.offers == "It offers version 2025.8."


async def _agreement(psa: ConnectWise) -> list[AgreementId]:
    return [one.id async for page in psa.agreements() for one in page]


async def test_a_refusal_that_names_nothing_is_asked_again_for_whole_records(psa: ConnectWise) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("fields", ""))
        return httpx.Response(400, json={"message": "Bad request"}) if asked[-1] else httpx.Response(200, json=[])

    psa._http._connections._transport = httpx.MockTransport(answer)
    for _ in range(2):
        await psa.table("units")
    assert [bool(fields) for fields in asked] == [True, False, False]


async def test_a_refusal_about_something_else_stays_one(psa: ConnectWise) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("fields", ""))
        return httpx.Response(400, json={"code": "ApiFindCondition", "message": "The conditions are wrong"})

    psa._http._connections._transport = httpx.MockTransport(answer)
    for _ in range(2):
        with pytest.raises(Refused):
            await psa.table("units")
    assert [bool(fields) for fields in asked] == [True, False, True, False]


@pytest.mark.parametrize(
    ("base_url", "api"),
    [
        ("https://na.myconnectwise.net", CLOUD),
        ("https://na.myconnectwise.net/", CLOUD),
        ("https://NA.MyConnectWise.net//", CLOUD),
        ("https://api-na.myconnectwise.net/v4_6_release", CLOUD),
        ("https://api-na.myconnectwise.net/v4_6_release/", CLOUD),
        ("https://api-na.myconnectwise.net/v4_6_release/apis", CLOUD),
        ("https://api-na.myconnectwise.net/v4_6_release/apis/3.0/", CLOUD),
        ("https://na.myconnectwise.net/v4_6_release/apis/3.0", CLOUD),
        ("https://eu.myconnectwise.net", CLOUD.replace("api-na", "api-eu")),
        ("https://aus.myconnectwise.net", CLOUD.replace("api-na", "api-aus")),
        (
            "https://staging.connectwisedev.com",
            CLOUD.replace("api-na.myconnectwise.net", "api-staging.connectwisedev.com"),
        ),
        ("https://na.myconnectwise.net/v4_6_release/ConnectWise.aspx", CLOUD),
        ("https://na.myconnectwise.net/v4_6_release/services/system_io/router/router.rails", CLOUD),
        ("https://na.myconnectwise.net/login", CLOUD),
        ("https://api-na.myconnectwise.net/v4_6_release/apis/3.0/system/info", CLOUD),
        ("https://cw.example/v4_6_release/ConnectWise.aspx", "https://cw.example/v4_6_release/apis/3.0"),
        ("https://cw.example/manage/default.aspx", "https://cw.example/manage/v4_6_release/apis/3.0"),
        ("https://cw.example/apis-of-ours", "https://cw.example/apis-of-ours/v4_6_release/apis/3.0"),
        ("https://cw.example/v2_of_ours/apis/3.0", "https://cw.example/v2_of_ours/apis/3.0"),
        ("https://api-na.myconnectwise.net/v2026_1", CLOUD.replace("v4_6_release", "v2026_1")),
        ("https://cw.example", "https://cw.example/v4_6_release/apis/3.0"),
        ("https://cw.example:8443/v4_6_release", "https://cw.example:8443/v4_6_release/apis/3.0"),
        ("https://cw.example/manage", "https://cw.example/manage/v4_6_release/apis/3.0"),
        ("https://na.myconnectwise.net.example", "https://na.myconnectwise.net.example/v4_6_release/apis/3.0"),
        ("", ""),
    ],
)
def test_an_address_is_completed_once(base_url: str, api: str) -> None:
    assert api_url(base_url) == api
    assert api_url(api) == api
    assert Settings(connectwise={"base_url": base_url}).connectwise.api_url == api


def test_the_log_in_address_is_said_to_be_one() -> None:
    assert "https://api-na.myconnectwise.net" in address_remark("https://na.myconnectwise.net")
    assert address_remark("https://api-na.myconnectwise.net") == address_remark("https://cw.example/v4_6_release") == ""
    assert site_url(CLOUD) == "https://na.myconnectwise.net"
    assert site_url("https://cw.example:8443/x") == "https://cw.example:8443"


async def test_the_log_in_tells_where_the_api_is(psa: ConnectWise) -> None:
    assert await psa.located() == (
        "Its log-in names https://api-na.myconnectwise.net/v4_6_release/apis/3.0 for this company, version v2026.4."
    )


async def test_another_address_than_the_log_in_names_is_said_to_be_another() -> None:
    answer = httpx.Response(200, json={"Codebase": "v2026_1/", "SiteUrl": "api-na.myconnectwise.net"})
    transport = httpx.MockTransport(lambda _: answer)
    client = ConnectWise("https://na.myconnectwise.net", "us", "k", SecretStr("s"), "c", transport=transport)
    assert await client.located() == (
        f"Its log-in names {CLOUD.replace('v4_6_release', 'v2026_1')} for this company."
        " If your address fails, set `base_url` of ConnectWise to this one."
    )
    await client.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"Codebase": "../../evil?"}),
        httpx.Response(200, json={"Codebase": "v1/", "SiteUrl": "evil.example/\x1b[2J"}),
        httpx.Response(302, headers={"Location": "https://evil.example"}),
        httpx.Response(200, json=None),
    ],
)
async def test_a_log_in_that_says_nothing_sensible_says_nothing(answer: httpx.Response) -> None:
    client = ConnectWise(
        "https://cw.example",
        "me/../x",
        "k",
        SecretStr("s"),
        "c",
        transport=httpx.MockTransport(lambda _: answer),
    )
    assert await client.located() == ""
    await client.aclose()


def test_the_settings_ask_for_the_contracts_version() -> None:
    assert Settings().connectwise.api_version == API_VERSION
