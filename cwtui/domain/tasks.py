"""Tasks: one (order, subscription) pair to carry over to the PSA (README.md)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from cwtui.domain.ids import INITIAL, AdditionId, AgreementId, CustomerId, OrderId, SubscriptionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.marketplace import Order, OrderLine, OrderType
from cwtui.domain.problems import Problem
from cwtui.domain.psa import AdditionValues


class TaskKind(StrEnum):
    """What a task carries over (commands.md#task-list)."""

    SALES_ORDER = "sales_order"
    CHANGE_ORDER = "change_order"
    BILLING_ORDER = "billing_order"
    CANCELLATION_ORDER = "cancellation_order"
    RENEWAL_ORDER = "renewal_order"
    RECONCILIATION = "reconciliation"
    COUNT_UPDATE = "count_update"


class TaskStatus(StrEnum):
    """How far a task is (commands.md#task-list)."""

    NEEDS_ACTION = "needs_action"
    READY = "ready"
    WAITING = "waiting"
    SYNCED = "synced"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def is_open(self) -> bool:
        """Still to be carried over; `synced` and `skipped` let the subscription's next task go on.

        Rule: check.md#order-of-tasks.
        """
        return self not in {TaskStatus.SYNCED, TaskStatus.SKIPPED}


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A person has seen a task's warnings (plans.md#warnings).

    Attributes:
        warnings: Those it was given for; it lapses when others appear.
    """

    who: str
    at: datetime
    warnings: tuple[str, ...] = ()


class ByHand(StrEnum):
    """What shall become of an addition that somebody made by hand, beside the one cwtui would make."""

    END = "end"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class HandMade:
    """What a person decided about an addition that cwtui did not make (plans.md#billed-by-hand).

    Attributes:
        values: What it billed then; the decision holds for exactly that.
    """

    addition_id: AdditionId
    decision: ByHand
    values: AdditionValues
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """One (order, subscription) pair.

    Attributes:
        order_created: UTC moment; sorts the tasks of one subscription (check.md#order-of-tasks). None for `initial`.
        note: What the last attempt left to say.
        effective: e, once known; for lists.
        monthly_effect: What the plan changes per month of billing; for lists. None while it is not known.
        plan_digest: Fingerprint of the computed plan; edits belong to exactly this plan (plans.md#edits).
        confirmed: What a guard stopped and the operator confirmed, with its numbers; nothing else is confirmed.
        warnings: What its plan warns of, or warned of when it was written; they ask to be accepted.
        notes: What its plan says beside; they ask for nothing.
        acceptance: Who accepted which warnings.
        by_hand: What was decided about additions that somebody made by hand.
        looked_at: The agreement whose additions were read for its subscription's first plan.
    """

    id: TaskId
    kind: TaskKind
    status: TaskStatus
    customer_id: CustomerId
    customer_name: str
    subscription_id: SubscriptionId
    subscription_name: str
    order_id: OrderId
    order_number: str
    order_created: datetime | None
    problems: tuple[Problem, ...] = ()
    note: str = ""
    effective: date | None = None
    monthly_effect: Decimal | None = None
    plan_digest: str = ""
    synced_at: datetime | None = None
    confirmed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    acceptance: Acceptance | None = None
    by_hand: tuple[HandMade, ...] = ()
    looked_at: AgreementId | None = None

    @property
    def is_initial(self) -> bool:
        """Made by the first check from the subscription's present state (check.md#first-check)."""
        return self.order_id == INITIAL

    @property
    def is_accepted(self) -> bool:
        """A person has seen every one of its warnings."""
        return self.acceptance is not None and set(self.warnings) <= set(self.acceptance.warnings)

    @property
    def is_warned(self) -> bool:
        """It has warnings that nobody accepted yet; what was set aside warns of nothing."""
        return bool(self.warnings) and not self.is_accepted and self.status is not TaskStatus.SKIPPED

    @property
    def queue_key(self) -> tuple[bool, datetime | None, str]:
        """Sorts the tasks of one subscription oldest first; `initial` before all (check.md#order-of-tasks)."""
        return (self.order_created is not None, self.order_created, order_rank(self.order_id))

    def standing_at(self, status: TaskStatus, *, problems: tuple[Problem, ...] = (), note: str = "") -> Task:
        """The same task in another state."""
        return replace(self, status=status, problems=problems, note=note)


DIFFERENCE_PREFIX = "difference-"
"""How the order id of a task begins that tells of a difference which no order explains."""


def is_difference(task: Task) -> bool:
    """It tells of a difference which no order explains (check.md#what-no-order-explains)."""
    return task.kind is TaskKind.RECONCILIATION and task.order_id.startswith(DIFFERENCE_PREFIX)


def order_rank(order_id: str) -> str:
    """Sorts order ids of one moment: numbers by their size, 999 before 1000 (check.md#order-of-tasks)."""
    return order_id.zfill(_ID_WIDTH) if order_id.isdecimal() else order_id


_ID_WIDTH = 24
_KIND_BY_ORDER_TYPE = {
    OrderType.SALES: TaskKind.SALES_ORDER,
    OrderType.CHANGE: TaskKind.CHANGE_ORDER,
    OrderType.CANCELLATION: TaskKind.CANCELLATION_ORDER,
    OrderType.RENEWAL: TaskKind.RENEWAL_ORDER,
    OrderType.MIGRATION: TaskKind.RECONCILIATION,
}
_BILLING_LINE_TYPES = frozenset({"recurring", "overuse", "billRecord"})


def kind_of(order: Order) -> TaskKind | None:
    """The kind of an order's tasks (check.md#order-kinds); None is `unknown_order_type`."""
    if kind := _KIND_BY_ORDER_TYPE.get(order.type):
        return kind
    is_billing = order.number.startswith("BO") or (
        bool(order.lines) and all(line.type in _BILLING_LINE_TYPES for line in order.lines)
    )
    return TaskKind.BILLING_ORDER if is_billing else None


def subscription_of(line: OrderLine, order: Order) -> SubscriptionId | None:
    """The subscription of a line: the order's own, else that of the order's product it names.

    Rule: check.md#subscription-of-a-line.
    """
    if order.subscription_id:
        return order.subscription_id
    named = (product.subscription_id for product in order.products if product.id == line.product_id)
    return next((found for found in named if found), None)


def subscriptions_of(order: Order) -> tuple[SubscriptionId, ...]:
    """Every subscription an order touches, each once, in the order's own sequence; the targets of a move last.

    An order's products name its subscriptions even where it has no lines. Empty if nothing names one.
    """
    return tuple(dict.fromkeys((*_billed_subscriptions(order), *_targets(order))))


def lines_of(order: Order, subscription: SubscriptionId) -> tuple[OrderLine, ...]:
    """The lines of an order that belong to one subscription; of an order that bills one only, all of them."""
    billed = _billed_subscriptions(order) or _targets(order)
    if len(billed) <= 1:
        return order.lines if billed in {(subscription,), ()} else ()
    return tuple(line for line in order.lines if subscription_of(line, order) == subscription)


def stray_lines(order: Order) -> tuple[OrderLine, ...]:
    """Lines with an amount of an order over several subscriptions that name none of them."""
    if order.subscription_id or len(_billed_subscriptions(order) or _targets(order)) <= 1:
        return ()
    strays = (line for line in order.lines if subscription_of(line, order) is None)
    return tuple(line for line in strays if line.extended is None or line.extended.amount)


def _billed_subscriptions(order: Order) -> tuple[SubscriptionId, ...]:
    """The subscriptions that the order's lines can belong to."""
    if order.subscription_id:
        return (order.subscription_id,)
    named = [subscription_of(line, order) for line in order.lines]
    named += [product.subscription_id for product in order.products]
    return tuple(dict.fromkeys(found for found in named if found))


def _targets(order: Order) -> tuple[SubscriptionId, ...]:
    """The subscriptions that the order moves something to."""
    named = (order.target_id, *(product.target_id for product in order.products))
    return tuple(dict.fromkeys(found for found in named if found))
