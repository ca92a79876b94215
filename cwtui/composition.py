"""The composition root: builds everything once, hands it to constructors, closes it again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cwtui.domain.errors import ConfigError
from cwtui.domain.planning import PlanningRules
from cwtui.domain.tasks import TaskKind
from cwtui.engine.clock import SystemClock
from cwtui.engine.facade import Engine
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.protocols import Listener, Marketplace, Psa
from cwtui.engine.psa_records import PsaRecords
from cwtui.engine.reports import AutoReport
from cwtui.engine.rules import EngineRules
from cwtui.engine.workspace import CurrentRun, Workspace
from cwtui.engine.writing.create_once import CreateOnce
from cwtui.engine.writing.record_log import RecordLog
from cwtui.engine.writing.recording import RecordedMarketplace, RecordedPsa
from cwtui.locations import state_path
from cwtui.options import Options
from cwtui.services.cloudblue import CloudBlue
from cwtui.services.connectwise import ConnectWise
from cwtui.services.notify import Event, News, message_about, send
from cwtui.services.unconfigured import Unconfigured
from cwtui.settings import MapAuto, Settings, load_settings
from cwtui.settings.model import UsageLayout, VendorFiles
from cwtui.store.author import operator
from cwtui.store.state import State, open_state
from cwtui.vendors.count_source import CountSource
from cwtui.vendors.desk import VendorDesk
from cwtui.vendors.layouts import INTERMEDIA, Layout
from cwtui.vendors.profiles import is_shipped, shipped_names, shipped_profile

if TYPE_CHECKING:
    import httpx


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
        return build_engine(settings, self.state, marketplace, psa, SystemClock(self.options.as_of), self.listener)

    @property
    def intermedia(self) -> VendorDesk:
        """Intermedia's steps."""
        return self.vendor(INTERMEDIA)

    def vendor(self, name: str) -> VendorDesk:
        """The steps of a vendor's layout.

        Raises:
            ConfigError: There is no `[usage.NAME]`.
        """
        return vendor_desk(self.settings, self.engine, name)

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
            state = open_state(state_path(options.state, options.profile), read_only_ok=options.read_only_ok)
            stack.callback(state.close)
            yield _composed(options, listener, stack, settings, state, None)


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
    settings: Settings, state: State, marketplace: Marketplace, psa: PsaRecords, clock: SystemClock, listener: Listener
) -> Engine:
    """An engine on services and a state that are open already."""
    sync = settings.sync
    rules = PlanningRules(sync.price_source, sync.price_decimals, sync.prorate, settings.guard.max_quantity_change)
    engine_rules = EngineRules(
        at_once=sync.concurrency,
        settle_s=sync.settle_s,
        who=operator(),
        guards_empty_feed=settings.guard.empty_feed,
        maps_exact=settings.mapping.auto is MapAuto.EXACT,
        creates_items=settings.mapping.create_catalog_items,
        reads_files=settings.names_files,
        only_customers=frozenset(sync.auto_customers),
    )

    run = CurrentRun(clock)
    log = RecordLog(state, clock, run, engine_rules.who)
    marketplace, psa = RecordedMarketplace(marketplace, log), RecordedPsa(psa, log)
    workspace = Workspace(state, marketplace, psa, clock, listener, engine_rules, rules, run)
    desk = PlanningDesk(workspace)
    desk.sources[TaskKind.COUNT_UPDATE] = lambda: CountSource(state, layouts_of(settings))

    async def tell(report: AutoReport) -> Sequence[str]:
        return await _notify(settings, report)

    return Engine(workspace, desk, tell)


def layouts_of(settings: Settings) -> Mapping[str, Layout]:
    """Intermedia's layout, every `[usage.NAME]` and every profile that comes with the program, by name."""
    own = settings.intermedia
    intermedia = Layout(category=own.category, subcategory=own.subcategory, taxable=own.taxable, **_layout_values(own))
    others = {name: usage_layout(name, found) for name, found in settings.usage.layouts.items()}
    return ShippedLayouts({**others, INTERMEDIA: intermedia})


