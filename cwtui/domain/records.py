"""What the state remembers of the engine's own work: how far a check came, writes about to be sent, writes made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from datetime import datetime

from cwtui.domain.charges import Charge
from cwtui.domain.ids import AdditionId, AgreementId, OrderId, ProductId, SubscriptionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Operation, Outcome, Purpose, Why
from cwtui.domain.marketplace import Subscription
from cwtui.domain.plans import Change, PriceSource
from cwtui.domain.psa import Addition, AdditionValues

Leave = Callable[[], Awaitable[Callable[[], bool]]]
"""Awaited just before each sending of a request, after every wait. If it raises, the request is not sent."""


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
class Told:
    """The last notification (settings.md#notifications).

    Attributes:
        at: When.
        marks: One for each failure and each task that needs action, made of its words.
    """

    at: datetime
    marks: frozenset[str]


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
    """One write of an addition, or one that the operator left out: who did what, before and after.

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
    def is_left_out(self) -> bool:
        """The operator left it out of its plan: ConnectWise was asked for nothing."""
        return self.outcome is Outcome.LEFT_OUT

    @property
    def is_failed(self) -> bool:
        """It was to be written, and is not, as far as is known."""
        return not self.is_done and not self.is_left_out

    @property
    def result(self) -> str:
        """How it ended, in a few words."""
        ended = self.outcome.replace("_", " ")
        return f"{ended}: {self.reason}" if self.reason else ended

    @property
    def change(self) -> Change:
        """The change it was, as far as a row keeps it."""
        before = None
        if self.before is not None and self.addition_id is not None:
            before = Addition(self.addition_id, self.agreement_id, self.before)
        why = self.why
        return Change(
            key=f"{self.seq}",
            operation=self.operation,
            agreement_id=self.agreement_id,
            product_id=self.product_id,
            charge=self.charge,
            before=before,
            after=None if self.operation is Operation.DELETE else self.after,
            arithmetic=why.arithmetic,
            source=why.source,
            rule=why.rule,
            price_source=PriceSource(why.price_source or PriceSource.MARKETPLACE),
            is_standing=self.is_standing,
            edited=frozenset(why.edited),
            computed=why.computed,
            left_out=self.is_left_out,
            purpose=self.purpose,
            edited_by=why.edited_by,
            instead_of=why.instead_of,
        )


def why_of(change: Change, request: str, stored_otherwise: Mapping[str, str] | None = None) -> Why:
    """Where a write comes from, from its change."""
    return Why(
        rule=change.rule,
        source=change.source,
        arithmetic=tuple(change.arithmetic),
        edited=tuple(sorted(change.edited)),
        request=request,
        stored_otherwise=stored_otherwise or {},
        edited_by=change.edited_by,
        instead_of=change.instead_of,
        computed=change.computed,
        price_source=change.price_source if "price_source" in change.edited else "",
    )


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
