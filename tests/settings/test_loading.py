"""Rules: settings.md#base-addresses, settings.md#profiles-of-settings, settings.md#settings-first."""

from __future__ import annotations

import grp
import os
import stat
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import keyring
import keyring.errors
import pytest
from keyring.backend import KeyringBackend

from cwtui.domain.errors import ConfigError
from cwtui.domain.plans import PriceSource, ProrateMode
from cwtui.domain.remedies import Action, Remedy
from cwtui.settings import SECRET_KEYS, MapAuto, NotifyOn, Settings, load_settings

COMPLETE = """
[connectwise]
base_url = "https://api-na.myconnectwise.net"
company_id = "reseller"
public_key = "public-0001"
private_key = "hush-connectwise"
client_id = "client-0002"
[marketplace]
base_url = "https://marketplace.example/api/"
username = "billing"
password = "hush-marketplace"
subscription_key = "hush-subscription"
"""


class MemoryKeyring(KeyringBackend):
    """A keyring that works, for the length of a test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring's backends are untyped
        self.kept: dict[tuple[str, str], str] = {}
        self.asked: list[str] = []

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.append(username)
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class LockedKeyring(MemoryKeyring):
    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked(f"{service} {username}")


@pytest.fixture
def memory_keyring() -> object:
    before = keyring.get_keyring()
    found = MemoryKeyring()
    keyring.set_keyring(found)
    yield found
    keyring.set_keyring(before)


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def refusal(path: Path | None, profile: str = "default") -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_settings(path, profile)
    assert "hush" not in str(caught.value)
    return caught.value


def test_without_a_file_or_environment_everything_is_at_its_default() -> None:
    settings = load_settings()
    assert settings.model_dump() == Settings().model_dump()
    assert (settings.sync.price_source, settings.sync.price_decimals) == (PriceSource.MARKETPLACE, 4)
    assert (settings.sync.prorate, settings.sync.concurrency) == (ProrateMode.ALL, 16)
    assert (settings.sync.timeout_s, settings.sync.settle_s) == (30, 3)
    assert (settings.mapping.auto, settings.mapping.create_catalog_items) == (MapAuto.OFF, False)
    assert settings.notify.on == {NotifyOn.ERRORS, NotifyOn.ACTION_NEEDED}
    assert (settings.guard.max_quantity_change, settings.guard.empty_feed) == (None, True)
    assert settings.intermedia.agreement_type == "Intermedia"
    assert settings.source("sync.prorate") == "default"


def test_what_is_missing_is_named_and_the_way_on_shown(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, COMPLETE.replace('private_key = "hush-connectwise"', "")))
    assert settings.missing == ("connectwise.private_key",)
    with pytest.raises(ConfigError, match=r"no connectwise.private_key.*No service was contacted") as caught:
        settings.require_connections()
    assert caught.value.remedy == Remedy(Action.SET_UP, str(tmp_path / "config.toml"))


@pytest.mark.parametrize(
    ("settings", "is_offered"),
    [
        pytest.param(COMPLETE[: COMPLETE.index("[marketplace]")], True, id="ConnectWise alone"),
        pytest.param(COMPLETE.replace('password = "hush-marketplace"', ""), False, id="half a marketplace"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_whoever_has_connectwise_alone_learns_how_to_do_without_a_marketplace(
    settings: str, is_offered: bool, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, settings)).require_connections()
    assert ("Intermedia alone needs none" in caught.value.happened) is is_offered


def test_a_complete_file_needs_nothing_more(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, COMPLETE))
    settings.require_connections()
    assert settings.connectwise.api_url == "https://api-na.myconnectwise.net/v4_6_release/apis/3.0"
    assert settings.marketplace.base_url == "https://marketplace.example/api"
    assert settings.source("connectwise.company_id") == f"file {tmp_path / 'config.toml'}"


def test_the_environment_wins_over_the_file_over_the_keyring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory_keyring: MemoryKeyring
) -> None:
    without = COMPLETE.replace('subscription_key = "hush-subscription"', "")
    memory_keyring.kept = {
        ("cwtui:default", "marketplace.subscription_key"): "hush-keyring",
        ("cwtui:default", "marketplace.password"): "hush-not-asked",
    }
    monkeypatch.setenv("CWTUI_CONNECTWISE__PRIVATE_KEY", "hush-environment")
    settings = load_settings(written(tmp_path, without))
    assert settings.connectwise.private_key.get_secret_value() == "hush-environment"
    assert settings.marketplace.password.get_secret_value() == "hush-marketplace"
    assert settings.marketplace.subscription_key.get_secret_value() == "hush-keyring"
    assert settings.source("connectwise.private_key") == "environment CWTUI_CONNECTWISE__PRIVATE_KEY"
    assert settings.source("marketplace.password").startswith("file ")
    assert settings.source("marketplace.subscription_key") == "keyring cwtui:default"
    assert memory_keyring.asked == ["marketplace.subscription_key"]


def test_a_keyring_that_is_locked_is_said_where_it_matters(tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    keyring.set_keyring(LockedKeyring())
    settings = load_settings(written(tmp_path, COMPLETE.replace('password = "hush-marketplace"', "")))
    with pytest.raises(ConfigError, match=r"marketplace.password \(the keyring could not be read: KeyringLocked\)"):
        settings.require_connections()
    assert memory_keyring.kept == {}


@pytest.mark.parametrize(
    ("variable", "text", "key", "expected"),
    [
        ("CWTUI_SYNC__PRICE_SOURCE", "connectwise", "sync.price_source", PriceSource.CONNECTWISE),
        ("CWTUI_SYNC__PRORATE", "changes", "sync.prorate", ProrateMode.CHANGES),
        ("CWTUI_SYNC__EVERY", "1d", "sync.every", timedelta(days=1)),
        ("CWTUI_SYNC__CONCURRENCY", "8", "sync.concurrency", 8),
        ("CWTUI_SYNC__TIMEOUT_S", "2.5", "sync.timeout_s", 2.5),
        ("CWTUI_SYNC__AUTO", "true", "sync.auto", True),
        ("CWTUI_SYNC__AUTO_CUSTOMERS", "a, b", "sync.auto_customers", ("a", "b")),
        ("CWTUI_MAPPING__AUTO", "exact", "mapping.auto", MapAuto.EXACT),
        ("CWTUI_NOTIFY__ON", "created,synced", "notify.on", {NotifyOn.CREATED, NotifyOn.SYNCED}),
        ("CWTUI_GUARD__MAX_QUANTITY_CHANGE", "12.5", "guard.max_quantity_change", Decimal("12.5")),
        ("CWTUI_GUARD__MAX_QUANTITY_CHANGE", "off", "guard.max_quantity_change", None),
        ("CWTUI_INTERMEDIA__COLUMNS__SKU", "Item", "intermedia.columns", {"sku": "Item"}),
        ("CWTUI_CONNECTWISE__COMPANY_ID", "0815", "connectwise.company_id", "0815"),
        ("cwtui_sync__prorate", "none", "sync.prorate", ProrateMode.NONE),
        ("CWTUI_SYNC__PRORATE", "", "sync.prorate", ProrateMode.ALL),
    ],
)
def test_the_environment(monkeypatch: pytest.MonkeyPatch, variable: str, text: str, key: str, expected: object) -> None:
    monkeypatch.setenv(variable, text)
    assert load_settings().value(key) == expected


def test_addresses_of_notifications_from_the_environment_keep_their_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CWTUI_NOTIFY__URLS", "mailto://me:hush@example.com?to=a@b.c,d@e.f, json://localhost/hook")
    urls = [url.get_secret_value() for url in load_settings().notify.urls]
    assert urls == ["mailto://me:hush@example.com?to=a@b.c,d@e.f", "json://localhost/hook"]


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        pytest.param("https://api-na.myconnectwise.net", "/v4_6_release/apis/3.0", id="a host"),
        pytest.param("https://api-na.myconnectwise.net/", "/v4_6_release/apis/3.0", id="a host with a slash"),
        pytest.param("https://cw.example/v4_6_release/apis/3.0", "/v4_6_release/apis/3.0", id="a full URL"),
        pytest.param("https://cw.example/v2026/apis/3.0/", "/v2026/apis/3.0", id="another full URL"),
        pytest.param("http://127.0.0.1:8080", "/v4_6_release/apis/3.0", id="plain http on loopback"),
        pytest.param("http://[::1]:8080", "/v4_6_release/apis/3.0", id="plain http on loopback, IPv6"),
        pytest.param("http://localhost:8080", "/v4_6_release/apis/3.0", id="plain http on localhost"),
    ],
)
def test_addresses(tmp_path: Path, base_url: str, expected: str) -> None:
    settings = load_settings(written(tmp_path, f'connectwise.base_url = "{base_url}"'))
    assert settings.connectwise.api_url.endswith(expected)
    assert settings.connectwise.api_url.count("/apis/3.0") == 1


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api-na.myconnectwise.net",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "https://me:hush@cw.example",
        "https://cw.example?key=hush",
        "ftp://cw.example",
        "cw.example",
        "https:///path",
        "https://[::1",
        "https://cw.example:port",
        "https://cw .example",
    ],
)
def test_addresses_that_are_refused_are_not_repeated(tmp_path: Path, base_url: str) -> None:
    error = refusal(written(tmp_path, f'connectwise.base_url = "{base_url}"'))
    assert "connectwise.base_url" in error.happened
    assert base_url not in str(error)
    assert "https://" in error.next_step


@pytest.mark.parametrize(
    ("text", "happened", "next_step"),
    [
        ("[sync]\nprorat = 'all'", "There is no setting sync.prorat", "Did you mean sync.prorate?"),
        ("[conectwise]\nbase_url = ''", "There is no setting conectwise.base_url", "connectwise.base_url?"),
        ("price_source = 'connectwise'", "There is no setting price_source", "sync.price_source?"),
        ("_env_prefix = 'X'", "There is no setting _env_prefix", ""),
        ("[zzz]\nqqq = 1", "There is no setting zzz", "Known keys: connectwise.base_url"),
        ("[sync]\nprorate = 'some'", "sync.prorate in {path} is wrong: 'some' is not allowed", "all, changes or none"),
        ("[sync]\nevery = '5 parsecs'", "sync.every in {path} is wrong: '5 parsecs' is not", "90s, 5m, 1h or 1d"),
        ("[sync]\nevery = 300", "sync.every in {path} is wrong: 300", "in quotes"),
        ("[sync]\nevery = '0m'", "sync.every", "90s, 5m"),
        ("[sync]\nconcurrency = 0", "sync.concurrency in {path} is wrong: 0", "from 1 to 64"),
        ("[sync]\ntimeout_s = inf", "sync.timeout_s", "above 0"),
        ("[sync]\nprice_decimals = 'four'", "sync.price_decimals", "from 0 to 8"),
        ("[guard]\nmax_quantity_change = -1", "guard.max_quantity_change", "a percentage"),
        ("[notify]\non = ['errors', 'everything']", "notify.on", "errors, action_needed, created and synced"),
        ("[sync]\nauto_customers = ['foo://bar']", "'foo://bar' cannot be the id of a customer", "customers' ids"),
        ("[sync]\nauto_customers = ['7', '<b>']", "'<b>' cannot be the id of a customer", "customers' ids"),
        ("[sync]\nauto_customers = ['7\\u0000']", "cannot be the id of a customer", "customers' ids"),
        ("[mapping]\nauto = true", "mapping.auto", '"off" or "exact"'),
        ("sync = 3", "sync in {path} is wrong", "a table, [sync]"),
        ("[connectwise]\nprivate_key = ['hush']", "connectwise.private_key in {path} is wrong: its value", "a text"),
        ("[sync]\n[sync]", "is not valid TOML", "Correct that place"),
        ("a = \n", "is not valid TOML: Invalid value (at line 1, column 5)", "in quotes"),
        ("password = hush", "is not valid TOML", "in quotes"),
        ("profiles = 3", "profiles must be tables", "[profiles.NAME.connectwise]"),
    ],
)
def test_a_wrong_file_names_itself_the_key_and_the_remedy(
    tmp_path: Path, text: str, happened: str, next_step: str
) -> None:
    path = written(tmp_path, text)
    error = refusal(path)
    assert happened.format(path=path) in error.happened
    assert next_step in error.next_step
    assert error.changed == "No service was contacted and nothing was changed."
    assert str(path) in str(error)


@pytest.mark.parametrize(
    ("variable", "next_step"),
    [
        ("CWTUI_SYNC__PRORAT", "Did you mean CWTUI_SYNC__PRORATE?"),
        ("CWTUI_CONECTWISE__BASE_URL", "Did you mean CWTUI_CONNECTWISE__BASE_URL?"),
        ("CWTUI_CONNECTWISE__PRIVAT_KEY", "Did you mean CWTUI_CONNECTWISE__PRIVATE_KEY?"),
    ],
)
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, next_step: str) -> None:
    monkeypatch.setenv(variable, "hush")
    error = refusal(None)
    assert variable in error.happened
    assert error.next_step == next_step


def test_a_section_given_as_one_variable_does_not_show_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CWTUI_MARKETPLACE", '{"password": "hush"}')
    assert "CWTUI_MARKETPLACE" in refusal(None).happened


def test_a_section_that_is_no_table_is_told_although_a_variable_sets_a_key_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CWTUI_SYNC__CONCURRENCY", "4")
    error = refusal(written(tmp_path, "sync = 3"))
    assert error.happened.startswith("sync in ")
    assert "a table, [sync]" in error.next_step


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620])
def test_a_secret_that_others_can_read_is_refused_with_the_command_to_run(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "with space"
    folder.mkdir()
    path = written(folder, COMPLETE, mode)
    error = refusal(path)
    assert error.next_step == f"Run: chmod 600 '{path}'"
    path.chmod(0o600)
    assert load_settings(path).missing == ()


SHARED = "\n[state]\ngroup = '{group}'\n"


@pytest.mark.skipif(os.name != "posix", reason="needs groups: run it on a POSIX system")
@pytest.mark.parametrize(
    ("mode", "is_refused"),
    [
        pytest.param(0o640, False, id="the group of the state reads"),
        pytest.param(0o660, True, id="it may not write"),
        pytest.param(0o644, True, id="everybody reads"),
    ],
)
def test_the_group_of_a_shared_state_may_read_its_settings(tmp_path: Path, mode: int, is_refused: bool) -> None:
    """Rule: hands.md#a-shared-state."""
    path = written(tmp_path, COMPLETE + SHARED.format(group=grp.getgrgid(os.getegid()).gr_name), mode)
    os.chown(path, -1, os.getegid())
    if is_refused:
        assert "can read it" in refusal(path).happened
    else:
        assert load_settings(path).missing == ()