class ShippedLayouts(Mapping[str, Layout]):
    """Layouts by name; those that come with the program are read when somebody asks for them."""

    def __init__(self, own: Mapping[str, Layout]) -> None:
        self._known = dict(own)

    def __getitem__(self, name: str) -> Layout:
        if name not in self._known and is_shipped(name):
            self._known[name] = usage_layout(name, UsageLayout.model_validate(shipped_profile(name)))
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._known, **dict.fromkeys(shipped_names())})

    def __len__(self) -> int:
        return len(list(iter(self)))


def usage_layout(name: str, found: UsageLayout) -> Layout:
    """The layout that a column profile describes."""
    return Layout(
        name=name,
        priced_names=found.priced_names,
        joined_by=found.joined_by,
        keep=found.keep,
        skip=found.skip,
        by_name=found.accounts_by == "name",
        adds_up_company=found.same_company == "add_up",
        splits_sku=found.same_sku == "apart",
        multiply_by=found.multiply_by,
        divide_by=found.divide_by,
        round=found.round,
        decimals=found.decimals,
        quantity=found.quantity,
        sku_columns=found.sku_columns,
        price_from_file=found.price_from == "file",
        sign=found.sign,
        header_row=found.header_row,
        sheet=found.sheet,
        decimal_mark=found.decimal_mark,
        links_by_identifier=found.accounts_by == "id",
        **_layout_values(found),
    )


def _layout_values(files: VendorFiles) -> dict[str, Any]:
    return {
        "agreement_type": files.agreement_type,
        "columns": files.columns,
        "unsupported": files.unsupported_skus,
        "one_time": files.one_time_skus,
        "recurring": files.recurring_skus,
        "most_shrunk": files.most_shrunk,
    }


def vendor_desk(settings: Settings, engine: Engine, name: str) -> VendorDesk:
    """A vendor's steps on an engine that is open already.

    Raises:
        ConfigError: There is no such layout.
    """
    layouts = layouts_of(settings)
    if name not in layouts:
        known = ", ".join(sorted(layouts))
        raise ConfigError(
            f"There is no column profile {name}; there is {known}.",
            next_step=f"Add [usage.{name}] with an agreement_type to the settings file, or name another one. Other"
            " settings are named before the sub-command: cwtui --profile NAME usage import …",
        )
    return VendorDesk(
        engine.psa,
        engine.desk,
        layouts[name],
        CountSource(engine.store, layouts),
        CreateOnce(settings.sync.settle_s),
        engine.work,
    )


async def close_services(*services: Marketplace | Psa) -> None:
    """Close the connections of clients; what stands in the place of one has none."""
    for service in services:
        client = getattr(service, "recorded", service)
        if isinstance(client, CloudBlue | ConnectWise):
            await client.aclose()


def open_services(settings: Settings, transport: httpx.AsyncBaseTransport | None) -> tuple[Marketplace, PsaRecords]:
    """Both clients; in the place of one without credentials, something that says so when it is asked."""
    lacking = {key.partition(".")[0] for key in settings.missing}
    nobody = Unconfigured(settings.require_connections)
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
        )
    )
    return cloudblue, connectwise


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


async def _notify(settings: Settings, report: AutoReport) -> Sequence[str]:
    """One message about a run, to whom the settings name (settings.md#notifications)."""
    if not settings.notify.urls or report.dry_run:
        return ()
    failed = [
        f"{task.customer_name}, {task.order_number}: {task.note}" for task in report.tasks if task.status == "failed"
    ]
    waiting = [
        f"{task.customer_name}, {task.order_number}: {' '.join(problem.code for problem in task.problems)}"
        for task in report.tasks
        if task.status == "needs_action"
    ]
    warned = [
        f"{task.customer_name}, {task.order_number}: {' '.join(task.warnings)}"
        for task in report.tasks
        if task.status == "synced" and task.is_warned
    ]
    news = (
        News(Event.ERRORS, len(failed) or len(report.errors), tuple(failed or report.errors)),
        News(Event.ACTION_NEEDED, report.needs_action + len(warned), (*waiting, *warned)),
        News(Event.CREATED, report.created),
        News(Event.SYNCED, report.synced),
    )
    message = message_about(news, settings.notify.on, profile=settings.origin.profile)
    if message is None:
        return ()
    return await send(message, [url.get_secret_value() for url in settings.notify.urls])
