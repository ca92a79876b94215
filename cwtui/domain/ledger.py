"""The ledger of writes: what a write does, what it is for, how it ended, and what it left to be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from cwtui.domain.charges import Charge
from cwtui.domain.ids import AdditionId, AgreementId, CompanyId, CustomerId, ProductId, SubscriptionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.psa import UNKNOWN_ITEM, Addition, AdditionValues

__all__ = [
    "Charge",
    "Doubt",
    "Doubtful",
    "ImportIntent",
    "Lost",
    "Operation",
    "Outcome",
    "Owed",
    "Purpose",
    "Signature",
    "TakenBack",
    "Why",
    "fit_of",
    "moved_amount",
]


class Operation(StrEnum):
    """What a write asks of ConnectWise."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Outcome(StrEnum):
    """How a write ended.

    `adopted`: no answer came, and ConnectWise shows that it was done. `failed`: it was not done.
    `unknown`: no answer came, and nothing says yet. `left_out`: the operator left it out, so nothing was asked.
    """

    CONFIRMED = "confirmed"
    ADOPTED = "adopted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    LEFT_OUT = "left_out"

    @property
    def is_done(self) -> bool:
        """ConnectWise holds what was asked for."""
        return self in {Outcome.CONFIRMED, Outcome.ADOPTED}


class Purpose(StrEnum):
    """What a write is for."""

    PLAN = "plan"
    UNDO = "undo"
    RESTORE = "restore"
    COMPENSATION = "compensation"
    DOUBLE = "double"
    COUNT = "count"

    @property
    def is_planned(self) -> bool:
        """A task's plan asked for it, so taking the task back takes it back."""
        return self in {Purpose.PLAN, Purpose.COUNT}


@dataclass(frozen=True, slots=True)
class Signature:
    """Who did something, and when."""

    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Why:
    """Where a write comes from, for people.

    Attributes:
        source: The order line, in words.
        request: What was asked of ConnectWise, and when.
        stored_otherwise: Field name → what ConnectWise keeps instead of what it was sent.
        edited, edited_by, instead_of, computed: As of its change (plans.md#edits-stay-visible).
        price_source: Where its prices come from, if the operator chose that.
    """

    rule: str = ""
    source: str = ""
    arithmetic: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    request: str = ""
    stored_otherwise: Mapping[str, str] = field(default_factory=dict)
    edited_by: Signature | None = None
    instead_of: Operation | None = None
    computed: AdditionValues | None = None
    price_source: str = ""

    def shown(self) -> dict[str, object]:
        """The facts to show, by name; edits stand apart, in words."""
        names = ("rule", "source", "arithmetic", "request", "stored_otherwise")
        return {name: value for name in names if (value := getattr(self, name))}


@dataclass(frozen=True, slots=True)
class Doubt:
    """A create that was given up and may still arrive, however late.

    Attributes:
        seq: Of its intent.
        key: Of its change.
        present: Ids of the additions that were there before it was first sent.
        values: What it was to create.
    """

    seq: int
    at: datetime
    agreement_id: AgreementId
    task_id: TaskId
    subscription_id: SubscriptionId
    product_id: ProductId
    charge: Charge
    key: str
    present: frozenset[AdditionId]
    values: AdditionValues


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A create without an answer that the additions do not settle: a person decides (synchronising.md#the-candidate).

    Attributes:
        seq: Of its intent, which stays open.
        candidates: Additions that may be what it made.
    """

    seq: int
    at: datetime
    task_id: TaskId
    agreement_id: AgreementId
    candidates: tuple[AdditionId, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """A record of the journal that cannot be read: it may have noted a write (synchronising.md#damaged-state).

    Attributes:
        seq: Of the record.
        after: When the record before it was noted; None where that is not known.
        agreements: Those that what is left of it names. Any may be meant: a damaged name is a name too.
        cleared: Additions of which a person says that no lost write made them.
    """

    seq: int
    after: datetime | None = None
    agreements: tuple[AgreementId, ...] = ()
    cleared: frozenset[AdditionId] = frozenset()


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A task that was taken back (synchronising.md#taken-back).

    Attributes:
        through_seq: Writes up to this one no longer count as the task's.
        waits: For a person, who has not synchronised it by name since.
    """

    task_id: TaskId
    through_seq: int
    waits: bool = True


@dataclass(frozen=True, slots=True)
class Owed:
    """A write that was taken back after part of it was invoiced, and nobody evened that out yet.

    Attributes:
        seq: Of the audit row that was taken back.
        through: The last invoiced day when it was taken back.
    """

    task_id: TaskId
    seq: int
    through: date


@dataclass(frozen=True, slots=True)
class ImportIntent:
    """A company that is about to become a customer; `customer_id` once it is one."""

    company_id: CompanyId
    identifier: str
    at: datetime | None = None
    customer_id: CustomerId | None = None


class Fit(NamedTuple):
    """How an addition compares with the create that may have made it.

    Attributes:
        is_candidate: It bills the intended item and quantity from the intended first day.
        is_exact: Price, cost and last day are the intended ones too, to what rounding explains.
    """

    is_candidate: bool
    is_exact: bool


def fit_of(intended: AdditionValues, held: Addition) -> Fit:
    """Compare an addition with a create whose answer is lost (synchronising.md#the-candidate)."""
    values = held.values
    if not held.is_whole:  # a value that is missing may be the one that differs
        return Fit(values.catalog_item_id in {intended.catalog_item_id, UNKNOWN_ITEM}, is_exact=False)
    is_candidate = (
        values.catalog_item_id == intended.catalog_item_id
        and values.quantity == intended.quantity
        and values.effective == intended.effective
    )
    return Fit(is_candidate, is_exact=is_candidate and not intended.unexplained(values))


def moved_amount(intended: AdditionValues, kept: AdditionValues) -> Decimal:
    """How much more or less ConnectWise bills per period, because it keeps another price than it was sent."""
    return abs(intended.quantity * (kept.unit_price - intended.unit_price))