def test_another_group_may_not(tmp_path: Path) -> None:
    path = written(tmp_path, COMPLETE + SHARED.format(group=_another_group()), 0o640)
    assert "can read it" in refusal(path).happened


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_group_that_does_not_exist_is_told_where_only_it_may_read(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path, COMPLETE + SHARED.format(group="no-such-group-here"), mode)
    error = refusal(path)
    is_told = "There is no group 'no-such-group-here' on this machine" in error.happened
    assert (is_told, "can read it" in error.happened) == (mode == 0o640, mode != 0o640)
    assert f"chmod 600 {path}" in error.next_step


def _another_group() -> str:
    return next(each.gr_name for each in grp.getgrall() if each.gr_gid != os.getegid())


def test_a_secret_of_another_profile_counts_too(tmp_path: Path) -> None:
    path = written(tmp_path, "[profiles.west.notify]\nurls = ['json://hush@x']", 0o644)
    assert "notify.urls" in refusal(path).happened


def test_a_file_without_secrets_may_be_shared(tmp_path: Path) -> None:
    path = written(tmp_path, "[sync]\nprorate = 'none'\n[connectwise]\nprivate_key = ''", 0o644)
    assert load_settings(path).sync.prorate is ProrateMode.NONE
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


PROFILES = """
[sync]
prorate = "none"
concurrency = 2
[notify]
on = []
[profiles.west.sync]
concurrency = 4
"""


