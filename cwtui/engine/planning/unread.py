"""Records of the marketplace that could not be read: they keep their own tasks waiting (check.md#one-bad-record)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Collection, Mapping
from dataclasses import field
from http import HTTPStatus
from typing import TypeVar

from cwtui.domain.check_records import Unread, UnreadRecord
from cwtui.domain.errors import AccessDenied, NotFound, Refused, ServiceError, Transient, Unreadable
from cwtui.domain.ids import CustomerId, OrderId, SubscriptionId
from cwtui.domain.lazily import dataclass
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode
from cwtui.domain.tasks import Task
from cwtui.engine.protocols import Store

Answer = TypeVar("Answer")

_HOPELESS = 16
"""After so many failures without one good answer the service is at fault, not the records."""
_BROKEN = frozenset(
    [
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.NOT_IMPLEMENTED,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.GATEWAY_TIMEOUT,
    ]
)


def subscription_record(subscription: SubscriptionId) -> str:
    """How a subscription is named among the unread records."""
    return f"subscription {subscription}"


def customer_record(customer: CustomerId) -> str:
    """How a customer is named among the unread records."""
    return f"customer {customer}"


def order_record(order: OrderId) -> str:
    """How an order is named among the unread records."""
    return f"order {order}"


def is_the_records_fault(error: ServiceError) -> bool:
    """Only this record cannot be read; the next request may well be answered.

    Not so if the service is busy, unreachable, over its quota or refuses the credentials.
    """
    if isinstance(error, AccessDenied):
        return error.status == HTTPStatus.FORBIDDEN
    if isinstance(error, Transient):
        return error.status in _BROKEN
    return isinstance(error, Refused | Unreadable)


@dataclass(slots=True)
class UnreadRecords:
    """Which records could not be read, and what the marketplace said; kept in the state until they can be.

    Attributes:
        noted: What could not be read since this was made, one sentence each.
    """

    store: Store
    noted: list[str] = field(default_factory=list)
    _answered: set[bool] = field(default_factory=set)
    _failed: Counter[bool] = field(default_factory=Counter)

    async def read(self, record: str, asked: Awaitable[Answer]) -> Answer | None:
        """Await a record; None if it cannot be read, which is noted.

        Raises:
            ServiceError: The service fails, and not only for this record.
        """
        is_customer = record.startswith("customer ")  # read beside the others: one says nothing of the other
        try:
            answer = await asked
        except ServiceError as error:
            self._failed[is_customer] += 1
            is_hopeless = is_customer not in self._answered and self._failed[is_customer] >= _HOPELESS
            if is_hopeless or not is_the_records_fault(error):
                raise
            self._note(record, error)
            return None
        self._answered.add(is_customer)
        self.forget([record])
        return answer

    def forget(self, records: Collection[str]) -> None:
        """These can be read, or are gone for good."""
        kept = self._kept()
        if any(record in kept for record in records):
            self._save({record: words for record, words in kept.items() if record not in records})

    def names(self, kind: str) -> list[str]:
        """The ids of the unread records of one kind: `subscription`, `customer` or `order`."""
        return [record.removeprefix(f"{kind} ") for record in self._kept() if record.startswith(f"{kind} ")]

    def has(self, record: str) -> bool:
        """It could not be read the last time."""
        return record in self._kept()

    def problems_of(self, task: Task) -> tuple[Problem, ...]:
        """Why a task waits for records that could not be read."""
        kept = self._kept()
        if not kept:
            return ()
        asked = (
            (subscription_record(task.subscription_id), task.subscription_id),
            (customer_record(task.customer_id), task.customer_id),
            (order_record(task.order_id), task.order_id),
        )
        return tuple(_problem(record, target, kept[record]) for record, target in asked if record in kept)

    def _note(self, record: str, error: ServiceError) -> None:
        code = ProblemCode.SUBSCRIPTION_MISSING if isinstance(error, NotFound) else ProblemCode.RECORD_UNREADABLE
        if not record.startswith("subscription "):
            code = ProblemCode.RECORD_UNREADABLE
        self.noted.append(f"The marketplace's {record} cannot be read. {error.happened}")
        self._save({**self._kept(), record: UnreadRecord(code, error.happened)})

    def _kept(self) -> Mapping[str, UnreadRecord]:
        kept = self.store.note(Unread)
        return kept.records if kept is not None else {}

    def _save(self, records: Mapping[str, UnreadRecord]) -> None:
        if records != self._kept():  # so that a state which may only be read is left alone
            self.store.save_note(Unread(records))


def _problem(record: str, target: str, kept: UnreadRecord) -> Problem:
    case = ProblemCase.NOT_GIVEN_OUT if kept.code is ProblemCode.SUBSCRIPTION_MISSING else ProblemCase.ONLY
    return Problem(kept.code, {"record": record, "said": kept.words}, target, case=case)
