"""What the state remembers of the engine's own work: how far a check came, writes about to be sent, writes made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cwtui.domain.charges import Charge
from cwtui.domain.ids import AdditionId, AgreementId, OrderId, ProductId, SubscriptionId, TaskId
from cwtui.domain.ledger import Operation, Outcome, Purpose, Why
from cwtui.domain.marketplace import Subscription
from cwtui.domain.plans import Change
from cwtui.domain.psa import AdditionValues

Leave = Callable[[], Awaitable[Callable[[], bool]]]
"""Awaited just before a request is sent, each time it is: after every wait. What it raises keeps the request back."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far check changes has come (check.md#later-checks).

    Attributes:
        checked_at: The moment the last check began; None before the first one.
        open_orders: Orders seen submitted or processing (or unreadable), followed until they end.
        last_counts: Rows of the last lists, by list name, for the `empty_feed` guard.
    """

    checked_at: datetime | None = None
    open_orders: frozenset[OrderId] = frozenset()
    last_counts: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A subscription as the first check saw it, by the `initial` task that carries it over."""

    task_id: TaskId
    subscription: Subscription


@dataclass(frozen=True, slots=True)
class ConfirmedChange:
    """A change of a task that was confirmed."""

    task_id: TaskId
    key: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A small settled fact: its name and a JSON-shaped value."""

    name: str
    value: object


@dataclass(frozen=True, slots=True)
class Intent:
    """A write about to be sent (synchronising.md#exactly-once).

    Attributes:
        seq: Grows with every intent of a state; names this one.
        present: Ids of the additions the agreement had just before.
        run_id: The run it belongs to.
    """

    seq: int
    at: datetime
    task_id: TaskId
    change: Change
    subscription_id: SubscriptionId
    present: frozenset[AdditionId]
    run_id: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One write of an addition: who did what, before and after.

    Attributes:
        run_id: Of the start of a sync, an undo or an import that it belongs to.
        reason: Why it failed.
        key: Of its change, within its task.
        purpose, refers_to, is_standing: As of its change.
    """

    seq: int
    at: datetime
    run_id: str
    who: str
    task_id: TaskId
    operation: Operation
    agreement_id: AgreementId
    addition_id: AdditionId | None
    subscription_id: SubscriptionId
    product_id: ProductId
    charge: Charge
    before: AdditionValues | None
    after: AdditionValues | None
    outcome: Outcome
    reason: str = ""
    key: str = ""
    purpose: Purpose = Purpose.PLAN
    refers_to: int | None = None
    is_standing: bool = False
    why: Why = field(default_factory=Why)

    @property
    def is_done(self) -> bool:
        """ConnectWise holds what was asked for."""
        return self.outcome.is_done

    @property
    def result(self) -> str:
        """How it ended, in a few words."""
        return f"{self.outcome}: {self.reason}" if self.reason else self.outcome.value


@dataclass(frozen=True, slots=True)
class RecordWrite:
    """One write of a record that is no addition: a company, a catalog item, a row of a setup table, a customer.

    Attributes:
        seq: Grows with every write of a state; 0 until it is saved.
        service: `PSA` or `marketplace`.
        record: What it is, in words.
        record_id: The service's own id; empty while it is not known.
        name: The natural key that identifies it: a company's identifier, a catalog item's, a table row's name.
        before, after: Its values by name; None where there is, or was, none. Of a create that failed, what was asked.
        reason: Why it failed, or why nobody knows.
    """

    seq: int
    at: datetime
    run_id: str
    who: str
    operation: Operation
    service: str
    record: str
    record_id: str
    name: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None
    outcome: Outcome
    reason: str = ""

    @property
    def result(self) -> str:
        """How it ended, in a few words."""
        return f"{self.outcome}: {self.reason}" if self.reason else self.outcome.value


@dataclass(frozen=True, slots=True)
class OthersChange:
    """What another process changed in the state, as it is seen here.

    Attributes:
        who: The person (`ann@host`); empty where that is not known.
        at: When it was noted.
        rows: Ids of what was put or dropped, by table (`tasks`, `mappings`, `edits`, `links`, `intents`, …).
        is_everything: It cannot be said row by row: look at everything anew.
    """

    who: str
    at: datetime | None
    rows: Mapping[str, frozenset[str]]
    is_everything: bool = False
