"""The workspace of every feature: the state, the services, the clock, the listener and the rules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import field

from cwtui.domain.errors import StateError
from cwtui.domain.lazily import dataclass
from cwtui.domain.planning import PlanningRules
from cwtui.engine.concurrently import Answer, Item, each
from cwtui.engine.protocols import Clock, Listener, Marketplace, Progress, Store
from cwtui.engine.psa_records import PsaRecords
from cwtui.engine.rules import EngineRules


@dataclass(slots=True)
class CurrentRun:
    """The run that writes belong to now: one start of a sync, an undo or an import."""

    clock: Clock
    _id: str = ""

    def begin(self) -> str:
        """Begin a run; what is written from now on belongs to it."""
        self._id = self.clock.now().strftime("%Y%m%dT%H%M%S.%f")
        return self._id

    @property
    def id(self) -> str:
        """The run's name; a write outside a run begins one."""
        return self._id or self.begin()


def _nothing_to_do() -> None:
    """Stands in for services that never wait and are configured."""


@dataclass(slots=True)
class RunState:
    """What changes while a workspace is open.

    Attributes:
        is_stopping: The work under way ends before its next write.
        end_waiting: Ends every wait for a service within a moment.
        require_services: Raises `ConfigError` where a setting of a service in use is missing.
        require_tellable: Raises `ConfigError` where an address to notify is none.
        has_marketplace: There is one; else only vendors' files bring work.
        readings: Grows whenever ConnectWise is to be read afresh: what was worked out before is old then.
    """

    is_stopping: bool = False
    readings: int = 0
    end_waiting: Callable[[], None] = _nothing_to_do
    require_services: Callable[[], None] = _nothing_to_do
    require_tellable: Callable[[], None] = _nothing_to_do
    has_marketplace: bool = True


@dataclass(frozen=True, slots=True)
class Workspace:
    """One state and two services, open for as long as the engine is.

    Attributes:
        current_run: The run that writes belong to.
        run: The state of the work under way. These two are the only parts that change.
    """

    store: Store
    marketplace: Marketplace
    psa: PsaRecords
    clock: Clock
    listener: Listener
    rules: EngineRules
    planning_rules: PlanningRules
    current_run: CurrentRun
    run: RunState = field(default_factory=RunState)

    def require_writable(self) -> None:
        """Make sure that this user may write.

        Raises:
            StateError: This user may not write the state.
        """
        if self.store.is_read_only:
            raise StateError(
                "This user may not write this state file, so it was opened for reading only.",
                next_step="Ask its owner for the right to write it, then start again.",
            )

    def begin_run(self) -> None:
        """As `require_writable`; what is written from now on belongs to a run of its own."""
        self.require_writable()
        self.current_run.begin()

    async def each(self, items: Sequence[Item], ask: Callable[[Item], Awaitable[Answer]], what: str) -> list[Answer]:
        """Ask for every item, as many at once as the rules allow; the listener hears how far it is.

        Args:
            items: What to ask for.
            ask: One request; the first exception cancels the others (they only read) and is raised.
            what: Names the work for the listener, such as "Reading orders".

        Returns:
            The answers, in the order of `items`.
        """

        def count(done: int) -> None:
            self.listener.progress(Progress(what, done, len(items)))

        return await each(items, ask, at_once=self.rules.at_once, done=count)


@dataclass(slots=True)
class Feature:
    """A part of the engine that works on a workspace."""

    workspace: Workspace

    @property
    def store(self) -> Store:
        """The state."""
        return self.workspace.store

    @property
    def marketplace(self) -> Marketplace:
        """The marketplace's client."""
        return self.workspace.marketplace

    @property
    def psa(self) -> PsaRecords:
        """The ConnectWise client."""
        return self.workspace.psa

    @property
    def clock(self) -> Clock:
        """The only source of time."""
        return self.workspace.clock

    @property
    def listener(self) -> Listener:
        """Hears what is done, as it happens."""
        return self.workspace.listener

    @property
    def at_once(self) -> int:
        """Requests that may be under way together, for each service."""
        return self.workspace.rules.at_once

    @property
    def settle_s(self) -> float:
        """Seconds a create of unknown outcome is given to appear."""
        return self.workspace.rules.settle_s

    @property
    def is_stopping(self) -> bool:
        """Nothing new is begun."""
        return self.workspace.run.is_stopping
