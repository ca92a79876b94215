"""A secret is never printed, logged, stored in the state, or sent anywhere but to its service (settings.md#secrets)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from cwtui.domain.errors import CwtuiError
from cwtui.services.cloudblue import CloudBlue
from cwtui.services.connectwise import ConnectWise
from cwtui.settings import SECRET_KEYS
from tests.end_to_end.running import Cwtui, Ran, serve
from tests.security.echoing import Echo, echoing

PASSWORD, SUBSCRIPTION, PRIVATE = "S3CRET-pass-w0rd", "S3CRET-subscr1ption", "S3CRET-pr1vate"
CLIENT_SECRET = "S3CRET-cl1ent"
BASIC = (f"user:{PASSWORD}", f"company+public-key:{PRIVATE}")
PLANTED = ("S3CRET-", *(base64.b64encode(pair.encode()).decode() for pair in BASIC))
"""No piece of these may show; each secret begins with the first, and the others are how they travel."""


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    with echoing() as echo:
        yield echo


@pytest.fixture
def cwtui(tmp_path: Path, echo: Echo) -> Iterator[Cwtui]:
    echo.status, echo.kind, echo.gives_token, echo.location = 400, "message", False, ""
    folder = tmp_path / "state"
    folder.mkdir()
    cwtui = Cwtui(folder / "state.json", environment(echo))
    yield cwtui
    cwtui.stop()


def environment(echo: Echo) -> dict[str, str]:
    return {
        "CWTUI_MARKETPLACE__BASE_URL": f"{echo.url}/market",
        "CWTUI_MARKETPLACE__USERNAME": "user",
        "CWTUI_MARKETPLACE__PASSWORD": PASSWORD,
        "CWTUI_MARKETPLACE__SUBSCRIPTION_KEY": SUBSCRIPTION,
        "CWTUI_MARKETPLACE__CLIENT_SECRET": CLIENT_SECRET,
        "CWTUI_CONNECTWISE__BASE_URL": f"{echo.url}/psa",
        "CWTUI_CONNECTWISE__COMPANY_ID": "company",
        "CWTUI_CONNECTWISE__PUBLIC_KEY": "public-key",
        "CWTUI_CONNECTWISE__PRIVATE_KEY": PRIVATE,
        "CWTUI_CONNECTWISE__CLIENT_ID": "00000000-0000-4000-8000-00000000beef",
        "CWTUI_NOTIFY__URLS": f"json://user:S3CRET-notify@127.0.0.1:{echo.port}/S3CRET-hook",
        "CWTUI_NOTIFY__ON": "errors,action_needed,created,synced",
    }


def said_by(ran: Ran) -> str:
    return f"{ran.out}\n{ran.err}"


def assert_clean(text: str) -> None:
    for planted in PLANTED:
        for form in {planted, quote(planted), quote(planted, safe=""), planted[:-4]}:
            assert form not in text, text


def assert_nothing_kept(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            assert_clean(file.read_bytes().decode("utf-8", "replace"))


def test_every_secret_setting_is_planted(echo: Echo) -> None:
    set_here = {name.removeprefix("CWTUI_").replace("__", ".").lower() for name in environment(echo)}
    assert set_here >= SECRET_KEYS


@pytest.mark.parametrize(
    "arguments", [("config", "show"), ("config", "show", "--json"), ("config", "path")], ids=" ".join
)
def test_settings_are_shown_without_secrets(arguments: tuple[str, ...], cwtui: Cwtui) -> None:
    assert_clean(said_by(cwtui.run(*arguments, status=0)))


@pytest.mark.parametrize(
    ("status", "kind", "gives_token"),
    [
        pytest.param(401, "message", False, id="refused credentials, repeated in the message"),
        pytest.param(400, "errors", True, id="refused, repeated field by field"),
        pytest.param(403, "page", True, id="a gateway's page, repeated in its title"),
        pytest.param(200, "text", True, id="no JSON"),
        pytest.param(409, "cut", True, id="a secret that a message's limit cuts"),
    ],
)
def test_a_service_that_repeats_what_it_was_sent(
    status: int, kind: str, gives_token: bool, cwtui: Cwtui, echo: Echo
) -> None:
    echo.status, echo.kind, echo.gives_token = status, kind, gives_token
    for arguments in (["--verbose", "--auto", "--json"], ["doctor", "--json", "--verbose"]):
        ran = cwtui.run(*arguments)
        assert ran.status in {1, 3}, said_by(ran)
        assert_clean(said_by(ran))
    assert_nothing_kept(cwtui.state.parent)


@pytest.mark.parametrize("kind", ["message", "errors", "page", "text", "cut"])
@pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 403, 404, 409])
async def test_no_error_of_either_client_repeats_a_secret(status: int, kind: str, echo: Echo) -> None:
    echo.status, echo.kind, echo.gives_token, echo.location = status, kind, status % 2 == 0, ""
    market = CloudBlue(f"{echo.url}/market", "user", SecretStr(PASSWORD), SecretStr(SUBSCRIPTION), "us")
    psa = ConnectWise(f"{echo.url}/psa", "company", "public-key", SecretStr(PRIVATE), "client-id")
    for ask in (market.sign_in, lambda: market.total("customers"), psa.version, lambda: psa.table("units")):
        try:
            await ask()
        except CwtuiError as error:
            assert_clean(f"{error!r} {error} {getattr(error, 'code', '')}")
    await market.aclose()
    await psa.aclose()


async def test_credentials_stay_hidden_however_many_tokens_were_given(echo: Echo) -> None:
    market = CloudBlue(f"{echo.url}/market", "user", SecretStr(PASSWORD), SecretStr(SUBSCRIPTION), "us")
    echo.gives_token, echo.status, echo.kind, echo.location = True, 400, "message", ""
    for _ in range(20):
        await market.sign_in()
    with pytest.raises(CwtuiError) as caught:
        await market.total("customers")
    await market.aclose()
    assert "•••" in str(caught.value)
    assert_clean(str(caught.value))


def test_a_run_that_works_keeps_and_says_no_secret(tmp_path: Path, echo: Echo) -> None:
    with ExitStack() as stack:
        sandbox = serve(stack, "--port", "0")
        known = sandbox.announced
        planted = [known["marketplace"][name] for name in ("password", "subscription_key")]
        planted.append(known["connectwise"]["private_key"])
        settings = {f"CWTUI_{section.upper()}__{name.upper()}": value for section in ("marketplace", "connectwise")
                    for name, value in known[section].items()}  # fmt: skip
        notified = {name: value for name, value in environment(echo).items() if "NOTIFY" in name}
        folder = tmp_path / "state"
        folder.mkdir()
        cwtui = Cwtui(folder / "state.json", settings | notified)
        stack.callback(cwtui.stop)
        echo.status, before = 200, len(echo.heard)
        said = [cwtui.run("--verbose", "--auto", "--json"), cwtui.run("tasks", "list"), cwtui.run("audit", "--json")]
        assert said[0].status == 3
        notifications = echo.heard[before:]
        assert notifications
        produced = [*map(said_by, said), *notifications, *(file.read_text("utf-8") for file in folder.iterdir())]
    for text in produced:
        assert not [secret for secret in planted if secret in text]
        assert_clean(text)


@pytest.mark.parametrize(
    "written",
    [
        pytest.param('[marketplace]\npassword = ["S3CRET-list"]\n', id="wrong type"),
        pytest.param('[marketplace]\npasswort = "S3CRET-typo"\n', id="wrong key"),
        pytest.param('[marketplace]\npassword = "S3CRET-open\n', id="not TOML"),
        pytest.param(
            '[connectwise]\nbase_url = "https://user:S3CRET-url@psa.example"\n', id="a password in an address"
        ),
        pytest.param('[notify]\nurls = {a = "S3CRET-table"}\n', id="notifications as a table"),
    ],
)
def test_a_wrong_settings_file_is_explained_without_its_secrets(written: str, tmp_path: Path, cwtui: Cwtui) -> None:
    path = tmp_path / "config.toml"
    path.write_text(written)
    path.chmod(0o600)
    only = dict.fromkeys(cwtui.environment, "")
    ran = cwtui.run("--config", str(path), "config", "show", status=2, **only)
    assert_clean(said_by(ran))


def test_no_secret_stands_on_a_command_line(cwtui: Cwtui) -> None:
    """Other users read the arguments of processes: there is no option that takes a secret."""
    helped = cwtui.run("--help", status=0).out
    assert not any(word in helped for word in ("--password", "--private-key", "--subscription-key", "--secret"))
