"""What the shells ask of the engine: one protocol, and the values it answers with (commands.md#auto)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from cwtui.domain.ids import SubscriptionId, TaskId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.plans import Plan
from cwtui.domain.records import AuditRow
from cwtui.domain.tasks import Task, TaskKind, TaskStatus

if TYPE_CHECKING:
    from cwtui.engine.upkeep import Upkeep


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What one check of changes found (check.md#later-checks).

    Attributes:
        created: The tasks it made.
        failures: Whole lists that could not be read, one sentence each; the rest was read nevertheless.
        is_planned: What is open was planned; False if a service failed at that, which `failures` then names too.
        unread: Single records that could not be read, one sentence each; their own tasks wait for them.
        fresh: Subscriptions that this check read.
    """

    created: tuple[TaskId, ...] = ()
    failures: tuple[str, ...] = ()
    is_planned: bool = True
    unread: tuple[str, ...] = ()
    fresh: frozenset[SubscriptionId] = frozenset()


@dataclass(frozen=True, slots=True)
class Writes:
    """Requests that changed the PSA in a run, by method."""

    post: int = 0
    patch: int = 0
    delete: int = 0


@dataclass(frozen=True, slots=True)
class AutoReport:
    """One run of `--auto`, or of `tasks sync` (commands.md#task-list).

    Attributes:
        created, synced: Tasks of this run; a dry run counts none as synced.
        failed, needs_action, waiting: Tasks in that state when the run ended.
        tasks: What the run worked on or left open; for `--auto`, every task of the state.
        errors: What went wrong outside single tasks (a service was unreachable).
        unread: Single records that could not be read, one sentence each.
    """

    as_of: date
    dry_run: bool = False
    created: int = 0
    synced: int = 0
    failed: int = 0
    needs_action: int = 0
    waiting: int = 0
    writes: Writes = Writes()
    tasks: tuple[Task, ...] = ()
    errors: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What `tasks undo` took back.

    Attributes:
        lines: What was done, or what differs and stopped it, one sentence each.
        complete: Everything was taken back and the task is open again.
    """

    lines: tuple[str, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class MappingRow:
    """A mapping with the names of both sides, empty where they are not known."""

    mapping: Mapping
    marketplace_name: str = ""
    connectwise_name: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ConnectWise entry that may be meant; `score` is 0 to 100, `reason` says why in words.

    Rule: mapping.md#suggestions.
    """

    connectwise_id: int
    name: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An unmapped customer, product or subscription, with its candidates, best first (mapping.md#suggestions)."""

    kind: MappingKind
    marketplace_id: str
    name: str
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """Whether a service answers and takes the credentials; `version` is empty where it names none."""

    name: str
    ok: bool
    version: str
    message: str


@dataclass(frozen=True, slots=True)
class Permission:
    """One cell of the permission table of reconciling.md#doctor; `granted` is None where it could not be found out."""

    module: str
    permission: str
    level: str
    granted: bool | None


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """Both connections and the permission table (reconciling.md#doctor)."""

    services: tuple[ServiceHealth, ...] = ()
    permissions: tuple[Permission, ...] = ()


class Engine(Protocol):
    """Everything a shell can ask for. Every method raises `CwtuiError`s and nothing else."""

    @property
    def upkeep(self) -> Upkeep:
        """Reconcile, adopt, forecast, drift, why, and the import of customers."""

    async def check(self, *, watch: bool = False) -> CheckReport:
        """Look for new and ended orders and make their tasks (check.md#later-checks)."""

    async def auto(self, *, dry_run: bool = False) -> AutoReport:
        """Check, then synchronise every task that is ready (commands.md#auto); a dry run writes nothing."""

    def stop(self) -> None:
        """Ask whatever is running to end before its next write; it then returns its report as usual."""

    async def notify(self, report: AutoReport) -> Sequence[str]:
        """Send the notifications this report calls for; returns what failed, one sentence each.

        Rule: settings.md#notifications.
        """

    async def tasks(self, statuses: Collection[TaskStatus] = (), kinds: Collection[TaskKind] = ()) -> Sequence[Task]:
        """Tasks in those states and of those kinds (empty: all), oldest first."""

    async def task(self, task_id: TaskId) -> Task:
        """One task; `InputError` if there is none of that name."""

    async def plan(self, task_id: TaskId) -> Plan:
        """The plan of one task, made afresh, with the operator's edits."""

    async def sync(self, task_ids: Sequence[TaskId], *, dry_run: bool = False) -> AutoReport:
        """Synchronise these tasks; the report's `tasks` are these, as they then stand."""

    async def skip(self, task_ids: Sequence[TaskId], reason: str = "") -> Sequence[Task]:
        """Set tasks aside for good; the tasks as they then stand. All or none."""

    async def reopen(self, task_ids: Sequence[TaskId]) -> Sequence[Task]:
        """Take skipped or failed tasks up again; the tasks as they then stand. All or none."""

    async def undo(self, task_id: TaskId, *, compensate: bool = False) -> UndoReport:
        """Take a synced task back (synchronising.md#undo); `compensate` gives back what was invoiced meanwhile."""

    async def mappings(self, kind: MappingKind) -> Sequence[MappingRow]:
        """All mappings of one kind."""

    async def set_mapping(self, mapping: Mapping) -> MappingRow:
        """Map, or map differently; `InputError` where ConnectWise has no such entry."""

    async def unset_mapping(self, key: MappingKey) -> bool:
        """Forget one mapping (mapping.md#unmapping-a-customer); False if there was none."""

    async def suggest(self, kind: MappingKind) -> Sequence[Suggestion]:
        """Everything of that kind that open tasks need and nobody mapped, with candidates."""

    async def import_mappings(self, mappings: Sequence[Mapping]) -> int:
        """Set all of them or none; how many were new or changed."""

    async def audit(self, task_id: TaskId | None = None, since: date | None = None) -> Sequence[AuditRow]:
        """Every write ever made, oldest first; of one task, or since a UTC day."""

    async def doctor(self) -> DoctorReport:
        """Probe both services and every permission, changing nothing (reconciling.md#doctor)."""
