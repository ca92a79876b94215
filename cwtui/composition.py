"""The composition root: builds everything once, hands it to constructors, closes it again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cwtui.domain.errors import ConfigError
from cwtui.domain.lazily import dataclass
from cwtui.domain.planning import PlanningRules
from cwtui.domain.tasks import TaskKind
from cwtui.engine.clock import SystemClock
from cwtui.engine.facade import Engine
from cwtui.engine.files_in_use import counts_files
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.protocols import Listener, Marketplace, Psa
from cwtui.engine.psa_records import PsaRecords
from cwtui.engine.reports import AutoReport
from cwtui.engine.rules import EngineRules
from cwtui.engine.workspace import CurrentRun, Workspace
from cwtui.engine.writing.record_log import RecordLog
from cwtui.engine.writing.recording import RecordedMarketplace, RecordedPsa
from cwtui.locations import state_path
from cwtui.options import DEFAULT_PROFILE, WAIT_S, Options
from cwtui.services.client import Client
from cwtui.services.cloudblue import CloudBlue
from cwtui.services.connectwise import ConnectWise
from cwtui.services.tokens import OAuthClient
from cwtui.services.unconfigured import Unconfigured
from cwtui.settings import Auth, MapAuto, Settings, load_settings
from cwtui.settings import Marketplace as MarketplaceSettings
from cwtui.store.author import operator
from cwtui.store.state import State, open_database, open_state

if TYPE_CHECKING:
    import httpx

    from cwtui.vendors.count_source import CountSource
    from cwtui.vendors.exports import VendorExports


@dataclass(slots=True)
class Composition:
    """What was built: the engine, and what a screen shows about it.

    Attributes:
        holder: Why the state was opened for reading only; else empty.
        transport: The demo's way to its sandbox; None for the network.
    """

    options: Options
    listener: Listener
    settings: Settings
    state: State
    holder: str
    transport: httpx.AsyncBaseTransport | None
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = self._built(self.settings)

    @property
    def is_demo(self) -> bool:
        """The services are the sandbox."""
        return self.options.demo

    def _built(self, settings: Settings) -> Engine:
        marketplace, psa = open_services(settings, self.transport)
        clock, wait_s = SystemClock(self.options.as_of), self.options.wait_s
        engine = build_engine(settings, self.state, marketplace, psa, clock, self.listener, wait_s=wait_s)
        engine.workspace.run.require_services = partial(_first_of_all, settings, self.state)
        engine.workspace.run.require_tellable = partial(_require_tellable, settings)
        engine.workspace.run.has_marketplace = settings.marketplace.is_begun
        return engine

    @property
    def intermedia(self) -> VendorExports:
        """Intermedia's steps."""
        return self.vendor("intermedia")

    def vendor(self, name: str) -> VendorExports:
        """The steps of a vendor's layout.

        Raises:
            ConfigError: There is no `[usage.NAME]`.
        """
        from cwtui.vendor_composition import vendor_exports  # noqa: PLC0415  # start-up: rarely needed

        return vendor_exports(self.settings, self.engine, name)

    async def rebuild(self, settings: Settings) -> None:
        """Another engine and other connections on the same state, for other settings."""
        old, self.engine, self.settings = self.engine, self._built(settings), settings
        await close_services(old.marketplace, old.psa)

    async def aclose(self) -> None:
        """Close the connections; the state stays open."""
        await close_services(self.engine.marketplace, self.engine.psa)


@asynccontextmanager
async def open_engine(options: Options, listener: Listener) -> AsyncIterator[Engine]:
    """Open the engine that the global options describe, and close it behind the caller.

    Raises:
        ConfigError: The settings are wrong. Missing credentials are only missed by what needs them.
        StateError: The state is damaged, or another process works on it.
    """
    async with compose(options, listener) as composed:
        yield composed.engine


@asynccontextmanager
async def compose(options: Options, listener: Listener) -> AsyncIterator[Composition]:
    """Build everything; see `open_engine`."""
    async with AsyncExitStack() as stack:
        if options.demo:
            yield _demo(options, listener, stack)
        else:
            settings = load_settings(options.config, options.profile)
            state = open_configured(options, settings)
            stack.callback(state.close)
            yield _composed(options, listener, stack, settings, state, None)


def open_configured(options: Options, settings: Settings) -> State:
    """The state of `--state`, else of the settings, else the profile's file in the platform's data folder.

    Raises:
        StateError: It cannot be used.
        ConfigError: The settings name two places.
    """
    place = settings.state
    if place.url and place.path:
        raise ConfigError(
            "state.path and state.url name two places.", next_step="Take one of them out of the settings."
        )
    if place.url and options.state is None:
        return open_database(place.url, options.profile or DEFAULT_PROFILE, read_only_ok=options.read_only_ok)
    given = options.state or (Path(place.path) if place.path else None)
    group = place.group or None
    path = state_path(given, options.profile)
    return open_state(path, read_only_ok=options.read_only_ok, group=group if options.state is None else None)


@contextmanager
def configured_state(options: Options) -> Iterator[State]:
    """The state alone, without services; closed behind the caller.

    Raises:
        ConfigError: The settings are wrong.
        StateError: The state cannot be used.
    """
    state = open_configured(options, load_settings(options.config, options.profile))
    try:
        yield state
    finally:
        state.close()


def _composed(
    options: Options,
    listener: Listener,
    stack: AsyncExitStack,
    settings: Settings,
    state: State,
    transport: httpx.AsyncBaseTransport | None,
) -> Composition:
    holder = "this user may only read it" if state.is_read_only else ""
    for notice in state.notices:
        listener.problem(notice)
    composition = Composition(options, listener, settings, state, holder, transport)
    stack.push_async_callback(composition.aclose)
    return composition