def test_a_profile_stands_alone(tmp_path: Path) -> None:
    path = written(tmp_path, PROFILES)
    assert load_settings(path).sync.concurrency == 2
    west = load_settings(path, "west")
    assert (west.sync.concurrency, west.sync.prorate) == (4, ProrateMode.ALL)
    assert west.source("sync.concurrency") == f"file {path} [profiles.west]"


def test_the_environment_applies_to_the_selected_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CWTUI_SYNC__CONCURRENCY", "9")
    assert load_settings(written(tmp_path, PROFILES), "west").sync.concurrency == 9


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("wset", "it has default, west"),
        ("../west", "cannot be the name of a profile"),
        ("", "cannot be the name"),
    ],
)
def test_profiles_that_are_refused(tmp_path: Path, profile: str, said: str) -> None:
    assert said in refusal(written(tmp_path, PROFILES), profile).happened


def test_default_cannot_be_set_twice(tmp_path: Path) -> None:
    assert "twice" in refusal(written(tmp_path, PROFILES + "[profiles.default.sync]\nauto = true")).happened


def test_a_file_that_is_named_must_exist(tmp_path: Path) -> None:
    error = refusal(tmp_path / "none.toml")
    assert "There is no settings file" in error.happened
    assert "config init" in error.next_step


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "Is a directory" in refusal(tmp_path).happened
    path = tmp_path / "latin.toml"
    path.write_bytes(b"[sync]\n# gr\xfc\xdfe\n")
    path.chmod(0o600)
    assert "line 2 is not UTF-8" in refusal(path).happened


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "bom.toml"
    path.write_bytes(b"\xef\xbb\xbf[sync]\nprorate = 'none'\n")
    assert load_settings(path).sync.prorate is ProrateMode.NONE


def test_no_secret_is_in_any_text_made_of_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CWTUI_NOTIFY__URLS", "json://hush@localhost")
    settings = load_settings(written(tmp_path, COMPLETE))
    for text in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.origin)):
        assert "hush" not in text
    assert "public-0001" not in repr(settings)
    assert {
        "connectwise.private_key",
        "marketplace.client_secret",
        "marketplace.password",
        "marketplace.subscription_key",
        "notify.urls",
    } == SECRET_KEYS


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().sync.concurrency = 3  # type: ignore[misc]
