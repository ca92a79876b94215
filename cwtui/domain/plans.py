"""Plans: the exact list of addition changes a task asks for, with the arithmetic that led there (README.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import overload

from cwtui.domain.charges import Charge
from cwtui.domain.ids import AdditionId, AgreementId, ProductId, SubscriptionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Operation, Purpose, Signature
from cwtui.domain.money import ZERO, line_total, plain, price_text
from cwtui.domain.problems import Problem
from cwtui.domain.psa import Addition, AdditionValues, BillCustomer


class PriceSource(StrEnum):
    """Where a price comes from (plans.md#price-source)."""

    MARKETPLACE = "marketplace"
    CONNECTWISE = "connectwise"


class ProrateMode(StrEnum):
    """When a prorated one-time addition is made (plans.md#prorated-price)."""

    ALL = "all"
    CHANGES = "changes"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """An amount and how it came about, as the operator is shown it (`4.50 × (30 − 20) ÷ 30`).

    Attributes:
        amount: Unrounded.
        formula: Writes the formula with its numbers; None where the amount was taken as it stands.
    """

    amount: Decimal
    formula: Callable[[], str] | None = None

    @property
    def shown(self) -> str:
        """The formula in words; empty where there is none."""
        return self.formula() if self.formula else ""


class ArithmeticLines(Sequence[str]):
    """Lines of arithmetic, written only when somebody reads them: most plans are made, few are looked at."""

    __slots__ = ("_lines", "_write")

    def __init__(self, write: Callable[[], tuple[str, ...]]) -> None:
        self._write = write
        self._lines: tuple[str, ...] | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines themselves."""
        if self._lines is None:
            self._lines = self._write()
        return self._lines

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        return self.lines[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __eq__(self, other: object) -> bool:
        return self.lines == tuple(other) if isinstance(other, ArithmeticLines | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.lines)

    def __repr__(self) -> str:
        return repr(self.lines)


@dataclass(frozen=True, slots=True)
class Change:
    """One addition to create, update or delete.

    Attributes:
        key: Names this change within its plan, the same each time the plan is made from the same facts.
        charge: What it bills; its link remembers it.
        before: The addition as cwtui knows it; None for a create.
        after: The addition as it shall be; None for a delete.
        arithmetic: How price, cost, quantity and dates came about, one line each.
        source: The order line it comes from, in words.
        rule: The rule that asks for it, in words.
        edited: Names of the fields the operator changed; `computed` is what they were.
        edited_by: Who edited it, or left it out, and when.
        instead_of: What was computed, where the operator chose another operation: an end in place of a deletion.
        left_out: The operator left this change out of the plan.
        could_end: Of a deletion: the day on which the addition would end if it were not deleted.
        warning: Of a deletion: what the plan warns of because of it.
        replaced_from: Of an end or a deletion: the day from which another product's addition bills its units.
        is_standing: It bills every period until ended; a one-time addition does not.
        purpose: What it is for.
        refers_to: The audit row an undo or a compensation takes back, the addition a restore brings back, or the
            intent whose late double is taken away.
    """

    key: str
    operation: Operation
    agreement_id: AgreementId
    product_id: ProductId
    charge: Charge
    before: Addition | None = None
    after: AdditionValues | None = None
    arithmetic: Sequence[str] = ()
    source: str = ""
    rule: str = ""
    price_source: PriceSource = PriceSource.MARKETPLACE
    is_standing: bool = False
    edited: frozenset[str] = frozenset()
    computed: AdditionValues | None = None
    left_out: bool = False
    purpose: Purpose = Purpose.PLAN
    refers_to: int | None = None
    edited_by: Signature | None = None
    instead_of: Operation | None = None
    could_end: date | None = None
    warning: str = ""
    replaced_from: date | None = None

    @property
    def addition_id(self) -> AdditionId | None:
        """The addition to update or delete."""
        return self.before.id if self.before else None

    @property
    def amount(self) -> Decimal:
        """What the addition bills per period, to the cent; 0 for a deletion or what is not charged."""
        if self.after is None or self.after.bill is not BillCustomer.BILLABLE:
            return ZERO
        return line_total(self.after.quantity, self.after.unit_price)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a task asks for.

    Attributes:
        changes: As people read them, what ends before what begins; `in_writing_order` says how they are written.
        warnings: What the operator should know; none of them stops the plan.
        notes: Facts worth knowing (differences to what the marketplace charged, days nobody is charged for).
        problems: What keeps it from being written; a plan with problems may still show its changes.
        effective: e; `standing_from`: s.
        beyond_guard: Changes of quantity beyond the guard, confirmed or not, each with its numbers.
        dropped_edits: Edits that no longer fit, because the plan changed underneath them.
    """

    task_id: TaskId
    subscription_id: SubscriptionId
    agreement_id: AgreementId | None
    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    effective: date | None = None
    standing_from: date | None = None
    currency: str = ""
    dropped_edits: tuple[str, ...] = ()
    beyond_guard: tuple[str, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Nothing keeps it from being written."""
        return not self.problems

    @property
    def to_write(self) -> tuple[Change, ...]:
        """The changes the operator did not leave out."""
        return tuple(change for change in self.changes if not change.left_out)

    def without(self, done: Collection[str]) -> Plan:
        """What is left of it once the changes of these keys are written."""
        return replace(self, changes=tuple(change for change in self.changes if change.key not in done))

    @property
    def digest(self) -> str:
        """Fingerprint of what was computed, before edits: an edit belongs to exactly this (plans.md#edits)."""
        parts = [
            f"{change.key}|{change.instead_of or change.operation}|{change.addition_id}|{_fixed(change)}"
            for change in self.changes
        ]
        return hashlib.sha256("\n".join([str(self.agreement_id), *parts]).encode()).hexdigest()[:16]


def beyond_guard(name: str, stands: Decimal, wanted: Decimal) -> str:
    """The numbers that a guard's confirmation names; it holds for no others (plans.md#guards)."""
    return f"{name}: {plain(stands)} → {plain(wanted)}"


@dataclass(frozen=True, slots=True)
class Edit:
    """What the operator changed of one computed addition (plans.md#edits).

    Attributes:
        key: The change it belongs to.
        values: Field name of `AdditionValues` → the operator's value (`unit_price`, `effective`, `bill` …).
        left_out: Leave this addition out of the plan.
        price_source: Take price and cost from elsewhere for this addition.
        by: Who decided so; None while it is not saved.
    """

    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    left_out: bool = False
    price_source: PriceSource | None = None
    by: Signature | None = None


@dataclass(frozen=True, slots=True)
class PlanEdits:
    """All edits of one task; they hold only for the plan they were made on.

    Attributes:
        digest: `Plan.digest` when they were made.
        price_source: Override for the whole task.
        by: Who chose that.
    """

    task_id: TaskId
    digest: str
    edits: tuple[Edit, ...] = ()
    price_source: PriceSource | None = None
    by: Signature | None = None

    def signed(self, by: Signature) -> PlanEdits:
        """The same; what nobody has signed yet is this person's."""
        edits = tuple(edit if edit.by else replace(edit, by=by) for edit in self.edits)
        return replace(self, edits=edits, by=self.by or (by if self.price_source else None))


def in_writing_order(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Product by product: what begins before what ends, so that a refused create leaves the old addition billing.

    Rule: synchronising.md#nothing-stops-half-way.
    """
    if len(changes) < 2:  # noqa: PLR2004  # one change has one order
        return tuple(changes)
    places: dict[ProductId, int] = {}
    for change in changes:
        places.setdefault(change.product_id, len(places))
    return tuple(sorted(changes, key=lambda change: (places[change.product_id], _TURNS[change.operation])))


_TURNS = {Operation.CREATE: 0, Operation.UPDATE: 1, Operation.DELETE: 2}


def total_step(quantity: Decimal, price: Decimal) -> str:
    """`12 × 4.50 = 54.00`."""
    return f"{plain(quantity)} × {price_text(price)} = {price_text(line_total(quantity, price))}"


def _fixed(change: Change) -> object:
    """The computed part of a change; of an end only its day, because ConnectWise holds the rest."""
    if change.instead_of is Operation.DELETE:
        return None
    after = change.computed or change.after
    return after.cancelled if after is not None and change.operation is Operation.UPDATE else after
