"""The setup screen and the first start, driven like a user."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input, Static

from cwtui.composition import compose
from cwtui.domain.plans import PriceSource, ProrateMode
from cwtui.engine.reports import DoctorReport, Permission, ServiceHealth
from cwtui.options import Options
from cwtui.settings import load_settings
from cwtui.terminal import session_of
from cwtui.tui.app import CwTui, Ending
from cwtui.tui.screens.welcome import WelcomeScreen
from cwtui.tui.session import ScreenListener
from cwtui.tui.setup.doctor_lines import doctor_lines
from cwtui.tui.setup.screen import SetupScreen
from cwtui.tui.tasks.screen import TasksScreen
from cwtui.tui.widgets.choice_line import ChoiceLine
from cwtui.tui.widgets.mode_tabs import ModeTabs
from tests.tui.demo_app import AS_OF, Demo, demo

SECRET = "a-secret-nobody-shall-see"
CONNECTWISE = """[connectwise]
base_url = "https://api-na.myconnectwise.net"
company_id = "reseller"
public_key = "public"
private_key = "hush"
client_id = "client"
"""


@asynccontextmanager
async def started(config: Path, tmp_path: Path) -> AsyncIterator[Demo]:
    """The app on a settings file instead of the demo."""
    listener = ScreenListener()
    options = Options(state=tmp_path / "state.json", config=config, as_of=AS_OF)
    async with compose(options, listener) as composed:
        app = CwTui(session_of(composed, listener))
        async with app.run_test(size=(120, 40)) as pilot:
            opened = Demo(app, composed.engine, pilot)
            await opened.settle()
            yield opened


def burst(app: Demo, *keys: str) -> None:
    """Keys that arrive together, as from a password manager."""
    for key in keys:
        app.app.post_message(events.Key(key, key if len(key) == 1 else None))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text('# kept\n[sync]\nevery = "1h"\n')
    path.chmod(0o600)
    return path


def field(app: Demo, key: str) -> Input | ChoiceLine:
    widget = app.screen.query_one(f"#{key.replace('.', '-')}")
    assert isinstance(widget, Input | ChoiceLine)
    return widget


def problem(app: Demo, key: str) -> str:
    line = app.screen.query_one(f"#problem-{key.replace('.', '-')}", Static)
    return str(line.render()) if line.display else ""


async def fill(app: Demo, **texts: str) -> None:
    for name, text in texts.items():
        widget = field(app, name.replace("__", "."))
        widget.focus()
        widget.value = ""
        await app.type(text)


async def to_setup(app: Demo) -> None:
    await app.press("9")
    await app.until(SetupScreen)


def everything_shown(app: Demo) -> str:
    return "\n".join("".join(segment.text for segment in line) for line in app.screen._compositor.render_strips())


# the first start


async def test_without_settings_the_setup_screen_and_the_demo_are_offered(config: Path, tmp_path: Path) -> None:
    async with started(config, tmp_path) as app:
        assert isinstance(app.screen, WelcomeScreen)
        await app.press("s")
        assert isinstance(app.screen, SetupScreen)
        assert field(app, "connectwise.base_url").has_focus


@pytest.mark.parametrize(
    ("keys", "ending"),
    [
        pytest.param(["d"], Ending.DEMO, id="d asks for the demo"),
        pytest.param(["down", "enter"], Ending.DEMO, id="so does its button"),
        pytest.param(["j", "j", "k", "enter"], Ending.DEMO, id="reached with j and k"),
        pytest.param(["down", "down", "up", "enter"], Ending.DEMO, id="reached with the arrows"),
        pytest.param(["q"], Ending.LEFT, id="q leaves"),
        pytest.param(["escape"], Ending.LEFT, id="so does esc"),
    ],
)
async def test_the_other_ways_to_begin(config: Path, tmp_path: Path, keys: list[str], ending: Ending) -> None:
    async with started(config, tmp_path) as app:
        for key in keys:
            await app.pilot.press(key)
        await app.pilot.pause()
        assert app.app.return_value is ending


async def test_where_something_is_configured_nothing_is_offered(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        assert isinstance(app.screen, TasksScreen)


# the form


async def test_what_is_set_is_shown_but_no_secret(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await to_setup(app)
        assert field(app, "connectwise.company_id").value == "sandbox"
        assert field(app, "sync.every").value == "5m"
        for key in ("connectwise.private_key", "marketplace.password", "connectwise.public_key"):
            widget = field(app, key)
            assert isinstance(widget, Input)
            assert widget.value == ""
            assert widget.placeholder.startswith("••••••••")
        shown = everything_shown(app)
        assert "sandboxPrivateKey" not in shown
        assert "sandboxPublicKey" not in shown
        assert "sandbox-password" not in shown


async def test_a_typed_secret_is_masked(config: Path, tmp_path: Path) -> None:
    async with started(config, tmp_path) as app:
        await app.press("s")
        await fill(app, connectwise__private_key=SECRET)
        assert field(app, "connectwise.private_key").value == SECRET
        assert SECRET not in everything_shown(app)


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        pytest.param("connectwise.base_url", "http://x.example", "unencrypted", id="plain http"),
        pytest.param("marketplace.base_url", "ftp://x", "begins with https://", id="no web address"),
        pytest.param("sync.every", "5x", "is not a period", id="no period"),
        pytest.param("sync.auto_customers", "7, foo://bar", "'foo://bar' cannot be the id", id="no customer's id"),
        pytest.param("sync.auto_customers", "7, <all>", "'<all>' cannot be the id", id="no letters of an id"),
    ],
)
async def test_what_is_wrong_is_said_while_typing(config: Path, tmp_path: Path, key: str, text: str, said: str) -> None:
    async with started(config, tmp_path) as app:
        await app.press("s")
        await fill(app, **{key.replace(".", "__"): text})
        assert said in problem(app, key)
        await app.press("ctrl+s")
        assert "Not saved" in app.detail
        assert config.read_text() == '# kept\n[sync]\nevery = "1h"\n'
        await app.press("ctrl+r")
        assert problem(app, key) == ""


async def test_what_is_wrong_is_named_with_its_section_and_gone_to(config: Path, tmp_path: Path) -> None:
    async with started(config, tmp_path) as app:
        await app.press("s")
        await fill(app, connectwise__base_url="ftp://a", marketplace__base_url="ftp://b")
        field(app, "sync.every").focus()
        await app.press("ctrl+s")
        assert "✗ ConnectWise, API base URL: " in app.detail
        assert "✗ Marketplace, API base URL: " in app.detail
        assert field(app, "connectwise.base_url").has_focus


async def test_the_keys_go_from_field_to_field_and_choices_turn(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await to_setup(app)
        assert field(app, "connectwise.base_url").has_focus
        await app.press("down", "enter", "tab")
        assert field(app, "connectwise.private_key").has_focus
        await app.press("up", "shift+tab")
        assert field(app, "connectwise.company_id").has_focus
        choice = field(app, "sync.prorate")
        choice.focus()
        for key, value in (("space", "changes"), ("right", "none"), ("right", "all"), ("left", "none")):
            await app.press(key)
            assert choice.value == value
        await app.press("ctrl+r")
        assert choice.value == "all"


async def test_what_the_environment_sets_cannot_be_changed_here(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CWTUI_CONNECTWISE__COMPANY_ID", "from-outside")
    monkeypatch.setenv("CWTUI_SYNC__PRORATE", "none")
    async with started(config, tmp_path) as app:
        await app.press("s")
        assert field(app, "connectwise.company_id").disabled
        assert field(app, "sync.prorate").disabled
        assert "CWTUI_CONNECTWISE__COMPANY_ID" in str(getattr(field(app, "connectwise.company_id"), "placeholder", ""))


# saving


async def test_saving_writes_the_file_and_goes_on_with_the_new_settings(config: Path, tmp_path: Path) -> None:
    async with started(config, tmp_path) as app:
        before = app.app.session.engine
        await app.press("s")
        await fill(
            app,
            connectwise__base_url="https://api-na.myconnectwise.net",
            connectwise__private_key=SECRET,
            sync__every="2h",
            sync__auto_customers="1000011, 1000012",
        )
        for key, turns in (("sync.price_source", 1), ("sync.prorate", 2), ("sync.auto", 1), ("notify.on", 1)):
            field(app, key).focus()
            await app.press(*["space"] * turns)
        await app.press("ctrl+s")
        await app.settle()
        assert "✓ Saved" in app.detail
        assert "ConnectWise, Private key (in the file)" in app.detail
        settings = load_settings(config)
        assert settings.connectwise.private_key.get_secret_value() == SECRET
        assert (settings.sync.price_source, settings.sync.prorate) == (PriceSource.CONNECTWISE, ProrateMode.NONE)
        assert (settings.sync.auto, settings.sync.every) == (True, timedelta(hours=2))
        assert settings.sync.auto_customers == ("1000011", "1000012")
        assert {str(about) for about in settings.notify.on} == {"errors", "action_needed", "created", "synced"}
        assert config.read_text().startswith("# kept")
        assert stat.S_IMODE(config.stat().st_mode) == 0o600
        session = app.app.session
        assert session.engine is not before
        assert session.engine.workspace.rules.only_customers == {"1000011", "1000012"}
        assert session.auto_every == timedelta(hours=2)
        assert "auto every 2h, next" in app.screen.query_one(ModeTabs).note
        assert field(app, "connectwise.private_key").value == ""
        assert SECRET not in everything_shown(app)
        assert SECRET not in "".join(event.text for event in session.listener.events)


async def test_saving_nothing_says_so(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await to_setup(app)
        await app.press("ctrl+s")
        assert any("Nothing was changed." in message for message in app.messages)


async def test_the_demo_keeps_settings_for_the_session_only(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await to_setup(app)
        assert "this session only" in app.detail
        field(app, "sync.prorate").focus()
        await app.press("space", "ctrl+s")
        await app.settle()
        assert "✓ Saved" in app.detail
        assert app.app.session.engine.desk.rules.prorate is ProrateMode.CHANGES
        assert not list(Path.home().rglob("*.toml"))
        await app.press("escape")
        await app.until(TasksScreen)
        await app.press("c")
        await app.until_idle()
        assert len(app.rows()) >= 20


async def test_a_file_that_cannot_be_written_keeps_everything(config: Path, tmp_path: Path) -> None:
    async with started(config, tmp_path) as app:
        await app.press("s")
        await fill(app, connectwise__company_id="acme")
        config.write_text("[sync\n")
        await app.press("ctrl+s")
        await app.settle()
        assert "Not saved" in app.detail
        assert field(app, "connectwise.company_id").value == "acme"


# the test


async def test_testing_shows_the_permission_table_with_what_is_missing_in_words() -> None:
    report = DoctorReport(
        (ServiceHealth("marketplace", ok=True, version="1.15", message="Answers."),
         ServiceHealth("PSA", ok=False, version="", message="Refuses [b]it[/].")),
        (Permission("Finance", "Agreements", "Add", granted=True),
         Permission("Finance", "Agreements", "Delete", granted=False),
         Permission("System", "Table Setup", "Inquire", granted=None)),
    )  # fmt: skip
    texts = [line.text for line in doctor_lines(report)]
    assert "✓ The marketplace 1.15: Answers." in texts
    assert "✗ ConnectWise: Refuses [b]it[/]." in texts
    assert texts[:2] == ["1 permission is missing", "✗ MISSING   Finance: Agreements, Delete"]  # first, at 80×24 too
    assert texts.count("✗ MISSING   Finance: Agreements, Delete") == 1
    assert "? not known System: Table Setup, Inquire" in texts


async def test_testing_what_is_typed_saves_nothing(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await to_setup(app)
        await app.press("ctrl+t")
        await app.until_idle()
        assert "All granted." in app.detail
        await fill(app, connectwise__private_key="wrong")
        await app.press("ctrl+t")
        await app.until_idle()
        assert "✗ ConnectWise" in app.detail
        assert "401" in app.detail
        assert app.app.session.settings is not None
        assert app.app.session.settings.stored("connectwise.private_key").text == "••••••••"


async def test_testing_with_something_missing_names_it(config: Path, tmp_path: Path) -> None:
    async with started(config, tmp_path) as app:
        await app.press("s", "ctrl+t")
        await app.until_idle()
        assert "Not tested" in app.detail
        assert "connectwise.base_url" in app.detail


async def test_esc_stops_a_test_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with demo(tmp_path) as app:
        await to_setup(app)

        async def never(*_: object) -> DoctorReport:
            await asyncio.Event().wait()
            raise AssertionError

        monkeypatch.setattr(type(app.app.session.settings), "examine", never)
        await app.press("ctrl+t")
        await app.pilot.pause(0.2)
        assert app.screen.check_action("save", ()) is None
        await app.press("escape")
        await app.until_idle()
        assert isinstance(app.screen, SetupScreen)
        assert app.screen.check_action("save", ()) is True


async def test_hostile_texts_in_every_field(tmp_path: Path, hostile_names: tuple[str, ...]) -> None:
    async with demo(tmp_path) as app:
        await to_setup(app)
        for name in hostile_names:
            for widget in app.screen.query(Input):
                widget.value = name
            await app.press("ctrl+s")
            assert "\x1b" not in everything_shown(app)
            assert isinstance(app.screen, SetupScreen)


@pytest.mark.parametrize("key", ["tab", "down", "enter"])
async def test_what_is_typed_at_once_goes_field_by_field(key: str, config: Path, tmp_path: Path) -> None:
    """The private key would stand in the company's field, where it can be read."""
    async with started(config, tmp_path) as app:
        await app.press("s")
        field(app, "connectwise.company_id").focus()
        await app.settle()
        burst(app, *"us", key, "x", key, *"hush", "shift+tab" if key == "tab" else "up", *"pub")
        await app.settle()
        keys = ("connectwise.company_id", "connectwise.public_key", "connectwise.private_key")
        assert [field(app, name).value for name in keys] == ["us", "pub", "hush"]


async def test_what_is_missing_is_said_without_a_command(config: Path, tmp_path: Path) -> None:
    async with started(config, tmp_path) as app:
        await app.press("s", "ctrl+t")
        await app.settle()
        assert "has no connectwise.base_url" in app.detail
        assert "Fill in what is missing in the settings." in app.detail
        assert "`" not in app.detail


@pytest.mark.parametrize(
    ("settings", "welcomes"),
    [
        pytest.param("", True, id="nothing"),
        pytest.param(CONNECTWISE, False, id="ConnectWise alone, for vendors' files"),
        pytest.param(CONNECTWISE + '[marketplace]\nusername = "me"\n', True, id="and half a marketplace"),
    ],
)
async def test_who_needs_no_marketplace_is_not_welcomed_as_unconnected(
    settings: str, welcomes: bool, config: Path, tmp_path: Path
) -> None:
    config.write_text(settings)
    async with started(config, tmp_path) as app:
        assert isinstance(app.screen, WelcomeScreen) is welcomes
