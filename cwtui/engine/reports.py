"""The values the engine answers with: what a check, a run, an undo and a diagnosis found (commands.md#auto)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from cwtui.domain.ids import SubscriptionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import Mapping, MappingKind
from cwtui.domain.tasks import Task

if TYPE_CHECKING:
    from cwtui.domain.suggestions import Suggestion


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What one check of changes found (check.md#later-checks).

    Attributes:
        created: The tasks it made.
        failures: Whole lists that could not be read, one sentence each; the rest was read nevertheless.
        is_planned: What is open was planned; False if a service failed at that, which `failures` then names too.
        stopped: That of `failures` which says where whoever ran it ended it; empty if nobody did.
        unread: Single records that could not be read, one sentence each; their own tasks wait for them.
        fresh: Subscriptions that this check read.
    """

    created: tuple[TaskId, ...] = ()
    failures: tuple[str, ...] = ()
    is_planned: bool = True
    stopped: str = ""
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
        warned: Tasks whose warnings nobody accepted yet, whatever their state.
        tasks: What the run worked on or left open; for `--auto`, every task of the state.
        errors: What went wrong outside single tasks (a service was unreachable).
        unread: Single records that could not be read, one sentence each.
        stopped: That of `errors` which says where whoever ran it ended it; empty if nobody did, or nothing was cut off.
    """

    as_of: date
    dry_run: bool = False
    created: int = 0
    synced: int = 0
    failed: int = 0
    needs_action: int = 0
    waiting: int = 0
    warned: int = 0
    writes: Writes = Writes()
    tasks: tuple[Task, ...] = ()
    errors: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class UndoReport:
    """The result of `tasks undo`.

    Attributes:
        lines: What was done, or what differs and stopped it, one sentence each.
        complete: Everything was taken back and the task is open again.
    """

    lines: tuple[str, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class NamedMapping:
    """A mapping with the names of both sides, empty where they are not known."""

    mapping: Mapping
    marketplace_name: str = ""
    connectwise_name: str = ""


@dataclass(frozen=True, slots=True)
class UnmappedEntry:
    """A customer, product or subscription without a mapping, with proposed ConnectWise entries, best first.

    Rule: mapping.md#suggestions.
    """

    kind: MappingKind
    marketplace_id: str
    name: str
    candidates: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """Whether a service answers and takes the credentials; `version` is empty where it names none."""

    name: str
    ok: bool
    version: str
    message: str

    @property
    def title(self) -> str:
        """The service as operators know it."""
        return {"PSA": "ConnectWise", "marketplace": "The marketplace"}.get(self.name, self.name)


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