def build_engine(
    settings: Settings,
    state: State,
    marketplace: Marketplace,
    psa: PsaRecords,
    clock: SystemClock,
    listener: Listener,
    *,
    wait_s: float = WAIT_S,
) -> Engine:
    """An engine on services and a state that are open already."""
    sync = settings.sync
    rules = PlanningRules(sync.price_source, sync.price_decimals, sync.prorate, settings.guard.max_quantity_change)
    engine_rules = _engine_rules(settings, wait_s)
    run = CurrentRun(clock)
    log = RecordLog(state, clock, run, engine_rules.who)
    marketplace, psa = RecordedMarketplace(marketplace, log), RecordedPsa(psa, log)
    workspace = Workspace(state, marketplace, psa, clock, listener, engine_rules, rules, run)
    workspace.run.end_waiting = partial(stop_services, marketplace, psa)
    desk = PlanningDesk(workspace)
    desk.sources[TaskKind.COUNT_UPDATE] = lambda: _count_source(settings, state)

    async def tell(report: AutoReport) -> Sequence[str]:
        if not settings.notify.urls:
            return ()
        from cwtui.notifying import notify  # noqa: PLC0415  # start-up: most runs have nobody to tell

        return await notify(settings, report, state, clock.now())

    return Engine(workspace, desk, tell)


def _engine_rules(settings: Settings, wait_s: float) -> EngineRules:
    sync = settings.sync
    return EngineRules(
        at_once=sync.concurrency,
        settle_s=sync.settle_s,
        timeout_s=sync.timeout_s,
        who=operator(),
        guards_empty_feed=settings.guard.empty_feed,
        maps_exact=settings.mapping.auto is MapAuto.EXACT,
        creates_items=settings.mapping.create_catalog_items,
        reads_files=settings.names_files,
        only_customers=frozenset(sync.auto_customers),
        wait_s=wait_s,
        round_at=sync.at,
    )


def _first_of_all(settings: Settings, store: State) -> None:
    """Raise `ConfigError` where a setting of a service in use is missing (settings.md#settings-first)."""
    settings.require_connections(files=counts_files(store) or None)


def _require_tellable(settings: Settings) -> None:
    """Raise `ConfigError` where an address to notify is none (settings.md#settings-first)."""
    if settings.notify.urls:
        from cwtui.settings.saving import require_known  # noqa: PLC0415  # start-up: most runs have nobody to tell

        require_known([url.get_secret_value() for url in settings.notify.urls])


def _count_source(settings: Settings, state: State) -> CountSource:
    from cwtui.vendor_composition import count_source  # noqa: PLC0415  # start-up: most runs have no counts

    return count_source(settings, state)


async def close_services(*services: Marketplace | Psa) -> None:
    """Close the clients' connections; the stand-in for a missing client has none."""
    for client in _clients(services):
        await client.aclose()


def stop_services(*services: Marketplace | Psa) -> None:
    """Make the clients wait only a moment longer for answers."""
    for client in _clients(services):
        client.stop()


def _clients(services: Iterable[Marketplace | Psa]) -> Iterator[Client]:
    for service in services:
        client = getattr(service, "recorded", service)
        if isinstance(client, Client):
            yield client


def open_services(settings: Settings, transport: httpx.AsyncBaseTransport | None) -> tuple[Marketplace, PsaRecords]:
    """Both clients; a stand-in for one without credentials, which says so when it is called."""
    lacking = {key.partition(".")[0] for key in settings.missing_for(files=False)}
    nobody = Unconfigured(partial(settings.require_connections, files=False))
    market, psa, sync = settings.marketplace, settings.connectwise, settings.sync
    cloudblue: Marketplace = (
        nobody
        if "marketplace" in lacking
        else CloudBlue(
            market.base_url,
            market.username,
            market.password,
            market.subscription_key,
            market.marketplace,
            concurrency=sync.concurrency,
            timeout_s=sync.timeout_s,
            transport=transport,
            oauth=_oauth(market),
            per_minute=market.requests_per_minute,
        )
    )
    connectwise: PsaRecords = (
        nobody
        if "connectwise" in lacking
        else ConnectWise(
            psa.base_url,
            psa.company_id,
            psa.public_key,
            psa.private_key,
            psa.client_id,
            concurrency=sync.concurrency,
            timeout_s=sync.timeout_s,
            transport=transport,
            api_version=psa.api_version,
        )
    )
    return cloudblue, connectwise


def _oauth(market: MarketplaceSettings) -> OAuthClient | None:
    if market.auth is not Auth.OAUTH:
        return None
    return OAuthClient(market.token_url, market.client_id, market.client_secret, market.scope)


def _demo(options: Options, listener: Listener, stack: AsyncExitStack) -> Composition:
    """The sandbox in-process, on a throw-away state unless one is named (commands.md#demo)."""
    from cwtui.demo import DemoWorld  # noqa: PLC0415  # the sandbox is loaded for a demo only

    if options.state is None:
        folder = Path(tempfile.mkdtemp(prefix="cwtui-demo-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        path = folder / "demo.json"
    else:
        path = state_path(options.state)
    clock = SystemClock(options.as_of)
    state = open_state(path, read_only_ok=options.read_only_ok)
    stack.callback(state.close)
    world = DemoWorld.open(path, clock.today, keeps=options.state is not None)
    if not state.is_read_only:
        stack.callback(world.save)
        if not len(state.mappings()) and state.cursor().checked_at is None:
            world.seed_mappings(state)
    return _composed(options, listener, stack, world.settings(), state, world.transport())
