"""Where the terminal interface meets everything else: the composition root's other half."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cwtui.composition import Composition, close_services, compose, open_services
from cwtui.domain.lazily import dataclass
from cwtui.engine.doctor import examine
from cwtui.engine.reports import DoctorReport
from cwtui.locations import config_path
from cwtui.options import Options
from cwtui.settings import SECRET_KEYS, Settings, load_settings
from cwtui.settings.checking import problem_with, text_of, value_of, with_changes, with_usage
from cwtui.settings.saving import save_settings, save_usage
from cwtui.tui import hangup
from cwtui.tui.app import CwTui, Ending
from cwtui.tui.preferences import Preferences
from cwtui.tui.session import ScreenListener, Session
from cwtui.tui.setup.settings_access import StoredSetting
from cwtui.vendor_composition import layouts_of, vendor_exports
from cwtui.vendors.exports import VendorExports
from cwtui.vendors.layouts import INTERMEDIA

_YOUNG, _OLDER, _ALL = 100_000, 10, 1000
"""When garbage is collected: young objects delay no key; all of them take 100 ms with many tasks."""
_DEMO_ONLY = "this session only: it is the demo"


def run_terminal(options: Options) -> int:
    """Open the terminal interface on what the global options describe; returns the exit status.

    Raises:
        CwtuiError: The settings or the state stand in the way.
    """
    logging.getLogger().addHandler(logging.NullHandler())  # else warnings are written across the screen
    gc.set_threshold(_YOUNG, _OLDER, _ALL)
    ending, status = asyncio.run(_run(options))
    if ending is Ending.DEMO:
        _, status = asyncio.run(_run(replace(options, demo=True, state=None)))
    return status


async def _run(options: Options) -> tuple[Ending | None, int]:
    listener = ScreenListener()
    async with compose(replace(options, read_only_ok=True), listener) as composed:
        session = session_of(composed, listener)
        if composed.is_demo:
            await _begin_demo(composed, session)
        app = CwTui(session)
        loop = asyncio.get_running_loop()
        if sys.platform != "win32":
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, app.leave)
        with hangup.on_hang_up(lambda: loop.call_soon_threadsafe(app.hung_up)):
            ending = await app.run_async()
        return ending, app.return_code or 0


async def _begin_demo(composed: Composition, session: Session) -> None:
    """Let a demo open with a full list, and with hints for who sees it first (commands.md#demo)."""
    if not composed.engine.store.is_read_only and not await composed.engine.tasks():
        await composed.engine.check()
    session.shows_hints = not session.preferences.hints_closed


def session_of(composed: Composition, listener: ScreenListener) -> Session:
    """The session that all screens share, made of the composition."""
    session = Session(engine=composed.engine, listener=listener, holder=composed.holder)
    session.settings = LiveSettings(composed, session)
    session.vendors = LiveVendors(composed, session)
    if composed.is_demo:
        from cwtui.sandbox.demo_files import FOLDER  # noqa: PLC0415  # the sandbox is loaded for a demo only

        session.examples = FOLDER
    session.preferences = Preferences.read(_preferences_path(composed))
    take_settings(session, composed)
    return session


def _preferences_path(composed: Composition) -> Path | None:
    """Beside the settings; those of a demo beside its state, and nowhere if that is thrown away."""
    options = composed.options
    if not composed.is_demo:
        return config_path(options.config).with_name("screen.json")
    return options.state.with_name(f"{options.state.name}.screen") if options.state else None


def take_settings(session: Session, composed: Composition) -> None:
    """Apply the settings to the session."""
    settings = composed.settings
    session.engine = composed.engine
    session.title = "demo" if composed.is_demo else settings.origin.profile
    session.auto_every = settings.sync.every if settings.sync.auto else None
    session.auto_at = settings.sync.at
    session.needs_setup = bool(settings.missing_for(files=True))  # ConnectWise alone is enough for vendors' files


async def _use(settings: Settings, session: Session, composed: Composition) -> None:
    """Go on with other settings, on an engine made anew."""
    await composed.rebuild(settings)
    take_settings(session, composed)


@dataclass(slots=True)
class LiveSettings:
    """Fits `SettingsAccess`: settings in their file and keyring; those of the demo in this session only."""

    composed: Composition
    session: Session

    @property
    def place(self) -> str:
        """Where settings are saved, in words."""
        if self.composed.is_demo:
            return _DEMO_ONLY
        origin = self.composed.settings.origin
        return f"{origin.path}, profile {origin.profile}"

    def stored(self, key: str) -> StoredSetting:
        """A setting as it stands."""
        settings = self.composed.settings
        return StoredSetting(text_of(settings, key), settings.source(key))

    def problem(self, key: str, text: str) -> str:
        """What is wrong with a value, in the settings' own words."""
        return problem_with(key, text)

    async def examine(self, changes: Mapping[str, str]) -> DoctorReport:
        """Try both connections and every permission with these changes, saving nothing."""
        settings = with_changes(self.composed.settings, changes)
        settings.require_connections()
        services = open_services(settings, self.composed.transport)
        try:
            return await examine(*services)
        finally:
            await close_services(*services)

    async def save(self, changes: Mapping[str, str]) -> Mapping[str, str]:
        """Save, and make the session's engine anew."""
        settings, places = self._saved(changes)
        await _use(settings, self.session, self.composed)
        return places

    def _saved(self, changes: Mapping[str, str]) -> tuple[Settings, Mapping[str, str]]:
        settings = with_changes(self.composed.settings, changes)
        origin = settings.origin
        if self.composed.is_demo or origin.path is None:
            return settings, {key: "memory of this session" for key in changes if key in SECRET_KEYS}
        values = {key: value_of(key, text) for key, text in changes.items()}
        places = save_settings(values, origin.path, origin.profile)
        return load_settings(self.composed.options.config, origin.profile), places


@dataclass(slots=True)
class LiveVendors:
    """Fits `Vendors`: column profiles in the settings file; those of the demo in this session only."""

    composed: Composition
    session: Session

    @property
    def place(self) -> str:
        """Where a column profile is saved, in words."""
        return _DEMO_ONLY if self.composed.is_demo else str(self.composed.settings.origin.path)

    def names(self) -> Sequence[str]:
        """Intermedia, then those of the settings, then those that come with the program."""
        own = sorted(self.composed.settings.usage.layouts)
        return list(dict.fromkeys([INTERMEDIA, *own, *layouts_of(self.composed.settings)]))

    def steps(self, name: str) -> VendorExports:
        """A vendor's steps, on the settings as they are now."""
        return self.composed.vendor(name)

    def draft(self, name: str, layout: Mapping[str, object]) -> VendorExports:
        """The steps of a vendor that is not saved."""
        return vendor_exports(with_usage(self.composed.settings, name, layout), self.composed.engine, name)

    async def save(self, name: str, layout: Mapping[str, object]) -> None:
        """Save it, and make the session's engine anew."""
        settings = with_usage(self.composed.settings, name, layout)
        origin = settings.origin
        if not self.composed.is_demo and origin.path is not None:
            save_usage(name, layout, origin.path, origin.profile)
            settings = load_settings(self.composed.options.config, origin.profile)
        await _use(settings, self.session, self.composed)
