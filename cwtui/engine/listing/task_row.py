"""One task as a row of the task list: its columns, its sort keys, and the text that a search looks in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum

from cwtui.domain.ids import CustomerId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.engine.folding import fold
from cwtui.wording.problems import sentence

_URGENCY = (
    TaskStatus.FAILED,
    TaskStatus.NEEDS_ACTION,
    TaskStatus.READY,
    TaskStatus.WAITING,
    TaskStatus.SKIPPED,
    TaskStatus.SYNCED,
)
_FOR_PEOPLE = frozenset({TaskStatus.NEEDS_ACTION, TaskStatus.FAILED})
_URGENCY_RANK = {status: rank for rank, status in enumerate(_URGENCY)}
_STATUS_WORDS = {status: status.replace("_", " ") for status in TaskStatus}
_KIND_WORDS = {kind: kind.replace("_", " ") for kind in TaskKind}


class TaskColumn(StrEnum):
    """The columns of the task list; the value is the attribute of `TaskRow`."""

    STATUS = "status"
    KIND = "kind"
    CUSTOMER = "customer"
    SUBSCRIPTION = "subscription"
    ORDER = "order_number"
    EFFECTIVE = "effective"
    MONTHLY_EFFECT = "monthly_effect"
    PROBLEM = "problem"


def _itself(text: str, _: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class TaskRow:
    """What the list needs of one task.

    Attributes:
        effective: e (plans.md#effective-date), or None while it is not known.
        monthly_effect: Money a month of billing, or None while it is not known.
        problem: The first problem's message, else the task's note; outside text, as it came.
        reason: The first problem's code; empty for a task without problems.
        whom: What that problem is about: an id.
        is_warned: It has warnings that nobody accepted.
    """

    id: TaskId
    status: TaskStatus
    kind: TaskKind
    customer_id: CustomerId
    customer: str
    subscription: str
    order_number: str
    effective: date | None = None
    monthly_effect: Decimal | None = None
    problem: str = ""
    reason: str = ""
    whom: str = ""
    is_warned: bool = False

    @property
    def needs_person(self) -> bool:
        """The task does not go on until a person looks at it (commands.md#exit-statuses)."""
        return self.status in _FOR_PEOPLE or self.is_warned

    @classmethod
    def of(cls, task: Task, once: Callable[[str, str], str] = _itself) -> TaskRow:
        """The row of a task.

        Args:
            task: The task.
            once: Gives the text to keep for a text that was kept before (`dict.setdefault`).
        """
        problem = sentence(task.problems[0]) if task.problems else task.note
        if len(task.problems) > 1:
            problem = f"{problem} (+{len(task.problems) - 1} more)"
        return cls(
            task.id,
            task.status,
            task.kind,
            CustomerId(once(task.customer_id, task.customer_id)),
            once(task.customer_name, task.customer_name),
            once(task.subscription_name, task.subscription_name),
            task.order_number,
            task.effective,
            task.monthly_effect,
            once(problem, problem),
            str(task.problems[0].code) if task.problems else "",
            task.problems[0].target if task.problems else "",
            task.is_warned,
        )


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks are shown. An empty set or text means: all.

    Attributes:
        text: Words in any order; a task is shown if each of them occurs somewhere in its row.
        is_warned: Only those with warnings that nobody accepted.
    """

    text: str = ""
    statuses: frozenset[TaskStatus] = frozenset()
    kinds: frozenset[TaskKind] = frozenset()
    customers: frozenset[CustomerId] = frozenset()
    is_warned: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The words looked for, folded as the rows are."""
        return tuple(dict.fromkeys(fold(self.text).split()))

    @property
    def is_empty(self) -> bool:
        """Shows everything."""
        return not (self.words or self.statuses or self.kinds or self.customers or self.is_warned)

    def narrows(self, wider: TaskFilter) -> bool:
        """Whether everything this shows is among what `wider` shows: then only that need be looked at."""
        return (
            all(any(old in new for new in self.words) for old in wider.words)
            and _within(self.statuses, wider.statuses)
            and _within(self.kinds, wider.kinds)
            and _within(self.customers, wider.customers)
            and (self.is_warned or not wider.is_warned)
        )


def _text_key(text: str) -> str | None:
    return fold(text) or None


def search_text(row: TaskRow) -> str:
    """The searchable texts of a row, folded, separated by newlines, which no word contains."""
    words = f"{_STATUS_WORDS[row.status]}\n{_KIND_WORDS[row.kind]}"
    text = f"{row.customer}\n{row.subscription}\n{row.order_number}\n{row.problem}\n{words}"
    if text.isascii():
        return text.lower()
    return "\n".join((fold(row.customer), fold(row.subscription), fold(row.order_number), fold(row.problem), words))


def _within(narrow: frozenset[object], wide: frozenset[object]) -> bool:
    return not wide or (bool(narrow) and narrow <= wide)


SORT_KEYS: Mapping[TaskColumn, Callable[..., object]] = {
    TaskColumn.STATUS: _URGENCY_RANK.__getitem__,
    TaskColumn.KIND: _KIND_WORDS.__getitem__,
    TaskColumn.CUSTOMER: _text_key,
    TaskColumn.SUBSCRIPTION: _text_key,
    TaskColumn.ORDER: _text_key,
    TaskColumn.EFFECTIVE: date.toordinal,
    TaskColumn.MONTHLY_EFFECT: Decimal,
    TaskColumn.PROBLEM: _text_key,
}
